// SPDX-License-Identifier: GPL-2.0
/*
 * The child of PID 1 that runs the body of a test, and both ends of the socket between them. The
 * child sends messages for the host, which only PID 1 may write, and orders about the scheduler,
 * which is a child of PID 1.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/clock.h"
#include "harness/model/registry.h"
#include "internal.h"

/* The child's end of the socket; one body a process. */
static int body_sock = -1;

/* Blocks while the socket is full. @len: of what @msg says. */
static ssize_t send_to_init(const struct guest_body_msg *msg, size_t len)
{
	ssize_t n;

	do {
		n = send(body_sock, msg, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n;
}

static void send_stimulus(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	struct guest_body_msg msg;

	(void)ctx;
	msg.says = GUEST_BODY_STIMULUS;
	msg.stimulus = *s;
	send_to_init(&msg, GUEST_BODY_MSG_LEN(stimulus));
}

static void send_op(struct ktstr_ctx *ctx, const struct ktstr_msg_op *op)
{
	struct guest_body_msg msg;

	(void)ctx;
	msg.says = GUEST_BODY_OP;
	msg.op = *op;
	send_to_init(&msg, GUEST_BODY_MSG_LEN(op));
}

static void send_checks(struct ktstr_ctx *ctx, const char *text)
{
	struct guest_body_msg msg;

	(void)ctx;
	msg.says = GUEST_BODY_CHECKS;
	snprintf(msg.checks, sizeof(msg.checks), "%s", text);
	send_to_init(&msg, GUEST_BODY_MSG_LEN(checks));
}

/* Also called by the keepers of payloads, which have inherited the socket. */
static void send_output(struct ktstr_ctx *ctx, const struct ktstr_msg_output *o, const char *text,
			size_t len)
{
	struct guest_body_msg msg;

	(void)ctx;
	msg.says = GUEST_BODY_OUTPUT;
	msg.output.what = *o;
	if (len)
		memcpy(msg.output.text, text, len);
	send_to_init(&msg, GUEST_BODY_MSG_LEN(output.what) + len);
}

/* Send an order to PID 1 and wait for its answer. Every order has a time limit. */
static int send_order(struct ktstr_ctx *ctx, enum ktstr_sched_order order, const char *name,
		      struct ktstr_err *err)
{
	struct guest_order_reply reply = { 0 };
	struct guest_body_msg msg;
	ssize_t n;

	msg.says = GUEST_BODY_ORDER;
	msg.order = (struct guest_order){ .what = order };
	snprintf(msg.order.name, sizeof(msg.order.name), "%s", name ?: "");
	n = send_to_init(&msg, GUEST_BODY_MSG_LEN(order));
	do {
		n = n < 0 ? n : recv(body_sock, &reply, sizeof(reply), 0);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(reply))
		return ktstr_err(err, EPIPE, "PID 1 does not answer: %s", strerror(errno));
	reply.text[sizeof(reply.text) - 1] = '\0';
	if (reply.ret || order == KTSTR_SCHED_REVIVE)
		ktstr_err(err, -reply.ret, "%s", reply.text);
	if (reply.ret || reply.pid == ctx->sched_pid)
		return reply.ret;
	if (ctx->sched_pidfd >= 0)
		close(ctx->sched_pidfd);
	ctx->sched_pid = reply.pid;
	ctx->sched_pidfd = -1;
	ctx->sched_generation++;
	if (!reply.pid)
		return 0;
	ctx->sched_pidfd = (int)syscall(SYS_pidfd_open, reply.pid, 0);
	/* it attached and was reaped since; PID 1 reports why */
	return ctx->sched_pidfd < 0 ? -ESHUTDOWN : 0;
}

/* The answer comes when the machine has stood still for it; PID 1 does not wait for anything else. */
static int send_ask(struct ktstr_ctx *ctx, const struct ktstr_msg_ask *ask, const void *data,
		    size_t len, struct ktstr_answer *answer)
{
	struct guest_body_msg msg;
	ssize_t n;

	(void)ctx;
	msg.says = GUEST_BODY_ASK;
	msg.ask.what = *ask;
	if (len)
		memcpy(msg.ask.data, data, len);
	n = send_to_init(&msg, GUEST_BODY_MSG_LEN(ask.what) + len);
	do {
		n = n < 0 ? n : recv(body_sock, answer, sizeof(*answer), 0);
	} while (n < 0 && errno == EINTR);
	if (n == sizeof(*answer))
		return answer->ret;
	answer->ret = -EPIPE;
	snprintf(answer->text, sizeof(answer->text), "PID 1 does not answer");
	return answer->ret;
}

static void body_main(struct guest_body *b, const struct ktstr_guest_args *args,
		      const struct ktstr_test *test, const struct guest_sched *sched)
{
	static struct guest_context c;
	struct ktstr_err err;

	if (guest_context__init(&c, test, args, b->shared, &err)) {
		ktstr_result__add(&b->shared->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  KTSTR_GUEST_ARGS ": %s", err.msg);
		return;
	}
	c.ctx.sched_pid = sched->pid;
	c.ctx.sched_pidfd = sched->pid ? sched->pidfd : -1;
	c.ctx.stimulus = send_stimulus;
	c.ctx.op_done = send_op;
	c.ctx.monitor_checks = send_checks;
	c.ctx.sched_order = send_order;
	c.ctx.ask = send_ask;
	c.ctx.sched_phase = &b->shared->sched_phase;
	c.ctx.output = send_output;
	guest_context__run(&c, b->shared);
}

int guest_body__start(struct guest_body *b, const struct ktstr_guest_args *args,
		      const struct guest_sched *sched)
{
	const struct ktstr_test *test;
	struct ktstr_registry registry;
	int sv[2];

	ktstr_registry__get(&registry);
	test = ktstr_registry__find(&registry, args->test);
	if (!test)
		return -ENOENT;
	b->shared = guest_shared__new();
	if (!b->shared)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	b->start_ns = ktstr_now_ns();
	fflush(NULL);
	b->pid = fork();
	if (b->pid < 0) {
		int err = errno;

		b->pid = 0;
		close(sv[0]);
		close(sv[1]);
		return -err;
	}
	if (!b->pid) {
		guest_child__reset();
		close(sv[0]);
		body_sock = sv[1];
		body_main(b, args, test, sched);
		_exit(0);
	}
	setpgid(b->pid, b->pid);	/* the child does the same; the order is open */
	close(sv[1]);
	b->sock = sv[0];
	return 0;
}

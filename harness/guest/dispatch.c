// SPDX-License-Identifier: GPL-2.0
/*
 * From a test's name to a judged result: the child that runs the body, and
 * ktstr_dispatch_body(), which is all of it that does not depend on our PID 1.
 *
 * The result lives in memory shared with PID 1, so that what was found before a crash or a
 * deadline is not lost. PID 1 takes nothing from there unchecked.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../checks/checks.h"
#include "../core/plan.h"
#include "internal.h"
#include "work.h"

/* Is the scheduler under test still the scheduler? Adds the failure that survival demands. */
static void probe_survival(struct ktstr_ctx *ctx)
{
	struct pollfd p = { .fd = ctx->sched_pidfd, .events = POLLIN };
	char state[64];
	ssize_t len;

	if (p.fd < 0 && ctx->sched_generation) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_SCHED_EXITED,
				  "survives_storm: the test detached its scheduler and did not attach one again");
		return;
	}
	if (p.fd >= 0 && poll(&p, 1, 0) > 0) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_SCHED_EXITED,
				  "survives_storm: the scheduler process was gone when the test body returned");
		return;
	}
	len = guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	if (len < 0)
		ktstr_result__add(ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "survives_storm: cannot read " GUEST_SCX_STATE ": %s",
				  strerror((int)-len));
	else if (strcmp(state, "enabled"))
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_SCHED_ERROR,
				  "survives_storm: the scheduler was ejected (sched_ext is %s) when the test body returned",
				  state);
}

int ktstr_dispatch_body(struct ktstr_ctx *ctx)
{
	int ret = ctx->test->body(ctx);

	if (ret > 0)
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "body returned %d: neither 0 nor a negative errno", ret);
	else if (ret < 0)
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "body returned %d (%s)", ret, strerror(-ret));
	if (ctx->test->survives_storm == KTSTR_ON)
		probe_survival(ctx);
	return ret;
}

/* The child's end of the socket; one body a process. */
static int body_sock = -1;

static void send_stimulus(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	struct guest_body_msg msg = { .says = GUEST_BODY_STIMULUS, .stimulus = *s };

	(void)ctx;
	/* blocks while PID 1 is behind; nothing to be done when PID 1 is gone */
	while (send(body_sock, &msg, sizeof(msg), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* Ask PID 1 and wait: its times are bounded, and without it there is no machine. */
static int send_order(struct ktstr_ctx *ctx, enum ktstr_sched_order order, const char *name,
		      struct vm_err *err)
{
	struct guest_body_msg msg = { .says = GUEST_BODY_ORDER, .order.what = order };
	struct guest_order_reply reply = { 0 };
	ssize_t n;

	snprintf(msg.order.name, sizeof(msg.order.name), "%s", name ?: "");
	do {
		n = send(body_sock, &msg, sizeof(msg), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	do {
		n = n < 0 ? n : recv(body_sock, &reply, sizeof(reply), 0);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(reply))
		return vm_err(err, EPIPE, "PID 1 does not answer: %s", strerror(errno));
	if (reply.ret < 0)
		return vm_err(err, -reply.ret, "%.*s", (int)sizeof(reply.text) - 1, reply.text);
	reply.text[sizeof(reply.text) - 1] = '\0';
	if (order == KTSTR_SCHED_REVIVE)
		snprintf(err->msg, sizeof(err->msg), "%s", reply.text);
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
	/* attached a moment ago and reaped since: PID 1 knows and will say why */
	return ctx->sched_pidfd < 0 ? 1 : 0;
}

void guest_child__reset(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);	/* refused for a few: those cannot differ */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
}

static void body_main(struct guest_body *b, const struct ktstr_guest_args *args,
		      const struct ktstr_test *test, const struct guest_sched *sched)
{
	char root[sizeof(GUEST_CGROUP_MOUNT) + 4096];
	struct ktstr_work work = { };
	struct ktstr_ctx ctx = {
		.test = test,
		.topo = args->topo,
		.nr_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.duration_ns = args->duration_s * GUEST_NSEC_PER_SEC,
		.settle_ns = GUEST_NSEC_PER_SEC / 2,
		.workers_per_cgroup = args->workers,
		.seed = args->seed,
		.time_scale = args->time_scale,
		.stall_poll_ms = args->stall_poll_ms,
		.sched_pid = sched->pid,
		.sched_pidfd = sched->pid ? sched->pidfd : -1,
		.cgroup_root = root,
		.result = &b->shared->result,
		.whereabouts = &b->shared->whereabouts,
		.stimulus = send_stimulus,
		.sched_order = send_order,
	};

	if (args->work_type && !ktstr_work__find_type(args->work_type, &work.type))
		ctx.work_override = &work;
	if (args->log_passes)
		setenv("KTSTR_LOG_PASSES", "1", 1);
	snprintf(root, sizeof(root), GUEST_CGROUP_MOUNT "%s", args->cgroup_root);
	ktstr_checks__resolve(&ctx.checks, test->scheduler ? &test->scheduler->checks : NULL,
			      &test->checks);
	b->shared->ret = ktstr_dispatch_body(&ctx);
	fflush(NULL);
	__atomic_store_n(&b->shared->complete, 1, __ATOMIC_RELEASE);
}

static struct guest_shared *shared_new(void)
{
	struct ktstr_result *fresh = ktstr_result__new();
	struct guest_shared *s;

	if (!fresh)
		return NULL;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s != MAP_FAILED)
		s->result = *fresh;
	ktstr_result__free(fresh);
	return s == MAP_FAILED ? NULL : s;
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
	b->shared = shared_new();
	if (!b->shared)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	b->start_ns = guest_now_ns();
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
	setpgid(b->pid, b->pid);	/* whoever comes first */
	close(sv[1]);
	b->sock = sv[0];
	return 0;
}

struct ktstr_result *guest_body__result(const struct guest_body *b)
{
	struct ktstr_result *r = ktstr_result__new();

	if (!r || !b->shared)
		return r;
	*r = b->shared->result;
	ktstr_result__bound(r);
	return r;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The supervisor: the handler of each event source (a child ended, the kernel logged something,
 * sched_ext sent a uevent, the scheduler printed, the body reported), and the run as sequential
 * code on top of the event loop.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/result/wire.h"
#include "lib/clock.h"
#include "lib/status.h"
#include "internal.h"

#define KMSG_BURST	64	/* records per call; then the deadline is checked again */
#define KILL_PATIENCE_NS (2 * NSEC_PER_SEC)

#define BODY_GRACE_S	2	/* after the end of the scheduler, which wakes the body */
#define OUTPUT_PATIENCE_NS (2 * NSEC_PER_SEC)

static void reap(struct guest *g)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == g->sched.pid) {
			guest_sched__reaped(g, status);
		} else if (pid == g->body.pid) {
			g->body.exited = true;
			g->body.status = status;
		}
		/* any other child is an orphan */
	}
}

static void on_sigchld(struct guest *g)
{
	char info[128 * 8];	/* struct signalfd_siginfo; waitpid() has the facts */

	while (read(g->sig_fd, info, sizeof(info)) > 0)
		;
	reap(g);
}

static void on_kmsg(struct guest *g)
{
	char record[8192 + 1];
	bool ours = false;
	ssize_t n = 0;
	int i;

	for (i = 0; i < KMSG_BURST; i++) {
		n = read(g->kmsg_fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* records were overwritten */
		if (n <= 0)
			break;
		guest_link__send(&g->link, KTSTR_MSG_KMSG, record, (size_t)n);
		if (g->sched.pid)
			ours |= ktstr_scxlog__record(&g->sched.scx, record, (size_t)n);
		/* kernels without CONFIG_NET have no uevents, but log attach and detach */
		ours |= memmem(record, (size_t)n, ";sched_ext: ", 12) != NULL;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE) {
		close(g->kmsg_fd);
		g->kmsg_fd = -1;
	}
	if (ours)
		guest_sched__check(g);
}

static void on_uevent(struct guest *g)
{
	char buf[4096];
	bool ours = false;
	ssize_t n;
	int i;

	for (i = 0; i < KMSG_BURST; i++) {
		n = recv(g->uevent_fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			break;
		ours |= guest_uevent__is_scx(buf, (size_t)n);
	}
	/* an overrun (ENOBUFS) may have lost the awaited one */
	if (ours || (n < 0 && errno == ENOBUFS))
		guest_sched__check(g);
}

static void on_sched_log(struct guest *g)
{
	guest_sched__forward(g);
}

static void on_leader(struct guest *g)
{
	reap(g);
	if (!g->sched.exited && guest_leader__died(&g->sched.leader, g->sched.pid))
		guest_sched__leader_died(g);
}

static void answer_body(struct guest *g, struct ktstr_msg_ask *ask, const void *data)
{
	struct ktstr_answer answer;

	guest_link__ask(&g->link, ask, data, &answer);
	/* the body may have ended */
	send(g->body.sock, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The scheduler was asked for its statistics: the snapshot is taken now. */
static void go_on_asking(struct guest *g)
{
	if (guest_stats__asked(g) && g->body.sock >= 0)
		answer_body(g, &g->ask, "");
}

static void on_stats(struct guest *g)
{
	guest_stats__on_socket(g);
	go_on_asking(g);
}

static void on_stats_timer(struct guest *g)
{
	guest_stats__on_timer(g);
	go_on_asking(g);
}

/* The body waits for the answer. @len: bytes behind the question. */
static void ask_host(struct guest *g, struct guest_body_msg *msg, size_t len)
{
	bool writes = msg->ask.what.what == KTSTR_ASK_WRITE_HOT ||
		      msg->ask.what.what == KTSTR_ASK_WRITE_COLD;

	if (writes && msg->ask.what.len != len)
		return;		/* it did not come from dispatch.c */
	if (msg->ask.what.what == KTSTR_ASK_SNAPSHOT && guest_stats__ask_first(g)) {
		g->ask = msg->ask.what;
		go_on_asking(g);
		return;
	}
	answer_body(g, &msg->ask.what, msg->ask.data);
}

static void on_body(struct guest *g)
{
	struct guest_body_msg msg;
	size_t len;
	ssize_t n;

	msg.says = GUEST_BODY_NOTHING;
	n = recv(g->body.sock, &msg, sizeof(msg), MSG_DONTWAIT | MSG_TRUNC);
	len = n > 0 ? (size_t)n : 0;
	if (len == GUEST_BODY_MSG_LEN(stimulus) && msg.says == GUEST_BODY_STIMULUS) {
		guest_link__send(&g->link, KTSTR_MSG_STIMULUS, &msg.stimulus,
				 sizeof(msg.stimulus));
		guest_stats__step(g);
	} else if (len == GUEST_BODY_MSG_LEN(op) && msg.says == GUEST_BODY_OP) {
		guest_link__send(&g->link, KTSTR_MSG_OP, &msg.op, sizeof(msg.op));
	} else if (len == GUEST_BODY_MSG_LEN(checks) && msg.says == GUEST_BODY_CHECKS) {
		guest_link__send(&g->link, KTSTR_MSG_CHECKS, msg.checks,
				 strnlen(msg.checks, sizeof(msg.checks)));
	} else if (len >= GUEST_BODY_MSG_LEN(output.what) && len <= sizeof(msg) &&
		   msg.says == GUEST_BODY_OUTPUT) {
		guest_link__send(&g->link, KTSTR_MSG_OUTPUT, &msg.output,
				 len - offsetof(struct guest_body_msg, output));
	} else if (len >= GUEST_BODY_MSG_LEN(ask.what) && len <= sizeof(msg) &&
		   msg.says == GUEST_BODY_ASK) {
		ask_host(g, &msg, len - GUEST_BODY_MSG_LEN(ask.what));
	} else if (len == GUEST_BODY_MSG_LEN(order) && msg.says == GUEST_BODY_ORDER) {
		g->body.order = msg.order;
		g->body.ordered = true;
		/* too late: the scheduler is gone */
		if (guest_sched__gone(&g->sched) && msg.order.what != KTSTR_SCHED_REVIVE)
			guest_order__reply(g, -ESHUTDOWN, "");
	} else if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(g->body.sock);
		g->body.sock = -1;
	}
	/* anything else did not come from dispatch.c and is ignored */
}

static const struct guest_source sources[] = {
	{ offsetof(struct guest, kmsg_fd), on_kmsg },
	{ offsetof(struct guest, sched.log_fd), on_sched_log },
	{ offsetof(struct guest, sched.leader.fd), on_leader },
	{ offsetof(struct guest, sched.hold_fd), guest_hold__serve },
	{ offsetof(struct guest, stats.fd), on_stats },
	{ offsetof(struct guest, stats.timer_fd), on_stats_timer },
	{ offsetof(struct guest, body.sock), on_body },
	{ offsetof(struct guest, probe_sock), guest_probe__forward },
	{ offsetof(struct guest, uevent_fd), on_uevent },
	/* last: a child's output is forwarded before its end */
	{ offsetof(struct guest, sig_fd), on_sigchld },
	{ 0, NULL }
};

static bool body_ended_or_ordered_or_sched_gone(const struct guest *g)
{
	return g->body.exited || g->body.ordered || guest_sched__gone(&g->sched);
}

static bool body_ended(const struct guest *g)
{
	return g->body.exited;
}

static bool body_is_silent(const struct guest *g)
{
	return g->body.sock < 0;
}

static bool body_ended_or_ordered(const struct guest *g)
{
	return g->body.exited || g->body.ordered;
}

static bool body_ended_or_ordered_or_sched_exited(const struct guest *g)
{
	return body_ended_or_ordered(g) || g->sched.exited;
}

/*
 * "(step 2, waiting for workers to stop, pid 70, state S, in futex_wait_queue)"; the kernel stack
 * goes to the program output.
 */
static void describe_body(const struct guest *g, char *buf, size_t size)
{
	char engine[96];
	char path[64], stat[512], wchan[128], stack[2048];
	const char *paren;
	char state = '?';

	snprintf(path, sizeof(path), "/proc/%d/stat", g->body.pid);
	guest_file__read(path, stat, sizeof(stat));
	paren = strrchr(stat, ')');	/* the name before may contain anything */
	if (paren && paren[1] == ' ' && paren[2])
		state = paren[2];
	snprintf(path, sizeof(path), "/proc/%d/wchan", g->body.pid);
	guest_file__read(path, wchan, sizeof(wchan));
	snprintf(path, sizeof(path), "/proc/%d/stack", g->body.pid);
	if (guest_file__read(path, stack, sizeof(stack)) > 0)
		fprintf(stderr, "ktstr: kernel stack of the test body:\n%s\n", stack);
	guest_shared__where(g->body.shared, engine, sizeof(engine));
	if (wchan[0] && strcmp(wchan, "0"))
		snprintf(buf, size, "(%spid %d, state %c, in %s)", engine, g->body.pid, state,
			 wchan);
	else
		snprintf(buf, size, "(%spid %d, state %c)", engine, g->body.pid, state);
}

static void kill_body(struct guest *g)
{
	kill(-g->body.pid, SIGKILL);
	guest_cgroup__kill(g->args.cgroup_root);
	if (guest_loop__serve(g, body_ended, ktstr_now_ns() + KILL_PATIENCE_NS))
		return;
	guest_sched__evict(g);
	if (!guest_loop__serve(g, body_ended, ktstr_now_ns() + KILL_PATIENCE_NS))
		ktstr_result__add(g->result, KTSTR_NOTE, KTSTR_BODY_TIMEOUT,
				  "the test body did not even die of SIGKILL within %ld s",
				  KILL_PATIENCE_NS / NSEC_PER_SEC);
}

static void body_timed_out(struct guest *g)
{
	char where[256];

	describe_body(g, where, sizeof(where));
	ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_BODY_TIMEOUT,
			  "body did not finish within %us of guest time %s",
			  g->args.duration_s + g->args.run_grace_s, where);
	kill_body(g);
}

/* The user's terminal is at the serial port that is our stderr, and is raw. */
static void tell_session(const struct guest *g)
{
	char why[KTSTR_DETAIL_LEN];

	guest_sched__why(&g->sched, g->body.start_ns, why, sizeof(why));
	fprintf(stderr, "\r\nktstr: %s\r\n", why);
}

/*
 * The scheduler has ended and the body still runs: give it a short time to finish, and a session
 * all of its time. True when it ended by itself, or ordered the scheduler to be started again.
 */
static bool body_without_sched(struct guest *g, uint64_t deadline)
{
	char where[256];
	uint64_t until;

	guest_sched__linger(g, body_ended_or_ordered_or_sched_exited, deadline);
	if (g->args.session)
		tell_session(g);
	until = ktstr_now_ns() + BODY_GRACE_S * NSEC_PER_SEC;
	if (until > deadline || g->args.session)
		until = deadline;
	if (guest_loop__serve(g, body_ended_or_ordered, until))
		return true;
	if (g->args.session) {
		body_timed_out(g);
		return false;
	}
	describe_body(g, where, sizeof(where));
	ktstr_result__add(g->result, KTSTR_NOTE, KTSTR_KIND_NONE,
			  "the test body was killed %d s of guest time after the scheduler left %s",
			  BODY_GRACE_S, where);
	kill_body(g);
	return false;
}

/*
 * Wait until the body or the scheduler has ended. False: @deadline has passed. The time in which
 * the body waits for an order, or for a scheduler that restarts, does not count.
 */
static bool await_body(struct guest *g, uint64_t *deadline)
{
	uint64_t before, until, away = g->sched.away_ns;

	for (;;) {
		/* while it is away, only its own limit counts */
		until = g->sched.restart_until_ns ?: *deadline;
		if (!guest_loop__serve(g, body_ended_or_ordered_or_sched_gone, until)) {
			if (g->sched.restart_until_ns) {
				guest_restart__missed(g);
				continue;
			}
			*deadline += g->sched.away_ns - away;
			away = g->sched.away_ns;
			if (ktstr_now_ns() >= *deadline)
				return false;
			continue;
		}
		if (!g->body.ordered || g->body.exited)
			return true;
		before = ktstr_now_ns();
		guest_order__serve(g);
		*deadline += ktstr_now_ns() - before;
		away = g->sched.away_ns;	/* it may be another one */
	}
}

/* Report an end of the body other than by returning. */
static void judge_body_end(struct guest *g)
{
	const struct guest_body *b = &g->body;
	char how[KTSTR_STATUS_SIZE], text[160];

	if (guest_shared__complete(b->shared) || !b->exited)
		return;
	ktstr_status__format(b->status, how, sizeof(how));
	snprintf(text, sizeof(text), "the test body (pid %d) was %s%s", b->pid,
		 WIFSIGNALED(b->status) ? how : "ended by its own process: ",
		 WIFSIGNALED(b->status) ? "" : how);
	ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_BODY_CRASHED, "%s", text);
	guest_link__send(&g->link, KTSTR_MSG_CRASH, text, strlen(text));
}

static int run_body(struct guest *g)
{
	uint64_t deadline;
	bool by_itself = true;
	int ret;

	ret = guest_cgroup__make(g->args.cgroup_root, true);
	if (ret) {
		ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "cannot make cgroup %s with cpu and cpuset: %s",
				  g->args.cgroup_root, strerror(-ret));
		return ret;
	}
	guest_link__send(&g->link, KTSTR_MSG_BODY, NULL, 0);
	guest_link__ring(&g->link);
	guest_stats__body(g);
	ret = guest_body__start(&g->body, &g->args, &g->sched);
	if (ret) {
		ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "cannot start test %s: %s", g->args.test,
				  ret == -ENOENT ? "no such test in this program" :
				  strerror(-ret));
		return ret;
	}

	deadline = g->body.start_ns +
		   (g->args.duration_s + (uint64_t)g->args.run_grace_s) * NSEC_PER_SEC;
	while (by_itself && !g->body.exited) {
		if (await_body(g, &deadline)) {
			by_itself = g->body.exited || body_without_sched(g, deadline);
		} else {
			body_timed_out(g);
			by_itself = false;
		}
	}
	/* the scheduler was not asked to end yet, so it must still be there */
	guest_sched__look(g);
	if (by_itself)
		judge_body_end(g);
	/* the workers of a body that did not clean up */
	guest_cgroup__kill(g->args.cgroup_root);
	/* the keepers of payloads say what those had printed, and close the socket */
	guest_loop__serve(g, body_is_silent, ktstr_now_ns() + OUTPUT_PATIENCE_NS);
	return 0;
}

static void run_echoes(struct guest *g, char **lines)
{
	int ret;

	for (; lines && *lines; lines++) {
		ret = guest_echo__run(*lines);
		if (ret)
			ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
					  "\"%.200s\": %s", *lines, ret == -EINVAL ?
					  "refused (only \"echo VALUE > /path\" is understood)" :
					  strerror(-ret));
	}
}

static void send_start(struct guest *g)
{
	struct {
		struct ktstr_msg_start start;
		char release[sizeof(((struct utsname *)0)->release)];
	} msg = {
		.start.version = KTSTR_CHAN_VERSION,
		.start.nr_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
	};
	struct utsname u = { 0 };

	uname(&u);
	memcpy(msg.release, u.release, sizeof(msg.release));
	guest_link__send(&g->link, KTSTR_MSG_START, &msg,
			 sizeof(msg.start) + strnlen(msg.release, sizeof(msg.release)));
	guest_link__ring(&g->link);
}

static void send_result(struct guest *g)
{
	const struct guest_shared *shared = g->body.shared;
	struct ktstr_result *body = shared ? guest_shared__result(shared) : ktstr_result__new();
	struct ktstr_result *r = ktstr_result__new();
	char why[KTSTR_DETAIL_LEN];
	enum ktstr_kind kind;
	void *wire = NULL;
	size_t len = 0;

	if (r && body) {
		/* the report begins with the first failure, so causes come first */
		if (guest_sched__gone(&g->sched) && g->body.pid) {
			kind = guest_sched__why(&g->sched, g->body.start_ns, why, sizeof(why));
			ktstr_result__add(r, KTSTR_FAILS, kind, "%s", why);
		}
		guest_restart__note(g, r);
		ktstr_result__merge(r, g->result);
		ktstr_result__merge(r, body);
		wire = ktstr_result__encode(r, &len);
	}
	if (wire && len <= KTSTR_CHAN_MAX_PAYLOAD)
		guest_link__send(&g->link, KTSTR_MSG_RESULT, wire, len);
	else
		ktstr_chan__count_drop(g->link.chan);
	free(wire);
	ktstr_result__free(r);
	ktstr_result__free(body);
}

static void teardown(struct guest *g)
{
	/* the last RESULT counts; this one is for a teardown that hangs */
	send_result(g);
	guest_link__send(&g->link, KTSTR_MSG_TEARDOWN, NULL, 0);
	guest_link__ring(&g->link);
	guest_stats__close(g);
	guest_sched__stop(g);
	guest_probe__finish(g);
	run_echoes(g, g->args.disable);
	guest_loop__serve(g, NULL, 0);
	send_result(g);
}

int guest_supervise(struct guest *g)
{
	int ret;

	g->sources = sources;
	guest_stats__open(g);
	g->result = ktstr_result__new();
	if (!g->result)
		return -ENOMEM;
	/* what is in the kernel log by now is the boot's, and reaches the host before START */
	guest_loop__serve(g, NULL, 0);
	send_start(g);
	if (g->args.cgroup_parent) {
		ret = guest_cgroup__make(g->args.cgroup_parent, false);
		if (ret)
			ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
					  "cannot make cgroup_parent %s: %s",
					  g->args.cgroup_parent, strerror(-ret));
	}
	run_echoes(g, g->args.enable);
	guest_probe__start(g);
	/* that a scheduler cannot be used is a finding, not an error of PID 1 */
	ret = guest_sched__start(g) ? 0 : run_body(g);
	teardown(g);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The supervisor: one loop over everything that can happen (a child ended, the kernel logged
 * something, sched_ext sent a uevent, the scheduler printed, the body reported), and the run
 * as straight code on top of it. Each wait is a condition and a deadline in guest time;
 * nothing polls.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define KMSG_BURST	64	/* records at once; then the deadline is looked at again */
#define DRAIN_ROUNDS	256	/* of a drain; a child that prints forever must not hold us */
#define KILL_PATIENCE_NS (2 * GUEST_NSEC_PER_SEC)

/*
 * A scheduler that was ejected mostly notices within a second; then it is asked to leave,
 * because its end is what wakes the body. From then on the body has this long.
 */
#define EJECTED_LINGER_NS (3 * GUEST_NSEC_PER_SEC / 2)
#define BODY_GRACE_S	2

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
		/* everything else is an orphan that ended up with us */
	}
}

static void on_sigchld(struct guest *g)
{
	char info[128 * 8];	/* struct signalfd_siginfo; waitpid() says it all */

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
			continue;	/* records were overwritten before we came */
		if (n <= 0)
			break;
		guest_link__send(&g->link, KTSTR_MSG_KMSG, record, (size_t)n);
		if (g->sched.pid)
			ours |= ktstr_scxlog__record(&g->sched.scx, record, (size_t)n);
		/* kernels without CONFIG_NET have no uevents: any word of sched_ext will do */
		ours |= memmem(record, (size_t)n, ";sched_ext: ", 12) != NULL;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE) {
		close(g->kmsg_fd);
		g->kmsg_fd = -1;
	}
	if (ours)
		guest_sched__check(&g->sched);
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
	/* after an overrun (ENOBUFS) the one we wait for may be among the lost */
	if (ours || (n < 0 && errno == ENOBUFS))
		guest_sched__check(&g->sched);
}

static void on_sched_log(struct guest *g)
{
	guest_sched__forward(g);
}

static void on_body(struct guest *g)
{
	struct guest_body_msg msg;
	ssize_t n;

	n = recv(g->body.sock, &msg, sizeof(msg), MSG_DONTWAIT | MSG_TRUNC);
	if (n == sizeof(msg) && msg.says == GUEST_BODY_STIMULUS) {
		guest_link__send(&g->link, KTSTR_MSG_STIMULUS, &msg.stimulus,
				 sizeof(msg.stimulus));
	} else if (n == sizeof(msg) && msg.says == GUEST_BODY_ORDER) {
		g->body.order = msg.order;
		g->body.ordered = true;
		/* too late: the body learns the same way as from a hold */
		if (guest_sched__gone(&g->sched) && msg.order.what != KTSTR_SCHED_REVIVE)
			guest_order__reply(g, 1, "");
	} else if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(g->body.sock);
		g->body.sock = -1;
	}
	/* anything else did not come from dispatch.c and is nothing to act on */
}

/* One row per source; poll() ignores negative descriptors. */
static const struct {
	size_t fd;		/* offset into struct guest */
	void (*ready)(struct guest *g);
} sources[] = {
	{ offsetof(struct guest, kmsg_fd), on_kmsg },
	{ offsetof(struct guest, sched.log_fd), on_sched_log },
	{ offsetof(struct guest, body.sock), on_body },
	{ offsetof(struct guest, uevent_fd), on_uevent },
	/* last: a child's output is forwarded before its end */
	{ offsetof(struct guest, sig_fd), on_sigchld },
};

#define NR_SOURCES	(sizeof(sources) / sizeof(sources[0]))

/* Wait until something happens or @deadline_ns; 0 does not wait. Events are handled. */
static int serve_once(struct guest *g, uint64_t deadline_ns)
{
	uint64_t now = deadline_ns ? guest_now_ns() : 0;
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec timeout = {
		.tv_sec = (time_t)(left / GUEST_NSEC_PER_SEC),
		.tv_nsec = (long)(left % GUEST_NSEC_PER_SEC),
	};
	struct pollfd fds[NR_SOURCES];
	size_t i;
	int n;

	for (i = 0; i < NR_SOURCES; i++) {
		fds[i].fd = *(int *)((char *)g + sources[i].fd);
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
	n = ppoll(fds, NR_SOURCES, &timeout, NULL);
	for (i = 0; n > 0 && i < NR_SOURCES; i++)
		if (fds[i].revents && *(int *)((char *)g + sources[i].fd) == fds[i].fd)
			sources[i].ready(g);
	return n;
}

bool guest_serve(struct guest *g, bool (*done)(const struct guest *g), uint64_t deadline_ns)
{
	int rounds = 0;

	for (;;) {
		if (done && done(g))
			return true;
		if (deadline_ns && guest_now_ns() >= deadline_ns)
			return false;
		if (serve_once(g, deadline_ns) <= 0 && !deadline_ns)
			return done && done(g);
		if (!deadline_ns && ++rounds >= DRAIN_ROUNDS)
			return done && done(g);
	}
}

static bool body_over_or_ordered_or_sched_gone(const struct guest *g)
{
	return g->body.exited || g->body.ordered || guest_sched__gone(&g->sched);
}

static bool body_over(const struct guest *g)
{
	return g->body.exited;
}

static bool body_over_or_ordered(const struct guest *g)
{
	return g->body.exited || g->body.ordered;
}

static bool body_over_or_ordered_or_sched_exited(const struct guest *g)
{
	return body_over_or_ordered(g) || g->sched.exited;
}

/* "step 2, waiting for workers to stop", or nothing. The body may have written anything there. */
static void describe_engine(const struct guest_body *b, char *buf, size_t size)
{
	static const char * const doing[KTSTR_NR_DOINGS] = {
		[KTSTR_DOING_OPS] = "carrying out its ops",
		[KTSTR_DOING_START] = "waiting for workers to be ready",
		[KTSTR_DOING_HOLD] = "letting workers work",
		[KTSTR_DOING_STOP] = "waiting for workers to stop",
		[KTSTR_DOING_KILL] = "waiting for killed workers to end",
		[KTSTR_DOING_REMOVE] = "waiting for cgroups to become empty",
	};
	const struct ktstr_whereabouts *w = &b->shared->whereabouts;
	uint32_t what = __atomic_load_n(&w->doing, __ATOMIC_RELAXED);

	buf[0] = '\0';
	if (what < KTSTR_NR_DOINGS && doing[what])
		snprintf(buf, size, "step %u, %s, ", w->step, doing[what]);
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
	describe_engine(&g->body, engine, sizeof(engine));
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
	if (guest_serve(g, body_over, guest_now_ns() + KILL_PATIENCE_NS))
		return;
	guest_sched__evict(g);
	if (!guest_serve(g, body_over, guest_now_ns() + KILL_PATIENCE_NS))
		ktstr_result__add(g->result, KTSTR_NOTE, KTSTR_BODY_TIMEOUT,
				  "the test body did not even die of SIGKILL within %llu s",
				  KILL_PATIENCE_NS / GUEST_NSEC_PER_SEC);
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

/*
 * The scheduler is gone and the body still runs: let it finish what it has, briefly. True
 * when it ended by itself, or wants the scheduler again.
 */
static bool body_without_sched(struct guest *g, uint64_t deadline)
{
	struct guest_sched *s = &g->sched;
	uint64_t until = guest_now_ns() + EJECTED_LINGER_NS;
	char where[256];

	if (!s->exited && !guest_serve(g, body_over_or_ordered_or_sched_exited,
				       until < deadline ? until : deadline))
		kill(-s->pid, SIGINT);
	until = guest_now_ns() + BODY_GRACE_S * GUEST_NSEC_PER_SEC;
	if (guest_serve(g, body_over_or_ordered, until < deadline ? until : deadline))
		return true;
	describe_body(g, where, sizeof(where));
	ktstr_result__add(g->result, KTSTR_NOTE, KTSTR_KIND_NONE,
			  "the test body was killed %d s of guest time after the scheduler left %s",
			  BODY_GRACE_S, where);
	kill_body(g);
	return false;
}

/*
 * Until the body is over, the scheduler gone or the time up: false. The time that the body
 * waits for us to exchange schedulers is not its own.
 */
static bool await_body(struct guest *g, uint64_t *deadline)
{
	uint64_t before;

	while (guest_serve(g, body_over_or_ordered_or_sched_gone, *deadline)) {
		if (!g->body.ordered || g->body.exited)
			return true;
		before = guest_now_ns();
		guest_order__serve(g);
		*deadline += guest_now_ns() - before;
	}
	return false;
}

/* Why did it end, if not by returning? */
static void judge_body_end(struct guest *g)
{
	const struct guest_body *b = &g->body;
	char how[64], text[160];

	if (__atomic_load_n(&b->shared->complete, __ATOMIC_ACQUIRE) || !b->exited)
		return;
	guest_status__format(b->status, how, sizeof(how));
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
	ktstr_chan__slot_set(g->link.chan, KTSTR_SLOT_GUEST_PHASE, KTSTR_MSG_BODY);
	guest_link__send(&g->link, KTSTR_MSG_BODY, NULL, 0);
	guest_link__ring(&g->link);
	ret = guest_body__start(&g->body, &g->args, &g->sched);
	if (ret) {
		ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "cannot start test %s: %s", g->args.test,
				  ret == -ENOENT ? "no such test in this program" :
				  strerror(-ret));
		return ret;
	}

	deadline = g->body.start_ns +
		   (g->args.duration_s + (uint64_t)g->args.run_grace_s) * GUEST_NSEC_PER_SEC;
	while (by_itself && !g->body.exited) {
		if (await_body(g, &deadline)) {
			by_itself = g->body.exited || body_without_sched(g, deadline);
		} else {
			body_timed_out(g);
			by_itself = false;
		}
	}
	guest_serve(g, NULL, 0);
	/* the last instant counts too: nobody asked the scheduler to leave yet */
	guest_sched__check(&g->sched);
	if (by_itself)
		judge_body_end(g);
	/* workers of a body that did not clean up; the body itself is no more */
	guest_cgroup__kill(g->args.cgroup_root);
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
	ktstr_chan__slot_set(g->link.chan, KTSTR_SLOT_GUEST_PHASE, KTSTR_MSG_START);
	guest_link__send(&g->link, KTSTR_MSG_START, &msg,
			 sizeof(msg.start) + strnlen(msg.release, sizeof(msg.release)));
	guest_link__ring(&g->link);
}

static void send_result(struct guest *g)
{
	struct ktstr_result *body = guest_body__result(&g->body);
	struct ktstr_result *r = ktstr_result__new();
	char why[KTSTR_DETAIL_LEN];
	enum ktstr_kind kind;
	void *wire = NULL;
	size_t len = 0;

	if (r && body) {
		/* causes before consequences: the first failure is the headline */
		if (guest_sched__gone(&g->sched) && g->body.pid) {
			kind = guest_sched__why(&g->sched, g->body.start_ns, why, sizeof(why));
			ktstr_result__add(r, KTSTR_FAILS, kind, "%s", why);
		}
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
	/* a teardown that hangs must not cost the verdict; the last RESULT counts */
	send_result(g);
	ktstr_chan__slot_set(g->link.chan, KTSTR_SLOT_GUEST_PHASE, KTSTR_MSG_TEARDOWN);
	guest_link__send(&g->link, KTSTR_MSG_TEARDOWN, NULL, 0);
	guest_link__ring(&g->link);
	guest_sched__stop(g);
	run_echoes(g, g->args.disable);
	guest_serve(g, NULL, 0);
	send_result(g);
}

int guest_supervise(struct guest *g)
{
	int ret;

	g->result = ktstr_result__new();
	if (!g->result)
		return ENOMEM;
	send_start(g);
	if (g->args.cgroup_parent) {
		ret = guest_cgroup__make(g->args.cgroup_parent, false);
		if (ret)
			ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
					  "cannot make cgroup_parent %s: %s",
					  g->args.cgroup_parent, strerror(-ret));
	}
	run_echoes(g, g->args.enable);
	/* why a scheduler cannot be used stands in the result: that is no error of ours */
	ret = guest_sched__start(g) ? 0 : run_body(g);
	teardown(g);
	return -ret;
}

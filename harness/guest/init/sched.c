// SPDX-License-Identifier: GPL-2.0
/*
 * The scheduler under test, from exec to exit.
 *
 * That the process runs does not mean that the scheduler is attached, or the reverse. A scheduler
 * is attached when sched_ext is "enabled" and names its ops. It has ended when its process exits
 * or when the kernel ejects it, whichever is noticed first. The kernel log has the reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/status.h"
#include "harness/model/console.h"
#include "internal.h"

#define SCX_DIR		"/sys/kernel/sched_ext"
#define STOP_PATIENCE_NS (5 * NSEC_PER_SEC)	/* for SIGINT, and in the end */
#define KILL_PATIENCE_NS (2 * NSEC_PER_SEC)
#define QUIET_POLL_NS	(NSEC_PER_SEC / 100)
#define LAST_LOOK_NS	(NSEC_PER_SEC / 20)
/*
 * Most schedulers notice within a second that they were ejected. After this time the scheduler is
 * asked to end, as its end wakes the body.
 */
#define EJECTED_LINGER_NS (3 * NSEC_PER_SEC / 2)
#define LEAVING_NS	(2 * NSEC_PER_SEC)	/* for one that is on its way out */
#define EXIT_MARK	"EXIT: "	/* what uei_print() of the scx headers begins with */
#define PF_EXITING	0x4			/* include/linux/sched.h; /proc/PID/stat has it */

/* @hold: a socket to PID 1, if the scheduler has to wait before it attaches, else -1. */
static void sched_exec(const char *path, char * const *args, int log, int hold)
{
	size_t nr = 0, i;
	char **argv;

	while (args && args[nr])
		nr++;
	guest_child__reset();
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (hold >= 0 && guest_hold__arm(hold))
		_exit(127);		/* PID 1 says why */
	argv = calloc(nr + 2, sizeof(*argv));
	if (argv) {
		argv[0] = (char *)path;
		for (i = 0; i < nr; i++)
			argv[i + 1] = args[i];
		execv(path, argv);
	}
	dprintf(STDERR_FILENO, "exec %s: %s%s\n", path, strerror(errno),
		errno == ENOENT ? " (its interpreter or a library is missing)" : "");
	_exit(127);
}

/* 0, -EOPNOTSUPP: it cannot be held where it attaches, or another -errno. */
static int sched_fork(struct guest *g, const char *path, char * const *args)
{
	int log[2], hold[2] = { -1, -1 }, err = 0, held = 0;
	struct guest_sched *s = &g->sched;
	int32_t pid = -1;

	if (pipe2(log, O_CLOEXEC))
		return -errno;
	if (g->args.hold_attach && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, hold))
		err = errno;
	if (!err) {
		pid = fork();
		err = pid < 0 ? errno : 0;
	}
	if (!pid)
		sched_exec(path, args, log[1], hold[1]);
	close(log[1]);
	if (hold[1] >= 0)
		close(hold[1]);
	if (err) {
		close(log[0]);
		if (hold[0] >= 0)
			close(hold[0]);
		return -err;
	}
	setpgid(pid, pid);
	if (hold[0] >= 0) {
		held = guest_hold__take(hold[0]);
		s->hold_fd = held < 0 ? -1 : held;
		close(hold[0]);
	}
	fcntl(log[0], F_SETFL, O_NONBLOCK);
	s->log_fd = log[0];
	s->pid = pid;
	s->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	guest_leader__watch(&s->leader, pid);
	guest_link__send(&g->link, KTSTR_MSG_SCHED_START, &pid, sizeof(pid));
	if (s->pidfd < 0)
		return -errno;
	return held < 0 ? -EOPNOTSUPP : 0;
}

void guest_sched__publish(const struct guest *g)
{
	const struct guest_sched *s = &g->sched;
	enum ktstr_sched_phase phase = guest_sched__gone(s) ? KTSTR_SCHED_PHASE_GONE :
				       s->restart_until_ns ? KTSTR_SCHED_PHASE_RESTARTS :
							     KTSTR_SCHED_PHASE_ON;

	if (g->body.shared)
		__atomic_store_n(&g->body.shared->sched_phase, phase, __ATOMIC_RELEASE);
}

void guest_sched__check(struct guest *g)
{
	struct guest_sched *s = &g->sched;
	char state[64] = "", ops[64] = "";
	bool is_on;

	if (!s->pid || s->planned || s->ejected)
		return;
	guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	is_on = !strcmp(state, "enabled");
	if (!s->attached) {
		guest_file__read(GUEST_SCX_OPS, ops, sizeof(ops));
		s->attached = is_on && ops[0];
	} else if (is_on) {
		guest_restart__is_back(g);
	} else if (!guest_restart__waits(g)) {
		/* the kernel logs the reason before it is through with it */
		if (!strcmp(state, "disabling") && g->kmsg_fd >= 0 && !s->scx.disabled)
			return;
		s->ejected = true;
		if (!s->gone_ns)
			s->gone_ns = ktstr_now_ns();
	}
	guest_sched__publish(g);
}

/* Keep the first complaint, and the last complete and non-empty line, for messages. */
static void remember_output(struct guest_sched *s, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] != '\n') {
			if (s->partial_len < sizeof(s->partial) - 1)
				s->partial[s->partial_len++] = buf[i];
		} else if (s->partial_len) {
			s->partial[s->partial_len] = '\0';
			memcpy(s->last_line, s->partial, s->partial_len + 1);
			if (!s->exit_line[0] && !strncmp(s->partial, EXIT_MARK, strlen(EXIT_MARK)))
				memcpy(s->exit_line, s->partial, s->partial_len + 1);
			if (!s->complaint[0] && ktstr_text__complains(s->partial))
				memcpy(s->complaint, s->partial, s->partial_len + 1);
			s->partial_len = 0;
		}
	}
}

bool guest_sched__forward(struct guest *g)
{
	struct guest_sched *s = &g->sched;
	char buf[4096];
	ssize_t n;

	for (;;) {
		n = read(s->log_fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		guest_link__send(&g->link, KTSTR_MSG_SCHED_LOG, buf, (size_t)n);
		remember_output(s, buf, (size_t)n);
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	close(s->log_fd);
	s->log_fd = -1;
	return false;
}

void guest_sched__reaped(struct guest *g, int status)
{
	struct guest_sched *s = &g->sched;
	struct ktstr_msg_sched_exit msg = {
		.status = status,
		.planned = s->planned ? KTSTR_SCHED_PLANNED : s->asked ? KTSTR_SCHED_OUTLIVED :
									  KTSTR_SCHED_BY_ITSELF,
	};

	guest_leader__forget(&s->leader);
	s->exited = true;
	s->status = status;
	if (!s->planned && !s->gone_ns)
		s->gone_ns = ktstr_now_ns();
	if (s->log_fd >= 0)
		guest_sched__forward(g);
	guest_sched__publish(g);
	guest_link__send(&g->link, KTSTR_MSG_SCHED_EXIT, &msg, sizeof(msg));
}

bool guest_sched__gone(const struct guest_sched *s)
{
	return s->gone_ns != 0;
}

void guest_sched__leader_died(struct guest *g)
{
	struct guest_sched *s = &g->sched;

	if (!s->planned && !s->exited && !s->gone_ns) {
		s->leader_died = true;
		s->gone_ns = ktstr_now_ns();
		guest_sched__publish(g);
	}
}

static bool ejected_with_error(const struct guest_sched *s)
{
	return s->scx.disabled && s->scx.error;
}

static bool attached_or_over(const struct guest *g)
{
	return g->sched.attached || g->sched.exited || ejected_with_error(&g->sched);
}

static bool sched_exited(const struct guest *g)
{
	return g->sched.exited;
}

/* What to quote: a program that rejects its options says so first, and ends with its help. */
static const char *said(const struct guest_sched *s)
{
	return s->complaint[0] ? s->complaint : s->last_line;
}

static int refuse(struct guest *g, enum ktstr_kind kind, const char *why)
{
	const struct guest_sched *s = &g->sched;

	ktstr_result__add(g->result, KTSTR_FAILS, kind, "%s%s%s%s%s", why,
			  s->scx.reason[0] ? "; kernel: " : "", s->scx.reason,
			  *said(s) ? "; it said: " : "", said(s));
	return -ESHUTDOWN;
}

static int wait_attached(struct guest *g, uint32_t timeout_ms)
{
	struct guest_sched *s = &g->sched;
	uint64_t timeout_ns = timeout_ms * NSEC_PER_MSEC;
	char why[256], how[64], state[64], ops[64];

	guest_sched__check(g);
	guest_loop__serve(g, attached_or_over, ktstr_now_ns() + timeout_ns);
	guest_sched__check(g);		/* events are hints; sysfs has the state */
	if (s->attached && !s->exited) {
		guest_file__read(GUEST_SCX_OPS, ops, sizeof(ops));
		strcpy(s->scx.only, ops);
		guest_link__send(&g->link, KTSTR_MSG_SCHED_ATTACHED, ops, strlen(ops));
		return 0;
	}
	if (s->exited) {
		guest_loop__serve(g, NULL, 0);	/* the kernel log may have the reason */
		ktstr_status__format(s->status, how, sizeof(how));
		snprintf(why, sizeof(why), "scheduler %s %s", how,
			 s->attached ? "as soon as it was attached" : "before it attached");
		return refuse(g, KTSTR_SCHED_NOT_LOADED, why);
	}
	if (ejected_with_error(s)) {
		guest_loop__serve(g, NULL, 0);	/* the message follows the reason */
		snprintf(why, sizeof(why), "scheduler was ejected before it attached%s%.180s",
			 s->scx.msg[0] ? ": " : "", s->scx.msg);
		return refuse(g, s->scx.kind, why);
	}
	guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	snprintf(why, sizeof(why),
		 "scheduler runs but did not attach within %u ms of guest time (sched_ext is %s)",
		 timeout_ms, state);
	return refuse(g, KTSTR_SCHED_NOT_ATTACHED, why);
}

int guest_sched__run(struct guest *g, const char *path, char * const *args, uint32_t timeout_ms)
{
	int ret;

	if (access(SCX_DIR, F_OK))
		return refuse(g, KTSTR_INFRASTRUCTURE,
			      "this kernel has no sched_ext (no " SCX_DIR "): it needs CONFIG_SCHED_CLASS_EXT=y");
	if (g->sched.pidfd >= 0)
		close(g->sched.pidfd);
	if (g->sched.log_fd >= 0)
		close(g->sched.log_fd);
	if (g->sched.hold_fd >= 0)
		close(g->sched.hold_fd);
	guest_leader__forget(&g->sched.leader);
	g->sched = (struct guest_sched){ .pidfd = -1, .log_fd = -1, .leader.fd = -1,
					 .hold_fd = -1 };
	ret = sched_fork(g, path, args);
	if (ret)
		return refuse(g, KTSTR_INFRASTRUCTURE, ret == -EOPNOTSUPP ?
			      "this kernel cannot hold the scheduler where it attaches, as watchdog_timeout_s and probes by BPF programs need it: it has to have CONFIG_SECCOMP_FILTER=y" :
			      "the scheduler could not be started");
	return wait_attached(g, timeout_ms);
}

int guest_sched__start(struct guest *g)
{
	if (access(KTSTR_GUEST_SCHEDULER, F_OK)) {
		if (!g->args.sched_argv)
			return 0;
		return refuse(g, KTSTR_INFRASTRUCTURE,
			      "scheduler arguments were given, but there is no " KTSTR_GUEST_SCHEDULER);
	}
	return guest_sched__run(g, KTSTR_GUEST_SCHEDULER, g->args.sched_argv,
				g->args.attach_timeout_ms);
}

static bool is_quiet(const struct guest *g)
{
	char state[64];

	(void)g;
	guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	return !strcmp(state, "disabled");
}

bool guest_sched__quiet(struct guest *g, uint64_t deadline_ns)
{
	uint64_t until;

	/* the state changes after the last event (scx_root_disable()) */
	do {
		until = ktstr_now_ns() + QUIET_POLL_NS;
		if (guest_loop__serve(g, is_quiet, until))
			return true;
	} while (until < deadline_ns);
	return false;
}

/* The hexadecimal signal set behind @name in the text of /proc/PID/status; bit 0 is signal 1. */
static uint64_t signal_set(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 16) : 0;
}

#define BIT_OF(_sig)	(1ULL << ((_sig) - 1))

/* Is the process about to end: it exits, or a signal waits for it that will end it? */
static bool leaving(const struct guest_sched *s)
{
	const uint64_t endings = BIT_OF(SIGINT) | BIT_OF(SIGTERM) | BIT_OF(SIGHUP) |
				 BIT_OF(SIGQUIT) | BIT_OF(SIGKILL);
	char path[64], text[4096];
	unsigned long flags = 0;
	const char *paren;
	uint64_t waiting;

	snprintf(path, sizeof(path), "/proc/%d/stat", s->pid);
	guest_file__read(path, text, sizeof(text));
	paren = strrchr(text, ')');	/* the name before may contain anything */
	if (paren && sscanf(paren + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 &&
	    flags & PF_EXITING)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/status", s->pid);
	guest_file__read(path, text, sizeof(text));
	waiting = signal_set(text, "\nSigPnd:") | signal_set(text, "\nShdPnd:");
	/* schedulers that read their signals from a descriptor block them */
	return waiting & endings;
}

static bool sched_is_gone(const struct guest *g)
{
	return guest_sched__gone(&g->sched);
}

void guest_sched__look(struct guest *g)
{
	struct guest_sched *s = &g->sched;
	uint64_t now = ktstr_now_ns(), limit = now + LEAVING_NS;

	if (s->pid && !s->planned && !s->exited) {
		guest_loop__serve(g, sched_is_gone, now + LAST_LOOK_NS);
		while (!guest_sched__gone(s) && leaving(s) && (now = ktstr_now_ns()) < limit)
			guest_loop__serve(g, sched_is_gone, now + LAST_LOOK_NS);
	}
	guest_loop__serve(g, NULL, 0);
	guest_sched__check(g);
	guest_restart__await(g);
}

static void ask(struct guest_sched *s, int sig)
{
	s->asked = sig;
	kill(-s->pid, sig);
}

/*
 * The kernel lets no other thread of it run, because the one that should schedule them is dead:
 * without the scheduler, all of it ends.
 */
static void bury(struct guest *g)
{
	kill(-g->sched.pid, SIGKILL);
	guest_file__write("/proc/sysrq-trigger", "S");
	guest_loop__serve(g, sched_exited, ktstr_now_ns() + KILL_PATIENCE_NS);
}

bool guest_sched__linger(struct guest *g, bool (*done)(const struct guest *g), uint64_t deadline_ns)
{
	struct guest_sched *s = &g->sched;
	uint64_t until = ktstr_now_ns() + EJECTED_LINGER_NS;

	if (s->exited || s->asked)
		return true;
	if (s->leader_died) {
		bury(g);
		return true;
	}
	if (guest_loop__serve(g, done, until < deadline_ns ? until : deadline_ns))
		return true;
	if (!leaving(s))
		ask(s, SIGINT);
	return false;
}

/*
 * How it ended after it was asked. @by_kernel: the kernel disabled it first, which may well be
 * an error in the eyes of its program.
 */
static void judge_end(struct guest *g, bool by_kernel, uint64_t patience_ns)
{
	const struct guest_sched *s = &g->sched;
	char how[KTSTR_STATUS_SIZE], why[256];

	/* one that never was the scheduler, or that the kernel ejected, is reported as that */
	if (!s->attached || (s->scx.disabled && s->scx.error))
		return;
	if (!s->killed && (WIFSIGNALED(s->status) ? WTERMSIG(s->status) == s->asked :
						    !WEXITSTATUS(s->status) || by_kernel))
		return;
	ktstr_status__format(s->status, how, sizeof(how));
	if (s->killed)
		snprintf(why, sizeof(why), "did not end within %.1f s of SIG%s and had to be killed",
			 (double)patience_ns / NSEC_PER_SEC, sigabbrev_np(s->asked));
	else
		snprintf(why, sizeof(why), "was asked to end by SIG%s and %s%s",
			 sigabbrev_np(s->asked), WIFSIGNALED(s->status) ? "was " : "", how);
	ktstr_result__add(g->result, g->args.unclean_exit ? KTSTR_NOTE : KTSTR_FAILS,
			  KTSTR_SCHED_UNCLEAN_EXIT, "the scheduler %s%s%s", why,
			  s->last_line[0] ? "; its last output: " : "", s->last_line);
}

int guest_sched__detach(struct guest *g, uint64_t patience_ns)
{
	struct guest_sched *s = &g->sched;
	uint64_t deadline = ktstr_now_ns() + patience_ns;

	guest_sched__check(g);
	if (guest_sched__gone(s))
		return -ESHUTDOWN;
	s->planned = true;
	/* without sysrq, only the process can do it */
	guest_file__write("/proc/sysrq-trigger", "S");
	ask(s, SIGTERM);
	if (!guest_loop__serve(g, sched_exited, deadline)) {
		s->killed = true;
		kill(-s->pid, SIGKILL);
		if (!guest_loop__serve(g, sched_exited, deadline + KILL_PATIENCE_NS))
			return -ETIMEDOUT;
	}
	if (!guest_sched__quiet(g, deadline + KILL_PATIENCE_NS))
		return -ETIMEDOUT;
	guest_loop__serve(g, NULL, 0);	/* read what the kernel logged about it */
	if (s->scx.disabled && s->scx.error) {
		s->gone_ns = ktstr_now_ns();	/* the kernel ejected it before */
		return -ESHUTDOWN;
	}
	judge_end(g, true, patience_ns);
	s->pid = 0;
	return 0;
}

void guest_sched__evict(struct guest *g)
{
	struct guest_sched *s = &g->sched;

	if (!s->attached || s->exited || s->ejected)
		return;
	s->planned = true;
	/* sysrq-S: the kernel's own way out, see Documentation/scheduler/sched-ext.rst */
	if (guest_file__write("/proc/sysrq-trigger", "S"))
		return;
	ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_SCHED_STALLED,
			  "sched_ext had to be disabled by sysrq-S: under the scheduler not even killed tasks ran");
}

/* SIGINT, then SIGKILL, then without the scheduler. */
static void end_process(struct guest *g)
{
	struct guest_sched *s = &g->sched;

	ask(s, SIGINT);
	if (guest_loop__serve(g, sched_exited, ktstr_now_ns() + STOP_PATIENCE_NS))
		return;
	s->killed = true;
	kill(-s->pid, SIGKILL);
	if (guest_loop__serve(g, sched_exited, ktstr_now_ns() + KILL_PATIENCE_NS))
		return;
	guest_sched__evict(g);
	guest_loop__serve(g, sched_exited, ktstr_now_ns() + STOP_PATIENCE_NS);
}

void guest_sched__stop(struct guest *g)
{
	struct guest_sched *s = &g->sched;
	bool running = s->pid && !s->exited;

	if (running && guest_sched__gone(s))
		guest_sched__linger(g, sched_exited, UINT64_MAX);
	if (running && !s->exited) {
		s->planned = s->planned || !guest_sched__gone(s);
		end_process(g);
	}
	guest_loop__serve(g, NULL, 0);
	if (running && !s->exited)
		ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_TEARDOWN_TIMEOUT,
				  "scheduler (pid %d) is still there after SIGKILL", s->pid);
	else if (running && s->planned)
		judge_end(g, false, STOP_PATIENCE_NS);
}

/* Why the kernel disabled it. Its own output has the details, which the kernel does not log. */
static const char *reason_of(const struct guest_sched *s)
{
	if (!s->scx.reason[0])
		return "unknown reason";
	return strstr(s->exit_line, s->scx.reason) ? s->exit_line + strlen(EXIT_MARK) : s->scx.reason;
}

enum ktstr_kind guest_sched__why(const struct guest_sched *s, uint64_t body_start_ns, char *buf,
				 size_t size)
{
	double at_s = s->gone_ns > body_start_ns ?
		      (double)(s->gone_ns - body_start_ns) / 1e9 : 0.0;
	bool by_itself = s->exited && !(s->asked && !s->planned);
	char how[KTSTR_STATUS_SIZE] = "";

	if (s->exited)
		ktstr_status__format(s->status, how, sizeof(how));
	if (ejected_with_error(s))
		snprintf(buf, size,
			 "scheduler %s was ejected during workload (%.1fs into test): %s%s%s",
			 s->scx.ops, at_s, s->scx.reason, s->scx.msg[0] ? ": " : "", s->scx.msg);
	else if (s->leader_died)
		snprintf(buf, size,
			 "scheduler process died unexpectedly during workload (%.1fs into test): its main thread %s%s, other threads of it could not end",
			 at_s, WIFSIGNALED(s->leader.status) ? "was " : "",
			 ktstr_status__format(s->leader.status, how, sizeof(how)));
	else if (s->restart_until_ns)
		snprintf(buf, size,
			 "scheduler %s did not restart when the kernel asked it to (%.1fs into test), %s%s; kernel: %s",
			 s->scx.ops, at_s, by_itself ? "its process " : "it was not attached again in time",
			 how, reason_of(s));
	else if (!by_itself)
		snprintf(buf, size,
			 "scheduler %s left sched_ext during workload (%.1fs into test): %s; its process went on%s",
			 s->scx.ops, at_s, reason_of(s),
			 s->asked ? " and had to be asked to end" : "");
	else
		snprintf(buf, size,
			 "scheduler process died unexpectedly during workload (%.1fs into test): %s%s%s%s%s",
			 at_s, how, s->scx.disabled ? "; kernel: " : "",
			 s->scx.disabled ? reason_of(s) : "",
			 s->last_line[0] ? "; its last output: " : "", s->last_line);
	return s->scx.disabled ? s->scx.kind : KTSTR_SCHED_EXITED;
}

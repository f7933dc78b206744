// SPDX-License-Identifier: GPL-2.0
/*
 * The scheduler under test, from exec to its last word.
 *
 * Alive is not attached, and attached is not alive: a scheduler counts as attached when
 * sched_ext says "enabled" and names its ops, and as gone when its process ends or when the
 * kernel ejects it, whichever is noticed first. Why it went is taken from the kernel log.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define SCX_DIR		"/sys/kernel/sched_ext"
#define STOP_PATIENCE_NS (5 * GUEST_NSEC_PER_SEC)	/* for SIGINT, and in the end */
#define KILL_PATIENCE_NS (2 * GUEST_NSEC_PER_SEC)
#define QUIET_POLL_NS	(GUEST_NSEC_PER_SEC / 100)

void guest_status__format(int status, char *buf, size_t size)
{
	const char *name;

	if (WIFSIGNALED(status)) {
		name = sigabbrev_np(WTERMSIG(status));
		if (name)
			snprintf(buf, size, "killed by SIG%s", name);
		else
			snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
	} else {
		snprintf(buf, size, "exited with status %d", WEXITSTATUS(status));
	}
}

static void sched_exec(const char *path, char * const *args, int log)
{
	size_t nr = 0, i;
	char **argv;

	while (args && args[nr])
		nr++;
	guest_child__reset();
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
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

static int sched_fork(struct guest *g, const char *path, char * const *args)
{
	struct guest_sched *s = &g->sched;
	int log[2], err;
	int32_t pid;

	if (pipe2(log, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = errno;
		close(log[0]);
		close(log[1]);
		return -err;
	}
	if (!pid)
		sched_exec(path, args, log[1]);
	setpgid(pid, pid);
	close(log[1]);
	fcntl(log[0], F_SETFL, O_NONBLOCK);
	s->log_fd = log[0];
	s->pid = pid;
	s->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	guest_link__send(&g->link, KTSTR_MSG_SCHED_START, &pid, sizeof(pid));
	return s->pidfd < 0 ? -errno : 0;
}

void guest_sched__check(struct guest_sched *s)
{
	char state[64] = "", ops[64] = "";
	bool is_on;

	if (!s->pid || s->planned || s->ejected)
		return;
	guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	is_on = !strcmp(state, "enabled");
	if (!s->attached) {
		guest_file__read(GUEST_SCX_OPS, ops, sizeof(ops));
		s->attached = is_on && ops[0];
	} else if (!is_on) {
		s->ejected = true;
		if (!s->gone_ns)
			s->gone_ns = guest_now_ns();
	}
}

/* Keep the last complete, non-empty line of the output for messages. */
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
	struct ktstr_msg_sched_exit msg = { .status = status, .planned = s->planned };

	s->exited = true;
	s->status = status;
	if (!s->planned && !s->gone_ns)
		s->gone_ns = guest_now_ns();
	if (s->log_fd >= 0)
		guest_sched__forward(g);
	guest_link__send(&g->link, KTSTR_MSG_SCHED_EXIT, &msg, sizeof(msg));
}

bool guest_sched__gone(const struct guest_sched *s)
{
	return s->gone_ns != 0;
}

static bool attached_or_exited(const struct guest *g)
{
	return g->sched.attached || g->sched.exited;
}

static bool sched_exited(const struct guest *g)
{
	return g->sched.exited;
}

static int refuse(struct guest *g, enum ktstr_kind kind, const char *why)
{
	const struct guest_sched *s = &g->sched;

	ktstr_result__add(g->result, KTSTR_FAILS, kind, "%s%s%s%s%s", why,
			  s->scx.reason[0] ? "; kernel: " : "", s->scx.reason,
			  s->last_line[0] ? "; its last output: " : "", s->last_line);
	return 1;
}

static int wait_attached(struct guest *g, uint32_t timeout_ms)
{
	struct guest_sched *s = &g->sched;
	uint64_t timeout_ns = timeout_ms * 1000000ULL;
	char why[256], how[64], state[64], ops[64];

	guest_sched__check(s);
	guest_serve(g, attached_or_exited, guest_now_ns() + timeout_ns);
	guest_sched__check(s);		/* the events are hints, this is the fact */
	if (s->attached && !s->exited) {
		guest_file__read(GUEST_SCX_OPS, ops, sizeof(ops));
		guest_link__send(&g->link, KTSTR_MSG_SCHED_ATTACHED, ops, strlen(ops));
		return 0;
	}
	if (s->exited) {
		guest_serve(g, NULL, 0);	/* what the kernel said about it */
		guest_status__format(s->status, how, sizeof(how));
		snprintf(why, sizeof(why), "scheduler %s %s", how,
			 s->attached ? "as soon as it was attached" : "before it attached");
		return refuse(g, KTSTR_SCHED_NOT_LOADED, why);
	}
	guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	snprintf(why, sizeof(why),
		 "scheduler runs but did not attach within %u ms of guest time (sched_ext is %s)",
		 timeout_ms, state);
	return refuse(g, KTSTR_SCHED_NOT_ATTACHED, why);
}

int guest_sched__run(struct guest *g, const char *path, char * const *args, uint32_t timeout_ms)
{
	if (access(SCX_DIR, F_OK))
		return refuse(g, KTSTR_INFRASTRUCTURE,
			      "this kernel has no sched_ext (no " SCX_DIR "): it needs CONFIG_SCHED_CLASS_EXT=y");
	if (g->sched.pidfd >= 0)
		close(g->sched.pidfd);
	if (g->sched.log_fd >= 0)
		close(g->sched.log_fd);
	g->sched = (struct guest_sched){ .pidfd = -1, .log_fd = -1 };
	if (sched_fork(g, path, args))
		return refuse(g, KTSTR_INFRASTRUCTURE, "the scheduler could not be started");
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

	/* the state changes behind the last event that tells of it (scx_root_disable()) */
	do {
		until = guest_now_ns() + QUIET_POLL_NS;
		if (guest_serve(g, is_quiet, until))
			return true;
	} while (until < deadline_ns);
	return false;
}

int guest_sched__detach(struct guest *g, uint64_t patience_ns)
{
	struct guest_sched *s = &g->sched;
	uint64_t deadline = guest_now_ns() + patience_ns;

	guest_sched__check(s);
	if (guest_sched__gone(s))
		return 1;
	s->planned = true;
	/* a kernel without sysrq leaves it to the process */
	guest_file__write("/proc/sysrq-trigger", "S");
	kill(-s->pid, SIGTERM);
	if (!guest_serve(g, sched_exited, deadline)) {
		kill(-s->pid, SIGKILL);
		if (!guest_serve(g, sched_exited, deadline + KILL_PATIENCE_NS))
			return -ETIMEDOUT;
	}
	if (!guest_sched__quiet(g, deadline + KILL_PATIENCE_NS))
		return -ETIMEDOUT;
	guest_serve(g, NULL, 0);	/* the kernel's words about it are its own */
	if (s->scx.disabled && s->scx.error) {
		s->gone_ns = guest_now_ns();	/* it was faster than we */
		return 1;
	}
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

void guest_sched__stop(struct guest *g)
{
	struct guest_sched *s = &g->sched;

	if (!s->pid || s->exited)
		goto out_drain;
	if (!guest_sched__gone(s))
		s->planned = true;
	kill(-s->pid, SIGINT);
	if (!guest_serve(g, sched_exited, guest_now_ns() + STOP_PATIENCE_NS)) {
		kill(-s->pid, SIGKILL);
		if (!guest_serve(g, sched_exited, guest_now_ns() + KILL_PATIENCE_NS)) {
			guest_sched__evict(g);
			guest_serve(g, sched_exited, guest_now_ns() + STOP_PATIENCE_NS);
		}
	}
	if (!s->exited)
		ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_TEARDOWN_TIMEOUT,
				  "scheduler (pid %d) is still there after SIGKILL", s->pid);
out_drain:
	guest_serve(g, NULL, 0);
}

enum ktstr_kind guest_sched__why(const struct guest_sched *s, uint64_t body_start_ns, char *buf,
				 size_t size)
{
	double at_s = s->gone_ns > body_start_ns ?
		      (double)(s->gone_ns - body_start_ns) / 1e9 : 0.0;
	char how[64] = "";

	if (s->exited)
		guest_status__format(s->status, how, sizeof(how));
	if (s->scx.disabled && s->scx.error)
		snprintf(buf, size,
			 "scheduler %s was ejected during workload (%.1fs into test): %s%s%s",
			 s->scx.ops, at_s, s->scx.reason, s->scx.msg[0] ? ": " : "", s->scx.msg);
	else
		snprintf(buf, size,
			 "scheduler process died unexpectedly during workload (%.1fs into test): %s%s%s%s%s",
			 at_s, how, s->scx.disabled ? "; kernel: " : "", s->scx.reason,
			 s->last_line[0] ? "; its last output: " : "", s->last_line);
	return s->scx.disabled ? s->scx.kind : KTSTR_SCHED_EXITED;
}

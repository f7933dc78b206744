/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the fixture scheduler have in common: inside a guest, start scx_ktstr,
 * give it tasks to schedule, wait for what must happen, and judge what was said. Every
 * function that can find something wrong adds the failure itself and returns false, so that a
 * case reads as a chain of &&.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ktstr.h>

#include "lib/clock.h"

#define SCX		"/include-files/scx_ktstr"
#define WITH_FIXTURE	.extra_include_files = KTSTR_STRS("scx_ktstr")
#define STALL_FILE	"/tmp/ktstr_stall"
#define DEGRADE_FILE	"/tmp/ktstr_degrade"
#define TIMEOUT_MS	"1000"		/* of the watchdog, where something stalls or might */
#define SURVIVED_MS	1600		/* when it has looked, every half of that, and said nothing */
#define LIMIT_MS	20000		/* for what has to happen; all times are the guest's */
#define MAX_SPINNERS	8

struct text {
	char buf[1 << 20];
	size_t len;
};

/* One scheduler at a time, and what it has to schedule. */
static struct fixture {
	struct ktstr_ctx *ctx;
	const char *what;		/* the case, for messages */
	bool failed;			/* any case */
	pid_t pid;
	int pidfd, out_fd, kmsg_fd;
	struct text out, kernel;
	pid_t spinner[MAX_SPINNERS];
	unsigned int nr_spinners;
	volatile uint64_t *laps;	/* of each spinner, shared with it */
} fixture;

static bool fail(struct fixture *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct fixture *f, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->failed = true;
	ktstr_fail(f->ctx, "%s: %s", f->what, text);
	fprintf(stderr, "%s: %s; the scheduler said:\n%.8000s\n", f->what, text, f->out.buf);
	return false;
}

static uint64_t now_ms(void)
{
	return ktstr_now_ns() / NSEC_PER_MSEC;
}

static const char *sysfs(const char *name)
{
	static char buf[64];
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/sched_ext/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static bool is_enabled(struct fixture *f)
{
	(void)f;
	return !strcmp(sysfs("state"), "enabled");
}

static bool is_gone(struct fixture *f)
{
	siginfo_t info = { .si_pid = 0 };

	return f->pid && !waitid(P_PID, f->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

static bool enabled_or_gone(struct fixture *f)
{
	return is_enabled(f) || is_gone(f);
}

/* Everything that can be read from @fd without waiting. False at its end. */
static bool collect(int fd, struct text *t)
{
	ssize_t n;

	do {
		/* what does not fit any more is read and dropped: the writer must not block */
		if (t->len > sizeof(t->buf) - 8192)
			t->len = sizeof(t->buf) - 8192;
		n = read(fd, t->buf + t->len, 8191);
		if (n > 0)
			t->len += n;
		t->buf[t->len] = '\0';
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EPIPE)));
	return n < 0;
}

/*
 * Until @done (NULL: never) or @ms have passed. The scheduler's output, its end and the kernel
 * log, which announces every change of sched_ext's state, are the events.
 */
static bool serve(struct fixture *f, bool (*done)(struct fixture *f), int ms)
{
	uint64_t end = now_ms() + ms, now;
	struct pollfd p[3];

	for (;;) {
		if (done && done(f))
			return true;
		now = now_ms();
		if (now >= end)
			return false;
		p[0] = (struct pollfd){ .fd = f->out_fd, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = f->kmsg_fd, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = done ? f->pidfd : -1, .events = POLLIN };
		if (poll(p, 3, end - now) <= 0)
			continue;
		if (p[0].revents && !collect(f->out_fd, &f->out)) {
			close(f->out_fd);
			f->out_fd = -1;
		}
		if (p[1].revents)
			collect(f->kmsg_fd, &f->kernel);
		if (p[2].revents && !is_gone(f))
			return false;
	}
}

static bool start_args(struct fixture *f, const char * const *argv)
{
	int out[2];

	f->out.len = 0;
	f->out.buf[0] = '\0';
	if (pipe2(out, O_CLOEXEC))
		return fail(f, "pipe: %m");
	f->pid = fork();
	if (!f->pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execv(SCX, (char * const *)argv);
		_exit(126);
	}
	close(out[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	f->out_fd = out[0];
	if (f->pid < 0)
		return fail(f, "fork: %m");
	f->pidfd = (int)syscall(SYS_pidfd_open, f->pid, 0);
	return f->pidfd >= 0 || fail(f, "pidfd_open: %m");
}

#define start(f, ...)	start_args(f, (const char * const[]){ SCX, ##__VA_ARGS__, NULL })

static bool is_attached(struct fixture *f)
{
	serve(f, enabled_or_gone, LIMIT_MS);
	return (is_enabled(f) && !is_gone(f)) || fail(f, "not enabled but %s", sysfs("state"));
}

/* Start and wait until it is the scheduler. */
#define attach(f, ...)	(start(f, ##__VA_ARGS__) && is_attached(f))

/* It leaves with @status, and sched_ext is off as soon as it is gone. */
static bool ends_with(struct fixture *f, int status)
{
	int got;

	if (!serve(f, is_gone, LIMIT_MS))
		return fail(f, "did not end within %d ms", LIMIT_MS);
	waitpid(f->pid, &got, 0);
	f->pid = 0;
	close(f->pidfd);
	f->pidfd = -1;
	if (f->out_fd >= 0)
		collect(f->out_fd, &f->out);
	collect(f->kmsg_fd, &f->kernel);
	if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
		return fail(f, "wait status %#x instead of exit status %d", got, status);
	return !strcmp(sysfs("state"), "disabled") || fail(f, "still %s", sysfs("state"));
}

static bool stop(struct fixture *f, int sig)
{
	kill(f->pid, sig);
	return ends_with(f, 0);
}

static bool says(struct fixture *f, const char *text)
{
	return strstr(f->out.buf, text) || fail(f, "the output does not say \"%s\"", text);
}

static bool kernel_says(struct fixture *f, const char *text)
{
	return strstr(f->kernel.buf, text) || fail(f, "the kernel log does not say \"%s\"", text);
}

static bool stays(struct fixture *f, int ms)
{
	serve(f, is_gone, ms);
	return (is_enabled(f) && !is_gone(f)) || fail(f, "gone within %d ms", ms);
}

static bool touch(struct fixture *f, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return fail(f, "%s: %m", path);
	close(fd);
	return true;
}

/* A task that never sleeps, on CPU @cpu only (-1: any). */
static void spin_on(struct fixture *f, int cpu)
{
	volatile uint64_t *lap = &f->laps[f->nr_spinners * 8];
	cpu_set_t set;
	pid_t pid;

	pid = fork();
	if (pid) {
		f->spinner[f->nr_spinners++] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	if (cpu >= 0)
		sched_setaffinity(0, sizeof(set), &set);
	for (;;)
		++*lap;
}

static void spin(struct fixture *f, unsigned int n)
{
	while (n--)
		spin_on(f, -1);
}

static bool all_spinners_run(struct fixture *f, int ms)
{
	uint64_t before[MAX_SPINNERS];
	unsigned int i;

	for (i = 0; i < f->nr_spinners; i++)
		before[i] = f->laps[i * 8];
	if (!stays(f, ms))
		return false;
	for (i = 0; i < f->nr_spinners; i++)
		if (f->laps[i * 8] == before[i])
			return fail(f, "spinner %u of %u stood still for %d ms", i + 1,
				    f->nr_spinners, ms);
	return true;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct case_desc {
	const char *what;
	bool (*run)(struct fixture *f);
};

static void run_case(struct fixture *f, const struct case_desc *c)
{
	f->what = c->what;
	f->kernel.len = 0;
	f->kernel.buf[0] = '\0';
	lseek(f->kmsg_fd, 0, SEEK_END);
	memset((void *)f->laps, 0, 4096);
	c->run(f);
	while (f->nr_spinners)
		reap(f->spinner[--f->nr_spinners]);
	if (f->pid)
		reap(f->pid);
	f->pid = 0;
	if (f->pidfd >= 0)
		close(f->pidfd);
	if (f->out_fd >= 0)
		close(f->out_fd);
	f->pidfd = -1;
	f->out_fd = -1;
	unlink(STALL_FILE);
	unlink(DEGRADE_FILE);
}

static int run_cases(struct ktstr_ctx *ctx, const struct case_desc *c, size_t nr)
{
	struct fixture *f = &fixture;
	void *laps = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (laps == MAP_FAILED)
		return -errno;
	f->ctx = ctx;
	f->laps = laps;
	f->pidfd = -1;
	f->out_fd = -1;
	f->kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (f->kmsg_fd < 0)
		return -errno;
	for (; nr; nr--, c++)
		run_case(f, c);
	ktstr_pass(ctx);
	return 0;
}

#define RUN(...) ({								\
	static const struct case_desc cases[] = { __VA_ARGS__ };		\
	run_cases(ctx, cases, ARRAY_SIZE(cases));		\
})

/* RUN() in a test that must fail because of ejections, and with these words. */
#define ALL_HELD	"every case held"
#define RUN_EJECTIONS(...) ({							\
	int _ret = RUN(__VA_ARGS__);						\
										\
	if (!_ret && !fixture.failed)						\
		ktstr_fail(ctx, ALL_HELD);					\
	_ret;									\
})

#endif

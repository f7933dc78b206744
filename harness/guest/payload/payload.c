// SPDX-License-Identifier: GPL-2.0
/* Runs a payload's process and its keeper: see payload.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "payload.h"

#define INCLUDE_DIR	"/include-files"
#define LINGER_MS	1000	/* for output of what survived the kill of the group */

/* The second half of the text is a ring until the program has ended. */
#define HALF		(KTSTR_PAYLOAD_OUTPUT / 2)

struct stream {
	uint64_t seen;			/* bytes in all */
	char text[KTSTR_PAYLOAD_OUTPUT + 1];
};

/* Written by the keeper, read by the runner once the keeper has ended. */
struct shared {
	int status;
	bool ended;
	struct stream out[KTSTR_NR_STREAMS];
};

struct ktstr_payload_proc {
	pid_t keeper;
	int pidfd;
	bool reaped;
	struct shared *shared;
};

/* The error of the program's process, when it cannot exec. */
struct refusal {
	int errnum;
	char why[256];
};

static int pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void default_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);	/* refused for a few: those cannot differ */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In a guest the program was packed under its base name; elsewhere its path is valid. */
static const char *program(const struct ktstr_payload *p, char *buf, size_t size)
{
	const char *base = strrchr(p->binary, '/');

	snprintf(buf, size, INCLUDE_DIR "/%s", base ? base + 1 : p->binary);
	return access(buf, X_OK) ? p->binary : buf;
}

static void __attribute__((noreturn)) refuse(int fd, int errnum, const char *why)
{
	struct refusal r = { .errnum = errnum };

	snprintf(r.why, sizeof(r.why), "%s", why);
	_exit(write(fd, &r, sizeof(r)) == sizeof(r) ? 127 : 126);
}

static void __attribute__((noreturn))
become_program(const struct ktstr_payload_start *s, const int out[2], int refused)
{
	const struct ktstr_payload *p = s->payload;
	size_t own = 0, more = 0, i;
	struct ktstr_err err = { };
	char path[PATH_MAX];
	char **argv;
	int fd, ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!p->uses_parent_pgrp)
		setpgid(0, 0);
	default_signals();
	ret = s->join ? s->join(s->data, &err) : 0;
	if (ret)
		refuse(refused, -ret, err.msg);
	while (p->args && p->args[own])
		own++;
	while (s->args && s->args[more])
		more++;
	argv = calloc(own + more + 2, sizeof(*argv));
	if (!argv)
		refuse(refused, ENOMEM, strerror(ENOMEM));
	argv[0] = (char *)program(p, path, sizeof(path));
	for (i = 0; i < own; i++)
		argv[1 + i] = (char *)p->args[i];
	for (i = 0; i < more; i++)
		argv[1 + own + i] = (char *)s->args[i];
	fd = open("/dev/null", O_RDONLY);
	dup2(fd, STDIN_FILENO);
	dup2(out[0], STDOUT_FILENO);
	dup2(out[1], STDERR_FILENO);
	execvp(argv[0], argv);
	ret = errno;
	snprintf(path, sizeof(path), "exec %.128s: %s", p->binary, strerror(ret));
	refuse(refused, ret, path);
}

/* Where the next byte goes; *@room: how many fit behind it. */
static char *next_byte(struct stream *s, size_t *room)
{
	size_t at = s->seen < HALF ? s->seen : HALF + (s->seen - HALF) % HALF;

	*room = KTSTR_PAYLOAD_OUTPUT - at;
	return s->text + at;
}

/* False at end of file. */
static bool keep_output(int fd, struct stream *s)
{
	size_t room;
	char *at = next_byte(s, &room);
	ssize_t n = read(fd, at, room);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	s->seen += (uint64_t)n;
	return n > 0;
}

static void reverse(char *from, char *to)
{
	char c;

	while (from < to) {
		c = *from;
		*from++ = *--to;
		*to = c;
	}
}

/* The program has ended: the oldest byte of the ring becomes its first. */
static void straighten(struct stream *s)
{
	char *ring = s->text + HALF, *oldest;
	size_t room;

	if (s->seen <= KTSTR_PAYLOAD_OUTPUT)
		return;
	oldest = next_byte(s, &room);
	reverse(ring, oldest);
	reverse(oldest, ring + HALF);
	reverse(ring, ring + HALF);
}

static void deliver(const struct ktstr_payload_start *start, const struct stream *s,
		    enum ktstr_stream stream)
{
	size_t len = s->seen < KTSTR_PAYLOAD_OUTPUT ? s->seen : KTSTR_PAYLOAD_OUTPUT;
	size_t head = len < KTSTR_OUTPUT_HEAD ? len : KTSTR_OUTPUT_HEAD;
	size_t tail = len - head < KTSTR_OUTPUT_TAIL ? len - head : KTSTR_OUTPUT_TAIL;

	if (head)
		start->deliver(start->data, stream, 0, s->text, head);
	if (tail)
		start->deliver(start->data, stream, s->seen - head - tail, s->text + len - tail,
			       tail);
}

/*
 * Read until the program has ended and its pipes are closed. On SIGTERM, which the runner sends or
 * its death, the program is killed.
 */
static void read_output(struct shared *sh, pid_t pid, const int fds[2], bool group)
{
	struct pollfd p[4] = {
		{ .fd = fds[0], .events = POLLIN }, { .fd = fds[1], .events = POLLIN },
		{ .fd = pidfd_open(pid), .events = POLLIN }, { .events = POLLIN },
	};
	pid_t target = group ? -pid : pid;
	sigset_t term;
	int i;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	p[3].fd = signalfd(-1, &term, SFD_CLOEXEC);
	while (p[0].fd >= 0 || p[1].fd >= 0 || p[2].fd >= 0) {
		if (poll(p, 4, p[2].fd < 0 ? LINGER_MS : -1) == 0)
			break;
		for (i = 0; i < 2; i++)
			if (p[i].fd >= 0 && p[i].revents && !keep_output(p[i].fd, &sh->out[i]))
				p[i].fd = -1;
		if (p[3].revents) {
			kill(target, SIGKILL);
			p[3].fd = -1;
		}
		if (p[2].fd >= 0 && p[2].revents) {
			/* not reaped yet, so the group is still its own */
			kill(target, SIGKILL);
			p[2].fd = -1;
		}
	}
}

static void __attribute__((noreturn))
keep(struct shared *sh, const struct ktstr_payload_start *start, pid_t pid, const int fds[2])
{
	int i;

	read_output(sh, pid, fds, !start->payload->uses_parent_pgrp);
	waitpid(pid, &sh->status, 0);
	for (i = 0; i < KTSTR_NR_STREAMS; i++) {
		straighten(&sh->out[i]);
		if (start->deliver)
			deliver(start, &sh->out[i], i);
	}
	sh->ended = true;
	_exit(0);
}

static void __attribute__((noreturn))
become_keeper(struct shared *sh, const struct ktstr_payload_start *s, int refused)
{
	int out[2], err[2], writers[2], readers[2];
	sigset_t term;
	pid_t pid;

	prctl(PR_SET_NAME, "payload-keeper");
	setpgid(0, 0);
	default_signals();
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		refuse(refused, errno, strerror(errno));
	pid = fork();
	if (pid < 0)
		refuse(refused, errno, strerror(errno));
	writers[0] = out[1];
	writers[1] = err[1];
	readers[0] = out[0];
	readers[1] = err[0];
	if (!pid)
		become_program(s, writers, refused);
	if (!s->payload->uses_parent_pgrp)
		setpgid(pid, pid);	/* whoever comes first */
	close(out[1]);
	close(err[1]);
	close(refused);
	keep(sh, s, pid, readers);
}

static struct ktstr_payload_proc *proc_new(void)
{
	struct ktstr_payload_proc *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pidfd = -1;
	/* only what is written takes memory */
	p->shared = mmap(NULL, sizeof(*p->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->shared != MAP_FAILED)
		return p;
	free(p);
	return NULL;
}

int ktstr_payload__start(struct ktstr_payload_proc **pp, const struct ktstr_payload_start *start,
			 struct ktstr_err *err)
{
	struct ktstr_payload_proc *p = proc_new();
	struct refusal r = { };
	int refused[2];
	ssize_t n;

	if (!p || pipe2(refused, O_CLOEXEC)) {
		ktstr_payload__free(p);
		return ktstr_err(err, errno, "%s", strerror(errno));
	}
	fflush(NULL);
	p->keeper = fork();
	if (!p->keeper) {
		close(refused[0]);
		become_keeper(p->shared, start, refused[1]);
	}
	close(refused[1]);
	if (p->keeper > 0)
		p->pidfd = pidfd_open(p->keeper);
	if (p->pidfd < 0) {
		r.errnum = errno;
		snprintf(r.why, sizeof(r.why), "%s", strerror(errno));
		n = sizeof(r);
	} else {
		do {	/* end of file: exec has closed the last writer */
			n = read(refused[0], &r, sizeof(r));
		} while (n < 0 && errno == EINTR);
	}
	close(refused[0]);
	if (n == 0) {
		*pp = p;
		return 0;
	}
	ktstr_payload__free(p);
	r.why[sizeof(r.why) - 1] = '\0';
	return ktstr_err(err, r.errnum ?: EIO, "%s", r.why[0] ? r.why : "its process said nothing");
}

int ktstr_payload__fd(const struct ktstr_payload_proc *p)
{
	return p->pidfd;
}

void ktstr_payload__kill(struct ktstr_payload_proc *p)
{
	if (!p->reaped)
		syscall(SYS_pidfd_send_signal, p->pidfd, SIGTERM, NULL, 0);
}

bool ktstr_payload__wait(struct ktstr_payload_proc *p, int timeout_ms)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };
	int n;

	if (p->reaped)
		return true;
	do {
		n = poll(&fd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	waitpid(p->keeper, NULL, 0);
	p->reaped = true;
	return true;
}

int ktstr_payload__status(const struct ktstr_payload_proc *p)
{
	return p->shared->ended ? p->shared->status : SIGKILL;
}

const char *ktstr_payload__output(const struct ktstr_payload_proc *p, enum ktstr_stream stream,
				  size_t *len, uint64_t *dropped)
{
	const struct stream *s = &p->shared->out[stream];

	*len = s->seen < KTSTR_PAYLOAD_OUTPUT ? s->seen : KTSTR_PAYLOAD_OUTPUT;
	*dropped = s->seen - *len;
	return s->text;
}

void ktstr_payload__free(struct ktstr_payload_proc *p)
{
	if (!p)
		return;
	if (p->pidfd >= 0 && !p->reaped) {
		ktstr_payload__kill(p);
		/* a program that cannot be killed is orphaned with its keeper, not waited for */
		if (!ktstr_payload__wait(p, 10 * LINGER_MS))
			syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
	}
	if (p->pidfd >= 0)
		close(p->pidfd);
	munmap(p->shared, sizeof(*p->shared));
	free(p);
}

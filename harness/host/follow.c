// SPDX-License-Identifier: GPL-2.0
/* A console that grows: see follow.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/control.h"
#include "follow.h"

#define NAME_CHARS	100

static int watch(struct ktstr_follow *f, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return fd >= 0 && epoll_ctl(f->wake, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static void close_all(struct ktstr_follow *f)
{
	int *fd[] = { &f->file, &f->changes, &f->wake };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		if (*fd[i] >= 0)
			close(*fd[i]);
		*fd[i] = -1;
	}
}

int ktstr_follow__open(struct ktstr_follow *f, const char *path, const char *name, int out,
		       int wake_fd)
{
	int ret;

	*f = (struct ktstr_follow){ .file = -1, .changes = -1, .wake = -1, .name = name };
	if (!out)
		return 0;
	f->out = out;
	f->cr = isatty(out);
	f->file = open(path, O_RDONLY | O_CLOEXEC);
	f->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	f->wake = epoll_create1(EPOLL_CLOEXEC);
	if (f->file < 0 || f->wake < 0 || inotify_add_watch(f->changes, path, IN_MODIFY) < 0) {
		ret = -errno;
	} else {
		ret = watch(f, f->changes);
		if (!ret)
			ret = watch(f, wake_fd);
	}
	if (ret)
		close_all(f);
	return ret;
}

/* In one call, as several tests may run. Nobody depends on it, so errors are of no interest. */
static void put_line(struct ktstr_follow *f)
{
	char text[sizeof(f->line) + NAME_CHARS + 8];
	int n;

	n = snprintf(text, sizeof(text), "%.*s: %.*s%s\n", NAME_CHARS, f->name, (int)f->len,
		     f->line, f->cr ? "\r" : "");
	f->len = 0;
	if (n > 0 && write(f->out, text, (size_t)n) < 0)
		errno = 0;
}

static void put(struct ktstr_follow *f, char c)
{
	if (c == '\n') {
		put_line(f);
		return;
	}
	if (c == '\r')
		return;
	f->line[f->len++] = ktstr_is_control(c) && c != '\t' ? '?' : c;
	if (f->len == sizeof(f->line))
		put_line(f);
}

void ktstr_follow__read(struct ktstr_follow *f)
{
	char text[4096];
	ssize_t n, i;

	if (f->file < 0)
		return;
	/* the events say only that there is something */
	while (read(f->changes, text, sizeof(text)) > 0)
		;
	while ((n = read(f->file, text, sizeof(text))) > 0)
		for (i = 0; i < n; i++)
			put(f, text[i]);
}

void ktstr_follow__close(struct ktstr_follow *f)
{
	ktstr_follow__read(f);
	if (f->len)
		put_line(f);
	close_all(f);
}

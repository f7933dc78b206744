// SPDX-License-Identifier: GPL-2.0
/*
 * Finds a QEMU that is new enough, and our plugin for it. An explicitly named QEMU is used or is
 * an error; it is never replaced by another one.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "qemu.h"

#define QEMU_NAME		"qemu-system-x86_64"
#define VERSION_LIMIT_MS	10000
#define WHAT_TO_DO		"run ./run_tests.sh, which sets one up, or set KTSTR_QEMU"

/* snprintf() into a path; -ENAMETOOLONG when it does not fit. */
static int path_fmt(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int path_fmt(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

int qemu_find_major(const char *text)
{
	static const char intro[] = "QEMU emulator version ";
	uint64_t v;

	if (strncmp(text, intro, sizeof(intro) - 1))
		return -EINVAL;
	text += sizeof(intro) - 1;
	return ktstr_take_u64(&text, 10, &v) && *text == '.' && v < 1000 ? (int)v : -EINVAL;
}

/* A binary inside an unpacked package tree needs that tree's libraries and firmware. */
static void find_root(struct qemu_bin *bin)
{
	static const char tail[] = "/usr/bin/" QEMU_NAME;
	size_t len = strlen(bin->path), cut = sizeof(tail) - 1;
	char dir[PATH_MAX];

	bin->root[0] = '\0';
	if (len <= cut || strcmp(bin->path + len - cut, tail))
		return;
	memcpy(bin->root, bin->path, len - cut);
	bin->root[len - cut] = '\0';
	if (path_fmt(dir, sizeof(dir), "%s/usr/share/qemu", bin->root) || access(dir, F_OK))
		bin->root[0] = '\0';
}

static int in_cache(struct qemu_bin *bin)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const char *sub = "";

	/* the base directory specification says to ignore a relative XDG_CACHE_HOME */
	if (!cache || *cache != '/') {
		cache = home;
		sub = "/.cache";
	}
	if (!cache || *cache != '/')
		return -ENOENT;
	if (path_fmt(bin->path, sizeof(bin->path), "%s%s/ktstr/qemu/current/usr/bin/" QEMU_NAME,
		     cache, sub))
		return -ENOENT;
	return is_program(bin->path) ? 0 : -ENOENT;
}

static int in_path(struct qemu_bin *bin)
{
	const char *p = getenv("PATH");

	while (p && *p) {
		size_t n = strcspn(p, ":");

		/* an empty element would mean the current folder: never run code from there */
		if (n && !path_fmt(bin->path, sizeof(bin->path), "%.*s/" QEMU_NAME, (int)n, p) &&
		    is_program(bin->path))
			return 0;
		p += n + (p[n] == ':');
	}
	return -ENOENT;
}

/* Read what the process prints until it closes its end. Bytes read, or -errno. */
static ssize_t read_output(int fd, char *buf, size_t size)
{
	int64_t deadline = ktstr_deadline_ms(VERSION_LIMIT_MS);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t fill = 0;

	while (fill < size - 1) {
		int r = poll(&p, 1, ktstr_left_ms(deadline));
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			return -ETIMEDOUT;
		n = read(fd, buf + fill, size - 1 - fill);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		if (n > 0)
			fill += (size_t)n;
	}
	buf[fill] = '\0';
	return (ssize_t)fill;
}

/* What set-up wrote down when it unpacked this one. The major version, or -errno. */
static int noted_version(const struct qemu_bin *bin)
{
	char path[PATH_MAX], text[256];
	int r = path_fmt(path, sizeof(path), "%s/version", bin->root);
	FILE *f = r ? NULL : fopen(path, "re");

	if (!f)
		return -ENOENT;
	r = fgets(text, sizeof(text), f) ? qemu_find_major(text) : -EINVAL;
	fclose(f);
	return r;
}

/* Run "@bin --version". The major version, or -errno. */
static int ask_version(const struct qemu_bin *bin)
{
	char *argv[] = { (char *)bin->path, (char *)"--version", NULL };
	struct qemu_process proc = { .pidfd = -1 };
	char **envp = qemu_process_env(bin, -1);
	char text[256];
	int fds[2], r;

	if (!envp)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC)) {
		r = -errno;
		goto out_env;
	}
	fds[0] = fd_high(fds[0]);
	fds[1] = fd_high(fds[1]);
	r = qemu_process_spawn(&proc, argv, envp, fds[1], -1, NULL, 0);
	fd_close(&fds[1]);
	if (!r) {
		r = (int)read_output(fds[0], text, sizeof(text));
		qemu_process_kill(&proc);
	}
	if (r >= 0)
		r = qemu_find_major(text);
	fd_close(&fds[0]);
out_env:
	qemu_process_env_free(envp);
	return r;
}

/* The version of a file does not change: it is run once per process and file. */
static int cached_version(const struct qemu_bin *bin)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct stat seen;
	static int major = -ENOENT;
	struct stat st;
	int r;

	if (stat(bin->path, &st))
		return -errno;
	pthread_mutex_lock(&lock);
	if (major < 0 || seen.st_dev != st.st_dev || seen.st_ino != st.st_ino ||
	    seen.st_mtim.tv_sec != st.st_mtim.tv_sec ||
	    seen.st_mtim.tv_nsec != st.st_mtim.tv_nsec) {
		major = ask_version(bin);
		seen = st;
	}
	r = major;
	pthread_mutex_unlock(&lock);
	return r;
}

static int check_version(const struct qemu_bin *bin, struct ktstr_err *err)
{
	int major = cached_version(bin);

	if (major < 0)
		return ktstr_err_missing(err, -major, "%s --version: %s; %s", bin->path,
					 major == -EINVAL ? "this is not QEMU" : strerror(-major),
					 WHAT_TO_DO);
	if (major < QEMU_MIN_MAJOR)
		return ktstr_err_missing(err, EOPNOTSUPP,
					 "%s is QEMU %d, at least %d is needed; %s", bin->path, major,
					 QEMU_MIN_MAJOR, WHAT_TO_DO);
	return 0;
}

int qemu_find(struct qemu_bin *bin, struct ktstr_err *err)
{
	const char *named = getenv("KTSTR_QEMU");
	int ret;

	if (named) {
		if (path_fmt(bin->path, sizeof(bin->path), "%s", named) || !is_program(named))
			return ktstr_err(err, ENOENT, "KTSTR_QEMU=%s: no such program", named);
		find_root(bin);
		ret = check_version(bin, err);
		if (ret && err)
			err->missing = false;	/* a wrong choice, not a missing package */
		return ret;
	}
	if (!in_cache(bin)) {
		find_root(bin);
		return noted_version(bin) >= QEMU_MIN_MAJOR ? 0 : check_version(bin, err);
	}
	if (in_path(bin))
		return ktstr_err_missing(err, ENOENT, "no " QEMU_NAME " found; %s", WHAT_TO_DO);
	bin->root[0] = '\0';
	return check_version(bin, err);
}

int qemu_find_plugin(char *path, size_t size, struct ktstr_err *err)
{
	const char *dir = getenv("KTSTR_LIBDIR");
	char exe[PATH_MAX];

	if (!dir) {
		ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		char *slash;

		if (n < 0)
			return ktstr_err(err, errno, "/proc/self/exe: %s", strerror(errno));
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		if (slash)
			*slash = '\0';
		dir = exe;
	}
	if (path_fmt(path, size, "%s/hostcall.so", dir) || access(path, R_OK))
		return ktstr_err_missing(err, ENOENT,
					 "%s/hostcall.so: not found; build it (make) or set KTSTR_LIBDIR to its folder",
					 dir);
	return 0;
}

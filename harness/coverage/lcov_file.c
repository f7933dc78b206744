// SPDX-License-Identifier: GPL-2.0
/*
 * Tracefiles on disk: see lcov.h. Tests of a run are processes of their own and add to one file. Whoever has
 * the lock of the file that bears its name reads it, and puts a new file in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/paths.h"
#include "lcov.h"

int ktstr_lcov__read(struct ktstr_cover *c, const char *path, struct ktstr_err *err)
{
	struct ktstr_err why;
	size_t len;
	char *text = ktstr_paths__read(path, KTSTR_LCOV_MAX_BYTES, &len);
	int ret;

	if (!text)
		return errno == ENOENT ? 0 : ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	ret = ktstr_lcov__parse(c, text, len, &why);
	free(text);
	ktstr_cover__sort(c);
	return ret ? ktstr_err(err, -ret, "%.300s: %.200s", path, why.msg) : 0;
}

/* The lock of the file that is at @path now; it may be made for that. A descriptor or -errno. */
static int take_lock(const char *path)
{
	struct stat ours, there;

	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), ret = 0;

		if (fd < 0)
			return -errno;
		while (!ret && flock(fd, LOCK_EX))
			ret = errno == EINTR ? 0 : -errno;
		if (!ret && fstat(fd, &ours))
			ret = -errno;
		if (!ret && !S_ISREG(ours.st_mode))
			ret = -EINVAL;
		if (!ret && !stat(path, &there) && ours.st_dev == there.st_dev &&
		    ours.st_ino == there.st_ino)
			return fd;
		close(fd);
		if (ret)
			return ret;
		/* another one has put a new file there meanwhile */
	}
}

int ktstr_lcov__add_to(const char *path, const struct ktstr_cover *c, struct ktstr_err *err)
{
	struct ktstr_cover sum = { .nr = 0 };
	int lock = take_lock(path), ret;
	char *text;
	size_t len;

	if (lock < 0)
		return ktstr_err(err, -lock, "%s: %s", path, strerror(-lock));
	ret = ktstr_lcov__read(&sum, path, err);
	if (!ret) {
		ret = ktstr_cover__add(&sum, c);
		text = ret ? NULL : ktstr_lcov__text(&sum, &len);
		ret = ret ? ret : text ? ktstr_paths__write(path, text, len) : -errno;
		free(text);
		if (ret)
			ktstr_err(err, -ret, "%s: %s", path, strerror(-ret));
	}
	close(lock);
	ktstr_cover__free(&sum);
	return ret;
}

int ktstr_lcov__start(const char *path, char *absolute, struct ktstr_err *err)
{
	struct ktstr_cover old = { .nr = 0 };
	struct ktstr_err why;
	int ret = ktstr_paths__absolute(path, absolute, PATH_MAX);

	if (!ret)
		ret = ktstr_paths__can_write(absolute);
	if (ret)
		return ktstr_err(err, -ret, "%s: %s", path, strerror(-ret));
	ret = ktstr_lcov__read(&old, absolute, &why);
	ktstr_cover__free(&old);
	if (ret)
		return ktstr_err(err, -ret, "%.400s (it is not replaced)", why.msg);
	if (unlink(absolute) && errno != ENOENT)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

void ktstr_lcov__conclude(const char *path, char *buf, size_t size)
{
	struct ktstr_cover c = { .nr = 0 };
	struct ktstr_err err;
	char what[256];

	if (ktstr_lcov__read(&c, path, &err)) {
		snprintf(buf, size, "%s", err.msg);
	} else if (c.nr) {
		ktstr_cover__describe(&c, what, sizeof(what));
		snprintf(buf, size, "%s: %s", what, path);
	} else {
		snprintf(buf, size,
			 "nothing was measured, as no test that can be measured ran under a BPF scheduler with line info: %s is not written",
			 path);
	}
	ktstr_cover__free(&c);
}

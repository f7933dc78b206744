// SPDX-License-Identifier: GPL-2.0
/* Adds counters to a file that others add to at the same time: see gcda.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/paths.h"
#include "gcda.h"

static int write_at_once(int fd, const void *data, size_t len)
{
	size_t at;
	ssize_t n;

	for (at = 0; at < len; at += (size_t)n) {
		n = pwrite(fd, (const char *)data + at, len - at, (off_t)at);
		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return ftruncate(fd, (off_t)len) ? -errno : 0;
}

/* @fd is locked. What is there has @size bytes. 0 or -errno. */
static int add_locked(int fd, size_t size, const void *data, size_t len)
{
	uint8_t *old = malloc(size ?: 1), *sum;
	size_t sum_len;
	int ret;

	if (!old || pread(fd, old, size, 0) != (ssize_t)size) {
		ret = old ? -EIO : -ENOMEM;
		free(old);
		return ret;
	}
	/* of an older build: replaced, as the runtime does */
	if (!size || !ktstr_gcda__same_build(old, size, data, len)) {
		free(old);
		return write_at_once(fd, data, len);
	}
	sum = ktstr_gcda__sum(old, size, data, len, &sum_len);
	ret = sum ? write_at_once(fd, sum, sum_len) : -errno;
	free(sum);
	free(old);
	return ret;
}

int ktstr_gcda__add_to(const char *path, const void *data, size_t len)
{
	/* the runtimes' own lock: a program that ends just now waits, as other runs do */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char dir[PATH_MAX], *slash;
	struct stat st;
	int fd, ret;

	if (ktstr_paths__fmt(dir, sizeof(dir), "%s", path))
		return -ENAMETOOLONG;
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	ret = slash && *dir ? ktstr_paths__mkdirs(dir) : 0;
	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	do {
		ret = fcntl(fd, F_SETLKW, &lock);
	} while (ret && errno == EINTR);
	if (ret || fstat(fd, &st))
		ret = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > KTSTR_GCDA_MAX)
		ret = -EINVAL;
	else
		ret = add_locked(fd, (size_t)st.st_size, data, len);
	close(fd);
	return ret;
}

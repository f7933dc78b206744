// SPDX-License-Identifier: GPL-2.0
/*
 * Whole transfers and regular files; see io.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "io.h"

struct io_id io_id(const struct stat *st)
{
	return (struct io_id) {
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.mtime_ns = (int64_t)ktstr_timespec_ns(&st->st_mtim),
		.ctime_ns = (int64_t)ktstr_timespec_ns(&st->st_ctim),
	};
}

bool io_id_equal(const struct io_id *a, const struct io_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "of an unknown kind";
	}
}

int io_open_regular(const char *path, struct stat *st, struct ktstr_err *err)
{
	int fd, ret;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return ktstr_err(err, errno, "initramfs: cannot open %s: %s", path,
				 strerror(errno));
	if (fstat(fd, st) < 0) {
		ret = ktstr_err(err, errno, "initramfs: cannot stat %s: %s", path,
				strerror(errno));
		close(fd);
		return ret;
	}
	if (!S_ISREG(st->st_mode)) {
		close(fd);
		return ktstr_err(err, EINVAL,
				 "initramfs: %s is %s, only regular files can be packed",
				 path, kind_of(st->st_mode));
	}
	return fd;
}

ssize_t io_pread(int fd, void *buf, size_t len, uint64_t off)
{
	size_t done = 0;

	if (off > INT64_MAX || len > INT64_MAX - off)
		return -EINVAL;
	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, off + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

int io_write(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		p += n;
		len -= n;
	}
	return 0;
}

int io_sink_fd(void *ctx, const void *buf, size_t len)
{
	return io_write((int)(intptr_t)ctx, buf, len);
}

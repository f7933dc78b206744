/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File access for the initramfs builder: whole transfers (only this code handles EINTR and short
 * reads), regular files only, and an identity that shows whether a file has changed.
 */
#ifndef KTSTR_VMM_INITRAMFS_TREE_IO_H
#define KTSTR_VMM_INITRAMFS_TREE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/err.h"

/* Where a writer's bytes go. @write returns 0 or -errno and takes all of @len. */
struct io_sink {
	int (*write)(void *ctx, const void *buf, size_t len);
	void *ctx;
};

/* Identifies one state of a file: equal ids mean unchanged content (see docs/initramfs.md). */
struct io_id {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
};

struct io_id io_id(const struct stat *st);
bool io_id_equal(const struct io_id *a, const struct io_id *b);

/*
 * Open @path for reading if it is a regular file; a FIFO does not block the call. Returns the fd,
 * or -errno with @err naming the path.
 */
int io_open_regular(const char *path, struct stat *st, struct ktstr_err *err);

/*
 * Read up to @len bytes at @off; only the end of the file makes it fewer.
 * Returns the number of bytes or -errno.
 */
ssize_t io_pread(int fd, void *buf, size_t len, uint64_t off);

/* Write all of @len. Returns 0 or -errno. */
int io_write(int fd, const void *buf, size_t len);

/* A sink that writes to a file descriptor, passed as (void *)(intptr_t)fd. */
int io_sink_fd(void *ctx, const void *buf, size_t len);

#endif

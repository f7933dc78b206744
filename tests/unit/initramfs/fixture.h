/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of the initramfs builder: a folder of one's own to work in, a builder, and the
 * archive that comes out of it.
 */
#ifndef KTSTR_TESTS_UNIT_INITRAMFS_FIXTURE_H
#define KTSTR_TESTS_UNIT_INITRAMFS_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "vmm/initramfs/initramfs.h"
#include "vmm/initramfs/lz4_legacy.h"

FIXTURE(fs) {
	char dir[64], cache[80], note[256];
	struct initramfs *fs;
	struct ktstr_err err;
};

#define SELF struct _test_data_fs *self

FIXTURE_SETUP(fs)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/ktstr-initramfs-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	snprintf(self->cache, sizeof(self->cache), "%s/cache/deep", self->dir);
	self->fs = initramfs__new();
	ASSERT_NE(NULL, self->fs);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

FIXTURE_TEARDOWN(fs)
{
	initramfs__free(self->fs);
	nftw(self->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void put(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

static inline void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

struct buf {
	uint8_t *data;
	long len;
};

static inline int buf_write(void *ctx, const void *p, size_t len)
{
	struct buf *b = ctx;

	b->data = realloc(b->data, b->len + len + 1);
	memcpy(b->data + b->len, p, len);
	b->len += len;
	return 0;
}

/* Everything in @fd, which is closed. */
static inline struct buf slurp_fd(int fd)
{
	struct buf b = { 0 };
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_write(&b, piece, n);
	close(fd);
	return b;
}

/* Finish self->fs and return the cpio archive; len is -1 when that fails. */
static inline struct buf finish(SELF, const char *cache_dir)
{
	int fd = initramfs__finish(self->fs, cache_dir, self->note, sizeof(self->note),
				   &self->err);
	struct buf z, out = { 0 };

	if (fd < 0)
		return (struct buf) { .len = -1 };
	z = slurp_fd(fd);
	if (lz4_legacy_decode(z.data, z.len, (struct io_sink) { buf_write, &out }))
		out.len = -1;
	free(z.data);
	return out;
}

static inline int same(const struct buf *a, const struct buf *b)
{
	return a->len > 0 && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

#define ADD(src, dest, libs) initramfs__add_file(self->fs, src, dest, libs, &self->err)
#define ADD_TEXT(text, dest) \
	initramfs__add_data(self->fs, text, strlen(text), dest, 0644, &self->err)

/* Start over with a new builder. */
static inline void again(SELF)
{
	initramfs__free(self->fs);
	self->fs = initramfs__new();
}

/* Files of one kind in the cache. */
static inline int count(SELF, const char *prefix, char *last)
{
	DIR *d = opendir(self->cache);
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d))) {
		if (strncmp(de->d_name, prefix, strlen(prefix)))
			continue;
		if (last)
			snprintf(last, PATH_MAX, "%.79s/%s", self->cache, de->d_name);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

#endif

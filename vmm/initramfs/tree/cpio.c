// SPDX-License-Identifier: GPL-2.0
/*
 * newc: a header of "070701" and thirteen 8-digit hex fields, the name with its NUL, the body;
 * header plus name and body are each padded to 4 bytes (Documentation/driver-api/
 * early-userspace/buffer-format.rst; the reader is init/initramfs.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/control.h"
#include "cpio.h"
#include "ustar.h"

#define HEADER_LEN	110
#define TRAILER		"TRAILER!!!"

static const char zeros[CPIO_ALIGN];

void cpio_init(struct cpio *c, struct io_sink sink, uint64_t off)
{
	*c = (struct cpio) { .sink = sink, .off = off };
}

void cpio_init_tar(struct cpio *c, struct io_sink sink)
{
	*c = (struct cpio) { .sink = sink, .tar = true };
}

bool cpio_fits_tar(const char *path, const char *target)
{
	uint8_t h[USTAR_BLOCK];

	return !ustar_header(h, path, USTAR_FILE, 0, 0, target ?: "");
}

/* The printable beginning of an untrusted path. */
static void printable(char *out, size_t size, const char *path)
{
	size_t i;

	for (i = 0; i < size - 1 && path[i]; i++)
		out[i] = ktstr_is_control(path[i]) ? '?' : path[i];
	out[i] = '\0';
}

int cpio_check_path(const char *path, struct ktstr_err *err)
{
	const char *p, *why = NULL;
	int errnum = EINVAL;
	char shown[128];

	for (p = path; *p; p++)
		if (ktstr_is_control(*p))
			why = "has a control character";
	if (path[0] != '/')
		why = "is not absolute";
	else if (!strcmp(path + 1, TRAILER))
		why = "is the name that ends an archive";
	if (strlen(path) >= PATH_MAX) {
		why = "is too long";
		errnum = ENAMETOOLONG;
	}
	for (p = path; !why && *p; ) {
		size_t n = strcspn(++p, "/");

		if (!n || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.')) {
			why = "has an empty, \".\" or \"..\" component";
		} else if (n > NAME_MAX) {
			why = "has a component that is too long";
			errnum = ENAMETOOLONG;
		}
		p += n;
	}
	if (!why)
		return 0;
	printable(shown, sizeof(shown), path);
	return ktstr_err(err, errnum, "initramfs: guest path \"%s\" %s", shown, why);
}

static int put(struct cpio *c, const void *buf, size_t len)
{
	int ret;

	if (!len)
		return 0;
	ret = c->sink.write(c->sink.ctx, buf, len);
	if (!ret)
		c->off += len;
	return ret;
}

static int pad(struct cpio *c, size_t align)
{
	return put(c, zeros, -c->off & (align - 1));
}

/* Of tar, the target of a link stands in the header. */
static int tar_header(struct cpio *c, const char *path, uint32_t mode, uint64_t size,
		      const char *target)
{
	char type = S_ISDIR(mode) ? USTAR_DIR : S_ISLNK(mode) ? USTAR_LINK : USTAR_FILE;
	uint8_t h[USTAR_BLOCK];
	int ret;

	if (c->body_left)
		return -EIO;
	ret = ustar_header(h, path, type, mode & 07777, size, target);
	if (!ret)
		ret = put(c, h, sizeof(h));
	if (!ret)
		c->body_left = size;
	return ret;
}

static int header(struct cpio *c, const char *path, uint32_t mode, uint32_t nlink,
		  uint64_t size)
{
	const char *name = path[0] == '/' ? path + 1 : path;
	size_t name_len = strlen(name) + 1;
	char h[HEADER_LEN + 1];
	int ret;

	if (c->tar)
		return tar_header(c, path, mode, size, "");
	if (c->body_left)
		return -EIO;
	if (size > CPIO_MAX_FILE)
		return -EFBIG;
	if (name_len > PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(h, sizeof(h), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 0, mode, 0, 0, nlink, 0, (uint32_t)size, 0, 0, 0, 0,
		 (uint32_t)name_len, 0);
	ret = put(c, h, HEADER_LEN);
	if (!ret)
		ret = put(c, name, name_len);
	if (!ret)
		ret = pad(c, 4);
	if (!ret)
		c->body_left = size;
	return ret;
}

int cpio_dir(struct cpio *c, const char *path, uint32_t mode)
{
	/* One link here too: two would make the reader look for hard links. */
	return header(c, path, S_IFDIR | (mode & 07777), 1, 0);
}

int cpio_file(struct cpio *c, const char *path, uint32_t mode, uint64_t size)
{
	return header(c, path, S_IFREG | (mode & 07777), 1, size);
}

int cpio_body(struct cpio *c, const void *buf, size_t len)
{
	int ret;

	if (len > c->body_left)
		return -EOVERFLOW;
	ret = put(c, buf, len);
	if (ret)
		return ret;
	c->body_left -= len;
	return c->body_left ? 0 : pad(c, c->tar ? USTAR_BLOCK : 4);
}

int cpio_symlink(struct cpio *c, const char *path, const char *target)
{
	size_t len = strlen(target);
	int ret;

	if (!len || len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (c->tar)
		return tar_header(c, path, S_IFLNK | 0777, 0, target);
	ret = header(c, path, S_IFLNK | 0777, 1, len);
	return ret ? ret : cpio_body(c, target, len);
}

int cpio_end(struct cpio *c)
{
	int ret;

	if (c->tar)
		return c->body_left ? -EIO : put(c, zeros, USTAR_BLOCK) ?: put(c, zeros, USTAR_BLOCK);
	ret = header(c, TRAILER, 0, 1, 0);
	return ret ? ret : pad(c, CPIO_ALIGN);
}

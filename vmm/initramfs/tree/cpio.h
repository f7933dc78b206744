/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a newc cpio archive, or the same entries as a tar archive (POSIX ustar), byte for byte the
 * same for the same input: owner root, inode and time zero, one link. Paths are absolute guest paths; the archive holds them without
 * the leading slash.
 *
 * The caller chooses the order, and must add a directory before its files: the kernel silently
 * drops a file whose directory does not exist yet.
 */
#ifndef KTSTR_VMM_INITRAMFS_TREE_CPIO_H
#define KTSTR_VMM_INITRAMFS_TREE_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "io.h"

#define CPIO_MAX_FILE	UINT32_MAX	/* eight hex digits */
#define CPIO_ALIGN	512		/* size of a finished archive */

struct cpio {
	struct io_sink sink;
	uint64_t off;		/* bytes written so far */
	uint64_t body_left;	/* of the file that is being written */
	bool tar;
};

/* @off: how many bytes of the same archive were written elsewhere before. */
void cpio_init(struct cpio *c, struct io_sink sink, uint64_t off);

/* Write ustar instead; its paths and links are shorter, see cpio_fits_tar(). */
void cpio_init_tar(struct cpio *c, struct io_sink sink);
/* Has a tar archive room for @path, and for a symbolic link there to @target (NULL: it is none)? */
bool cpio_fits_tar(const char *path, const char *target);

/*
 * Check an absolute guest path: no "." or ".." component, no empty one, no control
 * characters, within the kernel's name limits, not the name that ends an archive.
 * Returns 0, or -EINVAL/-ENAMETOOLONG with @err quoting the path as far as it is printable.
 */
int cpio_check_path(const char *path, struct ktstr_err *err);

/* Each returns 0 or -errno: the sink's, or -EFBIG. Modes hold permission bits only. */
int cpio_dir(struct cpio *c, const char *path, uint32_t mode);
int cpio_symlink(struct cpio *c, const char *path, const char *target);

/* Begin a file; exactly @size bytes follow, in any number of cpio_body() calls. */
int cpio_file(struct cpio *c, const char *path, uint32_t mode, uint64_t size);
/* -EOVERFLOW: more than announced. */
int cpio_body(struct cpio *c, const void *buf, size_t len);

/* The trailer entry and zeros up to CPIO_ALIGN; of tar, two blocks of zeros. -EIO when the last file is incomplete. */
int cpio_end(struct cpio *c);

#endif

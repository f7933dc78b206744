/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compresses into the legacy LZ4 framing, the only one that the kernel's initrd decoder takes. A
 * finished stream may be followed by another one: the decoder starts over at the magic number, and
 * the contents are concatenated.
 */
#ifndef KTSTR_VMM_INITRAMFS_LZ4_LEGACY_H
#define KTSTR_VMM_INITRAMFS_LZ4_LEGACY_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/initramfs/tree/io.h"

#define LZ4_LEGACY_MAGIC	0x184C2102u
#define LZ4_LEGACY_CHUNK	(8u << 20)	/* of input; fixed by the decoder */

struct lz4_legacy;

/* Begin a stream: @sink gets the magic at once. NULL with errno set on failure. */
struct lz4_legacy *lz4_legacy_begin(struct io_sink sink);

/* Feed it; @ctx is the stream, so that it can be the sink of another writer. */
int lz4_legacy_write(void *ctx, const void *buf, size_t len);

/* Write the last chunk and free the stream, also after an error. 0 or -errno. */
int lz4_legacy_end(struct lz4_legacy *z);

/*
 * Decode one or more joined streams into @sink, as the kernel does. Returns 0, -EBADMSG for
 * anything that is not such a stream, or the sink's -errno.
 */
int lz4_legacy_decode(const void *buf, size_t len, struct io_sink sink);

#endif

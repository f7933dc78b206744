/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The base stream: the part of the archive that comes from host files. It depends only on the tree
 * and the contents of the files, so a hash of these identifies it and it can be cached.
 */
#ifndef KTSTR_VMM_INITRAMFS_BASE_H
#define KTSTR_VMM_INITRAMFS_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "vmm/initramfs/tree/tree.h"
#include "cache.h"

/* What one directory entry and inode take in the guest, about. */
#define BASE_INODE_BYTES	1024

/*
 * Append the base stream of @t to @out and describe it in @meta; tree_settle() has been called.
 * With @cache_dir the stream is taken from the cache if it is there, and stored otherwise; when
 * the cache cannot be used, @note says so in one sentence. If @entry is not NULL and the cache has
 * the stream, nothing is appended and *@entry is the cache's file (cache_open_entry()); it is -1
 * otherwise. Returns 0 or -errno with @err; -ESTALE: a file has changed since it was added.
 */
int base_write(struct tree *t, int out, const char *cache_dir, int *entry,
	       struct cache_meta *meta, char *note, size_t note_size, struct ktstr_err *err);

/* The same files as a tar archive, not compressed and never cached, to @out. 0 or -errno with @err. */
int base_write_tar(struct tree *t, int out, struct ktstr_err *err);

/* Memory that a file of @size bytes takes in the guest. */
uint64_t base_file_bytes(uint64_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The base stream: the part of the archive that comes from host files. It is a function of
 * the tree and the files' contents only, so it has a name (a hash of these) and can be cached.
 */
#ifndef KTSTR_VMM_INITRAMFS_BASE_H
#define KTSTR_VMM_INITRAMFS_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "../err.h"
#include "cache.h"
#include "tree.h"

/* What one directory entry and inode take in the guest, about. */
#define BASE_INODE_BYTES	1024

/*
 * Append the base stream of @t (which is settled) to @out and describe it in @meta. With
 * @cache_dir it comes from there when it can; trouble with the cache is one sentence in
 * @note. If then @entry is not NULL nothing is appended and *@entry is the cache's file
 * (cache_open_entry()), else -1. Returns 0 or -errno with @err; -ESTALE: a file changed since it
 * was added.
 */
int base_write(struct tree *t, int out, const char *cache_dir, int *entry,
	       struct cache_meta *meta, char *note, size_t note_size, struct vm_err *err);

/* Memory that a file of @size bytes takes in the guest. */
uint64_t base_file_bytes(uint64_t size);

#endif

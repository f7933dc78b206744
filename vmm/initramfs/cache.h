/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finished base streams on disk, named by a hash of what went into them, plus a small index from
 * the cheap identity of the inputs (inode, size, times) to that hash. A failing cache only costs
 * time: everything read from it is checked.
 *
 * Writers use a temporary file and rename(), so a reader sees a whole entry or none. Readers hold
 * an entry open while they copy it, so it can be removed meanwhile.
 */
#ifndef KTSTR_VMM_INITRAMFS_CACHE_H
#define KTSTR_VMM_INITRAMFS_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* Where the stream begins in its file: on a page, so that a VMM can map it. */
#define CACHE_DATA_OFF	4096

#define CACHE_BUDGET	(512ULL << 20)	/* bytes on disk, all entries together */

struct cache {
	int dirfd;
	uint64_t budget;
};

/* What has to be known of a base stream without decompressing it. */
struct cache_meta {
	uint64_t lz4_len;	/* length of the stream */
	uint64_t raw_len;	/* of the cpio archive in it */
	uint64_t unpacked;	/* see initramfs__unpacked_bytes() */
};

/* Open @dir, made when it is missing (with its parents, mode 0700). 0 or -errno. */
int cache_open(struct cache *c, const char *dir, uint64_t budget);
void cache_close(struct cache *c);

/* The content key recorded for the inputs with identity @quick: 0 or -ENOENT. */
int cache_find(struct cache *c, uint64_t quick, uint64_t *key);
/* Record it. 0 or -errno. */
int cache_note(struct cache *c, uint64_t quick, uint64_t key);

/*
 * Append the stream with content @key to @out. Returns 0, -ENOENT for a miss (a damaged entry
 * is one, and is removed; @out is as before), or -errno when @out cannot be written.
 */
int cache_load(struct cache *c, uint64_t key, int out, struct cache_meta *meta);

/*
 * Instead of copying: check the entry and return its descriptor, read-only; the stream's
 * meta->lz4_len bytes begin at CACHE_DATA_OFF. Entries are never changed, only removed, so it
 * may stay mapped. -ENOENT or -errno as above.
 */
int cache_open_entry(struct cache *c, uint64_t key, struct cache_meta *meta);

/*
 * Store the first meta->lz4_len bytes of @in. Then remove the least recently used entries until
 * the budget is kept, and temporary files of writers that have ended. Returns 0 or -errno; -EFBIG:
 * larger than the whole budget.
 */
int cache_store(struct cache *c, uint64_t key, int in, const struct cache_meta *meta);

#endif

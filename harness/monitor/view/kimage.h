/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the monitor knows about a kernel before it runs: symbols, BTF, and what identifies it.
 *
 * All of it is taken from the image, which is decompressed once. The result (a digest: symbols in
 * order of address and of name, the raw BTF, the banner) is kept in a file named by the kernel's
 * build id, and an image that was seen before leads to its digest by size and time. Opening a
 * digest maps the file; every offset in it is checked when it is used.
 */
#ifndef KTSTR_MONITOR_KIMAGE_H
#define KTSTR_MONITOR_KIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btf.h"
#include "lib/err.h"

#define KTSTR_BUILD_ID_MAX	20
#define KTSTR_BANNER_MAX	512

struct ktstr_kimage_map;

struct ktstr_kimage {
	uint16_t machine;		/* ELF's EM_X86_64, EM_AARCH64 */
	bool cached;			/* the image was not decompressed */
	uint64_t text;			/* where _text was linked */
	uint8_t build_id[KTSTR_BUILD_ID_MAX];
	uint32_t build_id_len;		/* 0: it has none */
	const char *banner;		/* linux_banner, as far as it is known; "": not at all */
	uint32_t nr_symbols;
	struct ktstr_btf *btf;		/* NULL: the kernel has none */
	struct ktstr_kimage_map *map;
};

/*
 * Read the kernel image @path: bzImage or vmlinux. @cache_dir: where digests are kept, it is
 * created; NULL: nowhere. 0 or -errno with @err. A cache that cannot be used is not an error.
 */
int ktstr_kimage__open(struct ktstr_kimage **imgp, const char *path, const char *cache_dir,
		       struct ktstr_err *err);
void ktstr_kimage__free(struct ktstr_kimage *img);	/* NULL is allowed */

/* Address of @name as linked; of several, the lowest. 0 or -ENOENT. */
int ktstr_kimage__symbol(const struct ktstr_kimage *img, const char *name, uint64_t *addr);
/* Number @i of nr_symbols, in the order of their addresses. NULL: there are not so many. */
const char *ktstr_kimage__symbol_nth(const struct ktstr_kimage *img, uint32_t i, uint64_t *addr);
/* The symbol at or before @addr, NULL: none. @off: distance from it. */
const char *ktstr_kimage__symbol_at(const struct ktstr_kimage *img, uint64_t addr, uint64_t *off);

/* Bytes from @addr to the next symbol above it; 0: there is none. */
uint64_t ktstr_kimage__room(const struct ktstr_kimage *img, uint64_t addr);

struct vm_apic_timer;

/* The symbols for a machine that knows its timer, or all 0 if the kernel lacks one. */
void ktstr_kimage__apic_timer(const struct ktstr_kimage *img, struct vm_apic_timer *t);

#endif

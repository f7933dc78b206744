/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A made x86 guest whose kernel is up: its image is open, and page tables, direct map, banner and
 * per-CPU areas are in its memory. What tests add has its own symbols, types and places.
 */
#ifndef MADE_X86_H
#define MADE_X86_H

#include <errno.h>
#include <unistd.h>

#include "made_guest.h"

#define MADE_CPUS	2
#define TEXT		0x200000ull
#define DIRECT		0xffff888000000000ull
#define AREA		0x80000ull	/* per-CPU areas, gpa, AREA_STRIDE apart */
#define AREA_STRIDE	0x2000ull
#define RQ_CPU		16		/* of the made struct rq */

/* Open an image with the symbols of every kernel and the @nr of @more, and with @btf; frees @btf. */
static inline int made_open_x86(struct ktstr_kimage **img, const struct made_symbol *more,
				size_t nr, struct made_btf *btf, size_t len, struct ktstr_err *err)
{
	struct made_symbol sym[24] = {
		{ "T_text", 0 }, { "Dlinux_banner", 0 },
		{ "Dphys_base", MADE_TEXT + AT_PHYS_BASE },
		{ "Dpage_offset_base", MADE_TEXT + AT_PAGE_OFFSET },
		{ "D__per_cpu_offset", MADE_TEXT + AT_PERCPU },
		{ "Dinit_top_pgt", MADE_TEXT + AT_TOP },
		{ "drunqueues", MADE_TEXT + AT_RUNQUEUES }, { "B_end", MADE_TEXT + AT_END },
	};
	struct made_image *image = malloc(sizeof(*image));
	char path[] = "/tmp/ktstr-made-x86-XXXXXX";
	int fd = mkstemp(path), ret;

	memcpy(sym + 8, more, nr * sizeof(*more));
	made_kernel(image, MADE_PLACE, sym, 8 + nr, btf->out, len);
	ret = fd < 0 || write(fd, image->data, image->len) != (ssize_t)image->len ? -EIO : 0;
	close(fd);
	if (!ret)
		ret = ktstr_kimage__open(img, path, NULL, err);
	unlink(path);
	free(image);
	free(btf);
	return ret;
}

/* RAM, and in it the kernel @img with MADE_CPUS runqueues. 0 or -ENOENT. */
static inline int made_boot_x86(struct made_guest *g, const struct ktstr_kimage *img)
{
	uint64_t banner;

	made_guest_init(g);
	if (ktstr_kimage__symbol(img, "linux_banner", &banner))
		return -ENOENT;
	strcpy((char *)g->ram + (banner - MADE_TEXT + TEXT), MADE_BANNER);
	made_store(g, TEXT + AT_PHYS_BASE, TEXT - MADE_TEXT + 0xffffffff80000000);
	made_store(g, TEXT + AT_PAGE_OFFSET, DIRECT);
	made_map_x86(g, TEXT + AT_TOP, 4, 21, MADE_TEXT, TEXT);
	for (uint64_t at = 0; at < GUEST_RAM; at += 2 << 20)
		made_map_x86(g, TEXT + AT_TOP, 4, 21, DIRECT + at, at);
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++) {
		uint64_t rq = AREA + cpu * AREA_STRIDE;

		made_store(g, TEXT + AT_PERCPU + cpu * 8,
			   DIRECT + rq - (MADE_TEXT + AT_RUNQUEUES));
		made_store(g, rq + RQ_CPU, cpu);
	}
	return 0;
}

#endif

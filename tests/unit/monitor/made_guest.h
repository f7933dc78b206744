/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of a few MiB: RAM in a buffer, a kernel image in it, page tables. The symbols that the
 * monitor needs are at fixed places behind _text.
 */
#ifndef MADE_GUEST_H
#define MADE_GUEST_H

#include <linux/kernel.h>
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/view/kview.h"
#include "made_btf.h"
#include "made_kernel.h"

#define GUEST_RAM	(16ull << 20)

/* Offsets from _text of what the image holds; pages of the page tables are outside of it. */
enum {
	AT_PHYS_BASE	= 0x2000,
	AT_PAGE_OFFSET	= 0x2008,
	AT_PERCPU	= 0x2100,
	AT_TOP		= 0x3000,
	AT_RUNQUEUES	= 0x5000,
	AT_END		= 0x8000,
};

struct made_guest {
	uint8_t *ram;
	uint64_t next_table;
	struct ktstr_gmem mem;
};

static inline const void *made_at(void *arg, uint64_t gpa, size_t len)
{
	struct made_guest *g = arg;

	return gpa <= GUEST_RAM && len <= GUEST_RAM - gpa ? g->ram + gpa : NULL;
}

static inline void made_guest_init(struct made_guest *g)
{
	g->ram = calloc(1, GUEST_RAM);
	g->next_table = 0x100000;
	g->mem = (struct ktstr_gmem) { .at = made_at, .arg = g, .end = GUEST_RAM };
}

static inline uint64_t made_load(struct made_guest *g, uint64_t gpa)
{
	uint64_t v;

	memcpy(&v, g->ram + gpa, sizeof(v));
	return v;
}

static inline void made_store(struct made_guest *g, uint64_t gpa, uint64_t v)
{
	memcpy(g->ram + gpa, &v, sizeof(v));
}

/*
 * Map @kva at @gpa: @levels of tables below @root, each of 2^@bits entries, down to pages of
 * 2^@shift bytes. @table and @leaf are the bits of the descriptors.
 */
static inline void made_map(struct made_guest *g, uint64_t root, unsigned int page_shift,
			    unsigned int bits, unsigned int va_bits, unsigned int shift,
			    uint64_t kva, uint64_t gpa, uint64_t table, uint64_t leaf)
{
	unsigned int at = page_shift, levels = (va_bits - page_shift + bits - 1) / bits;
	uint64_t here = root;

	for (at += bits * (levels - 1); ; at -= bits) {
		unsigned int width = va_bits - at < bits ? va_bits - at : bits;
		uint64_t slot = here + ((kva >> at) & ((1ull << width) - 1)) * 8;

		if (at == shift) {
			made_store(g, slot, gpa | leaf);
			return;
		}
		if (!made_load(g, slot)) {
			made_store(g, slot, g->next_table | table);
			g->next_table += 1ull << page_shift;
		}
		here = made_load(g, slot) & 0x000ffffffffff000ull & ~((1ull << page_shift) - 1);
	}
}

#define X86_TABLE	0x67ull
#define X86_PAGE	0x8000000000000063ull	/* with NX */
#define X86_HUGE	0x80000000000000e3ull

static inline void made_map_x86(struct made_guest *g, uint64_t root, unsigned int levels,
				unsigned int shift, uint64_t kva, uint64_t gpa)
{
	made_map(g, root, 12, 9, 12 + 9 * levels, shift, kva, gpa, X86_TABLE,
		 shift == 12 ? X86_PAGE : X86_HUGE);
}

/*
 * A kernel file at @path with the symbols that a view needs, and a BTF in which struct rq has its
 * CPU at offset 16. Open it with ktstr_kimage__open(); the banner is where its symbol says.
 */
static inline int made_kernel_file(const char *path, uint16_t machine)
{
	struct made_symbol sym[] = {
		{ "T_text", 0 }, { "Dlinux_banner", 0 },
		{ "Dphys_base", MADE_TEXT + AT_PHYS_BASE },
		{ "Dkimage_voffset", MADE_TEXT + AT_PHYS_BASE },
		{ "Dpage_offset_base", MADE_TEXT + AT_PAGE_OFFSET },
		{ "Dmemstart_addr", MADE_TEXT + AT_PAGE_OFFSET },
		{ "D__per_cpu_offset", MADE_TEXT + AT_PERCPU },
		{ "Dinit_top_pgt", MADE_TEXT + AT_TOP }, { "Dswapper_pg_dir", MADE_TEXT + AT_TOP },
		{ "drunqueues", MADE_TEXT + AT_RUNQUEUES }, { "B_end", MADE_TEXT + AT_END },
	};
	struct made_image *m = malloc(sizeof(*m));
	struct made_btf *b = calloc(1, sizeof(*b));
	uint32_t u32 = made_int(b, "unsigned int", 4, 0);
	size_t len;
	FILE *f = fopen(path, "w");
	int ret = -1;

	made_type(b, "rq", BTF_KIND_STRUCT, 1, 0, 64);
	made_member(b, "cpu", u32, 128, 0);
	len = made_finish(b);
	made_kernel(m, MADE_PLACE, sym, ARRAY_SIZE(sym), b->out, len);
	memcpy(m->data + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
	if (f && fwrite(m->data, 1, m->len, f) == m->len && !fclose(f))
		ret = 0;
	free(m);
	free(b);
	return ret;
}

#endif

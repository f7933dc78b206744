// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64. The kernel keeps in phys_base by how much its image lies elsewhere than where it was
 * linked (arch/x86/boot/startup/map_kernel.c), which together with the physical address gives the
 * virtual one. init_top_pgt, part of the image, is the page table of init_mm: it maps the image,
 * the direct map, vmalloc and all per-CPU memory, with 4 or 5 levels.
 */
#include <elf.h>
#include <errno.h>

#include "kview.h"

#define START_KERNEL_MAP	0xffffffff80000000ull
#define PAGE_OFFSET_4		0xffff888000000000ull	/* without CONFIG_RANDOMIZE_MEMORY */
#define PAGE_OFFSET_5		0xff11000000000000ull
#define IMAGE_ALIGN		(2ull << 20)		/* CONFIG_PHYSICAL_ALIGN is a multiple */

#define PTE_PRESENT		(1ull << 0)
#define PTE_HUGE		(1ull << 7)
#define PTE_ADDR		0x000ffffffffff000ull
#define LEVEL_BITS		9
#define PAGE_SHIFT		12

static int walk(struct ktstr_kview *v, uint64_t kva, uint64_t *gpa, uint64_t *room)
{
	unsigned int shift = PAGE_SHIFT + LEVEL_BITS * v->levels;
	uint64_t table = v->root, pte, size;
	int64_t top = (int64_t)kva >> (shift - 1);

	if (top != 0 && top != -1)
		return -EFAULT;			/* not canonical */
	do {
		shift -= LEVEL_BITS;
		size = 1ull << shift;
		if (ktstr_gmem__load(&v->mem, table + ((kva >> shift) & 511) * 8, 8, &pte) ||
		    !(pte & PTE_PRESENT))
			return -EFAULT;
		table = pte & PTE_ADDR;
		/* 2 MiB and 1 GiB */
		if (pte & PTE_HUGE && (shift == 21 || shift == 30)) {
			table &= ~(size - 1);
			break;
		}
	} while (shift > PAGE_SHIFT);
	*gpa = table | (kva & (size - 1));
	*room = size - (kva & (size - 1));
	return 0;
}

/* Do the page tables have @kva at @gpa? */
static bool maps(struct ktstr_kview *v, uint64_t kva, uint64_t gpa)
{
	uint64_t got, room;

	return !walk(v, kva, &got, &room) && got == gpa;
}

static int find_direct_map(struct ktstr_kview *v)
{
	uint64_t addr, base = v->levels == 5 ? PAGE_OFFSET_5 : PAGE_OFFSET_4;

	v->have_direct = false;
	if (!ktstr_kimage__symbol(v->img, "page_offset_base", &addr) &&
	    ktstr_gmem__load(&v->mem, addr - v->img->text + v->text_gpa, 8, &base))
		return -EAGAIN;
	v->direct_kva = base;
	v->direct_gpa = 0;
	v->have_direct = base >> 63 && maps(v, base + v->text_gpa, v->text_gpa);
	return v->have_direct ? 0 : -EAGAIN;
}

static int find(struct ktstr_kview *v)
{
	uint64_t phys_base_at, top_at, end, phys_base, text = v->img->text;

	if (ktstr_kimage__symbol(v->img, "phys_base", &phys_base_at) ||
	    ktstr_kimage__symbol(v->img, "init_top_pgt", &top_at) ||
	    ktstr_kimage__symbol(v->img, "_end", &end) || end <= text)
		return -EAGAIN;
	if (ktstr_gmem__load(&v->mem, phys_base_at - text + v->text_gpa, 8, &phys_base))
		return -EAGAIN;
	v->slide = v->text_gpa - phys_base + START_KERNEL_MAP - text;
	v->root = top_at - text + v->text_gpa;
	v->text_len = end - text;
	v->page_shift = PAGE_SHIFT;
	/* a table of 5 levels does not lead to the image in 4 steps, nor the other way round */
	for (v->levels = 5; v->levels >= 4; v->levels--)
		if (maps(v, text + v->slide, v->text_gpa))
			break;
	if (v->levels < 4)
		return -EAGAIN;
	v->va_bits = PAGE_SHIFT + LEVEL_BITS * v->levels;
	v->have_text = true;
	return find_direct_map(v);
}

const struct ktstr_xlate ktstr_xlate_x86 = {
	.machine	= EM_X86_64,
	.image_align	= IMAGE_ALIGN,
	.find		= find,
	.walk		= walk,
};

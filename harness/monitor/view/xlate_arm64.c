// SPDX-License-Identifier: GPL-2.0
/*
 * arm64. kimage_voffset says where the image runs. Granule and number of address bits are in
 * TCR_EL1, which memory does not show; but of all that Linux can be built for, only the right one
 * leads through swapper_pg_dir from the image's address to where the image was found. The linear
 * map begins at memstart_addr.
 *
 * Not tried with a guest yet: the walks are unit-tested. A kernel that was built for 52 bits but
 * runs on a CPU with 48 is found by its 48-bit tables, with the linear map of the wider one.
 */
#include <linux/kernel.h>
#include <elf.h>
#include <errno.h>

#include "kview.h"

#define IMAGE_ALIGN	(2ull << 20)	/* Documentation/arch/arm64/booting.rst */
#define OA_MASK		0x0000ffffffffffffull	/* bits 47 to 0 of an output address */
#define DESC_VALID	1ull
#define DESC_TABLE	3ull		/* and at the last level a page */

static unsigned int level_bits(const struct ktstr_kview *v)
{
	return v->page_shift - 3;
}

static int walk(struct ktstr_kview *v, uint64_t kva, uint64_t *gpa, uint64_t *room)
{
	unsigned int bits = level_bits(v), shift = v->page_shift + bits * v->levels;
	uint64_t table = v->root, desc, size, index;

	if (kva >> v->va_bits != UINT64_MAX >> v->va_bits)
		return -EFAULT;			/* not a kernel address */
	do {
		shift -= bits;
		size = 1ull << shift;
		index = (kva >> shift) & ((1ull << bits) - 1);
		/* the top table has only as many entries as there are address bits left */
		if (v->va_bits < shift + bits)
			index = (kva >> shift) & ((1ull << (v->va_bits - shift)) - 1);
		if (ktstr_gmem__load(&v->mem, table + index * 8, 8, &desc) ||
		    !(desc & DESC_VALID))
			return -EFAULT;
		table = desc & OA_MASK & ~((1ull << v->page_shift) - 1);
		if (shift == v->page_shift) {
			if ((desc & DESC_TABLE) != DESC_TABLE)
				return -EFAULT;
		} else if ((desc & DESC_TABLE) == DESC_VALID) {
			table &= ~(size - 1);	/* a block */
			break;
		}
	} while (shift > v->page_shift);
	*gpa = table | (kva & (size - 1));
	*room = size - (kva & (size - 1));
	return 0;
}

static bool maps(struct ktstr_kview *v, uint64_t kva, uint64_t gpa)
{
	uint64_t got, room;

	return !walk(v, kva, &got, &room) && got == gpa;
}

static bool find_layout(struct ktstr_kview *v, uint64_t text)
{
	static const unsigned int granules[] = { 12, 14, 16 };
	static const unsigned int widths[] = { 48, 52, 47, 42, 39, 36 };

	for (size_t g = 0; g < ARRAY_SIZE(granules); g++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
			v->page_shift = granules[g];
			v->va_bits = widths[w];
			v->levels = (v->va_bits - v->page_shift + level_bits(v) - 1) /
				    level_bits(v);
			if (maps(v, text, v->text_gpa))
				return true;
		}
	}
	return false;
}

static int find(struct ktstr_kview *v)
{
	uint64_t voffset_at, top_at, end, memstart_at, voffset, text = v->img->text;

	if (ktstr_kimage__symbol(v->img, "kimage_voffset", &voffset_at) ||
	    ktstr_kimage__symbol(v->img, "swapper_pg_dir", &top_at) ||
	    ktstr_kimage__symbol(v->img, "memstart_addr", &memstart_at) ||
	    ktstr_kimage__symbol(v->img, "_end", &end) || end <= text)
		return -EAGAIN;
	if (ktstr_gmem__load(&v->mem, voffset_at - text + v->text_gpa, 8, &voffset) ||
	    ktstr_gmem__load(&v->mem, memstart_at - text + v->text_gpa, 8, &v->direct_gpa))
		return -EAGAIN;
	v->slide = v->text_gpa + voffset - text;
	v->root = top_at - text + v->text_gpa;
	v->text_len = end - text;
	if (!find_layout(v, text + v->slide))
		return -EAGAIN;
	v->have_text = true;
	v->direct_kva = -(1ull << v->va_bits);
	v->have_direct = v->direct_gpa < v->mem.end && v->text_gpa >= v->direct_gpa &&
			 maps(v, v->direct_kva + (v->text_gpa - v->direct_gpa), v->text_gpa);
	return v->have_direct ? 0 : -EAGAIN;
}

const struct ktstr_xlate ktstr_xlate_arm64 = {
	.machine	= EM_AARCH64,
	.image_align	= IMAGE_ALIGN,
	.find		= find,
	.walk		= walk,
};

// SPDX-License-Identifier: GPL-2.0
/* The layout of guest memory: functions without side effects, see boot.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "boot.h"

#define PAGE_BYTES	4096ull
#define SHARED_ALIGN	(2 * VM_MIB)
/* Page tables and per-CPU areas are allocated before the kernel knows all memory. */
#define KERNEL_SLACK	(32 * VM_MIB)
#define HDR_INITRD_MAX	0x22c	/* initrd_addr_max of the setup header */
#define NO_LIMIT	0x7fffffffu

#define E820_RAM	1
#define E820_RESERVED	2

/* Highest address of the initrd's last byte. */
static uint64_t initrd_max(const struct vm_image *image)
{
	uint32_t max;

	memcpy(&max, image->header + HDR_INITRD_MAX, sizeof(max));
	return max ? max : NO_LIMIT;
}

int x86_layout_place(struct kvm_layout *l, uint64_t low_end, const struct vm_image *image,
	      struct ktstr_err *err)
{
	uint64_t floor = image->load_end + KERNEL_SLACK;
	uint64_t limit = initrd_max(image) + 1;
	uint64_t end = low_end, need;

	need = floor + l->shared_bytes + l->initrd_bytes + SHARED_ALIGN + PAGE_BYTES;
	if (l->shared_bytes > low_end || l->initrd_bytes > low_end || need > low_end)
		return ktstr_err(err, ENOSPC,
				 "guest memory: %" PRIu64 " MiB below 4 GiB are too few for this kernel, an initrd of %" PRIu64
				 " MiB and %" PRIu64 " MiB shared with the host; %" PRIu64 " MiB are needed",
				 low_end / VM_MIB, l->initrd_bytes / VM_MIB, l->shared_bytes / VM_MIB,
				 need / VM_MIB + 1);
	if (l->shared_bytes) {
		l->shared_gpa = (end - l->shared_bytes) & ~(SHARED_ALIGN - 1);
		end = l->shared_gpa;
	}
	l->kernel_end = end;
	if (!l->initrd_bytes)
		return 0;
	if (end > limit)
		end = limit;
	if (end < floor + l->initrd_bytes + PAGE_BYTES)
		return ktstr_err(err, ENOSPC,
				 "initrd: %" PRIu64 " MiB do not fit between the kernel's end at %#" PRIx64 " and its limit for an initrd, %#" PRIx64,
				 l->initrd_bytes / VM_MIB, floor, limit);
	l->initrd_gpa = (end - l->initrd_bytes) & ~(PAGE_BYTES - 1);
	l->kernel_end = l->initrd_gpa;
	return 0;
}

static void e820_add(struct x86_e820 map[X86_E820_MAX], unsigned int *nr, uint64_t gpa,
		     uint64_t end, uint32_t type)
{
	if (gpa < end)
		map[(*nr)++] = (struct x86_e820){ gpa, end - gpa, type };
}

unsigned int x86_layout_e820(const struct vm_region *region, unsigned int nr,
			    const struct kvm_layout *l, struct x86_e820 map[X86_E820_MAX])
{
	uint64_t shared_end = l->shared_gpa + l->shared_bytes;
	unsigned int n = 0;

	/* each region gives at most three entries, one of them splits: 2 * VM_MAX_REGIONS + 2 */
	for (unsigned int i = 0; i < nr; i++) {
		const struct vm_region *r = &region[i];
		uint64_t end = r->gpa + r->len;

		if (r->kind != VM_REGION_RAM) {
			e820_add(map, &n, r->gpa, end, E820_RESERVED);
		} else if (l->shared_bytes && l->shared_gpa >= r->gpa && shared_end <= end) {
			e820_add(map, &n, r->gpa, l->shared_gpa, E820_RAM);
			e820_add(map, &n, l->shared_gpa, shared_end, E820_RESERVED);
			e820_add(map, &n, shared_end, end, E820_RAM);
		} else {
			e820_add(map, &n, r->gpa, end, E820_RAM);
		}
	}
	return n;
}

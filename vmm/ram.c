// SPDX-License-Identifier: GPL-2.0
/* The layout of guest RAM; see ram.h. ram_alloc.c allocates it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ram.h"

#define HOLE_START	0xa0000ull	/* VGA window and ROMs */
#define HOLE_END	VM_MIB
#define ABOVE_4G	(4 * VM_GIB)
/* Firmware tables sit above the initrd; QEMU 10 keeps 0x28000, SeaBIOS up to 256 KiB. */
#define FIRMWARE_BYTES	(2 * VM_MIB)
#define SHARED_ALIGN	(2 * VM_MIB)
/* Early allocations (page tables, per-CPU areas) need room below the shared stretch. */
#define KERNEL_SLACK	(32 * VM_MIB)

unsigned int vm_ram_regions_pc(uint64_t mem_bytes, uint64_t low_max,
			       struct vm_region region[VM_MAX_REGIONS])
{
	uint64_t low = mem_bytes < low_max ? mem_bytes : low_max;
	unsigned int nr = 0;

	region[nr++] = (struct vm_region){ 0, HOLE_START, 0, VM_REGION_RAM };
	region[nr++] = (struct vm_region){ HOLE_END, low - HOLE_END, HOLE_END, VM_REGION_RAM };
	if (mem_bytes > low)
		region[nr++] = (struct vm_region){ ABOVE_4G, mem_bytes - low, low, VM_REGION_RAM };
	return nr;
}

unsigned int vm_ram_back_firmware(struct vm_region region[VM_MAX_REGIONS], unsigned int nr)
{
	/* the second place, behind the RAM under 640 KiB */
	memmove(&region[2], &region[1], (nr - 1) * sizeof(*region));
	region[1] = (struct vm_region){ HOLE_START, HOLE_END - HOLE_START, HOLE_START,
					VM_REGION_FIRMWARE };
	return nr + 1;
}

const struct vm_region *vm_ram_find_region(const struct vm_region *region, unsigned int nr,
					   uint64_t gpa, uint64_t len)
{
	for (unsigned int i = 0; i < nr; i++) {
		const struct vm_region *r = &region[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->len && len <= r->len - (gpa - r->gpa))
			return r;
	}
	return NULL;
}

int vm_ram_place_shared(uint64_t low_end, uint64_t initrd_bytes, uint64_t kernel_end,
			uint64_t shared_bytes, uint64_t *gpa, struct ktstr_err *err)
{
	uint64_t floor = kernel_end + KERNEL_SLACK;
	uint64_t need = floor + shared_bytes + SHARED_ALIGN + initrd_bytes + FIRMWARE_BYTES;

	if (initrd_bytes > low_end || shared_bytes > low_end || need > low_end)
		return ktstr_err(err, ENOSPC,
				 "guest memory: %" PRIu64 " MiB below 4 GiB are too few for this kernel, an initrd of %" PRIu64
				 " MiB and %" PRIu64 " MiB shared with the host; %" PRIu64 " MiB are needed",
				 low_end / VM_MIB, initrd_bytes / VM_MIB, shared_bytes / VM_MIB,
				 need / VM_MIB + 1);
	*gpa = (low_end - FIRMWARE_BYTES - initrd_bytes - shared_bytes) & ~(SHARED_ALIGN - 1);
	return 0;
}

void *vm_ram_at(const struct vm_ram *ram, uint64_t gpa, size_t len)
{
	const struct vm_region *r = vm_ram_find_region(ram->region, ram->nr_regions, gpa, len);

	return r && ram->base ? ram->base + r->offset + (gpa - r->gpa) : NULL;
}

int vm_ram_backing(const struct vm_ram *r, uint64_t gpa, size_t len, uint64_t *offset)
{
	const uint8_t *p = vm_ram_at(r, gpa, len);
	uint64_t off;

	if (!p)
		return -EINVAL;
	/* the nodes' memory is mapped one behind the other */
	off = p - r->base;
	for (uint32_t i = 0; i < r->nr_nodes; off -= r->node_bytes[i++]) {
		if (off >= r->node_bytes[i])
			continue;
		*offset = off;
		return (int)i;
	}
	return -EINVAL;
}

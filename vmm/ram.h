/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest RAM: one piece of memory per NUMA node, all mapped side by side in node order. An emulator
 * maps the same memory, so a piece is a memfd, which has no name: nothing is left when the host
 * process is killed. With KVM it is private memory of this process, and its children do not have
 * it. One list of regions says which guest physical addresses are RAM; host accesses and the
 * address of the shared stretch are derived from it.
 */
#ifndef KTSTR_VMM_RAM_H
#define KTSTR_VMM_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm.h"

#define VM_MIB			(UINT64_C(1) << 20)
#define VM_GIB			(UINT64_C(1) << 30)
#define VM_NODE_MIN_BYTES	(16 * VM_MIB)
#define VM_MAX_REGIONS		4
#define VM_HUGE_BYTES		(2 * VM_MIB)
#define VM_HUGE_SYSFS		"/sys/kernel/mm/hugepages/hugepages-2048kB"
#define VM_HOST_NODES		"/sys/devices/system/node/has_memory"
#define VM_NOTICE_BYTES		1024

enum vm_region_kind {
	VM_REGION_RAM,		/* the kernel's to use */
	VM_REGION_FIRMWARE,	/* backed, but not used by the kernel: where a PC has ROMs */
};

/* Guest physical [gpa, gpa + len) is backed by byte @offset of all RAM. */
struct vm_region {
	uint64_t gpa;
	uint64_t len;
	uint64_t offset;
	enum vm_region_kind kind;
};

struct vm_ram {
	uint8_t *base;			/* NULL: not mapped; at a multiple of VM_HUGE_BYTES */
	uint64_t bytes;
	bool huge;			/* of huge pages, all of them there */
	char notice[VM_NOTICE_BYTES];	/* what the host refused, or empty */
	uint32_t nr_nodes;
	int fd[KTSTR_MAX_NODES];		/* -1: memory of this process only */
	uint64_t node_bytes[KTSTR_MAX_NODES];
	struct vm_region region[VM_MAX_REGIONS];
	unsigned int nr_regions;
};

/*
 * The PC's layout: RAM below 640 KiB, from 1 MiB to @low_max, the rest from 4 GiB.
 * Returns the number of regions.
 */
unsigned int vm_ram_regions_pc(uint64_t mem_bytes, uint64_t low_max,
			       struct vm_region region[VM_MAX_REGIONS]);

/*
 * Back the gap below 1 MiB too, in the @nr regions that vm_ram_regions_pc() made. A VMM without
 * ROMs puts its tables there, and a kernel that scans it for BIOS signatures at boot reads zeroes.
 * Returns the number of regions.
 */
unsigned int vm_ram_back_firmware(struct vm_region region[VM_MAX_REGIONS], unsigned int nr);

/* The region that holds all of [gpa, gpa + len), or NULL. */
const struct vm_region *vm_ram_find_region(const struct vm_region *region, unsigned int nr,
					   uint64_t gpa, uint64_t len);

/*
 * Choose where the shared stretch goes: 2 MiB aligned, under the initrd that the firmware
 * puts at the end of the RAM below @low_end, above @kernel_end. 0, or -ENOSPC with @err.
 */
int vm_ram_place_shared(uint64_t low_end, uint64_t initrd_bytes, uint64_t kernel_end,
			uint64_t shared_bytes, uint64_t *gpa, struct ktstr_err *err);

/*
 * Allocate and map what @spec says. Huge pages and binding to nodes are optional: ram->notice says
 * what the host refused. The caller fills in ram->region afterwards. 0 or -errno with @err; call
 * vm_ram_free() in both cases.
 */
int vm_ram_alloc(struct vm_ram *ram, const struct vm_spec *spec, struct ktstr_err *err);

/* Add a sentence to ram->notice. */
void vm_ram_note(struct vm_ram *ram, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Why @want huge pages are not available, and the command that provides them, from the counters in
 * folder @sysfs (VM_HUGE_SYSFS). @errnum is what the attempt failed with.
 */
void vm_ram_huge_shortage(const char *sysfs, uint64_t want, int errnum, char *buf, size_t size);

/*
 * The host's nodes with memory, from the kernel's list in the file @path (VM_HOST_NODES): bit N
 * for node N, node 0 alone where there is no such file. 0 or -errno.
 */
int vm_ram_host_nodes(const char *path, uint64_t *mask);
/* Does every node that spec->host_nodes names exist? 0 or -EINVAL with @err. */
int vm_ram_check_host_nodes(const struct vm_spec *spec, uint64_t have, struct ktstr_err *err);

/*
 * Map @part of a file at @gpa, copy-on-write: the guest uses the pages of the page cache until it
 * writes to them. The file must not become shorter. 0, or -errno and nothing has changed: both
 * must be page aligned, the memory of this process only (vm_ram.fd has the old contents) and not
 * of huge pages.
 */
int vm_ram_overlay(struct vm_ram *ram, uint64_t gpa, const struct vm_part *part);

/*
 * ram_saved.c: write RAM to the empty file @fd, and read it into RAM of the same size that was just
 * allocated. 0 or -errno with @err; -EBADMSG: the file is damaged or of another machine.
 */
int vm_ram_save(const struct vm_ram *ram, int fd, struct ktstr_err *err);
int vm_ram_load(struct vm_ram *ram, int fd, struct ktstr_err *err);
/*
 * The same as vm_ram_load() without a copy, for RAM of this process only: pages of the file are the
 * guest's until it writes to them. Nobody may change the file meanwhile. @checked: its checksum need
 * not be looked at, which is most of the time.
 */
int vm_ram_map(struct vm_ram *ram, int fd, bool checked, struct ktstr_err *err);

/*
 * Write the @len bytes at @gpa, whole pages of one region, to @fd from offset @at on, except for pages
 * of zeroes. 0 or -errno.
 */
int vm_ram_write(const struct vm_ram *ram, uint64_t gpa, uint64_t len, int fd, uint64_t at);

void vm_ram_free(struct vm_ram *ram);
void *vm_ram_at(const struct vm_ram *ram, uint64_t gpa, size_t len);

/*
 * Which node's memory holds the @len bytes at @gpa, and at which offset of it. Returns the node, or
 * -EINVAL when they are not RAM of one region.
 */
int vm_ram_backing(const struct vm_ram *r, uint64_t gpa, size_t len, uint64_t *offset);

#endif

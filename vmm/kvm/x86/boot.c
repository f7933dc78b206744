// SPDX-License-Identifier: GPL-2.0
/* Writes what boot.h describes. */
#include <asm/bootparam.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "boot.h"
#include "vmm/vmlinux.h"

#define LOADER_OTHER	0xff
#define BOOT_FLAG	0xaa55
#define HDR_MAGIC	0x53726448	/* "HdrS" */
#define BOOT_PROTOCOL	0x020f
#define KERNEL_ALIGN	(16u << 20)
#define HDR_LEN_OFF	0x201		/* the header ends at 0x202 plus this byte */
#define HDR_START	0x1f1

/* Flat 4 GiB segments: 64-bit code and data; a busy TSS because VMX insists on one. */
const uint64_t x86_gdt[X86_GDT_ENTRIES] = {
	[X86_BOOT_CS / 8] = 0x00af9b000000ffff,
	[X86_BOOT_DS / 8] = 0x00cf93000000ffff,
	[X86_BOOT_TSS / 8] = 0x00008b000000ffff,
};

/* The image's own header, or for a vmlinux, which has none, the fields that the kernel needs. */
static void fill_header(struct boot_params *bp, const struct vm_image *image)
{
	size_t len = 0x202 + image->header[HDR_LEN_OFF] - HDR_START;

	if (len > sizeof(bp->hdr))
		len = sizeof(bp->hdr);
	if (image->format == VM_IMAGE_BZIMAGE)
		memcpy(&bp->hdr, image->header + HDR_START, len);
	bp->hdr.type_of_loader = LOADER_OTHER;
	bp->hdr.boot_flag = BOOT_FLAG;
	bp->hdr.header = HDR_MAGIC;
	if (image->format == VM_IMAGE_BZIMAGE)
		return;
	bp->hdr.version = BOOT_PROTOCOL;
	bp->hdr.loadflags = LOADED_HIGH;
	bp->hdr.kernel_alignment = KERNEL_ALIGN;
	bp->hdr.cmdline_size = image->cmdline_max;
}

static void write_boot_params(const struct vm_ram *ram, const struct vm_image *image,
			      const struct kvm_layout *l, uint64_t rsdp_gpa)
{
	struct boot_params *bp = vm_ram_at(ram, X86_BOOT_PARAMS_GPA, sizeof(*bp));
	struct x86_e820 map[X86_E820_MAX];
	unsigned int n;

	memset(bp, 0, sizeof(*bp));
	fill_header(bp, image);
	if (l->kaslr)
		bp->hdr.loadflags |= VM_KASLR_FLAG;
	bp->hdr.cmd_line_ptr = X86_CMDLINE_GPA;
	/* both end below 4 GiB: x86_layout_place() */
	bp->hdr.ramdisk_image = (uint32_t)l->initrd_gpa;
	bp->hdr.ramdisk_size = (uint32_t)l->initrd_bytes;
	bp->acpi_rsdp_addr = rsdp_gpa;
	n = x86_layout_e820(ram->region, ram->nr_regions, l, map);
	for (unsigned int i = 0; i < n; i++)
		bp->e820_table[i] = (struct boot_e820_entry){
			.addr = map[i].gpa, .size = map[i].len, .type = map[i].type,
		};
	bp->e820_entries = (uint8_t)n;
}

int x86_boot_write(const struct vm_ram *ram, const struct vm_image *image,
		   const struct kvm_layout *l, const char *cmdline, uint64_t rsdp_gpa,
		   struct ktstr_err *err)
{
	size_t len = strlen(cmdline) + 1;
	char *line = vm_ram_at(ram, X86_CMDLINE_GPA, len);

	if (!line || len > image->cmdline_max + 1)
		return ktstr_err(err, E2BIG, "guest command line: %zu characters", len - 1);
	memcpy(line, cmdline, len);
	memcpy(vm_ram_at(ram, X86_GDT_GPA, sizeof(x86_gdt)), x86_gdt, sizeof(x86_gdt));
	vm_write_low_map(ram, X86_PAGE_TABLES_GPA);
	write_boot_params(ram, image, l, rsdp_gpa);
	return 0;
}

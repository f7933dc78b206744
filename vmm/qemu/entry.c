// SPDX-License-Identifier: GPL-2.0
/*
 * What QEMU gets as its kernel when the real one is in guest memory already (vmm/vmlinux.h). QEMU has
 * no way to enter a kernel in 64-bit mode, but its firmware executes the real-mode part of a bzImage,
 * which asks the firmware what the kernel wants to know, and jumps to 1 MiB in 32-bit mode with
 * boot_params in ESI (Documentation/arch/x86/boot.rst, "32-bit Boot Protocol"). So this is the setup
 * part of the image, and behind it a piece of code that goes to 64-bit mode and enters the kernel.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "machine.h"
#include "vmm/vmlinux.h"

#define SECTOR		512u
#define MAX_SETUP	(256 * SECTOR)
#define HDR_SECTS	0x1f1		/* setup_sects: 0 stands for 4 */
#define HDR_SYSSIZE	0x1f4		/* of the rest, in units of 16 bytes */

/*
 * Executed at 1 MiB, where QEMU loads what follows the setup part. Numbers are put in before the labels
 * map, flag and kernel; 0x211 is hdr.loadflags of boot_params.
 */
asm(".pushsection .rodata, \"a\", @progbits\n"
	".balign 16\n"
	"entry_code:\n"
	".code32\n"
	"	cli\n"
	"	cld\n"
	"	lgdt 0x100000 + entry_gdtr - entry_code\n"
	"	movl %cr4, %eax\n"
	"	orl $0x20, %eax\n"		/* PAE */
	"	movl %eax, %cr4\n"
	"	movl $0, %eax\n"
	"entry_map:\n"				/* behind the immediate */
	"	movl %eax, %cr3\n"
	"	movl $0xc0000080, %ecx\n"	/* EFER */
	"	rdmsr\n"
	"	orl $0x100, %eax\n"		/* LME */
	"	wrmsr\n"
	"	movl %cr0, %eax\n"
	"	orl $0x80000001, %eax\n"	/* PG, PE */
	"	movl %eax, %cr0\n"
	"	ljmp $0x10, $(0x100000 + entry_64 - entry_code)\n"
	".code64\n"
	"entry_64:\n"
	"	movl $0x18, %eax\n"
	"	movl %eax, %ds\n"
	"	movl %eax, %es\n"
	"	movl %eax, %ss\n"
	"	movl %eax, %fs\n"
	"	movl %eax, %gs\n"
	"	movl %esi, %esi\n"		/* its upper half is undefined */
	"	orb $0, 0x211(%rsi)\n"
	"entry_flag:\n"
	"	movabsq $0, %rax\n"
	"entry_kernel:\n"
	"	jmp *%rax\n"
	".balign 8\n"
	"entry_gdt:\n"
	"	.quad 0, 0\n"
	"	.quad 0x00af9b000000ffff\n"	/* 0x10: 64-bit code */
	"	.quad 0x00cf93000000ffff\n"	/* 0x18: data */
	"entry_gdtr:\n"
	"	.word entry_gdtr - entry_gdt - 1\n"
	"	.long 0x100000 + entry_gdt - entry_code\n"
	".balign 16\n"
	"entry_end:\n"
	".popsection\n");

extern const uint8_t entry_code[], entry_map[], entry_flag[], entry_kernel[], entry_end[];

/* How far behind the code's beginning. */
static uint32_t offset(const uint8_t *label)
{
	return (uint32_t)((uintptr_t)label - (uintptr_t)entry_code);
}

static void put_before(uint8_t *code, const uint8_t *label, uint64_t value, size_t bytes)
{
	memcpy(code + offset(label) - bytes, &value, bytes);
}

/* The code for @e, NULL: it is only there to have the length that it had. */
static void fill(uint8_t *code, const struct vm_entry *e)
{
	memcpy(code, entry_code, offset(entry_end));
	if (!e)
		return;
	put_before(code, entry_map, e->start - VM_LOW_MAP_BYTES, 4);
	put_before(code, entry_flag, e->kaslr ? VM_KASLR_FLAG : 0, 1);
	put_before(code, entry_kernel, e->gpa, 8);
}

/* The setup part of the bzImage at @path. Its length, or -errno. */
static int read_setup(const char *path, const struct vm_image *image, uint8_t *to, uint32_t room)
{
	uint32_t sects = image->header[HDR_SECTS], bytes = ((sects ? sects : 4) + 1) * SECTOR;
	int fd, r;

	if (bytes > room)
		return -EBADMSG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = fd_read_at(fd, to, bytes, 0);
	fd_close(&fd);
	return r ? r : (int)bytes;
}

int qemu_entry_file(const struct vm_spec *s, const struct vm_image *image,
		    const struct vm_entry *e, struct ktstr_err *err)
{
	uint32_t code = offset(entry_end), units = code / 16;
	uint8_t file[MAX_SETUP + 512];
	int fd, setup, r;

	setup = read_setup(s->kernel, image, file, MAX_SETUP);
	if (setup < 0)
		return ktstr_err(err, -setup, "kernel %s: %s", s->kernel, strerror(-setup));
	memcpy(file + HDR_SYSSIZE, &units, sizeof(units));
	fill(file + setup, e);
	fd = fd_high(memfd_create("ktstr-entry", MFD_CLOEXEC));
	if (fd < 0)
		return ktstr_err(err, errno, "memfd: %s", strerror(errno));
	r = fd_write_at(fd, file, (uint32_t)setup + code, 0);
	if (!r)
		return fd;
	fd_close(&fd);
	return ktstr_err(err, -r, "memfd: %s", strerror(-r));
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernels of a few instructions, packed as a vmlinux: what a machine promises whatever runs in it
 * needs no boot of ten seconds. The bundled VMM enters such a file in 64-bit mode at e_entry, QEMU
 * in 32-bit mode where the PVH note says (docs/vm.md).
 */
#ifndef KTSTR_TESTS_TINY_KERNEL_H
#define KTSTR_TESTS_TINY_KERNEL_H

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#define LOAD_GPA	0x1000000u
#define PVH_GPA		(LOAD_GPA + 2048)
#define CODE_OFF	4096u
#define NOTE_OFF	512u
#define PVH_NOTE	18u			/* XEN_ELFNOTE_PHYS32_ENTRY */

/* In both modes: */
#define MOV_DX(port)	0x66, 0xba, (port) & 0xff, (port) >> 8
#define OUT_AL		0xee
#define IN_EAX		0xed
#define RESET		0xb0, 0xfe, 0xe6, 0x64
#define POWER_OFF	MOV_DX(0x604), 0x66, 0xb8, 0x00, 0x34, 0x66, 0xef
#define SPIN		0xeb, 0xfe
#define CLI		0xfa
#define STI		0xfb
#define HLT		0xf4
#define UD2		0x0f, 0x0b
#define RING_INSN	0x0f, 0x1f, 0x84, 0x00, 'k', 't', 's', 'r'	/* the emulator's doorbell */

/* In 64-bit mode: */
#define RING		0xa3, 0x00, 0xb0, 0xfb, 0xff, 0, 0, 0, 0	/* mov %eax,0xfffbb000 */
#define INC_8000	0x48, 0xff, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00	/* incq 0x8000 */
#define CMP_8008_0	0x48, 0x83, 0x3c, 0x25, 0x08, 0x80, 0x00, 0x00, 0x00

/* In 32-bit mode: */
#define INC_8000_32	0xff, 0x05, 0x00, 0x80, 0x00, 0x00		/* incl 0x8000 */
#define CMP_8008_0_32	0x83, 0x3d, 0x08, 0x80, 0x00, 0x00, 0x00

/* Write a vmlinux to @path that is @code64 in the bundled VMM and @code32 in QEMU. 0 or -errno. */
static inline int tiny_kernel_for_both(const char *path, const void *code64, size_t len64,
				       const void *code32, size_t len32)
{
	const Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = LOAD_GPA,
		.e_phoff = sizeof(eh), .e_phnum = 2, .e_phentsize = sizeof(Elf64_Phdr),
	};
	const struct {
		Elf64_Nhdr nh;
		char name[4];
		uint32_t entry;
	} note = { { 4, 4, PVH_NOTE }, "Xen", PVH_GPA };
	const Elf64_Phdr ph[2] = { {
		.p_type = PT_LOAD, .p_offset = CODE_OFF, .p_memsz = 8192, .p_paddr = LOAD_GPA,
		.p_filesz = len32 ? PVH_GPA - LOAD_GPA + len32 : len64,
	}, {
		.p_type = len32 ? PT_NOTE : PT_NULL, .p_offset = NOTE_OFF,
		.p_filesz = sizeof(note), .p_memsz = sizeof(note), .p_align = 4,
	} };
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	bool ok = len64 <= PVH_GPA - LOAD_GPA &&
		  pwrite(fd, &eh, sizeof(eh), 0) == sizeof(eh) &&
		  pwrite(fd, ph, sizeof(ph), sizeof(eh)) == sizeof(ph) &&
		  pwrite(fd, &note, sizeof(note), NOTE_OFF) == sizeof(note) &&
		  pwrite(fd, code64, len64, CODE_OFF) == (ssize_t)len64 &&
		  pwrite(fd, code32, len32, CODE_OFF + PVH_GPA - LOAD_GPA) == (ssize_t)len32;

	close(fd);
	return ok ? 0 : -EIO;
}

/* For the bundled VMM only. */
static inline int tiny_kernel(const char *path, const uint8_t *code, size_t len)
{
	return tiny_kernel_for_both(path, code, len, NULL, 0);
}

#endif

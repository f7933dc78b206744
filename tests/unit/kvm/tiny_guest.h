/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests of a few instructions, packed as a vmlinux. They run wherever /dev/kvm opens, even on a
 * host whose KVM could not boot a kernel.
 */
#ifndef KTSTR_TESTS_UNIT_KVM_TINY_GUEST_H
#define KTSTR_TESTS_UNIT_KVM_TINY_GUEST_H

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/vm.h"

#define LOAD_GPA	0x1000000u
#define CODE_OFF	4096u

#define MOV_DX(port)	0x66, 0xba, (port) & 0xff, (port) >> 8
#define OUT_AL		0xee
#define IN_EAX		0xed
#define RING		0xa3, 0x00, 0xb0, 0xfb, 0xff, 0, 0, 0, 0	/* mov %eax,0xfffbb000 */
#define RESET		0xb0, 0xfe, 0xe6, 0x64
#define POWER_OFF	MOV_DX(0x604), 0x66, 0xb8, 0x00, 0x34, 0x66, 0xef
#define SPIN		0xeb, 0xfe
#define CLI		0xfa
#define STI		0xfb
#define HLT		0xf4
#define UD2		0x0f, 0x0b
#define INC_8000	0x48, 0xff, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00	/* incq 0x8000 */

/* A machine's files, in a folder of their own. */
struct tiny_files {
	char dir[64], kernel[96], console[96], output[96];
};

/* A machine of @cpus that boots f->kernel. 0 or -errno, that of /dev/kvm if it does not open. */
static inline int tiny_setup(struct tiny_files *f, struct vm_spec *spec, uint32_t cpus)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	strcpy(f->dir, "/tmp/tiny_guest.XXXXXX");
	if (!mkdtemp(f->dir)) {
		f->dir[0] = '\0';
		return -errno;
	}
	snprintf(f->kernel, sizeof(f->kernel), "%s/vmlinux", f->dir);
	snprintf(f->console, sizeof(f->console), "%s/console", f->dir);
	snprintf(f->output, sizeof(f->output), "%s/output", f->dir);
	*spec = (struct vm_spec){
		.kernel = f->kernel, .initrd_fd = -1, .topo = { { 1, 1, cpus, 1 } },
		.mem_bytes = 128 << 20, .shared_bytes = 2 << 20, .accel = VM_ACCEL_KVM,
		.icount_shift = VM_SHIFT_AUTO, .kaslr = true,
		.console_path = f->console, .output_path = f->output,
	};
	return 0;
}

static inline void tiny_cleanup(const struct tiny_files *f)
{
	if (!*f->dir)
		return;
	unlink(f->kernel);
	unlink(f->console);
	unlink(f->output);
	rmdir(f->dir);
}

/* Write a vmlinux to @path whose entry point is @code. 0 or -errno. */
static inline int tiny_kernel(const char *path, const uint8_t *code, size_t len)
{
	const Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_entry = LOAD_GPA,
		.e_phoff = sizeof(eh), .e_phnum = 1, .e_phentsize = sizeof(Elf64_Phdr),
	};
	const Elf64_Phdr ph = {
		.p_type = PT_LOAD, .p_offset = CODE_OFF, .p_filesz = len, .p_memsz = 8192,
		.p_paddr = LOAD_GPA,
	};
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	bool ok = pwrite(fd, &eh, sizeof(eh), 0) == sizeof(eh) &&
		  pwrite(fd, &ph, sizeof(ph), sizeof(eh)) == sizeof(ph) &&
		  pwrite(fd, code, len, CODE_OFF) == (ssize_t)len;

	close(fd);
	return ok ? 0 : -EIO;
}

#endif

// SPDX-License-Identifier: GPL-2.0
/* A kernel image: the VMM's reader of its header, and the harness's. */
#include <elf.h>
#include <stdbool.h>

#include "tests/fuzz/fuzz.h"
#include "harness/kernel/kernel_priv.h"
#include "vmm/image.h"

#define BYTES	4096

static void put(uint8_t *p, uint64_t v, int bytes)
{
	memcpy(p, &v, (size_t)bytes);
}

static void seeds(void)
{
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = sizeof(eh), .e_phnum = 2,
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	Elf64_Phdr ph[] = {
		{ .p_type = PT_LOAD, .p_offset = 1024, .p_filesz = 512, .p_memsz = 0x200000,
		  .p_paddr = 0x1000000 },
		{ .p_type = PT_NOTE, .p_offset = 512, .p_filesz = 24 },
	};
	Elf64_Nhdr note = { .n_namesz = 4, .n_descsz = 8, .n_type = 18 };
	uint8_t b[BYTES] = { 0 };

	/* offsets: Documentation/arch/x86/boot.rst */
	b[0x1f1] = 1;
	put(b + 0x1f4, (BYTES - 2 * 512) / 16, 4);
	put(b + 0x1fe, 0xaa55, 2);
	memcpy(b + 0x202, "HdrS", 4);
	put(b + 0x206, 0x20f, 2);
	put(b + 0x20e, 0x80, 2);
	b[0x211] = 1;
	put(b + 0x236, 1, 2);
	put(b + 0x238, 2047, 4);
	put(b + 0x248, 64, 4);
	put(b + 0x24c, 1024, 4);
	put(b + 0x258, 0x1000000, 8);
	put(b + 0x260, 0x3000000, 4);
	strcpy((char *)b + 0x280, "7.3.0 (somebody)");
	seed("bzImage", b, sizeof(b));

	memset(b, 0, sizeof(b));
	memcpy(b, &eh, sizeof(eh));
	memcpy(b + sizeof(eh), ph, sizeof(ph));
	memcpy(b + 512, &note, sizeof(note));
	memcpy(b + 512 + sizeof(note), "Xen", 4);
	seed("vmlinux", b, sizeof(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_path(data, size);
	struct ktstr_kernel_payload payload;
	struct vm_image image;
	struct ktstr_err err;
	char *release;

	if (!vm_image_read(path, &image, &err)) {
		must(image.load_end && image.load_end <= 1ull << 31);
		must(image.cmdline_max && image.cmdline_max <= VM_CMDLINE_MAX);
	}
	if (!ktstr_kernel_image__payload(path, &payload, &err))
		must(payload.offset <= size && payload.len <= size - payload.offset);
	if (!ktstr_kernel_image__release(path, &release, &err))
		free(release);
	return 0;
}

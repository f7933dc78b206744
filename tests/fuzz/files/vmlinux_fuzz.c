// SPDX-License-Identifier: GPL-2.0
/* An unpacked kernel with its relocations, as it is loaded into a machine's memory. */
#include <elf.h>

#include "tests/fuzz/fuzz.h"
#include "vmm/vmlinux.h"

#define LINK	0x1000000u
#define BYTES	4096

static void seeds(void)
{
	static const int32_t relocs[] = { 0, (int32_t)0x81000010, 0, (int32_t)0x81000020, 0,
					  (int32_t)0x81000030 };
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = sizeof(eh), .e_phnum = 1,
		.e_phentsize = sizeof(Elf64_Phdr), .e_entry = LINK,
		.e_shoff = BYTES - sizeof(relocs) - sizeof(Elf64_Shdr), .e_shnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr ph = { .p_type = PT_LOAD, .p_offset = 1024, .p_filesz = 512, .p_memsz = 0x20000,
			  .p_paddr = LINK };
	uint8_t b[BYTES] = { 0 };

	memcpy(b, &eh, sizeof(eh));
	memcpy(b + sizeof(eh), &ph, sizeof(ph));
	memcpy(b + BYTES - sizeof(relocs), relocs, sizeof(relocs));
	seed("three tables", b, sizeof(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vm_image image = {
		.format = VM_IMAGE_BZIMAGE, .load_end = 48 * VM_MIB, .nr_segments = 1,
		.segment = { { .gpa = LINK } },
		.header = { [0x232] = 0x20 },	/* kernel_alignment: 2 MiB */
	};
	struct vm_spec spec = {
		.topo = { { 1, 1, 1, 1 } }, .mem_bytes = 128 * VM_MIB, .accel = VM_ACCEL_TCG,
		.deterministic = true, .kaslr = true, .vmlinux = fuzz_path(data, size),
		.seed = size,
	};
	struct vm_entry e = { .gpa = 0 };
	struct ktstr_err err;
	struct vm_ram ram;

	must(!vm_ram_alloc(&ram, &spec, &err));
	ram.nr_regions = vm_ram_regions_pc(spec.mem_bytes, 2 * VM_GIB, ram.region);
	if (!vm_vmlinux_load(&spec, &image, &ram, 120 * VM_MIB, &e, &err)) {
		must(e.start >= LINK && e.start + 32 * VM_MIB <= 120 * VM_MIB);
		must(e.gpa >= e.start && e.gpa < e.start + 32 * VM_MIB);
	}
	vm_ram_free(&ram);
	return 0;
}

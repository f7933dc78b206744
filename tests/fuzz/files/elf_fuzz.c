// SPDX-License-Identifier: GPL-2.0
/* A program that goes into the guest: what it needs is read, and its DWARF is dropped. */
#include <elf.h>

#include "tests/fuzz/fuzz.h"
#include "vmm/initramfs/elf/elf_file.h"

enum { DYN_AT = 512, STR_AT = 1024, SECT_AT = 1536, BYTES = 2048 };

static void seeds(void)
{
	static const char str[] = "\0libc.so.6\0$ORIGIN/../lib\0libx.so";
	static const char names[] = "\0.debug_info\0.shstrtab";
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN, .e_machine = EM_X86_64, .e_phoff = sizeof(eh), .e_phnum = 3,
		.e_phentsize = sizeof(Elf64_Phdr), .e_ehsize = sizeof(eh),
		.e_shoff = SECT_AT, .e_shnum = 3, .e_shentsize = sizeof(Elf64_Shdr),
		.e_shstrndx = 2,
	};
	Elf64_Phdr ph[] = {
		{ .p_type = PT_LOAD, .p_filesz = 1280, .p_memsz = 1280 },
		{ .p_type = PT_DYNAMIC, .p_offset = DYN_AT, .p_filesz = 7 * sizeof(Elf64_Dyn) },
		{ .p_type = PT_INTERP, .p_offset = 480, .p_filesz = 16 },
	};
	Elf64_Dyn dyn[] = {
		{ DT_STRTAB, { STR_AT } }, { DT_STRSZ, { sizeof(str) } }, { DT_NEEDED, { 1 } },
		{ DT_RUNPATH, { 11 } }, { DT_SONAME, { 26 } }, { DT_FLAGS_1, { DF_1_NODEFLIB } },
		{ DT_NULL, { 0 } },
	};
	Elf64_Shdr sh[] = {
		{ 0 },
		{ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = 1300, .sh_size = 100 },
		{ .sh_name = 13, .sh_type = SHT_STRTAB, .sh_offset = 1400,
		  .sh_size = sizeof(names) },
	};
	uint8_t b[BYTES] = { 0 };

	memcpy(b, &eh, sizeof(eh));
	memcpy(b + sizeof(eh), ph, sizeof(ph));
	strcpy((char *)b + 480, "/lib64/ld.so");
	memcpy(b + DYN_AT, dyn, sizeof(dyn));
	memcpy(b + STR_AT, str, sizeof(str));
	memcpy(b + 1400, names, sizeof(names));
	memcpy(b + SECT_AT, sh, sizeof(sh));
	seed("shared", b, sizeof(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct elf_file e;
	uint8_t *out;
	size_t len;
	int ret;

	ret = elf_file_read(&e, fuzz_file(data, size), size, &why);
	must(!ret == !why || ret == -12);
	elf_file_free(&e);
	if (elf_strip_debug(data, size, &out, &len) == 1) {
		must(len < size);
		free(out);
	}
	return 0;
}

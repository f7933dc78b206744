/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel image of a few pages: an ELF file with .text, .rodata (with kallsyms tables in any of
 * the three encodings and a banner), .notes, .BTF. It is what bzImages contain, and small enough
 * to be cut and damaged everywhere.
 */
#ifndef MADE_KERNEL_H
#define MADE_KERNEL_H

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MADE_TEXT	0xffffffff81000000ull
#define MADE_BANNER	"Linux version 7.3.0-made (somebody) #1 SMP\n"

enum made_encoding { MADE_PLACE, MADE_BASE, MADE_PERCPU };

struct made_symbol {
	const char *name;	/* with its type letter in front */
	uint64_t addr;
};

struct made_image {
	uint8_t data[1 << 20];
	size_t len;
};

static inline void made_align(struct made_image *m, size_t to)
{
	m->len = (m->len + to - 1) / to * to;
}

static inline size_t made_bytes(struct made_image *m, const void *p, size_t len)
{
	size_t at = m->len;

	/* cppcheck-suppress uninitvar */
	memcpy(m->data + at, p, len);
	m->len += len;
	return at;
}

/*
 * Tables as scripts/kallsyms.c writes them, at m->len, which the kernel has at @vaddr. A token is
 * a character, but for token 1, which stands for "sched_". Labels are aligned to @align bytes.
 */
static inline void made_kallsyms(struct made_image *m, uint64_t vaddr, size_t align,
				 enum made_encoding enc, const struct made_symbol *sym, uint32_t nr)
{
	uint32_t marker[64] = { 0 }, off = 0;
	uint64_t base = MADE_TEXT;
	uint16_t index[256];
	size_t names, at;

	made_align(m, align);
	made_bytes(m, &nr, sizeof(nr));
	made_align(m, align);
	names = m->len;
	for (uint32_t i = 0; i < nr; i++) {
		const char *s = sym[i].name;
		uint8_t out[1024], head[2];
		size_t n = 0;

		if (i % 256 == 0)
			marker[i / 256] = m->len - names;
		for (; *s; s++) {
			if (!strncmp(s, "sched_", 6)) {
				out[n++] = 1;
				s += 5;
			} else {
				out[n++] = *s;
			}
		}
		head[0] = n > 0x7f ? (n & 0x7f) | 0x80 : n;
		head[1] = n >> 7;
		made_bytes(m, head, n > 0x7f ? 2 : 1);
		made_bytes(m, out, n);
	}
	made_align(m, align);
	made_bytes(m, marker, (nr + 255) / 256 * 4);
	made_align(m, align);
	for (int i = 0; i < 256; i++) {
		char token[8] = { (char)(i ?: 2), 0 };

		index[i] = off;
		if (i == 1)
			strcpy(token, "sched_");
		made_bytes(m, token, strlen(token) + 1);
		off += strlen(token) + 1;
	}
	made_align(m, align);
	made_bytes(m, index, sizeof(index));
	made_align(m, align);
	for (uint32_t i = 0; i < nr; i++) {
		int32_t v;

		at = m->len;
		if (enc == MADE_PLACE)
			v = (int32_t)(sym[i].addr - (vaddr + at));
		else if (enc == MADE_BASE || sym[i].addr < INT32_MAX)
			v = (int32_t)(sym[i].addr - (enc == MADE_BASE ? base : 0));
		else
			v = (int32_t)(base - 1 - sym[i].addr);
		made_bytes(m, &v, sizeof(v));
	}
	made_align(m, 8);
	if (enc != MADE_PLACE)
		made_bytes(m, &base, sizeof(base));
}

/*
 * The whole file, with the symbols @sym, of which "linux_banner" and "_text" get their address
 * here. The segment begins at file offset 0x1000 and address MADE_TEXT.
 */
static inline void made_kernel(struct made_image *m, enum made_encoding enc,
			       struct made_symbol *sym, uint32_t nr, const void *btf, size_t btf_len)
{
	static const char names[] = "\0.text\0.rodata\0.notes\0.BTF\0.shstrtab";
	static const uint8_t note[] = { 4, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 'o', 'n', 'e', 0, 1, 2, 3, 4,
					4, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0,
					0xde, 0xad, 0xbe, 0xef, 0x12, 0x34, 0, 0 };
	const uint64_t seg = 0x1000;
	Elf64_Ehdr eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = sizeof(eh),
			  .e_phnum = 1, .e_phentsize = sizeof(Elf64_Phdr),
			  .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 6, .e_shstrndx = 5 };
	Elf64_Phdr ph = { .p_type = PT_LOAD, .p_offset = seg, .p_vaddr = MADE_TEXT };
	Elf64_Shdr sh[6] = { { 0 } };
	size_t at, ro;

	memset(m, 0, sizeof(*m));
	m->len = seg + 0x100;
	ro = made_bytes(m, MADE_BANNER, sizeof(MADE_BANNER));
	for (uint32_t i = 0; i < nr; i++) {
		if (!strcmp(sym[i].name + 1, "_text"))
			sym[i].addr = MADE_TEXT;
		if (!strcmp(sym[i].name + 1, "linux_banner"))
			sym[i].addr = MADE_TEXT + ro - seg;
	}
	made_kallsyms(m, MADE_TEXT - seg, enc == MADE_PLACE ? 4 : 8, enc, sym, nr);
	sh[1] = (Elf64_Shdr) { 1, SHT_PROGBITS, 0, MADE_TEXT, seg, 0x100, 0, 0, 16, 0 };
	sh[2] = (Elf64_Shdr) { 7, SHT_PROGBITS, 0, MADE_TEXT + ro - seg, ro, m->len - ro, 0, 0, 1, 0 };
	made_align(m, 4);
	at = made_bytes(m, note, sizeof(note));
	sh[3] = (Elf64_Shdr) { 15, SHT_NOTE, 0, MADE_TEXT + at - seg, at, sizeof(note), 0, 0, 4, 0 };
	made_align(m, 8);
	at = btf_len ? made_bytes(m, btf, btf_len) : 0;
	sh[4] = (Elf64_Shdr) { btf_len ? 22 : 0, SHT_PROGBITS, 0, 0, at, btf_len, 0, 0, 1, 0 };
	ph.p_filesz = ph.p_memsz = m->len - seg;
	at = made_bytes(m, names, sizeof(names));
	sh[5] = (Elf64_Shdr) { 27, SHT_STRTAB, 0, 0, at, sizeof(names), 0, 0, 1, 0 };
	made_align(m, 8);
	eh.e_shoff = made_bytes(m, sh, sizeof(sh));
	memcpy(m->data, &eh, sizeof(eh));
	memcpy(m->data + sizeof(eh), &ph, sizeof(ph));
}

#endif

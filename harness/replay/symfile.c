// SPDX-License-Identifier: GPL-2.0
/* See symfile.h. The layout is that of elf(5). */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/probe/ops.h"
#include "lib/paths.h"
#include "symfile.h"

enum section { NONE, TEXT, SYMTAB, STRTAB, SHSTRTAB, NR_SECTIONS };

static const char section_names[] = "\0.text\0.symtab\0.strtab\0.shstrtab";

struct symfile {
	FILE *syms, *names;		/* Elf64_Sym, and the strings */
	char *sym_data, *name_data;
	size_t sym_len, name_len;
	uint64_t low, high;		/* of all symbols */
	unsigned int nr_ops;
};

static void add(struct symfile *f, const char *name, uint64_t kva, uint64_t size)
{
	Elf64_Sym sym = {
		.st_name = (Elf64_Word)ftell(f->names), .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = TEXT, .st_value = kva, .st_size = size,
	};

	fwrite(name, 1, strlen(name) + 1, f->names);
	fwrite(&sym, sizeof(sym), 1, f->syms);
	if (kva < f->low)
		f->low = kva;
	if (kva + size >= f->high)
		f->high = kva + size + 1;
}

static void add_op(void *arg, const struct ktstr_btf *btf, const char *op,
		   const struct ktstr_prog *prog)
{
	struct symfile *f = arg;
	char name[96];

	(void)btf;
	snprintf(name, sizeof(name), "ops.%s", op);
	add(f, name, prog->value[KTSTR_PROG_CODE], prog->value[KTSTR_PROG_JITED_LEN]);
	f->nr_ops++;
}

/* Per-CPU variables are linked near 0: they are at no address of the kernel. */
static void add_all(struct symfile *f, struct ktstr_kview *v)
{
	uint64_t kva, next;
	const char *name;

	for (uint32_t i = 0; (name = ktstr_kimage__symbol_nth(v->img, i, &kva)); i++) {
		if (!(kva >> 63))
			continue;
		next = kva;
		ktstr_kimage__symbol_nth(v->img, i + 1, &next);
		add(f, name, kva + v->slide, next > kva ? next - kva : 0);
	}
	/* without a scheduler there are none */
	ktstr_ops__each(v, add_op, f);
}

static void put(FILE *out, const struct symfile *f)
{
	const uint64_t head = sizeof(Elf64_Ehdr) + NR_SECTIONS * sizeof(Elf64_Shdr);
	const Elf64_Ehdr eh = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_shoff = sizeof(eh), .e_ehsize = sizeof(eh), .e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = NR_SECTIONS, .e_shstrndx = SHSTRTAB,
	};
	const Elf64_Shdr sh[NR_SECTIONS] = {
		[TEXT] = { .sh_name = 1, .sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			   .sh_addr = f->low, .sh_offset = head, .sh_size = f->high - f->low,
			   .sh_addralign = 1 },
		[SYMTAB] = { .sh_name = 7, .sh_type = SHT_SYMTAB, .sh_offset = head,
			     .sh_size = f->sym_len, .sh_link = STRTAB, .sh_info = 1,
			     .sh_addralign = 8, .sh_entsize = sizeof(Elf64_Sym) },
		[STRTAB] = { .sh_name = 15, .sh_type = SHT_STRTAB, .sh_offset = head + f->sym_len,
			     .sh_size = f->name_len, .sh_addralign = 1 },
		[SHSTRTAB] = { .sh_name = 23, .sh_type = SHT_STRTAB,
			       .sh_offset = head + f->sym_len + f->name_len,
			       .sh_size = sizeof(section_names), .sh_addralign = 1 },
	};

	fwrite(&eh, sizeof(eh), 1, out);
	fwrite(sh, sizeof(sh), 1, out);
	fwrite(f->sym_data, 1, f->sym_len, out);
	fwrite(f->name_data, 1, f->name_len, out);
	fwrite(section_names, sizeof(section_names), 1, out);
}

int ktstr_symfile__write(struct ktstr_kview *v, const char *path, unsigned int *nr_ops)
{
	struct symfile f = { .low = UINT64_MAX };
	FILE *out = NULL;
	int ret = -ENOMEM;

	f.syms = open_memstream(&f.sym_data, &f.sym_len);
	f.names = open_memstream(&f.name_data, &f.name_len);
	if (f.syms && f.names) {
		/* the first ones are those that mean nothing */
		fwrite(&(Elf64_Sym){ 0 }, sizeof(Elf64_Sym), 1, f.syms);
		fputc(0, f.names);
		add_all(&f, v);
		ret = 0;
	}
	if ((f.syms && fclose(f.syms)) || (f.names && fclose(f.names)))
		ret = -ENOMEM;
	if (!ret) {
		out = fopen(path, "we");
		ret = out ? 0 : -errno;
	}
	if (out) {
		put(out, &f);
		if (ferror(out))
			ret = -EIO;
		if (fclose(out))
			ret = -errno;
	}
	free(f.sym_data);
	free(f.name_data);
	*nr_ops = f.nr_ops;
	return ret;
}

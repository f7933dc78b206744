// SPDX-License-Identifier: GPL-2.0
/*
 * An uncompressed kernel: an ELF file that was stripped (from a bzImage) or that still has its
 * symbol table (a vmlinux). All numbers in it are checked against the size of the file.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "digest.h"

#define MAX_SECTIONS	4096

struct elf {
	const uint8_t *data;
	size_t len;
	Elf64_Ehdr eh;
};

static bool inside(const struct elf *e, uint64_t off, uint64_t len)
{
	return off <= e->len && len <= e->len - off;
}

static bool section(const struct elf *e, unsigned int i, Elf64_Shdr *sh)
{
	uint64_t off = e->eh.e_shoff + (uint64_t)i * sizeof(*sh);

	if (i >= e->eh.e_shnum || e->eh.e_shoff > e->len || !inside(e, off, sizeof(*sh)))
		return false;
	memcpy(sh, e->data + off, sizeof(*sh));
	return sh->sh_type == SHT_NOBITS || inside(e, sh->sh_offset, sh->sh_size);
}

static bool segment(const struct elf *e, unsigned int i, Elf64_Phdr *ph)
{
	uint64_t off = e->eh.e_phoff + (uint64_t)i * sizeof(*ph);

	if (i >= e->eh.e_phnum || e->eh.e_phoff > e->len || !inside(e, off, sizeof(*ph)))
		return false;
	memcpy(ph, e->data + off, sizeof(*ph));
	return inside(e, ph->p_offset, ph->p_filesz);
}

/* A string at @off of the string section @sh, or NULL. */
static const char *string(const struct elf *e, const Elf64_Shdr *sh, uint64_t off)
{
	const char *s = (const char *)e->data + sh->sh_offset;

	if (sh->sh_type == SHT_NOBITS || off >= sh->sh_size ||
	    !memchr(s + off, 0, sh->sh_size - off))
		return NULL;
	return s + off;
}

static bool named_section(const struct elf *e, const char *name, Elf64_Shdr *sh)
{
	Elf64_Shdr names;
	const char *s;

	if (!section(e, e->eh.e_shstrndx, &names))
		return false;
	for (unsigned int i = 1; i < e->eh.e_shnum; i++) {
		if (!section(e, i, sh))
			continue;
		s = string(e, &names, sh->sh_name);
		if (s && !strcmp(s, name))
			return true;
	}
	return false;
}

/* What the file has at address @vaddr, and how much of it is there. */
static const uint8_t *at_vaddr(const struct elf *e, uint64_t vaddr, uint64_t *room)
{
	Elf64_Phdr ph;

	for (unsigned int i = 0; i < e->eh.e_phnum; i++)
		if (segment(e, i, &ph) && ph.p_type == PT_LOAD && vaddr >= ph.p_vaddr &&
		    vaddr - ph.p_vaddr < ph.p_filesz) {
			*room = ph.p_filesz - (vaddr - ph.p_vaddr);
			return e->data + ph.p_offset + (vaddr - ph.p_vaddr);
		}
	return NULL;
}

/* include/linux/build-id.h: in the notes, name "GNU", type 3. */
static void read_build_id(const struct elf *e, struct ktstr_digest *d)
{
	Elf64_Shdr sh;
	Elf64_Nhdr nh;
	uint64_t at, name, desc;

	if (!named_section(e, ".notes", &sh) || sh.sh_type == SHT_NOBITS)
		return;
	for (at = 0; sh.sh_size - at >= sizeof(nh); at = desc + ((nh.n_descsz + 3ull) & ~3ull)) {
		memcpy(&nh, e->data + sh.sh_offset + at, sizeof(nh));
		name = at + sizeof(nh);
		desc = name + ((nh.n_namesz + 3ull) & ~3ull);
		if (desc > sh.sh_size || nh.n_descsz > sh.sh_size - desc)
			return;
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 &&
		    !memcmp(e->data + sh.sh_offset + name, "GNU", 4) &&
		    nh.n_descsz <= KTSTR_BUILD_ID_MAX) {
			memcpy(d->build_id, e->data + sh.sh_offset + desc, nh.n_descsz);
			d->build_id_len = nh.n_descsz;
			return;
		}
		if (desc + ((nh.n_descsz + 3ull) & ~3ull) > sh.sh_size)
			return;
	}
}

/* The letters of nm, as far as anybody asks. */
static char letter(const Elf64_Sym *sym)
{
	bool local = ELF64_ST_BIND(sym->st_info) == STB_LOCAL;
	char c = ELF64_ST_TYPE(sym->st_info) == STT_FUNC ? 'T' : 'D';

	if (sym->st_shndx == SHN_ABS)
		c = 'A';
	return local ? c + ('a' - 'A') : c;
}

static int add_symtab(const struct elf *e, struct ktstr_ksyms *syms)
{
	Elf64_Shdr sh, strs;
	const char *s;
	Elf64_Sym sym;
	int ret = 0;

	if (!named_section(e, ".symtab", &sh) || sh.sh_type != SHT_SYMTAB ||
	    !section(e, sh.sh_link, &strs))
		return -ENOENT;
	for (uint64_t i = 1; i < sh.sh_size / sizeof(sym) && !ret; i++) {
		memcpy(&sym, e->data + sh.sh_offset + i * sizeof(sym), sizeof(sym));
		if (sym.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(sym.st_info) == STT_FILE ||
		    ELF64_ST_TYPE(sym.st_info) == STT_SECTION)
			continue;
		s = string(e, &strs, sym.st_name);
		if (s && *s)
			ret = ktstr_ksyms__add(syms, sym.st_value, letter(&sym), s, strlen(s));
	}
	return ret;
}

static int add_kallsyms(const struct elf *e, struct ktstr_ksyms *syms, uint64_t text)
{
	int ret = -ENOENT;
	Elf64_Phdr ph;

	for (unsigned int i = 0; i < e->eh.e_phnum && ret == -ENOENT; i++)
		if (segment(e, i, &ph) && ph.p_type == PT_LOAD)
			ret = ktstr_ksyms__add_kallsyms(syms, e->data + ph.p_offset, ph.p_filesz,
							ph.p_vaddr, text);
	return ret;
}

static int find_symbol(const struct ktstr_ksyms *s, const char *name, uint64_t *addr)
{
	for (uint32_t i = 0; i < s->nr; i++)
		if (!strcmp(s->names + s->sym[i].name, name)) {
			*addr = s->sym[i].addr;
			return 0;
		}
	return -ENOENT;
}

/* A kernel without CONFIG_KALLSYMS_ALL lists functions only. */
static bool has_variables(const struct ktstr_ksyms *s)
{
	uint64_t addr;

	return !find_symbol(s, "runqueues", &addr);
}

static void read_banner(const struct elf *e, struct ktstr_digest_in *in)
{
	const uint8_t *p;
	uint64_t addr, room;

	if (find_symbol(&in->syms, "linux_banner", &addr))
		return;
	p = at_vaddr(e, addr, &room);
	if (!p)
		return;
	if (room > sizeof(in->banner))
		room = sizeof(in->banner);
	if (memchr(p, 0, room))
		strcpy(in->banner, (const char *)p);
}

int ktstr_digest__read_elf(struct ktstr_digest_in *in, const void *data, size_t len,
			   const char *system_map, struct ktstr_err *err)
{
	struct elf e = { .data = data, .len = len };
	Elf64_Shdr sh;
	int ret;

	if (len < sizeof(e.eh) || memcmp(data, ELFMAG, SELFMAG))
		return ktstr_err(err, EINVAL, "the kernel is no ELF file");
	memcpy(&e.eh, data, sizeof(e.eh));
	if (e.eh.e_ident[EI_CLASS] != ELFCLASS64 || e.eh.e_ident[EI_DATA] != ELFDATA2LSB ||
	    e.eh.e_shentsize != sizeof(Elf64_Shdr) || e.eh.e_shnum > MAX_SECTIONS ||
	    (e.eh.e_phnum && e.eh.e_phentsize != sizeof(Elf64_Phdr)))
		return ktstr_err(err, EINVAL, "the kernel is no 64-bit little-endian ELF file");
	if (!named_section(&e, ".text", &sh))
		return ktstr_err(err, EINVAL, "the kernel has no .text");
	in->head.machine = e.eh.e_machine;
	in->head.text = sh.sh_addr;
	read_build_id(&e, &in->head);

	ret = add_symtab(&e, &in->syms);
	if (ret == -ENOENT)
		ret = add_kallsyms(&e, &in->syms, sh.sh_addr);
	if (system_map && (ret == -ENOENT || (!ret && !has_variables(&in->syms)))) {
		ktstr_ksyms__free(&in->syms);
		ret = ktstr_ksyms__add_map(&in->syms, system_map);
	}
	if (ret)
		return ktstr_err(err, -ret, "the kernel's symbols: %s",
				 ret == -ENOENT ? "neither a symbol table nor kallsyms" :
				 strerror(-ret));
	ktstr_ksyms__sort(&in->syms);
	read_banner(&e, in);
	if (named_section(&e, ".BTF", &sh) && sh.sh_type != SHT_NOBITS) {
		in->btf = e.data + sh.sh_offset;
		in->btf_len = sh.sh_size;
	}
	return 0;
}

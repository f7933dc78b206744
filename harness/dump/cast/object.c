// SPDX-License-Identifier: GPL-2.0
/*
 * A BPF object as clang and `bpftool gen object` write it: code, symbols, relocations, .BTF and
 * .BTF.ext (Documentation/bpf/btf.rst). Offsets and counts of the file are checked here, once.
 */
#include <errno.h>

#include "cast_priv.h"

#define MAX_SECTIONS	4096
#define MAX_SYMBOLS	(1u << 20)

/* struct btf_ext_header of tools/lib/bpf/libbpf_internal.h */
struct ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len;
	uint32_t func_info_off, func_info_len;
	uint32_t line_info_off, line_info_len;
	uint32_t core_relo_off, core_relo_len;
};

static bool inside(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

static const char *string_at(const struct section *s, uint64_t off)
{
	if (off >= s->size || !memchr(s->data + off, '\0', s->size - off))
		return "";
	return (const char *)s->data + off;
}

static int read_sections(struct object *o, const Elf64_Ehdr *eh)
{
	Elf64_Shdr sh;

	if (eh->e_shentsize != sizeof(sh) || !eh->e_shnum || eh->e_shnum > MAX_SECTIONS ||
	    !inside(eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(sh), o->len))
		return -EBADMSG;
	o->nr_sections = eh->e_shnum;
	o->section = calloc(o->nr_sections, sizeof(*o->section));
	if (!o->section)
		return -ENOMEM;
	for (uint32_t i = 0; i < o->nr_sections; i++) {
		struct section *s = &o->section[i];

		memcpy(&sh, o->data + eh->e_shoff + i * sizeof(sh), sizeof(sh));
		s->type = sh.sh_type;
		s->link = sh.sh_link;
		s->info = sh.sh_info;
		s->flags = sh.sh_flags;
		s->name = "";
		if (sh.sh_type == SHT_NOBITS || sh.sh_type == SHT_NULL)
			continue;
		if (!inside(sh.sh_offset, sh.sh_size, o->len))
			return -EBADMSG;
		s->data = o->data + sh.sh_offset;
		s->size = sh.sh_size;
	}
	if (eh->e_shstrndx >= o->nr_sections || !o->section[eh->e_shstrndx].data)
		return -EBADMSG;
	for (uint32_t i = 0; i < o->nr_sections; i++) {
		memcpy(&sh, o->data + eh->e_shoff + i * sizeof(sh), sizeof(sh));
		o->section[i].name = string_at(&o->section[eh->e_shstrndx], sh.sh_name);
	}
	return 0;
}

static int read_symbols(struct object *o)
{
	const struct section *tab = NULL, *names;
	Elf64_Sym sym;

	for (uint32_t i = 0; i < o->nr_sections && !tab; i++)
		if (o->section[i].type == SHT_SYMTAB && o->section[i].data)
			tab = &o->section[i];
	if (!tab || tab->link >= o->nr_sections || !o->section[tab->link].data ||
	    tab->size / sizeof(sym) > MAX_SYMBOLS)
		return -EBADMSG;
	names = &o->section[tab->link];
	o->nr_symbols = (uint32_t)(tab->size / sizeof(sym));
	o->symbol = calloc(o->nr_symbols ?: 1, sizeof(*o->symbol));
	if (!o->symbol)
		return -ENOMEM;
	for (uint32_t i = 0; i < o->nr_symbols; i++) {
		memcpy(&sym, tab->data + i * sizeof(sym), sizeof(sym));
		o->symbol[i] = (struct symbol) {
			.name = string_at(names, sym.st_name), .value = sym.st_value,
			.size = sym.st_size, .section = sym.st_shndx,
			.type = ELF64_ST_TYPE(sym.st_info), .bind = ELF64_ST_BIND(sym.st_info),
		};
	}
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int read_relocs(struct object *o, const struct section *rel)
{
	uint64_t nr = rel->size / sizeof(Elf64_Rel);
	struct section *s;
	Elf64_Rel r;

	if (rel->info >= o->nr_sections || o->section[rel->info].reloc || !nr)
		return 0;
	s = &o->section[rel->info];
	s->reloc = calloc(nr, sizeof(*s->reloc));
	if (!s->reloc)
		return -ENOMEM;
	for (uint64_t i = 0; i < nr; i++) {
		memcpy(&r, rel->data + i * sizeof(r), sizeof(r));
		if (ELF64_R_SYM(r.r_info) >= o->nr_symbols)
			return -EBADMSG;
		s->reloc[i].offset = r.r_offset;
		s->reloc[i].sym = &o->symbol[ELF64_R_SYM(r.r_info)];
	}
	s->nr_relocs = (uint32_t)nr;
	qsort(s->reloc, nr, sizeof(*s->reloc), by_offset);
	return 0;
}

/* Copies, because nothing says that an ELF file in a program is aligned. */
static int read_code(struct object *o)
{
	uint64_t total = 0, n = 0;

	for (uint32_t i = 0; i < o->nr_sections; i++)
		if (o->section[i].type == SHT_PROGBITS && o->section[i].flags & SHF_EXECINSTR)
			total += o->section[i].size / sizeof(struct bpf_insn);
	if (!total)
		return -ENOENT;
	if (total > MAX_INSNS)
		return -E2BIG;
	o->insns = malloc(total * sizeof(*o->insns));
	if (!o->insns)
		return -ENOMEM;
	for (uint32_t i = 0; i < o->nr_sections; i++) {
		struct section *s = &o->section[i];

		if (s->type != SHT_PROGBITS || !(s->flags & SHF_EXECINSTR))
			continue;
		s->nr_insns = (uint32_t)(s->size / sizeof(struct bpf_insn));
		s->insn = o->insns + n;
		memcpy(o->insns + n, s->data, s->nr_insns * sizeof(struct bpf_insn));
		n += s->nr_insns;
	}
	return 0;
}

static uint32_t section_named(const struct object *o, const char *name)
{
	for (uint32_t i = 1; i < o->nr_sections; i++)
		if (!strcmp(o->section[i].name, name))
			return i;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct note *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

/* One of the tables of .BTF.ext: records of @size bytes, grouped by section. @kind_at: 0, none. */
static int read_notes(struct object *o, const uint8_t *p, uint64_t len, const char *strings,
		      uint64_t strings_len, uint32_t min, uint32_t kind_at, struct note **out,
		      uint32_t *nr)
{
	uint32_t size, head[2], rec[4] = { 0 };
	uint64_t at = sizeof(size);

	if (len < sizeof(size))
		return 0;
	memcpy(&size, p, sizeof(size));
	if (size < min || size > 256)
		return -EBADMSG;
	*out = calloc(len / size + 1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	while (inside(at, sizeof(head), len)) {
		uint32_t section;

		memcpy(head, p + at, sizeof(head));
		at += sizeof(head);
		if (head[0] >= strings_len || !inside(at, (uint64_t)head[1] * size, len))
			return -EBADMSG;
		section = section_named(o, strings + head[0]);
		for (uint32_t i = 0; i < head[1]; i++, at += size) {
			memcpy(rec, p + at, min);
			(*out)[(*nr)++] = (struct note) {
				.section = section, .insn = rec[0] / sizeof(struct bpf_insn),
				.type = rec[1], .kind = kind_at ? rec[kind_at] : 0,
			};
		}
	}
	qsort(*out, *nr, sizeof(**out), by_place);
	return 0;
}

static int read_ext(struct object *o, const struct section *btf, const struct section *ext)
{
	struct ext_header h = { 0 };
	struct btf_header_ {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t hdr_len, type_off, type_len, str_off, str_len;
	} bh;
	const char *strings;
	int ret;

	memcpy(&h, ext->data, ext->size < sizeof(h) ? ext->size : sizeof(h));
	/* ktstr_btf__open() has found the strings in bounds, and a NUL at their end */
	memcpy(&bh, btf->data, sizeof(bh));
	strings = (const char *)btf->data + bh.hdr_len + bh.str_off;
	if (h.hdr_len > ext->size || h.magic != 0xeb9f)
		return -EBADMSG;
	if (!inside((uint64_t)h.hdr_len + h.func_info_off, h.func_info_len, ext->size))
		return -EBADMSG;
	ret = read_notes(o, ext->data + h.hdr_len + h.func_info_off, h.func_info_len, strings,
			 bh.str_len, 8, 0, &o->func, &o->nr_func);
	if (ret || h.hdr_len < sizeof(h))
		return ret;
	if (!inside((uint64_t)h.hdr_len + h.core_relo_off, h.core_relo_len, ext->size))
		return -EBADMSG;
	return read_notes(o, ext->data + h.hdr_len + h.core_relo_off, h.core_relo_len, strings,
			  bh.str_len, 16, 3, &o->core, &o->nr_core);
}

static int read_all(struct object *o, struct ktstr_err *err)
{
	uint32_t btf, ext;
	Elf64_Ehdr eh;
	int ret;

	if (o->len < sizeof(eh))
		return -EBADMSG;
	memcpy(&eh, o->data, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh.e_ident[EI_DATA] != ELFDATA2LSB || eh.e_machine != EM_BPF)
		return -EBADMSG;
	ret = read_sections(o, &eh) ?: read_symbols(o) ?: read_code(o);
	for (uint32_t i = 0; !ret && i < o->nr_sections; i++)
		if (o->section[i].type == SHT_REL && o->section[i].data)
			ret = read_relocs(o, &o->section[i]);
	if (ret)
		return ret;
	btf = section_named(o, ".BTF");
	ext = section_named(o, ".BTF.ext");
	if (!btf || !ext || !o->section[btf].data || !o->section[ext].data)
		return -ENOENT;
	return ktstr_btf__open(&o->btf, o->section[btf].data, o->section[btf].size, err) ?:
	       read_ext(o, &o->section[btf], &o->section[ext]);
}

int object_open(struct object *o, const void *elf, size_t len, struct ktstr_err *err)
{
	int ret;

	*o = (struct object){ .data = elf, .len = len };
	ret = read_all(o, err);
	if (!ret)
		return 0;
	object_close(o);
	switch (ret) {
	case -ENOENT:
		return ktstr_err(err, ENOENT, "BPF object: no instructions, or no .BTF and .BTF.ext");
	case -E2BIG:
		return ktstr_err(err, E2BIG, "BPF object: more than %u instructions", MAX_INSNS);
	case -ENOMEM:
		return ktstr_err(err, ENOMEM, "BPF object: out of memory");
	}
	return ktstr_err(err, EBADMSG, "BPF object: damaged, or no BPF object at all");
}

void object_close(struct object *o)
{
	for (uint32_t i = 0; i < o->nr_sections && o->section; i++)
		free(o->section[i].reloc);
	free(o->section);
	free(o->symbol);
	free(o->core);
	free(o->func);
	free(o->insns);
	ktstr_btf__free(o->btf);
	*o = (struct object){ .len = 0 };
}

const struct reloc *object_reloc(const struct section *s, uint64_t offset)
{
	struct reloc key = { .offset = offset };

	return s->nr_relocs ? bsearch(&key, s->reloc, s->nr_relocs, sizeof(key), by_offset) : NULL;
}

static const struct note *find(const struct note *n, uint32_t nr, uint32_t section, uint32_t insn)
{
	struct note key = { .section = section, .insn = insn };

	return nr ? bsearch(&key, n, nr, sizeof(key), by_place) : NULL;
}

const struct note *object_core(const struct object *o, uint32_t section, uint32_t insn)
{
	return find(o->core, o->nr_core, section, insn);
}

uint32_t object_func_type(const struct object *o, uint32_t section, uint32_t insn)
{
	const struct note *n = find(o->func, o->nr_func, section, insn);

	return n ? n->type : 0;
}

const struct symbol *object_symbol(const struct object *o, uint32_t section, uint64_t addr,
				   uint8_t type)
{
	for (uint32_t i = 0; i < o->nr_symbols; i++) {
		const struct symbol *s = &o->symbol[i];

		if (s->section == section && s->type == type && addr >= s->value &&
		    addr - s->value < s->size)
			return s;
	}
	return NULL;
}

size_t ktstr_casts__embedded(const void *program, size_t len, size_t from, size_t *size)
{
	const uint8_t *p = program;

	for (size_t at = from; at < len; at++) {
		const uint8_t *hit = memchr(p + at, ELFMAG[0], len - at);
		Elf64_Ehdr eh;
		uint64_t end;

		if (!hit)
			break;
		at = (size_t)(hit - p);
		if (len - at < sizeof(eh))
			break;
		memcpy(&eh, hit, sizeof(eh));
		if (memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64 ||
		    eh.e_ident[EI_DATA] != ELFDATA2LSB || eh.e_machine != EM_BPF)
			continue;
		/* the section headers are the last part of an object */
		end = eh.e_shoff + (uint64_t)eh.e_shnum * eh.e_shentsize;
		if (eh.e_shoff > len || end > len - at)
			continue;
		*size = (size_t)end;
		return at;
	}
	return len;
}

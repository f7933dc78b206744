// SPDX-License-Identifier: GPL-2.0
/*
 * Drops DWARF from an ELF image. It is safe because section numbers never change. A dropped
 * section keeps its header as SHT_NULL, so no sh_link, no sh_info and no symbol needs rewriting.
 * Everything up to the end of what is loaded is copied unchanged, and only the sections behind it
 * move. A file with any other layout is left unchanged.
 */
#include <elf.h>
#include <errno.h>
#include <linux/kernel.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"

struct image {
	const uint8_t *in;
	size_t len;
	Elf64_Ehdr eh;
	Elf64_Shdr *sh;
	uint64_t head;		/* end of what must stay where it is */
	uint64_t names, names_size;
};

static bool inside(const struct image *m, uint64_t off, uint64_t len)
{
	return off <= m->len && len <= m->len - off;
}

static bool read_headers(struct image *m)
{
	const unsigned char *id = m->in;

	if (!inside(m, 0, sizeof(m->eh)))
		return false;
	memcpy(&m->eh, m->in, sizeof(m->eh));
	if (memcmp(id, ELFMAG, SELFMAG) || id[EI_CLASS] != ELFCLASS64 ||
	    id[EI_DATA] != ELFDATA2LSB || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return false;
	if (m->eh.e_type != ET_EXEC && m->eh.e_type != ET_DYN)
		return false;
	return m->eh.e_shentsize == sizeof(Elf64_Shdr) &&
	       m->eh.e_phentsize == sizeof(Elf64_Phdr) &&
	       m->eh.e_shnum > 1 && m->eh.e_shstrndx < m->eh.e_shnum &&
	       inside(m, m->eh.e_shoff, (uint64_t)m->eh.e_shnum * sizeof(Elf64_Shdr)) &&
	       inside(m, m->eh.e_phoff, (uint64_t)m->eh.e_phnum * sizeof(Elf64_Phdr));
}

static bool is_debug(const struct image *m, const Elf64_Shdr *s)
{
	static const char * const prefixes[] = { ".debug_", ".zdebug_" };
	const char *name = (const char *)m->in + m->names + s->sh_name;

	if (s->sh_flags & SHF_ALLOC || s->sh_type != SHT_PROGBITS)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static bool moves(const Elf64_Shdr *s)
{
	return !(s->sh_flags & SHF_ALLOC) && s->sh_type != SHT_NULL &&
	       s->sh_type != SHT_NOBITS;
}

/* Load the section headers and find out whether the file has the usual layout. */
static bool read_sections(struct image *m)
{
	const Elf64_Shdr *str;

	memcpy(m->sh, m->in + m->eh.e_shoff, m->eh.e_shnum * sizeof(*m->sh));
	str = &m->sh[m->eh.e_shstrndx];
	if (str->sh_type != SHT_STRTAB || !str->sh_size || !inside(m, str->sh_offset, str->sh_size) ||
	    m->in[str->sh_offset + str->sh_size - 1])
		return false;
	m->names = str->sh_offset;
	m->names_size = str->sh_size;

	m->head = sizeof(m->eh);
	if (m->eh.e_phoff + m->eh.e_phnum * sizeof(Elf64_Phdr) > m->head)
		m->head = m->eh.e_phoff + m->eh.e_phnum * sizeof(Elf64_Phdr);
	for (uint16_t i = 0; i < m->eh.e_phnum; i++) {
		Elf64_Phdr p;

		memcpy(&p, m->in + m->eh.e_phoff + i * sizeof(p), sizeof(p));
		if (!inside(m, p.p_offset, p.p_filesz))
			return false;
		if (p.p_filesz && p.p_offset + p.p_filesz > m->head)
			m->head = p.p_offset + p.p_filesz;
	}
	for (uint16_t i = 1; i < m->eh.e_shnum; i++) {
		const Elf64_Shdr *s = &m->sh[i];

		if (s->sh_name >= m->names_size || s->sh_addralign & (s->sh_addralign - 1))
			return false;
		if (s->sh_type == SHT_NOBITS || s->sh_type == SHT_NULL)
			continue;
		if (!inside(m, s->sh_offset, s->sh_size))
			return false;
		if (s->sh_flags & SHF_ALLOC && s->sh_offset + s->sh_size > m->head)
			m->head = s->sh_offset + s->sh_size;
	}
	for (uint16_t i = 1; i < m->eh.e_shnum; i++)
		if (moves(&m->sh[i]) && m->sh[i].sh_size && m->sh[i].sh_offset < m->head)
			return false;
	return m->eh.e_shoff >= m->head;
}

/*
 * Assign new offsets. Returns the new length, or 0 when nothing would be dropped or alignment
 * would make the result no smaller.
 */
static uint64_t lay_out(struct image *m)
{
	uint64_t off = m->head;
	bool dropped = false;

	for (uint16_t i = 1; i < m->eh.e_shnum; i++) {
		Elf64_Shdr *s = &m->sh[i];
		uint64_t align = s->sh_addralign ? s->sh_addralign : 1;

		if (!moves(s))
			continue;
		if (is_debug(m, s)) {
			*s = (Elf64_Shdr) { .sh_type = SHT_NULL };
			dropped = true;
			continue;
		}
		if (align > m->len)
			return 0;
		off = (off + align - 1) & -align;
		s->sh_offset = off;
		off += s->sh_size;
		if (off > m->len)
			return 0;
	}
	off = (off + 7) & ~7ULL;
	m->eh.e_shoff = off;
	off += m->eh.e_shnum * sizeof(*m->sh);
	return dropped && off < m->len ? off : 0;
}

int elf_strip_debug(const uint8_t *in, size_t len, uint8_t **out, size_t *out_len)
{
	struct image m = { .in = in, .len = len };
	Elf64_Shdr *old = NULL;
	uint64_t new_len;
	uint8_t *o;
	int ret = 0;

	if (!read_headers(&m))
		return 0;
	m.sh = calloc(m.eh.e_shnum, sizeof(*m.sh));
	old = calloc(m.eh.e_shnum, sizeof(*old));
	if (!m.sh || !old) {
		ret = -ENOMEM;
		goto out_free;
	}
	if (!read_sections(&m))
		goto out_free;
	memcpy(old, m.sh, m.eh.e_shnum * sizeof(*old));
	new_len = lay_out(&m);
	if (!new_len)
		goto out_free;
	o = calloc(1, new_len);
	if (!o) {
		ret = -ENOMEM;
		goto out_free;
	}
	memcpy(o, in, m.head);
	memcpy(o, &m.eh, sizeof(m.eh));
	for (uint16_t i = 1; i < m.eh.e_shnum; i++)
		if (moves(&m.sh[i]))
			memcpy(o + m.sh[i].sh_offset, in + old[i].sh_offset, m.sh[i].sh_size);
	memcpy(o + m.eh.e_shoff, m.sh, m.eh.e_shnum * sizeof(*m.sh));
	*out = o;
	*out_len = new_len;
	ret = 1;
out_free:
	free(m.sh);
	free(old);
	return ret;
}

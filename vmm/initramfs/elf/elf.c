// SPDX-License-Identifier: GPL-2.0
/*
 * A small ELF64 reader: program headers, the dynamic section, and the strings it points to
 * (System V gABI, chapters 4 and 5). Strings are fetched one by one, so a huge string table
 * costs nothing.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/initramfs/tree/io.h"
#include "elf_file.h"

#define MAX_PHDRS	4096
#define MAX_DYNS	65536
#define MAX_NEEDED	4096

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_DATA	ELFDATA2LSB
#else
#define NATIVE_DATA	ELFDATA2MSB
#endif

struct reader {
	int fd;
	uint64_t size;
	Elf64_Ehdr eh;
	Elf64_Phdr *ph;
	Elf64_Dyn *dyn;
	size_t nr_dyn;
	uint64_t str_off, str_size;
	const char *why;
};

static int broken(struct reader *r, const char *why)
{
	r->why = why;
	return -ENOEXEC;
}

/* All @len bytes at @off, which must lie inside the file. */
static int read_at(struct reader *r, void *buf, uint64_t off, uint64_t len)
{
	ssize_t n;

	if (off > r->size || len > r->size - off)
		return broken(r, "an offset lies outside the file");
	n = io_pread(r->fd, buf, len, off);
	if (n < 0)
		return n;
	if ((uint64_t)n != len)
		return broken(r, "the file became shorter");
	return 0;
}

/* A string of at most PATH_MAX bytes that ends before @end. */
static int read_str(struct reader *r, char **out, uint64_t off, uint64_t end)
{
	char buf[PATH_MAX];
	uint64_t len;
	int ret;

	if (off >= end)
		return broken(r, "a string lies outside its table");
	len = end - off < sizeof(buf) ? end - off : sizeof(buf);
	ret = read_at(r, buf, off, len);
	if (ret)
		return ret;
	if (!memchr(buf, '\0', len))
		return broken(r, "a string has no end");
	free(*out);
	*out = strdup(buf);
	return *out ? 0 : -ENOMEM;
}

static int read_dyn_str(struct reader *r, char **out, uint64_t val)
{
	if (val >= r->str_size)
		return broken(r, "a string lies outside its table");
	return read_str(r, out, r->str_off + val, r->str_off + r->str_size);
}

static int read_phdrs(struct reader *r)
{
	uint16_t nr = r->eh.e_phnum;

	if (!nr)
		return 0;
	if (r->eh.e_phentsize != sizeof(*r->ph) || nr > MAX_PHDRS)
		return broken(r, "strange program headers");
	r->ph = calloc(nr, sizeof(*r->ph));
	if (!r->ph)
		return -ENOMEM;
	return read_at(r, r->ph, r->eh.e_phoff, nr * sizeof(*r->ph));
}

static const Elf64_Phdr *find_phdr(struct reader *r, uint32_t type)
{
	for (uint16_t i = 0; i < r->eh.e_phnum; i++)
		if (r->ph[i].p_type == type)
			return &r->ph[i];
	return NULL;
}

/* Where in the file the @len bytes at @vaddr come from. */
static int vaddr_to_off(struct reader *r, uint64_t vaddr, uint64_t len, uint64_t *off)
{
	for (uint16_t i = 0; i < r->eh.e_phnum; i++) {
		const Elf64_Phdr *p = &r->ph[i];

		if (p->p_type != PT_LOAD || vaddr < p->p_vaddr ||
		    vaddr - p->p_vaddr >= p->p_filesz ||
		    len > p->p_filesz - (vaddr - p->p_vaddr))
			continue;
		if (p->p_offset > r->size || vaddr - p->p_vaddr > r->size - p->p_offset)
			break;
		*off = p->p_offset + (vaddr - p->p_vaddr);
		return 0;
	}
	return broken(r, "the dynamic string table is in no segment");
}

static int read_dynamic(struct reader *r)
{
	const Elf64_Phdr *p = find_phdr(r, PT_DYNAMIC);
	int ret;

	if (!p)
		return 0;
	if (p->p_filesz / sizeof(*r->dyn) > MAX_DYNS)
		return broken(r, "the dynamic section is too large");
	r->nr_dyn = p->p_filesz / sizeof(*r->dyn);
	r->dyn = calloc(r->nr_dyn ? r->nr_dyn : 1, sizeof(*r->dyn));
	if (!r->dyn)
		return -ENOMEM;
	ret = read_at(r, r->dyn, p->p_offset, r->nr_dyn * sizeof(*r->dyn));
	if (ret)
		return ret;
	for (size_t i = 0; i < r->nr_dyn; i++)
		if (r->dyn[i].d_tag == DT_NULL)
			r->nr_dyn = i;
	return 0;
}

static bool dyn_find(struct reader *r, int64_t tag, uint64_t *val)
{
	for (size_t i = 0; i < r->nr_dyn; i++) {
		if (r->dyn[i].d_tag == tag) {
			*val = r->dyn[i].d_un.d_val;
			return true;
		}
	}
	return false;
}

static int find_strtab(struct reader *r)
{
	uint64_t vaddr;

	if (!dyn_find(r, DT_STRTAB, &vaddr) || !dyn_find(r, DT_STRSZ, &r->str_size))
		return broken(r, "the dynamic section has no string table");
	return vaddr_to_off(r, vaddr, r->str_size, &r->str_off);
}

static int read_needed(struct reader *r, struct elf_file *e)
{
	size_t nr = 0;
	int ret;

	for (size_t i = 0; i < r->nr_dyn; i++)
		nr += r->dyn[i].d_tag == DT_NEEDED;
	if (nr > MAX_NEEDED)
		return broken(r, "too many DT_NEEDED entries");
	e->needed = calloc(nr ? nr : 1, sizeof(*e->needed));
	if (!e->needed)
		return -ENOMEM;
	for (size_t i = 0; i < r->nr_dyn; i++) {
		if (r->dyn[i].d_tag != DT_NEEDED)
			continue;
		ret = read_dyn_str(r, &e->needed[e->nr_needed], r->dyn[i].d_un.d_val);
		if (ret)
			return ret;
		if (!e->needed[e->nr_needed++][0])
			return broken(r, "a DT_NEEDED entry is empty");
	}
	return 0;
}

static int read_names(struct reader *r, struct elf_file *e)
{
	uint64_t val;
	int ret;

	if (!r->nr_dyn)
		return 0;
	ret = find_strtab(r);
	if (ret)
		return ret;
	ret = read_needed(r, e);
	if (ret)
		return ret;
	ret = dyn_find(r, DT_SONAME, &val) ? read_dyn_str(r, &e->soname, val) : 0;
	if (ret)
		return ret;
	if (dyn_find(r, DT_RUNPATH, &val))
		ret = read_dyn_str(r, &e->runpath, val);
	else if (dyn_find(r, DT_RPATH, &val))
		ret = read_dyn_str(r, &e->rpath, val);
	if (ret)
		return ret;
	if (dyn_find(r, DT_FLAGS_1, &val))
		e->no_default_lib = val & DF_1_NODEFLIB;
	return 0;
}

static int read_interp(struct reader *r, struct elf_file *e)
{
	const Elf64_Phdr *p = find_phdr(r, PT_INTERP);

	if (!p)
		return 0;
	if (p->p_offset > r->size || p->p_filesz > r->size - p->p_offset)
		return broken(r, "the interpreter's name lies outside the file");
	return read_str(r, &e->interp, p->p_offset, p->p_offset + p->p_filesz);
}

static int read_all(struct reader *r, struct elf_file *e)
{
	unsigned char *ident = r->eh.e_ident;
	int ret;

	if (r->size < EI_NIDENT)
		return 0;
	ret = read_at(r, ident, 0, EI_NIDENT);
	if (ret || memcmp(ident, ELFMAG, SELFMAG))
		return ret;
	if (ident[EI_CLASS] == ELFCLASS32) {
		e->kind = ELF_KIND_32;
		return 0;
	}
	e->kind = ELF_KIND_64;
	if (ident[EI_CLASS] != ELFCLASS64)
		return broken(r, "unknown ELF class");
	if (ident[EI_DATA] != NATIVE_DATA)
		return broken(r, "foreign byte order");
	ret = read_at(r, &r->eh, 0, sizeof(r->eh));
	if (ret)
		return ret;
	e->machine = r->eh.e_machine;
	/* Objects before linking (BPF programs, say) are data to us. */
	if (r->eh.e_type != ET_EXEC && r->eh.e_type != ET_DYN)
		return 0;
	ret = read_phdrs(r);
	if (!ret)
		ret = read_interp(r, e);
	if (!ret)
		ret = read_dynamic(r);
	if (!ret)
		ret = read_names(r, e);
	return ret;
}

int elf_file_read(struct elf_file *e, int fd, uint64_t size, const char **why)
{
	struct reader r = { .fd = fd, .size = size };
	int ret;

	*e = (struct elf_file) { .kind = ELF_KIND_NONE };
	ret = read_all(&r, e);
	free(r.ph);
	free(r.dyn);
	if (why)
		*why = r.why;
	return ret;
}

void elf_file_free(struct elf_file *e)
{
	for (size_t i = 0; i < e->nr_needed; i++)
		free(e->needed[i]);
	free(e->needed);
	free(e->interp);
	free(e->soname);
	free(e->rpath);
	free(e->runpath);
	*e = (struct elf_file) { .kind = ELF_KIND_NONE };
}

// SPDX-License-Identifier: GPL-2.0
/*
 * See vmlinux.h. The relocations follow the ELF file, as arch/x86/tools/relocs.c writes them: numbers
 * of 32 bits, each the link address of a place in the kernel. They are two tables since Linux 6.15,
 * three before:
 *
 *	0, places of 64 bits, 0 [, places of 32 bits that count down, 0], places of 32 bits
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "vmlinux.h"

#define MAP_BASE	0xffffffff80000000ull	/* __START_KERNEL_map */
#define MAP_BYTES	(1 * VM_GIB)		/* KERNEL_IMAGE_SIZE of kernels with KASLR */
#define MIN_ALIGN	(2 * VM_MIB)		/* MIN_KERNEL_ALIGN */
#define HDR_ALIGN	0x230			/* kernel_alignment of the setup header */
/* Behind a kernel that was moved: its early allocations must not meet the end of the memory. */
#define SLACK		(32 * VM_MIB)
#define MAX_SHDRS	1024
#define MAX_RELOCS	(32u << 20)		/* bytes; a Debian kernel has 1.3 million */
#define PAGE		4096ull

struct vmlinux {
	const char *path;
	int fd;
	struct vm_image elf;
	uint64_t start, bytes;	/* guest memory at its link address, with the image's room */
	uint64_t align;
	int32_t *reloc;		/* NULL: none */
	size_t nr_relocs;
};

struct slide {
	uint64_t phys, virt;
};

static int damaged(const struct vmlinux *v, const char *what, struct ktstr_err *err)
{
	return ktstr_err(err, EBADMSG, "vmlinux %s: %s", v->path, what);
}

/* The first byte behind the ELF file. 0: its section headers are wrong. */
static uint64_t elf_end(int fd, uint64_t file_bytes)
{
	Elf64_Shdr sh[MAX_SHDRS];
	Elf64_Ehdr eh;
	uint64_t end;

	if (fd_read_at(fd, &eh, sizeof(eh), 0) || eh.e_shentsize != sizeof(*sh) ||
	    !eh.e_shnum || eh.e_shnum > MAX_SHDRS ||
	    eh.e_shoff > file_bytes || eh.e_shnum * sizeof(*sh) > file_bytes - eh.e_shoff ||
	    fd_read_at(fd, sh, eh.e_shnum * sizeof(*sh), eh.e_shoff))
		return 0;
	end = eh.e_shoff + eh.e_shnum * sizeof(*sh);
	for (unsigned int i = 0; i < eh.e_shnum; i++) {
		if (sh[i].sh_type == SHT_NOBITS)
			continue;
		if (sh[i].sh_size > file_bytes || sh[i].sh_offset > file_bytes - sh[i].sh_size)
			return 0;
		if (sh[i].sh_offset + sh[i].sh_size > end)
			end = sh[i].sh_offset + sh[i].sh_size;
	}
	return end;
}

static int read_relocs(struct vmlinux *v, struct ktstr_err *err)
{
	unsigned int tables = 0;
	struct stat st;
	uint64_t at, len;

	if (fstat(v->fd, &st))
		return ktstr_err(err, errno, "vmlinux %s: %s", v->path, strerror(errno));
	at = elf_end(v->fd, (uint64_t)st.st_size);
	if (!at)
		return damaged(v, "its section headers are wrong", err);
	len = (uint64_t)st.st_size - at;
	if (!len)
		return 0;
	if (len > MAX_RELOCS || len % sizeof(*v->reloc))
		return damaged(v, "what follows the ELF file are no relocations", err);
	v->reloc = malloc(len);
	if (!v->reloc)
		return ktstr_err(err, ENOMEM, "vmlinux %s: out of memory", v->path);
	if (fd_read_at(v->fd, v->reloc, len, at))
		return damaged(v, "it has become shorter", err);
	v->nr_relocs = len / sizeof(*v->reloc);
	for (size_t i = 0; i < v->nr_relocs; i++)
		tables += !v->reloc[i];
	if (v->reloc[0] || tables < 2 || tables > 3)
		return damaged(v, "what follows the ELF file are no relocations", err);
	return 0;
}

static int open_vmlinux(struct vmlinux *v, const struct vm_image *image, struct ktstr_err *err)
{
	uint32_t align;
	int r = vm_image_read(v->path, &v->elf, err);

	if (r)
		return -EBADMSG;
	memcpy(&align, image->header + HDR_ALIGN, sizeof(align));
	v->align = align;
	v->start = image->segment[0].gpa;
	v->bytes = image->load_end - v->start;
	if (v->elf.format != VM_IMAGE_ELF || v->elf.load_end > image->load_end)
		return damaged(v, "it is not the kernel of the image", err);
	for (unsigned int i = 0; i < v->elf.nr_segments; i++)
		if (v->elf.segment[i].gpa < v->start)
			return damaged(v, "it is not the kernel of the image", err);
	v->fd = open(v->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (v->fd < 0)
		return ktstr_err(err, errno, "vmlinux %s: %s", v->path, strerror(errno));
	return read_relocs(v, err);
}

/* splitmix64: public domain constants of its author, Sebastiano Vigna */
static uint64_t draw(uint64_t *state, uint64_t range)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % range;
}

/* How often @align fits in between, and 1 for no move. */
static uint64_t slots(uint64_t from, uint64_t need, uint64_t end, uint64_t align)
{
	return from > end || need > end - from ? 1 : (end - from - need) / align + 1;
}

static int choose_slide(const struct vmlinux *v, const struct vm_spec *spec, uint64_t end,
			struct slide *s, struct ktstr_err *err)
{
	uint64_t seed = spec->seed;

	*s = (struct slide){ 0, 0 };
	if (!spec->kaslr || !v->reloc || v->align < MIN_ALIGN || v->align % MIN_ALIGN)
		return 0;
	if (!spec->deterministic && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return ktstr_err(err, errno, "getrandom: %s", strerror(errno));
	s->phys = v->align * draw(&seed, slots(v->start, v->bytes + SLACK, end, v->align));
	s->virt = v->align * draw(&seed, slots(v->start, v->bytes, MAP_BYTES, v->align));
	return 0;
}

/* Where the @len bytes with the link address @pa have been loaded. NULL: nowhere. */
static uint8_t *loaded_at(const struct vmlinux *v, const struct vm_ram *ram, uint64_t phys,
			  uint64_t pa, unsigned int len)
{
	for (unsigned int i = 0; i < v->elf.nr_segments; i++) {
		const struct vm_segment *s = &v->elf.segment[i];

		if (pa >= s->gpa && len <= s->file_bytes && pa - s->gpa <= s->file_bytes - len)
			return vm_ram_at(ram, pa + phys, len);
	}
	return NULL;
}

static void add64(uint8_t *p, uint64_t n)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	value += n;
	memcpy(p, &value, sizeof(value));
}

static void add32(uint8_t *p, uint32_t n)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	value += n;
	memcpy(p, &value, sizeof(value));
}

/* From the end, as there may be two tables or three: 32 bits, [counting down,] 64 bits. */
static int relocate(const struct vmlinux *v, const struct vm_ram *ram, const struct slide *s,
		    struct ktstr_err *err)
{
	unsigned int left = 0, table = 0;

	for (size_t i = 0; i < v->nr_relocs; i++)
		left += !v->reloc[i];
	for (size_t i = v->nr_relocs; i-- > 1; ) {
		uint64_t pa = (uint64_t)(int64_t)v->reloc[i] - MAP_BASE;
		bool wide = left == 1;
		uint8_t *p;

		if (!v->reloc[i]) {
			left--;
			table++;
			continue;
		}
		p = loaded_at(v, ram, s->phys, pa, wide ? 8 : 4);
		if (!p)
			return damaged(v, "a relocation is outside of the kernel", err);
		if (wide)
			add64(p, s->virt);
		else
			add32(p, (uint32_t)(table ? -s->virt : s->virt));
	}
	return 0;
}

/* The memory is new: the holes of the file are zeroes there already. */
static int load_segment(const struct vmlinux *v, const struct vm_segment *s, uint8_t *to)
{
	off_t at = (off_t)s->file_off, end = at + (off_t)s->file_bytes, data, hole;
	int r = 0;

	for (; at < end && !r; at = hole) {
		data = lseek(v->fd, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			data = at;	/* a file system without holes */
		hole = lseek(v->fd, data, SEEK_HOLE);
		if (hole < 0 || hole > end)
			hole = end;
		if (data < hole)
			r = fd_read_at(v->fd, to + (data - (off_t)s->file_off),
				       (uint64_t)(hole - data), (uint64_t)data);
	}
	return r;
}

static int load(const struct vmlinux *v, const struct vm_ram *ram, uint64_t phys,
		struct ktstr_err *err)
{
	for (unsigned int i = 0; i < v->elf.nr_segments; i++) {
		const struct vm_segment *s = &v->elf.segment[i];
		uint8_t *to = vm_ram_at(ram, s->gpa + phys, s->mem_bytes);
		int r = to ? load_segment(v, s, to) : -ENOSPC;

		if (r)
			return ktstr_err(err, -r, "vmlinux %s: cannot load it: %s", v->path,
					 r == -ENODATA ? "it has become shorter" : strerror(-r));
	}
	return 0;
}

int vm_vmlinux_load(const struct vm_spec *spec, const struct vm_image *image,
		    const struct vm_ram *ram, uint64_t end, struct vm_entry *e,
		    struct ktstr_err *err)
{
	struct vmlinux v = { .path = spec->vmlinux, .fd = -1 };
	struct slide s = { 0, 0 };
	int r = open_vmlinux(&v, image, err);

	if (!r)
		r = choose_slide(&v, spec, end, &s, err);
	if (!r)
		r = load(&v, ram, s.phys, err);
	if (!r && s.virt)
		r = relocate(&v, ram, &s, err);
	if (!r)
		*e = (struct vm_entry){
			.gpa = v.elf.entry + s.phys, .start = v.start + s.phys,
			.kaslr = spec->kaslr && v.reloc,
		};
	free(v.reloc);
	fd_close(&v.fd);
	return r;
}

void vm_write_low_map(const struct vm_ram *ram, uint64_t gpa)
{
	enum { ENTRIES = 512, NR_PDS = 4, PRESENT_RW = 3, LARGE = 0x80 };
	uint64_t *t = vm_ram_at(ram, gpa, VM_LOW_MAP_BYTES);
	uint64_t *pdpt = t + ENTRIES, *pd = t + 2 * ENTRIES;

	t[0] = (gpa + PAGE) | PRESENT_RW;
	for (uint64_t i = 0; i < NR_PDS; i++)
		pdpt[i] = (gpa + (2 + i) * PAGE) | PRESENT_RW;
	for (uint64_t i = 0; i < NR_PDS * ENTRIES; i++)
		pd[i] = i << 21 | LARGE | PRESENT_RW;
}

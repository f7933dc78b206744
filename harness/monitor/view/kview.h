/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A view of a running kernel: from symbols and pointers of that kernel to guest physical memory.
 *
 * Nothing is asked of the guest. The kernel is found in its RAM by its banner, at the alignment
 * that boot protocols require; a variable that the kernel keeps of itself (phys_base, on arm64
 * kimage_voffset) says at which virtual address it runs; and its own page tables have to confirm
 * both before a single address is believed. So KASLR stays on, and a wrong image, a guest that is
 * still decompressing or one that never boots all look alike: not ready.
 */
#ifndef KTSTR_MONITOR_KVIEW_H
#define KTSTR_MONITOR_KVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem.h"
#include "kimage.h"

#define KTSTR_KVIEW_MAX_CPUS	512

struct ktstr_kview;

/* What differs between architectures; xlate_x86.c, xlate_arm64.c. */
struct ktstr_xlate {
	uint16_t machine;		/* EM_* */
	uint64_t image_align;		/* of the physical address of _text */
	/*
	 * v->text_gpa is a candidate: find slide, page tables and direct map, and check them
	 * against each other. 0, or -EAGAIN (not this one, or not yet).
	 */
	int (*find)(struct ktstr_kview *v);
	/* Where the page tables map @kva, and how many bytes from there on. 0 or -EFAULT. */
	int (*walk)(struct ktstr_kview *v, uint64_t kva, uint64_t *gpa, uint64_t *room);
};

extern const struct ktstr_xlate ktstr_xlate_x86;
extern const struct ktstr_xlate ktstr_xlate_arm64;

struct ktstr_kview {
	struct ktstr_gmem mem;
	const struct ktstr_kimage *img;
	const struct ktstr_xlate *xlate;
	uint64_t text_gpa;		/* where _text is */
	uint64_t text_len;		/* from _text to _end; set by find() */
	bool have_text;
	uint64_t slide;			/* added to link addresses */
	uint64_t root;			/* gpa of the kernel's top page table */
	unsigned int levels;
	unsigned int page_shift;
	unsigned int va_bits;
	uint64_t direct_kva, direct_gpa;	/* start of the direct map */
	bool have_direct;
	uint32_t nr_cpus;
	uint64_t percpu[KTSTR_KVIEW_MAX_CPUS];	/* __per_cpu_offset */
	bool ready;
};

/* Prepare for a guest of @nr_cpus CPUs. 0 or -errno with @err: what the image lacks. */
int ktstr_kview__init(struct ktstr_kview *v, const struct ktstr_kimage *img,
		      const struct ktstr_gmem *mem, uint32_t nr_cpus, struct ktstr_err *err);

/*
 * Find the kernel, if that has not succeeded before. 0, or -EAGAIN: it has not set up its
 * page tables and per-CPU areas yet. Cheap enough to be called every few milliseconds.
 */
int ktstr_kview__attach(struct ktstr_kview *v);

/* The runtime address of a symbol; of a per-CPU variable, what per_cpu_ptr() is applied to. */
int ktstr_kview__symbol(const struct ktstr_kview *v, const char *name, uint64_t *kva);
/* The symbol at or before @kva, if that is in the kernel image, and the distance. Else NULL. */
const char *ktstr_kview__symbol_at(const struct ktstr_kview *v, uint64_t kva, uint64_t *off);
/* per_cpu_ptr(@ptr, @cpu). 0 or -EINVAL: there is no such CPU. */
int ktstr_kview__per_cpu(const struct ktstr_kview *v, uint64_t ptr, uint32_t cpu, uint64_t *kva);

/* Where @kva is and how many bytes from there on are next to each other. 0 or -EFAULT. */
int ktstr_kview__gpa(struct ktstr_kview *v, uint64_t kva, uint64_t *gpa, uint64_t *room);
int ktstr_kview__load(struct ktstr_kview *v, uint64_t kva, unsigned int size, uint64_t *value);
int ktstr_kview__read(struct ktstr_kview *v, uint64_t kva, void *buf, size_t len);
/* Store an aligned number of 1, 2, 4 or 8 bytes: see ktstr_gmem__store(). */
int ktstr_kview__store(struct ktstr_kview *v, uint64_t kva, unsigned int size, uint64_t value);
/* A string of less than @size bytes, cut there; control characters become '?'. 0 or -EFAULT. */
int ktstr_kview__string(struct ktstr_kview *v, uint64_t kva, char *buf, size_t size);
/* The pointer variable @name itself, as scx_root. 0, -ENOENT, -EFAULT. */
int ktstr_kview__pointer(struct ktstr_kview *v, const char *name, uint64_t *value);

#endif

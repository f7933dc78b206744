/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ELF files for tests, a few hundred bytes each and made on the spot, so that every header
 * field and every search path is under the test's control. %T in a string stands for the
 * test's folder, @dir.
 */
#ifndef KTSTR_TESTS_UNIT_INITRAMFS_MADE_ELF_H
#define KTSTR_TESTS_UNIT_INITRAMFS_MADE_ELF_H

#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#define INTERP "/lib/ld-linux-aarch64.so.1"
#else
#define MACHINE EM_X86_64
#define INTERP "/lib64/ld-linux-x86-64.so.2"
#endif

/* What a made ELF file says. Strings may contain %T for the test's folder. */
struct lib {
	const char *soname, *rpath, *runpath, *interp;
	const char *needed[4];
	int machine;
	bool nodeflib;
};

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void remove_dir(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* @text with %T replaced, to be freed. */
static inline char *expand(const char *dir, const char *text)
{
	const char *t = strstr(text, "%T");
	char *head, *out;

	if (!t)
		return strdup(text);
	if (asprintf(&head, "%.*s%s%s", (int)(t - text), text, dir, t + 2) < 0)
		abort();
	out = expand(dir, head);
	free(head);
	return out;
}

/* Put bytes at %T/@path, with its folders. */
static inline void put(const char *dir, const char *path, const void *data, size_t len)
{
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	for (char *p = full + strlen(dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	Elf64_Dyn dyn[16];
	char str[2048];
};

static inline size_t add_str(const char *dir, struct image *im, size_t *used, const char *text)
{
	char *s = expand(dir, text);
	size_t at = *used;

	if (at + strlen(s) + 1 > sizeof(im->str))
		abort();
	memcpy(im->str + at, s, strlen(s) + 1);
	*used += strlen(s) + 1;
	free(s);
	return at;
}

static inline void make_image(const char *dir, struct image *im, const struct lib *l)
{
	size_t used = 1, n = 0;

	*im = (struct image) {
		.eh = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN, .e_machine = l->machine ? l->machine : MACHINE,
			.e_version = EV_CURRENT, .e_phoff = offsetof(struct image, ph),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = l->interp ? 3 : 2,
		},
	};
#define DYN(tag, v) (im->dyn[n++] = (Elf64_Dyn) { .d_tag = (tag), .d_un.d_val = (v) })
	for (int i = 0; i < 4 && l->needed[i]; i++)
		DYN(DT_NEEDED, add_str(dir, im, &used, l->needed[i]));
	if (l->soname)
		DYN(DT_SONAME, add_str(dir, im, &used, l->soname));
	if (l->rpath)
		DYN(DT_RPATH, add_str(dir, im, &used, l->rpath));
	if (l->runpath)
		DYN(DT_RUNPATH, add_str(dir, im, &used, l->runpath));
	if (l->nodeflib)
		DYN(DT_FLAGS_1, DF_1_NODEFLIB);
	/* A virtual address that differs from the offset, as in real files. */
	DYN(DT_STRTAB, 0x10000 + offsetof(struct image, str));
	DYN(DT_STRSZ, sizeof(im->str));
	DYN(DT_NULL, 0);
	im->ph[0] = (Elf64_Phdr) { .p_type = PT_LOAD, .p_vaddr = 0x10000,
				   .p_filesz = sizeof(*im), .p_memsz = sizeof(*im) };
	im->ph[1] = (Elf64_Phdr) { .p_type = PT_DYNAMIC,
				   .p_offset = offsetof(struct image, dyn),
				   .p_filesz = n * sizeof(Elf64_Dyn) };
	if (l->interp) {
		size_t at = add_str(dir, im, &used, l->interp);

		im->ph[2] = (Elf64_Phdr) {
			.p_type = PT_INTERP, .p_offset = offsetof(struct image, str) + at,
			.p_filesz = strlen(im->str + at) + 1,
		};
	}
}

static inline void put_lib(const char *dir, const char *path, struct lib l)
{
	struct image im;

	make_image(dir, &im, &l);
	put(dir, path, &im, sizeof(im));
}

/* In a test whose fixture has the folder's name in self->dir. */
#define LIB(path, ...) put_lib(self->dir, path, (struct lib) { __VA_ARGS__ })

/* The same numbers in every run. */
static inline uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the closure and the packer need to know about an ELF file. It is read with pread(), so that
 * a file that shrinks cannot cause a fault, and every offset and count is checked against its
 * size.
 */
#ifndef KTSTR_VMM_INITRAMFS_ELF_ELF_FILE_H
#define KTSTR_VMM_INITRAMFS_ELF_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_kind {
	ELF_KIND_NONE,		/* not ELF at all */
	ELF_KIND_32,		/* 32-bit: packed as it is, its libraries are not followed */
	ELF_KIND_64,
};

struct elf_file {
	enum elf_kind kind;
	uint16_t machine;	/* EM_* */
	bool no_default_lib;	/* DF_1_NODEFLIB: neither the cache nor default directories */
	char *interp;		/* PT_INTERP, or NULL */
	char *soname;
	char *rpath;		/* NULL when there is a RUNPATH, as for the loader */
	char *runpath;
	char **needed;		/* DT_NEEDED in order */
	size_t nr_needed;
};

/*
 * Read @fd of @size bytes. Returns 0 (also for files that are not ELF), -ENOMEM, -EIO and the like
 * from reading, or -ENOEXEC with *@why set to a few words for a broken ELF file. Call
 * elf_file_free() in all cases.
 */
int elf_file_read(struct elf_file *e, int fd, uint64_t size, const char **why);
void elf_file_free(struct elf_file *e);

/*
 * Copy the ELF image @in without its .debug_* sections. Returns 1 with *@out (to be freed) and
 * *@out_len; 0 when there is nothing to drop or the file is unusual in any way, and should be
 * packed as it is; or -ENOMEM. Section numbers, symbols and everything that is loaded stay as they
 * are.
 */
int elf_strip_debug(const uint8_t *in, size_t len, uint8_t **out, size_t *out_len);

#endif

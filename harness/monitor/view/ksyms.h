/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Collecting the symbols of a kernel from one of the places that have them: the kallsyms tables
 * inside the image (every kernel with CONFIG_KALLSYMS), the symbol table of a vmlinux, or a
 * System.map. Addresses are those the kernel was linked for.
 */
#ifndef KTSTR_MONITOR_KSYMS_H
#define KTSTR_MONITOR_KSYMS_H

#include <stddef.h>
#include <stdint.h>

#define KTSTR_KSYM_NAME_MAX	512	/* KSYM_NAME_LEN, with the NUL */

struct ktstr_ksym {
	uint64_t addr;
	uint32_t name;		/* offset into the names */
	uint32_t type;		/* the letter that nm prints */
};

struct ktstr_ksyms {
	struct ktstr_ksym *sym;
	uint32_t nr, room;
	char *names;		/* NUL-terminated, one behind the other */
	uint32_t names_len, names_room;
};

/* 0 or -ENOMEM. Names are cut at KTSTR_KSYM_NAME_MAX - 1 bytes. */
int ktstr_ksyms__add(struct ktstr_ksyms *s, uint64_t addr, char type, const char *name,
		     size_t len);
/* Order by address, as ktstr_kimage wants them. */
void ktstr_ksyms__sort(struct ktstr_ksyms *s);
void ktstr_ksyms__free(struct ktstr_ksyms *s);

/*
 * Find the kallsyms tables in @len bytes that the kernel has at address @vaddr, and add what they
 * list. @text is where the image has its first instruction, which tells apart the three ways that
 * 6.12 to 7.3 encode addresses. 0, -ENOENT (there are no such tables), -ENOMEM.
 */
int ktstr_ksyms__add_kallsyms(struct ktstr_ksyms *s, const void *data, size_t len, uint64_t vaddr,
			      uint64_t text);

/* Lines of "ffffffff81000000 T _text", as in System.map and /proc/kallsyms. 0, -EBADMSG, -ENOMEM */
int ktstr_ksyms__add_map(struct ktstr_ksyms *s, const char *text);

#endif

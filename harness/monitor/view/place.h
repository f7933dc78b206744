/* SPDX-License-Identifier: GPL-2.0 */
/* A field of a kernel structure, as the monitor uses it: what BTF says of it, or nothing. */
#ifndef KTSTR_MONITOR_PLACE_H
#define KTSTR_MONITOR_PLACE_H

#include "kview.h"

struct ktstr_place {
	struct ktstr_btf_field field;
	uint64_t kva;			/* of a variable, where it was linked; 0: it has a base */
	bool found;
};

/* Look up @path of struct @type; a kernel without BTF (@btf NULL) has none. */
void ktstr_place__find(struct ktstr_place *p, const struct ktstr_btf *btf, const char *type,
		       const char *path);
/* The same for numbers only: 1, 2, 4 or 8 bytes, or bits of one. */
void ktstr_place__find_number(struct ktstr_place *p, const struct ktstr_btf *btf,
			      const char *type, const char *path);

/*
 * The number @f of the structure at @base: its bits, sign-extended if it is signed. 0, -EFAULT, or
 * -EINVAL: the field is no number.
 */
int ktstr_field__load(struct ktstr_kview *v, const struct ktstr_btf_field *f, uint64_t base,
		      uint64_t *value);
/*
 * Where @p is: in the structure at @base or, for a variable, where the kernel has it. Only of a place
 * that was found.
 */
uint64_t ktstr_place__at(const struct ktstr_kview *v, const struct ktstr_place *p, uint64_t base);

/* The number at a place; -ENOENT: this kernel does not have it. */
int ktstr_place__load(struct ktstr_kview *v, const struct ktstr_place *p, uint64_t base,
		      uint64_t *value);

#endif

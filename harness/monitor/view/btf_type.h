/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The types of a BTF one by one, for code that shows values of any type. What btf.h says of the data
 * holds here too: everything is checked when it is used, and nothing is taken from beyond the BTF.
 */
#ifndef KTSTR_MONITOR_BTF_TYPE_H
#define KTSTR_MONITOR_BTF_TYPE_H

#include "btf.h"

enum ktstr_btf_kind {
	KTSTR_BTF_VOID,			/* id 0, and whatever is damaged */
	KTSTR_BTF_INT, KTSTR_BTF_BOOL, KTSTR_BTF_CHAR, KTSTR_BTF_FLOAT,
	KTSTR_BTF_PTR, KTSTR_BTF_ARRAY, KTSTR_BTF_STRUCT, KTSTR_BTF_UNION, KTSTR_BTF_ENUM,
	KTSTR_BTF_FWD,			/* a structure of which only the name is known */
	KTSTR_BTF_FUNC, KTSTR_BTF_FUNC_PROTO,
	KTSTR_BTF_SECTION,		/* DATASEC: variables at offsets */
};

struct ktstr_btf_type {
	enum ktstr_btf_kind kind;
	uint32_t id;			/* modifiers and typedefs peeled */
	const char *name;		/* ""; of a typedef around it, that name */
	const char *tag;		/* the type tag nearest to it, "kptr" or "arena"; or "" */
	uint32_t size;			/* bytes; 0: unknown */
	uint32_t nr;			/* members, enumerators, variables, elements, parameters */
	uint32_t target;		/* behind a pointer or array; a FUNC's prototype; what that returns */
	bool is_signed;			/* an INT, CHAR or ENUM */
	bool of_union;			/* a FWD of a union, and not of a structure */
};

/* What type @id is. Kind KTSTR_BTF_VOID: nothing. */
void ktstr_btf__type(const struct ktstr_btf *btf, uint32_t id, struct ktstr_btf_type *t);

struct ktstr_btf_part {
	const char *name;		/* "": it has none */
	uint32_t type;
	uint64_t bit_offset;		/* from the start of the structure or section */
	uint32_t bits;			/* of a bitfield; 0: it is none */
};

/* Member @i of a structure, variable @i of a section, parameter @i of a prototype. 0, -ENOENT, -EBADMSG. */
int ktstr_btf__part(const struct ktstr_btf *btf, const struct ktstr_btf_type *t, uint32_t i,
		    struct ktstr_btf_part *part);

/* The enumerator of @t with this value, or NULL. */
const char *ktstr_btf__enumerator_of(const struct ktstr_btf *btf, const struct ktstr_btf_type *t,
				     int64_t value);

/* The structure or union @name, the first one that has members. 0: there is none. */
uint32_t ktstr_btf__composite(const struct ktstr_btf *btf, const char *name);

#endif

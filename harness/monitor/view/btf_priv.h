/* SPDX-License-Identifier: GPL-2.0 */
/* What btf.c and btf_field.c share. */
#ifndef KTSTR_MONITOR_BTF_PRIV_H
#define KTSTR_MONITOR_BTF_PRIV_H

#include <string.h>

#include <linux/btf.h>

#include "btf.h"

/*
 * The header of an installed kernel may be older than the kernel that is read. Since 7.1 a kind
 * has 7 bits and a count 24, in the same word; the bits between were zero before.
 */
#define INFO_KIND(info)		(((info) >> 24) & 0x7f)
#define INFO_VLEN(info)		((info) & 0xffffff)
#define INFO_KFLAG(info)	((info) >> 31)
#define KIND_DECL_TAG		17
#define KIND_TYPE_TAG		18
#define KIND_ENUM64		19
#define NR_KINDS		20

struct enum64 {
	uint32_t name_off, lo, hi;
};

struct ktstr_btf {
	const uint8_t *types;
	uint32_t types_len;
	const char *strs;
	uint32_t strs_len;		/* the last byte is NUL */
	uint32_t *off;			/* [nr], of type id; [0] is void and unused */
	uint32_t nr;
	uint32_t *bucket, *next;	/* by name: chains of type ids, 0 ends; lowest id first */
	uint32_t mask;
};

static inline struct btf_type btf_type_at(const struct ktstr_btf *b, uint32_t off)
{
	struct btf_type t;

	memcpy(&t, b->types + off, sizeof(t));
	return t;
}

/* False: there is no such type. */
static inline bool btf_get(const struct ktstr_btf *b, uint32_t id, struct btf_type *t)
{
	if (!id || id >= b->nr)
		return false;
	*t = btf_type_at(b, b->off[id]);
	return true;
}

/* What follows the type; open() has checked that all of it is there. */
static inline const uint8_t *btf_body(const struct ktstr_btf *b, uint32_t id)
{
	return b->types + b->off[id] + sizeof(struct btf_type);
}

static inline const char *btf_str(const struct ktstr_btf *b, uint32_t off)
{
	return off < b->strs_len ? b->strs + off : "";
}

/* The next type after @id (0: the first) that is called @name, or 0. */
uint32_t btf_named(const struct ktstr_btf *b, const char *name, uint32_t id);

bool btf_is_enum(const struct btf_type *t);
/* Enumerator @i of the enum @id, which is @t, whichever kind it is. */
const char *btf_enumerator(const struct ktstr_btf *b, uint32_t id, const struct btf_type *t,
			   uint32_t i, int64_t *value);

#endif

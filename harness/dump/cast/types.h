/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_DUMP_CAST_TYPES_H
#define KTSTR_DUMP_CAST_TYPES_H

#include "cast_priv.h"

/* An integer of 64 bits, which could hold a pointer. */
bool type_is_plain(const struct ktstr_btf_type *t);

/* A pointer to a variable or map value of @type: one without members does not matter. */
struct val type_pointer_to(const struct ktstr_btf *btf, uint32_t type,
			   enum ktstr_cast_space space);

/*
 * Call @fn for each plain member of type @id that overlaps the bytes [@from, @to): @off is its place
 * in @type, which is the innermost structure around it, and @at its place in @id.
 */
typedef void (*member_fn)(void *arg, uint32_t type, uint32_t off, uint64_t at, bool in_union);
void type_members(const struct ktstr_btf *btf, uint32_t id, uint64_t from, uint64_t to,
		  member_fn fn, void *arg);

/*
 * Call @fn for each place @at of type @type in a structure @around: a member, or each element of an
 * array. Ends when it returns true, which is then returned.
 */
typedef bool (*place_fn)(void *arg, uint32_t around, uint64_t at);
bool type_places(const struct ktstr_btf *btf, uint32_t type, place_fn fn, void *arg);

#endif

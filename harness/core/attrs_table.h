/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every attribute of a test and of a scheduler as one row: where it is, how it looks when
 * nobody set it, and whether this version does what it says. An attribute that is accepted
 * and ignored would be a silent pass; tests/unit/validate_test.c proves that no member of
 * the structs is without a row.
 */
#ifndef KTSTR_CORE_ATTRS_TABLE_H
#define KTSTR_CORE_ATTRS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum ktstr_attr_type {
	KTSTR_ATTR_NUMBER,	/* uint32_t; unset: KTSTR_UNSET */
	KTSTR_ATTR_COUNT,	/* the same, and 0 asks for nothing */
	KTSTR_ATTR_SWITCH,	/* asked for when KTSTR_ON */
	KTSTR_ATTR_POINTER,	/* unset: NULL; functions too */
	KTSTR_ATTR_KIND,	/* unset: KTSTR_KIND_NONE */
	KTSTR_ATTR_LINE,	/* int, always set by the macro */
};

struct ktstr_attr {
	const char *name;
	enum ktstr_attr_type type;
	size_t offset, size;
	const char *later;	/* NULL: works; else what is needed before it can */
};

extern const struct ktstr_attr ktstr_test_attrs[];
extern const unsigned int ktstr_nr_test_attrs;
extern const struct ktstr_attr ktstr_scheduler_attrs[];
extern const unsigned int ktstr_nr_scheduler_attrs;

/* Does @record (a test or scheduler) ask for what @a does? */
bool ktstr_attr__asked(const struct ktstr_attr *a, const void *record);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every attribute of a test and of a scheduler as one row: where it is, what its unset value is,
 * and whether this version supports it. An attribute that is accepted and ignored would be a silent
 * pass; tests/unit/plan/validate_test.c checks that every member of the structs has a row.
 */
#ifndef KTSTR_PLAN_ATTRS_TABLE_H
#define KTSTR_PLAN_ATTRS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ktstr_attr_type {
	KTSTR_ATTR_NUMBER,	/* int64_t; unset: KTSTR_UNSET */
	KTSTR_ATTR_COUNT,	/* the same, and 0 means off */
	KTSTR_ATTR_SWITCH,	/* asked for when KTSTR_ON */
	KTSTR_ATTR_SWITCH_OFF,	/* on by default: asked for when KTSTR_OFF */
	KTSTR_ATTR_POINTER,	/* unset: NULL; functions too */
	KTSTR_ATTR_KIND,	/* unset: KTSTR_KIND_NONE */
	KTSTR_ATTR_LINE,	/* int, always set by the macro */
};

struct ktstr_attr {
	const char *name;
	enum ktstr_attr_type type;
	size_t offset, size;
	bool machine;		/* it is about a virtual machine: host_only excludes it */
	const char *later;	/* what it needs before it works; NULL: it works */
};

extern const struct ktstr_attr ktstr_test_attrs[];
extern const unsigned int ktstr_nr_test_attrs;
extern const struct ktstr_attr ktstr_scheduler_attrs[];
extern const unsigned int ktstr_nr_scheduler_attrs;

/* The range of a number of @record, "duration_s"; declarations have them in ktstr/attrs.h. */
struct ktstr_range {
	const char *name;
	size_t offset;
	int64_t min, max;
};

extern const struct ktstr_range ktstr_test_ranges[];
extern const unsigned int ktstr_nr_test_ranges;
extern const struct ktstr_range ktstr_scheduler_ranges[];
extern const unsigned int ktstr_nr_scheduler_ranges;
extern const struct ktstr_range ktstr_disk_ranges[];
extern const unsigned int ktstr_nr_disk_ranges;

/*
 * The first number of @record outside of its range: a sentence in @buf, "-3 does not lie in
 * 1..86400", and its row. NULL: there is none.
 */
const struct ktstr_range *ktstr_range__fault(const struct ktstr_range *ranges, unsigned int nr,
					     const void *record, char *buf, size_t size);

/* Does @record (a test or scheduler) ask for what @a does? */
bool ktstr_attr__asked(const struct ktstr_attr *a, const void *record);

#endif

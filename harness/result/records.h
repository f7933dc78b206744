/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables that describe the records of a result.
 *
 * A record is a struct of this folder. A record type says which struct, where struct ktstr_result
 * has it, and which fields are sent to the host. Encoder and decoder (wire.h) iterate over the
 * fields, so a new member only needs a row. The sidecar prints the texts of a stall by their rows,
 * with the names as keys.
 */
#ifndef KTSTR_RESULT_RECORDS_H
#define KTSTR_RESULT_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "result.h"

/* The C type of the member, from which TYPE_OF() in records.c finds the type. */
enum ktstr_field_type {
	KTSTR_FIELD_U32,		/* enums too; less than @below */
	KTSTR_FIELD_I32,		/* not less than @least */
	KTSTR_FIELD_U64,
	KTSTR_FIELD_DOUBLE,		/* finite and, unless @negative, not negative */
	KTSTR_FIELD_CPUS,		/* struct ktstr_cpumask */
	KTSTR_FIELD_TEXT,		/* char[@size], always terminated */
	KTSTR_FIELD_SAMPLES,		/* struct ktstr_sample_stats */
	KTSTR_FIELD_MIGRATIONS,		/* struct ktstr_migrations, valid */
};

struct ktstr_field {
	const char *name;		/* of the member */
	enum ktstr_field_type type;
	size_t offset, size;
	uint32_t below;			/* 0: every value is valid */
	uint32_t otherwise;		/* what ktstr_result__bound() makes of another value */
	int32_t least;
	bool negative;
};

struct ktstr_record_type {
	const char *name;
	const struct ktstr_field *fields;
	unsigned int nr_fields;
	size_t size;			/* of the struct */
	size_t offset;			/* into struct ktstr_result: of the struct, or of the array */
	size_t nr_offset;		/* of the uint32_t that counts the array's elements */
	uint32_t max;			/* elements of the array; 0: there is exactly one struct */
	/* Are the fields consistent with each other? NULL: there is no such condition. */
	bool (*consistent)(const struct ktstr_result *r, const void *record);
};

/* They are sent in this order: a worker refers to a cgroup that was sent before. */
enum {
	KTSTR_RECORD_RUN,
	KTSTR_RECORD_DETAIL,
	KTSTR_RECORD_CGROUP,
	KTSTR_RECORD_WORKER,
	KTSTR_RECORD_EXT_METRIC,
	KTSTR_RECORD_STALL,
	KTSTR_NR_RECORD_TYPES,
};

extern const struct ktstr_record_type ktstr_record_types[KTSTR_NR_RECORD_TYPES];

/* Those of struct ktstr_sample_stats except its histogram. */
extern const struct ktstr_field ktstr_sample_fields[];
extern const unsigned int ktstr_nr_sample_fields;

/* How many records of the type @r has; NULL where there is exactly one. */
uint32_t *ktstr_record__count(const struct ktstr_record_type *t, struct ktstr_result *r);
/* Record number @i of the type. */
void *ktstr_record__at(const struct ktstr_record_type *t, struct ktstr_result *r, uint32_t i);

#endif

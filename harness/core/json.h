/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON into a growing buffer, one value a line. Only a writer: what it writes is
 * always valid JSON, whatever bytes the guest put into a string and whatever a statistic
 * divided by zero. Errors stick: check once, at ktstr_json__finish().
 */
#ifndef KTSTR_CORE_JSON_H
#define KTSTR_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTSTR_JSON_DEPTH	16

struct ktstr_json {
	char *buf;
	size_t len, cap;
	int error;		/* 0 or -errno, the first one */
	unsigned int depth;
	bool more[KTSTR_JSON_DEPTH + 1];	/* a value stands before the next one */
	char close[KTSTR_JSON_DEPTH + 1];
};

/* @key is NULL inside an array and for the outermost value. */
void ktstr_json__init(struct ktstr_json *j);
void ktstr_json__object(struct ktstr_json *j, const char *key);
void ktstr_json__array(struct ktstr_json *j, const char *key);
void ktstr_json__end(struct ktstr_json *j);	/* of the innermost object or array */
void ktstr_json__str(struct ktstr_json *j, const char *key, const char *s); /* NULL: null */
void ktstr_json__u64(struct ktstr_json *j, const char *key, uint64_t v);
void ktstr_json__i64(struct ktstr_json *j, const char *key, int64_t v);
void ktstr_json__f64(struct ktstr_json *j, const char *key, double v); /* not finite: null */
void ktstr_json__bool(struct ktstr_json *j, const char *key, bool v);
void ktstr_json__null(struct ktstr_json *j, const char *key);

/* The text, malloc()ed and NUL-terminated; NULL with errno (EINVAL: something is open). */
char *ktstr_json__finish(struct ktstr_json *j);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON into a growing buffer, one value per line. The output is valid JSON for any input:
 * bytes that are not UTF-8 are replaced, and numbers that are not finite become null. Errors are
 * kept until ktstr_json__finish(), so callers check once.
 */
#ifndef KTSTR_LIB_JSON_H
#define KTSTR_LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTSTR_JSON_DEPTH	16

struct ktstr_json {
	char *buf;
	size_t len, cap;
	int error;		/* 0 or -errno, the first one */
	unsigned int depth;
	bool more[KTSTR_JSON_DEPTH + 1];	/* the next value needs a comma */
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

/* Length of the well-formed UTF-8 sequence that the string @s begins with; 0: none. */
unsigned int ktstr_utf8_len(const unsigned char *s);

/* The text, malloc()ed and NUL-terminated; NULL with errno (EINVAL: something is open). */
char *ktstr_json__finish(struct ktstr_json *j);

#endif

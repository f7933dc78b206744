/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small things several commands need: strict numbers, near misses, complaints, JSON strings.
 */
#ifndef KTSTR_TOOL_UTIL_H
#define KTSTR_TOOL_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

/* A growing list of borrowed or owned strings; whoever fills it knows which. */
struct strings {
	const char **item;
	size_t nr;
	size_t alloc;
};

/* 0 or -ENOMEM. */
int strings__add(struct strings *s, const char *item);
void strings__free(struct strings *s);

/* Decimal digits only, within [@min, @max]. 0 or -EINVAL; *@v is set on success only. */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *v);

#define WRONG_USAGE	129	/* exit status, as of perf and git; small ones are verdicts */

/*
 * Print "ktstr: " and the sentence, with ", did you mean 'X'?" when @hint is not NULL, and
 * return @status: `return complain(WRONG_USAGE, hint, "...")`.
 */
int complain(int status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Text as a JSON string; bytes that are not UTF-8 must have been cleaned before. */
void json_string(FILE *f, const char *text);

/* CLOCK_MONOTONIC in seconds. */
double now_s(void);

#endif

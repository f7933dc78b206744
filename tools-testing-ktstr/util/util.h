/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What several commands need: lists of strings, complaints, JSON strings.
 */
#ifndef KTSTR_TOOL_UTIL_UTIL_H
#define KTSTR_TOOL_UTIL_UTIL_H

#include <linux/kernel.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A growing list of strings, borrowed or owned as its user decides. */
struct strings {
	const char **item;
	size_t nr;
	size_t alloc;
};

/* 0 or -ENOMEM. */
int strings__add(struct strings *s, const char *item);
void strings__free(struct strings *s);

#define WRONG_USAGE	129	/* exit status, as of perf and git; small ones are verdicts */

/*
 * Print "ktstr: " and the sentence, with ", did you mean 'X'?" when @hint is not NULL, and
 * return @status: `return complain(WRONG_USAGE, hint, "...")`.
 */
int complain(int status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The programs that are run write the consoles of their guests to our stderr. 0, or -1 with errno. */
int export_console(void);

/*
 * A file that is written at the end is tried at the beginning: 0, also for a @path that is NULL, or 1
 * after a complaint. @option without its dashes.
 */
int check_output(const char *command, const char *option, const char *path);

/* What a test program has printed, but for the lines that frame a document, on stderr. */
void print_log(const char *path);

/* Print what was written to @j, which ends. 0, or 1 after a complaint. */
struct ktstr_json;
int finish_json(struct ktstr_json *j);

/* @text as a JSON string. */
void json_string(FILE *f, const char *text);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what programs list to what is run: reading the harness's -l table and choosing
 * tests by name and shard. Pure functions: no process, no file.
 */
#ifndef KTSTR_TOOL_SELECT_H
#define KTSTR_TOOL_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "../vmm/err.h"
#include "util.h"

#define SELECT_MAX_NAME	200	/* bytes of a test name */

/*
 * Read the table that `PROGRAM -l` printed and add the name of every test of @fixture to
 * @names, in its order; the caller frees the strings. Text around the table (a warning of
 * the program) is skipped, rows that do not fit the table's columns end it. A name that
 * cannot stand in a KTAP line, or stands there twice, is an error. A line "# ignored: NAME"
 * before the table adds NAME to @ignored: a test that only runs when it is named.
 * Returns 0, or -EINVAL / -ENOMEM with @err; what was added stays added.
 */
int listing__parse(const char *text, size_t len, const char *fixture, struct strings *names,
		   struct strings *ignored, struct vm_err *err);

/* -t, -T and --shard of `ktstr run`. */
struct selection {
	struct strings include;		/* empty: everything */
	struct strings exclude;
	unsigned int shard;		/* 1..nr_shards; 0: no sharding */
	unsigned int nr_shards;
};

/* "2/8". Returns 0 or -EINVAL. */
int selection__parse_shard(struct selection *s, const char *text);

/*
 * Choose among @nr names: those named by a pattern of include (NAME, ktstr/NAME, or a shell
 * pattern), by default all; of those with @ignored[i] set only the ones named exactly; less those of exclude, then every nr_shards-th of these. chosen[i] says
 * which. A pattern that no name matches is an error: *@unknown is that pattern, and -ENOENT is
 * returned. Otherwise returns the number chosen.
 */
int selection__apply(const struct selection *s, const char * const *names,
		     const bool *ignored, size_t nr, bool *chosen, const char **unknown);

#endif

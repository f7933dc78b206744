/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Selects the tests to run by name and by shard. No function here starts a process or reads a
 * file.
 */
#ifndef KTSTR_TOOL_RUN_SELECTION_H
#define KTSTR_TOOL_RUN_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "tools-testing-ktstr/util/util.h"

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
 * Choose among @nr names. A name is chosen when a pattern of include matches it (NAME, ktstr/NAME
 * or a shell pattern; an empty include matches everything) and no pattern of exclude does. A name
 * with @ignored[i] set is only matched by a pattern that equals it. Sharding then keeps every
 * nr_shards-th of the chosen names. chosen[i] has the result. Returns the number of chosen names,
 * or -ENOENT when no name matches a pattern, which is left in *@unknown.
 */
int selection__apply(const struct selection *s, const char * const *names,
		     const bool *ignored, size_t nr, bool *chosen, const char **unknown);

#endif

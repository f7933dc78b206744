/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Selects the tests to run by name, preset, budget and shard. No function here starts a process or
 * reads a file.
 */
#ifndef KTSTR_TOOL_RUN_SELECTION_H
#define KTSTR_TOOL_RUN_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools-testing-ktstr/util/util.h"

/* -t, -T, --preset and --shard of `ktstr run`. */
struct selection {
	struct strings include;		/* empty: every test as declared */
	struct strings exclude;
	struct strings presets;		/* empty: the machines that include names */
	unsigned int shard;		/* 1..nr_shards; 0: no sharding */
	unsigned int nr_shards;
};

/* "2/8". Returns 0 or -EINVAL. */
int selection__parse_shard(struct selection *s, const char *text);

/*
 * Choose among @nr names of variants (plan/id.h). A variant is chosen when a pattern of include
 * matches it and none of exclude does; ktstr_select__matches() has the rules of patterns. An empty
 * include matches tests as declared. Tests with @ignored[i] set must be named in full. With presets,
 * a test that is chosen is replaced by its variants with a preset that one of the patterns matches,
 * and of chosen variants only those stay. chosen[i] has the result. Returns the number of chosen
 * names, or -ENOENT when no name matches a pattern, which is left in *@unknown.
 */
int selection__apply(const struct selection *s, const char * const *names,
		     const bool *ignored, size_t nr, bool *chosen, const char **unknown);

/*
 * Of the chosen names keep those of one shard: the longest first, each to the shard with the least
 * work so far, so that all shards take equally long. Every machine that runs a shard has to know the
 * same @seconds. Returns how many are left, or -ENOMEM. @digest: of all shards, to compare them.
 */
int selection__shard(const struct selection *s, const char * const *names, const double *seconds,
		     size_t nr, bool *chosen, uint32_t *digest);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF verifier said about a program that it rejected, in the log of a scheduler. libbpf
 * prints (bpf_object_load_prog())
 *	libbpf: prog 'NAME': -- BEGIN PROG LOAD LOG --
 *	... states and instructions, then the reason ...
 *	Verification failed: CATEGORY, and an explanation of many lines (some kernels)
 *	processed N insns (limit ...) ...
 *	-- END PROG LOAD LOG --
 */
#ifndef KTSTR_MODEL_VERIFIER_H
#define KTSTR_MODEL_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * The reason, as "NAME: R1 invalid mem access 'scalar'", of the last program in @log that was
 * rejected. False: there is none.
 */
bool ktstr_verifier__reason(const char *log, char *buf, size_t size);

/*
 * Write the last lines before and with that reason, at most @max of at most KTSTR_VERIFIER_LINES:
 * instructions, and what the verifier knew of the registers.
 */
#define KTSTR_VERIFIER_LINES	32
void ktstr_verifier__last_lines(const char *log, unsigned int max, FILE *f);

/* What libbpf printed about one program: the lines between those of its frame. */
struct ktstr_verifier_block {
	const char *name;
	size_t name_len;
	const char *text;
	size_t len;
};

/*
 * The next block in *@pos, which moves behind it. False: there is none. Where a log was cut short, its
 * last block ends.
 */
bool ktstr_verifier__next(const char **pos, struct ktstr_verifier_block *b);

/* From "processed N insns (limit L) max_states_per_insn M total_states T peak_states P ...". */
struct ktstr_verifier_stats {
	unsigned long long processed, total_states, peak_states;
	unsigned long long time_us;	/* "verification time N usec"; 0: not printed */
};

/* False: the block has no line of statistics. */
bool ktstr_verifier__stats(const struct ktstr_verifier_block *b, struct ktstr_verifier_stats *st);

#endif

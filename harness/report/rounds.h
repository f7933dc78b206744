/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds loops in a sequence of lines, and loops in the rounds of loops.
 *
 * A loop is a run of at least ROUNDS_MIN equal rounds. A round is a sequence of at most 256 lines and inner
 * loops; two loops are equal when their rounds are, however many they have. What a new line completes is
 * folded into its loop at once. So the time grows with the number of lines, times a constant for the
 * possible lengths of a round, and the memory with the number of lines that are in no loop or in the
 * first or last round of one, less than 128 bytes each. Loops are nested at most log3(lines) deep.
 */
#ifndef KTSTR_REPORT_ROUNDS_H
#define KTSTR_REPORT_ROUNDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ROUNDS_MIN	3

struct rounds;

/* NULL: there is no memory. */
struct rounds *rounds__create(void);
void rounds__destroy(struct rounds *r);

/*
 * The next line: @len bytes at @text, its newline included, behind those of the line before. The text
 * stays the caller's. Lines are equal when their hashes are. 0 or -ENOMEM.
 */
int rounds__add(struct rounds *r, const char *text, size_t len, uint64_t hash);

/*
 * All lines in their order; of each loop its first round, the number of rounds that are left out with the
 * rounds that the inner loops have in those, and its last round:
 *	--- 6 x the following, with inner loops ---
 *	...
 *	--- 3 x the following 5 lines ---
 *	...
 *	--- 1 more like this ---
 *	...
 *	--- 4 more like this, inner loops: 4..7 x ---
 *	...
 *	--- end of the 6 x ---
 * A loop that would not be shorter that way is printed in full.
 */
void rounds__print(const struct rounds *r, FILE *f);

#endif

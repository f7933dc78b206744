/* SPDX-License-Identifier: GPL-2.0 */
/* From line info to stretches of compiled code, and from counts of these to counts of lines. */
#ifndef KTSTR_COVERAGE_RANGES_H
#define KTSTR_COVERAGE_RANGES_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* Code of one line: bytes @from up to @to of its function. */
struct ktstr_cover_range {
	uint32_t from, to;
	uint32_t file;			/* at first an offset in the BTF's strings, then what the caller wants */
	uint32_t line;
};

/*
 * The stretches of the function of @len bytes at @kva, in the order of its code. @line[i] begins at
 * @code[i], whatever these are; lines of number 0 are left out. Returns how many there are in @out, which
 * has room for @nr.
 */
size_t ktstr_cover_ranges__find(const struct bpf_line_info *line, const uint64_t *code, size_t nr,
				uint64_t kva, uint32_t len, struct ktstr_cover_range *out);

/* How often a function has executed a line. */
struct ktstr_cover_hit {
	uint32_t file, line;
	uint64_t count;
};

/*
 * A line is executed as often as that of its instructions which is executed most: parts of an expression
 * are spread over several stretches, and those of a loop's head differ. @count has a counter for each
 * byte of the function, @len. Returns how many lines there are in @out, which has room for @nr.
 */
size_t ktstr_cover_ranges__count(const struct ktstr_cover_range *r, size_t nr, const uint64_t *count,
				 uint32_t len, struct ktstr_cover_hit *out);

#endif

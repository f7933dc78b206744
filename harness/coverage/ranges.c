// SPDX-License-Identifier: GPL-2.0
/* See ranges.h. */
#include <stdlib.h>

#include "ranges.h"

#define LINE_SHIFT	10		/* BPF_LINE_INFO_LINE_NUM() */

static int by_code(const void *a, const void *b)
{
	const struct ktstr_cover_range *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

size_t ktstr_cover_ranges__find(const struct bpf_line_info *line, const uint64_t *code, size_t nr,
				uint64_t kva, uint32_t len, struct ktstr_cover_range *out)
{
	size_t n = 0, to = 0;

	/* @to is the index at first: of lines that share an address the last one has the instruction */
	for (size_t i = 0; i < nr; i++)
		if (code[i] >= kva && code[i] - kva < len)
			out[n++] = (struct ktstr_cover_range){
				.from = (uint32_t)(code[i] - kva), .to = (uint32_t)i,
				.file = line[i].file_name_off, .line = line[i].line_col >> LINE_SHIFT,
			};
	if (n)
		qsort(out, n, sizeof(*out), by_code);
	for (size_t i = 0; i < n; i++) {
		struct ktstr_cover_range r = out[i];

		r.to = i + 1 < n ? out[i + 1].from : len;
		if (r.line && r.to > r.from)
			out[to++] = r;
	}
	return to;
}

static int by_line(const void *a, const void *b)
{
	const struct ktstr_cover_hit *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

size_t ktstr_cover_ranges__count(const struct ktstr_cover_range *r, size_t nr, const uint64_t *count,
				 uint32_t len, struct ktstr_cover_hit *out)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		out[i] = (struct ktstr_cover_hit){ .file = r[i].file, .line = r[i].line };
		for (uint32_t at = r[i].from; at < r[i].to && at < len; at++)
			if (count[at] > out[i].count)
				out[i].count = count[at];
	}
	if (!nr)
		return 0;
	qsort(out, nr, sizeof(*out), by_line);
	for (size_t i = 1; i < nr; i++)
		if (out[i].file != out[n].file || out[i].line != out[n].line)
			out[++n] = out[i];
		else if (out[i].count > out[n].count)
			out[n].count = out[i].count;
	return n + 1;
}

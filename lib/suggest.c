// SPDX-License-Identifier: GPL-2.0
/* Finds the known name that is nearest to an unknown one. */
#include <linux/kernel.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "suggest.h"

/* Levenshtein distance, one row at a time; words longer than a row are never near. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[128], i, j, diag, up;

	if (lb >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			up = row[j];
			row[j] = diag + (a[i - 1] != b[j - 1]);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diag = up;
		}
	}
	return row[lb];
}

const char *ktstr_suggest(const char *word, const char * const *candidates,
			  size_t nr)
{
	size_t len = strlen(word), best = len / 3 > 3 ? len / 3 : 3, i, d, longer;
	const char *found = NULL;

	for (i = 0; i < nr; i++) {
		d = distance(word, candidates[i]);
		longer = strlen(candidates[i]) > len ? strlen(candidates[i]) : len;
		if (d < longer && (d < best || (d == best && !found))) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}

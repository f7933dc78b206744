/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_LIB_SUGGEST_H
#define KTSTR_LIB_SUGGEST_H

#include <stddef.h>

/*
 * The candidate nearest to @word, or NULL when none is within max(3, len / 3) edits
 * (Levenshtein) or shares a single character with it.
 */
const char *ktstr_suggest(const char *word, const char * const *candidates, size_t nr);

#endif

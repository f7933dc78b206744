/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names in place of names: a keyed hash of a text picks an adjective, an animal and four digits, so
 * that two of the few thousand names of a dump hardly ever become one. Numbers are permuted among
 * those of their width, so no two of them become one. Who does not have the key cannot tell what a
 * name stood for, nor try likely ones.
 */
#ifndef KTSTR_TOOL_FUNIFY_NAMES_H
#define KTSTR_TOOL_FUNIFY_NAMES_H

#include <stdint.h>
#include <stdio.h>

struct funify_names {
	uint64_t key[2];
};

/* Of a seed, the same one always; NULL: one that nobody knows. 0 or -errno. */
int funify_names__init(struct funify_names *n, const char *seed);

/*
 * Write the name of @text: "agile-otter-7c1e". A text without blanks is renamed part by part, so that
 * "/a/b" and "b", or "b:1[17]" and the number 17, still have something in common.
 */
void funify_names__text(const struct funify_names *n, const char *text, FILE *f);

/*
 * 32 bits stay 32 bits. 0 and the greatest numbers of 31, 32, 63 and 64 bits, which mean "none" or
 * "all", stay what they are.
 */
uint64_t funify_names__number(const struct funify_names *n, uint64_t v);

#endif

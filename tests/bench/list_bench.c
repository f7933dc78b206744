// SPDX-License-Identifier: GPL-2.0
/*
 * A program with so many tests that its gauntlet has more than 10,000 variants, for list.sh. Nothing
 * in it is meant to run.
 */
#include <stdio.h>
#include <stdlib.h>

#include <ktstr.h>

#define NR	360

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

KTSTR_DEFAULTS_BEGIN
static const struct ktstr_test like = {
	KTSTR_TEST_UNSET, .file = __FILE__, .body = body, .max_llcs = 16, .max_numa_nodes = 4,
	.max_cpus = 512,
};
KTSTR_DEFAULTS_END

static const struct ktstr_test * const *make(unsigned int *nr)
{
	static const struct ktstr_test *list[NR];
	static struct ktstr_test tests[NR];
	static char names[NR][24];

	for (unsigned int i = 0; i < NR; i++) {
		snprintf(names[i], sizeof(names[i]), "test_number_%u", i);
		tests[i] = like;
		tests[i].name = names[i];
		tests[i].line = (int)i;
		list[i] = &tests[i];
	}
	*nr = NR;
	return list;
}
KTSTR_MAKE_TESTS(make);

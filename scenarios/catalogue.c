// SPDX-License-Identifier: GPL-2.0
/*
 * The catalogue as a test program. Each of its scenarios is a test of the scenario's name,
 * under the kernel's own scheduler or the one that `ktstr run --scheduler` names, on the
 * smallest machine of at least 4 CPUs that it needs. They run only when they are asked for;
 * the suite has one of each category, under the schedulers at hand.
 */
#include <stdlib.h>

#include <ktstr.h>
#include <ktstr/catalogue.h>

#define DURATION_S	2
#define MIN_CPUS	4

static int run(struct ktstr_ctx *ctx)
{
	return ktstr_scenario(ctx, ktstr_test_name(ctx));
}

static uint32_t at_least(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

KTSTR_DEFAULTS_BEGIN
static struct ktstr_test test_of(const struct ktstr_canned *row, uint32_t line)
{
	uint32_t nodes = at_least(row->min_nodes, 1), llcs = at_least(row->min_llcs, nodes);
	uint32_t threads = at_least(row->threads, 1), each = llcs * threads;
	uint32_t cores = at_least((row->min_cpus + each - 1) / each, MIN_CPUS / llcs);

	return (struct ktstr_test){
		KTSTR_TEST_UNSET, .name = row->name, .file = __FILE__, .line = line,
		.body = run, .ignore = KTSTR_ON, .duration_s = DURATION_S,
		.numa_nodes = nodes, .llcs = llcs, .cores = at_least(cores, 1), .threads = threads,
	};
}
KTSTR_DEFAULTS_END

static const struct ktstr_test * const *make(unsigned int *nr)
{
	const struct ktstr_test **list;
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	struct ktstr_test *tests;
	unsigned int max = 0;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name; row++)
			max++;
	tests = calloc(max, sizeof(*tests));
	list = calloc(max, sizeof(*list));
	*nr = 0;
	if (!tests || !list)
		return NULL;
	for (c = ktstr_catalogue; c->name; c++) {
		for (row = c->rows; row->name; row++, (*nr)++) {
			tests[*nr] = test_of(row, *nr);
			list[*nr] = &tests[*nr];
		}
	}
	return list;
}
KTSTR_MAKE_TESTS(make);

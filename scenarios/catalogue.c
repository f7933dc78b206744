// SPDX-License-Identifier: GPL-2.0
/*
 * The catalogue as a test program. Each of its scenarios is a test of the scenario's name,
 * (or several in one guest, "batch_") under the kernel's own scheduler or the one that `ktstr run --scheduler` names, on the
 * smallest machine of at least 4 CPUs that it needs. They run only when they are asked for;
 * the suite has one of each category, under the schedulers at hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr.h>
#include <ktstr/catalogue.h>

KTSTR_SCHEDULER(ktstr, .binary = "scx_ktstr");
KTSTR_SCHEDULER(simple, .binary = "scx_simple");
KTSTR_SCHEDULER(flatcg, .binary = "scx_flatcg");

#define DURATION_S	3
/*
 * Of a scenario in a batch: cgroups made and removed, 1.5 on 8 emulated CPUs; tasks that do not
 * end, 5 to stop, 3 to be killed, 5 to leave their cgroup.
 */
#define SURROUND_S	15
#define MIN_CPUS	4
#define BATCH		"batch_"

static int run(struct ktstr_ctx *ctx)
{
	return ktstr_scenario(ctx, ktstr_test_name(ctx));
}

static uint32_t at_least(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The name of such a test is "batch_" and what it runs. */
static int run_batch(struct ktstr_ctx *ctx)
{
	return ktstr_scenario_batch(ctx, ktstr_test_name(ctx) + strlen(BATCH));
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
		/* the gauntlet; what a scenario needs it says itself on other machines */
		.min_numa_nodes = nodes, .max_numa_nodes = KTSTR_MAX_NODES, .min_llcs = llcs,
		.min_cpus = at_least(row->min_cpus, 1),
	};
}

/* On the smallest machine of at least 4 CPUs on which none of them is skipped. */
static struct ktstr_test batch_of(const char *name, const char *what)
{
	struct ktstr_batch b = ktstr_batch(what);
	uint32_t nodes = at_least(b.min_nodes, 1), llcs = at_least(b.min_llcs, nodes);
	uint32_t cpus = at_least(b.min_cpus, MIN_CPUS);

	return (struct ktstr_test){
		KTSTR_TEST_UNSET, .name = name, .file = __FILE__, .body = run_batch,
		.ignore = KTSTR_ON, .duration_s = DURATION_S * b.nr, .grace_s = SURROUND_S * b.nr,
		.numa_nodes = nodes, .llcs = llcs, .cores = (cpus + llcs - 1) / llcs,
	};
}
KTSTR_DEFAULTS_END

/* All tests of the catalogue into @tests; NULL only counts them. */
static unsigned int fill(struct ktstr_test *tests)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	unsigned int nr = 0;
	char *name;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name; row++, nr++)
			if (tests)
				tests[nr] = test_of(row, nr);
	for (c = ktstr_catalogue; c->name; c++, nr++)
		if (tests && asprintf(&name, BATCH "%s", c->name) > 0)
			tests[nr] = batch_of(name, c->name);
	if (tests)
		tests[nr] = batch_of(BATCH "all", "all");
	return nr + 1;
}

static const struct ktstr_test * const *make(unsigned int *nr)
{
	unsigned int max = fill(NULL), i;
	const struct ktstr_test **list = calloc(max, sizeof(*list));
	struct ktstr_test *tests = calloc(max, sizeof(*tests));

	*nr = 0;
	if (!tests || !list)
		return NULL;
	*nr = fill(tests);
	for (i = 0; i < *nr; i++)
		list[i] = &tests[i];
	return list;
}
KTSTR_MAKE_TESTS(make);

/* The suite's share: one of each category, each scheduler in turn. */
#define IN_SUITE(_name, _scheduler, _duration_s, ...)				\
	KTSTR_TEST(_name, .scheduler = _scheduler, .duration_s = _duration_s, ##__VA_ARGS__)

IN_SUITE(basic_scenario, &simple, 1, .cores = 4)
{
	return ktstr_scenario(ctx, "host_cgroup_contention");
}

IN_SUITE(cpuset_scenario, &ktstr, 2, .cores = 4)
{
	return ktstr_scenario(ctx, "cgroup_cpuset_resize");
}

IN_SUITE(affinity_scenario, &simple, 1, .cores = 4)
{
	return ktstr_scenario(ctx, "cgroup_affinity_change");
}

IN_SUITE(sched_class_scenario, &flatcg, 1)
{
	return ktstr_scenario(ctx, "sched_batch");
}

IN_SUITE(dynamic_scenario, &simple, 1)
{
	return ktstr_scenario(ctx, "cgroup_rapid_churn");
}

IN_SUITE(stress_scenario, &ktstr, 1, .cores = 4)
{
	return ktstr_scenario(ctx, "cgroup_per_cpu");
}

IN_SUITE(stall_scenario, &flatcg, 1)
{
	return ktstr_scenario(ctx, "stall_detect");
}

IN_SUITE(advanced_scenario, &ktstr, 1)
{
	return ktstr_scenario(ctx, "cgroup_idle_overloaded");
}

IN_SUITE(nested_scenario, &flatcg, 2)
{
	return ktstr_scenario(ctx, "nested_cgroup_task_move");
}

IN_SUITE(interaction_scenario, &simple, 2)
{
	return ktstr_scenario(ctx, "cgroup_no_ctrl_task_migration");
}

IN_SUITE(performance_scenario, &ktstr, 1)
{
	return ktstr_scenario(ctx, "cache_pipe_io_compute_imbalance");
}

IN_SUITE(numa_scenario, &simple, 1, .numa_nodes = 2, .llcs = 2, .cores = 2)
{
	return ktstr_scenario(ctx, "cgroup_cpuset_numa_swap");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The catalogue: the table of its categories, and how a row is run.
 *
 * A row's checks are laid over those of the test for as long as it runs, because a scenario
 * that pins its workers to one CPU knows better than a default how unequal they may be.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/cases.h>
#include <ktstr/claim.h>

#include "catalogue.h"

KTSTR_DEFAULTS_BEGIN
const struct ktstr_checks catalogue_beside_modest = {
	KTSTR_CHECK_UNSET, .max_spread_pct = CATALOGUE_CHANCE_PCT,
};
const struct ktstr_checks catalogue_take_turns = {
	KTSTR_CHECK_UNSET, .max_spread_pct = 100,
};
KTSTR_DEFAULTS_END

#define CATEGORY(_name, _about)	{ #_name, _about, catalogue_##_name }

const struct ktstr_category ktstr_catalogue[] = {
	CATEGORY(basic, "Cgroups that share a machine, without special requirements."),
	CATEGORY(cpuset, "Cpusets that overlap, appear, disappear, move and change size."),
	CATEGORY(affinity, "Workers that pin themselves, in and across cpusets."),
	CATEGORY(sched_class, "Batch, idle and realtime policies beside normal tasks."),
	CATEGORY(entitlement, "Weights, bandwidth and policies, and their changes while tasks run."),
	CATEGORY(dynamic, "Cgroups that come and go while others work."),
	CATEGORY(stress, "Unusual numbers of workers, cgroups, wake-ups, page faults and locks."),
	CATEGORY(stall, "Load under which a forgotten task or CPU shows as a stall."),
	CATEGORY(advanced, "Very unequal demand in cgroups with equal shares."),
	CATEGORY(nested, "Hierarchies of cgroups, and tasks that move in them."),
	CATEGORY(interaction, "Combinations of two of the above."),
	CATEGORY(performance, "Wake-up and cache patterns with limits on their variation."),
	CATEGORY(numa, "Memory and CPUs of several NUMA nodes."),
	{ }
};

const struct ktstr_canned *ktstr_canned__find(const char *name)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name; row++)
			if (!strcmp(row->name, name))
				return row;
	return NULL;
}

uint32_t catalogue_nr_usable(const struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx);

	return nr > 2 ? nr - 1 : nr;
}

struct catalogue_cpu catalogue_cpu(uint32_t cpu)
{
	struct catalogue_cpu c;

	snprintf(c.list, sizeof(c.list), "%u", cpu % KTSTR_MAX_CPUS);
	return c;
}

void catalogue_claim_cpus(struct ktstr_ctx *ctx, uint32_t step, const char *name, uint32_t cpus)
{
	uint32_t nr = ktstr_nr_cpus(ctx);
	struct ktstr_stats used;

	if (name)
		used = phase_cgroup(ctx, step, name);
	else
		used = phase_stats(ctx, step);
	if (cpus > nr)
		cpus = nr;
	claim_at_least(ctx, used.cpus, cpus,
		       .because = "so many may be used, and there are runnable tasks for them");
}

/* The first cgroup that could use several CPUs: the others may be crowded out of some. */
static void claim_all_used(struct ktstr_ctx *ctx, const struct ktstr_cgroup *cgroups,
			   const struct ktstr_cpumask *sets, const struct ktstr_steady *s)
{
	uint32_t i, cpus, workers;

	for (i = 0; cgroups[i].name; i++) {
		workers = cgroups[i].works.nr ? cgroups[i].works.spec->workers :
						ktstr_workers_per_cgroup(ctx);
		cpus = s->cpusets.kind == PARTITION_NONE ? ktstr_nr_cpus(ctx) :
							   ktstr_cpumask__weight(&sets[i]);
		if (cpus < 2 || workers < 2)
			continue;
		catalogue_claim_cpus(ctx, 0, cgroups[i].name, cpus < workers ? cpus : workers);
		return;
	}
}

static int run_steady(struct ktstr_ctx *ctx, const struct ktstr_steady *s,
		      const struct ktstr_machine *m)
{
	uint32_t nr = s->cgroups ? s->cgroups : 2, i;
	struct ktstr_cgroup cgroups[PARTITION_MAX + 1] = { };
	char names[PARTITION_MAX][16], lists[PARTITION_MAX][512];
	struct ktstr_cpumask sets[PARTITION_MAX];
	int ret;

	if (ktstr_partition__sets(&s->cpusets, m, sets, nr)) {
		ktstr_skip(ctx, "not enough CPUs/LLCs: %u CPUs in %u LLCs cannot be divided among %u cgroups",
			   ktstr_cpumask__weight(&m->online), m->nr_llcs, nr);
		return 0;
	}
	for (i = 0; i < nr; i++) {
		snprintf(names[i], sizeof(names[i]), "cg_%u", i);
		cgroups[i].name = names[i];
		if (s->works.nr) {
			cgroups[i].works.spec = &s->works.spec[i < s->works.nr ? i : 0];
			cgroups[i].works.nr = 1;
		}
		cgroups[i].swappable = !s->works.nr ||
				       cgroups[i].works.spec->work.type == KTSTR_WORK_SPIN_WAIT;
		if (s->cpusets.kind == PARTITION_NONE)
			continue;
		ktstr_cpumask__format(&sets[i], lists[i], sizeof(lists[i]));
		cgroups[i].cpuset = (struct ktstr_cpuset)CPUS(lists[i]);
	}
	ret = ktstr_run_scenario(ctx, BACKDROP(.no_cpu_controller = s->no_cpu_controller),
				 STEP(.cgroups = cgroups, HOLD_SETTLED(1.0)));
	if (!ret && s->uses_all)
		claim_all_used(ctx, cgroups, sets, s);
	return ret;
}

int catalogue_steady__run(struct ktstr_ctx *ctx, const struct ktstr_steady *s)
{
	struct ktstr_machine *m = ktstr_machine(ctx);
	int ret = m ? run_steady(ctx, s, m) : -EIO;

	free(m);
	return ret;
}

/* Nodes of memory alone are no place to run. */
static uint32_t nodes_with_cpus(struct ktstr_ctx *ctx)
{
	struct ktstr_machine *m = ktstr_machine(ctx);
	uint32_t i, nr = 0;

	for (i = 0; m && i < m->nr_nodes; i++)
		nr += !!ktstr_cpumask__weight(&m->nodes[i]);
	free(m);
	return nr;
}

/* Skip on a machine that has less of something than the scenario needs. */
static bool too_small(struct ktstr_ctx *ctx, const struct ktstr_canned *row)
{
	const struct ktstr_topology *topo = ktstr_topology(ctx);
	const struct {
		const char *what;
		uint32_t has, needs;
	} needs[] = {
		{ "CPUs", ktstr_nr_cpus(ctx), row->min_cpus },
		{ "LLCs", topo->llcs, row->min_llcs },
		{ "NUMA nodes with CPUs", row->min_nodes > 1 ? nodes_with_cpus(ctx) : 1,
		  row->min_nodes },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needs); i++) {
		if (needs[i].has >= needs[i].needs)
			continue;
		ktstr_skip(ctx, "not enough %s: %s needs %u, the machine has %u", needs[i].what,
			   row->name, needs[i].needs, needs[i].has);
		return true;
	}
	return false;
}

static int run_row(struct ktstr_ctx *ctx, const void *arg)
{
	const struct ktstr_canned *row = arg;

	return row->steady ? catalogue_steady__run(ctx, row->steady) : row->run(ctx);
}

static int run_if_possible(struct ktstr_ctx *ctx, const void *arg)
{
	const struct ktstr_canned *row = arg;

	return too_small(ctx, row) ? 0 : ktstr_with_checks(ctx, &row->checks, run_row, row);
}

int ktstr_scenario(struct ktstr_ctx *ctx, const char *name)
{
	const struct ktstr_canned *row = ktstr_canned__find(name);

	if (row)
		return run_if_possible(ctx, row);
	ktstr_error(ctx, "the catalogue has no scenario %s: see `ktstr list scenarios`", name);
	return -ENOENT;
}

static bool wanted(const char *what, const struct ktstr_category *c)
{
	return !strcmp(what, "all") || !strcmp(what, c->name);
}

/* The rows of @what; as cases, unless @cases is NULL. */
static uint32_t list_cases(const char *what, struct ktstr_case *cases)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	uint32_t nr = 0;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name && wanted(what, c); row++, nr++)
			if (cases)
				cases[nr] = (struct ktstr_case){ row->name, run_if_possible, row };
	return nr;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

struct ktstr_batch ktstr_batch(const char *what)
{
	struct ktstr_batch b = { };
	const struct ktstr_category *c;
	const struct ktstr_canned *row;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name && wanted(what, c); row++, b.nr++) {
			b.min_cpus = larger(b.min_cpus, row->min_cpus);
			b.min_llcs = larger(b.min_llcs, row->min_llcs);
			b.min_nodes = larger(b.min_nodes, row->min_nodes);
		}
	return b;
}

int ktstr_scenario_batch(struct ktstr_ctx *ctx, const char *what)
{
	uint32_t nr = list_cases(what, NULL);
	struct ktstr_case *cases;
	int ret;

	if (!nr) {
		ktstr_error(ctx, "the catalogue has no category %s", what);
		return -ENOENT;
	}
	cases = calloc(nr, sizeof(*cases));
	if (!cases)
		return -ENOMEM;
	list_cases(what, cases);
	ret = ktstr_run_cases(ctx, cases, nr);
	free(cases);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The catalogue: the table of its categories, and how a row is run.
 *
 * A row's checks are laid over those of the test for as long as it runs, because a scenario
 * that pins its workers to one CPU knows better than a default how unequal they may be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/claim.h>

#include "../../harness/checks/checks.h"
#include "../../harness/core/ctx.h"
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
	CATEGORY(basic, "Cgroups that share a machine and want nothing special."),
	CATEGORY(cpuset, "Cpusets that overlap, appear, vanish, move and change their size."),
	CATEGORY(affinity, "Workers that pin themselves, in and across cpusets."),
	CATEGORY(sched_class, "Batch, idle and realtime policies beside normal ones."),
	CATEGORY(dynamic, "Cgroups that come and go while others work."),
	CATEGORY(stress, "More of something than is usual: workers, cgroups, wake-ups, faults, locks."),
	CATEGORY(stall, "Load under which a forgotten task or CPU shows as a stall."),
	CATEGORY(advanced, "Very unequal demand in cgroups that deserve the same."),
	CATEGORY(nested, "Hierarchies of cgroups, and tasks that move in them."),
	CATEGORY(interaction, "Two of the above at once."),
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

struct ktstr_machine *catalogue_machine(struct ktstr_ctx *ctx)
{
	struct ktstr_machine *m;
	struct vm_err err;

	m = ktstr_machine__read("/sys", &err);
	if (!m)
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s", err.msg);
	return m;
}

uint32_t catalogue_nr_usable(const struct ktstr_ctx *ctx)
{
	return ctx->nr_cpus > 2 ? ctx->nr_cpus - 1 : ctx->nr_cpus;
}

uint32_t catalogue_workers(const struct ktstr_ctx *ctx)
{
	return ctx->workers_per_cgroup;
}

struct catalogue_cpu catalogue_cpu(uint32_t cpu)
{
	struct catalogue_cpu c;

	snprintf(c.list, sizeof(c.list), "%u", cpu % KTSTR_MAX_CPUS);
	return c;
}

static int run_steady(struct ktstr_ctx *ctx, const struct ktstr_steady *s,
		      const struct ktstr_machine *m)
{
	uint32_t nr = s->cgroups ? s->cgroups : 2, i;
	struct ktstr_cgroup cgroups[PARTITION_MAX + 1] = { };
	char names[PARTITION_MAX][16], lists[PARTITION_MAX][512];
	struct ktstr_cpumask sets[PARTITION_MAX];

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
	return ktstr_run_scenario(ctx, BACKDROP(.no_cpu_controller = s->no_cpu_controller),
				  STEP(.cgroups = cgroups, HOLD_SETTLED(1.0)));
}

int catalogue_steady__run(struct ktstr_ctx *ctx, const struct ktstr_steady *s)
{
	struct ktstr_machine *m = catalogue_machine(ctx);
	int ret = m ? run_steady(ctx, s, m) : -EIO;

	free(m);
	return ret;
}

/* Skip on a machine that has less of something than the scenario needs. */
static bool too_small(struct ktstr_ctx *ctx, const struct ktstr_canned *row)
{
	const struct {
		const char *what;
		uint32_t has, needs;
	} needs[] = {
		{ "CPUs", ctx->nr_cpus, row->min_cpus },
		{ "LLCs", ctx->topo.llcs, row->min_llcs },
		{ "NUMA nodes", ctx->topo.numa_nodes, row->min_nodes },
	};
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (needs[i].has >= needs[i].needs)
			continue;
		ktstr_skip(ctx, "not enough %s: %s needs %u, the machine has %u", needs[i].what,
			   row->name, needs[i].needs, needs[i].has);
		return true;
	}
	return false;
}

int ktstr_scenario(struct ktstr_ctx *ctx, const char *name)
{
	const struct ktstr_canned *row = ktstr_canned__find(name);
	struct ktstr_checks checks = ctx->checks;
	int ret;

	if (!row) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "the catalogue has no scenario %s: see `ktstr list scenarios`",
				  name);
		return -ENOENT;
	}
	if (too_small(ctx, row))
		return 0;
	ktstr_checks__merge(&ctx->checks, &row->checks);
	ret = row->steady ? catalogue_steady__run(ctx, row->steady) : row->run(ctx);
	ctx->checks = checks;
	return ret;
}

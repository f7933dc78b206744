// SPDX-License-Identifier: GPL-2.0
/* Cgroups that come and go while others work. */
#include "catalogue.h"

#define SPINNERS(_cg)	CGROUP(_cg, .swappable = true)

static int cgroup_add_midrun(struct ktstr_ctx *ctx)
{
	struct ktstr_cgroup extra[] = { SPINNERS("cg_2"), SPINNERS("cg_3"), { } };

	if (ktstr_nr_cpus(ctx) < 5)	/* no more cgroups than the machine has CPUs to spare */
		extra[1].name = NULL;
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(SPINNERS("cg_0"), SPINNERS("cg_1"))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(.cgroups = extra, HOLD_FRAC(0.5)));
}

/* Two to four cgroups, the second half of them leaves. */
static int cgroup_remove_midrun(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx) - 1 < 4 ? ktstr_nr_cpus(ctx) - 1 : 4;
	struct ktstr_cgroup stay[] = { SPINNERS("cg_0"), SPINNERS("cg_1"), { } };
	struct ktstr_cgroup leave[] = { SPINNERS("cg_2"), SPINNERS("cg_3"), { } };

	stay[nr / 2].name = NULL;
	leave[nr - nr / 2].name = NULL;
	return ktstr_run_scenario(ctx, BACKDROP(.cgroups = stay),
				  STEP(.cgroups = leave, HOLD_SETTLED(0.5)),
				  STEP(HOLD_FRAC(0.5)));
}

/* A cgroup that is made and removed ten times a second. */
static int cgroup_rapid_churn(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(SPINNERS("cg_0"), SPINNERS("cg_1"))),
		STEP(HOLD_SETTLE),
		STEP(OPS(REMOVE_CGROUP("ephemeral"), ADD_CGROUP("ephemeral")), HOLD_LOOP_MS(100)));
}

static int cgroup_cpuset_add_remove(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 3)),
				 CGROUP("cg_1", .cpuset = DISJOINT(1, 3)))),
		STEP(HOLD_SETTLED(1.0 / 3)),
		STEP(CGROUPS(CGROUP("cg_2", .cpuset = DISJOINT(2, 3))), HOLD_FRAC(1.0 / 3)),
		STEP(HOLD_FRAC(1.0 / 3)));
}

static int cgroup_add_during_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = 8, .checks = &catalogue_beside_modest),
				 CGROUP("cg_1", .workers = 2, .work = BURSTY_MS(50, 100)))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(CGROUPS(CGROUP("cg_2", .workers = 4)), HOLD_FRAC(0.5)));
}

/* More tasks than CPUs, and a CPU that is away for more than half of the time. */
static int cpu_offline_midrun(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = ktstr_nr_cpus(ctx)),
				 CGROUP("cg_1", .workers = ktstr_nr_cpus(ctx) / 2))),
		STEP(HOLD_SETTLED(0.1)),
		STEP(OPS(CPU_OFFLINE(1)), HOLD_FRAC(0.7)),
		STEP(HOLD_FRAC(0.2)));
}

/* To a scheduler, cgroups leave with the cpu controller and come back with it. */
static int cgroup_controllers_toggled(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(SPINNERS("cg_0"), CGROUP("cg_1", .pids_max = LIMIT(100)))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SET_CONTROLLERS(NULL, "-cpu +cpu -pids +pids")), HOLD_LOOP_MS(100)));
}

CANNED_TABLE(catalogue_dynamic,
	CANNED(cgroup_add_midrun,
	       "does not give a new cgroup its share at once",
	       .fault = "drop",
	       .min_cpus = 4,
	       .run = cgroup_add_midrun),
	CANNED(cgroup_remove_midrun,
	       "keeps CPUs reserved for removed cgroups, or uses their freed state",
	       .fault = "drop",
	       .min_cpus = 3, .run = cgroup_remove_midrun),
	CANNED(cgroup_rapid_churn,
	       "leaks state for each cgroup, or stalls other tasks while a cgroup is created",
	       .fault = "drop",
	       .run = cgroup_rapid_churn),
	CANNED(cgroup_controllers_toggled,
	       "does not expect that the cpu controller goes off and on again below tasks",
	       .fault = "controllers",
	       .run = cgroup_controllers_toggled),
	CANNED(cgroup_cpuset_add_remove,
	       "does not adapt to a cpuset that appears and disappears",
	       .fault = "ignore-cpuset",
	       .min_cpus = 4, .isolation = true, .run = cgroup_cpuset_add_remove),
	CANNED(cgroup_add_during_imbalance,
	       "starves a new cgroup while an older one is overloaded",
	       .fault = "starve-new",
	       .run = cgroup_add_during_imbalance),
	CANNED(cpu_offline_midrun,
	       "leaves tasks in the queue of a CPU that goes offline, or does not survive that it does",
	       .fault = "offline-queue",
	       .min_cpus = 3, .max_spread_pct = CATALOGUE_CHANCE_PCT, .run = cpu_offline_midrun));

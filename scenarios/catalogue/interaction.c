// SPDX-License-Identifier: GPL-2.0
/* Two difficulties at once. Each alone is handled by many schedulers. */
#include "catalogue.h"

static int cgroup_add_load_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = 1, .work = YIELD_HEAVY),
				 CGROUP("cg_1", .workers = 1, .work = YIELD_HEAVY))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(CGROUPS(CGROUP("cg_2", .workers = 16, .checks = &catalogue_beside_modest)),
		     HOLD_FRAC(0.5)));
}

static int cgroup_imbalance_mixed_workload(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .workers = 8, .checks = &catalogue_beside_modest),
			CGROUP("cg_1", .work = BURSTY_MS(100, 50)),
			CGROUP("cg_2", .work = IO_SYNC_WRITE)),
		HOLD_SETTLED(1.0)));
}

/* The crowd and the lone task change places, each time with new tasks. */
static int cgroup_load_oscillation(struct ktstr_ctx *ctx)
{
	uint32_t many = ktstr_workers_per_cgroup(ctx) * 2;
	const struct ktstr_cgroup left[] = {
		CGROUP("cg_0", .workers = many, .checks = &catalogue_beside_modest),
		CGROUP("cg_1", .workers = 1, .work = YIELD_HEAVY), { },
	}, right[] = {
		CGROUP("cg_0", .workers = 1, .work = YIELD_HEAVY),
		CGROUP("cg_1", .workers = many, .checks = &catalogue_beside_modest), { },
	};

	return ktstr_run(ctx, STEP(.cgroups = left, HOLD_SETTLED(0.25)),
			 STEP(.cgroups = right, HOLD_FRAC(0.25)),
			 STEP(.cgroups = left, HOLD_FRAC(0.25)),
			 STEP(.cgroups = right, HOLD_FRAC(0.25)));
}

static int cgroup_4way_load_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .workers = 16, .checks = &catalogue_beside_modest),
			CGROUP("cg_1", .workers = 1, .work = YIELD_HEAVY),
			CGROUP("cg_2", .workers = 8, .checks = &catalogue_beside_modest),
			CGROUP("cg_3", .workers = 4, .checks = &catalogue_beside_modest)),
		HOLD_SETTLED(1.0)));
}

static int cgroup_cpuset_imbalance_combined(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 2),
			       .workers = catalogue_nr_usable(ctx) / 2 * 2),
			CGROUP("cg_1", .cpuset = DISJOINT(1, 2), .workers = 2,
			       .work = BURSTY_MS(50, 150))),
		HOLD_SETTLED(1.0)));
}

#define MOVE(_from, _to)	STEP(OPS(MOVE_ALL_TASKS(_from, _to)), HOLD_FRAC(0.1))

static int cgroup_no_ctrl_task_migration(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0"), CGROUP("cg_mobile")), OPS(ADD_CGROUP("cg_1")),
			 .no_cpu_controller = true),
		STEP(HOLD_SETTLE),
		MOVE("cg_mobile", "cg_1"), MOVE("cg_1", "cg_mobile"),
		MOVE("cg_mobile", "cg_1"), MOVE("cg_1", "cg_mobile"),
		MOVE("cg_mobile", "cg_1"), MOVE("cg_1", "cg_mobile"),
		MOVE("cg_mobile", "cg_1"), MOVE("cg_1", "cg_mobile"),
		MOVE("cg_mobile", "cg_1"),
		STEP(HOLD_FRAC(0.1)));
}

#undef MOVE
#define MOVE(_from, _to)	STEP(OPS(MOVE_ALL_TASKS(_from, _to)), HOLD_FRAC(1.0 / 6))

static int cgroup_no_ctrl_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("heavy", .workers = 6),
				 CGROUP("light", .workers = 2, .work = BURSTY_MS(50, 100)),
				 CGROUP("mobile", .workers = 2)),
			 OPS(ADD_CGROUP("overflow")), .no_cpu_controller = true),
		STEP(HOLD_SETTLE),
		MOVE("mobile", "overflow"), MOVE("overflow", "mobile"),
		MOVE("mobile", "overflow"), MOVE("overflow", "mobile"),
		MOVE("mobile", "overflow"),
		STEP(HOLD_FRAC(1.0 / 6)));
}

static int cgroup_no_ctrl_cpuset_change(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 2)),
				 CGROUP("cg_1", .cpuset = DISJOINT(1, 2))),
			 .no_cpu_controller = true),
		STEP(HOLD_SETTLED(0.5)),
		STEP(OPS(CLEAR_CPUSET("cg_0"), CLEAR_CPUSET("cg_1")), HOLD_FRAC(0.5)));
}

static int cgroup_io_compute_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .work = IO_SYNC_WRITE),
			CGROUP("cg_1", .workers = ktstr_nr_cpus(ctx))),
		HOLD_SETTLED(1.0)));
}

CANNED_TABLE(catalogue_interaction,
	CANNED(cgroup_add_load_imbalance,
	       "lets many new tasks starve tasks that yield",
	       .fault = "new-first",
	       .run = cgroup_add_load_imbalance),
	CANNED(cgroup_imbalance_mixed_workload,
	       "lets spinners delay tasks that sleep or write",
	       .fault = "no-preempt",
	       .run = cgroup_imbalance_mixed_workload),
	CANNED(cgroup_load_oscillation,
	       "reacts to load that has moved elsewhere by then",
	       .fault = "drop",
	       .run = cgroup_load_oscillation),
	CANNED(cgroup_4way_load_imbalance,
	       "is fair to two cgroups but not to four",
	       .fault = "starve-cgroup",
	       .min_cpus = 5, .threads = 2, .run = cgroup_4way_load_imbalance),
	CANNED(cgroup_cpuset_imbalance_combined,
	       "makes woken tasks wait although their cpuset has idle CPUs",
	       .fault = "ignore-cpuset",
	       .isolation = true, .run = cgroup_cpuset_imbalance_combined),
	CANNED(cgroup_cpuset_overlap_imbalance_combined,
	       "fills the CPUs that two cpusets share and leaves the others idle",
	       .fault = "one-cpu",
	       /* with fewer CPUs no two cpusets overlap */
	       .min_cpus = 8, .isolation = true,
	       STEADY(.cgroups = 3, CPUSETS(OVERLAP, 0.5), .uses_all = true,
		      .works = WORKS(WORKSPEC(.workers = 12, .checks = &catalogue_beside_modest),
				     WORKSPEC(.workers = 2, DOES_BURSTS(50, 100)),
				     WORKSPEC(.workers = 1, DOES(YIELD_HEAVY))))),
	CANNED(cgroup_no_ctrl_task_migration,
	       "loses track of tasks that change their cgroup",
	       .fault = "drop-moved",
	       .run = cgroup_no_ctrl_task_migration),
	CANNED(cgroup_no_ctrl_imbalance,
	       "charges a moved task to the cgroup that it left",
	       .fault = "drop-moved",
	       .run = cgroup_no_ctrl_imbalance),
	CANNED(cgroup_no_ctrl_cpuset_change,
	       "depends on the cpu controller to learn that a cpuset is gone",
	       .fault = "ignore-cpuset",
	       .isolation = true, .run = cgroup_no_ctrl_cpuset_change),
	CANNED(cgroup_no_ctrl_load_imbalance,
	       "depends on the cpu controller to tell many tasks from one",
	       .fault = "no-preempt",
	       STEADY(.no_cpu_controller = true,
		      .works = WORKS(WORKSPEC(.workers = 16),
				     WORKSPEC(.workers = 1, DOES(YIELD_HEAVY))))),
	CANNED(cgroup_io_compute_imbalance,
	       "lets tasks that compute delay those that write",
	       .fault = "no-preempt",
	       .run = cgroup_io_compute_imbalance));

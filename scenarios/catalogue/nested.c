// SPDX-License-Identifier: GPL-2.0
/* Cgroups in cgroups. What is between the root and a task counts, empty or not. */
#include <stdio.h>

#include "catalogue.h"

static int nested_cgroup_steady(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		OPS(ADD_CGROUP("cg_0"), ADD_CGROUP("cg_1"), ADD_CGROUP("cg_1/sub_a")),
		CGROUPS(CGROUP("cg_0/sub_a"), CGROUP("cg_0/sub_b"), CGROUP("cg_1/sub_b"),
			CGROUP("cg_1/sub_a/deep")),
		HOLD_SETTLED(1.0)));
}

/* From a leaf to its parent, into the other tree's leaf, up again. */
static int nested_cgroup_task_move(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0/sub")),
			 OPS(ADD_CGROUP("cg_0"), ADD_CGROUP("cg_1"), ADD_CGROUP("cg_1/sub"))),
		STEP(HOLD_SETTLED(0.25)),
		STEP(OPS(MOVE_ALL_TASKS("cg_0/sub", "cg_0")), HOLD_FRAC(0.25)),
		STEP(OPS(MOVE_ALL_TASKS("cg_0", "cg_1/sub")), HOLD_FRAC(0.25)),
		STEP(OPS(MOVE_ALL_TASKS("cg_1/sub", "cg_1")), HOLD_FRAC(0.25)));
}

static int nested_cgroup_rapid_churn(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("cg_0"), CGROUP("cg_1"))),
		STEP(HOLD_SETTLE),
		STEP(OPS(REMOVE_CGROUP("cg_0/churn/deep"), REMOVE_CGROUP("cg_0/churn"),
			 ADD_CGROUP("cg_0/churn"), ADD_CGROUP("cg_0/churn/deep")),
		     HOLD_LOOP_MS(100)));
}

/* The inner cpuset is half of the outer one. */
static int nested_cgroup_cpuset(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx);
	char half[24], quarter[24];

	snprintf(half, sizeof(half), "0-%u", nr / 2 - 1);
	snprintf(quarter, sizeof(quarter), "0-%u", nr / 4 - 1);
	return ktstr_run(ctx, STEP(
		OPS(ADD_CGROUP("cg_0"), SET_CPUSET("cg_0", CPUS(half))),
		CGROUPS(CGROUP("cg_0/narrow", .cpuset = CPUS(quarter))),
		HOLD_SETTLED(1.0)));
}

static int nested_cgroup_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0/sub_a", .workers = 8, .checks = &catalogue_beside_modest),
			CGROUP("cg_1/sub_b", .workers = 2, .work = BURSTY_MS(50, 100))),
		HOLD_SETTLED(1.0)));
}

static int nested_cgroup_no_ctrl(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx, BACKDROP(.no_cpu_controller = true), STEP(
		CGROUPS(CGROUP("cg_0/sub_a/deep"), CGROUP("cg_1/sub_b")),
		HOLD_SETTLED(1.0)));
}

CANNED_TABLE(catalogue_nested,
	CANNED(nested_cgroup_steady,
	       "does not schedule cgroups below the first level",
	       .fault = "starve-nested",
	       .run = nested_cgroup_steady),
	CANNED(nested_cgroup_task_move,
	       "loses tasks that move to a cgroup that has children, or between levels",
	       .fault = "drop-moved",
	       .run = nested_cgroup_task_move),
	CANNED(nested_cgroup_rapid_churn,
	       "fails when inner cgroups come and go",
	       .fault = "drop",
	       .run = nested_cgroup_rapid_churn),
	CANNED(nested_cgroup_cpuset,
	       "uses the cpuset of the parent instead of that of the child",
	       .fault = "ignore-cpuset",
	       .min_cpus = 4, .isolation = true, .run = nested_cgroup_cpuset),
	CANNED(nested_cgroup_imbalance,
	       "lets many tasks in one subtree starve a quiet leaf of another",
	       .fault = "drop",
	       .run = nested_cgroup_imbalance),
	CANNED(nested_cgroup_no_ctrl,
	       "treats the depth of a cgroup as its weight",
	       .fault = "drop",
	       .run = nested_cgroup_no_ctrl));

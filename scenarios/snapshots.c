// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots: the scheduler's own data at chosen moments, and how they evolve. docs/snapshots.md and
 * docs/temporal.md explain both tests.
 */
#include <math.h>
#include <string.h>

#include <ktstr.h>
#include <ktstr/inspect.h>

KTSTR_SCHEDULER(fixture, .binary = "scx_ktstr");

/* ---- two moments of one run ---- */

static int the_cgroup_was_seen(struct ktstr_result *r)
{
	struct ktstr_snap idle = snapshot(r, "idle"), busy = snapshot(r, "busy");
	struct ktstr_snap counts = snap_map(busy, "ktstr_cgroup_dispatch_count");
	uint64_t magic = 0, marker = 0;

	/* the scheduler counts enqueues, in all and by cgroup */
	claim_gt(r, snap_number(snap_var(busy, "nr_enqueued")), snap_number(snap_var(idle, "nr_enqueued")));
	claim_at_most(r, snap_number(snap_get(snap_pick(counts, PICK_MAX_BY("")), "")),
		      snap_number(snap_var(busy, "nr_enqueued")),
		      .because = "no cgroup has more enqueues than there are");
	/* six workers, of which two at most run */
	claim_at_least(r, snap_number(snap_kernel(busy, "rq_scx_states[0].rq_nr_running")) +
		       snap_number(snap_kernel(busy, "rq_scx_states[1].rq_nr_running")), 2);
	claim_equals(r, snap_number(snap_var(busy, "crash")), 0);
	/* pointers into its arena, from a variable and from a map, lead to what it has put there */
	snap_u64(snap_var(busy, "bss_holder.target.magic"), &magic);
	snap_u64(snap_get(snap_key(snap_map(busy, "ktstr_cross_btf_map"), 0), "target.marker"), &marker);
	claim_true(r, magic == 0xC0FFEEFEEDFACE01ull);
	claim_true(r, marker == 0x1234567890ABCDEFull);
	return 0;
}

KTSTR_TEST(two_moments, .scheduler = &fixture, .cores = 2, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT, .post_vm = the_cgroup_was_seen)
{
	return ktstr_run_scenario(ctx, BACKDROP(OPS(CAPTURE_SNAPSHOT("idle"))),
		STEP(CGROUPS(CGROUP("cg", .workers = 6)), HOLD_FRAC(0.5)),
		STEP(OPS(ADD_CGROUP_DEF("more", .workers = 6)), HOLD_FRAC(0.25)),
		STEP(OPS(ADD_CGROUP_DEF("last", .workers = 6), CAPTURE_SNAPSHOT("busy")),
		     HOLD_FRAC(0.25)));
}

/* ---- how counters evolve ---- */

static int counters_behave(struct ktstr_result *r)
{
	struct ktstr_column enqueued = column_var(r, "nr_enqueued");
	struct ktstr_column dispatched = column_var(r, "nr_dispatched");
	struct ktstr_column crash = column_var(r, "crash");
	struct ktstr_column said = column_stats(r, "nr_enqueued");
	struct ktstr_column kernel = column_kernel(r, "scx_sched_state.bypass_depth");

	temporal_strictly_increasing(r, &enqueued);
	temporal_nondecreasing(r, &dispatched);
	/* spinning workers: what is enqueued was dispatched a slice ago */
	temporal_ratio_within(r, &dispatched, &enqueued, 0.5, 1.5);
	/* 8 spinners on 2 CPUs with slices of 20 ms: at most a hundred enqueues a second, and wake-ups */
	temporal_rate_within(r, &enqueued, 0.01, 5);
	temporal_each_between(r, &crash, 0, 0);
	/* what the scheduler says of itself, a moment before or behind what the host reads */
	temporal_each_between(r, &said, 1, INFINITY);
	temporal_strictly_increasing(r, &said);
	temporal_ratio_within(r, &said, &enqueued, 0.8, 1.25);
	if (kernel.nr && kernel.sample[0].ok)
		temporal_each_between(r, &kernel, 0, 0);
	claim_equals(r, periodic_fired(r), 6);
	/* all workers on one CPU, and there for a moment kernel threads, PID 1 and the scheduler too */
	claim_between(r, ktstr_monitor_figure(r, "max_imbalance"), 1, 2 * 8);
	return 0;
}

KTSTR_TEST(counters_over_time, .scheduler = &fixture, .cores = 2, .duration_s = 3, .num_snapshots = 6,
	   .post_vm = counters_behave)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg", .workers = 8)), HOLD_FULL));
}

/* ---- a scheduler that does not answer ---- */

static int silence_was_bounded(struct ktstr_result *r)
{
	struct ktstr_snap none = snap_stats(snapshot(r, "first"), "nr_enqueued");
	struct ktstr_snap no_more = snap_stats(snapshot(r, "third"), "nr_enqueued");

	claim_equals(r, none.error, KTSTR_SNAP_MISSING_STATS);
	claim_true(r, strstr(none.text, "has not answered within"));
	claim_true(r, strstr(no_more.text, "not asked any more"));
	/* the snapshots themselves are whole; the second request was the last that was waited for */
	claim_at_least(r, snap_number(snap_var(snapshot(r, "third"), "nr_enqueued")), 1);
	claim_at_most(r, ktstr_snapshot_ms(snapshot(r, "third")) -
		      ktstr_snapshot_ms(snapshot(r, "second")), 900);
	return 0;
}

KTSTR_TEST(scheduler_that_does_not_answer, .scheduler = &fixture, .cores = 2, .duration_s = 1,
	   .extra_sched_args = KTSTR_STRS("--stats", "hang"), .max_gap_ms = KTSTR_NO_LIMIT,
	   /* in 200 ms a slice of 20 ms is a tenth of a worker's share */
	   .max_spread_pct = KTSTR_NO_LIMIT,
	   .post_vm = silence_was_bounded)
{
	return ktstr_run(ctx,
		STEP(CGROUPS(CGROUP("cg")), OPS(CAPTURE_SNAPSHOT("first"), CAPTURE_SNAPSHOT("second")),
		     HOLD_MS(100)),
		STEP(OPS(CAPTURE_SNAPSHOT("third")), HOLD_MS(100)));
}

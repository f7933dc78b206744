// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of the host beside the workers: they find their libraries, run in the cgroup that
 * was asked for, under the scheduler under test, and their figures reach the host.
 */
#include <math.h>

#include <ktstr.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");

KTSTR_PAYLOAD(count, .binary = "seq", .args = KTSTR_STRS("1", "20000"),
	      METRIC_RULES({ "last", "^([0-9]+)$", "", KTSTR_HIGHER_IS_BETTER }),
	      PAYLOAD_CHECKS(METRIC_RANGE("last", 20000, 20000), EXIT_CODE(0)));
KTSTR_PAYLOAD(whereabouts, .binary = "cat", .args = KTSTR_STRS("/proc/self/cgroup"),
	      METRIC_RULES({ "cgroup", "^0::/ktstr/cg_([0-9]+)$" }),
	      PAYLOAD_CHECKS(METRIC_MIN("cgroup", 7), METRIC_MAX("cgroup", 7)));
KTSTR_PAYLOAD(speaks_json, .binary = "printf", .args = KTSTR_STRS("{\"run\": [{\"ops\": 4}]}"),
	      .output = KTSTR_OUTPUT_JSON, METRIC_BOUNDS(1, 0, 10),
	      PAYLOAD_CHECKS(METRIC_RANGE("run.0.ops", 4, 4)));
KTSTR_PAYLOAD(endless, .binary = "sleep", .args = KTSTR_STRS("1000"));

static int figures_arrived(struct ktstr_result *r)
{
	claim_equals(r, ext_metric(r, "count", "last"), 20000);
	claim_equals(r, ext_metric(r, "whereabouts", "cgroup"), 7);
	claim_true(r, isnan(ext_metric(r, "endless", "last")));
	return 0;
}

KTSTR_TEST(payloads_run_beside_workers, .scheduler = &simple, .duration_s = 2,
	   .payload = &count, .workloads = PAYLOADS(&whereabouts, &endless),
	   .max_spread_pct = 90, .post_vm = figures_arrived)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_1", .workers = 1)), .payloads = PAYLOADS(&endless)),
		STEP(OPS(ADD_CGROUP_DEF("cg_7", .workers = 1, .payload = &whereabouts),
			 WAIT_PAYLOAD(&whereabouts, "cg_7"), RUN_PAYLOAD(&count, NULL)),
		     HOLD_FRAC(0.5)),
		STEP(OPS(KILL_PAYLOAD(&endless, NULL)), HOLD_FRAC(0.5)));
}

/* What runs in a cgroup goes where its tasks go, and is found there. */
KTSTR_TEST(payloads_move_with_all_tasks, .duration_s = 1, .payload = &speaks_json,
	   .workloads = PAYLOADS(&endless))
{
	int pids[4], ret = ktstr_run(ctx, STEP(
		OPS(ADD_CGROUP("from"), ADD_CGROUP("to"), RUN_PAYLOAD(&endless, "from"),
		    SPAWN("from", .workers = 1), MOVE_ALL_TASKS("from", "to"),
		    CAPTURE_CGROUP_PROCS("left", "from"), CAPTURE_CGROUP_PROCS("came", "to"),
		    REMOVE_CGROUP("from"), KILL_PAYLOAD(&endless, "to"),
		    RUN_PAYLOAD(&speaks_json, "to"), WAIT_PAYLOAD(&speaks_json, "to")),
		HOLD_FULL));

	claim_equals(ctx, ktstr_captured_procs(ctx, "left", pids, 4), 0);
	claim_equals(ctx, ktstr_captured_procs(ctx, "came", pids, 4), 2);
	claim_equals(ctx, ext_metric(ctx, "speaks_json", "run.0.ops"), 4);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A scenario on the machine it is started on: the same engine, no VM. A guest is a machine
 * too, with a cgroup2 that is all ours: there the program runs itself, whatever this host has.
 */
#include <ktstr.h>

KTSTR_TEST(two_cgroups_here, .host_only = true, .duration_s = 1, .max_spread_pct = 90)
{
	struct ktstr_stats a, b;
	int ret = ktstr_run(ctx,
		STEP(CGROUPS(CGROUP("a", .workers = 1, .cpu_weight = 100),
			     CGROUP("b", .workers = 1, .cpuset = CPUS("0"))),
		     HOLD_FULL));

	a = phase_cgroup(ctx, 0, "a");
	b = phase_cgroup(ctx, 0, "b");
	claim_at_least(ctx, a.work_units, 1);
	claim_cpus_within(ctx, b.cpus_used, "0");
	return ret;
}

KTSTR_PAYLOAD(itself, .binary = "env", .include_files = KTSTR_STRS("/proc/self/exe"),
	      .args = KTSTR_STRS("KTSTR_RUNS_ROOT=/tmp/runs",
				 "KTSTR_HOST_CGROUP_PARENT=/sys/fs/cgroup/inner",
				 "/include-files/exe", "-t", "two_cgroups_here"),
	      METRIC_RULES({ "passed", "^ok ([0-9]+) ktstr\\.two_cgroups_here$" }),
	      PAYLOAD_CHECKS(METRIC_EXISTS("passed")));

KTSTR_TEST(host_only_inside_a_guest, .payload = &itself, .duration_s = 10)
{
	return ktstr_run(ctx, STEP(OPS(RUN_PAYLOAD(&itself, NULL), WAIT_PAYLOAD(&itself, NULL)),
				   CGROUPS(CGROUP("beside", .workers = 1)), HOLD_MS(10)));
}

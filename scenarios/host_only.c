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

/*
 * The same for a user to whom root has delegated a subtree, as systemd does for a session: above
 * .../user.slice/me nothing may be written, and the controllers are enabled from there down.
 */
static const char delegate[] =
	"set -e; root=/sys/fs/cgroup; me=$root/user.slice/me; mkdir -p $me/session\n"
	"for d in $root $root/user.slice; do\n"
	"	echo +cpuset > $d/cgroup.subtree_control; echo +cpu > $d/cgroup.subtree_control\n"
	"done\n"
	"echo $$ > $me/session/cgroup.procs\n"
	"chown 1000:1000 $me $me/cgroup.procs $me/cgroup.subtree_control $me/session "
	"$me/session/cgroup.procs\n"
	"mkdir -m 777 /tmp/mine\n"
	"export KTSTR_RUNS_ROOT=/tmp/mine KTSTR_HOST_CGROUP_PARENT=$me/ktstr\n"
	"export KTSTR_CGROUP_WALK_ROOT=$me\n"
	"exec setpriv --reuid 1000 --regid 1000 --clear-groups sh -c '\n"
	"	test ! -w /sys/fs/cgroup/cgroup.subtree_control && echo unprivileged &&\n"
	"	exec /include-files/exe -t two_cgroups_here'\n";

KTSTR_PAYLOAD(delegated, .binary = "sh", .args = KTSTR_STRS("-c", delegate),
	      .include_files = KTSTR_STRS("/proc/self/exe", "mkdir", "chown", "setpriv"),
	      METRIC_RULES({ "passed", "^ok ([0-9]+) ktstr\\.two_cgroups_here$" },
			   { "skipped", "^# .* skip:([0-9]+) " }),
	      PAYLOAD_CHECKS(METRIC_EXISTS("passed"), METRIC_MAX("skipped", 0)));

KTSTR_TEST(host_only_inside_a_guest, .payload = &itself, .workloads = PAYLOADS(&delegated),
	   .duration_s = 10)
{
	return ktstr_run(ctx, STEP(OPS(RUN_PAYLOAD(&itself, NULL), WAIT_PAYLOAD(&itself, NULL),
				       RUN_PAYLOAD(&delegated, NULL), WAIT_PAYLOAD(&delegated, NULL)),
				   CGROUPS(CGROUP("beside", .workers = 1)), HOLD_MS(10)));
}

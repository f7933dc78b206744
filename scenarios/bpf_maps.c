// SPDX-License-Identifier: GPL-2.0
/*
 * BPF maps of the scheduler, seen and written from the host. The fixture scheduler has one map of
 * each type, with values that are known, and counters; a number that the host writes makes it
 * degrade, which another counter tells.
 */
#include <math.h>

#include <ktstr.h>

#define CPUS_OF_GUEST	4
#define NR_ELEMENTS	16	/* of ktstr_array_fixture */

KTSTR_SCHEDULER(fixture, .binary = "scx_ktstr");

static int maps_say_what_is_known(struct ktstr_result *r)
{
	double allocs = run_metric(r, "bpf_bpf_allocs");

	/* each element has its number for a key */
	claim_equals(r, run_metric(r, "bpf_bpf_key15"), NR_ELEMENTS - 1);
	claim_equals(r, run_metric(r, "bpf_bpf_cpus_avg"), (CPUS_OF_GUEST - 1) / 2.0);
	claim_equals(r, run_metric(r, "bpf_bpf_cpus_max"), CPUS_OF_GUEST - 1);
	claim_equals(r, run_metric(r, "bpf_bpf_cpus_sum"), CPUS_OF_GUEST * (CPUS_OF_GUEST - 1) / 2);
	claim_at_least(r, run_metric(r, "bpf_bpf_enqueued"), 1);
	/* the cgroups' counts are the same enqueues, which go on while all is read */
	claim_between(r, run_metric(r, "bpf_bpf_by_cgroup"),
		      0.9 * run_metric(r, "bpf_bpf_enqueued"),
		      1.1 * run_metric(r, "bpf_bpf_enqueued"));
	/* contexts are in the arena, whose addresses have 4 GiB in common */
	claim_at_least(r, allocs, 4);
	claim_at_least(r, run_metric(r, "bpf_bpf_task_ctx_max"), 1);
	/* it degrades because the host wrote so */
	claim_equals(r, run_metric(r, "bpf_bpf_degrade"), 1);
	claim_at_least(r, run_metric(r, "bpf_bpf_degraded"), 1);
	/* the host has written to the values of all CPUs, and to that of one key */
	claim_equals(r, run_metric(r, "bpf_bpf_magic_avg"), 77);
	claim_equals(r, run_metric(r, "bpf_bpf_magic_max"), 77);
	claim_equals(r, run_metric(r, "bpf_bpf_target"), 4096);
	claim_true(r, isnan(run_metric(r, "bpf_bpf_no_such")), .because = "there is no such field");
	return 0;
}

KTSTR_TEST(maps_are_read_and_written, .scheduler = &fixture, .cores = CPUS_OF_GUEST, .duration_s = 2,
	   .not_starved = false, .isolation = false, .watchdog_timeout_s = 2,
	   .bpf_map_write = MAP_WRITES(
		MAP_WRITE(".bss", "degrade_rt", 1), MAP_WRITE("ktstr_pcpu_fix", "magic", 77),
		MAP_WRITE("ktstr_cross_btf_map", "[0].target", 4096)),
	   .watch_bpf_maps = WATCH_MAPS(
		WATCH_MAP("ktstr_array_fixture", "[15].key", SCALAR, "key15"),
		WATCH_MAP("ktstr_pcpu_fix", "cpu", PER_CPU, "cpus"),
		WATCH_MAP("ktstr_pcpu_fix", "cpu", PER_CPU_COUNTER, "cpus_sum"),
		WATCH_MAP(".bss", "nr_enqueued", SCALAR_COUNTER, "enqueued"),
		WATCH_MAP("ktstr_cgroup_dispatch_count", "", PER_CPU_COUNTER, "by_cgroup"),
		WATCH_MAP(".bss", "nr_task_ctx_allocs", SCALAR_COUNTER, "allocs"),
		WATCH_MAP("ktstr_task_slot", "ctx", PER_CPU, "task_ctx"),
		WATCH_MAP(".bss", "degrade_rt", SCALAR, "degrade"),
		WATCH_MAP(".bss", "degrade_cnt", SCALAR_COUNTER, "degraded"),
		WATCH_MAP("ktstr_pcpu_fix", "magic", PER_CPU, "magic"),
		WATCH_MAP("ktstr_cross_btf_map", "[0].target", SCALAR, "target"),
		WATCH_MAP(".bss", "no_such", SCALAR, "no_such")),
	   .post_vm = maps_say_what_is_known)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 4), CGROUP("b", .workers = 4)),
				   HOLD_FULL));
}

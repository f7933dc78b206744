// SPDX-License-Identifier: GPL-2.0
/*
 * That the engine's cgroups, cpusets, limits, attributes and ops really do what they say: each
 * test arranges something that a kernel which obeys must show in the workers' own figures.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ktstr.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");

/* Two cells that together cover the machine leave no CPU for a scheduler's catch-all cell. */
KTSTR_TEST(cpusets_cover_all_cpus, .scheduler = &simple,
	   .llcs = 2, .cores = 4, .threads = 2, .duration_s = 2, .isolation = true)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("alpha", .workers = 1, .cpuset = CPUS("0-7")),
			CGROUP("beta", .workers = 1, .cpuset = CPUS("8-15"))),
		HOLD_FULL));
}

/* The same machine in the words of its topology; the cells overlap, so spread means nothing. */
KTSTR_TEST(cpusets_by_topology, .llcs = 2, .cores = 2, .threads = 2, .duration_s = 2,
	   .isolation = true, .max_spread_pct = 90)
{
	int ret = ktstr_run(ctx,
		STEP(CGROUPS(CGROUP("llc", .workers = 4, .cpuset = LLC(1)),
			     CGROUP("half", .workers_pct = 1.0, .cpuset = DISJOINT(0, 2)),
			     CGROUP("pair", .workers = 4, .cpuset = LLC(0),
				    .affinity = AFFINITY(SMT_SIBLING_PAIR)),
			     CGROUP("one", .workers = 1, .cpuset = CPU_RANGE(0.5, 1.0),
				    .affinity = AFFINITY(SINGLE_CPU))),
		     HOLD_FULL));

	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "llc").cpus_used, "4-7");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "half").cpus_used, "0-2");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "pair").cpus_used, "0-1");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "one").cpus_used, "3");
	return ret;
}

/* Isolation is judged in each step by the cpuset of that step. */
KTSTR_TEST(cpuset_changes_are_obeyed, .duration_s = 2, .isolation = true)
{
	int ret = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("a", .workers = 1, .cpuset = CPUS("0")),
				 CGROUP("b", .workers = 1, .cpuset = CPUS("1")),
				 CGROUP("free", .workers = 1))),
		STEP(HOLD_FRAC(0.25)),
		STEP(OPS(SWAP_CPUSETS("a", "b")), HOLD_FRAC(0.25)),
		STEP(OPS(SET_CPUSET("a", CPUS("0")), SET_CPUSET("free", CPUS("0"))),
		     HOLD_FRAC(0.25)),
		STEP(OPS(CLEAR_CPUSET("free")), HOLD_FRAC(0.25)));

	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "a").cpus_used, "0");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "b").cpus_used, "1");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 1, "a").cpus_used, "1");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 1, "b").cpus_used, "0");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 2, "a").cpus_used, "0");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 2, "free").cpus_used, "0");
	return ret;
}

KTSTR_TEST(freezing_stops_progress, .duration_s = 2)
{
	struct ktstr_stats frozen, thawed, life;
	int ret = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("frozen", .workers = 1), CGROUP("awake", .workers = 1))),
		STEP(OPS(FREEZE_CGROUP("frozen")), HOLD_FRAC(0.7)),
		STEP(OPS(UNFREEZE_CGROUP("frozen")), HOLD_FRAC(0.3)));

	frozen = phase_cgroup(ctx, 0, "frozen");
	claim_equals(ctx, frozen.work_units, 0);
	claim_at_least(ctx, frozen.max_gap_ms, 1300);
	claim_at_least(ctx, phase_cgroup(ctx, 0, "awake").work_units, 1);
	thawed = phase_cgroup(ctx, 1, "frozen");
	claim_at_least(ctx, thawed.work_units, 1);
	claim_at_most(ctx, thawed.max_gap_ms, 500);
	life = cgroup_stats(ctx, "frozen");
	claim_between(ctx, life.avg_off_cpu_pct, 60, 80);
	claim_at_least(ctx, life.work_units, thawed.work_units);
	claim_at_most(ctx, 2 * life.work_units, cgroup_stats(ctx, "awake").work_units);
	return ret;
}

/* A loop repeats its ops: every second round finds the cgroup thawed. */
KTSTR_TEST(a_loop_repeats_its_ops, .duration_s = 1)
{
	int ret = ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("a", .workers = 1)),
		OPS(FREEZE_CGROUP("a"), CAPTURE_CGROUP_PROCS("round", "a"), UNFREEZE_CGROUP("a")),
		HOLD_LOOP_MS(100)));
	int pids[4];

	claim_at_least(ctx, phase_cgroup(ctx, 0, "a").work_units, 1,
		       .because = "it runs between the freezes");
	if (ktstr_captured_procs(ctx, "round", pids, 4) != 1)
		ktstr_fail(ctx, "the cgroup did not hold its one worker");
	return ret;
}

KTSTR_TEST(quota_limits_the_cpu_share, .duration_s = 2)
{
	int ret = ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("limited", .workers = 1, .cpu_max = CPU_PCT(25)),
			CGROUP("free", .workers = 1)),
		HOLD_FULL));

	claim_between(ctx, phase_cgroup(ctx, 0, "limited").avg_off_cpu_pct, 65, 85);
	return ret;
}

KTSTR_TEST(weights_divide_a_cpu, .duration_s = 2)
{
	double light, heavy;
	int ret = ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("light", .workers = 1, .cpuset = CPUS("0"), .cpu_weight = 100),
			CGROUP("heavy", .workers = 1, .cpuset = CPUS("0"), .cpu_weight = 300)),
		HOLD_FULL));

	light = phase_cgroup(ctx, 0, "light").work_units;
	heavy = phase_cgroup(ctx, 0, "heavy").work_units;
	if (heavy < 2.5 * light || heavy > 3.5 * light)
		ktstr_fail(ctx, "a weight of 300 did %.2f times the work of 100", heavy / light);
	return ret;
}

/* What a worker finds itself to be; the body reads it after the run. */
static struct self {
	int policy, priority, nice;
	uid_t uid;
	gid_t gid;
	char comm[16];
} *self;

static void look_at_self(struct ktstr_work_ctx *w)
{
	struct sched_param p = { };

	(void)w;
	sched_getparam(0, &p);
	self->policy = sched_getscheduler(0);
	self->priority = p.sched_priority;
	self->nice = getpriority(PRIO_PROCESS, 0);
	self->uid = getuid();
	self->gid = getgid();
	prctl(PR_GET_NAME, self->comm);
	usleep(1000);
}

KTSTR_TEST(workers_are_what_the_test_says, .duration_s = 1, .not_starved = false)
{
	int ret;

	self = mmap(NULL, sizeof(*self), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		    0);
	if (self == MAP_FAILED)
		return -errno;
	ret = ktstr_run(ctx, STEP(CGROUPS(CGROUP("a",
		.workers = 1, .work = CUSTOM("look_at_self", look_at_self),
		.policy = POLICY(BATCH), .nice = VALUE(5), .comm = "mirror",
		.uid = VALUE(65534), .gid = VALUE(65533), .mem = MPOL(BIND, "0"))),
		HOLD_FULL));
	if (self->policy != SCHED_BATCH || self->nice != 5)
		ktstr_fail(ctx, "policy %d, nice %d", self->policy, self->nice);
	if (self->uid != 65534 || self->gid != 65533)
		ktstr_fail(ctx, "uid %u, gid %u", self->uid, self->gid);
	if (strcmp(self->comm, "mirror"))
		ktstr_fail(ctx, "comm %s", self->comm);
	return ret;
}

/* Workers come, move, and are stopped; nothing that they did gets lost. */
KTSTR_TEST(workers_are_spawned_moved_and_stopped, .duration_s = 2, .isolation = true)
{
	int pids[8], ret = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("home", .workers = 1, .cpuset = CPUS("0")))),
		STEP(OPS(ADD_CGROUP("x"), SPAWN("x", .workers = 2, .work = YIELD_HEAVY),
			 ADD_CGROUP_DEF("y/z", .workers = 1, .cpuset = CPUS("1")),
			 SPAWN_HOST(.workers = 1, .policy = FIFO(10), .work = BURSTY(NSEC_PER_MSEC,
							10 * NSEC_PER_MSEC)),
			 SET_AFFINITY("x", PINNED("1"))),
		     HOLD_FRAC(0.3)),
		STEP(OPS(SPAWN("home", .workers = 2, .nice = VALUE(5))), HOLD_FRAC(0.3)),
		STEP(OPS(ADD_CGROUP("w"), SPAWN("w", .workers = 3), MOVE_ALL_TASKS("w", "home"),
			 REMOVE_CGROUP("w"), CAPTURE_CGROUP_PROCS("moved", "home")),
		     HOLD_FRAC(0.2)),
		STEP(OPS(CAPTURE_CGROUP_PROCS("stayed", "home"), STOP_CGROUP("home"),
			 CAPTURE_CGROUP_PROCS("stopped", "home")),
		     HOLD_FRAC(0.2)));

	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "x").cpus_used, "1");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "y/z").cpus_used, "1");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 0, "home").cpus_used, "0");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 1, "home").cpus_used, "0");
	claim_cpus_equal(ctx, phase_cgroup(ctx, 2, "home").cpus_used, "0");
	claim_equals(ctx, phase_cgroup(ctx, 0, "(runner's cgroup)").workers, 1);
	if (ktstr_captured_procs(ctx, "moved", pids, 8) != 4)
		ktstr_fail(ctx, "four workers should have lived at home");
	if (ktstr_captured_procs(ctx, "stayed", pids, 8) != 4)
		ktstr_fail(ctx, "the workers that moved into the backdrop should have stayed");
	if (ktstr_captured_procs(ctx, "stopped", pids, 8) != 0)
		ktstr_fail(ctx, "nobody should have been left at home");
	return ret;
}

/* What a cgroup is entitled to changes while its only task competes for one CPU. */
KTSTR_TEST(changes_are_obeyed, .duration_s = 2, .max_spread_pct = KTSTR_NO_LIMIT)
{
	int ret = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("a", .workers = 1, .cpuset = CPUS("0")),
				 CGROUP("b", .workers = 1, .cpuset = CPUS("0")))),
		STEP(OPS(SET_CONTROLLERS(NULL, "-cpu +cpu -pids +pids"), SET_WEIGHT("a", 900),
			 SET_UCLAMP("a", 0, 50)), HOLD_FRAC(0.5)),
		STEP(OPS(SET_CPU_MAX("a", CPU_PCT(10)), SET_POLICY("b", POLICY(BATCH)),
			 SET_NICE("b", 3)), HOLD_FRAC(0.5)));
	struct ktstr_stats a = phase_cgroup(ctx, 0, "a");

	claim_between(ctx, a.cpu_s, 0.8 * a.wall_s, 0.95 * a.wall_s,
		      .because = "its weight is 900, the other one's 100");
	a = phase_cgroup(ctx, 1, "a");
	claim_between(ctx, a.cpu_s, 0.05 * a.wall_s, 0.2 * a.wall_s,
		      .because = "its cpu.max is a tenth of a CPU");
	return ret;
}

/* The default limit of a gap, 2 s, fits who is entitled to a fair part. */
KTSTR_TEST(next_to_nothing_is_no_starvation, .duration_s = 4, .max_spread_pct = KTSTR_NO_LIMIT)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("one", .affinity = PINNED("1"), .works = WORKS(
			WORKSPEC(.workers = 2, .nice = VALUE(-20)),
			WORKSPEC(.workers = 1, .nice = VALUE(19))))), HOLD_FULL));
}

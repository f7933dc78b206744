// SPDX-License-Identifier: GPL-2.0
/* Much of something at once. Factories where the machine's size is the amount. */
#include <errno.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr/claim.h>
#include <ktstr/custom.h>

#include "catalogue.h"

#define MAX_PINNED	64	/* cgroups with a CPU each */

/* One cgroup a CPU, the last CPU excepted. */
static int cgroup_per_cpu(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx) - 1, i;
	struct ktstr_cgroup cgroups[MAX_PINNED + 1] = { };
	struct catalogue_cpu cpu[MAX_PINNED];
	char names[MAX_PINNED][16];

	for (i = 0; i < nr && i < MAX_PINNED; i++) {
		cpu[i] = catalogue_cpu(i);
		snprintf(names[i], sizeof(names[i]), "many_%u", i);
		cgroups[i] = (struct ktstr_cgroup)CGROUP(names[i], .cpuset = CPUS(cpu[i].list),
							 .workers = 1);
	}
	return ktstr_run(ctx, STEP(.cgroups = cgroups, HOLD_SETTLED(1.0)));
}

#define MAX_EXHAUST	15

/* Many empty cgroups on a CPU each; half of them go, others with workers take their CPUs. */
static int cgroup_exhaust_reuse(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx) - 1, i, m = 0, r = 0;
	struct ktstr_op make[2 * MAX_EXHAUST + 1] = { }, remove[MAX_EXHAUST / 2 + 1] = { };
	struct ktstr_cgroup reuse[MAX_EXHAUST / 2 + 1] = { };
	char names[MAX_EXHAUST][24], again[MAX_EXHAUST][24];
	struct catalogue_cpu cpu[MAX_EXHAUST];

	nr = nr < MAX_EXHAUST ? nr : MAX_EXHAUST;
	for (i = 0; i < nr; i++) {
		cpu[i] = catalogue_cpu(i);
		snprintf(names[i], sizeof(names[i]), "exhaust_%u", i);
		make[m++] = (struct ktstr_op)ADD_CGROUP(names[i]);
		make[m++] = (struct ktstr_op)SET_CPUSET(names[i],
							(struct ktstr_cpuset)CPUS(cpu[i].list));
		if (i >= nr / 2)
			continue;
		snprintf(again[i], sizeof(again[i]), "reuse_%u", i);
		remove[r] = (struct ktstr_op)REMOVE_CGROUP(names[i]);
		reuse[r++] = (struct ktstr_cgroup)CGROUP(again[i], .cpuset = CPUS(cpu[i].list),
							 .workers = 1);
	}
	return ktstr_run_scenario(ctx, BACKDROP(.ops = make),
				  STEP(HOLD_SETTLE),
				  STEP(.ops = remove, HOLD_SETTLE),
				  STEP(.cgroups = reuse, HOLD_FULL));
}

#define MAX_DSQ_PINNED	4

/* Three free tasks a CPU compete with one that can run nowhere else. */
static int cgroup_dsq_contention(struct ktstr_ctx *ctx)
{
	uint32_t cpus = ktstr_nr_cpus(ctx) - 1, nr = cpus < MAX_DSQ_PINNED ? cpus : MAX_DSQ_PINNED;
	struct ktstr_workspec specs[1 + MAX_DSQ_PINNED];
	struct catalogue_cpu cpu[MAX_DSQ_PINNED];
	uint32_t i;

	specs[0] = (struct ktstr_workspec)WORKSPEC(.workers = 3 * cpus > 8 ? 3 * cpus : 8,
						   .work = BURSTY_MS(10, 5));
	for (i = 0; i < nr; i++) {
		cpu[i] = catalogue_cpu(i);
		specs[1 + i] = (struct ktstr_workspec)WORKSPEC(
			.workers = 1, .work = BURSTY_MS(10, 5), .affinity = PINNED(cpu[i].list));
	}
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .cpuset = CPU_RANGE(0, 1), .works = { specs, 1 + nr })),
		HOLD_SETTLED(1.0)));
}

/* Five kinds of work; a scenario takes as many as it has cgroups. */
#define DIVERSE(_i, _name, ...)	CGROUP(_name, DIVERSE_##_i, ##__VA_ARGS__)
#define DIVERSE_0	.work = SPIN_WAIT
#define DIVERSE_1	.work = BURSTY_MS(50, 100)
#define DIVERSE_2	.work = IO_SYNC_WRITE, .workers = 2
#define DIVERSE_3	.work = MIXED
#define DIVERSE_4	.work = YIELD_HEAVY, .checks = &catalogue_take_turns

static int cgroup_workload_variety(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(DIVERSE(0, "cg_0"), DIVERSE(1, "cg_1"), DIVERSE(2, "cg_2"),
			DIVERSE(3, "cg_3"), DIVERSE(4, "cg_4")),
		HOLD_SETTLED(1.0)));
}

static int cgroup_cpuset_workload_variety(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(DIVERSE(0, "cg_0", .cpuset = DISJOINT(0, 3)),
			DIVERSE(1, "cg_1", .cpuset = DISJOINT(1, 3)),
			DIVERSE(2, "cg_2", .cpuset = DISJOINT(2, 3))),
		HOLD_SETTLED(1.0)));
}

static int cgroup_dynamic_workload_variety(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(DIVERSE(0, "cg_0"), DIVERSE(1, "cg_1"), DIVERSE(2, "cg_2"))),
		STEP(HOLD_SETTLED(1.0 / 3)),
		STEP(CGROUPS(CGROUP("cg_3", .workers = 4, .work = BURSTY_MS(100, 50))),
		     HOLD_FRAC(1.0 / 3)),
		STEP(HOLD_FRAC(1.0 / 3)));
}

/* Two crowds exchange their LLCs five times a second; one LLC lacks its first CPU. */
static int run_race(struct ktstr_ctx *ctx, const struct ktstr_machine *m)
{
	struct ktstr_cpumask first = m->llcs[0];
	uint32_t nr, cpu = 0, workers;
	char list[512];

	while (cpu < KTSTR_MAX_CPUS - 1 && !ktstr_cpumask__test(&first, cpu))
		cpu++;
	first.bits[cpu / 64] &= ~(1ULL << cpu % 64);
	nr = ktstr_cpumask__weight(&first);
	if (!nr) {
		ktstr_skip(ctx, "not enough CPUs/LLCs: the first LLC has one CPU");
		return 0;
	}
	ktstr_cpumask__format(&first, list, sizeof(list));
	workers = 8 * (nr > 4 ? nr : 4);
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = CPUS(list), .workers = workers,
					.work = MIXED),
				 CGROUP("cg_1", .cpuset = LLC(1), .workers = workers,
					.work = MIXED))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SWAP_CPUSETS("cg_0", "cg_1")), HOLD_LOOP_MS(200)));
}

static int cgroup_cpuset_cross_llc_race(struct ktstr_ctx *ctx)
{
	struct ktstr_machine *m = ktstr_machine(ctx);
	int ret = m ? run_race(ctx, m) : -EIO;

	free(m);
	return ret;
}

/* A round without a unit of work is a fork that failed. */
static int fork_exit_churn(struct ktstr_ctx *ctx)
{
	int r = ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .work = FORK_EXIT),
					    CGROUP("cg_1", .work = FORK_EXIT)),
				    HOLD_SETTLED(1.0)));
	struct ktstr_stats s = phase_stats(ctx, 0);

	if (!r)
		claim_fraction_at_least(ctx, s.work_units, s.iterations, 0.9,
					.because = "nothing limits the number of processes");
	return r;
}

/* A process that forks all the time, until it is killed at a random moment: mostly during a fork. */
static void cancel_forks(struct ktstr_work_ctx *w)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGCHLD, SIG_IGN);	/* nobody reaps its children */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			if (!vfork())
				_exit(0);
	}
	if (pid < 0)
		return;
	ktstr_work_sleep(w, NSEC_PER_MSEC + ktstr_work_rand(w) % (2 * NSEC_PER_MSEC));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ktstr_work_done(w, 1);
}

static int forks_cancelled(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .workers = 1,
			       .work = CUSTOM("cancel_forks", cancel_forks)),
			CGROUP("cg_1")),
		HOLD_SETTLED(1.0)));
}

/*
 * Half of the workers change their nice value twice, and after each change the shares are those of
 * the new weights. Then many changes: those workers sweep through all values.
 */
static int nice_sweep(struct ktstr_ctx *ctx)
{
	/* In this order: what a slice of a light task costs in virtual time lasts for a while. */
	static const int nices[][2] = { { 0, 0 }, { 0, -5 }, { 0, 5 } };
	uint32_t nr = ktstr_nr_cpus(ctx), i;
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .works = WORKS(WORKSPEC(.workers = nr),
							       WORKSPEC(.workers = nr))))),
		STEP(HOLD_SETTLED(0.25)),
		STEP(OPS(SET_NICE("cg_0", nices[1][1], .work = 2)), HOLD_FRAC(0.25)),
		STEP(OPS(SET_NICE("cg_0", nices[2][1], .work = 2)), HOLD_FRAC(0.25)),
		STEP(OPS(STOP_CGROUP("cg_0")),
		     CGROUPS(CGROUP("sweep", .work = NICE_SWEEP)), HOLD_FRAC(0.25)));

	for (i = 0; !r && i < ARRAY_SIZE(nices); i++)
		catalogue_claim_weights(ctx, i, "cg_0", nr, nices[i], 2);
	return r;
}

CANNED_TABLE(catalogue_stress,
	CANNED(cgroup_partial_cpus_steady,
	       "uses CPUs that no cgroup may use, or leaves allowed CPUs idle",
	       .fault = "one-cpu",
	       EVEN, .min_cpus = 3, .isolation = true, STEADY(CPUSETS(HOLDBACK, 0.33),
								 .uses_all = true)),
	CANNED(cgroup_uneven_steady,
	       "gives cgroups equal CPU time although their cpusets differ in size",
	       .fault = "drop",
	       EVEN, .isolation = true, STEADY(CPUSETS(UNEVEN, 0.75))),
	CANNED(cgroup_oversubscribed,
	       "starves a task when each CPU has a dozen tasks",
	       .fault = "drop",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 32, DOES(MIXED))))),
	CANNED(fork_exit_churn,
	       "leaks or delays tasks that exit after a few microseconds",
	       .fault = "task-leak",
	       .run = fork_exit_churn),
	CANNED(forks_cancelled,
	       "knows a task only when its fork is complete, and is told that one was cancelled",
	       .fault = "cancelled-fork",
	       .run = forks_cancelled),
	CANNED(nice_sweep,
	       "does not follow a change of weight",
	       .fault = "weight-cache",
	       .max_spread_pct = 100, /* weights differ by a factor of up to 5900, on purpose */
	       .run = nice_sweep),
	CANNED(affinity_churn,
	       "dispatches a task to a CPU that it may no longer use",
	       .fault = "choke-on-affinity",
	       STEADY(.works = WORKS(WORKSPEC(DOES(AFFINITY_CHURN))))),
	CANNED(policy_churn,
	       "forgets a task that leaves the scheduling class and comes back",
	       .fault = "drop-returned",
	       .max_spread_pct = 100,	/* some are realtime for a while, others SCHED_IDLE */
	       STEADY(.works = WORKS(WORKSPEC(DOES(POLICY_CHURN))))),
	CANNED(page_fault_churn,
	       "migrates tasks while they handle page faults, or holds a lock for too long",
	       .fault = "drop",
	       STEADY(.works = WORKS(WORKSPEC(DOES(PAGE_FAULT_CHURN))))),
	CANNED(mutex_contention_light,
	       "delays the holder of a lock that others wait for",
	       .fault = "drop",
	       .max_spread_pct = CATALOGUE_CHANCE_PCT,	/* who gets the lock, the lock decides */
	       STEADY(.works = WORKS(WORKSPEC(.workers = 4, DOES(MUTEX_CONTENTION,
					      .mutex_contention = { 4, 64, 1024 }))))),
	CANNED(mutex_contention_heavy,
	       "preempts lock holders so often that no task makes progress",
	       .fault = "drop",
	       .max_spread_pct = CATALOGUE_CHANCE_PCT,
	       STEADY(.works = WORKS(WORKSPEC(.workers = 8, DOES(MUTEX_CONTENTION,
					      .mutex_contention = { 8, 1024, 256 }))))),
	CANNED(cgroup_per_cpu,
	       "runs out of a resource when there are as many cgroups as CPUs",
	       .fault = "leak-last",
	       EVEN, .min_cpus = 2, .isolation = true, .run = cgroup_per_cpu),
	CANNED(cgroup_exhaust_reuse,
	       "does not reuse the resources of removed cgroups",
	       .fault = "leak-last",
	       .min_cpus = 3, .isolation = true, .run = cgroup_exhaust_reuse),
	CANNED(cgroup_dsq_contention,
	       "queues tasks that can run on one CPU only behind tasks that can run anywhere",
	       .fault = "starve-pinned",
	       .min_cpus = 4, .isolation = true, .max_gap_ms = 1500,
	       .run = cgroup_dsq_contention),
	CANNED(cgroup_workload_variety,
	       "favours one kind of work at the cost of another",
	       .fault = "cgroup-leak",
	       .min_cpus = 6, .threads = 2,
	       .run = cgroup_workload_variety),
	CANNED(cgroup_cpuset_workload_variety,
	       "lets the work in one cpuset disturb the work in another",
	       .fault = "ignore-cpuset",
	       .min_cpus = 6, .threads = 2, .isolation = true,
	       .run = cgroup_cpuset_workload_variety),
	CANNED(cgroup_dynamic_workload_variety,
	       "does not adapt when one kind of work comes and goes",
	       .fault = "drop",
	       .min_cpus = 5, .threads = 2, .run = cgroup_dynamic_workload_variety),
	CANNED(cgroup_cpuset_cross_llc_race,
	       "dispatches with a cpuset that has changed since the task was enqueued",
	       .fault = "stale-mask",
	       .min_cpus = 4, .min_llcs = 2, .isolation = true,
	       .run = cgroup_cpuset_cross_llc_race));

// SPDX-License-Identifier: GPL-2.0
/*
 * What tasks are entitled to besides a CPU: a weight, a bandwidth, a policy, a core without others.
 * From the beginning, and when it changes while they run.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <ktstr/claim.h>

#include "catalogue.h"

static int weights_match_table(struct ktstr_ctx *ctx)
{
	static const int nices[] = { 0, -4, 4 };
	uint32_t nr = ktstr_nr_cpus(ctx);
	int r = ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .works = WORKS(
			WORKSPEC(.workers = nr),
			WORKSPEC(.workers = nr, .nice = VALUE(nices[1])),
			WORKSPEC(.workers = nr, .nice = VALUE(nices[2]))))),
		HOLD_SETTLED(1.0)));

	if (!r)
		catalogue_claim_weights(ctx, 0, "cg_0", nr, nices, ARRAY_SIZE(nices));
	return r;
}

/*
 * Does cpu.max reach the scheduler? The kernel enforces it for its own class only, and tells others
 * by ops.cgroup_set_bandwidth, whose program is found by the name that the macros of <scx/common.h>
 * give it.
 */
static bool is_told_of_bandwidth(struct ktstr_ctx *ctx)
{
	char line[256];
	bool found = false;
	FILE *f;

	if (!ktstr_sched_pid(ctx))
		return true;
	f = fopen("/proc/kallsyms", "r");
	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, "_cgroup_set_bandwidth\t[bpf]");
	if (f)
		fclose(f);
	return found;
}

#define PERIOD_US	20000

/* A tenth of a CPU, then half of one, beside tasks that want all CPUs. */
static int run_limited(struct ktstr_ctx *ctx)
{
	static const double cpus[] = { 0.1, 0.5 };
	uint32_t i;
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("limited", .workers = 2,
					.cpu_max = CPU_MAX_US(PERIOD_US / 10, PERIOD_US)),
				 CGROUP("free", .workers = ktstr_nr_cpus(ctx)))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(OPS(SET_CPU_MAX("limited", CPU_MAX_US(PERIOD_US / 2, PERIOD_US))),
		     HOLD_FRAC(0.5)));

	for (i = 0; !r && i < ARRAY_SIZE(cpus); i++) {
		const struct ktstr_stats limited = phase_cgroup(ctx, i, "limited");
		const double wanted = cpus[i] * limited.wall_s / 2;
		char why[80];

		/* A slice that ends late is taken off later, one of them at most is not. */
		snprintf(why, sizeof(why), "step %u: cpu.max gives it %g CPUs", i + 1, cpus[i]);
		claim_between(ctx, limited.cpu_s, 0.5 * wanted, 1.5 * wanted, .because = why,
			      .kind = KTSTR_UNFAIR);
	}
	return r;
}

static int cgroup_cpu_max_tight(struct ktstr_ctx *ctx)
{
	if (is_told_of_bandwidth(ctx))
		return run_limited(ctx);
	ktstr_skip(ctx, "the scheduler has no ops.cgroup_set_bandwidth, by which it would learn of cpu.max");
	return 0;
}

/* Tasks that ask for SCHED_EXT, one that does so later, leaves and comes back. */
static int policy_ext_partial(struct ktstr_ctx *ctx)
{
	const struct ktstr_op enters = SET_POLICY("late", POLICY(EXT));
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("ext", .workers = ktstr_nr_cpus(ctx),
					.policy = POLICY(EXT)),
				 CGROUP("late", .workers = 1, .work = BURSTY_MS(5, 5)))),
		STEP(HOLD_SETTLE),
		STEP(OPS(enters), HOLD_FRAC(0.3)),
		STEP(OPS(SET_POLICY("late", POLICY(OTHER))), HOLD_FRAC(0.2)),
		STEP(OPS(enters), HOLD_FRAC(0.5)));
	const struct ktstr_stats last = phase_cgroup(ctx, 3, "late");

	if (!r)		/* it asks for half a CPU, and three tasks want two CPUs */
		claim_at_least(ctx, last.cpu_s, 0.1 * last.wall_s,
			       .because = "the task is SCHED_EXT for the second time",
			       .kind = KTSTR_STARVED);
	return r;
}

/* Two tasks on the two threads of a core, of which only one may run at a time. */
static int run_core_cookies(struct ktstr_ctx *ctx)
{
	struct ktstr_stats red, blue;
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("red", .workers = 1, .affinity = AFFINITY(SMT_SIBLING_PAIR)),
				 CGROUP("blue", .workers = 1, .affinity = AFFINITY(SMT_SIBLING_PAIR))),
			 OPS(SET_CORE_COOKIE("red"), SET_CORE_COOKIE("blue"))),
		STEP(HOLD_SETTLED(1.0)));

	if (r)
		return r;
	red = phase_cgroup(ctx, 0, "red");
	blue = phase_cgroup(ctx, 0, "blue");
	claim_at_most(ctx, red.cpu_s + blue.cpu_s, 1.1 * red.wall_s,
		      .because = "they have different cookies and share a core");
	claim_between(ctx, red.cpu_s, 0.25 * red.wall_s, 0.75 * red.wall_s,
		      .because = "the core is the other one's for half of the time",
		      .kind = KTSTR_UNFAIR);
	claim_between(ctx, blue.cpu_s, 0.25 * blue.wall_s, 0.75 * blue.wall_s,
		      .because = "the core is the other one's for half of the time",
		      .kind = KTSTR_UNFAIR);
	return 0;
}

static int core_cookies(struct ktstr_ctx *ctx)
{
	uint64_t cookie;

	if (!prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD, &cookie))
		return run_core_cookies(ctx);
	if (errno == ENODEV)
		ktstr_skip(ctx, "no core has two threads, so that none can be shared");
	else
		ktstr_skip(ctx, "the kernel has no core scheduling: built without CONFIG_SCHED_CORE");
	return 0;
}

CANNED_TABLE(catalogue_entitlement,
	CANNED(weights_match_table,
	       "does not divide CPU time by the weights of nice values",
	       .fault = "nice-ignored",
	       .max_spread_pct = 100,	/* weights differ by a factor of 6, on purpose */
	       .run = weights_match_table),
	CANNED(cgroup_cpu_max_tight,
	       "lets a cgroup use more or less CPU time than its cpu.max",
	       .fault = "cpu-max-ignored",
	       .max_spread_pct = CATALOGUE_CHANCE_PCT,
	       .run = cgroup_cpu_max_tight),
	CANNED(policy_ext_partial,
	       "serves SCHED_EXT tasks only and loses one that changes its policy",
	       .fault = "drop-returned",
	       .run = policy_ext_partial),
	CANNED(core_cookies,
	       "orders the tasks of a core so that one with another core scheduling cookie never runs",
	       .fault = "core-order",
	       .threads = 2,
	       .run = core_cookies));

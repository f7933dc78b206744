// SPDX-License-Identifier: GPL-2.0
/*
 * Each monitor check notices what it is there for, and no other one does. All limits are set in
 * all tests; a scheduler that makes one mistake must violate its limit and no other, and sound
 * ones none.
 */
#include <string.h>

#include <ktstr.h>

#define LIMITS									\
	.max_imbalance_ratio = 4, .max_local_dsq_depth = 50, .fail_on_stall = true, \
	.sustained_samples = 4, .max_fallback_rate = 200, .max_keep_last_rate = 100

KTSTR_SCHEDULER(simple, .binary = "scx_simple", LIMITS);
KTSTR_SCHEDULER(sound, .binary = "scx_mutant", LIMITS);
KTSTR_SCHEDULER(one_cpu, .binary = "scx_mutant", .args = KTSTR_STRS("--fault", "one-cpu"), LIMITS);
KTSTR_SCHEDULER(sticky, .binary = "scx_mutant", .args = KTSTR_STRS("--fault", "sticky"), LIMITS);
KTSTR_SCHEDULER(wrong_select, .binary = "scx_mutant",
		.args = KTSTR_STRS("--fault", "wrong-select"), LIMITS);
KTSTR_SCHEDULER(stuck_dispatch, .binary = "scx_mutant",
		.args = KTSTR_STRS("--fault", "stuck-dispatch"), LIMITS,
		.kernels = KTSTR_NO_KERNELS);

/* Every finding of the monitor contains @check. */
static int only(struct ktstr_result *r, const char *check)
{
	const struct ktstr_detail *d;
	uint32_t i, hits = 0;

	for (i = 0; (d = ktstr_result__detail(r, i)); i++) {
		if (d->kind != KTSTR_MONITOR)
			continue;
		hits++;
		claim_true(r, strstr(d->text, check) != NULL, .because = d->text);
	}
	claim_at_least(r, hits, 1, .because = check);
	return 0;
}

static int only_imbalance(struct ktstr_result *r)
{
	return only(r, "max_imbalance_ratio");
}

static int only_depth(struct ktstr_result *r)
{
	return only(r, "max_local_dsq_depth");
}

static int only_stall(struct ktstr_result *r)
{
	return only(r, "is stuck");
}

static int only_fallback(struct ktstr_result *r)
{
	return only(r, "max_fallback_rate");
}

static int only_keep_last(struct ktstr_result *r)
{
	return only(r, "max_keep_last_rate");
}

#define CAUGHT_BY(_only)							\
	.not_starved = false, .isolation = false, .expect_err = true,			\
	.expect_kind = KTSTR_MONITOR, .post_vm_unconditional = _only

/* Six tasks on the first of two CPUs. */
KTSTR_TEST(an_imbalance, .scheduler = &one_cpu, .duration_s = 2, CAUGHT_BY(only_imbalance))
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 6)), HOLD_FULL));
}

/* Sixty tasks on each of two CPUs, which all wait where they are. */
KTSTR_TEST(deep_queues, .scheduler = &sticky, .duration_s = 2, CAUGHT_BY(only_depth))
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 60, .cpuset = CPUS("0")),
					   CGROUP("b", .workers = 60, .cpuset = CPUS("1"))),
				   HOLD_FULL));
}

/*
 * CPU 0 does not come out of the scheduler for a second, while others go on. One of them may wait
 * for the lock of CPU 0's runqueue meanwhile, with interrupts off.
 */
KTSTR_TEST(a_stall, .scheduler = &stuck_dispatch, .cores = 4, .duration_s = 4, .sustained_samples = 3,
	   CAUGHT_BY(only_stall))
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 2, .cpuset = CPUS("0")),
					   CGROUP("b", .workers = 6, .cpuset = CPUS("1-3"))),
				   HOLD_FULL));
}

/* Tasks of two CPUs that wake up all the time, for each of which a third CPU is selected. */
KTSTR_TEST(a_fallback_storm, .scheduler = &wrong_select, .cores = 3, .duration_s = 2,
	   CAUGHT_BY(only_fallback))
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 2, .cpuset = CPUS("1-2"),
						  .work = BURSTY(NSEC_PER_MSEC, NSEC_PER_MSEC)),
					   CGROUP("b", .workers = 4)), HOLD_FULL));
}

/* A task on each of four CPUs, which nobody replaces when its slice ends. */
KTSTR_TEST(a_keep_last_storm, .scheduler = &sound, .cores = 4, .duration_s = 2,
	   CAUGHT_BY(only_keep_last))
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 4)), HOLD_FULL));
}

/*
 * The same imbalance, and the limit in a set of checks for these workers: the test and its scheduler
 * set none, and the first step, which has the imbalance too, has no such workers.
 */
KTSTR_SCHEDULER(one_cpu_free, .binary = "scx_mutant", .args = KTSTR_STRS("--fault", "one-cpu"));
KTSTR_CHECKS(balanced, .max_imbalance_ratio = 4, .sustained_samples = 4);

static int only_in_the_second_step(struct ktstr_result *r)
{
	const struct ktstr_detail *d;
	uint32_t hits = 0;

	for (uint32_t i = 0; (d = ktstr_result__detail(r, i)); i++)
		hits += d->kind == KTSTR_MONITOR;
	claim_equals(r, hits, 1);
	return only_imbalance(r);
}

KTSTR_TEST(an_imbalance_in_a_set, .scheduler = &one_cpu_free, .duration_s = 2,
	   CAUGHT_BY(only_in_the_second_step))
{
	return ktstr_run(ctx,
			 STEP(CGROUPS(CGROUP("a", .workers = 6)), HOLD_FRAC(0.5)),
			 STEP(CGROUPS(CGROUP("b", .workers = 6, .checks = &balanced)), HOLD_FRAC(0.5)));
}

KTSTR_TEST(sound_schedulers, .scheduler = &simple, .duration_s = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 4), CGROUP("b", .workers = 4)),
				   HOLD_FULL));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's stall monitor (docs/engine.md): it finds the worker that the scheduler forgot, it
 * finds the same worker again after it went on, and it leaves alone who is frozen, sleeps or
 * hands its work to others. tests/e2e/stalls_test.sh reads what it reports.
 */
#include <errno.h>
#include <time.h>

#include <ktstr.h>
#include <ktstr/custom.h>

KTSTR_SCHEDULER(mutant, .binary = "scx_mutant", .args = KTSTR_STRS("--fault", "drop"),
		.kernels = KTSTR_NO_KERNELS);

/*
 * Every 16th task that is queued is forgotten: it is runnable, never runs again, and cannot be
 * stopped. A monitor that did not see it is an error that no expectation covers.
 */
KTSTR_TEST(stall_of_a_forgotten_worker, .scheduler = &mutant, .duration_s = 4,
	   .expect_err = true, .expect_kind = KTSTR_WORKER_LOST)
{
	int ret = ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .workers = 4)), HOLD_FULL));

	return ret || stalls_of(ctx, "cg_a") >= 1 ? ret : -ENODATA;
}

/* On one CPU, of two FIFO tasks the higher works for 3 s, rests, and works again. */
KTSTR_TEST(stall_comes_and_goes, .duration_s = 7, .not_starved = false)
{
	int ret = ktstr_run(ctx,
		STEP(CGROUPS(CGROUP("low", .workers = 1, .cpuset = CPUS("0"), .policy = FIFO(2)),
			     CGROUP("high", .workers = 1, .cpuset = CPUS("0"), .policy = FIFO(3),
				    .work = BURSTY(3 * NSEC_PER_SEC, 100 * NSEC_PER_MSEC))),
		     HOLD_FULL));

	claim_equals(ctx, stalls_of(ctx, "low"), 2);
	claim_equals(ctx, stalls_of(ctx, "high"), 0);
	return ret;
}

static void nap(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_work_now_ns();
	struct timespec t = { .tv_sec = 3 };

	nanosleep(&t, NULL);
	ktstr_work_blocked(w, before, ktstr_work_now_ns());
	ktstr_work_done(w, 1);
}

/* Frozen for 3 s, asleep for 3 s, and types whose workers wait for each other. */
KTSTR_TEST(stall_of_nobody, .duration_s = 6, .not_starved = false)
{
	int ret = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("ice", .workers = 1),
				 CGROUP("naps", .workers = 1, .work = CUSTOM("nap", nap)),
				 CGROUP("turns", .workers = 2, .work = FUTEX_PING_PONG()),
				 CGROUP("server", .workers = 1, .work = SCHBENCH()))),
		STEP(OPS(FREEZE_CGROUP("ice")), HOLD_FRAC(0.5)),
		STEP(OPS(UNFREEZE_CGROUP("ice")), HOLD_FRAC(0.5)));

	claim_equals(ctx, stalls_of(ctx, NULL), 0);
	return ret;
}

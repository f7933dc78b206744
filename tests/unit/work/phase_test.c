// SPDX-License-Identifier: GPL-2.0
/* What a phase says of a worker that lives beyond both of its ends, with a real one. */
#include <signal.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "tests/unit/work/let_run.h"

static const struct ktstr_work spin = { .type = KTSTR_WORK_SPIN_WAIT };
static const struct ktstr_placement nowhere = { .cgroup_fd = -1 };

/* Stopped for all of the second phase, and beyond both of its ends. */
TEST(a_stopped_worker_did_nothing_in_the_phase_and_all_else_in_its_life)
{
	const struct ktstr_worker_report *r;
	struct ktstr_workers *ws = ktstr_workers__new(1);
	uint64_t iterations;
	pid_t pid;

	ASSERT_NE(NULL, ws);
	ASSERT_EQ(0, ktstr_workers__fork(ws, 7, &spin, 1, &nowhere));
	ASSERT_EQ(0, ktstr_workers__start(ws, 10 * NSEC_PER_SEC));
	pid = ktstr_workers__pid(ws, 0);
	let_run(ws, 50 * NSEC_PER_MSEC, 1);

	ASSERT_EQ(0, ktstr_workers__begin_phase(ws));
	iterations = ktstr_workers__iterations(ws);
	let_run(ws, 200 * NSEC_PER_MSEC, iterations + 2);
	ktstr_workers__end_phase(ws);
	r = ktstr_workers__phase_reports(ws);
	EXPECT_EQ(pid, r->tid);
	EXPECT_EQ(7, r->group);
	EXPECT_LT(0, r->iterations);
	EXPECT_EQ(1024 * r->iterations, r->work_units);
	EXPECT_LE(1, ktstr_cpumask__weight(&r->cpus_used));
	EXPECT_LE(0, r->max_gap_cpu);
	if (r->schedstat_valid) {
		EXPECT_LE(200 * NSEC_PER_MSEC, r->wall_ns);
		EXPECT_LT(0, r->cpu_ns);
		EXPECT_LT(r->max_gap_ns, r->wall_ns);
	}

	ASSERT_EQ(0, kill(pid, SIGSTOP));
	run_for(200 * NSEC_PER_MSEC);
	ASSERT_EQ(0, ktstr_workers__begin_phase(ws));
	run_for(50 * NSEC_PER_MSEC);
	ktstr_workers__end_phase(ws);
	EXPECT_EQ(0, r->iterations);
	EXPECT_EQ(0, r->work_units);
	EXPECT_EQ(0, r->cpu_ns);
	EXPECT_EQ(0, ktstr_cpumask__weight(&r->cpus_used));
	EXPECT_EQ(-1, r->max_gap_cpu);
	EXPECT_LE(50 * NSEC_PER_MSEC, r->max_gap_ns);
	if (r->schedstat_valid)
		EXPECT_GE(r->wall_ns, r->max_gap_ns);
	iterations = ktstr_workers__iterations(ws);
	ASSERT_EQ(0, kill(pid, SIGCONT));
	let_run(ws, 0, iterations + 1);

	/* The life has it all, and the gap at its full length. */
	ASSERT_EQ(0, ktstr_workers__stop(ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	r = ktstr_workers__reports(ws);
	EXPECT_LT(iterations, r->iterations);
	EXPECT_LE(250 * NSEC_PER_MSEC, r->max_gap_ns);
	ktstr_workers__free(ws, NSEC_PER_SEC);
}

TEST_HARNESS_MAIN

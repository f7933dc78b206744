// SPDX-License-Identifier: GPL-2.0
/*
 * The work types that are programs of their own (Schbench, Taobench), whose figures are named
 * metrics, those of a network card, and those that change somebody else (CrossAffinityChurn, CgroupAttachStorm), with
 * real workers on this machine.
 */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/work/types/bench/tree.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "tests/unit/cgroup/real_cgroup.h"
#include "tests/unit/work/let_run.h"

#define MS		NSEC_PER_MSEC

/* Iterations of Schbench, of 10 ms at least, in which it has looked @n times, 250 ms apart. */
#define LOOKS(_n)	(26 * (_n))

FIXTURE(types) {
	struct ktstr_workers *ws;
	struct ktstr_placement where;
	const struct ktstr_worker_report *r;
	char root[320];		/* of cgroups, "" for none */
};

FIXTURE_SETUP(types)
{
	self->ws = ktstr_workers__new(4);
	ASSERT_NE(NULL, self->ws);
	self->where = (struct ktstr_placement){ .cgroup_fd = -1 };
	self->r = ktstr_workers__reports(self->ws);
	if (make_real_cgroup(self->root, sizeof(self->root), "types_c"))
		self->where.workload_root = self->root;
}

FIXTURE_TEARDOWN(types)
{
	ktstr_workers__free(self->ws, NSEC_PER_SEC);
	if (self->root[0])
		EXPECT_EQ(0, rmdir(self->root));	/* no leaf is left */
}

/* For @ms at least, and until each worker has @iterations. */
static void run_until(FIXTURE_DATA(types) *self, struct __test_metadata *_metadata,
		      const struct ktstr_work *work, uint32_t nr, uint32_t ms,
		      uint64_t iterations)
{
	uint64_t before;
	uint32_t i;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, work, nr, &self->where));
	ASSERT_EQ(0, ktstr_workers__start(self->ws, 30 * NSEC_PER_SEC));
	let_run(self->ws, ms * MS, iterations);
	let_work(self->ws);
	before = ktstr_now_ns();
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_GT(5 * NSEC_PER_SEC, ktstr_now_ns() - before);
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, self->r[i].setup_error);
		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, i));
		EXPECT_LT(0, self->r[i].work_units);
	}
}

static void run(FIXTURE_DATA(types) *self, struct __test_metadata *_metadata,
		const struct ktstr_work *work, uint32_t nr, uint32_t ms)
{
	run_until(self, _metadata, work, nr, ms, 1);
}

/* -1: there is none; two of one name are a failure. */
static double metric(FIXTURE_DATA(types) *self, struct __test_metadata *_metadata, const char *name)
{
	const struct ktstr_worker_metric *m;
	double value = -1;
	uint32_t i, nr, found = 0;

	m = ktstr_workers__metrics(self->ws, 0, &nr);
	for (i = 0; i < nr; i++)
		if (!strcmp(m[i].name, name)) {
			value = m[i].value;
			found++;
		}
	EXPECT_GE(1, found) TH_LOG("%s", name);
	return value;
}

#define METRIC(_name)	metric(self, _metadata, _name)

static void percentiles_ascend(FIXTURE_DATA(types) *self, struct __test_metadata *_metadata,
			       const char *prefix)
{
	static const char * const suffix[] = { "p50", "p90", "p99", "p99_9" };
	double last = 0, v;
	char name[32];
	int i;

	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s_%s", prefix, suffix[i]);
		v = METRIC(name);
		EXPECT_LE(last, v) TH_LOG("%s", name);
		last = v;
	}
	EXPECT_LT(0, last) TH_LOG("%s", prefix);
}

TEST_F(types, schbench_measures_wakeups_and_requests)
{
	run(self, _metadata, &SCHBENCH(.workers = 2, .kib = 8, .ops = 1), 1, 100);
	percentiles_ascend(self, _metadata, "wakeup");
	percentiles_ascend(self, _metadata, "request");
	EXPECT_LT(100, METRIC("request_p50"));		/* it sleeps for 100 us */
	EXPECT_LE(1, METRIC("loop_count"));
	EXPECT_LE(1, METRIC("achieved_rps"));
	EXPECT_LE(0, METRIC("sched_delay"));
	EXPECT_LT(0, ktstr_workers__samples(self->ws)[0].kind[KTSTR_SAMPLES_WAKE].total);
}

TEST_F(types, schbench_keeps_its_rate)
{
	struct ktstr_work work = SCHBENCH(.messengers = 2, .workers = 1, .kib = 1, .ops = 1,
					  .rps = 100, .unlocked = true);

	run(self, _metadata, &work, 1, 200);
	/* Due until now, and one of each messenger at the start. */
	EXPECT_GE(100 * (double)self->r[0].wall_ns / 1e9 + 2, METRIC("loop_count"));
	EXPECT_LE(2, METRIC("loop_count"));
}

TEST_F(types, schbench_steers_its_rate_towards_a_share_of_the_cpus)
{
	/* 5 us a request or so: 10 a second are nothing, it has to speed up. */
	struct ktstr_work work = SCHBENCH(.workers = 2, .kib = 1, .ops = 1, .auto_rps = 90,
					  .sleep_ns = 1);

	run_until(self, _metadata, &work, 1, 900, LOOKS(4));
	/* the first look is at nothing, each of three more doubles the rate */
	EXPECT_LE(80, METRIC("target_rps"));
	EXPECT_LT(0, METRIC("cpu_busy"));
}

TEST_F(types, schbench_slows_down_when_it_is_too_busy)
{
	/* Some hundredths of two CPUs at the first rate, one is allowed. */
	struct ktstr_work work = SCHBENCH(.workers = 2, .kib = 64, .ops = 40, .auto_rps = 1,
					  .sleep_ns = 1);

	run_until(self, _metadata, &work, 1, 900, LOOKS(3));
	EXPECT_GT(10, METRIC("target_rps"));
}

TEST_F(types, schbench_hands_bytes_over_and_does_nothing_else)
{
	struct ktstr_work work = SCHBENCH(.workers = 1, .pipe_bytes = 4096,
					  .sleep_ns = NSEC_PER_SEC);
	double loops;

	run(self, _metadata, &work, 1, 200);
	loops = METRIC("loop_count");
	EXPECT_LE(2, loops);	/* it does not sleep */
	percentiles_ascend(self, _metadata, "wakeup");
	/* the last request may be cut off */
	EXPECT_LT(fabs(METRIC("transferred") / (METRIC("achieved_rps") * 4096 / 0x1p20) - 1),
		  1.5 / loops);
}

TEST_F(types, schbench_shares_a_part_of_its_data)
{
	struct ktstr_work work = SCHBENCH(.workers = 2, .kib = 8, .ops = 4, .split = 50);

	run(self, _metadata, &work, 1, 100);
	EXPECT_LE(1, METRIC("loop_count"));
}

TEST_F(types, taobench_has_objects_of_many_sizes)
{
	struct ktstr_work work = TAOBENCH(.clients = 1, .kib = 1024, .size_p99 = 1024,
					  .hit_pct = 99);
	double mean;

	run(self, _metadata, &work, 1, 200);
	mean = METRIC("hit_data") * 0x1p20 / METRIC("fast_qps");
	/* 1/a is 0.6, so the mean is 64 / (1 - 0.6) */
	EXPECT_LT(130, mean);
	EXPECT_GT(190, mean);
}

TEST_F(types, taobench_fetches_have_a_tail)
{
	struct ktstr_work work = TAOBENCH(.clients = 2, .slow = 2, .kib = 64, .hit_pct = 1,
					  .slow_ns = NSEC_PER_USEC, .slow_p99_ns = 20 * MS);

	run(self, _metadata, &work, 1, 400);
	EXPECT_LT(10 * METRIC("serve_p50"), METRIC("serve_p99_9"));
	EXPECT_LT(1000, METRIC("serve_p99_9"));
}

TEST_F(types, taobench_hits_as_often_as_it_was_told)
{
	struct ktstr_work work = TAOBENCH(.clients = 2, .kib = 256, .hit_pct = 75);

	run(self, _metadata, &work, 1, 200);
	percentiles_ascend(self, _metadata, "serve");
	EXPECT_LT(0, METRIC("fast_qps"));
	EXPECT_LT(0, METRIC("slow_qps"));
	EXPECT_LT(METRIC("total_qps") - METRIC("fast_qps") - METRIC("slow_qps"), 1e-3);
	if (self->r[0].work_units > 500) {	/* four deviations */
		EXPECT_LT(0.67, METRIC("hit_ratio"));
		EXPECT_GT(0.83, METRIC("hit_ratio"));
	}
	EXPECT_LT(100, METRIC("serve_p99_9"));		/* a miss takes 100 us */
}

TEST_F(types, an_open_loop_counts_what_it_let_wait)
{
	/* A client can do 20 slow requests in the time, 2000 are due. */
	struct ktstr_work work = TAOBENCH(.clients = 1, .kib = 64, .hit_pct = 1,
					  .slow_ns = 10 * MS, .rps = 10000);

	run(self, _metadata, &work, 1, 200);
	EXPECT_GT(110, METRIC("total_qps"));
	EXPECT_LT(20000, METRIC("serve_p99"));		/* us: far more than one request takes */
}

TEST_F(types, partners_move_each_other)
{
	cpu_set_t set;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	run_until(self, _metadata, &CROSS_AFFINITY_CHURN(.spin = 64), 2, 100, 50);
	if (CPU_COUNT(&set) > 1)
		EXPECT_LT(0, self->r[0].migrations + self->r[1].migrations);
	EXPECT_LT(0, ktstr_workers__samples(self->ws)[0].kind[KTSTR_SAMPLES_WAKE].total);
}

static void storm(FIXTURE_DATA(types) *self, struct __test_metadata *_metadata,
		  const struct ktstr_work *work)
{
	if (!self->root[0])
		SKIP(return, "no writable cgroup2 on this machine");
	run(self, _metadata, work, 2, 100);
	EXPECT_LE(self->r[0].work_units, self->r[0].iterations);
	EXPECT_LE(self->r[0].iterations, self->r[0].work_units + 1);	/* the last is cut short */
}

TEST_F(types, a_storm_moves_children_and_reaps_them)
{
	storm(self, _metadata, &CGROUP_ATTACH_STORM());
}

TEST_F(types, a_storm_lets_the_kernel_reap)
{
	storm(self, _metadata, &CGROUP_ATTACH_STORM(.reap = KTSTR_REAP_SIG_IGN));
}

TEST_F(types, a_storm_without_its_cgroup_does_not_start)
{
	if (!self->root[0])
		SKIP(return, "no writable cgroup2 on this machine");
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &CGROUP_ATTACH_STORM(.dest = "missing"), 1,
					 &self->where));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_EQ(-ENOENT, self->r[0].setup_error);
}

/* The loopback device gives back what it is sent, as the cards of a guest do. */
static bool may_use_raw_sockets(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

TEST_F(types, traffic_comes_back)
{
	if (!may_use_raw_sockets())
		SKIP(return, "no raw sockets on this machine");
	run(self, _metadata, &NET_TRAFFIC(.card = "lo", .burst = 4), 1, 100);
	/* four an iteration, of which the last may be cut short */
	EXPECT_GE(4 * self->r[0].iterations + 4, self->r[0].work_units);
	EXPECT_LE(4, self->r[0].work_units);
}

TEST_F(types, each_is_woken_by_its_own_frames)
{
	uint32_t i;

	if (!may_use_raw_sockets())
		SKIP(return, "no raw sockets on this machine");
	run(self, _metadata, &IRQ_WAKE(.card = "lo", .spin = 1), 2, 100);
	for (i = 0; i < 2; i++) {
		/* a unit a frame, and no frame that the other sent */
		EXPECT_GE(self->r[i].iterations + 1, self->r[i].work_units);
		EXPECT_LT(0, ktstr_workers__samples(self->ws)[i].kind[KTSTR_SAMPLES_WAKE].total);
	}
}

TEST_F(types, without_its_card_a_type_does_not_start)
{
	if (!may_use_raw_sockets())
		SKIP(return, "no raw sockets on this machine");
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &IRQ_WAKE(.card = "missing0"), 1,
					 &self->where));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_EQ(-ENODEV, self->r[0].setup_error);
}

TEST(what_cannot_work_is_refused)
{
	const struct {
		struct ktstr_work work;
		uint32_t workers;
		const char *why;
	} rows[] = {
		{ SCHBENCH(.messengers = 65), 1, "Schbench: messengers exceeds 64" },
		{ SCHBENCH(.messengers = 2, .workers = 513), 1,
		  "Schbench: messengers x workers exceeds 1024" },
		{ SCHBENCH(.kib = 2 << 20), 1, "Schbench: kib exceeds 1 GiB" },
		{ SCHBENCH(.rps = 1000001), 1, "Schbench: rps exceeds a million" },
		{ SCHBENCH(.auto_rps = 101), 1, "Schbench: auto_rps or split exceeds 100 %" },
		{ SCHBENCH(.auto_rps = 50, .rps = 1), 1,
		  "Schbench: rps and auto_rps exclude each other" },
		{ SCHBENCH(.pipe_bytes = 2 << 20), 1, "Schbench: pipe_bytes exceeds 1 MiB" },
		{ SCHBENCH(.sleep_ns = UINT64_MAX), 1, "Schbench: sleep_ns exceeds an hour" },
		{ TAOBENCH(.clients = 1025), 1, "Taobench: clients or slow exceeds 1024" },
		{ TAOBENCH(.kib = 63), 1, "Taobench: kib is not between 64 and 1048576" },
		{ TAOBENCH(.hit_pct = 100), 1, "Taobench: hit_pct is not between 1 and 99" },
		{ TAOBENCH(.rps = 10000001), 1, "Taobench: rps exceeds ten million" },
		{ TAOBENCH(.slow_ns = UINT64_MAX), 1, "Taobench: slow_ns or slow_p99_ns exceeds an hour" },
		{ TAOBENCH(.slow_p99_ns = 1000), 1, "Taobench: slow_p99_ns is less than slow_ns" },
		{ TAOBENCH(.size_p99 = 63), 1, "Taobench: size_p99 is not between 64 and 65536" },
		{ NET_TRAFFIC(.bytes = 59), 1, "NetTraffic: bytes is not between 60 and 1514" },
		{ NET_TRAFFIC(.burst = 1025), 1, "NetTraffic: burst exceeds 1024" },
		{ IRQ_WAKE(.card = "much-too-long-a-name"), 1,
		  "IrqWake: card is no name of a network card" },
		{ CROSS_AFFINITY_CHURN(), 3,
		  "CrossAffinityChurn requires num_workers divisible by 2, got 3" },
		{ CROSS_AFFINITY_CHURN(.spin = 2 << 20), 2,
		  "CrossAffinityChurn: spin is larger than 1048576" },
		{ CGROUP_ATTACH_STORM(.dest = "../up"), 1,
		  "CgroupAttachStorm: dest is no name of a cgroup of the test" },
		{ CGROUP_ATTACH_STORM(.reap = 2), 1, "CgroupAttachStorm: unknown way to reap" },
	};
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_FALSE(ktstr_work__check(&rows[i].work, rows[i].workers, why, sizeof(why)));
		EXPECT_STREQ(rows[i].why, why);
	}
}

TEST_HARNESS_MAIN

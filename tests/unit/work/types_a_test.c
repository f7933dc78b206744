// SPDX-License-Identifier: GPL-2.0
/*
 * What the work types that spin, sleep, wait for each other and touch memory or files
 * promise, with real workers on this machine: they make progress, sample what their rows say,
 * leave the signature they are named for, and end soon when told to, whoever else has died.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/work/types/cpu/alu.h"
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "lib/paths.h"
#include "tests/unit/put_file.h"
#include "tests/unit/work/let_run.h"

#define MAX_WORKERS	8
#define MS		NSEC_PER_MSEC
#define STOPS_SOON	(5 * NSEC_PER_SEC)	/* on a busy machine too; 10 s is given up */

#define EXPECT_NEAR(_a, _b, _by)						\
	do {									\
		EXPECT_LE(_a, (_b) + (_by));					\
		EXPECT_LE(_b, (_a) + (_by));					\
	} while (0)

static void sleep_ms(uint64_t ms)
{
	run_for(ms * MS);
}

static uint64_t total(const struct ktstr_workers *ws, uint32_t i, enum ktstr_sample_kind kind)
{
	return ktstr_workers__samples(ws)[i].kind[kind].total;
}

/* All of them together on the first CPU this test may use. */
static int on_one_cpu(void *arg, uint32_t index)
{
	cpu_set_t set;
	int cpu = 0;

	(void)arg;
	(void)index;
	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

FIXTURE(types) {
	struct ktstr_workers *ws;
	struct ktstr_placement where;
	const struct ktstr_worker_report *r;
	uint64_t stop_ns;		/* how long stopping took */
};

FIXTURE_VARIANT(types) {
	struct ktstr_work work;
	uint32_t workers;
	uint32_t ms;
};

FIXTURE_SETUP(types)
{
	self->ws = ktstr_workers__new(MAX_WORKERS);
	ASSERT_NE(NULL, self->ws);
	self->where.cgroup_fd = -1;
	self->r = ktstr_workers__reports(self->ws);
}

FIXTURE_TEARDOWN(types)
{
	ktstr_workers__free(self->ws, NSEC_PER_SEC);
}

#define TYPE(_name, _workers, _ms, ...)						\
	FIXTURE_VARIANT_ADD(types, _name) {					\
		.work = __VA_ARGS__, .workers = (_workers), .ms = (_ms),	\
	}

TYPE(SpinWait, 1, 50, KTSTR_PLAIN_WORK(SPIN_WAIT));
TYPE(YieldHeavy, 1, 50, KTSTR_PLAIN_WORK(YIELD_HEAVY));
TYPE(Mixed, 1, 50, KTSTR_PLAIN_WORK(MIXED));
TYPE(AluHot, 1, 50, KTSTR_PLAIN_WORK(ALU_HOT));
TYPE(AluHot_widest_that_may_not_be_there, 1, 50, ALU_HOT(.width = KTSTR_ALU_AMX));
TYPE(AluHot_scalar, 1, 50, ALU_HOT(.width = KTSTR_ALU_SCALAR));
TYPE(SmtSiblingSpin, 2, 50, KTSTR_PLAIN_WORK(SMT_SIBLING_SPIN));
TYPE(IpcVariance, 1, 200, IPC_VARIANCE(.period = 4));
TYPE(IoSyncWrite, 2, 100, KTSTR_PLAIN_WORK(IO_SYNC_WRITE));
TYPE(IoRandRead, 2, 100, KTSTR_PLAIN_WORK(IO_RAND_READ));
TYPE(IoConvoy, 2, 100, KTSTR_PLAIN_WORK(IO_CONVOY));
TYPE(Bursty, 1, 200, BURSTY(10 * MS, 20 * MS));
TYPE(IdleChurn, 1, 100, KTSTR_PLAIN_WORK(IDLE_CHURN));
TYPE(IdleChurn_precise, 1, 100, IDLE_CHURN(.precise = true));
TYPE(PipeIo, 2, 100, KTSTR_PLAIN_WORK(PIPE_IO));
TYPE(PipeIo_two_pairs, 4, 100, PIPE_IO(.spin = 64));
TYPE(FutexPingPong, 2, 100, KTSTR_PLAIN_WORK(FUTEX_PING_PONG));
TYPE(FutexFanOut, 5, 200, KTSTR_PLAIN_WORK(FUTEX_FAN_OUT));
TYPE(FutexFanOut_two_groups, 6, 200, FUTEX_FAN_OUT(.fan = 2, .spin = 64));
TYPE(CachePressure, 1, 50, KTSTR_PLAIN_WORK(CACHE_PRESSURE));
TYPE(CacheYield, 1, 50, CACHE_YIELD(.kib = 7, .stride = 1000));
TYPE(CachePipe, 2, 100, KTSTR_PLAIN_WORK(CACHE_PIPE));
TYPE(Sequence, 1, 200, SEQUENCE({ KTSTR_PHASE_SPIN, 5 * MS }, { KTSTR_PHASE_SLEEP, 5 * MS },
				{ KTSTR_PHASE_YIELD, 5 * MS }, { KTSTR_PHASE_IO, 5 * MS }));
TYPE(TimerLatency, 1, 100, KTSTR_PLAIN_WORK(TIMER_LATENCY));

/* How long that takes; UINT64_MAX: not all came to an end. */
static uint64_t stop(FIXTURE_DATA(types) *self)
{
	uint64_t before = ktstr_now_ns();

	if (ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC))
		return UINT64_MAX;
	return ktstr_now_ns() - before;
}

/* For @ms at least, and until each worker has some work and @iterations. */
static int run_until(FIXTURE_DATA(types) *self, const struct ktstr_work *work, uint32_t nr,
		     uint32_t ms, uint64_t iterations)
{
	int ret = ktstr_workers__fork(self->ws, 0, work, nr, &self->where);

	if (ret)
		return ret;
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	let_run(self->ws, ms * MS, iterations);
	let_work(self->ws);
	self->stop_ns = stop(self);
	return self->stop_ns == UINT64_MAX ? -ETIMEDOUT : 0;
}

static int run(FIXTURE_DATA(types) *self, const struct ktstr_work *work, uint32_t nr, uint32_t ms)
{
	return run_until(self, work, nr, ms, 0);
}

static bool samples_cost(enum ktstr_work_type type)
{
	return type == KTSTR_WORK_ALU_HOT || type == KTSTR_WORK_SMT_SIBLING_SPIN ||
	       type == KTSTR_WORK_IPC_VARIANCE;
}

TEST_F(types, work_sample_and_stop)
{
	const struct ktstr_work_row *row = ktstr_work__row(variant->work.type);
	uint32_t i;

	ASSERT_NE(NULL, row);
	ASSERT_EQ(0, run(self, &variant->work, variant->workers, variant->ms));
	EXPECT_GT(STOPS_SOON, self->stop_ns);
	for (i = 0; i < variant->workers; i++) {
		const struct ktstr_worker_report *r = &self->r[i];
		bool messenger = r->flags & KTSTR_WORKER_MESSENGER;

		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, i));
		EXPECT_EQ(0, r->setup_error);
		EXPECT_LT(0, r->work_units);
		EXPECT_LT(0, r->iterations);
		/* messengers drive the others and never wait themselves */
		EXPECT_EQ((row->flags & KTSTR_WORK_SAMPLES_WAKE) && !messenger,
			  total(self->ws, i, KTSTR_SAMPLES_WAKE) > 0);
		EXPECT_EQ(samples_cost(variant->work.type),
			  total(self->ws, i, KTSTR_SAMPLES_COST) > 0);
		EXPECT_EQ(variant->work.type == KTSTR_WORK_TIMER_LATENCY,
			  total(self->ws, i, KTSTR_SAMPLES_TIMER) > 0);
	}
}

/* ---- signatures ---- */

FIXTURE(signature) {
	FIXTURE_DATA(types) t;
};

FIXTURE_SETUP(signature)
{
	self->t.ws = ktstr_workers__new(MAX_WORKERS);
	ASSERT_NE(NULL, self->t.ws);
	self->t.where = (struct ktstr_placement){ .cgroup_fd = -1 };
	self->t.r = ktstr_workers__reports(self->t.ws);
}

FIXTURE_TEARDOWN(signature)
{
	ktstr_workers__free(self->t.ws, NSEC_PER_SEC);
}

TEST_F(signature, spinners_do_not_sleep_and_their_cost_samples_are_their_iterations)
{
	const struct ktstr_worker_report *r = self->t.r;

	ASSERT_EQ(0, run(&self->t, &SMT_SIBLING_SPIN, 2, 100));
	for (int i = 0; i < 2; i++, r++) {
		EXPECT_EQ(1024 * r->iterations, r->work_units);
		EXPECT_GE(2, r->voluntary_switches);
		EXPECT_EQ(0, r->blocked_ns);
		EXPECT_EQ(r->iterations, total(self->t.ws, i, KTSTR_SAMPLES_COST));
	}
}

static void put_siblings(const char *sysfs, uint32_t cpu, const char *list)
{
	char dir[PATH_MAX / 2];

	snprintf(dir, sizeof(dir), "%s/devices/system/cpu/cpu%u/topology", sysfs, cpu);
	if (!ktstr_paths__mkdirs(dir))
		put_file(dir, "thread_siblings_list", list);
}

TEST(pairs_are_siblings_and_each_has_a_core_of_its_own)
{
	char sysfs[] = "/tmp/ktstr-siblings-XXXXXX", cmd[64];
	struct ktstr_cpumask cpus;
	uint32_t pair[2];

	ASSERT_NE(NULL, mkdtemp(sysfs));
	put_siblings(sysfs, 0, "0,4\n");
	put_siblings(sysfs, 1, "1\n");
	put_siblings(sysfs, 2, "2,5-6\n");
	put_siblings(sysfs, 4, "0,4\n");
	put_siblings(sysfs, 5, "2,5-6\n");
	put_siblings(sysfs, 6, "2,5-6\n");
	ktstr_cpumask__parse("0-2,4-6", &cpus);
	ASSERT_TRUE(work_sibling_pair(sysfs, &cpus, 0, pair));
	EXPECT_EQ(0, pair[0]);
	EXPECT_EQ(4, pair[1]);
	ASSERT_TRUE(work_sibling_pair(sysfs, &cpus, 1, pair));
	EXPECT_EQ(2, pair[0]);
	EXPECT_EQ(5, pair[1]);
	ASSERT_TRUE(work_sibling_pair(sysfs, &cpus, 4, pair));
	EXPECT_EQ(0, pair[0]);
	ktstr_cpumask__parse("0-2,6", &cpus);		/* what the cgroup leaves them */
	ASSERT_TRUE(work_sibling_pair(sysfs, &cpus, 0, pair));
	EXPECT_EQ(2, pair[0]);
	EXPECT_EQ(6, pair[1]);
	ktstr_cpumask__parse("0-2", &cpus);
	EXPECT_FALSE(work_sibling_pair(sysfs, &cpus, 0, pair));
	snprintf(cmd, sizeof(cmd), "rm -r %s", sysfs);
	EXPECT_EQ(0, system(cmd));
}

TEST_F(signature, siblings_that_are_none_say_so)
{
	uint32_t i;

	self->t.where.enter = on_one_cpu;
	ASSERT_EQ(0, run(&self->t, &SMT_SIBLING_SPIN, 2, 20));
	for (i = 0; i < 2; i++)
		EXPECT_NE(0, self->t.r[i].flags & KTSTR_WORKER_ALONE);
}

TEST_F(signature, yielders_on_one_cpu_switch_without_sleeping)
{
	const struct ktstr_worker_report *r = self->t.r;
	uint64_t yields;

	self->t.where.enter = on_one_cpu;
	ASSERT_EQ(0, run_until(&self->t, &YIELD_HEAVY, 2, 0, 400));
	yields = r[0].iterations + r[1].iterations;
	EXPECT_EQ(yields, r[0].work_units + r[1].work_units);
	EXPECT_LE(2 * 400, yields);
	EXPECT_LT(50, r[0].involuntary_switches);
	EXPECT_LT(50, r[1].involuntary_switches);
	EXPECT_EQ(0, r[0].blocked_ns);
}

TEST_F(signature, a_period_of_ipc_variance_is_one_sample)
{
	ASSERT_EQ(0, run_until(&self->t, &IPC_VARIANCE(.hot = 1000, .cold = 10, .period = 8), 1,
			       100, 8));
	EXPECT_LE(8, self->t.r->iterations);
	EXPECT_NEAR(self->t.r->iterations / 8, total(self->t.ws, 0, KTSTR_SAMPLES_COST), 1);
}

TEST_F(signature, bursty_is_off_the_cpu_for_its_share)
{
	const struct ktstr_worker_report *r = self->t.r;

	ASSERT_EQ(0, run_until(&self->t, &BURSTY(20 * MS, 40 * MS), 1, 600, 4));
	/* two thirds; a busy machine makes it less by what it makes the worker wait */
	EXPECT_LT(r->wall_ns / 2, r->blocked_ns + r->run_delay_ns);
	EXPECT_GT(r->wall_ns * 3 / 4, r->blocked_ns);
	EXPECT_LE(4, r->iterations);
	EXPECT_GE(r->wall_ns / (60 * MS) + 1, r->iterations);
	EXPECT_LE(r->iterations - 1, total(self->t.ws, 0, KTSTR_SAMPLES_WAKE));
	/* neither the burst nor the sleep is a gap; the wait for the first run may be */
	if (r->max_gap_at_ns)
		EXPECT_GT(15 * MS + r->run_delay_ns, r->max_gap_ns);
}

TEST_F(signature, in_the_middle_of_a_burst_the_report_is_up_to_date)
{
	const struct ktstr_worker_report *r = self->t.r;

	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, &BURSTY(60000 * MS, MS), 1,
					 &self->t.where));
	ktstr_workers__start(self->t.ws, 10 * NSEC_PER_SEC);
	let_work(self->t.ws);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->t.ws, 0), SIGKILL));
	ASSERT_EQ(0, ktstr_workers__stop(self->t.ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_EQ(0, r->iterations);
	EXPECT_LT(0, r->work_units);
}

TEST_F(signature, a_long_sleep_or_interval_does_not_delay_the_stop)
{
	ASSERT_EQ(0,
		  ktstr_workers__fork(self->t.ws, 1, &TIMER_LATENCY(.interval_ns = 60000 * MS), 1,
					 &self->t.where));
	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 2,
					 &SEQUENCE({ KTSTR_PHASE_YIELD, 60000 * MS }), 1,
					 &self->t.where));
	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, &BURSTY(60000 * MS, 60000 * MS), 1,
					 &self->t.where));
	ktstr_workers__start(self->t.ws, 10 * NSEC_PER_SEC);
	sleep_ms(50);
	EXPECT_GT(STOPS_SOON, stop(&self->t));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->t.ws, i));
}

TEST_F(signature, timer_latency_expires_once_an_interval)
{
	const struct ktstr_worker_report *r = self->t.r;

	ASSERT_EQ(0, run(&self->t, &TIMER_LATENCY(.interval_ns = 2 * MS), 1, 300));
	EXPECT_GE(r->wall_ns / (2 * MS) + 1, r->work_units);
	/* what it waited for a CPU it may have missed */
	EXPECT_LE(r->wall_ns / (2 * MS), r->work_units + r->run_delay_ns / (2 * MS) + 15);
	EXPECT_EQ(r->work_units, total(self->t.ws, 0, KTSTR_SAMPLES_TIMER));
}

TEST_F(signature, pairs_take_turns)
{
	const struct ktstr_worker_report *r = self->t.r;

	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 1, &FUTEX_PING_PONG(.spin = 16), 2,
					 &self->t.where));
	ASSERT_EQ(0, run_until(&self->t, &PIPE_IO(.spin = 16), 2, 0, 101));
	/* an iteration may have begun on either side when the order to stop came */
	EXPECT_LT(100, r[0].iterations);
	EXPECT_NEAR(r[0].iterations, r[1].iterations, 2);
	EXPECT_LT(100, r[2].iterations);
	EXPECT_NEAR(r[2].iterations, r[3].iterations, 2);
	for (int i = 0; i < 4; i++)
		EXPECT_LT(0, r[i].blocked_ns);
}

TEST_F(signature, of_a_fan_out_the_first_of_each_group_is_the_messenger)
{
	const struct ktstr_worker_report *r = self->t.r;

	ASSERT_EQ(0, run(&self->t, &FUTEX_FAN_OUT(.fan = 2), 6, 200));
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(i % 3 == 0, !!(r[i].flags & KTSTR_WORKER_MESSENGER));
		if (i % 3 == 0)
			EXPECT_EQ(0, r[i].blocked_ns);
	}
}

/* Who waits for a dead partner still stops. */
static void lose_first(FIXTURE_DATA(signature) *self, struct __test_metadata *_metadata,
		       const struct ktstr_work *work, uint32_t nr)
{
	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, work, nr, &self->t.where));
	ktstr_workers__start(self->t.ws, 10 * NSEC_PER_SEC);
	sleep_ms(50);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->t.ws, 0), SIGKILL));
	sleep_ms(50);
	EXPECT_GT(STOPS_SOON, stop(&self->t));
	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->t.ws, 0));
	for (uint32_t i = 1; i < nr; i++)
		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->t.ws, i));
}

TEST_F(signature, a_pipe_partner_survives)
{
	lose_first(self, _metadata, &PIPE_IO(), 2);
}

TEST_F(signature, a_futex_partner_survives)
{
	lose_first(self, _metadata, &FUTEX_PING_PONG(), 2);
}

TEST_F(signature, receivers_survive_their_messenger)
{
	lose_first(self, _metadata, &FUTEX_FAN_OUT(), 5);
}

/* ---- files ---- */

/* This machine may well have a disk of the name; it is none of ours. */
TEST_F(signature, io_without_scratch_disk_and_without_a_folder_for_files_is_an_error)
{
	setenv("TMPDIR", "/nonexistent/folder", 1);
	ASSERT_EQ(0, run(&self->t, &IO_SYNC_WRITE, 1, 10));
	EXPECT_EQ(-ENOENT, self->t.r->setup_error);
	EXPECT_EQ(0, self->t.r->work_units);
}

TEST_F(signature, io_leaves_no_file_behind_even_when_killed)
{
	char dir[] = "/tmp/work_types_XXXXXX";

	ASSERT_NE(NULL, mkdtemp(dir));
	setenv("TMPDIR", dir, 1);
	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, &IO_CONVOY, 2, &self->t.where));
	ktstr_workers__start(self->t.ws, 10 * NSEC_PER_SEC);
	let_work(self->t.ws);
	kill(ktstr_workers__pid(self->t.ws, 1), SIGKILL);
	ASSERT_EQ(0, ktstr_workers__stop(self->t.ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_LT(0, self->t.r[1].work_units);
	EXPECT_EQ(0, rmdir(dir));	/* empty */
}

/* ---- what is refused ---- */

static const char *refusal(const struct ktstr_work *work, uint32_t workers)
{
	static char why[256];

	why[0] = '\0';
	return ktstr_work__check(work, workers, why, sizeof(why)) ? "" : why;
}

TEST(workers_must_fill_their_groups)
{
	EXPECT_STREQ("PipeIo requires num_workers divisible by 2, got 3", refusal(&PIPE_IO(), 3));
	EXPECT_STREQ("FutexFanOut requires num_workers divisible by 4, got 6",
		     refusal(&FUTEX_FAN_OUT(.fan = 3), 6));
	EXPECT_STREQ("FutexFanOut requires num_workers divisible by 5, got 0",
		     refusal(&FUTEX_FAN_OUT(), 0));
	EXPECT_STREQ("CachePipe requires num_workers divisible by 2, got 1",
		     refusal(&CACHE_PIPE(), 1));
	EXPECT_STREQ("SmtSiblingSpin requires num_workers divisible by 2, got 5",
		     refusal(&SMT_SIBLING_SPIN, 5));
	EXPECT_STREQ("FutexPingPong requires num_workers divisible by 2, got 7",
		     refusal(&FUTEX_PING_PONG(), 7));
	EXPECT_STREQ("", refusal(&FUTEX_FAN_OUT(.fan = 3), 8));
}

TEST(parameters_that_make_no_sense_are_refused)
{
	EXPECT_STREQ("Sequence: it has no phases", refusal(&KTSTR_PLAIN_WORK(SEQUENCE), 1));
	EXPECT_STREQ("Sequence: a phase is of no known kind",
		     refusal(&SEQUENCE({ (enum ktstr_phase_kind)77, MS }), 1));
	EXPECT_STREQ("Sequence: a phase is longer than an hour",
		     refusal(&SEQUENCE({ KTSTR_PHASE_SPIN, 3601 * NSEC_PER_SEC }), 1));
	EXPECT_STREQ("Bursty: a time is longer than an hour",
		     refusal(&BURSTY(MS, 3601 * NSEC_PER_SEC), 1));
	EXPECT_STREQ("CacheYield: stride is not smaller than the region",
		     refusal(&CACHE_YIELD(.kib = 1, .stride = 1024), 1));
	EXPECT_STREQ("CachePressure: kib is larger than 1 GiB",
		     refusal(&CACHE_PRESSURE(.kib = (1 << 20) + 1), 1));
	EXPECT_STREQ("FutexFanOut: fan is larger than 1023",
		     refusal(&FUTEX_FAN_OUT(.fan = 1024), 1025));
	EXPECT_STREQ("FutexFanOut: spin is larger than 1048576",
		     refusal(&FUTEX_FAN_OUT(.spin = (1 << 20) + 1), 5));
	EXPECT_STREQ("FutexPingPong: spin is larger than 1048576",
		     refusal(&FUTEX_PING_PONG(.spin = UINT32_MAX), 2));
	EXPECT_STREQ("PipeIo: spin is larger than 1048576",
		     refusal(&PIPE_IO(.spin = UINT32_MAX), 2));
	EXPECT_STREQ("AluHot: there is no such width",
		     refusal(&ALU_HOT(.width = (enum ktstr_alu_width)99), 1));
}

TEST(no_parameter_is_larger_than_an_iteration_can_stand)
{
	static const struct {
		struct ktstr_work work;
		const char *why;
	} rows[] = {
		{ { KTSTR_WORK_SIGNAL_STORM, .signal_storm.signals = -1 },
		  "SignalStorm: signals 4294967295 exceeds 65536" },
		{ { KTSTR_WORK_MUTEX_CONTENTION, .mutex_contention.hold = 1048577 },
		  "MutexContention: hold 1048577 exceeds 1048576" },
		{ { KTSTR_WORK_IPC_VARIANCE, .ipc_variance = { .period = 65537 } },
		  "IpcVariance: period 65537 exceeds 65536" },
		{ { KTSTR_WORK_PAGE_FAULT_CHURN, .page_fault_churn.kib = 1048577 },
		  "PageFaultChurn: kib 1048577 exceeds 1048576" },
		{ { KTSTR_WORK_MUTEX_CONTENTION, .mutex_contention.hold = 1048576 }, "" },
	};
	uint32_t workers;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ktstr_work filled = rows[i].work;

		ktstr_work__fill(&filled);
		workers = ktstr_work__group_size(&filled);
		EXPECT_STREQ(rows[i].why, refusal(&rows[i].work, workers));
	}
}

/* A default that is out of range would refuse a work type that says nothing. */
TEST(every_default_is_in_range)
{
	char why[128] = "";
	int i;

	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		struct ktstr_work w = { .type = i };

		ktstr_work__fill(&w);
		EXPECT_TRUE(ktstr_work__in_range(&w, why, sizeof(why))) TH_LOG("%s", why);
	}
}

TEST(what_is_left_out_takes_its_default)
{
	struct ktstr_work w = FUTEX_FAN_OUT(.fan = 9);

	ktstr_work__fill(&w);
	EXPECT_EQ(9, w.futex_fan_out.fan);
	EXPECT_EQ(1024, w.futex_fan_out.spin);
	w = IPC_VARIANCE(.cold = 5);
	ktstr_work__fill(&w);
	EXPECT_EQ(100000, w.ipc_variance.hot);
	EXPECT_EQ(5, w.ipc_variance.cold);
	EXPECT_EQ(64, w.ipc_variance.period);
	w = IDLE_CHURN(.precise = true);
	ktstr_work__fill(&w);
	EXPECT_EQ(MS, w.idle_churn.burst_ns);
	EXPECT_EQ(5 * MS, w.idle_churn.sleep_ns);
	EXPECT_TRUE(w.idle_churn.precise);
	w = KTSTR_PLAIN_WORK(BURSTY);
	ktstr_work__fill(&w);
	EXPECT_EQ(50 * MS, w.bursty.burst_ns);
	EXPECT_EQ(100 * MS, w.bursty.sleep_ns);
	w = CACHE_PIPE();
	ktstr_work__fill(&w);
	EXPECT_EQ(32, w.cache.kib);
	EXPECT_EQ(64, w.cache.stride);
}

/* ---- AluHot's kernels ---- */

TEST(vector_kernels_compute_in_every_lane_what_one_lane_would)
{
	static const uint32_t bytes[] = {
		[KTSTR_ALU_VEC128] = 16, [KTSTR_ALU_VEC256] = 32, [KTSTR_ALU_VEC512] = 64,
	};
	static uint32_t state[ALU_STATE / 4] __attribute__((aligned(64)));
	uint32_t i, k, x, lanes, tried = 0;

	for (k = 0; k < nr_alu_kernels; k++) {
		enum ktstr_alu_width width = alu_kernels[k].width;

		if (width < KTSTR_ALU_VEC128 || width > KTSTR_ALU_VEC512 ||
		    !alu_kernels[k].usable())
			continue;
		tried++;
		lanes = ALU_CHAINS * bytes[width] / 4;
		for (i = 0; i < ALU_STATE / 4; i++)
			state[i] = i * 77;
		alu_kernels[k].run(state, 100);
		for (i = 0; i < ALU_STATE / 4; i++) {
			x = i * 77;
			for (int n = 0; i < lanes && n < 100; n++)
				x = x * 1664525U + 1013904223U;
			ASSERT_EQ(x, state[i]) {
				TH_LOG("%s, lane %u", alu_kernels[k].name, i);
			}
		}
	}
	EXPECT_LE(1, tried);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * What the work types that churn, wake, lock, signal and starve promise, with real workers on
 * this machine: progress, wake samples where the row says so, an end soon after the order to
 * stop, and that a worker which is refused what its type needs says so. What they do to a
 * scheduler is tests/e2e/work_types_b_test.c's subject, in a guest that is alone on its CPUs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ktstr/custom.h>

#include "kselftest_harness.h"

#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "tests/unit/work/let_run.h"
#include "tests/unit/cgroup/real_cgroup.h"

#define MAX_WORKERS	16
#define MS		NSEC_PER_MSEC
#define STOPS_SOON	(5 * NSEC_PER_SEC)	/* on a busy machine too; 10 s is given up */
#define NOBODY		65534

static void sleep_ms(uint64_t ms)
{
	run_for(ms * MS);
}

/* ---- a cgroup2 tree to play in, for CgroupChurn ---- */

/* ---- one fixture for all ---- */

FIXTURE(types) {
	struct ktstr_workers *ws;
	struct ktstr_placement where;
	const struct ktstr_worker_report *r;
	uint64_t stop_ns;		/* how long stopping took */
	char root[320], home[384];	/* cgroups, "" for none */
};

FIXTURE_VARIANT(types) {
	struct ktstr_work work;
	uint32_t workers;
	uint32_t ms;
	const char *needs;		/* a privilege that may be refused; NULL: none */
};

/* What else runs on this machine shall not decide; without the privilege it may. */
static void come_first(void)
{
	setpriority(PRIO_PROCESS, 0, -20);
}

FIXTURE_SETUP(types)
{
	come_first();
	self->ws = ktstr_workers__new(MAX_WORKERS);
	ASSERT_NE(NULL, self->ws);
	self->where.cgroup_fd = -1;
	self->r = ktstr_workers__reports(self->ws);
	if (!make_real_cgroup(self->root, sizeof(self->root), "types_b"))
		return;
	snprintf(self->home, sizeof(self->home), "%s/home", self->root);
	ASSERT_EQ(0, mkdir(self->home, 0755));
	self->where.workload_root = self->root;
	self->where.cgroup_dir = self->home;
}

FIXTURE_TEARDOWN(types)
{
	ktstr_workers__free(self->ws, NSEC_PER_SEC);
	if (self->root[0]) {
		EXPECT_EQ(0, rmdir(self->home));
		EXPECT_EQ(0, rmdir(self->root));	/* the leaves of CgroupChurn are gone */
	}
}

static int run(FIXTURE_DATA(types) *self, const struct ktstr_work *work, uint32_t nr, uint32_t ms)
{
	uint64_t before;
	int ret;

	ret = ktstr_workers__fork(self->ws, 0, work, nr, &self->where);
	if (ret)
		return ret;
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	sleep_ms(ms);
	/* what an RT task leaves to the others is not ours to promise */
	if (work->type != KTSTR_WORK_RT_STARVATION)
		let_work(self->ws);
	before = ktstr_now_ns();
	ret = ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC);
	self->stop_ns = ktstr_now_ns() - before;
	return ret;
}

static uint64_t wakes(const struct ktstr_workers *ws, uint32_t i)
{
	return ktstr_workers__samples(ws)[i].kind[KTSTR_SAMPLES_WAKE].total;
}

/* The first setup error of a worker that was refused, or 0. */
static int refused(FIXTURE_DATA(types) *self, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (self->r[i].setup_error)
			return self->r[i].setup_error;
	return 0;
}

static void touch_and_nap(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_work_now_ns();

	ktstr_work_spin(w, ktstr_work_arg(w, 0));
	ktstr_work_sleep(w, MS);
	ktstr_work_sample_wake(w, ktstr_work_now_ns() - before);
}

#define TYPE(_name, _workers, _ms, _needs, ...)					\
	FIXTURE_VARIANT_ADD(types, _name) {					\
		.work = __VA_ARGS__, .workers = (_workers), .ms = (_ms),	\
		.needs = (_needs),						\
	}

TYPE(ForkExit, 2, 100, NULL, KTSTR_PLAIN_WORK(FORK_EXIT));
TYPE(NiceSweep, 2, 50, "CAP_SYS_NICE", KTSTR_PLAIN_WORK(NICE_SWEEP));
TYPE(AffinityChurn, 2, 50, NULL, AFFINITY_CHURN());
TYPE(PolicyChurn, 2, 50, NULL, POLICY_CHURN());
TYPE(NumaMigrationChurn, 1, 50, NULL, NUMA_MIGRATION_CHURN(.period_ns = 5 * MS));
TYPE(CgroupChurn, 3, 100, "a writable cgroup2", CGROUP_CHURN(.groups = 3, .period_ns = 5 * MS));
TYPE(FanOutCompute, 5, 200, NULL, FAN_OUT_COMPUTE());
TYPE(FanOutCompute_two_groups, 6, 100, NULL, FAN_OUT_COMPUTE(.fan = 2, .kib = 4, .ops = 1));
TYPE(AsymmetricWaker, 2, 100, NULL, ASYMMETRIC_WAKER());
TYPE(AsymmetricWaker_batch, 2, 100, NULL,
	ASYMMETRIC_WAKER(.waker = KTSTR_CLASS_BATCH, .wakee = KTSTR_CLASS_BATCH));
TYPE(AsymmetricWaker_wakes_rt, 2, 100, "CAP_SYS_NICE", ASYMMETRIC_WAKER(.wakee = KTSTR_CLASS_RT));
TYPE(AsymmetricWaker_wakes_deadline, 2, 100, "deadline bandwidth",
	ASYMMETRIC_WAKER(.wakee = KTSTR_CLASS_DEADLINE));
TYPE(AsymmetricWaker_wakes_ext, 2, 100, "sched_ext", ASYMMETRIC_WAKER(.wakee = KTSTR_CLASS_EXT));
TYPE(WakeChain, 4, 100, NULL, WAKE_CHAIN());
TYPE(WakeChain_futex, 3, 100, NULL, WAKE_CHAIN(.depth = 3, .mechanism = KTSTR_WAKE_FUTEX));
TYPE(EpollStorm, 3, 100, NULL, EPOLL_STORM());
TYPE(EpollStorm_two_producers, 4, 100, NULL, EPOLL_STORM(.producers = 2, .pause_ns = MS));
TYPE(ThunderingHerd, 8, 150, NULL, THUNDERING_HERD());
TYPE(PageFaultChurn, 1, 50, NULL, PAGE_FAULT_CHURN());
TYPE(NumaWorkingSetSweep, 2, 50, NULL, NUMA_WORKING_SET_SWEEP(.kib = 256, .period_ns = 5 * MS));
TYPE(MutexContention, 4, 200, NULL, MUTEX_CONTENTION(.hold = 8192, .spin = 64));
TYPE(PriorityInversion, 3, 200, "CAP_SYS_NICE", PRIORITY_INVERSION());
TYPE(PriorityInversion_pi, 3, 200, "CAP_SYS_NICE", PRIORITY_INVERSION(.mode = KTSTR_LOCK_PI));
TYPE(ProducerConsumerImbalance, 3, 100, NULL, PRODUCER_CONSUMER_IMBALANCE(.consume = 16));
TYPE(ProducerConsumerImbalance_full, 4, 150, NULL,
	PRODUCER_CONSUMER_IMBALANCE(.producers = 3, .rate_hz = 100000, .consume = 100000,
				    .depth = 2));
TYPE(SignalStorm, 2, 50, NULL, SIGNAL_STORM());
TYPE(PreemptStorm, 3, 150, "CAP_SYS_NICE", PREEMPT_STORM());
TYPE(RtStarvation, 2, 50, "CAP_SYS_NICE", RT_STARVATION());
TYPE(Custom, 1, 50, NULL, CUSTOM("touch_and_nap", touch_and_nap, .arg = { 100 }));

struct steps {
	uint64_t units;
	const char *word;
};

KTSTR_CUSTOM_WORK(count_by, struct steps)
{
	if (!strcmp(cfg->word, "twice"))
		ktstr_work_done(w, 2 * cfg->units);
	ktstr_work_sample_wake(w, 1000);
	ktstr_work_sleep(w, NSEC_PER_MSEC);
}

TYPE(Custom_with_configuration, 1, 50, NULL, CUSTOM_OF(count_by, .units = 7, .word = "twice"));

/* Does this member wait to be woken, or is it one that others wait for? */
static bool samples_wakes(const struct ktstr_work *work, const struct ktstr_worker_report *r,
			  uint32_t i)
{
	switch (work->type) {
	case KTSTR_WORK_PREEMPT_STORM:
		return i == 0;
	case KTSTR_WORK_MUTEX_CONTENTION:	/* who has to wait is the scheduler's choice */
	case KTSTR_WORK_PRIORITY_INVERSION:
		return false;
	case KTSTR_WORK_PRODUCER_CONSUMER_IMBALANCE:	/* whichever side blocks */
		return work->producer_consumer.depth ? i < 3 : i == 2;
	default:
		return ktstr_work__row(work->type)->flags & KTSTR_WORK_SAMPLES_WAKE &&
		       !(r->flags & KTSTR_WORKER_MESSENGER);
	}
}

TEST_F(types, work_sample_and_stop)
{
	const struct ktstr_work_row *row = ktstr_work__row(variant->work.type);
	uint64_t samples = 0;
	uint32_t i;
	int err;

	ASSERT_NE(NULL, row);
	if (variant->work.type == KTSTR_WORK_CGROUP_CHURN && !self->root[0])
		SKIP(return, "no writable cgroup2 on this machine");
	ASSERT_EQ(0, run(self, &variant->work, variant->workers, variant->ms));
	/* As SCHED_IDLE a worker sees the order when nobody else wants the CPU. */
	if (variant->work.type != KTSTR_WORK_POLICY_CHURN)
		EXPECT_GT(STOPS_SOON, self->stop_ns);
	err = refused(self, variant->workers);
	if (err && variant->needs)
		SKIP(return, "needs %s: %s", variant->needs, strerror(-err));
	ASSERT_EQ(0, err);
	for (i = 0; i < variant->workers; i++) {
		const struct ktstr_worker_report *r = &self->r[i];

		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, i));
		/* What an RT task leaves to the others is not ours to promise. */
		if (variant->work.type != KTSTR_WORK_RT_STARVATION || !i)
			EXPECT_LT(0, r->work_units) TH_LOG("member %u", i);
		if (samples_wakes(&variant->work, r, i))
			EXPECT_LT(0, wakes(self->ws, i)) TH_LOG("member %u", i);
		samples += wakes(self->ws, i);
	}
	EXPECT_EQ(!!(row->flags & KTSTR_WORK_SAMPLES_WAKE), samples > 0);
}

/* ---- what each is named for ---- */

FIXTURE(signature) {
	FIXTURE_DATA(types) t;
};

FIXTURE_SETUP(signature)
{
	come_first();
	self->t.ws = ktstr_workers__new(MAX_WORKERS);
	ASSERT_NE(NULL, self->t.ws);
	self->t.where = (struct ktstr_placement){ .cgroup_fd = -1 };
	self->t.r = ktstr_workers__reports(self->t.ws);
}

FIXTURE_TEARDOWN(signature)
{
	ktstr_workers__free(self->t.ws, NSEC_PER_SEC);
}

TEST_F(signature, fork_exit_leaves_no_child_behind)
{
	ASSERT_EQ(0, run(&self->t, &FORK_EXIT, 2, 100));
	EXPECT_EQ(self->t.r[0].work_units, wakes(self->t.ws, 0));
	EXPECT_LT(0, self->t.r[0].voluntary_switches);
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(ECHILD, errno);
}

TEST_F(signature, affinity_churn_uses_each_of_its_cpus_and_no_other)
{
	cpu_set_t set;
	uint32_t cpu;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	ASSERT_EQ(0, run(&self->t, &AFFINITY_CHURN(.spin = 64), 1, 200));
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		EXPECT_EQ(!!CPU_ISSET(cpu, &set),
			  ktstr_cpumask__test(&self->t.r[0].cpus_used, cpu));
	}
	if (CPU_COUNT(&set) > 1)
		EXPECT_LT(2, self->t.r[0].migrations);
}

TEST_F(signature, a_herd_gets_its_batches_and_then_rests)
{
	uint32_t i;

	ASSERT_EQ(0,
		  run(&self->t, &THUNDERING_HERD(.waiters = 3, .batches = 2, .pause_ns = 20 * MS),
			 4, 500));
	EXPECT_TRUE(self->t.r[0].flags & KTSTR_WORKER_MESSENGER);
	EXPECT_EQ(2 * 256, self->t.r[0].work_units);
	for (i = 1; i < 4; i++) {
		EXPECT_FALSE(self->t.r[i].flags & KTSTR_WORKER_MESSENGER);
		EXPECT_EQ(2 * 256, self->t.r[i].work_units);
		EXPECT_EQ(2, wakes(self->t.ws, i));
	}
}

TEST_F(signature, a_wake_chain_is_one_thread_of_execution)
{
	const struct ktstr_worker_report *r = self->t.r;
	uint32_t i;

	ASSERT_EQ(0, run(&self->t, &WAKE_CHAIN(.work_ns = MS), 4, 200));
	for (i = 0; i < 4; i++) {
		/* 200 hops of a millisecond at the most, shared by four. */
		EXPECT_GE(60, r[i].iterations);
		EXPECT_LE(r[0].iterations - r[i].iterations + 1, 3);
	}
}

TEST_F(signature, epoll_producers_pause_between_their_bursts)
{
	struct ktstr_work storm = EPOLL_STORM(.burst = 4, .pause_ns = 10 * MS);

	ASSERT_EQ(0, run(&self->t, &storm, 3, 200));
	EXPECT_TRUE(self->t.r[0].flags & KTSTR_WORKER_MESSENGER);
	EXPECT_LE(4, self->t.r[0].work_units);
	EXPECT_GE(4 * (self->t.r[0].wall_ns / (10 * MS) + 1), self->t.r[0].work_units);
}

TEST_F(signature, producers_keep_their_rate_and_consumers_get_what_was_produced)
{
	const struct ktstr_worker_report *r = self->t.r;
	struct ktstr_work work = PRODUCER_CONSUMER_IMBALANCE(.rate_hz = 200, .consume = 10);
	uint64_t made, eaten;

	ASSERT_EQ(0, run(&self->t, &work, 3, 300));
	made = r[0].work_units + r[1].work_units;
	eaten = r[2].work_units / 10;
	EXPECT_LE(10, made);
	EXPECT_GE(2 * (r[0].wall_ns / (5 * MS) + 1), made);
	EXPECT_GE(made, eaten);
	EXPECT_LE(made, 2 * eaten + 2);
}

TEST_F(signature, a_full_ring_holds_the_producers_back)
{
	const struct ktstr_worker_report *r = self->t.r;
	struct ktstr_work work = PRODUCER_CONSUMER_IMBALANCE(.rate_hz = 1000000, .depth = 7,
							     .consume = 100000);
	uint64_t made, eaten;

	ASSERT_EQ(0, run(&self->t, &work, 3, 300));
	made = r[0].work_units + r[1].work_units;
	eaten = r[2].work_units / 100000;
	EXPECT_LE(1, eaten);
	EXPECT_GE(eaten + 7, made);
	EXPECT_LE(eaten, made);
	EXPECT_LT(r[0].wall_ns / 2, r[0].blocked_ns + r[0].run_delay_ns);
}

TEST_F(signature, signals_count_only_while_there_is_somebody_to_get_them)
{
	const struct ktstr_worker_report *r = self->t.r;
	struct ktstr_work work = SIGNAL_STORM(.signals = 3, .spin = 100);

	ASSERT_EQ(0, run(&self->t, &work, 2, 300));
	EXPECT_LT(100 * r[0].iterations, r[0].work_units);
	EXPECT_GE(103 * r[0].iterations, r[0].work_units);
}

TEST_F(signature, the_signal_is_sigusr1)
{
	unsigned long long caught = 0;
	char path[64], line[128];
	FILE *f;

	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, &SIGNAL_STORM(), 2, &self->t.where));
	ktstr_workers__start(self->t.ws, 10 * NSEC_PER_SEC);
	snprintf(path, sizeof(path), "/proc/%d/status", ktstr_workers__pid(self->t.ws, 0));
	f = fopen(path, "re");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "SigCgt: %llx", &caught);
	fclose(f);
	ASSERT_EQ(0, ktstr_workers__stop(self->t.ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_NE(0, caught >> (SIGUSR1 - 1) & 1);
	EXPECT_EQ(0, caught >> (SIGUSR2 - 1) & 1);
}

TEST_F(signature, a_sweep_keeps_to_the_nodes_it_was_given)
{
	struct ktstr_work work = NUMA_WORKING_SET_SWEEP(.kib = 64, .period_ns = MS, .nodes = "0");
	uint32_t i;

	ASSERT_EQ(0, run(&self->t, &work, 2, 50));
	for (i = 0; i < 2 && !self->t.r[i].setup_error; i++)
		EXPECT_LT(0, self->t.r[i].work_units);
}

TEST_F(signature, a_node_that_does_not_exist_is_refused)
{
	run(&self->t, &NUMA_WORKING_SET_SWEEP(.nodes = "500"), 1, 1);
	EXPECT_EQ(-ENODEV, self->t.r[0].setup_error);
}

/* Whoever has died, the others still stop. */
static void lose(FIXTURE_DATA(signature) *self, struct __test_metadata *_metadata,
		 const struct ktstr_work *work, uint32_t nr, uint32_t who)
{
	uint64_t before;
	uint32_t i;

	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, work, nr, &self->t.where));
	ktstr_workers__start(self->t.ws, 10 * NSEC_PER_SEC);
	sleep_ms(50);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->t.ws, who), SIGKILL));
	sleep_ms(50);
	before = ktstr_now_ns();
	ASSERT_EQ(0, ktstr_workers__stop(self->t.ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_GT(STOPS_SOON, ktstr_now_ns() - before);
	for (i = 0; i < nr; i++)
		EXPECT_EQ(i == who ? KTSTR_WORKER_DIED : KTSTR_WORKER_COMPLETED,
			  ktstr_workers__status(self->t.ws, i));
}

TEST_F(signature, contenders_survive_one_of_them)
{
	/* The lock is hardly ever free, so its owner is a likely victim. */
	lose(self, _metadata, &MUTEX_CONTENTION(.contenders = 2, .hold = 100000, .spin = 1), 2, 0);
}

TEST_F(signature, a_chain_survives_a_link)
{
	lose(self, _metadata, &WAKE_CHAIN(.mechanism = KTSTR_WAKE_FUTEX), 4, 2);
}

TEST_F(signature, a_chain_of_pipes_survives_a_link)
{
	lose(self, _metadata, &WAKE_CHAIN(), 4, 1);
}

TEST_F(signature, consumers_survive_their_producer)
{
	lose(self, _metadata, &EPOLL_STORM(), 3, 0);
}

TEST_F(signature, a_signaller_survives_its_target)
{
	lose(self, _metadata, &SIGNAL_STORM(), 2, 1);
}

/* ---- refusals are said ---- */

static int without_privilege(void *arg, uint32_t index)
{
	static const struct rlimit none = { 0, 0 };

	(void)arg;
	(void)index;
	if (setrlimit(RLIMIT_RTPRIO, &none) || setrlimit(RLIMIT_NICE, &none))
		return -errno;
	return geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) ? -errno : 0;
}

TEST_F(signature, a_worker_that_may_not_be_real_time_does_not_run_as_a_normal_one)
{
	self->t.where.enter = without_privilege;
	ASSERT_EQ(0, run(&self->t, &RT_STARVATION(), 2, 20));
	EXPECT_EQ(-EPERM, self->t.r[0].setup_error);
	EXPECT_EQ(0, self->t.r[0].work_units);
	EXPECT_EQ(0, self->t.r[1].setup_error);
}

TEST_F(signature, preempt_storm_and_inversion_say_so_too)
{
	uint32_t i;

	self->t.where.enter = without_privilege;
	ASSERT_EQ(0, ktstr_workers__fork(self->t.ws, 0, &PREEMPT_STORM(), 3, &self->t.where));
	ASSERT_EQ(0, run(&self->t, &PRIORITY_INVERSION(.mode = KTSTR_LOCK_PI), 3, 20));
	EXPECT_EQ(-EPERM, self->t.r[0].setup_error);
	for (i = 3; i < 6; i++)
		EXPECT_EQ(-EPERM, self->t.r[i].setup_error);
}

TEST_F(signature, a_nice_sweep_that_could_not_come_back_does_not_begin)
{
	self->t.where.enter = without_privilege;
	ASSERT_EQ(0, run(&self->t, &NICE_SWEEP, 1, 20));
	EXPECT_EQ(-EACCES, self->t.r[0].setup_error);
}

TEST_F(signature, policies_without_privilege_are_those_with_a_way_back)
{
	self->t.where.enter = without_privilege;
	ASSERT_EQ(0, run(&self->t, &POLICY_CHURN(), 1, 100));
	EXPECT_EQ(0, self->t.r[0].setup_error);
	EXPECT_LT(0, self->t.r[0].work_units);
}

TEST_F(signature, cgroup_churn_needs_a_root_for_its_leaves)
{
	ASSERT_EQ(0, run(&self->t, &CGROUP_CHURN(), 1, 20));
	EXPECT_EQ(-ENOENT, self->t.r[0].setup_error);
}

TEST_F(signature, a_custom_function_gets_its_typed_configuration)
{
	ASSERT_EQ(0, run(&self->t, &CUSTOM_OF(count_by, .units = 7, .word = "twice"), 1, 20));
	EXPECT_LT(0, self->t.r[0].iterations);
	EXPECT_EQ(14 * self->t.r[0].iterations, self->t.r[0].work_units);
}

/* ---- parameters ---- */

static const char *refusal(const struct ktstr_work *work, uint32_t workers)
{
	static char why[256];

	why[0] = '\0';
	return ktstr_work__check(work, workers, why, sizeof(why)) ? "" : why;
}

TEST(groups_are_as_large_as_their_parameters_say)
{
	EXPECT_STREQ("", refusal(&FAN_OUT_COMPUTE(), 10));
	EXPECT_STREQ("FanOutCompute requires num_workers divisible by 5, got 6",
		     refusal(&FAN_OUT_COMPUTE(), 6));
	EXPECT_STREQ("AsymmetricWaker requires num_workers divisible by 2, got 3",
		     refusal(&ASYMMETRIC_WAKER(), 3));
	EXPECT_STREQ("WakeChain requires num_workers divisible by 4, got 2",
		     refusal(&WAKE_CHAIN(), 2));
	EXPECT_STREQ("EpollStorm requires num_workers divisible by 3, got 4",
		     refusal(&EPOLL_STORM(), 4));
	EXPECT_STREQ("ThunderingHerd requires num_workers divisible by 8, got 7",
		     refusal(&THUNDERING_HERD(), 7));
	EXPECT_STREQ("MutexContention requires num_workers divisible by 4, got 0",
		     refusal(&MUTEX_CONTENTION(), 0));
	EXPECT_STREQ("PriorityInversion requires num_workers divisible by 5, got 3",
		     refusal(&PRIORITY_INVERSION(.medium = 3), 3));
	EXPECT_STREQ("ProducerConsumerImbalance requires num_workers divisible by 3, got 2",
		     refusal(&PRODUCER_CONSUMER_IMBALANCE(), 2));
	EXPECT_STREQ("SignalStorm requires num_workers divisible by 2, got 1",
		     refusal(&SIGNAL_STORM(), 1));
	EXPECT_STREQ("NumaWorkingSetSweep: nodes is no list of NUMA nodes, such as \"0,2-3\"",
		     refusal(&NUMA_WORKING_SET_SWEEP(.nodes = "first"), 1));
	EXPECT_STREQ("NumaWorkingSetSweep: nodes is no list of NUMA nodes, such as \"0,2-3\"",
		     refusal(&NUMA_WORKING_SET_SWEEP(.nodes = ""), 1));
	EXPECT_STREQ("PreemptStorm requires num_workers divisible by 3, got 2",
		     refusal(&PREEMPT_STORM(), 2));
	EXPECT_STREQ("RtStarvation requires num_workers divisible by 4, got 2",
		     refusal(&RT_STARVATION(.rt = 3), 2));
	EXPECT_STREQ("", refusal(&FORK_EXIT, 7));
}

TEST(parameters_that_make_no_sense_are_refused)
{
	EXPECT_STREQ("WakeChain: depth must be at least 2", refusal(&WAKE_CHAIN(.depth = 1), 1));
	EXPECT_STREQ("WakeChain: depth exceeds 32, the most that a chain of pipes may have",
		     refusal(&WAKE_CHAIN(.depth = 33), 33));
	EXPECT_STREQ("", refusal(&WAKE_CHAIN(.depth = 33, .mechanism = KTSTR_WAKE_FUTEX), 33));
	EXPECT_STREQ("EpollStorm: producers and consumers together exceed 64",
		     refusal(&EPOLL_STORM(.producers = 60, .consumers = 5), 65));
	EXPECT_STREQ("FanOutCompute: fan exceeds 4096",
		     refusal(&FAN_OUT_COMPUTE(.fan = UINT32_MAX), 1));
	EXPECT_STREQ("ThunderingHerd: pause_ns exceeds an hour",
		     refusal(&THUNDERING_HERD(.pause_ns = 3601 * NSEC_PER_SEC), 8));
	EXPECT_STREQ("PageFaultChurn: kib is less than a page",
		     refusal(&PAGE_FAULT_CHURN(.kib = 3), 1));
	EXPECT_STREQ("ProducerConsumerImbalance: depth is not within 2..1048576",
		     refusal(&PRODUCER_CONSUMER_IMBALANCE(.depth = 1), 3));
	EXPECT_STREQ("RtStarvation: priority exceeds 99",
		     refusal(&RT_STARVATION(.priority = 100), 2));
	EXPECT_STREQ("CgroupChurn: groups exceeds 64", refusal(&CGROUP_CHURN(.groups = 65), 1));
	EXPECT_STREQ("AsymmetricWaker: unknown scheduling class",
		     refusal(&ASYMMETRIC_WAKER(.waker = (enum ktstr_sched_class)9), 2));
	EXPECT_STREQ("Custom: no function given", refusal(&CUSTOM("x", NULL), 1));
	EXPECT_STREQ("Custom: no name given", refusal(&CUSTOM("", touch_and_nap), 1));
}

TEST_HARNESS_MAIN

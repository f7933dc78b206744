// SPDX-License-Identifier: GPL-2.0
/*
 * Workers that are threads: of one process, also when they belong to several stores, with
 * everything that workers promise otherwise. And the gate that several stores share.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "tests/unit/work/let_run.h"

#define BOUND	(2 * NSEC_PER_SEC)	/* in which a busy machine still runs a worker once */
#define LONG	(20 * NSEC_PER_SEC)

static const struct ktstr_work spin = { .type = KTSTR_WORK_SPIN_WAIT };

/* What threads say about themselves; shared memory. */
struct told {
	uint32_t pid[4], ppid[4];
	int nice[4];
	char comm[4][16];
};

FIXTURE(threads) {
	struct ktstr_workers *a, *b;
	struct ktstr_leader *leader;
	struct told *told;
};

FIXTURE_SETUP(threads)
{
	self->a = ktstr_workers__new(4);
	self->b = ktstr_workers__new(4);
	self->leader = ktstr_leader__new("leader");
	self->told = mmap(NULL, sizeof(*self->told), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(self->a && self->b && self->leader && self->told != MAP_FAILED);
}

FIXTURE_TEARDOWN(threads)
{
	ktstr_workers__free(self->a, NSEC_PER_SEC);
	ktstr_workers__free(self->b, NSEC_PER_SEC);
	EXPECT_TRUE(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	munmap(self->told, sizeof(*self->told));
}

static void plan(struct __test_metadata *_metadata, struct ktstr_workers *ws, uint32_t group,
		 const struct ktstr_work *work, uint32_t nr, struct ktstr_placement placement,
		 struct ktstr_leader *leader)
{
	placement.cgroup_fd = -1;
	placement.leader = leader;
	ASSERT_EQ(0, ktstr_workers__fork(ws, group, work, nr, &placement));
}

#define PLAN(_ws, _group, _work, _nr, ...)					\
	plan(_metadata, _ws, _group, _work, _nr,				\
	     (struct ktstr_placement){ __VA_ARGS__ }, self->leader)

/* Fork, start and let run. */
static void go(struct __test_metadata *_metadata, struct ktstr_leader *leader,
	       struct ktstr_workers *a, struct ktstr_workers *b)
{
	ASSERT_EQ(0, ktstr_leader__fork(leader, -1));
	ktstr_leader__free(leader);
	ASSERT_EQ(0, ktstr_workers__start(a, LONG));
	if (b)
		ASSERT_EQ(0, ktstr_workers__start(b, LONG));
	run_for(100 * NSEC_PER_MSEC);
}

/* The first thread sets what the others must not have. */
static int tell(void *arg, uint32_t index)
{
	struct told *told = arg;

	if (!index && (setpriority(PRIO_PROCESS, 0, 7) || prctl(PR_SET_NAME, "first")))
		return -errno;
	told->pid[index] = getpid();
	told->ppid[index] = getppid();
	told->nice[index] = getpriority(PRIO_PROCESS, 0);
	return prctl(PR_GET_NAME, told->comm[index]) ? -errno : 0;
}

static void number(void *arg, uint32_t index, char comm[KTSTR_COMM_LEN])
{
	(void)arg;
	snprintf(comm, KTSTR_COMM_LEN, "cg_a:%u", index);
}

static int look(void *arg, uint32_t index)
{
	struct told *told = arg;

	return prctl(PR_GET_NAME, told->comm[index]) ? -errno : 0;
}

/* What a process is called when it begins is what the kernel calls it before that. */
TEST_F(threads, a_worker_has_its_name_before_it_runs)
{
	struct ktstr_placement placement = {
		.cgroup_fd = -1, .enter = look, .name = number, .arg = self->told,
	};
	char before[KTSTR_COMM_LEN], after[KTSTR_COMM_LEN];

	prctl(PR_GET_NAME, before);
	ASSERT_EQ(0, ktstr_workers__fork(self->a, 0, &spin, 2, &placement));
	prctl(PR_GET_NAME, after);
	EXPECT_STREQ(before, after);
	ktstr_leader__free(self->leader);
	EXPECT_EQ(0, ktstr_workers__start(self->a, LONG));
	EXPECT_EQ(0, ktstr_workers__stop(self->a, LONG, LONG));
	EXPECT_STREQ("cg_a:0", self->told->comm[0]);
	EXPECT_STREQ("cg_a:1", self->told->comm[1]);
}

TEST_F(threads, of_two_stores_live_in_one_process_and_keep_their_own)
{
	struct told *told = self->told;
	char path[64], comm[32] = "";
	uint64_t before;
	uint32_t i;
	FILE *f;

	PLAN(self->a, 3, &spin, 2, .enter = tell, .arg = told);
	PLAN(self->b, 5, &spin, 1);
	go(_metadata, self->leader, self->a, self->b);
	let_work(self->a);
	let_work(self->b);
	snprintf(path, sizeof(path), "/proc/%u/comm", told->pid[0]);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	EXPECT_NE(NULL, fgets(comm, sizeof(comm), f));
	fclose(f);
	EXPECT_STREQ("leader\n", comm);
	snprintf(path, sizeof(path), "/proc/%u/task/%d", told->pid[0],
		 ktstr_workers__pid(self->b, 0));
	EXPECT_EQ(0, access(path, F_OK));

	before = ktstr_now_ns();
	ktstr_workers__collect(self->a, LONG);
	ktstr_workers__collect(self->b, LONG);
	ktstr_workers__release(self->b);
	EXPECT_EQ(0, ktstr_workers__stop(self->a, 0, LONG));
	EXPECT_EQ(0, ktstr_workers__stop(self->b, 0, LONG));
	/* nobody waited in vain for a process that the other store kept alive */
	EXPECT_GT(LONG / 2, ktstr_now_ns() - before);
	EXPECT_EQ(told->pid[0], told->pid[1]);
	EXPECT_EQ((uint32_t)getpid(), told->ppid[0]);
	EXPECT_STREQ("first", told->comm[0]);
	EXPECT_STREQ("leader", told->comm[1]);
	EXPECT_EQ(7, told->nice[0]);
	EXPECT_NE(7, told->nice[1]);
	for (i = 0; i < 3; i++) {
		struct ktstr_workers *ws = i < 2 ? self->a : self->b;
		const struct ktstr_worker_report *r = &ktstr_workers__reports(ws)[i % 2];

		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(ws, i % 2));
		EXPECT_EQ(i < 2 ? 3 : 5, r->group);
		EXPECT_LT(0, r->work_units);
		EXPECT_LT(0, r->cpu_ns);
		EXPECT_GE(r->wall_ns, r->cpu_ns);
		EXPECT_NE((int)told->pid[0], r->tid);
		EXPECT_EQ(0, r->pages_valid);
		if (!access("/proc/self/schedstat", R_OK))
			EXPECT_EQ(1, r->schedstat_valid);
	}
}

/* Types that share descriptors, memory or signals with a partner. */
TEST_F(threads, can_be_partners)
{
	static const enum ktstr_work_type types[] = {
		KTSTR_WORK_PIPE_IO, KTSTR_WORK_CACHE_PIPE, KTSTR_WORK_SIGNAL_STORM,
	};
	uint32_t t, i;

	ktstr_leader__free(self->leader);
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		struct ktstr_work work = { .type = types[t] };

		ktstr_workers__free(self->a, NSEC_PER_SEC);
		self->a = ktstr_workers__new(4);
		ASSERT_NE(NULL, self->a);
		self->leader = ktstr_leader__new(NULL);
		ASSERT_NE(NULL, self->leader);
		PLAN(self->a, 0, &work, 4);
		go(_metadata, self->leader, self->a, NULL);
		let_run(self->a, 0, 3);
		EXPECT_EQ(0, ktstr_workers__stop(self->a, LONG, LONG));
		for (i = 0; i < 4; i++) {
			const struct ktstr_worker_report *r = &ktstr_workers__reports(self->a)[i];

			EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->a, i));
			EXPECT_LT(2, r->iterations) TH_LOG("type %u worker %u", types[t], i);
		}
	}
}

static void hang(struct ktstr_work_ctx *w)
{
	w->units++;
	work_checkpoint(w);
	for (;;)
		pause();
}

static const struct ktstr_work hanging = { .type = KTSTR_WORK_CUSTOM,
					   .custom = { "hang", hang } };

TEST_F(threads, one_that_hangs_is_killed_and_the_others_have_completed)
{
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->b);

	PLAN(self->a, 0, &spin, 2);
	PLAN(self->b, 0, &hanging, 1);
	go(_metadata, self->leader, self->a, self->b);
	let_work(self->a);
	let_work(self->b);
	ktstr_workers__tell(self->b);
	/* The store without the culprit waits for the process as well. */
	EXPECT_EQ(0, ktstr_workers__stop(self->a, BOUND, BOUND));
	EXPECT_EQ(0, ktstr_workers__stop(self->b, BOUND, LONG));
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->a, 0));
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->a, 1));
	EXPECT_EQ(KTSTR_WORKER_KILLED, ktstr_workers__status(self->b, 0));
	EXPECT_EQ(0, r->completed);
	EXPECT_LE(BOUND, r->max_gap_ns);
}

static void crash(struct ktstr_work_ctx *w)
{
	struct told *told = (struct told *)w->work->custom.arg[0];

	while (!__atomic_load_n(&told->pid[0], __ATOMIC_RELAXED))
		work_sleep(w, NSEC_PER_MSEC);
	kill(getpid(), SIGABRT);
}

TEST_F(threads, that_crash_take_their_process_along)
{
	const struct ktstr_work crashing = { .type = KTSTR_WORK_CUSTOM,
					     .custom = { "crash", crash, { (uintptr_t)self->told } } };

	siginfo_t info;

	PLAN(self->a, 0, &spin, 1);
	PLAN(self->b, 0, &crashing, 1);
	go(_metadata, self->leader, self->a, self->b);
	let_work(self->a);
	__atomic_store_n(&self->told->pid[0], 1, __ATOMIC_RELAXED);
	while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	EXPECT_EQ(0, ktstr_workers__stop(self->a, LONG, LONG));
	EXPECT_EQ(0, ktstr_workers__stop(self->b, LONG, LONG));
	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->a, 0));
	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->b, 0));
	EXPECT_EQ(SIGABRT, WTERMSIG(ktstr_workers__reports(self->a)->exit_status));
	EXPECT_LT(0, ktstr_workers__reports(self->a)->work_units);
}

static int refuse_second(void *arg, uint32_t index)
{
	(void)arg;
	return index == 1 ? -EPERM : 0;
}

TEST_F(threads, one_that_cannot_get_ready_stops_nobody_else)
{
	PLAN(self->a, 0, &spin, 3, .enter = refuse_second);
	go(_metadata, self->leader, self->a, NULL);
	EXPECT_EQ(0, ktstr_workers__stop(self->a, LONG, LONG));
	EXPECT_EQ(-EPERM, ktstr_workers__reports(self->a)[1].setup_error);
	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->a, 1));
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->a, 2));
}

TEST_F(threads, that_were_only_planned_leave_nothing)
{
	const struct ktstr_work pipes = { .type = KTSTR_WORK_PIPE_IO };

	PLAN(self->a, 0, &pipes, 2);
	EXPECT_EQ(0, ktstr_workers__pid(self->a, 0));
	ktstr_leader__free(self->leader);
}

/* ---- the common gate ---- */

TEST_F(threads, and_processes_behind_one_gate_start_together)
{
	uint32_t *gate = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ktstr_workers * const both[] = { self->a, self->b };

	ASSERT_NE(MAP_FAILED, gate);
	*gate = UINT32_MAX;		/* it may wrap */
	ktstr_workers__use_gate(self->a, gate);
	ktstr_workers__use_gate(self->b, gate);
	PLAN(self->a, 0, &spin, 2);
	ASSERT_EQ(0, ktstr_leader__fork(self->leader, -1));
	ktstr_leader__free(self->leader);
	self->leader = NULL;
	PLAN(self->b, 0, &spin, 2);
	EXPECT_EQ(0, ktstr_workers__ready(self->a, LONG));
	EXPECT_EQ(0, ktstr_workers__ready(self->b, LONG));
	run_for(20 * NSEC_PER_MSEC);
	EXPECT_EQ(0, ktstr_workers__iterations(self->a) + ktstr_workers__iterations(self->b));
	ktstr_gate__open(gate, both, 2);
	let_run(self->a, 0, 1);
	let_run(self->b, 0, 1);
	ktstr_workers__tell(self->b);
	EXPECT_EQ(0, ktstr_workers__stop(self->a, LONG, LONG));
	EXPECT_EQ(0, ktstr_workers__stop(self->b, LONG, LONG));
	EXPECT_LT(0, ktstr_workers__reports(self->a)[1].work_units);
	EXPECT_LT(0, ktstr_workers__reports(self->b)[1].work_units);
	EXPECT_LT(0, ktstr_workers__reports(self->b)[1].start_ns);
	EXPECT_GT(LET_RUN_PATIENCE, ktstr_workers__reports(self->b)[1].start_ns);
	munmap(gate, sizeof(*gate));
}

/* Workers that nobody schedules any more cannot obey, so they are not asked. */
TEST_F(threads, and_processes_can_be_cut_off)
{
	uint64_t before;

	PLAN(self->a, 0, &hanging, 2);
	go(_metadata, self->leader, self->a, NULL);
	self->leader = NULL;
	PLAN(self->b, 0, &spin, 1);
	ASSERT_EQ(0, ktstr_workers__start(self->b, LONG));
	let_work(self->a);
	let_work(self->b);
	before = ktstr_now_ns();
	ktstr_workers__kill(self->a);
	ktstr_workers__kill(self->b);
	EXPECT_EQ(0, ktstr_workers__stop(self->a, LONG, LONG));
	EXPECT_EQ(0, ktstr_workers__stop(self->b, LONG, LONG));
	EXPECT_GT(LONG / 2, ktstr_now_ns() - before);
	EXPECT_EQ(KTSTR_WORKER_CUT, ktstr_workers__status(self->a, 1));
	EXPECT_EQ(1, ktstr_workers__reports(self->a)[1].work_units);
	EXPECT_LE(100 * NSEC_PER_MSEC, ktstr_workers__reports(self->a)[1].wall_ns);
	EXPECT_LT(0, ktstr_workers__reports(self->b)->work_units);
}

TEST_F(threads, die_with_the_runner)
{
	struct ktstr_placement placement = {
		.cgroup_fd = -1, .leader = self->leader, .enter = tell, .arg = self->told,
	};
	struct pollfd p = { .events = POLLIN };
	int pipes[2];
	pid_t parent;
	char byte;

	ASSERT_EQ(0, pipe(pipes));
	parent = fork();
	ASSERT_LE(0, parent);
	if (!parent) {
		if (ktstr_workers__fork(self->a, 0, &spin, 1, &placement) ||
		    ktstr_leader__fork(self->leader, -1))
			_exit(1);
		ktstr_workers__start(self->a, LONG);
		if (write(pipes[1], "", 1) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	ktstr_leader__free(self->leader);
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	p.fd = syscall(SYS_pidfd_open, self->told->pid[0], 0);
	ASSERT_LE(0, p.fd);
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, kill(parent, SIGKILL));
	EXPECT_EQ(1, poll(&p, 1, 10000));
	waitpid(parent, NULL, 0);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * What worker processes promise, with real ones on this machine: they start and stop
 * together, and every one has a report, however it ended.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/clock.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "tests/unit/work/let_run.h"

#define BOUND	(2 * NSEC_PER_SEC)	/* in which a busy machine still runs a worker once */

static const struct ktstr_work spin = { .type = KTSTR_WORK_SPIN_WAIT };
static const struct ktstr_placement nowhere = { .cgroup_fd = -1 };

/* Start what is forked, let it run until each has @iterations, end it. */
static void start_and_stop(struct __test_metadata *_metadata, struct ktstr_workers *ws,
			   uint64_t ns, uint64_t iterations)
{
	ASSERT_EQ(0, ktstr_workers__start(ws, 10 * NSEC_PER_SEC));
	let_run(ws, ns, iterations);
	ASSERT_EQ(0, ktstr_workers__stop(ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static bool is_zombie(pid_t pid)
{
	char path[32], buf[256] = "", *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (!fgets(buf, sizeof(buf), f))
		buf[0] = '\0';
	fclose(f);
	state = strrchr(buf, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

FIXTURE(workers) {
	struct ktstr_workers *ws;
};

FIXTURE_SETUP(workers)
{
	self->ws = ktstr_workers__new(4);
	ASSERT_NE(NULL, self->ws);
}

FIXTURE_TEARDOWN(workers)
{
	ktstr_workers__free(self->ws, NSEC_PER_SEC);
}

TEST_F(workers, measure_themselves_while_they_run)
{
	const struct ktstr_worker_report *r;
	int i;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 2, &nowhere));
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 1, &spin, 1, &nowhere));
	EXPECT_EQ(0, ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC));
	let_run(self->ws, 200 * NSEC_PER_MSEC, 1);
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));

	ASSERT_EQ(3, ktstr_workers__nr(self->ws));
	r = ktstr_workers__reports(self->ws);
	for (i = 0; i < 3; i++, r++) {
		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, i));
		EXPECT_EQ(ktstr_workers__pid(self->ws, i), r->tid);
		EXPECT_EQ(i == 2, r->group);
		EXPECT_EQ(1, r->completed);
		EXPECT_LT(0, r->iterations);
		EXPECT_EQ(1024 * r->iterations, r->work_units);
		EXPECT_LE(200 * NSEC_PER_MSEC, r->wall_ns);
		EXPECT_LT(0, r->cpu_ns);
		EXPECT_LE(r->cpu_ns, r->wall_ns);
		EXPECT_LT(0, r->max_gap_ns);
		EXPECT_LE(r->max_gap_at_ns + r->max_gap_ns, r->wall_ns);
		EXPECT_LE(1, ktstr_cpumask__weight(&r->cpus_used));
		EXPECT_GE(r->migrations + 1, ktstr_cpumask__weight(&r->cpus_used));
		if (!access("/proc/self/schedstat", R_OK))
			EXPECT_EQ(1, r->schedstat_valid);
	}
	EXPECT_FALSE(has_children());
}

TEST_F(workers, a_killed_one_is_lost_but_its_report_is_not)
{
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 2, &nowhere));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	let_run(self->ws, 200 * NSEC_PER_MSEC, 1);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->ws, 0), SIGKILL));
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));

	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->ws, 0));
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, 1));
	EXPECT_EQ(0, r[0].completed);
	EXPECT_TRUE(WIFSIGNALED(r[0].exit_status));
	EXPECT_EQ(SIGKILL, WTERMSIG(r[0].exit_status));
	EXPECT_LT(0, r[0].work_units);
	EXPECT_LT(0, r[0].wall_ns);
	if (r[0].schedstat_valid)
		EXPECT_LT(0, r[0].cpu_ns);
}

TEST_F(workers, a_stopped_one_is_killed_at_the_bound_and_its_absence_is_a_gap)
{
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 2, &nowhere));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	let_run(self->ws, 100 * NSEC_PER_MSEC, 1);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->ws, 1), SIGSTOP));
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, BOUND, 10 * NSEC_PER_SEC));

	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, 0));
	EXPECT_EQ(KTSTR_WORKER_KILLED, ktstr_workers__status(self->ws, 1));
	EXPECT_EQ(0, r[1].completed);
	EXPECT_LE(BOUND, r[1].max_gap_ns);
	EXPECT_LE(BOUND + 100 * NSEC_PER_MSEC, r[1].wall_ns);
	EXPECT_LT(0, r[1].work_units);
	EXPECT_FALSE(has_children());
}

TEST_F(workers, one_that_never_gets_to_the_gate_is_counted_and_found_idle)
{
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);
	uint32_t late;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 1, &nowhere));
	/* Stopped at the gate or on the way to it; the outcome is the same. */
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 1, &nowhere));
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->ws, 1), SIGSTOP));
	late = ktstr_workers__start(self->ws, BOUND);
	EXPECT_LE(late, 1);
	run_for(100 * NSEC_PER_MSEC);
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, BOUND, 10 * NSEC_PER_SEC));
	EXPECT_EQ(KTSTR_WORKER_KILLED, ktstr_workers__status(self->ws, 1));
	EXPECT_EQ(0, r[1].work_units);
	EXPECT_LE(BOUND, r[1].wall_ns);
	EXPECT_EQ(r[1].wall_ns, r[1].max_gap_ns);
}

static int refuse_third(void *arg, pid_t pid)
{
	pid_t *seen = arg;

	if (seen[1])
		return -EBUSY;
	seen[seen[0] ? 1 : 0] = pid;
	return 0;
}

TEST_F(workers, placement_sees_each_worker_and_may_refuse)
{
	pid_t seen[2] = { };
	struct ktstr_placement p = { .cgroup_fd = -1, .attach = refuse_third, .arg = seen };

	EXPECT_EQ(-EBUSY, ktstr_workers__fork(self->ws, 0, &spin, 4, &p));
	EXPECT_EQ(2, ktstr_workers__nr(self->ws));
	EXPECT_EQ(seen[0], ktstr_workers__pid(self->ws, 0));
	EXPECT_EQ(seen[1], ktstr_workers__pid(self->ws, 1));
	ktstr_workers__free(self->ws, NSEC_PER_SEC);
	self->ws = NULL;
	EXPECT_FALSE(has_children());
}

TEST_F(workers, more_than_there_is_room_for_are_refused)
{
	EXPECT_EQ(-EINVAL, ktstr_workers__fork(self->ws, 0, &spin, 5, &nowhere));
	EXPECT_EQ(0, ktstr_workers__nr(self->ws));
	EXPECT_EQ(NULL, ktstr_workers__new(0));
	EXPECT_EQ(NULL, ktstr_workers__new(KTSTR_MAX_WORKERS + 1));
}

TEST_F(workers, keep_no_descriptor_of_the_parent_open)
{
	int nr = 0, spare = dup(1);
	char path[64], file[64];
	struct dirent *e;
	ssize_t len;
	DIR *d;

	ASSERT_LE(3, spare);
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 1, &nowhere));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	snprintf(path, sizeof(path), "/proc/%d/fd", ktstr_workers__pid(self->ws, 0));
	d = opendir(path);
	ASSERT_NE(NULL, d);
	/* Its own are what it tells of its report, and what it reads of /proc, for a moment. */
	while ((e = readdir(d))) {
		if (atoi(e->d_name) <= 2)
			continue;
		len = readlinkat(dirfd(d), e->d_name, file, sizeof(file) - 1);
		file[len > 0 ? len : 0] = 0;
		nr += len > 0 && strncmp(file, "/proc/", 6) &&
		      strcmp(file, "anon_inode:[eventfd]");
	}
	closedir(d);
	EXPECT_EQ(0, nr);
}

TEST_F(workers, form_groups_that_share_memory)
{
	static const struct ktstr_work pairs = { .type = KTSTR_WORK_FUTEX_PING_PONG };
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);
	const struct ktstr_worker_samples *s = ktstr_workers__samples(self->ws);
	int i;

	EXPECT_EQ(-EINVAL, ktstr_workers__fork(self->ws, 0, &pairs, 3, &nowhere));
	EXPECT_STREQ("FutexPingPong requires num_workers divisible by 2, got 3",
		     ktstr_workers__failed_at(self->ws));
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &pairs, 4, &nowhere));
	start_and_stop(_metadata, self->ws, 100 * NSEC_PER_MSEC, 20);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, i));
		/* Partners take turns, so they are never more than one ahead. */
		EXPECT_LT(10, r[i].iterations);
		EXPECT_LE(r[i].iterations, r[i ^ 1].iterations + 2);
		EXPECT_EQ(KTSTR_WORKER_BLOCKS, r[i].flags);
		EXPECT_LT(0, s[i].kind[KTSTR_SAMPLES_WAKE].nr);
	}
}

/* Descriptors above 2 that @pid has open: pipes, and others except pidfds. */
static void count_fds(pid_t pid, int *pipes, int *others)
{
	char dir[64], path[400], what[64];
	struct dirent *e;
	ssize_t n;
	DIR *d;

	*pipes = *others = 0;
	snprintf(dir, sizeof(dir), "/proc/%d/fd", pid);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || atoi(e->d_name) < 3 ||
		    (pid == getpid() && atoi(e->d_name) == dirfd(d)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		n = readlink(path, what, sizeof(what) - 1);
		if (n <= 0)
			continue;	/* closed meanwhile */
		what[n] = '\0';
		*pipes += !strncmp(what, "pipe:", 5);
		/* what a worker reads about itself in /proc is open for a moment only */
		*others += !strstr(what, "pidfd") && strncmp(what, "pipe:", 5) &&
			   strncmp(what, "/proc/", 6);
	}
	closedir(d);
}

TEST_F(workers, form_groups_that_share_descriptors_and_no_others)
{
	static const struct ktstr_work pairs = { .type = KTSTR_WORK_PIPE_IO };
	int i, pipes, others, own_pipes, own_others;

	count_fds(getpid(), &own_pipes, &own_others);
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &pairs, 4, &nowhere));
	count_fds(getpid(), &pipes, &others);
	EXPECT_EQ(own_pipes, pipes);
	EXPECT_EQ(own_others, others);
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	for (i = 0; i < 4; i++) {
		count_fds(ktstr_workers__pid(self->ws, i), &pipes, &others);
		EXPECT_EQ(4, pipes);	/* both ends of two, not those of the other pair */
		EXPECT_EQ(1, others);	/* by which it says that its report is complete */
	}
}

TEST_F(workers, a_messenger_is_marked)
{
	static const struct ktstr_work fan = {
		.type = KTSTR_WORK_FUTEX_FAN_OUT, .futex_fan_out = { .fan = 3 } };
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);
	const struct ktstr_worker_samples *s = ktstr_workers__samples(self->ws);
	int i;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &fan, 4, &nowhere));
	start_and_stop(_metadata, self->ws, 100 * NSEC_PER_MSEC, 2);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(!i, !!(r[i].flags & KTSTR_WORKER_MESSENGER));
		EXPECT_EQ(!i, !s[i].kind[KTSTR_SAMPLES_WAKE].total);
	}
}

static void nap(struct ktstr_work_ctx *w)
{
	work_sleep(w, w->work->custom.arg[0]);
	work_spin(w, 1);
}

TEST_F(workers, blocking_on_purpose_is_no_gap)
{
	const struct ktstr_work naps = { .type = KTSTR_WORK_CUSTOM,
		.custom = { "nap", nap, { 150 * NSEC_PER_MSEC } } };
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &naps, 1, &nowhere));
	start_and_stop(_metadata, self->ws, 0, 3);
	EXPECT_LE(3 * 150 * NSEC_PER_MSEC, r->blocked_ns);
	/* no time is both; were a nap a gap too, the sum would be too large by one nap */
	EXPECT_LE(r->blocked_ns + r->max_gap_ns, r->wall_ns);
	EXPECT_TRUE(r->flags & KTSTR_WORKER_BLOCKS);
}

/* Blocks without a word about it; then with. The two must not be the same to the telemetry. */
static void silent_nap(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_now_ns();

	run_for(w->work->custom.arg[0]);
	if (w->work->custom.arg[1])
		work_blocked(w, before, ktstr_now_ns());
	w->units++;
}

TEST_F(workers, blocking_that_nobody_told_of_is_a_gap)
{
	struct ktstr_work naps = { .type = KTSTR_WORK_CUSTOM,
		.custom = { "nap", silent_nap, { 100 * NSEC_PER_MSEC, 0 } } };
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &naps, 1, &nowhere));
	naps.custom.arg[1] = 1;
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 1, &naps, 1, &nowhere));
	start_and_stop(_metadata, self->ws, 0, 3);
	EXPECT_LE(100 * NSEC_PER_MSEC, r[0].max_gap_ns);
	EXPECT_EQ(0, r[0].blocked_ns);
	EXPECT_LE(3 * 100 * NSEC_PER_MSEC, r[1].blocked_ns);
	EXPECT_LE(r[1].blocked_ns + r[1].max_gap_ns, r[1].wall_ns);
}

/* One that is stopped while it waits for something that never comes. */
static void wait_forever(struct ktstr_work_ctx *w)
{
	static uint32_t never;

	w->units++;
	work_futex_wait(w, &never, 0);
}

static void sleep_for_a_day(struct ktstr_work_ctx *w)
{
	w->units++;
	work_sleep(w, 86400 * NSEC_PER_SEC);
}

TEST_F(workers, a_stop_ends_every_wait_within_its_slice)
{
	const struct ktstr_work waits = { .type = KTSTR_WORK_CUSTOM,
					  .custom = { "wait", wait_forever } };
	const struct ktstr_work sleeps = { .type = KTSTR_WORK_CUSTOM,
					   .custom = { "sleep", sleep_for_a_day } };
	int64_t before_ms;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &waits, 2, &nowhere));
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 1, &sleeps, 2, &nowhere));
	ASSERT_EQ(0, ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC));
	run_for(50 * NSEC_PER_MSEC);
	before_ms = ktstr_now_ms();
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 20 * NSEC_PER_SEC, NSEC_PER_SEC));
	/* 100 ms, and patience with a busy machine */
	EXPECT_GT(10000, ktstr_now_ms() - before_ms);
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, 0));
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, 3));
}

static void draw(struct ktstr_work_ctx *w)
{
	if (!w->units)
		w->units = work_rand(w) | 1;
	work_sleep(w, NSEC_PER_MSEC);
}

TEST(random_numbers_depend_on_seed_and_worker_and_nothing_else)
{
	const struct ktstr_work draws = { .type = KTSTR_WORK_CUSTOM, .custom = { "draw", draw } };
	uint64_t first[3][2];
	struct ktstr_workers *ws;
	int i;

	for (i = 0; i < 3; i++) {
		ws = ktstr_workers__new(2);
		ASSERT_NE(NULL, ws);
		ktstr_workers__seed(ws, i == 2 ? 99 : 1);
		ASSERT_EQ(0, ktstr_workers__fork(ws, 0, &draws, 2, &nowhere));
		start_and_stop(_metadata, ws, 0, 1);
		first[i][0] = ktstr_workers__reports(ws)[0].work_units;
		first[i][1] = ktstr_workers__reports(ws)[1].work_units;
		ktstr_workers__free(ws, NSEC_PER_SEC);
	}
	EXPECT_EQ(first[0][0], first[1][0]);
	EXPECT_EQ(first[0][1], first[1][1]);
	EXPECT_NE(first[0][0], first[0][1]);
	EXPECT_NE(first[0][0], first[2][0]);
}

static int refuse_second(void *arg, uint32_t index)
{
	(void)arg;
	return index == 1 ? -EPERM : 0;
}

TEST_F(workers, one_that_cannot_get_ready_says_why_and_delays_nobody)
{
	struct ktstr_placement p = { .cgroup_fd = -1, .enter = refuse_second };
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 2, &p));
	start_and_stop(_metadata, self->ws, 50 * NSEC_PER_MSEC, 0);
	EXPECT_EQ(KTSTR_WORKER_COMPLETED, ktstr_workers__status(self->ws, 0));
	EXPECT_EQ(0, r[0].setup_error);
	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->ws, 1));
	EXPECT_EQ(-EPERM, r[1].setup_error);
	EXPECT_EQ(1, WEXITSTATUS(r[1].exit_status));
	EXPECT_EQ(0, r[1].work_units);
}

/* Leaves a child behind that nobody waits for, and samples before it dies. */
static void desert(struct ktstr_work_ctx *w)
{
	uint32_t *pid = (uint32_t *)w->work->custom.arg[0];

	pid_t child;

	work_sample_wake(w, 4711);
	child = fork();
	while (!child)
		pause();
	*pid = child;
	_exit(3);
}

TEST_F(workers, what_a_lost_one_left_behind_is_killed_and_what_it_measured_is_kept)
{
	uint32_t *pid = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct ktstr_work work = { .type = KTSTR_WORK_CUSTOM,
		.custom = { "desert", desert, { (uintptr_t)pid } } };
	const struct ktstr_samples *w;
	int i;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &work, 1, &nowhere));
	ASSERT_EQ(0, ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC));
	for (i = 0; i < 6000 && !__atomic_load_n(pid, __ATOMIC_RELAXED); i++)
		run_for(10 * NSEC_PER_MSEC);
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_EQ(KTSTR_WORKER_DIED, ktstr_workers__status(self->ws, 0));
	EXPECT_EQ(3, WEXITSTATUS(ktstr_workers__reports(self->ws)->exit_status));
	w = &ktstr_workers__samples(self->ws)->kind[KTSTR_SAMPLES_WAKE];
	ASSERT_EQ(1, w->nr);
	EXPECT_EQ(4711, w->ns[0]);
	/* The orphan is somebody else's to reap; it is dead or a zombie at once. */
	ASSERT_LT(0, *pid);
	for (i = 0; i < 1000 && !kill(*pid, 0) && !is_zombie(*pid); i++)
		run_for(10 * NSEC_PER_MSEC);
	EXPECT_LT(i, 1000);
	munmap(pid, 4096);
}

TEST_F(workers, count_their_iterations_while_they_run)
{
	uint64_t first;
	int i;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 2, &nowhere));
	EXPECT_EQ(0, ktstr_workers__iterations(self->ws));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	let_run(self->ws, 0, 1);
	first = ktstr_workers__iterations(self->ws);
	EXPECT_LT(0, first);
	for (i = 0; i < 6000 && ktstr_workers__iterations(self->ws) == first; i++)
		run_for(10 * NSEC_PER_MSEC);
	EXPECT_LT(first, ktstr_workers__iterations(self->ws));
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	EXPECT_EQ(ktstr_workers__reports(self->ws)[0].iterations +
		  ktstr_workers__reports(self->ws)[1].iterations,
		  ktstr_workers__iterations(self->ws));
}

static void touch(struct ktstr_work_ctx *w)
{
	static char *region;

	if (!region) {
		region = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(region, 1, 64 * 4096);
	}
	w->units++;
	work_sleep(w, NSEC_PER_MSEC);
}

TEST_F(workers, count_their_pages_by_node)
{
	const struct ktstr_work work = { .type = KTSTR_WORK_CUSTOM,
					 .custom = { "touch", touch } };
	const struct ktstr_worker_report *r = ktstr_workers__reports(self->ws);
	uint64_t sum = 0;
	int i;

	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &work, 1, &nowhere));
	start_and_stop(_metadata, self->ws, 50 * NSEC_PER_MSEC, 1);
	if (access("/proc/self/numa_maps", R_OK)) {
		EXPECT_EQ(0, r->pages_valid);
		SKIP(return, "this kernel has no NUMA");
	}
	EXPECT_EQ(1, r->pages_valid);
	for (i = 0; i < KTSTR_MAX_NODES; i++)
		sum += r->node_pages[i];
	EXPECT_LE(64, sum);
	EXPECT_GT(10000, sum);
}

TEST(workers_die_with_their_parent)
{
	int pipes[2], pidfd;
	struct pollfd p;
	pid_t parent, pid;

	ASSERT_EQ(0, pipe(pipes));
	parent = fork();
	ASSERT_LE(0, parent);
	if (!parent) {
		struct ktstr_workers *ws = ktstr_workers__new(1);

		if (!ws || ktstr_workers__fork(ws, 0, &spin, 1, &nowhere))
			_exit(1);
		ktstr_workers__start(ws, 10 * NSEC_PER_SEC);
		pid = ktstr_workers__pid(ws, 0);
		if (write(pipes[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	ASSERT_EQ(sizeof(pid), read(pipes[0], &pid, sizeof(pid)));
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	p = (struct pollfd){ pidfd, POLLIN, 0 };
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, kill(parent, SIGKILL));
	EXPECT_EQ(1, poll(&p, 1, 10000));
	waitpid(parent, NULL, 0);
}

TEST_HARNESS_MAIN

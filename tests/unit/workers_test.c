// SPDX-License-Identifier: GPL-2.0
/*
 * What worker processes promise, with real ones on this machine: they start and stop
 * together, and every one has a report, however it ended.
 */
/* Links: harness/guest/workers.c harness/guest/work.c harness/core/cpumask.c */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../../harness/guest/workers.h"

#define BOUND	(300 * NSEC_PER_MSEC)

static const struct ktstr_work spin = { .type = KTSTR_WORK_SPIN_WAIT };
static const struct ktstr_placement nowhere = { .cgroup_fd = -1 };

static void run_for(uint64_t ns)
{
	struct timespec t = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
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
	run_for(200 * NSEC_PER_MSEC);
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));

	ASSERT_EQ(3, ktstr_workers__nr(self->ws));
	r = ktstr_workers__reports(self->ws);
	for (i = 0; i < 3; i++, r++) {
		EXPECT_EQ(KTSTR_FATE_COMPLETED, ktstr_workers__fate(self->ws, i));
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
	run_for(200 * NSEC_PER_MSEC);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->ws, 0), SIGKILL));
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));

	EXPECT_EQ(KTSTR_FATE_DIED, ktstr_workers__fate(self->ws, 0));
	EXPECT_EQ(KTSTR_FATE_COMPLETED, ktstr_workers__fate(self->ws, 1));
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
	run_for(100 * NSEC_PER_MSEC);
	ASSERT_EQ(0, kill(ktstr_workers__pid(self->ws, 1), SIGSTOP));
	ASSERT_EQ(0, ktstr_workers__stop(self->ws, BOUND, 10 * NSEC_PER_SEC));

	EXPECT_EQ(KTSTR_FATE_COMPLETED, ktstr_workers__fate(self->ws, 0));
	EXPECT_EQ(KTSTR_FATE_KILLED, ktstr_workers__fate(self->ws, 1));
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
	EXPECT_EQ(KTSTR_FATE_KILLED, ktstr_workers__fate(self->ws, 1));
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
	char path[64];
	struct dirent *e;
	int nr = 0;
	DIR *d;

	ASSERT_LE(0, dup(1));
	ASSERT_EQ(0, ktstr_workers__fork(self->ws, 0, &spin, 1, &nowhere));
	ktstr_workers__start(self->ws, 10 * NSEC_PER_SEC);
	snprintf(path, sizeof(path), "/proc/%d/fd", ktstr_workers__pid(self->ws, 0));
	d = opendir(path);
	ASSERT_NE(NULL, d);
	while ((e = readdir(d)))
		nr += e->d_name[0] != '.' && atoi(e->d_name) > 2 &&
		      atoi(e->d_name) != 3;	/* 3: schedstat, for a moment */
	closedir(d);
	EXPECT_EQ(0, nr);
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

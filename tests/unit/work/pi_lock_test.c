// SPDX-License-Identifier: GPL-2.0
/*
 * What the lock of PriorityInversion promises beyond exclusion: it is handed on whatever
 * becomes of its owner, and nobody waits for it longer than they may.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/work/samples.h"
#include "harness/guest/work/types/wake/pi_lock.h"
#include "harness/guest/work/work.h"

FIXTURE(pi) {
	struct pi_lock *lock;
	uint32_t stop;
	struct ktstr_sampler sampler;
	struct ktstr_work_ctx w;
};

FIXTURE_SETUP(pi)
{
	self->lock = mmap(NULL, sizeof(*self->lock), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->lock);
	self->w.stop = &self->stop;
	self->w.sampler = &self->sampler;
}

FIXTURE_TEARDOWN(pi)
{
	munmap(self->lock, sizeof(*self->lock));
}

/* A child that takes the lock, says so by a byte, and waits to be killed or told. */
static pid_t owner(FIXTURE_DATA(pi) *self, bool gives_it_back)
{
	static const struct timespec hold = { .tv_nsec = 250 * NSEC_PER_MSEC }; /* > 2 slices */
	struct pi_locker p;
	int ready[2];
	bool waited;
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		if (pi_lock_init(&p, self->lock) || !pi_lock_acquire(&self->w, &p, &waited))
			_exit(1);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		if (!gives_it_back)
			pause();
		nanosleep(&hold, NULL);
		pi_lock_release(&p);
		_exit(0);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

TEST_F(pi, a_waiter_gets_it_when_it_is_given_back)
{
	struct pi_locker p;
	bool waited = false;
	pid_t pid;

	ASSERT_EQ(0, pi_lock_init(&p, self->lock));
	pid = owner(self, true);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(pi_lock_acquire(&self->w, &p, &waited));
	EXPECT_TRUE(waited);
	EXPECT_EQ(p.tid, self->lock->word & FUTEX_TID_MASK);
	pi_lock_release(&p);
	EXPECT_EQ(0, self->lock->word & FUTEX_TID_MASK);
	EXPECT_TRUE(pi_lock_acquire(&self->w, &p, &waited));
	EXPECT_FALSE(waited);
	pi_lock_release(&p);
	pi_lock_fini(&p);
	waitpid(pid, NULL, 0);
}

TEST_F(pi, a_killed_owner_hands_it_on)
{
	struct pi_locker p;
	bool waited = false;
	pid_t pid;

	ASSERT_EQ(0, pi_lock_init(&p, self->lock));
	pid = owner(self, false);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_TRUE(pi_lock_acquire(&self->w, &p, &waited));
	EXPECT_EQ(p.tid, self->lock->word & FUTEX_TID_MASK);
	EXPECT_EQ(0, self->lock->word & FUTEX_OWNER_DIED);
	pi_lock_release(&p);
	pi_lock_fini(&p);
	waitpid(pid, NULL, 0);
}

TEST_F(pi, an_owner_killed_before_anybody_waits_hands_it_on_too)
{
	struct pi_locker p;
	bool waited = false;
	pid_t pid;

	ASSERT_EQ(0, pi_lock_init(&p, self->lock));
	pid = owner(self, false);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(FUTEX_OWNER_DIED, self->lock->word & (FUTEX_OWNER_DIED | FUTEX_TID_MASK));
	EXPECT_TRUE(pi_lock_acquire(&self->w, &p, &waited));
	EXPECT_EQ(p.tid, self->lock->word);
	pi_lock_release(&p);
	pi_lock_fini(&p);
}

TEST_F(pi, a_waiter_that_is_told_to_stop_goes_without_it)
{
	struct pi_locker p;
	uint64_t before;
	bool waited = false;
	pid_t pid;

	ASSERT_EQ(0, pi_lock_init(&p, self->lock));
	pid = owner(self, false);
	ASSERT_LT(0, pid);
	self->stop = 1;
	before = ktstr_now_ns();
	EXPECT_FALSE(pi_lock_acquire(&self->w, &p, &waited));
	EXPECT_GT(10 * NSEC_PER_SEC, ktstr_now_ns() - before);
	EXPECT_EQ((uint32_t)pid, self->lock->word & FUTEX_TID_MASK);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pi_lock_fini(&p);
}

TEST_HARNESS_MAIN

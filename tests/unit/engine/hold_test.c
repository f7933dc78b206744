// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/guest/engine/hold.h about a scheduler that comes back, or does not. The state
 * file is made here and read by a timer, as on a kernel without uevents.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/engine/hold.h"
#include "harness/model/ctx.h"
#include "lib/clock.h"

#define AWAY_NS		(300 * NSEC_PER_MSEC)	/* longer than PID 1 has for its decision */
#define HOLD_NS		(100 * NSEC_PER_MSEC)

FIXTURE(hold) {
	char dir[64], path[128], next[128];
	struct ktstr_hold_ctx h;
	uint32_t phase;
	pthread_t other;
	enum ktstr_sched_phase in_the_end;
};

/* As sysfs does, from one text to the next at once. */
static void set_state(FIXTURE_DATA(hold) *self, const char *text)
{
	FILE *f = fopen(self->next, "w");

	fprintf(f, "%s\n", text);
	fclose(f);
	rename(self->next, self->path);
}

static void set_phase(FIXTURE_DATA(hold) *self, enum ktstr_sched_phase phase)
{
	__atomic_store_n(&self->phase, phase, __ATOMIC_RELEASE);
}

static void sleep_ns(uint64_t ns)
{
	struct timespec ts = ktstr_ns_timespec(ns);

	nanosleep(&ts, NULL);
}

FIXTURE_SETUP(hold)
{
	static const struct itimerspec every = {
		.it_interval.tv_nsec = 10 * NSEC_PER_MSEC, .it_value.tv_nsec = 1,
	};
	char folder[96];

	strcpy(self->dir, "/tmp/ktstr-hold-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(folder, sizeof(folder), "%s/kernel", self->dir);
	ASSERT_EQ(0, mkdir(folder, 0755));
	snprintf(folder, sizeof(folder), "%s/kernel/sched_ext", self->dir);
	ASSERT_EQ(0, mkdir(folder, 0755));
	snprintf(self->path, sizeof(self->path), "%s/state", folder);
	snprintf(self->next, sizeof(self->next), "%s/next", folder);
	set_state(self, "enabled");
	set_phase(self, KTSTR_SCHED_PHASE_ON);
	ASSERT_EQ(0, ktstr_hold__open(&self->h, self->dir, -1, true));
	ASSERT_TRUE(self->h.attached);
	ktstr_hold__close(&self->h);
	self->h.wake = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ASSERT_LE(0, self->h.wake);
	ASSERT_EQ(0, timerfd_settime(self->h.wake, 0, &every, NULL));
	self->h.is_timer = true;
	self->h.phase = &self->phase;
}

FIXTURE_TEARDOWN(hold)
{
	char folder[96];

	ktstr_hold__close(&self->h);
	unlink(self->path);
	snprintf(folder, sizeof(folder), "%s/kernel/sched_ext", self->dir);
	rmdir(folder);
	snprintf(folder, sizeof(folder), "%s/kernel", self->dir);
	rmdir(folder);
	EXPECT_EQ(0, rmdir(self->dir));
}

/* The kernel disables it, and PID 1 finds out why; in the end it is back, or PID 1 says that it is not. */
static void *restart(void *arg)
{
	FIXTURE_DATA(hold) *self = arg;

	sleep_ns(HOLD_NS / 4);
	set_state(self, "disabled");
	set_phase(self, KTSTR_SCHED_PHASE_RESTARTS);
	sleep_ns(AWAY_NS);
	/* in this order: PID 1 says that it is back when the kernel does */
	if (self->in_the_end == KTSTR_SCHED_PHASE_ON)
		set_state(self, "enabled");
	set_phase(self, self->in_the_end);
	return NULL;
}

/* The end of a hold during which that happened; *@took_ns: how long it was. */
static enum ktstr_hold_end hold_during_restart(FIXTURE_DATA(hold) *self,
					       enum ktstr_sched_phase in_the_end, uint64_t *took_ns)
{
	enum ktstr_hold_end end = KTSTR_HOLD_SCHED_EXITED;
	uint64_t began = ktstr_now_ns();

	self->in_the_end = in_the_end;
	if (pthread_create(&self->other, NULL, restart, self) ||
	    ktstr_hold__wait(&self->h, HOLD_NS, &end))
		return KTSTR_HOLD_SCHED_EXITED;
	*took_ns = ktstr_now_ns() - began;
	pthread_join(self->other, NULL);
	return end;
}

TEST_F(hold, goes_on_when_the_scheduler_is_back_and_is_longer_by_that_time)
{
	uint64_t took_ns = 0;

	/* several times: the hold may look just between the two changes that make the end */
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(KTSTR_HOLD_OVER,
			  hold_during_restart(self, KTSTR_SCHED_PHASE_ON, &took_ns));
		EXPECT_LE(HOLD_NS + AWAY_NS / 2, took_ns);
	}
}

TEST_F(hold, ends_when_the_scheduler_does_not_come_back)
{
	uint64_t took_ns = 0;

	EXPECT_EQ(KTSTR_HOLD_SCHED_EJECTED,
		  hold_during_restart(self, KTSTR_SCHED_PHASE_GONE, &took_ns));
}

TEST_F(hold, ends_soon_when_nobody_says_that_it_will_come_back)
{
	uint64_t began = ktstr_now_ns();
	enum ktstr_hold_end end = KTSTR_HOLD_OVER;

	set_state(self, "disabled");
	ASSERT_EQ(0, ktstr_hold__wait(&self->h, 60 * NSEC_PER_SEC, &end));
	EXPECT_EQ(KTSTR_HOLD_SCHED_EJECTED, end);
	EXPECT_GT(30 * NSEC_PER_SEC, ktstr_now_ns() - began);
}

TEST_HARNESS_MAIN

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one clock: CLOCK_MONOTONIC in nanoseconds, and deadlines on it in milliseconds, as poll()
 * wants them. NSEC_PER_SEC and its like come from the kernel tree.
 */
#ifndef KTSTR_LIB_CLOCK_H
#define KTSTR_LIB_CLOCK_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

#include <linux/time64.h>

static inline uint64_t ktstr_timespec_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NSEC_PER_SEC + (uint64_t)t->tv_nsec;
}

static inline struct timespec ktstr_ns_timespec(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };
}

/* @clock in ns: CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, ... */
static inline uint64_t ktstr_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return ktstr_timespec_ns(&t);
}

static inline uint64_t ktstr_now_ns(void)
{
	return ktstr_clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t ktstr_now_ms(void)
{
	return (int64_t)(ktstr_now_ns() / NSEC_PER_MSEC);
}

/* What is left until @deadline_ns as a timeout: zero when it has passed. */
static inline struct timespec ktstr_left_timespec(uint64_t deadline_ns)
{
	uint64_t now = ktstr_now_ns();

	return ktstr_ns_timespec(now < deadline_ns ? deadline_ns - now : 0);
}

/* The moment @timeout_ms from now; -1 (no limit) stays -1. */
static inline int64_t ktstr_deadline_ms(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : ktstr_now_ms() + timeout_ms;
}

/* What is left until @deadline_ms, as poll() wants it. */
static inline int ktstr_left_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms < 0)
		return -1;
	left = deadline_ms - ktstr_now_ms();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

#endif

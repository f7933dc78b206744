/* SPDX-License-Identifier: GPL-2.0 */
/* Deadlines on the host's monotonic clock, in milliseconds. */
#ifndef KTSTR_VMM_CLOCK_H
#define KTSTR_VMM_CLOCK_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline int64_t vm_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t vm_now_ms(void)
{
	return vm_now_ns() / 1000000;
}

/* The moment @timeout_ms from now; -1 (no limit) stays -1. */
static inline int64_t vm_deadline_ms(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : vm_now_ms() + timeout_ms;
}

/* What is left until @deadline_ms, as poll() wants it. */
static inline int vm_left_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms < 0)
		return -1;
	left = deadline_ms - vm_now_ms();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

#endif

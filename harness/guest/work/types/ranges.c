// SPDX-License-Identifier: GPL-2.0
/*
 * The largest value of each parameter whose only rule is a range. An iteration must return within
 * milliseconds to see the stop flag, so what it does at once is bounded; memory is at most 1 GiB.
 * Rules of several parameters are in the validate() of their row.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include "pieces.h"

#define MAX_KIB		(1u << 20)
#define MAX_TIMES	1000000u	/* of something small */
#define MAX_BURST	65536u		/* messages, faults, signals in an iteration */
#define MAX_CHASE	(1u << 24)	/* steps of a loop of loads or multiplications */

static const struct {
	enum ktstr_work_type type;
	const char *name;
	size_t offset;			/* of a uint32_t */
	uint32_t max;
} ranges[] = {
#define MAX(_type, _member, _name, _max)					\
	{ KTSTR_WORK_##_type, #_name,						\
	  offsetof(struct ktstr_work, _member._name) +				\
	  BUILD_BUG_ON_ZERO(sizeof(((struct ktstr_work *)0)->_member._name) != 4), _max }
	MAX(IPC_VARIANCE, ipc_variance, hot, MAX_CHASE),
	MAX(IPC_VARIANCE, ipc_variance, cold, MAX_CHASE),
	MAX(IPC_VARIANCE, ipc_variance, period, MAX_BURST),
	MAX(AFFINITY_CHURN, affinity_churn, spin, WORK_MAX_SPIN),
	MAX(POLICY_CHURN, policy_churn, spin, WORK_MAX_SPIN),
	MAX(FAN_OUT_COMPUTE, fan_out_compute, ops, MAX_TIMES),
	MAX(ASYMMETRIC_WAKER, asymmetric_waker, spin, WORK_MAX_SPIN),
	MAX(EPOLL_STORM, epoll_storm, burst, MAX_BURST),
	MAX(THUNDERING_HERD, thundering_herd, batches, MAX_TIMES),
	MAX(PAGE_FAULT_CHURN, page_fault_churn, kib, MAX_KIB),
	MAX(PAGE_FAULT_CHURN, page_fault_churn, touches, MAX_BURST),
	MAX(PAGE_FAULT_CHURN, page_fault_churn, spin, WORK_MAX_SPIN),
	MAX(NUMA_WORKING_SET_SWEEP, numa_working_set_sweep, kib, MAX_KIB),
	MAX(MUTEX_CONTENTION, mutex_contention, hold, WORK_MAX_SPIN),
	MAX(MUTEX_CONTENTION, mutex_contention, spin, WORK_MAX_SPIN),
	MAX(PRIORITY_INVERSION, priority_inversion, hold, WORK_MAX_SPIN),
	MAX(PRIORITY_INVERSION, priority_inversion, spin, WORK_MAX_SPIN),
	MAX(PRODUCER_CONSUMER_IMBALANCE, producer_consumer, consume, WORK_MAX_SPIN),
	MAX(SIGNAL_STORM, signal_storm, signals, MAX_BURST),
	MAX(SIGNAL_STORM, signal_storm, spin, WORK_MAX_SPIN),
	MAX(PREEMPT_STORM, preempt_storm, spin, WORK_MAX_SPIN),
	MAX(RT_STARVATION, rt_starvation, spin, WORK_MAX_SPIN),
	MAX(SCHBENCH, schbench, ops, MAX_TIMES),
#undef MAX
};

bool ktstr_work__in_range(const struct ktstr_work *work, char *why, size_t size)
{
	uint32_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (ranges[i].type != work->type)
			continue;
		memcpy(&value, (const char *)work + ranges[i].offset, sizeof(value));
		if (value <= ranges[i].max)
			continue;
		snprintf(why, size, "%s %u exceeds %u", ranges[i].name, value, ranges[i].max);
		return false;
	}
	return true;
}

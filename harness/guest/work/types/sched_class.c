// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling classes by sched_setattr(2), which is the only call that knows all of them. The
 * names come from the kernel's headers; glibc's <sched.h> may not stand beside them, both define
 * struct sched_param.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sched_class.h"

#ifndef SCHED_EXT
#define SCHED_EXT	7	/* include/uapi/linux/sched.h */
#endif

/* A tenth of a CPU: admitted on every machine that has nothing else admitted. */
#define DEADLINE_RUNTIME_NS	(1 * NSEC_PER_MSEC)
#define DEADLINE_PERIOD_NS	(10 * NSEC_PER_MSEC)

int work_enter_class(enum ktstr_sched_class class, uint32_t priority)
{
	static const uint32_t policy[] = {
		[KTSTR_CLASS_CFS] = SCHED_NORMAL,
		[KTSTR_CLASS_BATCH] = SCHED_BATCH,
		[KTSTR_CLASS_IDLE] = SCHED_IDLE,
		[KTSTR_CLASS_RT] = SCHED_FIFO,
		[KTSTR_CLASS_DEADLINE] = SCHED_DEADLINE,
		[KTSTR_CLASS_EXT] = SCHED_EXT,
	};
	struct sched_attr attr = { .size = sizeof(attr) };

	if ((unsigned int)class >= ARRAY_SIZE(policy))
		return -EINVAL;
	attr.sched_policy = policy[class];
	attr.sched_nice = getpriority(PRIO_PROCESS, 0);	/* stays as it is */
	if (class == KTSTR_CLASS_RT) {
		attr.sched_priority = priority;
	} else if (class == KTSTR_CLASS_DEADLINE) {
		attr.sched_runtime = DEADLINE_RUNTIME_NS;
		attr.sched_deadline = DEADLINE_PERIOD_NS;
		attr.sched_period = DEADLINE_PERIOD_NS;
	}
	return syscall(SYS_sched_setattr, 0, &attr, 0) ? -errno : 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_GUEST_WORK_TYPES_SCHED_CLASS_H
#define KTSTR_GUEST_WORK_TYPES_SCHED_CLASS_H

#include <ktstr/scenario.h>

/*
 * Move the calling thread into @class; @priority counts for KTSTR_CLASS_RT only. 0 or -errno:
 * -EPERM without CAP_SYS_NICE or, with RT group scheduling, in a cgroup without RT runtime; -EBUSY
 * when deadline admission control has no bandwidth left; -EINVAL for a class that the kernel was
 * built without. init() should return the error: a worker in another class than the declared one
 * would test something else.
 */
int work_enter_class(enum ktstr_sched_class class, uint32_t priority);

#endif

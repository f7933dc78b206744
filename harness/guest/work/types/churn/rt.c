// SPDX-License-Identifier: GPL-2.0
/*
 * Real-time tasks above the scheduler under test. PreemptStorm: a task that wakes a thousand times
 * a second and preempts the running task, so that slices are cut and the cpu_release path runs.
 * RtStarvation: a task that never sleeps; normal tasks get only what the kernel reserves for them
 * (RT throttling, the deadline server).
 */
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/sched_class.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

/* ---- PreemptStorm ---- */

#define STORM_PRIORITY	1

static void preempt_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->preempt_storm.cfs, 2);
	WORK_DEFAULT(work->preempt_storm.spin, 1024);
	WORK_DEFAULT(work->preempt_storm.sleep_ns, NSEC_PER_MSEC);
}

static uint32_t preempt_group(const struct ktstr_work *work)
{
	return work->preempt_storm.cfs + 1;
}

static const char *preempt_validate(const struct ktstr_work *work)
{
	if (work->preempt_storm.cfs > WORK_MAX_GROUP)
		return "cfs exceeds 4096";
	return work->preempt_storm.sleep_ns > WORK_MAX_NS ? "sleep_ns exceeds an hour" : NULL;
}

/* Member 0 preempts the others: their driver, not one of them. */
static int preempt_init(struct ktstr_work_ctx *w)
{
	if (w->member)
		return 0;
	w->role = KTSTR_ROLE_MESSENGER;
	return work_enter_class(KTSTR_CLASS_RT, STORM_PRIORITY);
}

static void preempt_iterate(struct ktstr_work_ctx *w)
{
	work_spin(w, w->work->preempt_storm.spin);
	if (w->role == KTSTR_ROLE_MESSENGER)
		work_sleep_sampled(w, w->work->preempt_storm.sleep_ns);
}

const struct ktstr_work_row ktstr_work_preempt_storm = {
	.name = "PreemptStorm",
	.description = "A SCHED_FIFO task wakes up again and again and preempts normal tasks that "
		"spin. Unit: as in SpinWait. Wake sample: how late the sleep of the "
		"SCHED_FIFO task ended.",
	.parameters = "cfs = 2, spin = 1024, sleep_ns = 1000000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.defaults = preempt_defaults,
	.group_size = preempt_group,
	.validate = preempt_validate,
	.init = preempt_init,
	.iterate = preempt_iterate,
};

/* ---- RtStarvation ---- */

static void starvation_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->rt_starvation.rt, 1);
	WORK_DEFAULT(work->rt_starvation.cfs, 1);
	WORK_DEFAULT(work->rt_starvation.priority, 50);
	WORK_DEFAULT(work->rt_starvation.spin, 1024);
}

static uint32_t starvation_group(const struct ktstr_work *work)
{
	return work->rt_starvation.rt + work->rt_starvation.cfs;
}

static const char *starvation_validate(const struct ktstr_work *work)
{
	if (work->rt_starvation.rt > WORK_MAX_GROUP || work->rt_starvation.cfs > WORK_MAX_GROUP)
		return "rt or cfs exceeds 4096";
	return work->rt_starvation.priority > 99 ? "priority exceeds 99" : NULL;
}

static int starvation_init(struct ktstr_work_ctx *w)
{
	if (w->member >= w->work->rt_starvation.rt)
		return 0;
	return work_enter_class(KTSTR_CLASS_RT, w->work->rt_starvation.priority);
}

static void starvation_iterate(struct ktstr_work_ctx *w)
{
	work_spin(w, w->work->rt_starvation.spin);
}

const struct ktstr_work_row ktstr_work_rt_starvation = {
	.name = "RtStarvation",
	.description = "SCHED_FIFO tasks spin without a pause beside normal tasks that spin. Unit: "
		"as in SpinWait.",
	.parameters = "rt = 1, cfs = 1, priority = 50, spin = 1024",
	.checkpoint_every = 1,
	.defaults = starvation_defaults,
	.group_size = starvation_group,
	.validate = starvation_validate,
	.init = starvation_init,
	.iterate = starvation_iterate,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that keep changing their attributes: NiceSweep goes through the weights, AffinityChurn
 * moves itself to another CPU each round, CrossAffinityChurn its partner, PolicyChurn goes through
 * the policies. The scheduler's change hooks (set_weight, set_cpumask, dequeue and enqueue under
 * another class) are called at a high rate, which exposes stale copies of an attribute and tasks
 * queued for a CPU that they may no longer use. Each round ends with a yield, so that the change
 * takes effect at once.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

/* ---- NiceSweep ---- */

#define NICE_MAX	19
#define NICE_SPIN	512

struct nice_sweep {
	int initial, min, next;
};

static int nice_init(struct ktstr_work_ctx *w)
{
	struct nice_sweep *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	w->priv = s;
	s->initial = getpriority(PRIO_PROCESS, 0);
	/*
	 * Going down from 19 proves the privilege; without it the sweep would go up once and stay
	 * there.
	 */
	setpriority(PRIO_PROCESS, 0, NICE_MAX);
	s->min = -20;
	if (setpriority(PRIO_PROCESS, 0, s->min)) {
		s->min = 0;
		if (setpriority(PRIO_PROCESS, 0, s->min))
			return -errno;
	}
	s->next = s->min;
	return setpriority(PRIO_PROCESS, 0, s->initial) ? -errno : 0;
}

static void nice_iterate(struct ktstr_work_ctx *w)
{
	struct nice_sweep *s = w->priv;

	setpriority(PRIO_PROCESS, 0, s->next);
	s->next = s->next < NICE_MAX ? s->next + 1 : s->min;
	work_spin(w, NICE_SPIN);
	work_yield(w);
}

static void nice_fini(struct ktstr_work_ctx *w)
{
	struct nice_sweep *s = w->priv;

	if (s)
		setpriority(PRIO_PROCESS, 0, s->initial);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_nice_sweep = {
	.name = "NiceSweep",
	.description = "Sets another nice value in each round, from -20 (0 without privilege) to "
		"19, then spins and yields. Unit: as in SpinWait. Wake sample: the time of "
		"a yield.",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.init = nice_init,
	.iterate = nice_iterate,
	.fini = nice_fini,
};

/* ---- AffinityChurn ---- */

/* CPUs as a list, to draw one from. */
struct cpu_list {
	uint32_t nr;
	uint16_t cpu[KTSTR_MAX_CPUS];
};

static void affinity_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->affinity_churn.spin, 1024);
}

static int affinity_init(struct ktstr_work_ctx *w)
{
	struct cpu_list *l = calloc(1, sizeof(*l));
	uint32_t cpu;

	if (!l)
		return -ENOMEM;
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++)
		if (ktstr_cpumask__test(w->cpus, cpu))
			l->cpu[l->nr++] = cpu;
	w->priv = l;
	return l->nr ? 0 : -EINVAL;
}

/*
 * A CPU that an op took out of the cpuset meanwhile is refused (EINVAL): the round goes on where
 * the task is.
 */
static void affinity_iterate(struct ktstr_work_ctx *w)
{
	struct cpu_list *l = w->priv;
	cpu_set_t set;

	work_spin(w, w->work->affinity_churn.spin);
	CPU_ZERO(&set);
	CPU_SET(l->cpu[work_rand(w) % l->nr], &set);
	sched_setaffinity(0, sizeof(set), &set);
	work_yield(w);
}

const struct ktstr_work_row ktstr_work_affinity_churn = {
	.name = "AffinityChurn",
	.description = "Spins, pins itself to a random CPU of its initial mask and yields, in each "
		"round. Unit: as in SpinWait. Wake sample: the time of a yield.",
	.parameters = "spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.defaults = affinity_defaults,
	.init = affinity_init,
	.iterate = affinity_iterate,
	.fini = work_free_priv,
};

/* ---- CrossAffinityChurn ---- */

static void cross_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->cross_affinity_churn.spin, 1024);
}

static const char *cross_validate(const struct ktstr_work *work)
{
	return work_spin_problem(work->cross_affinity_churn.spin);
}

static uint32_t cross_group(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

/* One thread id a member, published by init(); 0: not there. */
static size_t cross_shared(const struct ktstr_work *work)
{
	(void)work;
	return 2 * sizeof(int32_t);
}

static int cross_init(struct ktstr_work_ctx *w)
{
	int32_t *tids = w->group->shared;
	int ret = affinity_init(w);

	if (!ret)
		__atomic_store_n(&tids[w->member], (int32_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	return ret;
}

/*
 * The partner runs, is queued or is about to block: moving it takes its runqueue's lock from
 * another CPU. A refused CPU is handled as in AffinityChurn.
 */
static void cross_iterate(struct ktstr_work_ctx *w)
{
	int32_t *to = (int32_t *)w->group->shared + !w->member;
	int32_t tid = __atomic_load_n(to, __ATOMIC_ACQUIRE);
	struct cpu_list *l = w->priv;
	cpu_set_t set;

	work_spin(w, w->work->cross_affinity_churn.spin);
	CPU_ZERO(&set);
	CPU_SET(l->cpu[work_rand(w) % l->nr], &set);
	if (tid && sched_setaffinity(tid, sizeof(set), &set) && errno == ESRCH)
		__atomic_store_n(to, 0, __ATOMIC_RELEASE);	/* killed */
	work_yield(w);
}

static void cross_fini(struct ktstr_work_ctx *w)
{
	__atomic_store_n((int32_t *)w->group->shared + w->member, 0, __ATOMIC_RELEASE);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_cross_affinity_churn = {
	.name = "CrossAffinityChurn",
	.description = "Two workers, each of which spins, pins the other one to a random CPU of "
		"its initial mask and yields. Unit: as in SpinWait. Wake sample: the time "
		"of a yield.",
	.parameters = "spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.defaults = cross_defaults,
	.group_size = cross_group,
	.validate = cross_validate,
	.shared_size = cross_shared,
	.init = cross_init,
	.iterate = cross_iterate,
	.fini = cross_fini,
};

/* ---- PolicyChurn ---- */

struct policy_churn {
	uint32_t nr, next;
	int policy[5];
};

static int set_policy(int policy)
{
	struct sched_param p = {
		.sched_priority = policy == SCHED_FIFO || policy == SCHED_RR,
	};

	return sched_setscheduler(0, policy, &p) ? -errno : 0;
}

static void policy_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->policy_churn.spin, 1024);
}

/* getrlimit(2): the ceiling is 20 - nice. */
static bool may_return_to_nice_0(void)
{
	struct rlimit lim;

	return !getrlimit(RLIMIT_NICE, &lim) && lim.rlim_cur >= 20;
}

/*
 * Without privilege there is no way back from SCHED_IDLE at nice 0 (sched(7)), so it takes part
 * only where the probe for SCHED_FIFO or RLIMIT_NICE says that there is.
 */
static int policy_init(struct ktstr_work_ctx *w)
{
	struct policy_churn *p = calloc(1, sizeof(*p));
	bool rt;

	if (!p)
		return -ENOMEM;
	w->priv = p;
	rt = !set_policy(SCHED_FIFO) && !set_policy(SCHED_OTHER);
	p->policy[p->nr++] = SCHED_OTHER;
	p->policy[p->nr++] = SCHED_BATCH;
	if (rt || may_return_to_nice_0())
		p->policy[p->nr++] = SCHED_IDLE;
	if (rt) {
		p->policy[p->nr++] = SCHED_FIFO;
		p->policy[p->nr++] = SCHED_RR;
	}
	return 0;
}

static void policy_iterate(struct ktstr_work_ctx *w)
{
	struct policy_churn *p = w->priv;

	set_policy(p->policy[p->next]);
	p->next = (p->next + 1) % p->nr;
	work_spin(w, w->work->policy_churn.spin);
	work_yield(w);
}

static void policy_fini(struct ktstr_work_ctx *w)
{
	set_policy(SCHED_OTHER);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_policy_churn = {
	.name = "PolicyChurn",
	.description = "Sets another policy in each round, then spins and yields. The policies are "
		"OTHER, BATCH and, where permitted, IDLE, FIFO 1 and RR 1. Unit: as in "
		"SpinWait. Wake sample: the time of a yield.",
	.parameters = "spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.defaults = policy_defaults,
	.init = policy_init,
	.iterate = policy_iterate,
	.fini = policy_fini,
};

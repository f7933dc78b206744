/* SPDX-License-Identifier: GPL-2.0 */
/* A worker group: the equal workers that one workspec asks for, in one cgroup. */
#ifndef KTSTR_GUEST_ENGINE_STATE_WORKER_GROUP_H
#define KTSTR_GUEST_ENGINE_STATE_WORKER_GROUP_H

#include "harness/checks/checks.h"
#include "harness/guest/work/workers.h"
#include "state.h"

struct ktstr_progress;
struct ktstr_stall_monitor;

/* In memory shared with the workers of a group: the first that was refused something. */
struct ktstr_refusal {
	uint32_t taken, written;
	uint32_t index;
	char why[160];
};

struct ktstr_worker_group {			/* a group of equal workers */
	struct ktstr_scenario_state *state;
	char cgroup[KTSTR_NAME_LEN];	/* where its workers are; "": with the runner */
	struct ktstr_workspec spec;
	uint32_t serial;		/* over the whole scenario */
	uint32_t index;			/* of its workspec in the cgroup */
	uint32_t step;			/* in which it was made; 0 for the backdrop */
	bool backdrop;
	bool started;
	bool ending;			/* ktstr_state__collect() stops it */
	bool in_phase;			/* of the backdrop, and a step is being measured */
	uint64_t started_ns;
	uint64_t ran_ns;		/* set by reap */
	struct ktstr_workers *workers;
	char *dir;			/* absolute path of the cgroup it was made in, or NULL */
	struct ktstr_refusal *refusal;
	bool unbounded;			/* was once without a cpuset */
	struct ktstr_cpumask allowed;	/* every cpuset that it had, together */
	struct ktstr_progress *progress; /* of each worker, for the stall monitor; may be NULL */
	/* What its workers are promised at least: ktstr_state__weigh() */
	uint32_t weight;		/* of one of them now */
	double least_share;		/* of a CPU, so far; 0: not weighed yet */
	uint32_t cpus;			/* that SET_AFFINITY left them; 0: as declared */
	bool cut;			/* an op ended its workers before the end of their step */
	bool looped;			/* a loop of ops made it, whenever that was in its step */
	uint32_t epochs;		/* changes of the cpuset while it ran */
};

/* Name of the group's cgroup for texts: "(runner's cgroup)" for the runner's own. */
static inline const char *ktstr_group__label(const struct ktstr_worker_group *group)
{
	return ktstr_state__where(group->cgroup);
}

/* The cpuset of the group's cgroup, NULL without one. */
static inline const struct ktstr_cpumask *ktstr_group__cpuset(const struct ktstr_worker_group *group)
{
	struct ktstr_cgroup_state *c = ktstr_state__cgroup(group->state, group->cgroup);

	return c && c->has_cpuset ? &c->cpuset : NULL;
}

/* Workspec @index of a cgroup. With @leader (else NULL) its workers are only planned. */
int ktstr_group__fork(struct ktstr_scenario_state *st, const char *name,
		      const struct ktstr_workspec *spec, uint32_t index,
		      struct ktstr_leader *leader, struct ktstr_err *err);
/* 0, or -errno with a sentence when a call of a worker was refused, such as -EPERM. */
int ktstr_group__refused(const struct ktstr_worker_group *group, struct ktstr_err *err);
/* The CPUs that worker @index pins itself to; as ktstr_affinity__resolve(). */
int ktstr_group__cpus(const struct ktstr_worker_group *group, const struct ktstr_affinity *affinity,
		      uint32_t index, struct ktstr_cpumask *cpus, struct ktstr_err *err);
/* Let the stall monitor check each worker of the group. */
void ktstr_group__look(struct ktstr_worker_group *group, struct ktstr_stall_monitor *m);
/* The workers have been told to stop: reap them. 0, or -ETIMEDOUT when they cannot be ended. */
int ktstr_group__reap(struct ktstr_worker_group *group);
void ktstr_group__free(struct ktstr_worker_group *group);
/* Reap the workers, judge and free the group. 0, or -ETIMEDOUT when workers cannot be ended. */
int ktstr_group__end(struct ktstr_worker_group *group, const char *by);

/* Policy or nice value of its workers were changed by an op. */
void ktstr_group__set_weight(struct ktstr_worker_group *group, const struct ktstr_policy *policy,
			     const int *nice);
/* Take note of the share of a CPU that its workers have beside @all, the weights of all workers. */
void ktstr_group__weigh(struct ktstr_worker_group *group, double all);

/* group_judge.c */

/*
 * The CPUs that the workers are allowed are about to change: judge those used so far. After
 * the change to the cpuset of its cgroup an epoch begins.
 */
void ktstr_group__epoch_ends(struct ktstr_worker_group *group);
void ktstr_group__epoch_begins(struct ktstr_worker_group *group);
/* If a phase of the group is being measured: add it to the statistics of the step. */
void ktstr_group__end_phase(struct ktstr_worker_group *group);
/* What the checks and statistics see of a group; its workers have been reaped. */
struct ktstr_group_view {
	struct ktstr_group_sample sample;
	struct ktstr_cpumask nodes, slow;	/* that it points to */
};

void ktstr_group__view(const struct ktstr_worker_group *group, struct ktstr_group_view *v);
/* Report lost workers, statistics and metrics. */
void ktstr_group__account(const struct ktstr_worker_group *group, const struct ktstr_group_view *v);
/* Judge it by the checks of the scenario and its own. */
void ktstr_group__judge(struct ktstr_worker_group *group, const struct ktstr_group_view *v);

#endif

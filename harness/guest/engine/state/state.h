/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a scenario has made so far: cgroups and groups of workers, each owned by the step that made
 * it or by the backdrop, which lasts through all steps. Ops and the engine change it through these
 * functions only, which ensures that no measurement is lost and that everything is removed in the
 * end.
 *
 * Errors are sentences; the caller adds the step and the op.
 */
#ifndef KTSTR_GUEST_ENGINE_STATE_STATE_H
#define KTSTR_GUEST_ENGINE_STATE_STATE_H

#include "env.h"
#include "harness/guest/cgroup/cgroup.h"
#include "harness/guest/cgroup/limits.h"
#include "harness/guest/cgroup/machine.h"
#include "harness/model/ctx.h"

struct ktstr_cgroup_state {			/* a cgroup */
	char name[KTSTR_NAME_LEN];
	bool backdrop;
	bool frozen;
	bool has_cpuset;
	struct ktstr_cpumask cpuset;	/* as recorded, for the isolation check */
	/* CPUs beyond it that the kernel has granted since the last change, as all of its own are offline */
	struct ktstr_cpumask more;
};

struct ktstr_payload_run;
struct ktstr_worker_group;

struct ktstr_scenario_state {
	struct ktstr_ctx *ctx;
	const struct ktstr_checks *checks;
	const struct ktstr_engine_env *env;
	const struct ktstr_machine *machine;
	char controllers[KTSTR_CONTROLLERS_LEN];
	struct ktstr_cgroups tree;
	struct ktstr_cgroup_state *cgroups;
	uint32_t nr_cgroups;
	struct ktstr_worker_group **groups;
	uint32_t nr_groups, serial;
	struct ktstr_payload_run **payloads;
	uint32_t nr_payloads;
	int payload_status;		/* waitpid() status of the one that ended last */
	bool payload_judged;		/* one at least: by its exit status or by checks */
	uint32_t *gate;			/* shared: behind it all wait; NULL: each group has its own */
	bool in_backdrop;		/* what is made now belongs to it */
	bool in_loop;			/* the ops of a HOLD_LOOP_MS make it */
	struct ktstr_cpumask offline[2]; /* taken offline by the step [0] and the backdrop [1] */
	bool sched_ended;
	uint64_t kill_ns;		/* see ktstr_workers__stop() */
	uint32_t step;
	uint64_t iterations;		/* of the groups that have ended */
	uint64_t stop_ns;		/* spent by the last clear on stopping and collecting */
};

/*
 * A worker has not ended after SIGKILL and will not end before its scheduler does. Do not wait for
 * other workers that do not run, nor for their cgroups to become empty.
 */
void ktstr_state__give_up(struct ktstr_scenario_state *st);

/* Set what the engine is busy with. */
void ktstr_state__doing(const struct ktstr_scenario_state *st, enum ktstr_doing what);

/* NULL: not made, or removed. */
struct ktstr_cgroup_state *ktstr_state__cgroup(struct ktstr_scenario_state *st, const char *name);

/* For texts: @cgroup, or "(runner's cgroup)" for "". */
const char *ktstr_state__where(const char *cgroup);

/* The cgroups of the test, in which everything is made. 0 or -errno with a sentence. */
int ktstr_state__open_tree(struct ktstr_scenario_state *st, struct ktstr_err *err);

/* mkdir -p and remember. */
int ktstr_state__add(struct ktstr_scenario_state *st, const char *name, struct ktstr_err *err);
/* A cgroup with its cpuset and its limits, without its workers. */
int ktstr_state__make(struct ktstr_scenario_state *st, const struct ktstr_cgroup *c,
		      struct ktstr_err *err);
/* Its workers, parked. */
int ktstr_state__populate(struct ktstr_scenario_state *st, const struct ktstr_cgroup *c,
			  struct ktstr_err *err);
/* Before anything else. 0 or -errno. */
int ktstr_state__init(struct ktstr_scenario_state *st);

/* One group of workers, parked, in cgroup @name ("": where the runner is). */
int ktstr_state__spawn(struct ktstr_scenario_state *st, const char *name,
		       const struct ktstr_workspec *spec, struct ktstr_err *err);
/*
 * Start all groups that are parked. Fails, without starting any, when an attribute of a worker was
 * refused. *@late: workers that were not ready in time.
 */
int ktstr_state__start(struct ktstr_scenario_state *st, uint32_t *late, struct ktstr_err *err);

/*
 * To be called when workers have started, or when their weights or CPUs have changed: take note of
 * what each worker is entitled to at least. By the weights alone: no cgroup is heavier than another.
 */
void ktstr_state__weigh(struct ktstr_scenario_state *st);

/* @cpus NULL: none any more. @mems NULL: those of the CPUs. Writes and records them. */
int ktstr_state__set_cpuset(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p,
			    const struct ktstr_cpumask *cpus, const char *mems,
			    struct ktstr_err *err);
/* CPUs came or went: the cgroups may use others now. */
void ktstr_state__cpus_changed(struct ktstr_scenario_state *st);
/* Add to @p->more what it has now. */
void ktstr_state__look_at_cpuset(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p);
/* Take a CPU offline, or bring it back. 0 or -errno with a sentence. */
int ktstr_state__set_online(struct ktstr_scenario_state *st, uint32_t cpu, bool online,
			    struct ktstr_err *err);
/* Bring back what the step or the backdrop took offline; the first error. */
int ktstr_state__restore_cpus(struct ktstr_scenario_state *st, bool backdrop,
			      struct ktstr_err *err);
int ktstr_state__freeze(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p, bool frozen,
			struct ktstr_err *err);
/* The workers of @from have moved to @to; the ownership follows. */
int ktstr_state__move(struct ktstr_scenario_state *st, const char *from,
		      struct ktstr_cgroup_state *to,
		      struct ktstr_err *err);

/*
 * Stop the groups in cgroup @name and judge them; @by names the op. A group that was never
 * started leaves a note only.
 */
int ktstr_state__stop(struct ktstr_scenario_state *st, const char *name, const char *by,
		      struct ktstr_err *err);
/* The same, then rmdir and remove the record. 0 also when the cgroup does not exist. */
int ktstr_state__remove(struct ktstr_scenario_state *st, const char *name, const char *by,
			struct ktstr_err *err);

/*
 * The groups of the backdrop that run and are not measured yet are measured for the step, until
 * the end of it, or of the group, or until it moves. begin: 0 or -ENOMEM with a sentence.
 */
int ktstr_state__begin_phases(struct ktstr_scenario_state *st, struct ktstr_err *err);
void ktstr_state__end_phases(struct ktstr_scenario_state *st);

/*
 * Stop the worker groups that are marked as ending, together, and collect what they did; they are
 * still to be reaped, one by one.
 */
void ktstr_state__collect(struct ktstr_scenario_state *st);

/*
 * End the worker groups in cgroup @name, or with NULL those of the step or backdrop; @by names
 * the op, or is NULL. 0, or -ETIMEDOUT when workers cannot be ended.
 */
int ktstr_state__end_groups(struct ktstr_scenario_state *st, const char *name, bool backdrop,
			    const char *by);
/*
 * The end of a step, or of the backdrop: stop its groups, judge them, remove its cgroups. Goes
 * on after an error and returns the first.
 */
int ktstr_state__clear(struct ktstr_scenario_state *st, bool backdrop, struct ktstr_err *err);
/* @c was removed. */
void ktstr_state__forget(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *c);
/* Everything is cleared: free the rest. */
void ktstr_state__fini(struct ktstr_scenario_state *st);

#endif

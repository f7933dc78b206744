/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a scenario has made so far: cgroups and groups of workers, each owned by the step that
 * made it or by the backdrop, which lasts through all steps. Ops and the engine change it
 * through these functions only, so that nothing that was measured is lost and nothing that
 * was made stays behind.
 *
 * Errors are sentences; who calls says in which step and for which op.
 */
#ifndef KTSTR_GUEST_STAGE_H
#define KTSTR_GUEST_STAGE_H

#include "engine.h"
#include "limits.h"
#include "machine.h"
#include "workers.h"

struct ktstr_place {			/* a cgroup */
	char name[KTSTR_NAME_LEN];
	bool backdrop;
	bool frozen;
	bool has_cpuset;
	struct ktstr_cpumask cpuset;	/* as recorded: what isolation is judged by */
};

/* In memory shared with the workers of a group: the first that was refused something. */
struct ktstr_refusal {
	uint32_t taken, written;
	uint32_t index;
	char why[160];
};

struct ktstr_payload_run;
struct ktstr_progress;
struct ktstr_stall_monitor;

struct ktstr_crew {			/* a group of equal workers */
	struct ktstr_stage *stage;
	char cgroup[KTSTR_NAME_LEN];	/* where its workers are; "": with the runner */
	struct ktstr_workspec spec;
	uint32_t serial;		/* over the whole scenario */
	uint32_t index;			/* of its workspec in the cgroup */
	uint32_t step;			/* in which it was made; 0 for the backdrop */
	bool backdrop;
	bool started;
	bool in_phase;			/* of the backdrop, and a step is being measured */
	uint64_t started_ns;
	struct ktstr_workers *workers;
	char *dir;			/* absolute path of the cgroup it was made in, or NULL */
	struct ktstr_refusal *refusal;
	bool unbounded;			/* was once without a cpuset */
	struct ktstr_cpumask allowed;	/* every cpuset that it had, together */
	struct ktstr_progress *progress; /* one a worker, of the stall monitor; NULL: not looked at yet */
	uint32_t epochs;		/* changes of the cpuset while it ran */
};

struct ktstr_stage {
	struct ktstr_ctx *ctx;
	const struct ktstr_checks *checks;
	const struct ktstr_surroundings *around;
	const struct ktstr_machine *machine;
	char controllers[KTSTR_CONTROLLERS_LEN];
	struct ktstr_cgroups cgroups;
	struct ktstr_place *places;
	uint32_t nr_places;
	struct ktstr_crew **crews;
	uint32_t nr_crews, serial;
	struct ktstr_payload_run **payloads;
	uint32_t nr_payloads;
	uint32_t *gate;			/* shared memory: behind it all workers wait */
	bool in_backdrop;		/* what is made now belongs to it */
	bool sched_ended;
	uint64_t kill_ns;		/* see ktstr_workers__stop() */
	uint32_t step;
	uint64_t iterations;		/* of the crews that have ended */
	uint64_t stop_ns;		/* that the last clear took to stop the crews and collect their reports */
};

/*
 * SIGKILL has not ended a worker: nothing does before its scheduler has gone. Do not wait for
 * others that it forgot, nor for their cgroups to become empty.
 */
void ktstr_stage__give_up(struct ktstr_stage *st);

/* What is waited for from now on. */
void ktstr_stage__doing(const struct ktstr_stage *st, enum ktstr_doing what);

/* NULL: not made, or removed. */
struct ktstr_place *ktstr_stage__place(struct ktstr_stage *st, const char *name);

/* mkdir -p and remember. */
int ktstr_stage__add(struct ktstr_stage *st, const char *name, struct vm_err *err);
/* A cgroup with its cpuset and its limits, without its workers. */
int ktstr_stage__make(struct ktstr_stage *st, const struct ktstr_cgroup *c, struct vm_err *err);
/* Its workers, parked. */
int ktstr_stage__populate(struct ktstr_stage *st, const struct ktstr_cgroup *c,
			  struct vm_err *err);
/* Before anything else. 0 or -errno. */
int ktstr_stage__init(struct ktstr_stage *st);

/* One group of workers, parked, in cgroup @name ("": where the runner is). */
int ktstr_stage__spawn(struct ktstr_stage *st, const char *name,
		       const struct ktstr_workspec *spec, struct vm_err *err);
/*
 * Start all groups that are parked. Fails, without starting any, when a worker was refused
 * what it should become. *@late: workers that were not ready in time.
 */
int ktstr_stage__start(struct ktstr_stage *st, uint32_t *late, struct vm_err *err);

/* @cpus NULL: none any more. @mems NULL: those of the CPUs. Written, then recorded. */
int ktstr_stage__set_cpuset(struct ktstr_stage *st, struct ktstr_place *p,
			    const struct ktstr_cpumask *cpus, const char *mems,
			    struct vm_err *err);
int ktstr_stage__freeze(struct ktstr_stage *st, struct ktstr_place *p, bool frozen,
			struct vm_err *err);
/* The workers of @from now live in @to; ownership follows. */
int ktstr_stage__move(struct ktstr_stage *st, const char *from, struct ktstr_place *to,
		      struct vm_err *err);

/*
 * Stop the groups in cgroup @name and judge them; @by names the op. A group that was never
 * started leaves a note only.
 */
int ktstr_stage__stop(struct ktstr_stage *st, const char *name, const char *by,
		      struct vm_err *err);
/* The same, then rmdir and forget. What does not exist is no error. */
int ktstr_stage__remove(struct ktstr_stage *st, const char *name, const char *by,
			struct vm_err *err);

/*
 * The crews of the backdrop that run and are not measured yet are measured for the step, until
 * the end of it, or of the crew, or until it moves. begin: 0 or -ENOMEM with a sentence.
 */
int ktstr_stage__begin_phases(struct ktstr_stage *st, struct vm_err *err);
void ktstr_stage__end_phases(struct ktstr_stage *st);

/*
 * The end of a step, or of the backdrop: stop its groups, judge them, remove its cgroups. Goes
 * on after an error and returns the first.
 */
int ktstr_stage__clear(struct ktstr_stage *st, bool backdrop, struct vm_err *err);
/* Everything is cleared: free the rest. */
void ktstr_stage__fini(struct ktstr_stage *st);

/* ops_payload.c: a payload in cgroup @cgroup ("": where the runner is); it runs at once. */
int ktstr_stage__run_payload(struct ktstr_stage *st, const struct ktstr_payload *payload,
			     const char * const *args, const char *cgroup, struct vm_err *err);
/*
 * MOVE_ALL_TASKS: the payloads in @from and whatever else is left in there go to @to. may_move
 * says beforehand whether they can. Those beside the runner ("") stay.
 */
int ktstr_stage__payloads_may_move(struct ktstr_stage *st, const char *from,
				   const struct ktstr_place *to, struct vm_err *err);
int ktstr_stage__move_payloads(struct ktstr_stage *st, const char *from,
			       const struct ktstr_place *to, struct vm_err *err);
/* End and judge those in cgroup @name, or with NULL the step's or the backdrop's. */
int ktstr_stage__end_payloads(struct ktstr_stage *st, const char *name, bool backdrop);

/* crew.c: the parts of the above that are about one group of workers */
/* Workspec number @index of a cgroup. With @leader (else NULL) its workers are only planned. */
int ktstr_crew__fork(struct ktstr_stage *st, const char *name, const struct ktstr_workspec *spec,
		     uint32_t index, struct ktstr_leader *leader, struct vm_err *err);
/* 0, or -EPERM or the like with a sentence when a worker was refused something. */
int ktstr_crew__refused(const struct ktstr_crew *crew, struct vm_err *err);
/* The CPUs that worker @index pins itself to; as ktstr_affinity__resolve(). */
int ktstr_crew__cpus(const struct ktstr_crew *crew, const struct ktstr_affinity *affinity,
		     uint32_t index, struct ktstr_cpumask *cpus, struct vm_err *err);
/*
 * What its workers are allowed is about to change (then judge what they used so far), or has
 * changed to the cpuset of its place.
 */
void ktstr_crew__epoch_ends(struct ktstr_crew *crew);
void ktstr_crew__epoch_begins(struct ktstr_crew *crew);
/* If a phase of it is being measured: add what it did to the step's statistics. */
void ktstr_crew__end_phase(struct ktstr_crew *crew);
/* Have its workers made progress? @m says what was found. */
void ktstr_crew__look(struct ktstr_crew *crew, struct ktstr_stall_monitor *m);
/* Stop, judge, free. 0 or -ETIMEDOUT when workers cannot be ended. */
int ktstr_crew__end(struct ktstr_crew *crew, const char *by);

#endif

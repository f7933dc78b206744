/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ktstr_run() does, call by call, for bodies that need an order of their own:
 *
 *	#include <ktstr/hand.h>
 *
 *	KTSTR_TEST(two_spinners_by_hand, .cores = 2)
 *	{
 *		CGROUP_GROUP(group, ctx);
 *		WORKLOAD(workload, ctx, .workers = 2, .work = SPIN_WAIT);
 *
 *		return cgroup_group_add(&group, "workers", NULL) ?:
 *		       cgroup_set_cpuset(ctx, "workers", all_cpus(ctx)) ?:
 *		       cgroup_move_tasks(ctx, "workers", workload_pids(workload)) ?:
 *		       workload_start(workload) ?:
 *		       hold_for(ctx, ktstr_duration_ns(ctx)) ?:
 *		       assert_cgroup(ctx, NULL, workload_collect(workload), NULL);
 *	}
 *
 * Functions return 0 or -errno unless they say otherwise. A failure has been added to the verdict
 * when they return; the body only has to return as well. A handle that is NULL because its spawn
 * failed is accepted everywhere and gives -EINVAL, without a further finding.
 *
 * What is left at the end of the body is stopped and removed, unjudged.
 */
#ifndef KTSTR_HAND_H
#define KTSTR_HAND_H

#include <stdint.h>
#include <sys/types.h>

#include <ktstr/cpumask.h>
#include <ktstr/machine.h>
#include <ktstr/scenario.h>
#include <ktstr/stats.h>

/* ---- cgroups; names are relative to the test's root, as in CGROUP() ---- */

/* The online CPUs of the machine; valid until the end of the body. NULL: it could not be read. */
const struct ktstr_cpumask *ktstr_all_cpus(struct ktstr_ctx *ctx);

/* mkdir -p. -EEXIST when the body has made it already. */
int ktstr_cgroup_make(struct ktstr_ctx *ctx, const char *name);
/*
 * Workloads in it are stopped and keep their reports; other tasks in it are killed. 0 also when it
 * does not exist. Cgroups in it must be removed first.
 */
int ktstr_cgroup_remove(struct ktstr_ctx *ctx, const char *name);
/* cpuset.cpus, and cpuset.mems to the nodes of @cpus. */
int ktstr_cgroup_set_cpuset(struct ktstr_ctx *ctx, const char *name,
			    const struct ktstr_cpumask *cpus);
int ktstr_cgroup_clear_cpuset(struct ktstr_ctx *ctx, const char *name);

struct ktstr_pids {
	const pid_t *pid;
	uint32_t nr;
};

/* Move tasks into it, each with its whole process. One that has ended is left out with a note. */
int ktstr_cgroup_move_tasks(struct ktstr_ctx *ctx, const char *name, struct ktstr_pids pids);

/* Cgroups that are removed together, the newest first, when the variable goes out of scope. */
struct ktstr_cgroup_group {
	struct ktstr_ctx *ctx;
	char **names;
	uint32_t nr;
};

#define KTSTR_CGROUP_GROUP(_name, _ctx)						\
	struct ktstr_cgroup_group _name						\
	__attribute__((cleanup(ktstr_cgroup_group__end))) = { .ctx = (_ctx) }

/* Make @name and, unless @cpus is NULL, set its cpuset. */
int ktstr_cgroup_group_add(struct ktstr_cgroup_group *group, const char *name,
			   const struct ktstr_cpumask *cpus);
/* Remove them now. Those that the body has removed itself are no error. */
int ktstr_cgroup_group_remove(struct ktstr_cgroup_group *group);
void ktstr_cgroup_group__end(struct ktstr_cgroup_group *group);

/* ---- workloads: some equal workers, as WORKSPEC() describes them ---- */

/* A handle. It belongs to the context; ktstr_workload_drop() or the end of the body frees it. */
struct ktstr_workload;

/*
 * Fork the workers, in the runner's cgroup or in @_cgroup. They are ready and wait for
 * ktstr_workload_start(). NULL: they could not be forked, or an attribute was refused.
 */
#define ktstr_workload_spawn(_ctx, ...)						\
	ktstr_workload__spawn(_ctx, "", &(const struct ktstr_workspec)KTSTR_WORKSPEC(__VA_ARGS__))
#define ktstr_workload_spawn_in(_ctx, _cgroup, ...)				\
	ktstr_workload__spawn(_ctx, _cgroup,					\
			      &(const struct ktstr_workspec)KTSTR_WORKSPEC(__VA_ARGS__))
struct ktstr_workload *ktstr_workload__spawn(struct ktstr_ctx *ctx, const char *cgroup,
					     const struct ktstr_workspec *spec);

/* A variable with the handle, which is dropped when it goes out of scope. */
#define KTSTR_WORKLOAD(_name, _ctx, ...)					\
	struct ktstr_workload *_name __attribute__((cleanup(ktstr_workload__end))) = \
		ktstr_workload_spawn(_ctx, ##__VA_ARGS__)

/* One pid for each worker, the tid for workers that are threads; valid as long as the handle. */
struct ktstr_pids ktstr_workload_pids(const struct ktstr_workload *w);
/* -EALREADY: it was started before. */
int ktstr_workload_start(struct ktstr_workload *w);

/* What the workers of one workload did; belongs to its handle. */
struct ktstr_reports;

/* Stop the workers, once, and collect what they did. NULL: they were never started. */
const struct ktstr_reports *ktstr_workload_collect(struct ktstr_workload *w);
/* Kill what runs and free the handle with its reports. */
void ktstr_workload_drop(struct ktstr_workload *w);
void ktstr_workload__end(struct ktstr_workload **w);

/*
 * How many workers; the figures of worker @i, counted from 0, and its last migrations; and the
 * figures of all together.
 */
uint32_t ktstr_reports_nr(const struct ktstr_reports *reports);
struct ktstr_stats ktstr_reports_worker(const struct ktstr_reports *reports, uint32_t i);
struct ktstr_migrations ktstr_reports_migrations(const struct ktstr_reports *reports, uint32_t i);
struct ktstr_stats ktstr_reports_stats(const struct ktstr_reports *reports);

/*
 * Judge the reports by @checks, a KTSTR_CHECKS() set or with NULL the test's own, and add the
 * figures to those of the test. @cpus is the cpuset for the checks that know one (isolation); NULL:
 * the cpusets that its cgroup had while they ran. 0 also when the verdict is a failure.
 */
int ktstr_assert_cgroup(struct ktstr_ctx *ctx, const struct ktstr_checks *checks,
			const struct ktstr_reports *reports, const struct ktstr_cpumask *cpus);

/* Stop @nr workloads together, then judge each by @checks, as above. */
int ktstr_collect_all(struct ktstr_ctx *ctx, struct ktstr_workload * const *workloads, uint32_t nr,
		      const struct ktstr_checks *checks);

/*
 * One running workload in each of the cgroups @names (NULL-terminated), which exist: number i does
 * the work i mod 5 of SpinWait, Bursty (50 ms, 100 ms), IoSyncWrite (two workers), Mixed and
 * YieldHeavy, with the test's workers_per_cgroup. @workloads has room for them all. Returns how
 * many there are, or -errno.
 */
int ktstr_spawn_diverse(struct ktstr_ctx *ctx, const char * const *names,
			struct ktstr_workload **workloads);

/*
 * Wait @ns, or until the scheduler under test ends, which is a finding of its own. 0 in both cases:
 * what there is can be collected.
 */
int ktstr_hold_for(struct ktstr_ctx *ctx, uint64_t ns);

#include <ktstr/short_names.h>

#endif

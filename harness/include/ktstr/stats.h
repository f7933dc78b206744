/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was measured, for claims: the figures of one worker, of a cgroup in one step, of a
 * cgroup, of a step, or of the whole run. All are one struct with the same members, so that
 * whatever can be claimed of one can be claimed of another:
 *
 *	struct ktstr_stats a = phase_cgroup(r, 0, "cg_a"), b = phase_cgroup(r, 1, "cg_a");
 *
 *	claim_at_least(r, a.iterations, 1.3 * b.iterations);
 *
 * Every figure is a double and NaN when it is absent: nothing was measured, or nothing of that
 * name ran. An absent figure fails every claim, it is never 0 by accident.
 */
#ifndef KTSTR_STATS_H
#define KTSTR_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include <ktstr/attrs.h>
#include <ktstr/cpumask.h>

/* TARGET: the nearer to a value of its own, the better. */
enum ktstr_polarity {
	KTSTR_NEUTRAL, KTSTR_LOWER_IS_BETTER, KTSTR_HIGHER_IS_BETTER, KTSTR_TARGET_IS_BETTER,
	KTSTR_NR_POLARITIES,
};

/*
 * The figures, one member a row of ktstr/figures.h, which says what each means. Those of
 * several workers or cgroups together are the sum, or that of the worst one, as the row says
 * (the best one for min_off_cpu_pct, where the worst would say nothing new).
 */
struct ktstr_stats {
	bool found;			/* false: nothing of that name ran, all else is NaN */
	int32_t tid;			/* of one worker, else 0 */
#define KTSTR_FIGURE(_name, ...)	double _name;
#include <ktstr/figures.h>
	struct ktstr_cpumask cpus_used;	/* CPUs they ran on */
};

#define KTSTR_LAST_MIGRATIONS	32

/* A worker was on another CPU than at the checkpoint before. */
struct ktstr_migration {
	uint64_t at_ns;			/* of this checkpoint: the guest's clock, as in traces */
	int32_t from, to;
};

/* The last ones of a worker; its figure @migrations counts all. */
struct ktstr_migrations {
	uint64_t start_ns;		/* when its workers were started, on the same clock */
	uint32_t nr;
	struct ktstr_migration last[KTSTR_LAST_MIGRATIONS];	/* the oldest first */
};

/*
 * Where a figure comes from: the body's ctx, once the steps in question have ended, or the
 * result that a host callback gets. Phases are the steps, counted from 0 as everywhere in
 * data; texts for people count steps from 1. Workers of
 * the backdrop count to each step with what they did in it, and to a cgroup and the run with
 * what they did in their whole life.
 */
#define ktstr_phase_cgroup(_r, _phase, _cgroup)					\
	ktstr_stats__phase_cgroup(KTSTR_RESULT_OF(_r), _phase, _cgroup)
/* @_i counts from 0 below phase_cgroup(...).workers; at most 1024 workers a run are kept. */
#define ktstr_phase_worker(_r, _phase, _cgroup, _i)				\
	ktstr_stats__phase_worker(KTSTR_RESULT_OF(_r), _phase, _cgroup, _i)
/* Which CPUs this worker came from and went to last. A worker that is not found has none. */
#define ktstr_phase_migrations(_r, _phase, _cgroup, _i)				\
	ktstr_stats__phase_migrations(KTSTR_RESULT_OF(_r), _phase, _cgroup, _i)
#define ktstr_phase_stats(_r, _phase)	ktstr_stats__phase(KTSTR_RESULT_OF(_r), _phase)
#define ktstr_cgroup_stats(_r, _cgroup)	ktstr_stats__cgroup(KTSTR_RESULT_OF(_r), _cgroup)
#define ktstr_run_stats(_r)		ktstr_stats__run(KTSTR_RESULT_OF(_r))

struct ktstr_stats ktstr_stats__phase_cgroup(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup);
struct ktstr_stats ktstr_stats__phase_worker(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup, uint32_t i);
struct ktstr_migrations ktstr_stats__phase_migrations(const struct ktstr_result *r, uint32_t phase,
						      const char *cgroup, uint32_t i);
struct ktstr_stats ktstr_stats__phase(const struct ktstr_result *r, uint32_t phase);
struct ktstr_stats ktstr_stats__cgroup(const struct ktstr_result *r, const char *cgroup);
struct ktstr_stats ktstr_stats__run(const struct ktstr_result *r);

/*
 * A figure beyond those above, that a payload or a work type reported under a name of its own;
 * the last one of that name. NaN: absent.
 */
#define ktstr_ext_metric(_r, _source, _name)					\
	ktstr_stats__ext_metric(KTSTR_RESULT_OF(_r), _source, _name)
double ktstr_stats__ext_metric(const struct ktstr_result *r, const char *source, const char *name);

/*
 * A metric of the whole run, as "bpf_bpf_nr_enqueued": what watch_bpf_maps came to. It is there for
 * host callbacks, after the run. NaN: absent.
 */
#define ktstr_run_metric(_r, _key)	ktstr_stats__run_metric(KTSTR_RESULT_OF(_r), _key)
double ktstr_stats__run_metric(const struct ktstr_result *r, const char *key);

/*
 * How often the stall monitor found a worker of @_cgroup, or with NULL any worker, that made no
 * progress for two seconds though it was not frozen and did not sleep on purpose
 * (docs/engine.md). NaN when the monitor was off.
 */
#define ktstr_stalls_of(_r, _cgroup)	ktstr_stats__stalls(KTSTR_RESULT_OF(_r), _cgroup)
double ktstr_stats__stalls(const struct ktstr_result *r, const char *cgroup);

/* Both have a result: @r is a struct ktstr_ctx * or a struct ktstr_result *. */
struct ktstr_result *ktstr_ctx__result(const struct ktstr_ctx *ctx);
static inline struct ktstr_result *ktstr_result__self(const struct ktstr_result *r)
{
	return (struct ktstr_result *)r;
}

#define KTSTR_RESULT_OF(_r)							\
	_Generic((_r),								\
		 struct ktstr_ctx *: ktstr_ctx__result,				\
		 const struct ktstr_ctx *: ktstr_ctx__result,			\
		 struct ktstr_result *: ktstr_result__self,			\
		 const struct ktstr_result *: ktstr_result__self)(_r)

#include <ktstr/short_names.h>

#endif

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

#define KTSTR_MAX_CPUS		512

enum ktstr_polarity { KTSTR_NEUTRAL, KTSTR_LOWER_IS_BETTER, KTSTR_HIGHER_IS_BETTER };

/* A set of CPUs, or of NUMA nodes. */
struct ktstr_cpumask {
	uint64_t bits[KTSTR_MAX_CPUS / 64];
};

/*
 * Figures of several workers or cgroups together are sums where the comment says "sum", else
 * those of the worst one (the best one is where the worst would be no news: min_off_cpu_pct).
 * harness/core/metrics.c has one row for each.
 */
struct ktstr_stats {
	bool found;			/* false: nothing of that name ran, all else is NaN */
	int32_t tid;			/* of one worker, else 0 */
	double workers;			/* sum */
	double messengers;		/* sum; of the workers: drive others, no part of fairness */
	double cpus;			/* size of the union of the CPUs they ran on */
	double work_units;		/* sum */
	double iterations;		/* sum */
	double migrations;		/* sum; CPU differs from the previous checkpoint */
	double wall_s, cpu_s;		/* sum over the workers */
	double iteration_rate;		/* iterations per second of a worker's wall time */
	double work_rate;		/* work units per CPU second */
	double iterations_per_worker;
	double migration_ratio;		/* migrations / iterations */
	double min_off_cpu_pct, max_off_cpu_pct, avg_off_cpu_pct; /* of the wall time */
	double spread_pct;		/* largest - smallest share in a cgroup, points */
	double max_gap_ms;		/* between two checkpoints, without deliberate sleep */
	double max_gap_cpu;		/* CPU before that gap */
	double max_start_ms;		/* from the start of all workers until the last one ran */
	double run_delay_us;		/* waited for a CPU: mean of a cgroup's workers */
	double worst_run_delay_us;	/* ... of the worker that waited most */
	double wake_samples;		/* sum; 0: the next ones are absent */
	double median_wake_us, p99_wake_us, max_wake_us, mean_wake_us;
	double wake_cv;			/* stddev / mean */
	double wake_tail_ratio;		/* p99 / median */
	double median_cost_us, p99_cost_us;	/* of one iteration, where the type samples it */
	double median_timer_us, p99_timer_us;	/* lateness of timers, likewise */
	double pages;			/* sum; own anonymous pages, at the end */
	double page_locality;		/* 0..1 of them on the nodes of the cpuset */
	double cross_node_ratio;	/* pages that the kernel moved between nodes / pages */
	struct ktstr_cpumask cpus_used;
};

/*
 * Where a figure comes from: the body's ctx, once the steps in question have ended, or the
 * result that a host callback gets. Phases are the steps, counted from 0 as everywhere in
 * data; texts for people count steps from 1. Workers of
 * the backdrop count to each step with what they did in it, and to a cgroup and the run with
 * what they did in their whole life.
 */
#define phase_cgroup(_r, _phase, _cgroup)					\
	ktstr_stats__phase_cgroup(KTSTR_RESULT_OF(_r), _phase, _cgroup)
/* @_i counts from 0 below phase_cgroup(...).workers; at most 1024 workers a run are kept. */
#define phase_worker(_r, _phase, _cgroup, _i)					\
	ktstr_stats__phase_worker(KTSTR_RESULT_OF(_r), _phase, _cgroup, _i)
#define phase_stats(_r, _phase)		ktstr_stats__phase(KTSTR_RESULT_OF(_r), _phase)
#define cgroup_stats(_r, _cgroup)	ktstr_stats__cgroup(KTSTR_RESULT_OF(_r), _cgroup)
#define run_stats(_r)			ktstr_stats__run(KTSTR_RESULT_OF(_r))

struct ktstr_stats ktstr_stats__phase_cgroup(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup);
struct ktstr_stats ktstr_stats__phase_worker(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup, uint32_t i);
struct ktstr_stats ktstr_stats__phase(const struct ktstr_result *r, uint32_t phase);
struct ktstr_stats ktstr_stats__cgroup(const struct ktstr_result *r, const char *cgroup);
struct ktstr_stats ktstr_stats__run(const struct ktstr_result *r);

/*
 * A figure beyond those above, that a payload or a work type reported under a name of its own;
 * the last one of that name. NaN: absent.
 */
#define ext_metric(_r, _source, _name)						\
	ktstr_ext_metric(KTSTR_RESULT_OF(_r), _source, _name)
double ktstr_ext_metric(const struct ktstr_result *r, const char *source, const char *name);

/*
 * How often the stall monitor found a worker of @_cgroup, or with NULL any worker, that made no
 * progress for two seconds though it was not frozen and did not sleep on purpose
 * (docs/engine.md). NaN when the monitor was off.
 */
#define stalls_of(_r, _cgroup)		ktstr_stats__stalls(KTSTR_RESULT_OF(_r), _cgroup)
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

#endif

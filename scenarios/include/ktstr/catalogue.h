/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The catalogue: scenarios that somebody already wrote, each because of a mistake that
 * schedulers make. docs/scenarios.md lists them; a test runs one in a line:
 *
 *	KTSTR_TEST(survives_resizing, .scheduler = &my_sched, .cores = 4)
 *	{
 *		return ktstr_scenario(ctx, "cgroup_cpuset_resize");
 *	}
 */
#ifndef KTSTR_CATALOGUE_H
#define KTSTR_CATALOGUE_H

#include <ktstr/attrs.h>
#include <ktstr/scenario.h>

struct ktstr_steady;

/* One scenario: data (steady) or a function (run), and what goes with it. */
struct ktstr_canned {
	const char *name;
	const char *catches;		/* the scheduler's mistake that it is there for */
	const char *fault;		/* of scx_mutant, which it is known to notice; NULL: none */
	uint32_t min_cpus, min_llcs, min_nodes; /* on less it is skipped */
	uint32_t threads;		/* per core where it runs as a test of its own; 0: 1 */
	const struct ktstr_steady *steady;
	int (*run)(struct ktstr_ctx *ctx);

	KTSTR_EMBED_CHECKS;		/* these win over the test's */
};

struct ktstr_category {
	const char *name;
	const char *about;
	const struct ktstr_canned *rows; /* to the first without a name */
};

/* To the first without a name; scenarios/catalogue/catalogue.c. */
extern const struct ktstr_category ktstr_catalogue[];

/* NULL when there is none of that name. */
const struct ktstr_canned *ktstr_canned__find(const char *name);

/*
 * Run the scenario called @name in a test's body, under its scheduler and topology and for its
 * duration. Returns what ktstr_run() does, and -ENOENT for an unknown name. On a machine that
 * is too small for it the verdict is a skip.
 */
int ktstr_scenario(struct ktstr_ctx *ctx, const char *name);

/*
 * All scenarios of a category, or of "all", one after the other in the guest of this test,
 * which divide its duration among themselves. Each leaves a line with its verdict.
 */
int ktstr_scenario_batch(struct ktstr_ctx *ctx, const char *what);

/* How many those are, 0 for an unknown category, and the machine on which none is skipped. */
struct ktstr_batch {
	uint32_t nr, min_cpus, min_llcs, min_nodes;
};
struct ktstr_batch ktstr_batch(const char *what);

/* The ones to begin with, as functions. */
#define KTSTR_CURATED(_function, _name)						\
	static inline int ktstr_scenario_##_function(struct ktstr_ctx *ctx)	\
	{									\
		return ktstr_scenario(ctx, #_name);				\
	}
KTSTR_CURATED(steady, cgroup_steady)
KTSTR_CURATED(steady_llc, cgroup_cpuset_llc_steady)
KTSTR_CURATED(oversubscribed, cgroup_oversubscribed)
KTSTR_CURATED(cpuset_apply, cgroup_cpuset_apply_midrun)
KTSTR_CURATED(cpuset_clear, cgroup_cpuset_clear_midrun)
KTSTR_CURATED(cpuset_resize, cgroup_cpuset_resize)
KTSTR_CURATED(cgroup_add, cgroup_add_midrun)
KTSTR_CURATED(cgroup_remove, cgroup_remove_midrun)
KTSTR_CURATED(affinity_change, cgroup_affinity_change)
KTSTR_CURATED(affinity_pinned, cgroup_multicpu_pin)
KTSTR_CURATED(host_contention, host_cgroup_contention)
KTSTR_CURATED(mixed_workloads, cgroup_imbalance_mixed_workload)
KTSTR_CURATED(nested_steady, nested_cgroup_steady)
KTSTR_CURATED(nested_task_move, nested_cgroup_task_move)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the catalogue share: words for rows, and helpers of functions. */
#ifndef CATALOGUE_CATALOGUE_H
#define CATALOGUE_CATALOGUE_H

#include <ktstr/catalogue.h>
#include <ktstr/machine.h>

#include "partition.h"

/*
 * The simplest kind of scenario: cgroups cg_0 .. that do the same thing throughout. Cgroup i
 * does work i, or the first one where there are fewer.
 */
struct ktstr_steady {
	uint32_t cgroups;		/* 0: 2 */
	bool no_cpu_controller;
	struct ktstr_partition cpusets;
	struct ktstr_works works;	/* none: the test's number of spinners */
	/*
	 * The first cgroup with several CPUs and workers must use all of these CPUs, or as many as
	 * it has workers.
	 */
	bool uses_all;
};

#define STEADY(...)	.steady = &(const struct ktstr_steady){ __VA_ARGS__ }
#define CPUSETS(_kind, ...)	.cpusets = { PARTITION_##_kind, ##__VA_ARGS__ }

/* Work in static data, where the macros of ktstr/work.h cannot stand. */
#define DOES(_type, ...)	.work = { .type = KTSTR_WORK_##_type, ##__VA_ARGS__ }
#define DOES_BURSTS(_ms, _sleep_ms)						\
	DOES(BURSTY, .bursty = { (_ms) * NSEC_PER_MSEC, (_sleep_ms) * NSEC_PER_MSEC })

#define BURSTY_MS(_ms, _sleep_ms)						\
	BURSTY((_ms) * NSEC_PER_MSEC, (_sleep_ms) * NSEC_PER_MSEC)

/*
 * How unequal the workers of a cgroup may be, in a row that does not say EVEN. A kernel with a
 * queue for each CPU shares a CPU among those that are queued there and balances by moving
 * whole tasks: where tasks are no multiple of the CPUs, or sleep, some share with more others
 * than the rest do. EEVDF: up to 41 points in 2 s, and no less in 8 s.
 */
#define CATALOGUE_UNEVEN_PCT	60
/* It is chance who has a CPU to itself, up to the whole of it: some limit all the same. */
#define CATALOGUE_CHANCE_PCT	90
/*
 * All tasks want the same all the time and are no crowd: the test's own limit holds. Of crowds
 * the balancer evens the weight on each CPU, not each cgroup's tasks, and only to 117 % (imbalance_pct).
 */
#define EVEN	.max_spread_pct = KTSTR_NAN

/*
 * A crowd beside a cgroup that cannot use its share, because it has few tasks, or tasks that
 * yield or sleep. The kernel balances weights, and those tasks weigh as much as the share
 * that is theirs: what they leave of their CPUs goes to whoever of the crowd is there, up to
 * a CPU of its own. EEVDF: up to 76. Without the cpu controller it is 5.
 */
extern const struct ktstr_checks catalogue_beside_modest;

/*
 * Partners that take turns do equal work whatever the scheduler does, and who yields all the time
 * asks to wait: who of them waits more is no unfairness.
 */
extern const struct ktstr_checks catalogue_take_turns;

/* "name, what it catches, ..." */
#define CANNED(_name, _catches, ...)						\
	{ KTSTR_CHECK_UNSET, .max_spread_pct = CATALOGUE_UNEVEN_PCT,		\
	  .name = #_name, .catches = _catches, __VA_ARGS__ }
/* A table of them; ends with an empty row. */
#define CANNED_TABLE(_name, ...)						\
	KTSTR_DEFAULTS_BEGIN							\
	const struct ktstr_canned _name[] = { __VA_ARGS__, { .name = NULL } };	\
	KTSTR_DEFAULTS_END							\
	struct ktstr_canned

extern const struct ktstr_canned catalogue_basic[], catalogue_cpuset[], catalogue_affinity[],
	catalogue_sched_class[], catalogue_dynamic[], catalogue_stress[], catalogue_stall[],
	catalogue_advanced[], catalogue_nested[], catalogue_interaction[],
	catalogue_performance[], catalogue_numa[], catalogue_entitlement[];

int catalogue_steady__run(struct ktstr_ctx *ctx, const struct ktstr_steady *s);

/*
 * Claim that workers of cgroup @name (NULL: of all) ran on @cpus CPUs at least in step @step: more
 * of them were runnable all the time.
 */
void catalogue_claim_cpus(struct ktstr_ctx *ctx, uint32_t step, const char *name, uint32_t cpus);

/*
 * Claim that cgroup @name divided the CPUs in step @step as weights promise: its first @each workers
 * have nice 0, the next @each have nices[1], and so on; @nices has @nr. All were runnable all the
 * time, and they are enough for all CPUs.
 */
void catalogue_claim_weights(struct ktstr_ctx *ctx, uint32_t step, const char *name, uint32_t each,
			     const int *nices, uint32_t nr);

/* The number of CPUs that cpusets are cut from: all but the last where there are more than two. */
uint32_t catalogue_nr_usable(const struct ktstr_ctx *ctx);

/* "3", for CPUS() and PINNED(). */
struct catalogue_cpu {
	char list[12];
};
struct catalogue_cpu catalogue_cpu(uint32_t cpu);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks a scenario before any of it is carried out. The checker walks through the data in the
 * order of execution and keeps track of what would exist at each point. It reports every problem
 * in the terms of the declaration, and changes nothing.
 */
#ifndef KTSTR_GUEST_ENGINE_CHECK_CHECKER_H
#define KTSTR_GUEST_ENGINE_CHECK_CHECKER_H

#include <ktstr/scenario.h>

#include "harness/guest/cgroup/machine.h"
#include "harness/model/ctx.h"

struct ktstr_known;

struct ktstr_checker {
	struct ktstr_ctx *ctx;
	const struct ktstr_machine *machine;
	bool in_backdrop;
	bool by_hand;			/* ktstr/hand.h: there are no steps */
	bool repeated;			/* second pass over the ops of a loop */
	bool scheduler;			/* a scheduler would be attached */
	uint32_t step;			/* counts from 0 */
	const struct ktstr_cgroup *later; /* cgroups that the step makes after its ops */
	uint64_t held_ns;		/* sum of the holds of earlier steps */
	uint64_t workers;		/* at this point */
	struct ktstr_cpumask offline;	/* at this point */
	struct ktstr_cpumask backdrop_offline; /* as the backdrop leaves it: at the begin of each step */
	uint32_t watches;		/* WATCH_SNAPSHOTs so far */
	char subject[160];		/* of problems: "cgroup cg_a: work 2"; may be "" */
	struct ktstr_known *known;
	uint32_t nr_known;
	/* results */
	uint32_t problems;
	uint32_t controllers;		/* needed by any cgroup or op: 1 << enum ktstr_controller */
	uint32_t nr_groups;		/* worker groups in all steps together */
};

/* Add a failing detail "step N SUBJECT: TEXT" to the result. */
void ktstr_problem(struct ktstr_checker *ck, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The same of something that only a guest has. A body that runs without one although it was written
 * for one cannot be carried out then, which is no failure.
 */
void ktstr_needs_guest(struct ktstr_checker *ck, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Set the subject of the next problems. */
void ktstr_checker__subject(struct ktstr_checker *ck, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A cgroup with its workers. */
void ktstr_checker__cgroup(struct ktstr_checker *ck, const struct ktstr_cgroup *c);
/* A worker group in @in (NULL: in the runner's cgroup). */
void ktstr_checker__spec(struct ktstr_checker *ck, const struct ktstr_workspec *spec,
			 struct ktstr_known *in);
/* A policy of workers, of which some CPUs are forbidden to @restricted ones; a nice value. */
void ktstr_checker__policy(struct ktstr_checker *ck, const struct ktstr_policy *p, bool restricted);
void ktstr_checker__nice(struct ktstr_checker *ck, int64_t nice);
/* The knobs of @c in the files of its cgroup. */
void ktstr_checker__knobs(struct ktstr_checker *ck, const struct ktstr_cgroup *c);
/* The limits that a scenario or its workers bring; NULL: none. */
void ktstr_checker__limits(struct ktstr_checker *ck, const struct ktstr_checks *c);
/* May the test run @p? */
void ktstr_checker__payload(struct ktstr_checker *ck, const struct ktstr_payload *p);

#endif

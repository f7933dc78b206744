/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The judgement of a scenario before anything is made. It walks through the data in the order
 * in which it would be carried out and keeps what would exist at each point; every problem is
 * reported, in the author's words, and nothing is tried.
 */
#ifndef KTSTR_GUEST_CHECKER_H
#define KTSTR_GUEST_CHECKER_H

#include "engine.h"
#include "machine.h"

/* A cgroup that would exist at this point. */
struct ktstr_known {
	const char *name;
	bool backdrop;			/* lasts through all steps */
	bool backdrop_workers;		/* has workers that do */
	bool has_cpuset;
	struct ktstr_cpumask cpuset;
};

struct ktstr_checker {
	struct ktstr_scenario *sc;
	struct ktstr_ctx *ctx;
	const struct ktstr_machine *machine;
	bool in_backdrop;
	bool repeated;			/* the ops of a loop, second time */
	bool scheduler;			/* one would be attached */
	uint32_t step;			/* counts from 0 */
	const struct ktstr_cgroup *later; /* cgroups that the step makes after its ops */
	uint32_t problems;
	uint64_t held_ns;		/* by the steps before */
	uint64_t workers;		/* at this point */
	uint32_t watches;		/* WATCH_SNAPSHOTs so far */
	char subject[160];		/* "cgroup cg_a: work 2", what problems are about; may be "" */
	struct ktstr_known *known;
	uint32_t nr_known;
};

/* A failing detail "step N SUBJECT: TEXT". */
void ktstr_problem(struct ktstr_checker *ck, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* NULL: no such cgroup at this point. The pointer lasts until the next add or drop. */
struct ktstr_known *ktstr_known__find(struct ktstr_checker *ck, const char *name);
/* The same, and a problem when there is none. */
struct ktstr_known *ktstr_known__need(struct ktstr_checker *ck, const char *name);
/* Checks the name too; NULL after a problem. */
struct ktstr_known *ktstr_known__add(struct ktstr_checker *ck, const char *name);
void ktstr_known__drop(struct ktstr_checker *ck, const char *name);

/* scenario.c: a cgroup with its workers, and one group of workers in @in (NULL: runner's). */
void ktstr_check__cgroup(struct ktstr_checker *ck, const struct ktstr_cgroup *c);
void ktstr_check__spec(struct ktstr_checker *ck, const struct ktstr_workspec *spec,
		       struct ktstr_known *in);

/* attributes.c: everything about a workspec but its work and the number of its workers. */
void ktstr_check__attributes(struct ktstr_checker *ck, const struct ktstr_workspec *spec,
			     const struct ktstr_cpumask *cpuset);
/* limits.c: the knobs of a cgroup; adds the controllers that they need. */
void ktstr_check__limits(struct ktstr_checker *ck, const struct ktstr_cgroup *c);
/* ops_payload.c: may it be run in this test? */
void ktstr_check__payload(struct ktstr_checker *ck, const struct ktstr_payload *p);
/* ops.c: one op at this point. */
void ktstr_check__op(struct ktstr_checker *ck, const struct ktstr_op *op);

#endif

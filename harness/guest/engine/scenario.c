// SPDX-License-Identifier: GPL-2.0
/*
 * Checks a scenario before any of it is carried out. All problems are reported at once, in the
 * terms of the declaration, so that one run shows everything that has to be corrected.
 *
 * A rejected scenario would otherwise pass without testing anything (no workers, no time), or fail
 * half way with an errno from the kernel.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/checker.h"
#include "check/known.h"
#include "harness/guest/cgroup/limits.h"
#include "harness/guest/work/workers.h"
#include "ops/ops.h"
#include "scenario.h"

/* A step with less time than this left could only fail, or pass without a test. */
#define MIN_CLAMPED_NS	(10 * NSEC_PER_MSEC)

static void check_cgroups(struct ktstr_checker *ck, const struct ktstr_cgroup *c)
{
	for (; c && c->name; c++) {
		ktstr_checker__subject(ck, "cgroup %s", c->name);
		ktstr_checker__cgroup(ck, c);
	}
}

/* ---- ops ---- */

static void check_ops(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const char *cgroup;

	for (; op && op->kind != KTSTR_OP_END; op++) {
		ktstr_checker__subject(ck, "ops");
		if ((unsigned int)op->kind >= KTSTR_NR_OPS) {
			ktstr_problem(ck, "unknown op (%d)", op->kind);
			return;		/* the list may not be terminated */
		}
		cgroup = op->kind == KTSTR_OP_REMOVE_CGROUP ? "(no name)" : "";
		cgroup = op->cgroup ? op->cgroup : cgroup;
		ktstr_checker__subject(ck, "%s%s%s", ktstr_op__row(op->kind)->name,
				       op->cgroup || *cgroup ? " " : "", cgroup);
		ktstr_op__check(ck, op);
	}
}

/* ---- holds ---- */

/* How long the step asks to be held, or 0 after a problem. */
static uint64_t wanted_ns(struct ktstr_checker *ck, const struct ktstr_hold *hold)
{
	double ns;

	if (hold->fixed_ns)
		return (uint64_t)hold->fixed_ns;
	if (hold->loop_ns)
		return ck->ctx->duration_ns - ck->held_ns;
	if (!isfinite(hold->frac) || hold->frac < 0) {
		ktstr_problem(ck, "fraction %g is not finite and positive", hold->frac);
		return 0;
	}
	ns = hold->frac * (double)ck->ctx->duration_ns;
	if (ns < 1) {
		ktstr_problem(ck, "fraction %g of the duration is no time", hold->frac);
		return 0;
	}
	return ns < 1e18 ? (uint64_t)ns : (uint64_t)1e18;
}

/* Is exactly one kind given, and may it be that one? */
static bool hold_makes_sense(struct ktstr_checker *ck, const struct ktstr_step *step)
{
	const struct ktstr_hold *h = &step->hold;
	bool has_ops = step->ops && step->ops->kind != KTSTR_OP_END;
	int kinds = (h->frac != 0) + (h->fixed_ns != 0) + (h->loop_ns != 0) + h->none;

	if (h->fixed_ns < 0 || h->loop_ns < 0)
		ktstr_problem(ck, "a hold of %lld ms is no time",
			      (long long)((h->fixed_ns ?: h->loop_ns) / 1000000));
	else if (h->settle && kinds && h->frac == 0)
		ktstr_problem(ck, "settling goes with a fraction or alone");
	else if (h->settle && !ck->ctx->settle_ns && !kinds)
		ktstr_problem(ck, "the step only settles and the settle time is 0");
	else if (h->settle && !kinds)
		return true;
	else if (kinds > 1)
		ktstr_problem(ck, "a fraction, a fixed time, a loop and none exclude each other");
	else if (!kinds)
		ktstr_problem(ck, "the step has no hold, it would pass without a test");
	else if (h->none && (!has_ops || (step->cgroups && step->cgroups->name)))
		ktstr_problem(ck, "HOLD_NONE is for steps that consist of ops");
	else if (h->loop_ns && !has_ops)
		ktstr_problem(ck, "a loop without ops");
	else
		return true;
	return false;
}

/*
 * Set *@hold_ns to the time that the step is held. The sum of all holds is at most the test's
 * duration; a hold that exceeds it is shortened with a note.
 */
static void check_hold(struct ktstr_checker *ck, const struct ktstr_step *step, uint64_t *hold_ns)
{
	uint64_t wanted, left = ck->ctx->duration_ns - ck->held_ns, ns;

	ktstr_checker__subject(ck, "hold validation");
	if (!hold_makes_sense(ck, step) || step->hold.none)
		return;
	if (step->hold.settle)
		*hold_ns = ck->ctx->settle_ns;
	if (step->hold.settle && step->hold.frac == 0)
		return;
	wanted = ns = wanted_ns(ck, &step->hold);
	/* A fraction of a nanosecond more than the rest is a rounding error. */
	if ((wanted > left && wanted - left > NSEC_PER_USEC) || step->hold.loop_ns) {
		ns = left;
		if (left < MIN_CLAMPED_NS && !ck->problems) {
			ktstr_problem(ck, "the steps before it take the whole duration of %" PRIu64 " ms",
				      ck->ctx->duration_ns / NSEC_PER_MSEC);
			return;
		}
		if (wanted != ns)
			ktstr_result__add(ck->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
					  "step %u: hold of %" PRIu64 " ms shortened to %" PRIu64 " ms, the rest of the test's duration",
					  ck->step + 1, wanted / NSEC_PER_MSEC,
					  ns / NSEC_PER_MSEC);
	} else if (wanted > left) {
		ns = left;
	}
	*hold_ns += ns;
	ck->held_ns += ns;
}

/* ---- all together ---- */

static void check_workers(struct ktstr_checker *ck)
{
	ktstr_checker__subject(ck, "%s", "");
	if (ck->workers > KTSTR_MAX_WORKERS)
		ktstr_problem(ck, "has %" PRIu64 " workers, more than %u", ck->workers,
			      KTSTR_MAX_WORKERS);
}

/* survives_storm promises an attached scheduler in every hold. */
static void check_survival(struct ktstr_checker *ck, const struct ktstr_step *step)
{
	const struct ktstr_test *t = ck->ctx->test;

	ktstr_checker__subject(ck, "hold");
	if (t && t->survives_storm == KTSTR_ON && !ck->scheduler && !step->hold.none)
		ktstr_problem(ck, "survives_storm wants the scheduler attached, and here none would be");
}

static void check_step(struct ktstr_checker *ck, const struct ktstr_step *step, uint64_t *hold_ns)
{
	uint64_t workers = ck->workers;
	uint32_t problems;

	check_hold(ck, step, hold_ns);
	if (step->hold.loop_ns) {
		check_cgroups(ck, step->cgroups);
		problems = ck->problems;
		check_ops(ck, step->ops);
		ck->repeated = true;
		if (ck->problems == problems)
			check_ops(ck, step->ops);
		ck->repeated = false;
	} else {
		ck->later = step->cgroups;
		check_ops(ck, step->ops);
		ck->later = NULL;
		check_cgroups(ck, step->cgroups);
	}
	check_workers(ck);
	check_survival(ck, step);
	ck->workers = workers;
	ck->offline = ck->backdrop_offline;
	ktstr_known__end_step(ck);
}

static void check_backdrop(struct ktstr_checker *ck, const struct ktstr_backdrop *b)
{
	const struct ktstr_payload * const *p;

	ck->in_backdrop = true;
	check_cgroups(ck, b->cgroups);
	check_ops(ck, b->ops);
	for (p = b->payloads; p && *p; p++) {
		ktstr_checker__subject(ck, "payload");
		ktstr_checker__payload(ck, *p);
	}
	check_workers(ck);
	ck->in_backdrop = false;
}

int ktstr_scenario__check(struct ktstr_scenario *sc, struct ktstr_ctx *ctx,
			  const struct ktstr_scenario_def *plan,
			  const struct ktstr_machine *machine)
{
	struct ktstr_checker ck = {
		.ctx = ctx, .machine = machine, .scheduler = ctx->sched_pid > 0,
	};

	*sc = (struct ktstr_scenario){
		.backdrop = plan->backdrop, .steps = plan->steps, .nr = plan->nr,
		.checks = plan->checks ? plan->checks : &ctx->checks,
		.set = plan->checks ? plan->checks : ctx->over,
	};
	if (!sc->nr) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "the scenario has no steps");
		return -EINVAL;
	}
	sc->hold_ns = calloc(sc->nr, sizeof(*sc->hold_ns));
	if (!sc->hold_ns)
		return -ENOMEM;
	ktstr_checker__subject(&ck, "%s", "");
	ktstr_checker__limits(&ck, sc->set);
	if (sc->backdrop)
		check_backdrop(&ck, sc->backdrop);
	for (ck.step = 0; ck.step < sc->nr; ck.step++)
		check_step(&ck, &sc->steps[ck.step], &sc->hold_ns[ck.step]);
	sc->controllers = ck.controllers;
	sc->nr_groups = ck.nr_groups;
	if (sc->backdrop && sc->backdrop->no_cpu_controller &&
	    sc->controllers & 1u << KTSTR_CONTROLLER_CPU) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "cpu_max and cpu_weight need the cpu controller, and the backdrop says no_cpu_controller");
		ck.problems++;
	}
	free(ck.known);
	return ck.problems ? -EINVAL : 0;
}

void ktstr_scenario__free(struct ktstr_scenario *sc)
{
	free(sc->hold_ns);
	sc->hold_ns = NULL;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Judging a scenario before anything is made. All problems are reported at once, in the
 * words of the author's data, so that one run shows everything there is to correct.
 *
 * What is rejected here would otherwise pass without having tested anything (no workers, no
 * time) or fail half way with an errno from the kernel.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "checker.h"
#include "cpuset.h"
#include "limits.h"
#include "ops.h"
#include "work.h"
#include "workers.h"

/* A step that clamping would leave with less than this could only fail or pass vacuously. */
#define MIN_CLAMPED_NS	(10 * NSEC_PER_MSEC)

void ktstr_problem(struct ktstr_checker *ck, const char *fmt, ...)
{
	char where[24] = "backdrop", text[KTSTR_DETAIL_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!ck->in_backdrop)
		snprintf(where, sizeof(where), "step %u", ck->step + 1);
	ck->problems++;
	ktstr_result__add(ck->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s %s%s%s%s", where,
			  ck->subject, *ck->subject ? ": " : "", text,
			  ck->repeated ? " (the ops of a loop are repeated)" : "");
}

static void subject(struct ktstr_checker *ck, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void subject(struct ktstr_checker *ck, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ck->subject, sizeof(ck->subject), fmt, ap);
	va_end(ap);
}

/* ---- the cgroups that would exist ---- */

struct ktstr_known *ktstr_known__find(struct ktstr_checker *ck, const char *name)
{
	uint32_t i;

	for (i = 0; name && i < ck->nr_known; i++)
		if (!strcmp(ck->known[i].name, name))
			return &ck->known[i];
	return NULL;
}

struct ktstr_known *ktstr_known__need(struct ktstr_checker *ck, const char *name)
{
	struct ktstr_known *k = ktstr_known__find(ck, name);
	const struct ktstr_cgroup *c;

	if (k)
		return k;
	for (c = ck->later; c && c->name && name; c++)
		if (!strcmp(c->name, name))
			break;
	ktstr_problem(ck, "there is no cgroup %s at this point%s", name ? name : "(no name)",
		      c && c->name && name ? "; ops run before the step's cgroups are made, use ADD_CGROUP_DEF or the backdrop" : "");
	return NULL;
}

struct ktstr_known *ktstr_known__add(struct ktstr_checker *ck, const char *name)
{
	const char *why = ktstr_cgroup__name_problem(name);
	struct ktstr_known *known, *k;

	k = why ? NULL : ktstr_known__find(ck, name);
	if (k)
		why = k->backdrop ? "the cgroup exists already in the backdrop" :
		      "the cgroup exists already in this step";
	known = why ? NULL : realloc(ck->known, (ck->nr_known + 1) * sizeof(*known));
	if (!known) {
		ktstr_problem(ck, "%s", why ? why : "out of memory");
		return NULL;
	}
	ck->known = known;
	known[ck->nr_known] = (struct ktstr_known){ .name = name, .backdrop = ck->in_backdrop };
	return &known[ck->nr_known++];
}

void ktstr_known__drop(struct ktstr_checker *ck, const char *name)
{
	struct ktstr_known *k = ktstr_known__find(ck, name);

	if (k)
		*k = ck->known[--ck->nr_known];
}

/* At the end of a step. */
static void drop_step(struct ktstr_checker *ck)
{
	uint32_t i = 0;

	while (i < ck->nr_known) {
		if (ck->known[i].backdrop)
			i++;
		else
			ck->known[i] = ck->known[--ck->nr_known];
	}
}

/* ---- workers ---- */

uint32_t ktstr_workspec__workers(const struct ktstr_ctx *ctx, const struct ktstr_workspec *spec,
				 const struct ktstr_cpumask *cpus)
{
	double n;

	if (spec->workers)
		return spec->workers;
	if (spec->workers_pct == 0)
		return ctx->workers_per_cgroup;
	n = ceil(ktstr_cpumask__weight(cpus) * spec->workers_pct);
	return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

void ktstr_workspec__swap(const struct ktstr_ctx *ctx, struct ktstr_workspec *spec,
			  const struct ktstr_cpumask *cpus)
{
	bool threads = spec->pcomm || spec->clone_mode == KTSTR_CLONE_THREAD;
	uint32_t nr = ktstr_workspec__workers(ctx, spec, cpus);
	const struct ktstr_work *work = ctx->work_override;
	char why[128];

	if (work && ktstr_work__check(work, nr, why, sizeof(why)) &&
	    !(threads && ktstr_work__row(work->type)->flags & KTSTR_WORK_FORK_ONLY))
		spec->work = *work;
}

void ktstr_check__spec(struct ktstr_checker *ck, const struct ktstr_workspec *spec,
		       struct ktstr_known *in)
{
	const struct ktstr_cpumask *cpuset = in && in->has_cpuset ? &in->cpuset : NULL;
	const struct ktstr_cpumask *cpus = cpuset ? cpuset : &ck->machine->online;
	uint32_t nr = ktstr_workspec__workers(ck->ctx, spec, cpus);
	char why[256];

	if (!ck->repeated)
		ck->sc->nr_crews++;
	if (in && in->backdrop && ck->in_backdrop)
		in->backdrop_workers = true;
	if (spec->workers && spec->workers_pct != 0)
		ktstr_problem(ck, "workers and workers_pct exclude each other");
	if (!isfinite(spec->workers_pct) || spec->workers_pct < 0)
		ktstr_problem(ck, "workers_pct %g is not finite and positive", spec->workers_pct);
	else if (!nr)
		ktstr_problem(ck, "no workers, every check would pass without a test; give it at least 1 or remove it");
	else if (!ktstr_work__check(&spec->work, nr, why, sizeof(why)))
		ktstr_problem(ck, "%s", why);
	ck->workers += nr;
	ktstr_check__attributes(ck, spec, cpuset);
}

/* ---- cgroups ---- */

static void check_cpuset(struct ktstr_checker *ck, const struct ktstr_cgroup *c,
			 struct ktstr_known *k)
{
	struct ktstr_cpumask mems;
	struct vm_err err;

	if (c->cpuset.kind || c->cpuset_mems)
		ck->sc->controllers |= 1u << KTSTR_CONTROLLER_CPUSET;
	if (c->cpuset_mems && ktstr_cpumask__parse(c->cpuset_mems, &mems))
		ktstr_problem(ck, "cpuset_mems \"%s\" is no node list like \"0-1\"",
			      c->cpuset_mems);
	if (!c->cpuset.kind)
		return;
	if (ktstr_cpuset__resolve(&c->cpuset, ck->machine, &k->cpuset, &err))
		ktstr_problem(ck, "%s", err.msg);
	else
		k->has_cpuset = true;
}

void ktstr_check__cgroup(struct ktstr_checker *ck, const struct ktstr_cgroup *c)
{
	struct ktstr_known *k = ktstr_known__add(ck, c->name), unnamed = { };
	uint32_t i, nr = ktstr_cgroup__nr_specs(c);
	struct ktstr_workspec spec;
	char about[sizeof(ck->subject)];

	if (!k)
		k = &unnamed;
	check_cpuset(ck, c, k);
	ktstr_check__limits(ck, c);
	if (c->works.nr && (c->workers || c->workers_pct != 0 || c->work.type))
		ktstr_problem(ck, "work and the number of workers stand in the cgroup and in .works; give them in one place");
	strcpy(about, ck->subject);
	for (i = 0; i < nr; i++) {
		ktstr_cgroup__spec(c, i, &spec);
		if (nr > 1)
			subject(ck, "%.120s: work %u", about, i + 1);
		ktstr_check__spec(ck, &spec, k);
	}
	strcpy(ck->subject, about);
	if (c->payload)
		ktstr_check__payload(ck, c->payload);
}

static void check_cgroups(struct ktstr_checker *ck, const struct ktstr_cgroup *c)
{
	for (; c && c->name; c++) {
		subject(ck, "cgroup %s", c->name);
		ktstr_check__cgroup(ck, c);
	}
}

/* ---- ops ---- */

static void check_ops(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	static const char none[] = "(no name)";

	for (; op && op->kind != KTSTR_OP_END; op++) {
		subject(ck, "ops");
		if ((unsigned int)op->kind >= KTSTR_NR_OPS) {
			ktstr_problem(ck, "unknown op (%d)", op->kind);
			return;		/* a list without its end, perhaps */
		}
		subject(ck, "%s%s%s", ktstr_op_table[op->kind].name,
			op->cgroup || op->kind == KTSTR_OP_REMOVE_CGROUP ? " " : "",
			op->cgroup ? op->cgroup :
			op->kind == KTSTR_OP_REMOVE_CGROUP ? none : "");
		ktstr_check__op(ck, op);
	}
}

/* ---- holds ---- */

/* How long the step asks to be held, or 0 after a problem. */
static uint64_t wanted_ns(struct ktstr_checker *ck, const struct ktstr_hold *hold)
{
	double ns;

	if (hold->fixed_ns)
		return hold->fixed_ns;
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

	if (h->settle && kinds && h->frac == 0)
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

/* The sum of all holds is at most the duration; what exceeds it is cut off with a note. */
static void check_hold(struct ktstr_checker *ck, const struct ktstr_step *step)
{
	uint64_t wanted, left = ck->ctx->duration_ns - ck->held_ns, ns;

	subject(ck, "hold validation");
	if (!hold_makes_sense(ck, step) || step->hold.none)
		return;
	if (step->hold.settle)
		ck->sc->hold_ns[ck->step] = ck->ctx->settle_ns;
	if (step->hold.settle && step->hold.frac == 0)
		return;
	wanted = ns = wanted_ns(ck, &step->hold);
	/* A fraction of a nanosecond more than the rest is rounding, not a wish. */
	if ((wanted > left && wanted - left > NSEC_PER_USEC) || step->hold.loop_ns) {
		ns = left;
		if (left < MIN_CLAMPED_NS && !ck->problems) {
			ktstr_problem(ck, "the steps before it take the whole duration of %llu ms",
				      ck->ctx->duration_ns / NSEC_PER_MSEC);
			return;
		}
		if (wanted != ns)
			ktstr_result__add(ck->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
					  "step %u: hold of %llu ms shortened to %llu ms, the rest of the test's duration",
					  ck->step + 1, wanted / NSEC_PER_MSEC,
					  ns / NSEC_PER_MSEC);
	} else if (wanted > left) {
		ns = left;
	}
	ck->sc->hold_ns[ck->step] += ns;
	ck->held_ns += ns;
}

/* ---- all together ---- */

static void check_workers(struct ktstr_checker *ck)
{
	subject(ck, "%s", "");
	if (ck->workers > KTSTR_MAX_WORKERS)
		ktstr_problem(ck, "has %" PRIu64 " workers, more than %u", ck->workers,
			      KTSTR_MAX_WORKERS);
}

/* What survives_storm promises must be possible in every hold. */
static void check_survival(struct ktstr_checker *ck, const struct ktstr_step *step)
{
	const struct ktstr_test *t = ck->ctx->test;

	subject(ck, "hold");
	if (t && t->survives_storm == KTSTR_ON && !ck->scheduler && !step->hold.none)
		ktstr_problem(ck, "survives_storm wants the scheduler attached, and here none would be");
}

static void check_step(struct ktstr_checker *ck, const struct ktstr_step *step)
{
	uint64_t workers = ck->workers;
	uint32_t problems;

	check_hold(ck, step);
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
	drop_step(ck);
}

static void check_backdrop(struct ktstr_checker *ck, const struct ktstr_backdrop *b)
{
	const struct ktstr_payload * const *p;

	ck->in_backdrop = true;
	check_cgroups(ck, b->cgroups);
	check_ops(ck, b->ops);
	for (p = b->payloads; p && *p; p++) {
		subject(ck, "payload");
		ktstr_check__payload(ck, *p);
	}
	check_workers(ck);
	ck->in_backdrop = false;
}

int ktstr_scenario__check(struct ktstr_scenario *sc, struct ktstr_ctx *ctx,
			  const struct ktstr_scenario_def *plan, const struct ktstr_machine *machine)
{
	struct ktstr_checker ck = {
		.sc = sc, .ctx = ctx, .machine = machine, .scheduler = ctx->sched_pid > 0,
	};

	*sc = (struct ktstr_scenario){
		.backdrop = plan->backdrop, .steps = plan->steps, .nr = plan->nr,
		.checks = plan->checks ? plan->checks : &ctx->checks,
	};
	if (!sc->nr) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "the scenario has no steps");
		return -EINVAL;
	}
	sc->hold_ns = calloc(sc->nr, sizeof(*sc->hold_ns));
	if (!sc->hold_ns)
		return -ENOMEM;
	if (sc->backdrop)
		check_backdrop(&ck, sc->backdrop);
	for (ck.step = 0; ck.step < sc->nr; ck.step++)
		check_step(&ck, &sc->steps[ck.step]);
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

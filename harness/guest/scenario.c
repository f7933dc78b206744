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
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "ops.h"
#include "work.h"
#include "workers.h"

/* A step that clamping would leave with less than this could only fail or pass vacuously. */
#define MIN_CLAMPED_NS	(10 * NSEC_PER_MSEC)

struct checker {
	struct ktstr_scenario *sc;
	struct ktstr_ctx *ctx;
	const struct ktstr_cpumask *online;
	uint32_t step;			/* counts from 0 */
	uint32_t problems;
	uint64_t held_ns;		/* by the steps before */
};

#define PROBLEM(_ck, _fmt, ...)								\
	do {										\
		(_ck)->problems++;							\
		ktstr_result__add((_ck)->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, \
				  "step %u " _fmt, (_ck)->step + 1, ##__VA_ARGS__);	\
	} while (0)

uint32_t ktstr_cgroup_workers(const struct ktstr_ctx *ctx, const struct ktstr_cgroup *cgroup)
{
	return cgroup->workers ? cgroup->workers : ctx->workers_per_cgroup;
}

/* How long the step asks to be held, or 0 after a problem. */
static uint64_t wanted_ns(struct checker *ck, const struct ktstr_hold *hold)
{
	double ns;

	if (hold->frac != 0 && hold->fixed_ns) {
		PROBLEM(ck, "hold validation: a fraction and a fixed time exclude each other");
		return 0;
	}
	if (hold->fixed_ns)
		return hold->fixed_ns;
	if (hold->frac == 0) {
		PROBLEM(ck, "hold validation: the step has no hold, it would pass without a test");
		return 0;
	}
	if (!isfinite(hold->frac) || hold->frac < 0) {
		PROBLEM(ck, "hold validation: fraction %g is not finite and positive", hold->frac);
		return 0;
	}
	ns = hold->frac * (double)ck->ctx->duration_ns;
	if (ns < 1) {
		PROBLEM(ck, "hold validation: fraction %g of the duration is no time",
			hold->frac);
		return 0;
	}
	return ns < 1e18 ? (uint64_t)ns : (uint64_t)1e18;
}

/* The sum of all holds is at most the duration; what exceeds it is cut off with a note. */
static void check_hold(struct checker *ck, const struct ktstr_step *step)
{
	uint64_t wanted = wanted_ns(ck, &step->hold);
	uint64_t left = ck->ctx->duration_ns - ck->held_ns, ns = wanted;

	/* A fraction of a nanosecond more than the rest is rounding, not a wish. */
	if (wanted > left && wanted - left > NSEC_PER_USEC) {
		ns = left;
		if (left < MIN_CLAMPED_NS && !ck->problems) {
			PROBLEM(ck, "hold validation: the steps before it take the whole duration of %llu ms",
				ck->ctx->duration_ns / NSEC_PER_MSEC);
			return;
		}
		ktstr_result__add(ck->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "step %u: hold of %llu ms shortened to %llu ms, the rest of the test's duration",
				  ck->step + 1, wanted / NSEC_PER_MSEC, ns / NSEC_PER_MSEC);
	} else if (wanted > left) {
		ns = left;
	}
	ck->sc->hold_ns[ck->step] = ns;
	ck->held_ns += ns;
}

static void check_ops(struct checker *ck, const struct ktstr_op *op, struct ktstr_names *names)
{
	const char *why;

	for (; op && op->kind != KTSTR_OP_END; op++) {
		if ((unsigned int)op->kind >= KTSTR_NR_OPS) {
			PROBLEM(ck, "has an unknown op (%d)", op->kind);
			return;		/* a list without its end, perhaps */
		}
		why = ktstr_op_table[op->kind].validate(op, names);
		if (why)
			PROBLEM(ck, "%s %s: %s", ktstr_op_table[op->kind].name,
				op->cgroup ? op->cgroup : "(no name)", why);
	}
}

static void check_cpuset(struct checker *ck, const struct ktstr_cgroup *c)
{
	struct ktstr_cpumask cpus, missing;
	char list[256], have[256];
	unsigned int i;

	if (!c->cpuset.exact)
		return;
	ck->sc->controller = "cpuset";
	if (ktstr_cpumask__parse(c->cpuset.exact, &cpus)) {
		PROBLEM(ck, "cgroup %s: cpuset \"%s\" is no CPU list like \"0-3,8\"", c->name,
			c->cpuset.exact);
		return;
	}
	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		missing.bits[i] = cpus.bits[i] & ~ck->online->bits[i];
	if (!ktstr_cpumask__weight(&missing))
		return;
	ktstr_cpumask__format(&missing, list, sizeof(list));
	ktstr_cpumask__format(ck->online, have, sizeof(have));
	PROBLEM(ck, "cgroup %s: cpuset \"%s\": the machine has no CPU %s, only %s", c->name,
		c->cpuset.exact, list, have);
}

/* Returns how many workers the cgroup has. */
static uint64_t check_cgroup(struct checker *ck, const struct ktstr_cgroup *c,
			     struct ktstr_names *names)
{
	const char *why = ktstr_cgroup__name_problem(c->name);
	uint32_t workers = ktstr_cgroup_workers(ck->ctx, c);

	if (!why && ktstr_names__has(names, c->name))
		why = "the cgroup exists already in this step";
	if (!why && ktstr_names__add(names, c->name))
		why = "out of memory";
	if (why)
		PROBLEM(ck, "cgroup %s: %s", c->name, why);
	if (!workers)
		PROBLEM(ck, "cgroup %s: no workers, every check would pass without a test; give it at least 1 or remove it",
			c->name);
	if ((unsigned int)c->work.type >= KTSTR_NR_WORK_TYPES)
		PROBLEM(ck, "cgroup %s: unknown work type (%d)", c->name, c->work.type);
	check_cpuset(ck, c);
	ck->sc->nr_cgroups++;
	return workers;
}

static void check_step(struct checker *ck, const struct ktstr_step *step)
{
	struct ktstr_names names = { };
	const struct ktstr_cgroup *c;
	uint64_t workers = 0;

	check_hold(ck, step);
	check_ops(ck, step->ops, &names);
	for (c = step->cgroups; c && c->name; c++)
		workers += check_cgroup(ck, c, &names);
	if (workers > KTSTR_MAX_WORKERS)
		PROBLEM(ck, "has %" PRIu64 " workers, more than %u", workers, KTSTR_MAX_WORKERS);
	ktstr_names__free(&names);
}

int ktstr_scenario__check(struct ktstr_scenario *sc, struct ktstr_ctx *ctx,
			  const struct ktstr_step *steps, uint32_t nr,
			  const struct ktstr_cpumask *online)
{
	struct checker ck = { .sc = sc, .ctx = ctx, .online = online };

	*sc = (struct ktstr_scenario){ .steps = steps, .nr = nr };
	if (!nr) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "the scenario has no steps");
		return -EINVAL;
	}
	sc->hold_ns = calloc(nr, sizeof(*sc->hold_ns));
	if (!sc->hold_ns)
		return -ENOMEM;
	for (ck.step = 0; ck.step < nr; ck.step++)
		check_step(&ck, &steps[ck.step]);
	return ck.problems ? -EINVAL : 0;
}

void ktstr_scenario__free(struct ktstr_scenario *sc)
{
	free(sc->hold_ns);
	sc->hold_ns = NULL;
}

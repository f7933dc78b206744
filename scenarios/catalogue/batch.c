// SPDX-License-Identifier: GPL-2.0
/*
 * Several scenarios in one guest, one after the other, each with a verdict of its own: most of
 * the price of a short test is its boot. Nothing of one scenario is left when the next begins
 * except what the scheduler under test remembers, which is not always unwanted. A scheduler
 * that ended, or that keeps killed tasks from ending, is started again: that costs one scenario.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/claim.h>

#include "../../harness/core/ctx.h"
#include "../../harness/guest/cgroup.h"
#include "../../harness/guest/hold.h"
#include "catalogue.h"

#define CGROUPFS	"/sys/fs/cgroup"
#define EJECTION_NS	(200 * NSEC_PER_MSEC)	/* from what it makes fail to the state that tells */
#define MOST_LINES	3	/* of a scenario: verdict, scheduler; and PID 1's finding */

struct batch {
	struct ktstr_ctx *ctx;
	struct ktstr_result *all;
	uint32_t left;		/* scenarios, the present one included */
	uint32_t skipped, died;
	uint32_t not_run;
	bool over;		/* there is no scheduler, or no way to begin cleanly */
};

static bool wanted(const char *what, const struct ktstr_category *c)
{
	return !strcmp(what, "all") || !strcmp(what, c->name);
}

uint32_t ktstr_batch__nr(const char *what)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	uint32_t nr = 0;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name && wanted(what, c); row++)
			nr++;
	return nr;
}

static void add_line(struct batch *b, const char *name, enum ktstr_outcome outcome, const char *why)
{
	static const char * const line[] = {
		[KTSTR_PASS] = "ok %s%s%.0s", [KTSTR_SKIP] = "ok %s # SKIP%s %.300s",
		[KTSTR_INCONCLUSIVE] = "not ok %s # INCONCLUSIVE%s %.300s",
		[KTSTR_FAIL] = "not ok %s%s # %.300s",
	};

	ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART, line[outcome], name, "", why);
}

/* As many findings as leave the scenarios to come their lines; the others are counted. */
static void keep_findings(struct batch *b, const char *name, const struct ktstr_result *one,
			  const struct ktstr_detail *worst)
{
	const uint32_t reserved = MOST_LINES * b->left + b->died;
	const struct ktstr_detail *d;
	uint32_t i;

	for (i = 0; i < one->nr_details; i++) {
		d = &one->details[i];
		if (d->severity <= KTSTR_SKIPS)
			continue;
		if (d == worst || b->all->nr_details + reserved < KTSTR_MAX_DETAILS) {
			ktstr_result__add(b->all, d->severity, d->kind, "%s: %s", name, d->text);
			continue;
		}
		b->all->dropped_details++;
		b->all->dropped_fails += d->severity == KTSTR_FAILS;
	}
	b->all->dropped_details += one->dropped_details;
	b->all->dropped_fails += one->dropped_fails;
}

/*
 * What was found in @one goes to the test's result under the scenario's name, and its verdict becomes
 * a line. @died: why the scheduler ended meanwhile, or "", which PID 1 has reported already.
 */
static void conclude(struct batch *b, const char *name, struct ktstr_result *one,
		     const char *died)
{
	enum ktstr_outcome outcome = *died ? KTSTR_FAIL : ktstr_result__outcome(one);
	const struct ktstr_detail *d, *worst = NULL;
	uint32_t i;

	for (i = 0; i < one->nr_details; i++) {
		d = &one->details[i];
		if (!worst || d->severity > worst->severity)
			worst = d;
	}
	add_line(b, name, outcome, *died ? died : worst ? worst->text : "");
	keep_findings(b, name, one, *died ? NULL : worst);
	b->skipped += outcome == KTSTR_SKIP;
	b->died += !!*died;
	if (outcome == KTSTR_FAIL || outcome == KTSTR_INCONCLUSIVE)
		ktstr_result__merge_part(b->all, one, name);
}

static void give_up(struct batch *b, const char *name, const char *why)
{
	b->over = true;
	ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART, "after %s nothing more can be run%s%s",
			  name, *why ? ": " : "", why);
}

/*
 * A scheduler that refuses a cgroup is ejected for it: mkdir() fails, and only then a thread of
 * the kernel takes it out (scx_vexit() queues the work).
 */
static void await_ejection(const struct ktstr_ctx *ctx)
{
	struct ktstr_watch w = { };

	if (ktstr_watch__open(&w, "/sys", ctx->sched_pidfd, true) == 0)
		ktstr_watch__hold(&w, EJECTION_NS);
	ktstr_watch__close(&w);
}

/* One that ended by itself is reported by PID 1 and started again; @died is why, or "". */
static int revive(struct batch *b, const char *name, const struct ktstr_result *one,
		  struct vm_err *died)
{
	struct ktstr_ctx *ctx = b->ctx;

	died->msg[0] = '\0';
	if (!ctx->sched_order)
		return 0;
	if (ctx->sched_pid && ktstr_result__outcome(one) == KTSTR_FAIL)
		await_ejection(ctx);
	return ctx->sched_order(ctx, KTSTR_SCHED_REVIVE, name, died);
}

/* Tasks that do not even end when they are killed: without the scheduler they do. */
static int sweep(struct batch *b, const char *name, struct vm_err *err)
{
	struct ktstr_ctx *ctx = b->ctx;
	struct ktstr_cgroups cg;
	int ret = 0;

	if (!ctx->cgroup_root)
		return 0;
	ret = ktstr_cgroups__init(&cg, CGROUPFS, ctx->cgroup_root, NULL, err);
	if (ret || !ktstr_cgroups__any(&cg))
		return ret;
	if (ctx->sched_pid) {
		ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART,
				  "after %s the scheduler is restarted: there are cgroups left that did not get empty",
				  name);
		ret = ctx->sched_order(ctx, KTSTR_SCHED_RESTART, NULL, err);
	}
	if (!ret)
		ret = ktstr_cgroups__sweep(&cg, err);
	ktstr_cgroups__fini(&cg);
	return ret;
}

static int run_one(struct batch *b, const char *name)
{
	struct ktstr_result *one = ktstr_result__new();
	struct vm_err died, err = { };
	int ret;

	if (!one)
		return -ENOMEM;
	b->ctx->result = one;
	ktstr_scenario(b->ctx, name);
	b->ctx->result = b->all;
	ret = revive(b, name, one, &died);
	conclude(b, name, one, ret < 0 ? "" : died.msg);
	ktstr_result__free(one);
	if (ret) {
		give_up(b, name, ret < 0 ? died.msg : "the scheduler does not start again");
		return 0;
	}
	if (*died.msg)
		ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART,
				  "after %s the scheduler was started again", name);
	ret = b->left > 1 ? sweep(b, name, &err) : 0;
	if (ret)
		give_up(b, name, ret < 0 ? err.msg : "the scheduler does not start again");
	return 0;
}

static int run_or_skip(struct batch *b, const char *name)
{
	int ret = 0;

	if (!b->over) {
		ret = run_one(b, name);
	} else {
		add_line(b, name, KTSTR_INCONCLUSIVE, "not run");
		b->not_run++;
	}
	b->left--;
	return ret;
}

int ktstr_scenario_batch(struct ktstr_ctx *ctx, const char *what)
{
	struct batch b = { .ctx = ctx, .all = ctx->result };
	uint64_t duration_ns = ctx->duration_ns;
	uint32_t nr = ktstr_batch__nr(what);
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	int ret = 0;

	if (!nr) {
		ktstr_result__add(b.all, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "the catalogue has no category %s", what);
		return -ENOENT;
	}
	ctx->duration_ns /= nr;
	b.left = nr;
	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; !ret && row->name && wanted(what, c); row++)
			ret = run_or_skip(&b, row->name);
	ctx->duration_ns = duration_ns;
	if (b.not_run)
		ktstr_result__add(b.all, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%u of %u scenarios were not run", b.not_run, nr);
	if (b.skipped == nr)
		ktstr_skip(ctx, "not enough CPUs/LLCs for any scenario of %s", what);
	return ret;
}

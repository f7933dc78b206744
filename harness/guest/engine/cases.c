// SPDX-License-Identifier: GPL-2.0
/*
 * The cases of ktstr/cases.h. Nothing of one case is left when the next one begins, except for
 * state of the scheduler under test.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktstr/cases.h>
#include <ktstr/claim.h>

#include "harness/checks/checks.h"
#include "harness/guest/cgroup/cgroup.h"
#include "harness/model/ctx.h"
#include "hand/hand.h"
#include "hold.h"

#define CGROUPFS	"/sys/fs/cgroup"
#define EJECTION_NS	(200 * NSEC_PER_MSEC)	/* from the failure to the change of state */
#define MOST_LINES	3	/* of a case: verdict, scheduler; and PID 1's finding */

struct batch {
	struct ktstr_ctx *ctx;
	struct ktstr_result *all;
	uint32_t left;		/* cases, the present one included */
	uint32_t skipped, died;
	uint32_t not_run;
	bool over;		/* there is no scheduler, or no way to begin cleanly */
};

static void add_line(struct batch *b, const char *name, enum ktstr_outcome outcome, const char *why)
{
	static const char * const line[] = {
		[KTSTR_PASS] = "ok %s%s%.0s", [KTSTR_SKIP] = "ok %s # SKIP%s %.300s",
		[KTSTR_INCONCLUSIVE] = "not ok %s # INCONCLUSIVE%s %.300s",
		[KTSTR_FAIL] = "not ok %s%s # %.300s",
	};

	ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART, line[outcome], name, "", why);
}

/* Keep as many findings as leave room for the lines of later cases; count the others. */
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
 * What was found in @one goes to the test's result under the case's name, and its verdict becomes
 * a line. @died: why the scheduler ended meanwhile, or "", which PID 1 has reported already.
 */
static void conclude(struct batch *b, const char *name, struct ktstr_result *one,
		     const char *died)
{
	const struct ktstr_detail *d, *worst = NULL;
	enum ktstr_outcome outcome;
	uint32_t i;

	if (!*died && !ktstr_result__judged(one))
		ktstr_result__add(one, KTSTR_UNDECIDED, KTSTR_NO_DATA, KTSTR_NOTHING_JUDGED);
	outcome = *died ? KTSTR_FAIL : ktstr_result__outcome(one);
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
	if (outcome == KTSTR_PASS)
		b->all->claims_held++;	/* its figures are not kept, but that it held is */
}

static void give_up(struct batch *b, const char *name, const char *why)
{
	b->over = true;
	ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART, "after %s nothing more can be run%s%s",
			  name, *why ? ": " : "", why);
}

/*
 * A scheduler that refuses a cgroup is ejected: mkdir() fails first, then a kernel thread disables
 * the scheduler (scx_vexit() queues the work).
 */
static void await_ejection(const struct ktstr_ctx *ctx)
{
	struct ktstr_hold_ctx hold = { };
	enum ktstr_hold_end end;

	if (!ktstr_hold__open(&hold, "/sys", ctx->sched_pidfd, true))
		ktstr_hold__wait(&hold, EJECTION_NS, &end);
	ktstr_hold__close(&hold);
}

/* One that ended by itself is reported by PID 1 and started again; @died is why, or "". */
static int revive(struct batch *b, const char *name, const struct ktstr_result *one,
		  struct ktstr_err *died)
{
	struct ktstr_ctx *ctx = b->ctx;

	died->msg[0] = '\0';
	if (!ctx->sched_order)
		return 0;
	if (ctx->sched_pid && ktstr_result__outcome(one) == KTSTR_FAIL)
		await_ejection(ctx);
	return ctx->sched_order(ctx, KTSTR_SCHED_REVIVE, name, died);
}

/* Remove tasks that do not even exit when they are killed; without the scheduler they do. */
static int sweep(struct batch *b, const char *name, struct ktstr_err *err)
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

static void run_case(struct ktstr_ctx *ctx, const struct ktstr_case *c)
{
	int ret = c->run(ctx, c->arg);

	ktstr_hand__close(ctx);
	if (ret && ktstr_result__outcome(ctx->result) != KTSTR_FAIL)
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_BODY_ERROR,
				  "the case returned %d (%s)", ret, strerror(abs(ret)));
}

static int run_one(struct batch *b, const struct ktstr_case *c)
{
	struct ktstr_result *one = ktstr_result__new();
	const char *name = c->name;
	struct ktstr_err died, err = { };
	int ret;

	if (!one)
		return -ENOMEM;
	b->ctx->result = one;
	b->ctx->part = name;
	run_case(b->ctx, c);
	b->ctx->part = NULL;
	b->ctx->result = b->all;
	ret = revive(b, name, one, &died);
	conclude(b, name, one, ret && ret != -ESHUTDOWN ? "" : died.msg);
	ktstr_result__free(one);
	if (ret) {
		give_up(b, name, ret == -ESHUTDOWN ? "the scheduler does not start again" :
			died.msg);
		return 0;
	}
	if (*died.msg)
		ktstr_result__add(b->all, KTSTR_NOTE, KTSTR_PART,
				  "after %s the scheduler was started again", name);
	ret = b->left > 1 ? sweep(b, name, &err) : 0;
	if (ret)
		give_up(b, name, ret == -ESHUTDOWN ? "the scheduler does not start again" :
			err.msg);
	return 0;
}

static int run_or_skip(struct batch *b, const struct ktstr_case *c)
{
	int ret = 0;

	if (!b->over) {
		ret = run_one(b, c);
	} else {
		add_line(b, c->name, KTSTR_INCONCLUSIVE, "not run");
		b->not_run++;
	}
	b->left--;
	return ret;
}

int ktstr_run_cases(struct ktstr_ctx *ctx, const struct ktstr_case *cases, uint32_t nr)
{
	struct batch b = { .ctx = ctx, .all = ctx->result, .left = nr };
	uint64_t duration_ns = ctx->duration_ns;
	uint32_t i;
	int ret = 0;

	if (ctx->preview)
		_exit(0);	/* a case that cannot be run must not keep the others from it */
	ctx->duration_ns /= nr ? nr : 1;
	for (i = 0; i < nr && !ret; i++)
		ret = run_or_skip(&b, &cases[i]);
	ctx->duration_ns = duration_ns;
	if (b.not_run)
		ktstr_result__add(b.all, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%u of %u cases were not run", b.not_run, nr);
	if (nr && b.skipped == nr)
		ktstr_skip(ctx, "all cases were skipped");
	return ret;
}

struct ktstr_result *ktstr_judge_apart(struct ktstr_ctx *ctx, ktstr_case_fn fn, const void *arg)
{
	struct ktstr_result *own = ktstr_result__new(), *all = ctx->result;
	int ret;

	if (!own)
		return NULL;
	ctx->result = own;
	ret = fn(ctx, arg);
	ctx->result = all;
	if (!ret)
		return own;
	ktstr_result__free(own);
	return NULL;
}

int ktstr_with_checks(struct ktstr_ctx *ctx, const struct ktstr_checks *over, ktstr_case_fn fn,
		      const void *arg)
{
	const struct ktstr_checks *outer = ctx->over;
	struct ktstr_checks checks = ctx->checks, set;
	int ret;

	ktstr_checks__unset(&set);
	if (outer)
		set = *outer;
	ktstr_checks__merge(&set, over);
	ktstr_checks__merge(&ctx->checks, over);
	ctx->over = &set;
	ret = fn(ctx, arg);
	ctx->over = outer;
	ctx->checks = checks;
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/* Workloads of a body that works by hand. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "harness/result/metrics.h"
#include "../check/checker.h"
#include "../check/known.h"
#include "../engine.h"
#include "hand.h"

/* What a scenario's check would say about it, with the cgroups that the body has made. */
static bool is_valid(struct ktstr_hand *h, const char *cgroup, const struct ktstr_workspec *spec)
{
	const struct ktstr_cgroup_state *c = ktstr_state__cgroup(&h->state, cgroup);
	struct ktstr_checker ck = {
		.ctx = h->ctx, .machine = h->machine, .by_hand = true,
		.scheduler = h->ctx->sched_pid > 0,
	};
	struct ktstr_known in = { };

	if (c && c->has_cpuset) {
		in.has_cpuset = true;
		in.cpuset = c->cpuset;
	}
	ktstr_checker__subject(&ck, "workload");
	ktstr_checker__spec(&ck, spec, c ? &in : NULL);
	return !ck.problems;
}

/* The group of @w, once all its workers are ready. */
static int make_ready(struct ktstr_workload *w, struct ktstr_err *err)
{
	const struct ktstr_engine_env *env = w->hand->env;
	struct ktstr_workers *ws = w->group->workers;
	uint32_t late, i, nr = ktstr_workers__nr(ws);

	late = ktstr_workers__ready(ws, env->ready_ns);
	if (late)
		ktstr_result__add(w->hand->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "workload: %u workers were not ready after %llu ms", late,
				  (unsigned long long)(env->ready_ns / NSEC_PER_MSEC));
	w->pids = calloc(nr, sizeof(*w->pids));
	if (!w->pids)
		return ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	for (i = 0; i < nr; i++)
		w->pids[i] = ktstr_workers__pid(ws, i);
	return ktstr_group__refused(w->group, err);
}

static struct ktstr_workload *workload_new(struct ktstr_hand *h, const char *cgroup,
					   const struct ktstr_workspec *spec, struct ktstr_err *err)
{
	struct ktstr_workload *w = calloc(1, sizeof(*w));

	if (!w) {
		ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
		return NULL;
	}
	if (ktstr_state__spawn(&h->state, cgroup, spec, err)) {
		free(w);
		return NULL;
	}
	w->hand = h;
	w->group = h->state.groups[h->state.nr_groups - 1];
	w->reports.workload = w;
	w->next = h->workloads;
	h->workloads = w;
	if (!make_ready(w, err))
		return w;
	ktstr_workload_drop(w);
	return NULL;
}

struct ktstr_workload *ktstr_workload__spawn(struct ktstr_ctx *ctx, const char *cgroup,
					     const struct ktstr_workspec *spec)
{
	struct ktstr_hand *h = ktstr_hand__open(ctx, NULL);
	struct ktstr_workload *w;
	struct ktstr_err err = { };

	if (!h)
		return NULL;
	if (ktstr_hand__previews(ctx)) {
		__atomic_store_n(ctx->preview->stage, KTSTR_PREVIEW_CHECKING, __ATOMIC_RELEASE);
		is_valid(h, "", spec);
		ktstr_hand__end_preview(ctx, true);
	}
	if (!is_valid(h, cgroup, spec))
		return NULL;
	ktstr_engine__rise(h->env, true);
	w = workload_new(h, cgroup, spec, &err);
	ktstr_engine__rise(h->env, false);
	if (!w)
		ktstr_hand__failed(ctx, -EIO, "spawn workload", cgroup, err.msg);
	return w;
}

struct ktstr_pids ktstr_workload_pids(const struct ktstr_workload *w)
{
	struct ktstr_pids none = { };

	if (!w)
		return none;
	return (struct ktstr_pids){ w->pids, ktstr_workers__nr(w->group->workers) };
}

int ktstr_workload_start(struct ktstr_workload *w)
{
	if (!w)
		return -EINVAL;
	if (w->group->started)
		return ktstr_hand__failed(w->hand->ctx, -EALREADY, "start workload",
					  w->group->cgroup, "it was started before");
	w->group->started = true;
	w->group->started_ns = ktstr_now_ns();
	ktstr_workers__start(w->group->workers, 0);
	return 0;
}

/* ---- stop ---- */

static void keep_reports(struct ktstr_workload *w)
{
	struct ktstr_group_view v;

	w->reports.figures = ktstr_result__new();
	if (!w->reports.figures) {
		ktstr_hand__failed(w->hand->ctx, -ENOMEM, "collect workload", w->group->cgroup,
				   strerror(ENOMEM));
		return;
	}
	ktstr_group__view(w->group, &v);
	ktstr_stats__add(&v.sample, w->reports.figures);
}

void ktstr_hand__stop(struct ktstr_hand *h,
		      bool (*pick)(const struct ktstr_workload *w, const void *arg),
		      const void *arg)
{
	struct ktstr_workload *w;

	ktstr_engine__rise(h->env, true);
	ktstr_hand__look_at_scheduler(h);
	for (w = h->workloads; w; w = w->next)
		w->group->ending = w->group->started && !w->stopped && pick(w, arg);
	ktstr_state__collect(&h->state);
	h->ctx->stop_ns = h->state.stop_ns;
	for (w = h->workloads; w; w = w->next) {
		if (!w->group->ending)
			continue;
		w->group->ending = false;
		w->stopped = true;
		if (ktstr_group__reap(w->group))
			ktstr_hand__failed(h->ctx, -ETIMEDOUT, "stop workload", w->group->cgroup,
					   "its workers cannot be killed");
		keep_reports(w);
	}
	ktstr_state__doing(&h->state, KTSTR_DOING_OWN);
	ktstr_engine__rise(h->env, false);
}

static bool lives_in(const struct ktstr_workload *w, const void *name)
{
	return !strcmp(w->group->cgroup, name);
}

void ktstr_hand__stop_in(struct ktstr_hand *h, const char *name)
{
	ktstr_hand__stop(h, lives_in, name);
}

static bool is_it(const struct ktstr_workload *w, const void *it)
{
	return w == it;
}

const struct ktstr_reports *ktstr_workload_collect(struct ktstr_workload *w)
{
	if (!w)
		return NULL;
	if (!w->group->started) {
		ktstr_hand__failed(w->hand->ctx, -EINVAL, "collect workload", w->group->cgroup,
				   "it was never started");
		return NULL;
	}
	if (!w->stopped)
		ktstr_hand__stop(w->hand, is_it, w);
	return w->reports.figures ? &w->reports : NULL;
}

void ktstr_workload_drop(struct ktstr_workload *w)
{
	struct ktstr_scenario_state *st;
	struct ktstr_workload **at;
	uint32_t i = 0;

	if (!w)
		return;
	if (w->group->started && !w->stopped)
		ktstr_result__add(w->hand->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "workload %s: %u workers were dropped while they ran, nothing they did was judged",
				  ktstr_group__label(w->group), ktstr_workers__nr(w->group->workers));
	st = &w->hand->state;
	for (at = &w->hand->workloads; *at != w; at = &(*at)->next)
		;
	*at = w->next;
	while (st->groups[i] != w->group)
		i++;
	st->groups[i] = st->groups[--st->nr_groups];
	ktstr_group__free(w->group);
	ktstr_result__free(w->reports.figures);
	free(w->pids);
	free(w);
}

void ktstr_workload__end(struct ktstr_workload **w)
{
	ktstr_workload_drop(*w);
}

/* ---- reports ---- */

uint32_t ktstr_reports_nr(const struct ktstr_reports *reports)
{
	return reports ? ktstr_workers__nr(reports->workload->group->workers) : 0;
}

static const char *label(const struct ktstr_reports *reports)
{
	return reports->figures->cgroups[0].name;
}

struct ktstr_stats ktstr_reports_worker(const struct ktstr_reports *reports, uint32_t i)
{
	return reports ? ktstr_stats__phase_worker(reports->figures, 0, label(reports), i) :
			 ktstr_stats__absent();
}

struct ktstr_migrations ktstr_reports_migrations(const struct ktstr_reports *reports, uint32_t i)
{
	return reports ? ktstr_stats__phase_migrations(reports->figures, 0, label(reports), i) :
			 (struct ktstr_migrations){ };
}

struct ktstr_stats ktstr_reports_stats(const struct ktstr_reports *reports)
{
	return reports ? ktstr_stats__cgroup(reports->figures, label(reports)) :
			 ktstr_stats__absent();
}

static bool checks_are_valid(struct ktstr_ctx *ctx, const struct ktstr_checks *checks)
{
	struct ktstr_checker ck = { .ctx = ctx, .by_hand = true };
	const struct ktstr_check *k;

	ktstr_checker__subject(&ck, "assert_cgroup");
	ktstr_checker__limits(&ck, checks);
	for (k = ktstr_check_table; checks && k < ktstr_check_table + ktstr_nr_checks; k++)
		if (k->scope == KTSTR_SCOPE_MONITOR && ktstr_check__is_set(k, checks))
			ktstr_problem(&ck, "%s is judged by the monitor, not from reports", k->name);
	return !ck.problems;
}

int ktstr_assert_cgroup(struct ktstr_ctx *ctx, const struct ktstr_checks *checks,
			const struct ktstr_reports *reports, const struct ktstr_cpumask *cpus)
{
	struct ktstr_scenario_state *st;
	struct ktstr_worker_group *group;
	struct ktstr_group_view v;
	struct ktstr_reports *r;

	if (!reports)
		return -EINVAL;
	if (!checks_are_valid(ctx, checks))
		return -EINVAL;
	r = &reports->workload->reports;
	group = reports->workload->group;
	st = group->state;
	ktstr_group__view(group, &v);
	if (cpus) {
		r->cpus = *cpus;
		v.sample.cpuset = &r->cpus;
		ktstr_machine__nodes(st->machine, cpus, &v.nodes);
		v.sample.nodes = v.sample.slow_nodes ? &v.nodes : NULL;
	}
	if (!r->accounted)
		ktstr_group__account(group, &v);
	r->accounted = true;
	st->checks = checks ?: &ctx->checks;
	ktstr_group__judge(group, &v);
	st->checks = &ctx->checks;
	return 0;
}

struct several {
	struct ktstr_workload * const *workload;
	uint32_t nr;
};

static bool is_among(const struct ktstr_workload *w, const void *arg)
{
	const struct several *s = arg;
	uint32_t i;

	for (i = 0; i < s->nr && s->workload[i] != w; i++)
		;
	return i < s->nr;
}

int ktstr_collect_all(struct ktstr_ctx *ctx, struct ktstr_workload * const *workloads, uint32_t nr,
		      const struct ktstr_checks *checks)
{
	struct several s = { workloads, nr };
	int ret = 0, one;
	uint32_t i;

	if (ctx->hand)
		ktstr_hand__stop(ctx->hand, is_among, &s);
	for (i = 0; i < nr; i++) {
		one = ktstr_assert_cgroup(ctx, checks, ktstr_workload_collect(workloads[i]), NULL);
		ret = ret ? ret : one;
	}
	return ret;
}

int ktstr_spawn_diverse(struct ktstr_ctx *ctx, const char * const *names,
			struct ktstr_workload **workloads)
{
	static const struct ktstr_workspec diverse[] = {
		{ .work = KTSTR_SPIN_WAIT },
		{ .work = KTSTR_BURSTY(50 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC) },
		{ .work = KTSTR_IO_SYNC_WRITE, .workers = 2 },
		{ .work = KTSTR_MIXED },
		{ .work = KTSTR_YIELD_HEAVY },
	};
	uint32_t i;

	for (i = 0; names[i]; i++) {
		workloads[i] = ktstr_workload__spawn(ctx, names[i],
						     &diverse[i % ARRAY_SIZE(diverse)]);
		if (ktstr_workload_start(workloads[i]))
			return -EIO;
	}
	return (int)i;
}

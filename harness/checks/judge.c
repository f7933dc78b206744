// SPDX-License-Identifier: GPL-2.0
/*
 * The judge functions. Each takes the reports of one cgroup in one step and adds details.
 *
 * Two rules hold for all of them. A value that equals its limit passes. A check without data is
 * undecided, unless the scheduler caused the lack of data: a worker that had CPU time and did no
 * work fails.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "harness/result/migrations.h"
#include "judge.h"

/* Of those that made a migration check fail: workers, and migrations of each. */
#define NOTED_WORKERS		3
#define NOTED_MIGRATIONS	6

struct ktstr_where ktstr_where(const struct ktstr_group_sample *s)
{
	struct ktstr_where w;

	if (s->step)
		snprintf(w.text, sizeof(w.text), "%.*s (step %" PRIu64 ")", KTSTR_NAME_LEN - 1,
			 s->cgroup, (uint64_t)s->step + 1);
	else
		snprintf(w.text, sizeof(w.text), "%.*s", KTSTR_NAME_LEN - 1, s->cgroup);
	return w;
}

struct ktstr_where ktstr_worker_name(const char *cgroup, uint32_t group, uint32_t index,
				     int32_t tid, uint32_t step)
{
	char second[16] = "", later[24] = "";
	struct ktstr_where w;

	if (group)
		snprintf(second, sizeof(second), ".%" PRIu64, (uint64_t)group + 1);
	if (step)
		snprintf(later, sizeof(later), " (step %" PRIu64 ")", (uint64_t)step + 1);
	snprintf(w.text, sizeof(w.text), "%.*s%s:%u[%d]%s", KTSTR_NAME_LEN - 1, cgroup, second,
		 index, tid, later);
	return w;
}

struct ktstr_where ktstr_which(const struct ktstr_group_sample *s,
			       const struct ktstr_worker_report *w)
{
	return ktstr_worker_name(s->cgroup, s->group, (uint32_t)(w - s->reports), w->tid, s->step);
}

/* No decimals where an integer already shows that the limit is exceeded, else two. */
static int decimals(double value, double limit)
{
	return rint(value) > rint(limit) ? 0 : 2;
}

double ktstr_off_cpu_pct(const struct ktstr_worker_report *w)
{
	if (w->cpu_ns >= w->wall_ns)
		return 0;
	return (double)(w->wall_ns - w->cpu_ns) * 100.0 / (double)w->wall_ns;
}

double ktstr_run_delay_pct(const struct ktstr_worker_report *w)
{
	return fmin((double)w->run_delay_ns * 100.0 / (double)w->wall_ns, 100);
}

KTSTR_JUDGE(not_starved)
{
	const struct ktstr_worker_report *w;

	(void)c;
	for (w = s->reports; w < s->reports + s->nr; w++)
		if (!w->work_units)
			ktstr_result__add(out, KTSTR_FAILS, KTSTR_STARVED,
					  "%s starved (0 work units, not_starved)",
					  ktstr_which(s, w).text);
}

KTSTR_JUDGE(isolation)
{
	const struct ktstr_worker_report *w;
	struct ktstr_cpumask outside;
	char list[256];
	uint32_t i;
	size_t j;

	(void)c;
	if (!s->cpuset)
		return;
	for (w = s->reports; w < s->reports + s->nr; w++) {
		if (!ktstr_cpumask__weight(&w->cpus_used)) {
			ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "%s: isolation: no CPU was recorded",
					  ktstr_which(s, w).text);
			continue;
		}
		for (j = 0; j < KTSTR_MAX_CPUS / 64; j++)
			outside.bits[j] = w->cpus_used.bits[j] & ~s->cpuset->bits[j];
		i = ktstr_cpumask__weight(&outside);
		if (!i)
			continue;
		ktstr_cpumask__format(&outside, list, sizeof(list));
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_ISOLATION,
				  "%s ran on unexpected CPUs {%s} (isolation)",
				  ktstr_which(s, w).text, list);
	}
}

/* False: the worker has no wall time; a detail says so. */
static bool has_wall_time(const struct ktstr_worker_report *w, const char *check,
			  const struct ktstr_group_sample *s, struct ktstr_result *out)
{
	if (w->wall_ns)
		return true;
	ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA, "%s: %s: no time was recorded",
			  ktstr_which(s, w).text, check);
	return false;
}

/* "on cpu1 at +200ms", or that the worker had not run at all before. */
static struct ktstr_where gap_place(const struct ktstr_worker_report *w)
{
	struct ktstr_where p;

	if (w->max_gap_cpu < 0)
		snprintf(p.text, sizeof(p.text), "before it first ran");
	else
		snprintf(p.text, sizeof(p.text), "on cpu%d at +%.0fms", w->max_gap_cpu,
			 (double)w->max_gap_at_ns / 1e6);
	return p;
}

KTSTR_JUDGE(max_gap_ms)
{
	const struct ktstr_worker_report *w;
	double ms;

	for (w = s->reports; w < s->reports + s->nr; w++) {
		if (!has_wall_time(w, "max_gap_ms", s, out))
			continue;
		ms = (double)w->max_gap_ns / 1e6;
		if (!(ms > c->max_gap_ms))
			continue;
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_STUCK,
				  "%s stuck %.*fms %s (max_gap_ms = %g)",
				  ktstr_which(s, w).text, decimals(ms, c->max_gap_ms), ms,
				  gap_place(w).text, c->max_gap_ms);
	}
}

static bool is_messenger(const struct ktstr_worker_report *w)
{
	return w->flags & KTSTR_WORKER_MESSENGER;
}

struct spread {
	const char *of;			/* "" or what is compared instead of off-CPU shares */
	uint32_t candidates;		/* workers that should be compared */
	uint32_t compared;
	double min, max;
	struct ktstr_cpumask cpus;
};

/*
 * For a worker that sleeps on purpose, time off CPU is not unfair, but time spent waiting for a
 * CPU is. If one worker sleeps on purpose, all are compared by run delay.
 */
static void compare_workers(const struct ktstr_group_sample *s, struct spread *sp)
{
	const struct ktstr_worker_report *w, *end = s->reports + s->nr;
	bool blocks = false;
	double pct;

	*sp = (struct spread){ .of = "", .min = INFINITY, .max = -INFINITY };
	for (w = s->reports; w < end; w++)
		blocks |= w->flags & KTSTR_WORKER_BLOCKS;
	if (blocks)
		sp->of = " run delay";
	for (w = s->reports; w < end; w++) {
		if (is_messenger(w))
			continue;
		sp->candidates++;
		if (!w->wall_ns || (blocks && !w->schedstat_valid))
			continue;
		pct = blocks ? ktstr_run_delay_pct(w) : ktstr_off_cpu_pct(w);
		sp->min = fmin(sp->min, pct);
		sp->max = fmax(sp->max, pct);
		ktstr_cpumask__or(&sp->cpus, &w->cpus_used);
		sp->compared++;
	}
}

KTSTR_JUDGE(max_spread_pct)
{
	struct spread sp;
	double spread;
	int prec;

	compare_workers(s, &sp);
	if (sp.candidates < 2)
		return;		/* a single worker has no share to compare with */
	if (sp.compared < 2) {
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: max_spread_pct: %u of %u workers recorded a%s time, 2 are needed",
				  ktstr_where(s).text, sp.compared, sp.candidates, sp.of);
		return;
	}
	spread = sp.max - sp.min;
	if (!(spread > c->max_spread_pct))
		return;
	prec = decimals(spread, c->max_spread_pct);
	ktstr_result__add(out, KTSTR_FAILS, KTSTR_UNFAIR,
			  "%s: unfair cgroup: spread=%.*f%% (%.*f-%.*f%%%s) %u workers on %u cpus (max_spread_pct = %g)",
			  ktstr_where(s).text, prec, spread, prec, sp.min, prec, sp.max, sp.of,
			  sp.compared, ktstr_cpumask__weight(&sp.cpus), c->max_spread_pct);
}

/*
 * Work per CPU second; 0 for a worker that did nothing. NaN: there is no rate, because the
 * worker worked or never started while its clock shows no CPU time.
 */
static double work_rate(const struct ktstr_worker_report *w)
{
	if (w->cpu_ns)
		return (double)w->work_units * 1e9 / (double)w->cpu_ns;
	return !w->work_units && w->wall_ns ? 0 : NAN;
}

KTSTR_JUDGE(max_throughput_cv)
{
	const struct ktstr_worker_report *w, *end = s->reports + s->nr;
	double rate, mean = 0, squares = 0, cv;
	uint32_t n = 0;

	for (w = s->reports; w < end; w++) {
		if (is_messenger(w))
			continue;
		rate = work_rate(w);
		if (isnan(rate)) {
			ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "%s: max_throughput_cv: no CPU time was recorded",
					  ktstr_which(s, w).text);
			return;
		}
		n++;
		cv = rate - mean;	/* Welford: running mean and sum of squares */
		mean += cv / n;
		squares += cv * (rate - mean);
	}
	if (n < 2) {
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: max_throughput_cv compares workers and there is only one",
				  ktstr_where(s).text);
		return;
	}
	if (!(mean > 0)) {
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
				  "%s: max_throughput_cv: none of %u workers did any work",
				  ktstr_where(s).text, n);
		return;
	}
	cv = sqrt(squares / n) / mean;
	if (cv > c->max_throughput_cv)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
				  "%s: throughput CV %.3f exceeds max_throughput_cv = %.3f (mean=%.0f work/cpu_s)",
				  ktstr_where(s).text, cv, c->max_throughput_cv, mean);
}

KTSTR_JUDGE(min_work_rate)
{
	const struct ktstr_worker_report *w;
	double rate;

	for (w = s->reports; w < s->reports + s->nr; w++) {
		rate = work_rate(w);
		if (isnan(rate))
			ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "%s: min_work_rate: no CPU time was recorded",
					  ktstr_which(s, w).text);
		else if (rate < c->min_work_rate)
			ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
					  "%s: throughput %.1f work/cpu_s below min_work_rate = %.1f",
					  ktstr_which(s, w).text, rate, c->min_work_rate);
	}
}

KTSTR_JUDGE(min_iteration_rate)
{
	const struct ktstr_worker_report *w;
	double rate;

	for (w = s->reports; w < s->reports + s->nr; w++) {
		if (!has_wall_time(w, "min_iteration_rate", s, out))
			continue;
		rate = (double)w->iterations * 1e9 / (double)w->wall_ns;
		if (rate < c->min_iteration_rate)
			ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
					  "%s: iteration rate %.1f/s below min_iteration_rate = %.1f",
					  ktstr_which(s, w).text, rate, c->min_iteration_rate);
	}
}

/* Does @a come after @b: fewer migrations, or as many and behind it? */
static bool moved_less(const struct ktstr_worker_report *a, const struct ktstr_worker_report *b)
{
	return a->migrations < b->migrations || (a->migrations == b->migrations && a > b);
}

/* Where the workers that moved most went last, a note for each. */
static void note_migrations(const struct ktstr_group_sample *s, struct ktstr_result *out)
{
	const struct ktstr_worker_report *w, *most, *before = NULL;
	char list[256];
	int i;

	for (i = 0; s->migrations && i < NOTED_WORKERS; i++, before = most) {
		for (w = s->reports, most = NULL; w < s->reports + s->nr; w++)
			if ((!before || moved_less(w, before)) && (!most || moved_less(most, w)))
				most = w;
		if (!most || !most->migrations)
			return;
		ktstr_migrations__format(&s->migrations[most - s->reports], NOTED_MIGRATIONS, list,
					 sizeof(list));
		ktstr_result__add(out, KTSTR_NOTE, KTSTR_MIGRATION,
				  "%s: %" PRIu64 " migrations%s%s", ktstr_which(s, most).text,
				  most->migrations, *list ? ", the last: " : "", list);
	}
}

KTSTR_JUDGE(max_migration_ratio)
{
	uint64_t migrations = 0, iterations = 0, wall = 0;
	double ratio;
	uint32_t i;

	for (i = 0; i < s->nr; i++) {
		migrations += s->reports[i].migrations;
		iterations += s->reports[i].iterations;
		wall += s->reports[i].wall_ns;
	}
	if (!iterations) {
		ktstr_result__add(out, wall ? KTSTR_FAILS : KTSTR_UNDECIDED,
				  wall ? KTSTR_MIGRATION : KTSTR_NO_DATA,
				  "%s: max_migration_ratio: no worker finished an iteration",
				  ktstr_where(s).text);
		return;
	}
	ratio = (double)migrations / (double)iterations;
	if (!(ratio > c->max_migration_ratio))
		return;
	ktstr_result__add(out, KTSTR_FAILS, KTSTR_MIGRATION,
			  "%s: migration ratio %.4f exceeds max_migration_ratio = %.4f (%" PRIu64 " migrations / %" PRIu64 " iterations)",
			  ktstr_where(s).text, ratio, c->max_migration_ratio, migrations,
			  iterations);
	note_migrations(s, out);
}

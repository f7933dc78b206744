// SPDX-License-Identifier: GPL-2.0
/*
 * Judges a worker group: lost workers, isolation, metrics, statistics and checks.
 *
 * Isolation is judged by epochs. Each change of a cgroup's cpuset ends an epoch: the CPUs that the
 * workers used in it must be in the cpuset of that epoch. The kernel moves running tasks before
 * the write to cpuset.cpus returns, so no grace time is needed. A worker without a checkpoint
 * since the change has not seen it, and is not judged for the epoch.
 */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/status.h"
#include "harness/checks/checks.h"
#include "harness/guest/work/work.h"
#include "worker_group.h"

/* A run that the scheduler's end or an op made shorter than this is not judged for starvation. */
#define MIN_JUDGED_NS	NSEC_PER_SEC
#define SLICE_MS	20

/* The scenario's checks, overridden by those of these workers. */
static struct ktstr_checks checks_of(const struct ktstr_worker_group *group)
{
	struct ktstr_checks checks = *group->state->checks;

	if (group->spec.checks)
		ktstr_checks__merge(&checks, group->spec.checks);
	ktstr_checks__complete(&checks);
	return checks;
}

/* One of the group's workers, as in the findings of checks. */
static struct ktstr_where worker(const struct ktstr_worker_group *group, uint32_t i)
{
	return ktstr_worker_name(ktstr_group__label(group), group->index, i,
				 ktstr_workers__pid(group->workers, i), group->step);
}

static void report_stray(const struct ktstr_worker_group *group, uint32_t i, const char *list)
{
	ktstr_result__add(group->state->ctx->result, KTSTR_FAILS, KTSTR_ISOLATION,
			  "%s ran on unexpected CPUs {%s} (isolation)", worker(group, i).text, list);
}

/* Remove from @used what the workers may use; true when something is left. */
static bool strayed(struct ktstr_worker_group *group, struct ktstr_cpumask *used)
{
	const struct ktstr_cgroup_state *c = ktstr_state__cgroup(group->state, group->cgroup);
	uint32_t k;

	for (k = 0; k < KTSTR_MAX_CPUS / 64; k++)
		used->bits[k] &= ~(c->cpuset.bits[k] | c->more.bits[k]);
	return ktstr_cpumask__weight(used);
}

void ktstr_group__epoch_ends(struct ktstr_worker_group *group)
{
	const struct ktstr_cpumask *pool = ktstr_group__cpuset(group);
	struct ktstr_cpumask used;
	char list[256];
	uint32_t i;

	if (!group->started || !pool || checks_of(group).isolation != KTSTR_ON)
		return;
	for (i = 0; i < ktstr_workers__nr(group->workers); i++) {
		if (!ktstr_workers__recent_cpus(group->workers, i, &used))
			continue;
		if (!strayed(group, &used))
			continue;
		/* somebody may have taken CPUs offline, and nobody told us */
		ktstr_state__look_at_cpuset(group->state,
					    ktstr_state__cgroup(group->state, group->cgroup));
		if (!strayed(group, &used))
			continue;
		ktstr_cpumask__format(&used, list, sizeof(list));
		report_stray(group, i, list);
	}
}

void ktstr_group__epoch_begins(struct ktstr_worker_group *group)
{
	const struct ktstr_cpumask *pool = ktstr_group__cpuset(group);

	/* Before the start nothing has been used: only the last cpuset counts. */
	if (!group->started) {
		group->unbounded = false;
		memset(&group->allowed, 0, sizeof(group->allowed));
	} else {
		group->epochs++;
		ktstr_workers__new_epoch(group->workers);
	}
	if (pool) {
		ktstr_cpumask__or(&group->allowed, pool);
		ktstr_cpumask__or(&group->allowed,
				  &ktstr_state__cgroup(group->state, group->cgroup)->more);
	} else {
		group->unbounded = true;
	}
}

static void report_lost(const struct ktstr_worker_group *group, uint32_t i)
{
	const struct ktstr_worker_report *r = &ktstr_workers__reports(group->workers)[i];
	char how[160];

	switch (ktstr_workers__status(group->workers, i)) {
	case KTSTR_WORKER_COMPLETED:
	case KTSTR_WORKER_CUT:
		return;
	case KTSTR_WORKER_DIED:
		if (r->setup_error)
			snprintf(how, sizeof(how), "could not get ready: %s",
				 strerror(-r->setup_error));
		else
			ktstr_status__format(r->exit_status, how, sizeof(how));
		break;
	case KTSTR_WORKER_KILLED:
		snprintf(how, sizeof(how), "did not stop within %" PRIu64 " ms and was killed",
			 group->state->env->stop_ns / NSEC_PER_MSEC);
		break;
	case KTSTR_WORKER_ALIVE:
		snprintf(how, sizeof(how), "cannot be killed");
		break;
	}
	ktstr_result__add(group->state->ctx->result, KTSTR_FAILS, KTSTR_WORKER_LOST,
			  "%s %s; it had done %" PRIu64 " work units", worker(group, i).text, how,
			  r->work_units);
}

/* A slot is not trusted: a worker that crashed may have written anything. */
static void add_metrics(const struct ktstr_worker_group *group)
{
	struct ktstr_ext_metric m = { .step = group->step };
	const struct ktstr_worker_metric *from;
	uint32_t i, k, nr;

	snprintf(m.source, sizeof(m.source), "%s", ktstr_work__row(group->spec.work.type)->name);
	snprintf(m.cgroup, sizeof(m.cgroup), "%s", group->cgroup);
	for (i = 0; i < ktstr_workers__nr(group->workers); i++) {
		from = ktstr_workers__metrics(group->workers, i, &nr);
		for (k = 0; k < nr; k++) {
			if (from[k].polarity >= KTSTR_TARGET_IS_BETTER)
				continue;
			snprintf(m.name, sizeof(m.name), i ? "%.*s.%u" : "%.*s",
				 (int)sizeof(from[k].name) - 1, from[k].name, i);
			snprintf(m.unit, sizeof(m.unit), "%.*s", (int)sizeof(from[k].unit) - 1,
				 from[k].unit);
			m.polarity = from[k].polarity;
			m.value = from[k].value;
			ktstr_result__add_metric(group->state->ctx->result, &m);
		}
	}
}

/* A pair of SMT siblings that has none measures something else. */
static void report_alone(const struct ktstr_worker_group *group, const struct ktstr_group_sample *s)
{
	uint32_t i;

	for (i = 0; i < s->nr && !(s->reports[i].flags & KTSTR_WORKER_ALONE); i++)
		;
	if (i < s->nr)
		ktstr_result__add(group->state->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: step %u: %s: no core has two threads among the CPUs of its workers, so they are not pinned to siblings",
				  s->cgroup, s->step + 1,
				  ktstr_work__row(group->spec.work.type)->name);
}

/*
 * The verdicts that workers gave, each a detail of @out (may be NULL). Returns the mildest of those
 * after which the group is not judged, KTSTR_SKIPS or KTSTR_UNDECIDED, else KTSTR_NOTE.
 */
static enum ktstr_severity said_by_workers(const struct ktstr_worker_group *group,
					   struct ktstr_result *out)
{
	static const enum ktstr_kind kinds[] = {
		[KTSTR_SKIPS] = KTSTR_SKIPPED, [KTSTR_UNDECIDED] = KTSTR_NO_DATA,
		[KTSTR_FAILS] = KTSTR_CLAIM,
	};
	enum ktstr_severity said, mildest = KTSTR_FAILS;
	char text[KTSTR_SAID_LEN];
	uint32_t i;

	for (i = 0; i < ktstr_workers__nr(group->workers); i++) {
		said = ktstr_workers__said(group->workers, i, text);
		if (said == KTSTR_NOTE)
			continue;
		if (out)
			ktstr_result__add(out, said, kinds[said], "%s: %s", worker(group, i).text,
					  text);
		if (said < mildest)
			mildest = said;
	}
	return mildest == KTSTR_FAILS ? KTSTR_NOTE : mildest;
}

void ktstr_group__view(const struct ktstr_worker_group *group, struct ktstr_group_view *v)
{
	const struct ktstr_scenario_state *st = group->state;
	struct ktstr_group_sample *s = &v->sample;

	*s = (struct ktstr_group_sample){
		.cgroup = ktstr_group__label(group),
		.group = group->index,
		.step = group->step,
		.span = group->backdrop ? KTSTR_SPAN_LIFE : KTSTR_SPAN_STEP,
		.reports = ktstr_workers__reports(group->workers),
		.nr = ktstr_workers__nr(group->workers),
		.cpuset = group->unbounded ? NULL : &group->allowed,
		.samples = ktstr_workers__samples(group->workers),
		.migrations = ktstr_workers__migrations(group->workers),
		.time_scale = st->ctx->time_scale,
	};
	if (ktstr_cpumask__weight(&st->machine->existing_nodes)) {
		ktstr_machine__memory_only(st->machine, &v->slow);
		s->slow_nodes = &v->slow;
		if (s->cpuset) {
			ktstr_machine__nodes(st->machine, s->cpuset, &v->nodes);
			s->nodes = &v->nodes;
		}
	}
	s->balancing = ktstr_numa_balancing();
	s->migrated_known = ktstr_workers__pages_migrated(group->workers, &s->pages_migrated);
}

void ktstr_group__account(const struct ktstr_worker_group *group, const struct ktstr_group_view *v)
{
	uint32_t i;

	for (i = 0; i < v->sample.nr; i++)
		report_lost(group, i);
	report_alone(group, &v->sample);
	if (said_by_workers(group, group->state->ctx->result) == KTSTR_SKIPS)
		return;
	ktstr_stats__add(&v->sample, group->state->ctx->result);
	add_metrics(group);
}

/*
 * How long a worker may wait for its turn at most if it gets what its weight and its CPUs promise:
 * slices of 20 ms (SCX_SLICE_DFL; EEVDF's are shorter), of which it gets its share.
 */
static double promised_gap_ms(const struct ktstr_worker_group *group)
{
	return group->least_share > 0 ? SLICE_MS / group->least_share : 0;
}

/*
 * The defaults are made for workers with a fair part of a machine. Who is entitled to next to
 * nothing may wait longer, and get nothing in a short life; an op that ends workers after a moment,
 * or a loop that makes some a moment before its end, leaves too little to call them starved.
 */
static void fit_defaults(const struct ktstr_worker_group *group, struct ktstr_checks *c)
{
	double promised = promised_gap_ms(group);

	if (c->max_gap_ms == KTSTR_DEFAULT_MAX_GAP_MS)
		c->max_gap_ms = fmax(c->max_gap_ms, promised);
	if (((group->cut || group->looped) && group->ran_ns < MIN_JUDGED_NS) ||
	    (double)group->ran_ns / NSEC_PER_MSEC < promised)
		c->not_starved = KTSTR_OFF;
}

void ktstr_group__judge(struct ktstr_worker_group *group, const struct ktstr_group_view *v)
{
	struct ktstr_scenario_state *st = group->state;
	struct ktstr_checks checks = checks_of(group);
	struct ktstr_cgroup_state *c;

	if (v->sample.cpuset && checks.isolation == KTSTR_ON && ktstr_group__cpuset(group)) {
		/* what it has now, in case nobody told us of a CPU that went offline */
		c = ktstr_state__cgroup(st, group->cgroup);
		ktstr_state__look_at_cpuset(st, c);
		ktstr_cpumask__or(&group->allowed, &c->more);
	}
	if (said_by_workers(group, NULL) != KTSTR_NOTE)
		return;
	fit_defaults(group, &checks);
	if (st->sched_ended && group->ran_ns < MIN_JUDGED_NS)
		ktstr_result__add(st->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: step %u: not judged, the scheduler ended after %" PRIu64 " ms of it",
				  ktstr_group__label(group), group->step + 1,
				  group->ran_ns / NSEC_PER_MSEC);
	else
		ktstr_checks__judge(&checks, &v->sample, st->ctx->result);
	if (group->epochs)
		ktstr_group__epoch_ends(group);
}

/* Nothing is judged: checks are about the whole lifetime. */
void ktstr_group__end_phase(struct ktstr_worker_group *group)
{
	struct ktstr_group_sample s = {
		.cgroup = ktstr_group__label(group),
		.group = group->index,
		.step = group->state->step,
		.span = KTSTR_SPAN_PHASE,
		.nr = ktstr_workers__nr(group->workers),
	};

	if (!group->in_phase)
		return;
	group->in_phase = false;
	ktstr_workers__end_phase(group->workers);
	if (said_by_workers(group, NULL) == KTSTR_SKIPS)
		return;
	s.reports = ktstr_workers__phase_reports(group->workers);
	s.samples = ktstr_workers__phase_samples(group->workers);
	s.migrations = ktstr_workers__phase_migrations(group->workers);
	ktstr_stats__add(&s, group->state->ctx->result);
}

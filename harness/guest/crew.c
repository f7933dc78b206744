// SPDX-License-Identifier: GPL-2.0
/*
 * A crew: the equal workers that one workspec asks for, in one cgroup, from fork to verdict.
 *
 * Isolation is judged by epochs. Each change of a cgroup's cpuset ends one: what the workers
 * used in it must lie in the cpuset of that time. The kernel moves running tasks before the
 * write to cpuset.cpus returns, so no grace is needed; a worker that has not noticed the
 * change yet (no checkpoint since) has nothing to say about the epoch.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../checks/checks.h"
#include "attributes.h"
#include "cpuset.h"
#include "stage.h"
#include "stall.h"
#include "work.h"

/* A run that the scheduler's end cut to less than this says nothing about starvation. */
#define MIN_JUDGED_NS	NSEC_PER_SEC

/* For texts: workers of the runner's own cgroup have no name of one. */
static const char *label(const struct ktstr_crew *crew)
{
	return crew->cgroup[0] ? crew->cgroup : "(runner's cgroup)";
}

/* The scenario's, and over them those of these workers. */
static struct ktstr_checks checks_of(const struct ktstr_crew *crew)
{
	struct ktstr_checks checks = *crew->stage->checks;

	if (crew->spec.checks)
		ktstr_checks__merge(&checks, crew->spec.checks);
	return checks;
}

static const struct ktstr_cpumask *pool_of(const struct ktstr_crew *crew)
{
	struct ktstr_place *p = ktstr_stage__place(crew->stage, crew->cgroup);

	return p && p->has_cpuset ? &p->cpuset : NULL;
}

int ktstr_crew__cpus(const struct ktstr_crew *crew, const struct ktstr_affinity *affinity,
		     uint32_t index, struct ktstr_cpumask *cpus, struct vm_err *err)
{
	const struct ktstr_machine *m = crew->stage->machine;
	const struct ktstr_cpumask *pool = pool_of(crew);
	/* Different for each worker, the same in each run of one seed; the odd factor is 2^64/phi */
	uint64_t rng = (crew->stage->ctx->seed + 1) * 0x9E3779B97F4A7C15ULL +
		       ((uint64_t)crew->serial << 32 | (index + 1));
	size_t i;

	if (affinity == &crew->spec.affinity && crew->spec.numa_node.set) {
		*cpus = m->nodes[crew->spec.numa_node.value];
		for (i = 0; pool && i < KTSTR_MAX_CPUS / 64; i++)
			cpus->bits[i] &= pool->bits[i];
		if (!ktstr_cpumask__weight(cpus))
			return vm_err(err, EINVAL, "numa_node %lld has no CPU of the cgroup's cpuset",
				      (long long)crew->spec.numa_node.value);
		return 1;
	}
	return ktstr_affinity__resolve(affinity, m, pool, rng ? &rng : &(uint64_t){ 1 }, cpus, err);
}

/* ---- in the worker ---- */

static int enter(void *arg, uint32_t index)
{
	struct ktstr_crew *crew = arg;
	struct ktstr_refusal *r = crew->refusal;
	struct ktstr_cpumask cpus;
	struct vm_err err = { };
	int ret;

	ret = ktstr_crew__cpus(crew, &crew->spec.affinity, index, &cpus, &err);
	if (ret >= 0)
		ret = ktstr_attributes__apply(&crew->spec, ret ? &cpus : NULL, err.msg,
					      sizeof(err.msg));
	if (ret >= 0 || __atomic_exchange_n(&r->taken, 1, __ATOMIC_RELAXED))
		return ret;
	r->index = index;
	snprintf(r->why, sizeof(r->why), "%.*s", (int)sizeof(r->why) - 1, err.msg);
	__atomic_store_n(&r->written, (uint32_t)-ret, __ATOMIC_RELEASE);
	return ret;
}

/* ---- in the parent ---- */

int ktstr_crew__refused(const struct ktstr_crew *crew, struct vm_err *err)
{
	const struct ktstr_refusal *r = crew->refusal;
	uint32_t errnum = __atomic_load_n(&r->written, __ATOMIC_ACQUIRE);

	if (!errnum)
		return 0;
	return vm_err(err, (int)errnum, "worker %u was refused %s", r->index, r->why);
}

static int attach(void *arg, pid_t pid)
{
	struct ktstr_crew *crew = arg;

	return ktstr_cgroups__attach(&crew->stage->cgroups, crew->cgroup, pid, NULL);
}

/* How many workers; the spec was checked. */
static uint32_t wanted(const struct ktstr_crew *crew)
{
	const struct ktstr_cpumask *pool = pool_of(crew);

	return ktstr_workspec__workers(crew->stage->ctx, &crew->spec,
				       pool ? pool : &crew->stage->machine->online);
}

static int fork_workers(struct ktstr_crew *crew, struct ktstr_leader *leader, struct vm_err *err)
{
	struct ktstr_stage *st = crew->stage;
	struct ktstr_placement placement = {
		.cgroup_fd = -1, .arg = crew, .enter = enter, .cgroup_dir = crew->dir,
		.workload_root = st->cgroups.root, .leader = leader,
	};
	int ret;

	if (crew->cgroup[0])
		placement.attach = attach;
	/* Only a real cgroup can be born into. */
	if (crew->cgroup[0] && !st->around->io && !leader) {
		placement.cgroup_fd = ktstr_cgroups__open(&st->cgroups, crew->cgroup, err);
		if (placement.cgroup_fd < 0)
			return placement.cgroup_fd;
	}
	ktstr_workers__seed(crew->workers, st->ctx->seed + crew->serial);
	ktstr_workers__use_gate(crew->workers, st->gate);
	ret = ktstr_workers__fork(crew->workers, crew->index, &crew->spec.work, wanted(crew),
				  &placement);
	if (placement.cgroup_fd >= 0)
		close(placement.cgroup_fd);
	if (ret)
		vm_err(err, -ret, "%s: %s", ktstr_workers__failed_at(crew->workers),
		       strerror(-ret));
	return ret;
}

static void crew_free(struct ktstr_crew *crew)
{
	ktstr_workers__free(crew->workers, crew->stage->kill_ns);
	if (crew->refusal)
		munmap(crew->refusal, sizeof(*crew->refusal));
	free(crew->progress);
	free(crew->dir);
	free(crew);
}

static struct ktstr_crew *crew_new(struct ktstr_stage *st, const char *name,
				   const struct ktstr_workspec *spec)
{
	struct ktstr_crew *crew = calloc(1, sizeof(*crew));
	void *map;

	if (!crew)
		return NULL;
	crew->stage = st;
	crew->spec = *spec;
	crew->serial = st->serial++;
	crew->backdrop = st->in_backdrop;
	crew->step = st->in_backdrop ? 0 : st->step;
	snprintf(crew->cgroup, sizeof(crew->cgroup), "%s", name);
	if (*name && asprintf(&crew->dir, "%s/%s", st->cgroups.root, name) < 0)
		crew->dir = NULL;
	map = mmap(NULL, sizeof(*crew->refusal), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	crew->refusal = map == MAP_FAILED ? NULL : map;
	crew->workers = crew->refusal && (crew->dir || !*name) ? ktstr_workers__new(wanted(crew)) : NULL;
	if (crew->workers)
		return crew;
	crew_free(crew);
	return NULL;
}

int ktstr_crew__fork(struct ktstr_stage *st, const char *name, const struct ktstr_workspec *spec,
		     uint32_t index, struct ktstr_leader *leader, struct vm_err *err)
{
	struct ktstr_crew **crews, *crew;
	uint32_t i, there = 0;
	int ret;

	/* A loop may spawn more and more; everything else was checked before. */
	for (i = 0; i < st->nr_crews; i++)
		there += ktstr_workers__nr(st->crews[i]->workers);
	if (there >= KTSTR_MAX_WORKERS)
		return vm_err(err, E2BIG, "there are %u workers already, the most there may be",
			      there);
	crews = realloc(st->crews, (st->nr_crews + 1) * sizeof(*crews));
	if (!crews)
		return vm_err(err, ENOMEM, "workers: %s", strerror(ENOMEM));
	st->crews = crews;
	crew = crew_new(st, name, spec);
	if (!crew)
		return vm_err(err, errno ? errno : ENOMEM, "workers: %s", strerror(errno));
	crew->index = index;
	ret = fork_workers(crew, leader, err);
	if (ret) {
		crew_free(crew);
		return ret;
	}
	crews[st->nr_crews++] = crew;
	ktstr_crew__epoch_begins(crew);
	return 0;
}

/* "cg_a" or, from the second step on, "cg_a (step 2)", as the checks say it. */
static void accuse(const struct ktstr_crew *crew, uint32_t i, const char *list)
{
	char step[24] = "";

	if (crew->step)
		snprintf(step, sizeof(step), " (step %u)", crew->step + 1);
	ktstr_result__add(crew->stage->ctx->result, KTSTR_FAILS, KTSTR_ISOLATION,
			  "%s%s: tid %d ran on unexpected CPUs {%s}", label(crew), step,
			  ktstr_workers__pid(crew->workers, i), list);
}

void ktstr_crew__epoch_ends(struct ktstr_crew *crew)
{
	const struct ktstr_cpumask *pool = pool_of(crew);
	struct ktstr_cpumask used;
	char list[256];
	uint32_t i, k;

	if (!crew->started || !pool || checks_of(crew).isolation != KTSTR_ON)
		return;
	for (i = 0; i < ktstr_workers__nr(crew->workers); i++) {
		if (!ktstr_workers__recent_cpus(crew->workers, i, &used))
			continue;
		for (k = 0; k < KTSTR_MAX_CPUS / 64; k++)
			used.bits[k] &= ~pool->bits[k];
		if (!ktstr_cpumask__weight(&used))
			continue;
		ktstr_cpumask__format(&used, list, sizeof(list));
		accuse(crew, i, list);
	}
}

void ktstr_crew__epoch_begins(struct ktstr_crew *crew)
{
	const struct ktstr_cpumask *pool = pool_of(crew);

	/* Before the start nothing has been used: only the last cpuset counts. */
	if (!crew->started) {
		crew->unbounded = false;
		memset(&crew->allowed, 0, sizeof(crew->allowed));
	} else {
		crew->epochs++;
		ktstr_workers__new_epoch(crew->workers);
	}
	if (pool)
		ktstr_cpumask__or(&crew->allowed, pool);
	else
		crew->unbounded = true;
}

static void report_lost(struct ktstr_crew *crew, uint32_t i)
{
	const struct ktstr_worker_report *r = &ktstr_workers__reports(crew->workers)[i];
	char how[160];

	switch (ktstr_workers__fate(crew->workers, i)) {
	case KTSTR_FATE_COMPLETED:
	case KTSTR_FATE_CUT:
		return;
	case KTSTR_FATE_DIED:
		if (r->setup_error)
			snprintf(how, sizeof(how), "could not get ready: %s",
				 strerror(-r->setup_error));
		else if (WIFSIGNALED(r->exit_status))
			snprintf(how, sizeof(how), "killed by signal %d (%s)",
				 WTERMSIG(r->exit_status), strsignal(WTERMSIG(r->exit_status)));
		else
			snprintf(how, sizeof(how), "exited with status %d",
				 WEXITSTATUS(r->exit_status));
		break;
	case KTSTR_FATE_KILLED:
		snprintf(how, sizeof(how), "did not stop within %llu ms and was killed",
			 crew->stage->around->stop_ns / NSEC_PER_MSEC);
		break;
	case KTSTR_FATE_ALIVE:
		snprintf(how, sizeof(how), "cannot be killed");
		break;
	}
	ktstr_result__add(crew->stage->ctx->result, KTSTR_FAILS, KTSTR_WORKER_LOST,
			  "%s: step %u: worker %d %s; it had done %" PRIu64 " work units",
			  label(crew), crew->step + 1, r->tid, how, r->work_units);
}

/* Nothing of a slot is trusted: a crash may have written anything. */
static void add_metrics(const struct ktstr_crew *crew)
{
	struct ktstr_ext_metric m = { .step = crew->step };
	const struct ktstr_worker_metric *from;
	uint32_t i, k, nr;

	snprintf(m.source, sizeof(m.source), "%s", ktstr_work__row(crew->spec.work.type)->name);
	snprintf(m.cgroup, sizeof(m.cgroup), "%s", crew->cgroup);
	for (i = 0; i < ktstr_workers__nr(crew->workers); i++) {
		from = ktstr_workers__metrics(crew->workers, i, &nr);
		for (k = 0; k < nr; k++) {
			if (from[k].polarity > KTSTR_HIGHER_IS_BETTER)
				continue;
			snprintf(m.name, sizeof(m.name), i ? "%.*s.%u" : "%.*s",
				 (int)sizeof(from[k].name) - 1, from[k].name, i);
			snprintf(m.unit, sizeof(m.unit), "%.*s", (int)sizeof(from[k].unit) - 1,
				 from[k].unit);
			m.polarity = from[k].polarity;
			m.value = from[k].value;
			ktstr_result__add_metric(crew->stage->ctx->result, &m);
		}
	}
}

static void judge(struct ktstr_crew *crew, uint64_t ran_ns)
{
	struct ktstr_stage *st = crew->stage;
	struct ktstr_group_sample s = {
		.cgroup = label(crew),
		.step = crew->step,
		.span = crew->backdrop ? KTSTR_SPAN_LIFE : KTSTR_SPAN_STEP,
		.reports = ktstr_workers__reports(crew->workers),
		.nr = ktstr_workers__nr(crew->workers),
		.cpuset = crew->unbounded ? NULL : &crew->allowed,
		.samples = ktstr_workers__samples(crew->workers),
		.time_scale = st->ctx->time_scale,
	};
	struct ktstr_checks checks = checks_of(crew);
	struct ktstr_cpumask nodes;
	uint32_t i;

	if (s.cpuset && ktstr_cpumask__weight(&st->machine->existing_nodes)) {
		ktstr_machine__nodes(st->machine, s.cpuset, &nodes);
		s.nodes = &nodes;
	}
	s.migrated_known = ktstr_workers__pages_migrated(crew->workers, &s.pages_migrated);

	for (i = 0; i < s.nr; i++)
		report_lost(crew, i);
	ktstr_stats__add(&s, st->ctx->result);
	add_metrics(crew);
	if (st->sched_ended && ran_ns < MIN_JUDGED_NS)
		ktstr_result__add(st->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: step %u: not judged, the scheduler ended after %llu ms of it",
				  label(crew), crew->step + 1, ran_ns / NSEC_PER_MSEC);
	else
		ktstr_checks__judge(&checks, &s, st->ctx->result);
	if (crew->epochs)
		ktstr_crew__epoch_ends(crew);
}

/* Nothing is judged: checks are about the whole life. */
void ktstr_crew__end_phase(struct ktstr_crew *crew)
{
	struct ktstr_group_sample s = {
		.cgroup = label(crew),
		.step = crew->stage->step,
		.span = KTSTR_SPAN_PHASE,
		.nr = ktstr_workers__nr(crew->workers),
	};

	if (!crew->in_phase)
		return;
	crew->in_phase = false;
	ktstr_workers__end_phase(crew->workers);
	s.reports = ktstr_workers__phase_reports(crew->workers);
	s.samples = ktstr_workers__phase_samples(crew->workers);
	ktstr_stats__add(&s, crew->stage->ctx->result);
}

void ktstr_crew__look(struct ktstr_crew *crew, struct ktstr_stall_monitor *m)
{
	struct ktstr_subject subject = { .cgroup = label(crew), .step = crew->stage->step };
	uint32_t i, nr = ktstr_workers__nr(crew->workers);

	if (!crew->progress)
		crew->progress = calloc(nr, sizeof(*crew->progress));
	for (i = 0; crew->progress && i < nr; i++) {
		subject.tid = ktstr_workers__pid(crew->workers, i);
		subject.checkpoint = ktstr_workers__checkpoint(crew->workers, i);
		ktstr_stall_monitor__look(m, &crew->progress[i], &subject);
	}
}

int ktstr_crew__end(struct ktstr_crew *crew, const char *by)
{
	struct ktstr_stage *st = crew->stage;
	uint64_t ran_ns = crew->started ? work_now_ns() - crew->started_ns : 0;
	uint32_t nr = ktstr_workers__nr(crew->workers);
	int ret = 0;

	if (crew->started) {
		/* Their time was that of collecting. */
		ret = ktstr_workers__stop(crew->workers, 0, st->kill_ns);
		if (ret == -ETIMEDOUT)
			ktstr_stage__give_up(st);
		st->iterations += ktstr_workers__iterations(crew->workers);
		judge(crew, ran_ns);
	}
	if (by)
		ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "%s: step %u: %u worker%s stopped by %s %s", label(crew),
				  st->step + 1, nr, nr == 1 ? " was" : "s were", by,
				  crew->started ? "and judged" : "before they had started");
	crew_free(crew);
	return ret;
}

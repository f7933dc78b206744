// SPDX-License-Identifier: GPL-2.0
/*
 * The step engine. A step is
 *
 *	ops, cgroups, workers (all forked and parked), start (all at once), stimulus,
 *	hold, stop, statistics and checks, removal
 *
 * and what was made is removed on every way out. A failure of the scheduler is a finding
 * and lets the function return 0; a step that the guest cannot carry out is not, and ends
 * the scenario with -errno and a detail that names the object and the errno.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../chan/chan.h"
#include "../checks/checks.h"
#include "engine.h"
#include "hold.h"
#include "machine.h"
#include "ops.h"
#include "workers.h"

struct engine {
	struct ktstr_ctx *ctx;
	const struct ktstr_surroundings *around;
	struct ktstr_scenario scenario;
	struct ktstr_cgroups cgroups;
	struct ktstr_watch watch;
	uint64_t began_ns;		/* CLOCK_MONOTONIC, first step */
	bool sched_ended;
	uint32_t begun;			/* steps */
};

struct step_run {
	struct engine *e;
	uint32_t index;			/* counts from 0, as in the statistics */
	const struct ktstr_step *step;
	struct ktstr_workers *workers;	/* NULL: the step has none */
	size_t keep;			/* cgroups made before the step */
	uint64_t held_ns;
};

/* A hold that the scheduler's end cut to less than this says nothing about starvation. */
#define MIN_JUDGED_NS	NSEC_PER_SEC

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* "step N failed: OP CGROUP: what went wrong"; returns @ret. */
static int step_failed(struct step_run *run, int ret, const char *op, const char *cgroup,
		       const char *why)
{
	ktstr_result__add(run->e->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
			  "step %u failed: %s%s%s: %s", run->index + 1, op, *cgroup ? " " : "",
			  cgroup, why);
	return ret;
}

static int apply_ops(struct step_run *run)
{
	const struct ktstr_op_row *row;
	const struct ktstr_op *op;
	struct vm_err err;
	int ret;

	for (op = run->step->ops; op && op->kind != KTSTR_OP_END; op++) {
		row = &ktstr_op_table[op->kind];
		ret = row->apply(op, &run->e->cgroups, run->e->scenario.controller, &err);
		if (ret)
			return step_failed(run, ret, row->name, op->cgroup, err.msg);
	}
	return 0;
}

static int make_cgroup(struct step_run *run, const struct ktstr_cgroup *c)
{
	struct engine *e = run->e;
	struct ktstr_cpumask cpus;
	struct vm_err err;
	char mems[512];
	int ret;

	ret = ktstr_cgroups__create(&e->cgroups, c->name, e->scenario.controller, &err);
	if (!ret && c->cpuset.exact) {
		ktstr_cpumask__parse(c->cpuset.exact, &cpus);
		ktstr_machine__mems(e->around->sysfs, &cpus, mems, sizeof(mems));
		ret = ktstr_cgroups__set_cpuset(&e->cgroups, c->name, c->cpuset.exact, mems, &err);
	}
	return ret ? step_failed(run, ret, "cgroup", c->name, err.msg) : 0;
}

struct attach_arg {
	struct ktstr_cgroups *cgroups;
	const char *name;
	struct vm_err err;
};

static int attach(void *arg, pid_t pid)
{
	struct attach_arg *a = arg;

	return ktstr_cgroups__attach(a->cgroups, a->name, pid, &a->err);
}

static int fork_group(struct step_run *run, uint32_t group, const struct ktstr_cgroup *c)
{
	struct engine *e = run->e;
	struct attach_arg arg = { .cgroups = &e->cgroups, .name = c->name };
	struct ktstr_placement placement = { .cgroup_fd = -1, .attach = attach, .arg = &arg };
	uint32_t nr = ktstr_cgroup_workers(e->ctx, c);
	int ret;

	/* Only a real cgroup can be born into. */
	if (!e->around->io) {
		placement.cgroup_fd = ktstr_cgroups__open(&e->cgroups, c->name, &arg.err);
		if (placement.cgroup_fd < 0)
			return step_failed(run, placement.cgroup_fd, "cgroup", c->name,
					   arg.err.msg);
	}
	ret = ktstr_workers__fork(run->workers, group, &c->work, nr, &placement);
	if (placement.cgroup_fd >= 0)
		close(placement.cgroup_fd);
	if (ret)
		return step_failed(run, ret, "fork worker in", c->name,
				   arg.err.msg[0] ? arg.err.msg : strerror(-ret));
	return 0;
}

static int make_workers(struct step_run *run)
{
	const struct ktstr_cgroup *c;
	uint32_t total = 0, group = 0;
	int ret = 0;

	for (c = run->step->cgroups; c && c->name; c++)
		total += ktstr_cgroup_workers(run->e->ctx, c);
	if (!total)
		return 0;
	run->workers = ktstr_workers__new(total);
	if (!run->workers)
		return step_failed(run, -errno, "workers", "", strerror(errno));
	for (c = run->step->cgroups; c->name && !ret; c++)
		ret = fork_group(run, group++, c);
	return ret;
}

static int set_up(struct step_run *run)
{
	const struct ktstr_cgroup *c;
	int ret = apply_ops(run);

	for (c = run->step->cgroups; c && c->name && !ret; c++)
		ret = make_cgroup(run, c);
	return ret ? ret : make_workers(run);
}

static void send_stimulus(struct step_run *run)
{
	struct ktstr_msg_stimulus s = { .step = run->index };
	const struct ktstr_cgroup *c;
	const struct ktstr_op *op;

	for (op = run->step->ops; op && op->kind != KTSTR_OP_END; op++)
		s.op_kinds |= 1u << op->kind;
	for (c = run->step->cgroups; c && c->name; c++)
		s.cgroups++;
	s.workers = run->workers ? ktstr_workers__nr(run->workers) : 0;
	if (run->e->ctx->stimulus)
		run->e->ctx->stimulus(run->e->ctx, &s);
}

/*
 * Wait @ns, or find with 0 whether the scheduler is still there. PID 1 knows the reason why
 * it is not, and reports it; the note only says what was not tested.
 */
static int hold(struct step_run *run, uint64_t ns)
{
	static const char * const how[] = {
		[KTSTR_HOLD_SCHED_EXITED] = "process ended",
		[KTSTR_HOLD_SCHED_EJECTED] = "was ejected by the kernel",
	};
	struct engine *e = run->e;
	uint64_t began = now_ns();
	int ret = ktstr_watch__hold(&e->watch, ns);

	run->held_ns = now_ns() - began;
	if (ret < 0)
		return step_failed(run, ret, "hold", "", strerror(-ret));
	if (ret == KTSTR_HOLD_OVER)
		return 0;
	e->sched_ended = true;
	ktstr_result__add(e->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
			  "the scheduler %s %s step %u of %u, %.1f s into the scenario; the scenario was ended",
			  how[ret], ns ? "in" : "before", run->index + 1, e->scenario.nr,
			  (double)(now_ns() - e->began_ns) / 1e9);
	return 0;
}

static void report_lost(struct step_run *run, uint32_t i, const char *cgroup)
{
	const struct ktstr_worker_report *r = &ktstr_workers__reports(run->workers)[i];
	char how[128];

	switch (ktstr_workers__fate(run->workers, i)) {
	case KTSTR_FATE_COMPLETED:
		return;
	case KTSTR_FATE_DIED:
		if (WIFSIGNALED(r->exit_status))
			snprintf(how, sizeof(how), "killed by signal %d (%s)",
				 WTERMSIG(r->exit_status), strsignal(WTERMSIG(r->exit_status)));
		else
			snprintf(how, sizeof(how), "exited with status %d",
				 WEXITSTATUS(r->exit_status));
		break;
	case KTSTR_FATE_KILLED:
		snprintf(how, sizeof(how), "did not stop within %llu ms and was killed",
			 run->e->around->stop_ns / NSEC_PER_MSEC);
		break;
	case KTSTR_FATE_ALIVE:
		snprintf(how, sizeof(how), "cannot be killed");
		break;
	}
	ktstr_result__add(run->e->ctx->result, KTSTR_FAILS, KTSTR_WORKER_LOST,
			  "%s: step %u: worker %d %s; it had done %" PRIu64 " work units", cgroup,
			  run->index + 1, r->tid, how, r->work_units);
}

/* Reports lie in the order of forking, so every group is one stretch of them. */
static void judge(struct step_run *run)
{
	struct ktstr_ctx *ctx = run->e->ctx;
	const struct ktstr_cgroup *c;
	struct ktstr_cpumask cpus;
	uint32_t i, first = 0;

	for (c = run->step->cgroups; c->name; c++) {
		struct ktstr_group_sample s = {
			.cgroup = c->name,
			.step = run->index,
			.reports = ktstr_workers__reports(run->workers) + first,
			.nr = ktstr_cgroup_workers(ctx, c),
		};

		if (c->cpuset.exact && !ktstr_cpumask__parse(c->cpuset.exact, &cpus))
			s.cpuset = &cpus;
		for (i = 0; i < s.nr; i++)
			report_lost(run, first + i, c->name);
		ktstr_stats__add(&s, ctx->result);
		if (run->e->sched_ended && run->held_ns < MIN_JUDGED_NS)
			ktstr_result__add(ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "%s: step %u: not judged, the scheduler ended after %llu ms of it",
					  c->name, run->index + 1, run->held_ns / NSEC_PER_MSEC);
		else
			ktstr_checks__judge(&ctx->checks, &s, ctx->result);
		first += s.nr;
	}
}

static int run_workers(struct step_run *run)
{
	struct engine *e = run->e;
	uint32_t late = 0;
	int ret, stopped = 0;

	if (run->workers)
		late = ktstr_workers__start(run->workers, e->around->ready_ns);
	if (late)
		ktstr_result__add(e->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "step %u: %u of %u workers had not reached the start line after %llu ms",
				  run->index + 1, late, ktstr_workers__nr(run->workers),
				  e->around->ready_ns / NSEC_PER_MSEC);
	send_stimulus(run);
	ret = hold(run, e->scenario.hold_ns[run->index]);
	if (run->workers) {
		stopped = ktstr_workers__stop(run->workers, e->around->stop_ns,
					      e->around->kill_ns);
		judge(run);
	}
	if (stopped && !ret)
		ret = step_failed(run, stopped, "stop workers", "", strerror(-stopped));
	return ret;
}

static int run_step(struct engine *e, uint32_t index)
{
	struct step_run run = {
		.e = e, .index = index, .step = &e->scenario.steps[index],
		.keep = e->cgroups.nr_made,
	};
	struct vm_err err;
	int ret, removed;

	ret = hold(&run, 0);
	if (ret || e->sched_ended)
		return ret;
	e->begun++;
	ret = set_up(&run);
	if (!ret)
		ret = run_workers(&run);
	ktstr_workers__free(run.workers, e->around->kill_ns);
	removed = ktstr_cgroups__unwind(&e->cgroups, run.keep, &err);
	if (removed) {
		step_failed(&run, removed, "cleanup", "", err.msg);
		ret = ret ? ret : removed;
	}
	return ret;
}

/* Everything that is needed before the first step; a sentence on failure. */
static int open_engine(struct engine *e, struct vm_err *err)
{
	const struct ktstr_surroundings *around = e->around;
	int ret = 0;

	e->watch.wake = -1;
	if (!e->ctx->cgroup_root)
		return vm_err(err, EINVAL, "cgroup: the context names no root");
	if (!around->io)
		ret = ktstr_cgroupfs__check(around->cgroupfs, err);
	if (!ret)
		ret = ktstr_cgroups__init(&e->cgroups, around->cgroupfs, e->ctx->cgroup_root,
					  around->io, err);
	if (!ret && e->scenario.controller)
		ret = ktstr_cgroups__enable(&e->cgroups, e->scenario.controller, err);
	if (ret)
		return ret;
	ret = ktstr_watch__open(&e->watch, around->sysfs, e->ctx->sched_pidfd,
				e->ctx->sched_pid > 0);
	return ret ? vm_err(err, -ret, "watch the scheduler: %s", strerror(-ret)) : 0;
}

static int run_scenario(struct engine *e)
{
	struct vm_err err = { };
	uint32_t i;
	int ret;

	ret = open_engine(e, &err);
	if (ret)
		ktstr_result__add(e->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s",
				  err.msg);
	e->began_ns = now_ns();
	for (i = 0; i < e->scenario.nr && !ret && !e->sched_ended; i++)
		ret = run_step(e, i);
	if (!ret && e->begun < e->scenario.nr)
		ktstr_result__add(e->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%u of %u steps were not run", e->scenario.nr - e->begun,
				  e->scenario.nr);
	if (!ret && !e->scenario.nr_cgroups)
		ktstr_result__add(e->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "no step has a cgroup with workers: there was nothing to judge");
	ktstr_watch__close(&e->watch);
	ktstr_cgroups__fini(&e->cgroups);
	return ret;
}

int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_surroundings *around)
{
	struct engine e = { .ctx = ctx, .around = around };
	struct ktstr_cpumask online;
	struct vm_err err;
	int ret;

	ret = ktstr_machine__online(around->sysfs, &online, &err);
	if (ret) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s", err.msg);
		return ret;
	}
	ret = ktstr_scenario__check(&e.scenario, ctx, steps, nr, &online);
	if (!ret)
		ret = run_scenario(&e);
	ktstr_scenario__free(&e.scenario);
	return ret;
}

int ktstr_run_steps(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr)
{
	static const struct ktstr_surroundings guest = {
		.cgroupfs = "/sys/fs/cgroup",
		.sysfs = "/sys",
		.ready_ns = 5 * NSEC_PER_SEC,
		.stop_ns = 5 * NSEC_PER_SEC,
		.kill_ns = 10 * NSEC_PER_SEC,
	};

	return ktstr_engine__run(ctx, steps, nr, &guest);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The step engine. A step is
 *
 *	ops, cgroups, workers (all forked and parked), start (all at once), stimulus,
 *	hold, stop, statistics and checks, removal
 *
 * or, when it loops, cgroups, workers, start, stimulus, and then ops and a pause over and over.
 * The backdrop is made before the first step and removed behind the last.
 *
 * What was made is removed on every way out. A failure of the scheduler is a finding and lets
 * the function return 0; a step that the guest cannot carry out is not, and ends the
 * scenario with -errno and a detail that names the object and the errno.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../chan/chan.h"
#include "engine.h"
#include "hold.h"
#include "ops.h"
#include "stage.h"
#include "stall.h"
#include "work.h"

struct engine {
	struct ktstr_ctx *ctx;
	const struct ktstr_surroundings *around;
	struct ktstr_machine *machine;
	struct ktstr_scenario scenario;
	struct ktstr_stage stage;
	struct ktstr_watch watch;
	struct ktstr_stall_monitor monitor;
	uint32_t watched;		/* ctx->sched_generation behind @watch */
	uint64_t began_ns;		/* CLOCK_MONOTONIC, first step */
	uint32_t begun;			/* steps */
};

/* "step N failed: OP CGROUP: what went wrong"; returns @ret. */
static int failed(struct engine *e, int ret, const char *op, const char *cgroup, const char *why)
{
	char where[24];

	snprintf(where, sizeof(where), "step %u failed", e->stage.step + 1);
	ktstr_result__add(e->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s: %s%s%s: %s",
			  e->stage.in_backdrop ? "Backdrop setup failed" : where, op,
			  cgroup && *cgroup ? " " : "", cgroup ? cgroup : "", why);
	return ret;
}

static int apply_ops(struct engine *e, const struct ktstr_op *op)
{
	const struct ktstr_op_row *row;
	struct vm_err err = { };
	int ret;

	ktstr_stage__doing(&e->stage, KTSTR_DOING_OPS);
	for (; op && op->kind != KTSTR_OP_END; op++) {
		row = &ktstr_op_table[op->kind];
		ret = row->apply(&e->stage, op, &err);
		if (ret)
			return failed(e, ret, row->name, op->cgroup, err.msg);
		if (e->stage.sched_ended)
			break;
	}
	return 0;
}

/* All cgroups before the first worker. */
static int make_cgroups(struct engine *e, const struct ktstr_cgroup *cgroups)
{
	const struct ktstr_cgroup *c;
	struct vm_err err = { };
	int ret = 0;

	for (c = cgroups; c && c->name && !ret; c++) {
		ret = ktstr_stage__make(&e->stage, c, &err);
		if (ret)
			failed(e, ret, "cgroup", c->name, err.msg);
	}
	for (c = cgroups; c && c->name && !ret; c++) {
		ret = ktstr_stage__populate(&e->stage, c, &err);
		if (ret)
			failed(e, ret, "workers of", c->name, err.msg);
	}
	return ret;
}

static int start_workers(struct engine *e)
{
	struct vm_err err = { };
	uint32_t late;
	int ret;

	ret = ktstr_stage__start(&e->stage, &late, &err);
	if (!ret && !e->stage.in_backdrop)
		ret = ktstr_stage__begin_phases(&e->stage, &err);
	if (ret)
		return failed(e, ret, "start", "", err.msg);
	if (late)
		ktstr_result__add(e->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "step %u: %u workers had not reached the start line after %llu ms",
				  e->stage.step + 1, late, e->around->ready_ns / NSEC_PER_MSEC);
	return 0;
}

static void send_stimulus(struct engine *e, const struct ktstr_step *step)
{
	struct ktstr_msg_stimulus s = { .step = e->stage.step, .iterations = e->stage.iterations, .cgroups = e->stage.nr_places };
	const struct ktstr_op *op;
	uint32_t i;

	for (op = step->ops; op && op->kind != KTSTR_OP_END; op++)
		s.op_kinds |= 1u << op->kind;
	for (i = 0; i < e->stage.nr_crews; i++) {
		s.workers += ktstr_workers__nr(e->stage.crews[i]->workers);
		s.iterations += ktstr_workers__iterations(e->stage.crews[i]->workers);
	}
	if (e->ctx->stimulus)
		e->ctx->stimulus(e->ctx, &s);
}

static void look_for_stalls(void *arg, uint64_t now)
{
	struct engine *e = arg;
	const struct ktstr_crew *crew;
	uint32_t i;

	ktstr_stall_monitor__begin(&e->monitor, now);
	for (i = 0; i < e->stage.nr_crews; i++) {
		crew = e->stage.crews[i];
		if (crew->started)
			ktstr_crew__look(e->stage.crews[i], &e->monitor);
	}
	ktstr_stall_monitor__end(&e->monitor);
}

static void set_up_monitor(struct engine *e)
{
	e->ctx->result->stall_poll_ms = e->ctx->stall_poll_ms;
	e->monitor = (struct ktstr_stall_monitor){
		.procfs = e->around->procfs, .cgroupfs = e->around->cgroupfs,
		.result = e->ctx->result, .began_ns = e->began_ns,
	};
	e->watch.look = look_for_stalls;
	e->watch.look_arg = e;
	e->watch.look_every_ns = e->ctx->stall_poll_ms * NSEC_PER_MSEC;
}

/* What an op put in its place is another scheduler: events about the former mean nothing. */
static int watch_current(struct engine *e)
{
	if (e->watched == e->ctx->sched_generation)
		return 0;
	ktstr_watch__close(&e->watch);
	e->watched = e->ctx->sched_generation;
	return ktstr_watch__open(&e->watch, e->around->sysfs, e->ctx->sched_pidfd,
				 e->ctx->sched_pid > 0);
}

/*
 * Wait @ns, or find with 0 whether the scheduler is still there. PID 1 knows the reason why
 * it is not, and reports it; the note only says what was not tested.
 */
static int hold(struct engine *e, uint64_t ns)
{
	static const char * const how[] = {
		[KTSTR_HOLD_SCHED_EXITED] = "process ended",
		[KTSTR_HOLD_SCHED_EJECTED] = "was ejected by the kernel",
	};
	int ret;

	ktstr_stage__doing(&e->stage, KTSTR_DOING_HOLD);
	ret = watch_current(e);
	if (!ret)
		ret = ktstr_watch__hold(&e->watch, ns);
	if (ret < 0)
		return failed(e, ret, "hold", "", strerror(-ret));
	if (ret == KTSTR_HOLD_OVER)
		return 0;
	e->stage.sched_ended = true;
	ktstr_result__add(e->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
			  "the scheduler %s %s step %u of %u, %.1f s into the scenario; the scenario was ended",
			  how[ret], ns ? "in" : "before", e->stage.step + 1, e->scenario.nr,
			  (double)(work_now_ns() - e->began_ns) / 1e9);
	return 0;
}

static int loop(struct engine *e, const struct ktstr_step *step)
{
	uint64_t now = work_now_ns(), deadline = now + e->scenario.hold_ns[e->stage.step];
	uint64_t pause;
	int ret = 0;

	for (; now < deadline && !ret && !e->stage.sched_ended; now = work_now_ns()) {
		ret = apply_ops(e, step->ops);
		if (!ret && !e->stage.sched_ended)
			ret = start_workers(e);
		if (ret || e->stage.sched_ended)
			break;
		now = work_now_ns();
		pause = now < deadline ? deadline - now : 1;
		ret = hold(e, pause < step->hold.loop_ns ? pause : step->hold.loop_ns);
	}
	return ret;
}

static int carry_out(struct engine *e, const struct ktstr_step *step)
{
	int ret = 0;

	if (!step->hold.loop_ns)
		ret = apply_ops(e, step->ops);
	if (e->stage.sched_ended)
		return ret;
	if (!ret)
		ret = make_cgroups(e, step->cgroups);
	if (!ret)
		ret = start_workers(e);
	if (ret)
		return ret;
	send_stimulus(e, step);
	if (step->hold.loop_ns)
		return loop(e, step);
	return hold(e, e->scenario.hold_ns[e->stage.step]);
}

static int run_step(struct engine *e, uint32_t index)
{
	struct vm_err err = { };
	int ret, cleared;

	e->stage.step = index;
	ret = hold(e, 0);
	if (ret || e->stage.sched_ended)
		return ret;
	e->begun++;
	ret = carry_out(e, &e->scenario.steps[index]);
	ktstr_stage__end_phases(&e->stage);
	cleared = ktstr_stage__clear(&e->stage, false, &err);
	e->ctx->stop_ns = e->stage.stop_ns;
	if (cleared) {
		failed(e, cleared, "cleanup", "", err.msg);
		ret = ret ? ret : cleared;
	}
	return ret;
}

static int make_backdrop(struct engine *e)
{
	const struct ktstr_backdrop *b = e->scenario.backdrop;
	const struct ktstr_payload * const *p;
	struct vm_err err = { };
	int ret;

	if (!b)
		return 0;
	e->stage.in_backdrop = true;
	ret = make_cgroups(e, b->cgroups);
	if (!ret)
		ret = apply_ops(e, b->ops);
	for (p = b->payloads; p && *p && !ret; p++) {
		ret = ktstr_stage__run_payload(&e->stage, *p, NULL, "", &err);
		if (ret)
			failed(e, ret, "payload", (*p)->name, err.msg);
	}
	if (!ret)
		ret = start_workers(e);
	e->stage.in_backdrop = false;
	ktstr_cgroups__keep(&e->stage.cgroups);
	return ret;
}

/* A pidfd for every worker that there may be; if refused, fork says what is missing. */
static void allow_descriptors(void)
{
	const rlim_t need = KTSTR_MAX_WORKERS + 1024;
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur >= need)
		return;
	lim.rlim_cur = need;
	if (lim.rlim_max < need)
		lim.rlim_max = need;
	setrlimit(RLIMIT_NOFILE, &lim);
}

/* Whether cgroups divide CPU time; sched_ext tells schedulers of those only that do. */
static int control_cpu(struct engine *e, struct vm_err *err)
{
	struct ktstr_cgroups *cg = &e->stage.cgroups;
	const struct ktstr_backdrop *b = e->scenario.backdrop;

	if (b && b->no_cpu_controller)
		return ktstr_cgroups__disable(cg, "cpu", err);
	if (e->scenario.controllers & 1u << KTSTR_CONTROLLER_CPU)
		return 0;
	cg->group_cpu = true;
	return ktstr_cgroups__enable(cg, "cpu", err);
}

/* Everything that is needed before the first step; a sentence on failure. */
static int open_engine(struct engine *e, struct vm_err *err)
{
	const struct ktstr_surroundings *around = e->around;
	struct ktstr_stage *st = &e->stage;
	int ret = 0;

	*st = (struct ktstr_stage){
		.ctx = e->ctx, .checks = e->scenario.checks, .around = around,
		.machine = e->machine, .kill_ns = around->kill_ns,
	};
	ktstr_controllers__format(e->scenario.controllers, st->controllers);
	allow_descriptors();
	e->watch.wake = -1;
	ret = ktstr_stage__init(st);
	if (ret)
		return vm_err(err, -ret, "shared memory: %s", strerror(-ret));
	if (!e->ctx->cgroup_root)
		return vm_err(err, EINVAL, "cgroup: the context names no root");
	if (!around->io)
		ret = ktstr_cgroupfs__check(around->cgroupfs, err);
	if (!ret)
		ret = ktstr_cgroups__init(&st->cgroups, around->cgroupfs, e->ctx->cgroup_root,
					  around->io, err);
	if (!ret && st->controllers[0])
		ret = ktstr_cgroups__enable(&st->cgroups, st->controllers, err);
	if (!ret)
		ret = control_cpu(e, err);
	if (ret)
		return ret;
	e->watched = e->ctx->sched_generation;
	ret = ktstr_watch__open(&e->watch, around->sysfs, e->ctx->sched_pidfd,
				e->ctx->sched_pid > 0);
	return ret ? vm_err(err, -ret, "watch the scheduler: %s", strerror(-ret)) : 0;
}

static int run_steps(struct engine *e)
{
	uint32_t i;
	int ret;

	ret = make_backdrop(e);
	for (i = 0; i < e->scenario.nr && !ret && !e->stage.sched_ended; i++)
		ret = run_step(e, i);
	if (!ret && e->begun < e->scenario.nr)
		ktstr_result__add(e->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%u of %u steps were not run", e->scenario.nr - e->begun,
				  e->scenario.nr);
	if (!ret && !e->scenario.nr_crews)
		ktstr_result__add(e->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "no step has a cgroup with workers: there was nothing to judge");
	return ret;
}

/*
 * Who makes load must not have to queue behind it: with 512 spinners on 4 CPUs each wake-up of
 * the runner would take half a second. Workers are born normal. Where it is refused, things
 * are slower.
 */
static void set_runner_policy(const struct engine *e, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (e->around->rise)
		sched_setscheduler(0, policy, &param);
}

static int run_scenario(struct engine *e)
{
	struct vm_err err = { };
	int ret, cleared;

	set_runner_policy(e, SCHED_FIFO | SCHED_RESET_ON_FORK, 1);
	ret = open_engine(e, &err);
	e->began_ns = work_now_ns();
	set_up_monitor(e);
	if (ret) {
		ktstr_result__add(e->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s",
				  err.msg);
	} else {
		ret = run_steps(e);
		cleared = ktstr_stage__clear(&e->stage, true, &err);
		if (cleared) {
			failed(e, cleared, "cleanup of the backdrop", "", err.msg);
			ret = ret ? ret : cleared;
		}
	}
	ktstr_stage__doing(&e->stage, KTSTR_DOING_OWN);
	ktstr_watch__close(&e->watch);
	ktstr_stage__fini(&e->stage);
	set_runner_policy(e, SCHED_OTHER, 0);
	return ret;
}

int ktstr_engine__run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan,
			   const struct ktstr_surroundings *around)
{
	struct engine e = { .ctx = ctx, .around = around };
	struct vm_err err;
	int ret;

	e.machine = ktstr_machine__read(around->sysfs, &err);
	if (!e.machine) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s", err.msg);
		return -EIO;
	}
	ret = ktstr_scenario__check(&e.scenario, ctx, plan, e.machine);
	if (!ret)
		ret = run_scenario(&e);
	ktstr_scenario__free(&e.scenario);
	free(e.machine);
	return ret;
}

int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_surroundings *around)
{
	return ktstr_engine__run_def(ctx, &(struct ktstr_scenario_def){ .steps = steps, .nr = nr },
				      around);
}

static const struct ktstr_surroundings guest = {
	.cgroupfs = "/sys/fs/cgroup",
	.sysfs = "/sys",
	.procfs = "/proc",
	.ready_ns = 5 * NSEC_PER_SEC,
	.stop_ns = 5 * NSEC_PER_SEC,
	/* With a forgotten worker all of these pass; together less than a body's grace of 15 s. */
	.kill_ns = 3 * NSEC_PER_SEC / 2,
	.rise = true,
};

int ktstr_run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan)
{
	return ktstr_engine__run_def(ctx, plan, &guest);
}

int ktstr_run_steps(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr)
{
	return ktstr_engine__run(ctx, steps, nr, &guest);
}

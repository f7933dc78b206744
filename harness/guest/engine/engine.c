// SPDX-License-Identifier: GPL-2.0
/*
 * The step engine. A step is
 *
 *	ops, cgroups, workers (all forked and parked), start (all at once), stimulus,
 *	hold, stop, statistics and checks, removal
 *
 * or, when it loops, cgroups, workers, start, stimulus, and then ops and a pause over and over.
 * The backdrop is made before the first step and removed after the last.
 *
 * Everything is removed on all error paths. A failure of the scheduler is a finding, and the
 * function returns 0. A step that the guest cannot carry out is an error: it ends the scenario
 * with -errno and a detail that names the object and the errno.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/clock.h"
#include "harness/chan/chan.h"
#include "engine.h"
#include "hold.h"
#include "monitor_sets.h"
#include "ops/ops.h"
#include "scenario.h"
#include "state/payload_run.h"
#include "state/stall.h"
#include "state/state.h"
#include "state/worker_group.h"
#include "harness/guest/work/work.h"

#define MAX_OPS_TOLD	1000		/* of a scenario */

struct engine {
	struct ktstr_ctx *ctx;
	const struct ktstr_engine_env *env;
	struct ktstr_machine *machine;
	struct ktstr_scenario scenario;
	struct ktstr_scenario_state state;
	struct ktstr_hold_ctx hold;
	struct ktstr_stall_monitor monitor;
	struct ktstr_monitor_sets sets;
	uint32_t hold_generation;	/* ctx->sched_generation that @hold is about */
	uint64_t began_ns;		/* CLOCK_MONOTONIC, first step */
	uint32_t begun;			/* steps */
	uint32_t ops_told;		/* to the host */
};

/* "step N failed: OP CGROUP: what went wrong"; returns @ret. */
static int failed(struct engine *e, int ret, const char *op, const char *cgroup, const char *why)
{
	char where[24];

	snprintf(where, sizeof(where), "step %u failed", e->state.step + 1);
	ktstr_result__add(e->ctx->result, KTSTR_FAILS, KTSTR_STEP_FAILED, "%s: %s%s%s: %s",
			  e->state.in_backdrop ? "Backdrop setup failed" : where, op,
			  cgroup && *cgroup ? " " : "", cgroup ? cgroup : "", why);
	return ret;
}

static uint64_t iterations(const struct engine *e)
{
	uint64_t sum = e->state.iterations;

	for (uint32_t i = 0; i < e->state.nr_groups; i++)
		sum += ktstr_workers__iterations(e->state.groups[i]->workers);
	return sum;
}

/* A loop may carry out any number of ops; only the first ones are told. */
static void tell_op(struct engine *e, const struct ktstr_op_row *row, const struct ktstr_op *op)
{
	struct ktstr_msg_op m = {
		.step = e->state.in_backdrop ? KTSTR_NO_STEP : e->state.step,
		.kind = e->ops_told < MAX_OPS_TOLD ? op->kind : KTSTR_OP_END,
	};

	if (!e->ctx->op_done || e->ops_told > MAX_OPS_TOLD)
		return;
	e->ops_told++;
	m.iterations = iterations(e);
	if (m.kind != KTSTR_OP_END) {
		snprintf(m.name, sizeof(m.name), "%s", row->name);
		snprintf(m.cgroup, sizeof(m.cgroup), "%s", op->cgroup ?: "");
		ktstr_op__words(&e->state, op, m.text, sizeof(m.text));
	}
	e->ctx->op_done(e->ctx, &m);
}

static int apply_ops(struct engine *e, const struct ktstr_op *op)
{
	const struct ktstr_op_row *row;
	struct ktstr_err err = { };
	int ret;

	ktstr_state__doing(&e->state, KTSTR_DOING_OPS);
	for (; op && op->kind != KTSTR_OP_END; op++) {
		row = ktstr_op__row(op->kind);
		ret = row->apply(&e->state, op, &err);
		if (ret)
			return failed(e, ret, row->name, op->cgroup, err.msg);
		tell_op(e, row, op);
		if (e->state.sched_ended)
			break;
	}
	return 0;
}

/* All cgroups before the first worker. */
static int make_cgroups(struct engine *e, const struct ktstr_cgroup *cgroups)
{
	const struct ktstr_cgroup *c;
	struct ktstr_err err = { };
	int ret = 0;

	for (c = cgroups; c && c->name && !ret; c++) {
		ret = ktstr_state__make(&e->state, c, &err);
		if (ret)
			failed(e, ret, "cgroup", c->name, err.msg);
	}
	for (c = cgroups; c && c->name && !ret; c++) {
		ret = ktstr_state__populate(&e->state, c, &err);
		if (ret)
			failed(e, ret, "workers of", c->name, err.msg);
	}
	return ret;
}

static int start_workers(struct engine *e)
{
	struct ktstr_err err = { };
	uint32_t late;
	int ret;

	ret = ktstr_state__start(&e->state, &late, &err);
	if (!ret && !e->state.in_backdrop)
		ret = ktstr_state__begin_phases(&e->state, &err);
	if (ret)
		return failed(e, ret, "start", "", err.msg);
	if (!e->state.in_backdrop)
		ktstr_monitor_sets__tell(&e->sets, &e->state, e->scenario.set);
	if (late)
		ktstr_result__add(e->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "step %u: %u workers had not reached the start line after %" PRIu64 " ms",
				  e->state.step + 1, late, e->env->ready_ns / NSEC_PER_MSEC);
	return 0;
}

static void send_stimulus(struct engine *e, const struct ktstr_step *step)
{
	struct ktstr_msg_stimulus s = {
		.step = e->state.step,
		.iterations = iterations(e),
		.cgroups = e->state.nr_cgroups,
	};
	const struct ktstr_op *op;
	uint32_t i;

	snprintf(s.part, sizeof(s.part), "%s", e->ctx->part ?: "");
	for (op = step->ops; op && op->kind != KTSTR_OP_END; op++)
		s.op_kinds |= 1ULL << op->kind;
	for (i = 0; i < e->state.nr_groups; i++)
		s.workers += ktstr_workers__nr(e->state.groups[i]->workers);
	if (e->ctx->stimulus)
		e->ctx->stimulus(e->ctx, &s);
}

static void look_at_workers(struct engine *e, uint64_t now, bool last)
{
	const struct ktstr_worker_group *group;
	uint32_t i;

	ktstr_stall__begin(&e->monitor, now, last);
	for (i = 0; i < e->state.nr_groups; i++) {
		group = e->state.groups[i];
		if (group->started)
			ktstr_group__look(e->state.groups[i], &e->monitor);
	}
	ktstr_stall__end(&e->monitor);
}

static void look_for_stalls(void *arg, uint64_t now)
{
	look_at_workers(arg, now, false);
}

/* Of a step that was held to its end: who did nothing in it? */
static void look_at_the_end(struct engine *e)
{
	if (e->ctx->stall_poll_ms && !e->state.sched_ended && !e->scenario.steps[e->state.step].hold.none)
		look_at_workers(e, ktstr_now_ns(), true);
}

static void on_cpus_changed(void *arg)
{
	ktstr_state__cpus_changed(&((struct engine *)arg)->state);
}

static void set_up_monitor(struct engine *e)
{
	e->ctx->result->stall_poll_ms = e->ctx->stall_poll_ms;
	e->monitor = (struct ktstr_stall_monitor){
		.procfs = e->env->procfs, .cgroupfs = e->env->cgroupfs,
		.result = e->ctx->result, .began_ns = e->began_ns,
	};
	e->hold.look = look_for_stalls;
	e->hold.look_arg = e;
	e->hold.look_every_ns = e->ctx->stall_poll_ms * NSEC_PER_MSEC;
	e->hold.cpus_changed = on_cpus_changed;
	e->hold.phase = e->ctx->sched_phase;
}

/* An op may have replaced the scheduler: drop events about the former one. */
static int follow_scheduler(struct engine *e)
{
	if (e->hold_generation == e->ctx->sched_generation)
		return 0;
	ktstr_hold__close(&e->hold);
	e->hold_generation = e->ctx->sched_generation;
	return ktstr_hold__open(&e->hold, e->env->sysfs, e->ctx->sched_pidfd,
				e->ctx->sched_pid > 0);
}

/*
 * Wait @ns; with 0 only check whether the scheduler is still attached. If it is not, PID 1 reports
 * the reason; the note here only says what was not tested.
 */
static int hold(struct engine *e, uint64_t ns)
{
	static const char * const how[] = {
		[KTSTR_HOLD_SCHED_EXITED] = "process ended",
		[KTSTR_HOLD_SCHED_EJECTED] = "was no longer attached",
	};
	enum ktstr_hold_end end;
	int ret;

	ktstr_state__doing(&e->state, KTSTR_DOING_HOLD);
	ret = follow_scheduler(e);
	if (!ret)
		ret = ktstr_hold__wait(&e->hold, ns, &end);
	if (ret)
		return failed(e, ret, "hold", "", strerror(-ret));
	if (end == KTSTR_HOLD_OVER)
		return 0;
	e->state.sched_ended = true;
	ktstr_result__add(e->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
			  "the scheduler %s %s step %u of %u, %.1f s into the scenario; the scenario was ended",
			  how[end], ns ? "in" : "before", e->state.step + 1, e->scenario.nr,
			  (double)(ktstr_now_ns() - e->began_ns) / 1e9);
	return 0;
}

static int loop(struct engine *e, const struct ktstr_step *step)
{
	uint64_t now = ktstr_now_ns(), deadline = now + e->scenario.hold_ns[e->state.step];
	uint64_t pause, loop_ns = (uint64_t)step->hold.loop_ns;
	int ret = 0;

	for (; now < deadline && !ret && !e->state.sched_ended; now = ktstr_now_ns()) {
		e->state.in_loop = true;
		ret = apply_ops(e, step->ops);
		e->state.in_loop = false;
		if (!ret && !e->state.sched_ended)
			ret = start_workers(e);
		if (ret || e->state.sched_ended)
			break;
		now = ktstr_now_ns();
		pause = now < deadline ? deadline - now : 1;
		ret = hold(e, pause < loop_ns ? pause : loop_ns);
	}
	return ret;
}

static int carry_out(struct engine *e, const struct ktstr_step *step)
{
	int ret = 0;

	if (!step->hold.loop_ns)
		ret = apply_ops(e, step->ops);
	if (e->state.sched_ended)
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
	return hold(e, e->scenario.hold_ns[e->state.step]);
}

static int run_step(struct engine *e, uint32_t index)
{
	struct ktstr_err err = { };
	int ret, cleared;

	e->state.step = index;
	ret = hold(e, 0);
	if (ret || e->state.sched_ended)
		return ret;
	e->begun++;
	ret = carry_out(e, &e->scenario.steps[index]);
	if (!ret)
		look_at_the_end(e);
	ktstr_state__end_phases(&e->state);
	cleared = ktstr_state__clear(&e->state, false, &err);
	e->ctx->stop_ns = e->state.stop_ns;
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
	struct ktstr_err err = { };
	int ret;

	if (!b)
		return 0;
	e->state.in_backdrop = true;
	ret = make_cgroups(e, b->cgroups);
	if (!ret)
		ret = apply_ops(e, b->ops);
	for (p = b->payloads; p && *p && !ret; p++) {
		ret = ktstr_payload_run__start(&e->state, *p, NULL, "", &err);
		if (ret)
			failed(e, ret, "payload", (*p)->name, err.msg);
	}
	if (!ret)
		ret = start_workers(e);
	e->state.in_backdrop = false;
	ktstr_cgroups__keep(&e->state.tree);
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

/* Enable the cpu controller: sched_ext informs schedulers only about cgroups that have it. */
static int control_cpu(struct engine *e, struct ktstr_err *err)
{
	struct ktstr_cgroups *cg = &e->state.tree;
	const struct ktstr_backdrop *b = e->scenario.backdrop;

	if (b && b->no_cpu_controller)
		return ktstr_cgroups__disable(cg, "cpu", err);
	if (e->scenario.controllers & 1u << KTSTR_CONTROLLER_CPU)
		return 0;
	cg->group_cpu = true;
	return ktstr_cgroups__enable(cg, "cpu", err);
}

/* Everything that is needed before the first step; a sentence on failure. */
static int open_engine(struct engine *e, struct ktstr_err *err)
{
	const struct ktstr_engine_env *env = e->env;
	struct ktstr_scenario_state *st = &e->state;
	int ret = 0;

	*st = (struct ktstr_scenario_state){
		.ctx = e->ctx, .checks = e->scenario.checks, .env = env,
		.machine = e->machine, .kill_ns = env->kill_ns,
	};
	ktstr_controllers__format(e->scenario.controllers, st->controllers);
	allow_descriptors();
	e->hold.wake = -1;
	ret = ktstr_state__init(st);
	if (ret)
		return ktstr_err(err, -ret, "shared memory: %s", strerror(-ret));
	ret = ktstr_state__open_tree(st, err);
	if (!ret && st->controllers[0])
		ret = ktstr_cgroups__enable(&st->tree, st->controllers, err);
	if (!ret)
		ret = control_cpu(e, err);
	if (ret)
		return ret;
	e->hold_generation = e->ctx->sched_generation;
	ret = ktstr_hold__open(&e->hold, env->sysfs, e->ctx->sched_pidfd,
			       e->ctx->sched_pid > 0);
	return ret ? ktstr_err(err, -ret, "watch the scheduler: %s", strerror(-ret)) : 0;
}

static int run_steps(struct engine *e)
{
	uint32_t i;
	int ret;

	ret = make_backdrop(e);
	for (i = 0; i < e->scenario.nr && !ret && !e->state.sched_ended; i++)
		ret = run_step(e, i);
	if (!ret && e->begun < e->scenario.nr)
		ktstr_result__add(e->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%u of %u steps were not run", e->scenario.nr - e->begun,
				  e->scenario.nr);
	return ret;
}

void ktstr_engine__rise(const struct ktstr_engine_env *env, bool above_load)
{
	struct sched_param param = { .sched_priority = above_load };

	if (env->rise)
		sched_setscheduler(0, above_load ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER,
				   &param);
}

static int run_scenario(struct engine *e)
{
	struct ktstr_err err = { };
	int ret, cleared;

	ktstr_engine__rise(e->env, true);
	ret = open_engine(e, &err);
	e->began_ns = ktstr_now_ns();
	set_up_monitor(e);
	if (ret) {
		ktstr_result__add(e->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s",
				  err.msg);
	} else {
		ret = run_steps(e);
		ktstr_monitor_sets__end(&e->sets, e->ctx);
		cleared = ktstr_state__clear(&e->state, true, &err);
		if (cleared) {
			failed(e, cleared, "cleanup of the backdrop", "", err.msg);
			ret = ret ? ret : cleared;
		}
		if (!ret && !e->scenario.nr_groups && !e->state.payload_judged)
			ktstr_result__add(e->ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "no step has workers, and no payload was judged: there was nothing to judge");
	}
	ktstr_state__doing(&e->state, KTSTR_DOING_OWN);
	ktstr_hold__close(&e->hold);
	ktstr_state__fini(&e->state);
	ktstr_engine__rise(e->env, false);
	return ret;
}

/* Before the boot only the check is wanted. */
static void __attribute__((noreturn))
preview(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan)
{
	const struct ktstr_preview *p = ctx->preview;
	struct ktstr_scenario sc;

	ctx->result->nr_details = 0;	/* what the body said before may hold only here */
	__atomic_store_n(p->stage, KTSTR_PREVIEW_CHECKING, __ATOMIC_RELEASE);
	ktstr_scenario__check(&sc, ctx, plan, p->machine);
	__atomic_store_n(p->stage, KTSTR_PREVIEW_CHECKED, __ATOMIC_RELEASE);
	_exit(0);
}

struct ktstr_machine *ktstr_engine__read_machine(struct ktstr_ctx *ctx,
						 const struct ktstr_engine_env *env)
{
	struct ktstr_machine *m;
	struct ktstr_err err;

	m = ktstr_machine__read(env->sysfs, &err);
	if (!m)
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s", err.msg);
	return m;
}

int ktstr_engine__run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan,
			  const struct ktstr_engine_env *env)
{
	struct engine e = { .ctx = ctx, .env = env };
	int ret;

	if (ctx->preview)
		preview(ctx, plan);
	e.machine = ktstr_engine__read_machine(ctx, env);
	if (!e.machine)
		return -EIO;
	ret = ktstr_scenario__check(&e.scenario, ctx, plan, e.machine);
	if (!ret)
		ret = run_scenario(&e);
	ktstr_scenario__free(&e.scenario);
	free(e.machine);
	return ret;
}

int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_engine_env *env)
{
	return ktstr_engine__run_def(ctx, &(struct ktstr_scenario_def){ .steps = steps, .nr = nr },
				     env);
}

const struct ktstr_engine_env ktstr_engine_guest = {
	.cgroupfs = "/sys/fs/cgroup",
	.sysfs = "/sys",
	.procfs = "/proc",
	.ready_ns = 5 * NSEC_PER_SEC,
	.stop_ns = 5 * NSEC_PER_SEC,
	/*
	 * All of these expire when a worker is never scheduled; their sum is below a body's grace
	 * of 15 s.
	 */
	.kill_ns = 3 * NSEC_PER_SEC / 2,
	.rise = true,
};

int ktstr_run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan)
{
	return ktstr_engine__run_def(ctx, plan, &ktstr_engine_guest);
}

int ktstr_run_steps(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr)
{
	return ktstr_engine__run(ctx, steps, nr, &ktstr_engine_guest);
}

struct ktstr_machine *ktstr_machine(struct ktstr_ctx *ctx)
{
	struct ktstr_machine *copy;

	if (!ctx->preview)
		return ktstr_engine__read_machine(ctx, &ktstr_engine_guest);
	copy = malloc(sizeof(*copy));
	if (copy)
		*copy = *ctx->preview->machine;
	return copy;
}

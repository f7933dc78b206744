// SPDX-License-Identifier: GPL-2.0
/* Snapshots in a run: see part.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/scenario.h>

#include "lib/clock.h"
#include "lib/paths.h"
#include "harness/dump/file.h"
#include "harness/dump/part.h"
#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "harness/plan/variant.h"
#include "memory.h"
#include "part.h"
#include "report.h"
#include "stats.h"

#define SUFFIX		".snapshot.json"
#define PAUSE_MS	5000	/* until all CPUs must have stopped */
#define MAX_FAILURES	2	/* to stop them, before periodic ones are given up */

const struct ktstr_snapshot_state *ktstr_snapshots__of(const struct ktstr_run *run)
{
	return run ? ktstr_part__state(run, &ktstr_snapshot_part) : NULL;
}

static struct ktstr_monitor_state *monitor(const struct ktstr_run *run)
{
	return ktstr_part__state(run, &ktstr_monitor_part);
}

#define STATS_PATIENCE_NS	(100 * NSEC_PER_MSEC)	/* that a periodic one has */

/* Does the test have a scheduler with a process that could serve statistics? */
static bool has_server(const struct ktstr_plan *p)
{
	const struct ktstr_scheduler * const *staged = p->test->staged_schedulers;

	return (p->scheduler && p->scheduler->binary) || (staged && *staged);
}

static int args(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a)
{
	(void)state;
	/* so a guest with nobody to ask does not know of its snapshots */
	a->no_scx_stats = run->opts.no_scx_stats;
	if (!run->opts.no_scx_stats && has_server(run->plan))
		a->num_snapshots = run->plan->num_snapshots;
	return 0;
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	struct ktstr_snapshot_state *s = state;

	(void)err;
	s->vm = vm;
	s->target = run->plan->num_snapshots;
	return 0;
}

/* The guest's clock, without the pauses that it has counted. */
static uint64_t active_ns(const struct ktstr_snapshot_state *s, uint64_t guest_ns)
{
	return guest_ns > s->frozen_ns ? guest_ns - s->frozen_ns : 0;
}

/*
 * The window begins with the first step, when its workers run. A body without steps has one that
 * begins with the body; that there are none is known after a tenth of the duration.
 */
static void open_window(const struct ktstr_run *run, struct ktstr_snapshot_state *s, uint64_t now)
{
	uint64_t duration = run->plan->duration_s * NSEC_PER_SEC;
	const struct ktstr_seen *seen = run->seen;

	if (s->window.start_ns || !seen->body_ns)
		return;
	if (seen->nr_stimuli)
		s->window.start_ns = seen->stimuli[0].time_ns;
	else if (now >= seen->body_ns + duration / 10)
		s->window.start_ns = seen->body_ns;
	else
		return;
	s->window.end_ns = s->window.start_ns + duration;
	s->window.nr = s->target;
}

static uint32_t step_at(const struct ktstr_run *run)
{
	const struct ktstr_seen *seen = run->seen;

	return seen->nr_stimuli ? seen->stimuli[seen->nr_stimuli - 1].what.step : KTSTR_NO_STEP;
}

static uint64_t elapsed_ns(const struct ktstr_snapshot_state *s, uint64_t guest_ns)
{
	uint64_t now = active_ns(s, guest_ns);

	return s->window.start_ns && now > s->window.start_ns ? now - s->window.start_ns : 0;
}

/* @why: there is only a placeholder. */
static struct ktstr_snapshot *store(struct ktstr_run *run, struct ktstr_snapshot_state *s,
				    const char *name, enum ktstr_snapshot_kind kind,
				    uint64_t guest_ns, const char *why)
{
	static const char * const triggers[] = {
		[KTSTR_SNAPSHOT_ASKED] = "request", [KTSTR_SNAPSHOT_WATCHED] = "watch",
		[KTSTR_SNAPSHOT_PERIODIC] = "periodic",
	};
	struct ktstr_snapshot *n = ktstr_bridge__add(&s->bridge, name);

	if (!n)
		return NULL;
	open_window(run, s, guest_ns);
	n->kind = kind;
	n->time_ns = guest_ns;
	n->elapsed_ns = elapsed_ns(s, guest_ns);
	n->step = step_at(run);
	ktstr_jtree__str(&n->tree, n->report, "snapshot", name);
	ktstr_jtree__u64(&n->tree, n->report, "elapsed_ms", n->elapsed_ns / NSEC_PER_MSEC);
	if (!why && ktstr_dump_part__take(run, &n->tree, n->report, triggers[kind]))
		why = "the kernel was not found in the guest's memory";
	if (!why)
		return n;
	n->placeholder = true;
	ktstr_jtree__str(&n->tree, n->report, "schema", KTSTR_SCHEMA_SINGLE);
	ktstr_jtree__bool(&n->tree, n->report, "is_placeholder", true);
	ktstr_jtree__str(&n->tree, n->report, "reason", why);
	return n;
}

/* What the guest has heard from the scheduler goes into @n, if it has. */
static void put_stats(struct ktstr_run *run, struct ktstr_snapshot_state *s,
		      struct ktstr_snapshot *n, unsigned int i)
{
	struct ktstr_scx_stats_seen *st = &run->seen->scx_stats[i];

	if (!n || !st->is_new)
		return;
	st->is_new = false;
	ktstr_snapshot_stats__put(n, st, elapsed_ns(s, st->time_ns));
}

/* ---- what the body asks for ---- */

static const char *no_view(const struct ktstr_run *run)
{
	const struct ktstr_monitor_state *mon = monitor(run);

	if (!run->opts.monitor)
		return "KTSTR_MONITOR=off: nobody looks at the guest's memory";
	if (!mon || !mon->vm)
		return mon && mon->why_not[0] ? mon->why_not : "nobody looks at the guest's memory";
	return NULL;
}

static void keep_access(struct ktstr_snapshot_state *s, const struct ktstr_msg_ask *a)
{
	struct ktstr_access *k = &s->access[s->nr_accesses];

	if (s->nr_accesses == KTSTR_MAX_ACCESSES) {
		s->dropped_accesses++;
		return;
	}
	s->nr_accesses++;
	k->len = a->len;
	k->write = a->what >= KTSTR_ASK_WRITE_HOT;
	k->cold = a->what == KTSTR_ASK_READ_COLD || a->what == KTSTR_ASK_WRITE_COLD;
	if (a->target == KTSTR_KERNEL_ADDRESS)
		snprintf(k->what, sizeof(k->what), "%#" PRIx64, a->address);
	else if (a->target == KTSTR_KERNEL_PER_CPU)
		snprintf(k->what, sizeof(k->what), "%s of CPU %u", a->name, a->cpu);
	else if (a->target == KTSTR_KERNEL_TASK)
		snprintf(k->what, sizeof(k->what), "%s of task %d", a->name, a->pid);
	else
		snprintf(k->what, sizeof(k->what), "%s", a->name);
}

static void access_memory(struct ktstr_run *run, struct ktstr_snapshot_state *s)
{
	struct ktstr_seen *seen = run->seen;
	const struct ktstr_msg_ask *a = &seen->ask.what;
	struct ktstr_monitor *m = &monitor(run)->mon;
	struct ktstr_err err = { .msg = "" };
	int ret;

	if (a->what == KTSTR_ASK_WRITE_HOT || a->what == KTSTR_ASK_WRITE_COLD) {
		ret = ktstr_memory__write(m, a, seen->ask.data, &err);
	} else {
		ret = ktstr_memory__read(m, a, seen->answer.data, &err);
		seen->answer.len = ret ? 0 : a->len;
	}
	if (!ret)
		keep_access(s, a);
	ktstr_answer__put(seen, ret, "%s", err.msg);
}

static void start_watch(struct ktstr_run *run, struct ktstr_snapshot_state *s)
{
	struct ktstr_seen *seen = run->seen;
	const char *name = seen->ask.what.as;
	uint64_t kva;
	int ret;

	if (s->nr_watches == KTSTR_MAX_WATCHES) {
		ktstr_answer__put(seen, -ENOSPC, "%d variables are watched already",
				  KTSTR_MAX_WATCHES);
		return;
	}
	if (ktstr_kview__attach(&monitor(run)->mon.view) ||
	    ktstr_kview__symbol(&monitor(run)->mon.view, name, &kva)) {
		ktstr_answer__put(seen, -ENOENT, "this kernel has no symbol %s", name);
		return;
	}
	if (kva % VM_WATCH_BYTES) {
		ktstr_answer__put(seen, -EINVAL, "%s is at %#" PRIx64 ", which is not a multiple of %d",
				  name, kva, VM_WATCH_BYTES);
		return;
	}
	ret = vm_set_watch(s->vm, s->nr_watches, kva);
	if (ret) {
		ktstr_answer__put(seen, ret, "%s", ret == -EOPNOTSUPP ?
				  "this machine cannot watch its memory" : strerror(-ret));
		return;
	}
	snprintf(s->watch[s->nr_watches++], KTSTR_NAME_LEN, "%s", name);
	ktstr_answer__put(seen, 0, "done");
}

static void take_asked(struct ktstr_run *run, struct ktstr_snapshot_state *s)
{
	struct ktstr_seen *seen = run->seen;
	struct ktstr_snapshot *n = store(run, s, seen->ask.what.as, KTSTR_SNAPSHOT_ASKED,
					 seen->ask.time_ns, NULL);

	put_stats(run, s, n, KTSTR_SCX_STATS_SEEN - 1);
	if (n)
		n->step = seen->ask.what.step;
	if (!n)
		ktstr_answer__put(seen, -ENOMEM, "no memory for a snapshot");
	else if (n->placeholder)
		ktstr_answer__put(seen, -EAGAIN, "%s",
				  ktstr_jnode__str(n->report, "reason", "nothing was read"));
	else
		ktstr_answer__put(seen, 0, "done");
}

static void carry_out(struct ktstr_run *run, struct ktstr_snapshot_state *s)
{
	switch ((enum ktstr_ask)run->seen->ask.what.what) {
	case KTSTR_ASK_SNAPSHOT:
		take_asked(run, s);
		return;
	case KTSTR_ASK_WATCH:
		start_watch(run, s);
		return;
	default:
		access_memory(run, s);
	}
}

/* Does the guest have to stand still? One vCPU does, at its sync point. */
static bool needs_pause(const struct ktstr_run *run, uint32_t what)
{
	return !ktstr_run__deterministic(run) &&
	       (what == KTSTR_ASK_SNAPSHOT || what == KTSTR_ASK_READ_COLD ||
		what == KTSTR_ASK_WRITE_COLD);
}

/* All CPUs have stood still since @before. QEMU stops its clock meanwhile, KVM's goes on. */
static void resume(const struct ktstr_run *run, struct ktstr_snapshot_state *s, uint64_t before)
{
	vm_resume(s->vm);
	if (run->accel == VM_ACCEL_KVM)
		s->frozen_ns += ktstr_now_ns() - before;
}

static void answer(struct ktstr_run *run, struct ktstr_snapshot_state *s)
{
	const char *why = no_view(run);
	struct ktstr_err err = { .msg = "" };
	uint64_t before = ktstr_now_ns();

	if (why) {
		ktstr_answer__put(run->seen, -EOPNOTSUPP, "%s", why);
		return;
	}
	if (!needs_pause(run, run->seen->ask.what.what)) {
		carry_out(run, s);
		return;
	}
	if (vm_pause(s->vm, PAUSE_MS, &err)) {
		ktstr_answer__put(run->seen, -ETIMEDOUT, "%s", err.msg);
		return;
	}
	carry_out(run, s);
	resume(run, s, before);
}

static void watch(struct ktstr_run *run, void *state, struct vm *vm, unsigned int nr)
{
	struct ktstr_snapshot_state *s = state;
	uint64_t before = ktstr_now_ns();
	struct ktstr_err err = { .msg = "" };
	bool pause = !ktstr_run__deterministic(run);

	if (!s->vm || nr >= s->nr_watches)
		return;
	if (pause && vm_pause(vm, PAUSE_MS, &err)) {
		store(run, s, s->watch[nr], KTSTR_SNAPSHOT_WATCHED, run->seen->now_ns, err.msg);
		return;
	}
	ktstr_monitor__last_time(run, monitor(run));
	store(run, s, s->watch[nr], KTSTR_SNAPSHOT_WATCHED, run->seen->now_ns, NULL);
	if (pause)
		resume(run, s, before);
}

/* ---- periodic ones ---- */

/* The guest's clock at the sample that was just taken. 0: there is none. */
static uint64_t sample_ns(const struct ktstr_run *run)
{
	const struct ktstr_series *all = &monitor(run)->all;

	return all->nr ? all->point[all->nr - 1].time_ns : 0;
}

/*
 * The scheduler is asked when a snapshot is due, and may need a moment to get a CPU. So long, but not
 * for half of the time to the next one, the snapshot waits, so that both show the same moment.
 */
static uint64_t patience_ns(const struct ktstr_run *run, const struct ktstr_snapshot_state *s)
{
	uint64_t gap = (s->window.end_ns - s->window.start_ns) * 8 / 10 / (s->target + 1);

	if (run->opts.no_scx_stats || !has_server(run->plan) ||
	    run->seen->scx_stats[s->fired].what.outcome != KTSTR_SCX_STATS_NONE)
		return 0;
	return gap / 2 < STATS_PATIENCE_NS ? gap / 2 : STATS_PATIENCE_NS;
}

/* Is the next one due at @now? One at a time: a second one would see the same. */
static bool is_due(const struct ktstr_run *run, struct ktstr_snapshot_state *s, uint64_t now)
{
	uint64_t due;

	if (s->fired >= s->target || s->failures == MAX_FAILURES || no_view(run) ||
	    run->seen->teardown_ns)
		return false;
	open_window(run, s, now);
	due = ktstr_window__due(&s->window, s->fired);
	return due && active_ns(s, now) >= due + patience_ns(run, s);
}

static void name_periodic(char *buf, size_t size, unsigned int i)
{
	snprintf(buf, size, "periodic_%03u", i);
}

static void take_periodic(struct ktstr_run *run, struct ktstr_snapshot_state *s, uint64_t now,
			  const char *why)
{
	char name[KTSTR_NAME_LEN];
	struct ktstr_snapshot *n;

	name_periodic(name, sizeof(name), s->fired);
	n = store(run, s, name, KTSTR_SNAPSHOT_PERIODIC, now, why);
	if (n)
		n->due_ns = ktstr_window__due(&s->window, s->fired) - s->window.start_ns;
	put_stats(run, s, n, s->fired);
	s->fired++;
}

/* The same while all CPUs stand still. */
static void pause_and_take(struct ktstr_run *run, struct ktstr_snapshot_state *s, uint64_t now)
{
	uint64_t before = ktstr_now_ns();
	struct ktstr_err err = { .msg = "" };

	if (ktstr_run__deterministic(run)) {
		take_periodic(run, s, now, NULL);
		return;
	}
	if (vm_pause(s->vm, PAUSE_MS, &err)) {
		s->failures++;
		take_periodic(run, s, now, err.msg);
		return;
	}
	s->failures = 0;
	take_periodic(run, s, now, NULL);
	resume(run, s, before);
}

/*
 * The guest asks the scheduler when a snapshot is due. If it is here before the monitor's next
 * sample, the snapshot is taken now, with the answer; else the snapshot was taken without it.
 */
static void take_over_stats(struct ktstr_run *run, struct ktstr_snapshot_state *s)
{
	char name[KTSTR_NAME_LEN];

	for (unsigned int i = 0; i < KTSTR_MAX_PERIODIC; i++) {
		struct ktstr_scx_stats_seen *st = &run->seen->scx_stats[i];

		if (!st->is_new)
			continue;
		if (i == s->fired && is_due(run, s, st->time_ns))
			pause_and_take(run, s, st->time_ns);
		if (i >= s->fired)
			continue;	/* it waits for its snapshot */
		name_periodic(name, sizeof(name), i);
		put_stats(run, s, ktstr_bridge__find(&s->bridge, name), i);
	}
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_snapshot_state *s = state;

	(void)vm;
	if (!s->vm)
		return;
	take_over_stats(run, s);
	if (run->seen->asked && !run->seen->answered)
		answer(run, s);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_snapshot_state *s = state;

	(void)vm;
	if (slot == VM_MARK_PACE && s->vm && is_due(run, s, sample_ns(run)))
		take_periodic(run, s, sample_ns(run), NULL);
}

static void tick(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_snapshot_state *s = state;

	(void)vm;
	if (s->vm && is_due(run, s, sample_ns(run)))
		pause_and_take(run, s, sample_ns(run));
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_snapshot_state *s = state;

	(void)run;
	(void)vm;
	s->vm = NULL;
}

/* ---- what is left of them ---- */

static void write_file(struct ktstr_run *run, struct ktstr_snapshot *n)
{
	char path[PATH_MAX];
	int ret;

	snprintf(n->file, sizeof(n->file), "%.120s-%016" PRIx64 ".%s" SUFFIX,
		 run->plan->test->name, ktstr_variant__hash(run), n->name);
	ret = ktstr_paths__fmt(path, sizeof(path), "%s/%s", run->dir, n->file);
	if (!ret)
		ret = ktstr_dump_file__write(n->report, path);
	if (ret) {
		ktstr_run__lose(run, "%.400s: %s", path, strerror(-ret));
		n->file[0] = '\0';
	}
}

/* Why nothing was heard of the scheduler's statistics. */
static const char *why_no_stats(const struct ktstr_run *run, const struct ktstr_snapshot *n)
{
	if (run->opts.no_scx_stats)
		return "KTSTR_SCX_STATS=off: the scheduler was not asked";
	if (n->kind == KTSTR_SNAPSHOT_WATCHED)
		return "nobody can be asked while the kernel writes to a variable";
	if (!has_server(run->plan))
		return "the test has no scheduler that could be asked";
	return "the guest did not come to asking the scheduler";
}

static void fold(struct ktstr_run *run, void *state)
{
	struct ktstr_snapshot_state *s = state;

	for (unsigned int i = 0; i < s->bridge.nr; i++) {
		struct ktstr_snapshot *n = s->bridge.list[i];

		ktstr_snapshot_stats__none(n, why_no_stats(run, n));
		if (run->dir && n->report)
			write_file(run, n);
	}
}

static void release(void *state)
{
	struct ktstr_snapshot_state *s = state;

	ktstr_bridge__free(&s->bridge);
}

const struct ktstr_run_part ktstr_snapshot_part = {
	.name = "snapshots",
	.title = "snapshots",
	.state_size = sizeof(struct ktstr_snapshot_state),
	.period_ns = KTSTR_MONITOR_PERIOD_NS,
	.args = args,
	.attach = attach,
	.sync = sync_point,
	.mark = mark,
	.watch = watch,
	.tick = tick,
	.detach = detach,
	.fold = fold,
	.json = ktstr_snapshots__json,
	.report = ktstr_snapshots__report,
	.release = release,
};

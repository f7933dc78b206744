// SPDX-License-Identifier: GPL-2.0
/*
 * The monitor in a run. A deterministic guest is sampled at marks (pace.h), which cost it no time;
 * any other guest is sampled by the host's clock while it runs.
 *
 * Samples carry the guest's clock. Jiffies are in guest memory and tell when a sample was taken; at
 * each sync point the time of the guest's last message says how far jiffies are from that clock.
 *
 * A run without a view of its kernel goes on: what was to be judged is undecided then.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/paths.h"
#include "harness/kernel/kernel.h"
#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "monitor.h"

#define PCI_HOLE	(UINT64_C(1) << 30)	/* RAM above 4 GiB lies so much higher */
#define SYMBOLS		".symbols"		/* in the cache of kernels */

static const void *ram(void *vm, uint64_t gpa, size_t len)
{
	return vm_mem(vm, gpa, len);
}

static void *writable_ram(void *vm, uint64_t gpa, size_t len)
{
	return vm_mem(vm, gpa, len);
}

/* Samples are not all that the view is for. */
static bool wants_view(const struct ktstr_run *run)
{
	return run->opts.monitor || ktstr_monitor_writes__any(run->plan->test);
}

struct ktstr_monitor *ktstr_monitor__view(const struct ktstr_run *run)
{
	struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);

	return mon && mon->vm && mon->mon.view.ready ? &mon->mon : NULL;
}

struct ktstr_kimage *ktstr_monitor__open_image(const struct ktstr_run *run, struct ktstr_err *err)
{
	char root[PATH_MAX], dir[PATH_MAX];
	struct ktstr_kimage *img = NULL;
	const char *cache = NULL;
	struct ktstr_err unused;

	if (!ktstr_kernel__cache_root(root, sizeof(root), &unused) &&
	    !ktstr_paths__fmt(dir, sizeof(dir), "%s/" SYMBOLS, root))
		cache = dir;
	return ktstr_kimage__open(&img, run->kernel.path, cache, err ?: &unused) ? NULL : img;
}

static int check(const struct ktstr_test *t, struct ktstr_err *err)
{
	int ret = ktstr_monitor_maps__check(t, err);

	return ret ?: ktstr_monitor_writes__check(t, err);
}

static int add_args(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a)
{
	(void)state;
	a->hold_attach = run->plan->test->watchdog_timeout_s != KTSTR_UNSET;
	return 0;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	struct ktstr_monitor_state *s = state;
	struct ktstr_err err;

	/* under emulation whether it is looked at or not, so that both runs are the same */
	if (wants_view(run) || run->accel == VM_ACCEL_TCG)
		s->img = ktstr_monitor__open_image(run, &err);
	if (s->img)
		ktstr_kimage__apic_timer(s->img, &spec->apic_timer);
	if (!run->opts.monitor)
		snprintf(s->why_not, sizeof(s->why_not), "switched off by KTSTR_MONITOR");
	else if (!s->img)
		snprintf(s->why_not, sizeof(s->why_not), "%.255s", err.msg);
	if (!wants_view(run)) {
		ktstr_kimage__free(s->img);
		s->img = NULL;
	}
	if (s->img && run->opts.monitor && ktstr_run__deterministic(run))
		spec->mark_kva[VM_MARK_PACE] = ktstr_pace__link_kva(s->img);
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	struct ktstr_monitor_state *s = state;
	struct ktstr_gmem mem = {
		.at = ram, .writable = writable_ram, .arg = vm,
		.end = (run->plan->memory_mib << 20) + PCI_HOLE,
	};

	if (!s->img)
		return 0;
	if (ktstr_monitor__init(&s->mon, s->img, &mem, run->plan->nr_cpus, err)) {
		snprintf(s->why_not, sizeof(s->why_not), "%.255s", err->msg);
		return 0;
	}
	s->sample = ktstr_sample__new(&s->mon);
	s->vcpu_ns = calloc(run->plan->nr_cpus, sizeof(*s->vcpu_ns));
	if (!s->sample || !s->vcpu_ns || ktstr_monitor_writes__attach(run, s) ||
	    ktstr_watches__init(&s->watches, run->plan->test->watch_bpf_maps, s->img->btf))
		return ktstr_err(err, ENOMEM, "no memory for samples");
	s->vm = vm;
	ktstr_kthreads__resolve(&s->kthreads, s->img->btf);
	if (run->opts.monitor)
		snprintf(s->why_not, sizeof(s->why_not), "the guest ended before its kernel was found in memory");
	return 0;
}

/* The guest's clock at @jiffies, without the offset. False: the kernel's tick is not known. */
static bool to_ns(struct ktstr_monitor_state *s, uint64_t jiffies, int64_t *ns)
{
	if (!s->tick_ns && ktstr_monitor__tick_ns(&s->mon, &s->tick_ns))
		return false;
	*ns = (int64_t)(jiffies * s->tick_ns);
	return true;
}

static bool read_vcpu_times(struct ktstr_monitor_state *s)
{
	for (uint32_t cpu = 0; cpu < s->sample->nr_cpus; cpu++)
		if (vm_vcpu_time_ns(s->vm, cpu, &s->vcpu_ns[cpu]))
			return false;
	return true;
}

static void take_sample(const struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	bool have_times = read_vcpu_times(s);
	uint64_t time_ns;
	int64_t ns;
	int ret;

	ret = ktstr_monitor__sample(&s->mon, s->sample);
	s->all.torn += ret == -EBUSY;
	s->all.damaged += ret == -EIO;
	if (ret)
		return;
	if (!s->clock_known || !(s->sample->have_global >> KTSTR_GLOBAL_JIFFIES & 1) ||
	    !to_ns(s, s->sample->global[KTSTR_GLOBAL_JIFFIES], &ns))
		return;
	time_ns = (uint64_t)(ns + s->clock_offset_ns);
	run->seen->sampled_ns = time_ns;
	ktstr_series__add(&s->all, time_ns, s->sample, have_times ? s->vcpu_ns : NULL);
	ktstr_watches__read(&s->watches, &s->mon.view, s->sample, time_ns);
	ktstr_monitor_kthreads__look(run, s, s->sample->global[KTSTR_GLOBAL_JIFFIES], time_ns);
	s->why_not[0] = '\0';
}

/* The guest's last message was sent a moment ago. */
static void set_clock(const struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	uint64_t jiffies;
	int64_t ns;

	if (!run->seen->now_ns || ktstr_monitor__jiffies(&s->mon, &jiffies) ||
	    !to_ns(s, jiffies, &ns))
		return;
	s->clock_offset_ns = (int64_t)run->seen->now_ns - ns;
	if (!s->clock_known)
		snprintf(s->why_not, sizeof(s->why_not), "the guest ended before the first one was due");
	s->clock_known = true;
}

bool ktstr_monitor__time(struct ktstr_monitor_state *s, uint64_t *time_ns)
{
	uint64_t jiffies;
	int64_t ns;

	if (!s->clock_known || ktstr_monitor__jiffies(&s->mon, &jiffies) || !to_ns(s, jiffies, &ns))
		return false;
	*time_ns = (uint64_t)(ns + s->clock_offset_ns);
	return true;
}

void ktstr_monitor__last_time(struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	uint64_t ns;

	if (!s->clock_known)
		set_clock(run, s);
	else if (ktstr_monitor__time(s, &ns) && ns > run->seen->now_ns)
		run->seen->now_ns = ns;
}

static void arm(struct ktstr_monitor_state *s)
{
	int ret = 0;

	if (!s->pace.period)
		ret = ktstr_pace__init(&s->pace, &s->mon, KTSTR_MONITOR_PERIOD_NS);
	if (!ret)
		ret = ktstr_pace__arm(&s->pace, &s->mon, s->vm);
	if (ret && ret != -EAGAIN && !s->all.nr)
		snprintf(s->why_not, sizeof(s->why_not), "no mark in this kernel: %s",
			 strerror(-ret));
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor_state *s = state;

	(void)vm;
	if (!s->vm)
		return;
	ktstr_monitor_writes__sync(run, s);
	if (!run->opts.monitor)
		return;
	set_clock(run, s);
	if (ktstr_run__deterministic(run) && !s->pace.period)
		arm(s);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor_state *s = state;

	(void)vm;
	if (slot != VM_MARK_PACE)
		return;
	take_sample(run, s);
	arm(s);
}

static void tick(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor_state *s = state;

	(void)vm;
	if (s->vm && run->opts.monitor)
		take_sample(run, s);
}

static void live(const struct ktstr_run *run, const void *state, char *buf, size_t size)
{
	const struct ktstr_monitor_state *s = state;

	(void)run;
	ktstr_live__format(&s->all, &s->mon.layout, buf, size);
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor_state *s = state;

	(void)run;
	(void)vm;
	s->all.skipped = s->pace.skipped;
	s->vm = NULL;
}

/* The body's time from its first step on, before which its workers are made. */
static void body_time(const struct ktstr_run *run, uint64_t *from_ns, uint64_t *to_ns)
{
	const struct ktstr_seen *seen = run->seen;

	*from_ns = seen->nr_stimuli ? seen->stimuli[0].time_ns : seen->body_ns;
	*to_ns = seen->teardown_ns ?: seen->exit_ns ?: UINT64_MAX;
}

/* What is judged: samples of @from_ns until @to_ns; with a scheduler, while one is at work. */
static void make_view(const struct ktstr_run *run, struct ktstr_monitor_state *s,
		      uint64_t from_ns, uint64_t to_ns)
{
	struct ktstr_series_span body;

	if (!run->seen->body_ns || !s->all.nr)
		return;
	body = ktstr_series__between(&s->all, from_ns, to_ns);
	s->view.point = calloc(body.to - body.from + 1, sizeof(*s->view.point));
	for (uint32_t i = body.from; s->view.point && i < body.to; i++)
		if (!run->seen->sched_started ||
		    ktstr_sample__scx_enabled(s->all.point[i].sample))
			s->view.point[s->view.nr++] = s->all.point[i];
}

/*
 * The monitor checks that the scheduler or the test sets, or with @set false the library's. Where
 * limits that are times are wider, a violation has to last longer too.
 */
static void pick_checks(const struct ktstr_run *run, bool set, struct ktstr_checks *out)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_check *k;

	ktstr_checks__unset(out);
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		enum ktstr_layer layer = ktstr_check__layer(k, p->scheduler ?
							    &p->scheduler->checks : NULL,
							    &p->test->checks);

		if (k->scope == KTSTR_SCOPE_MONITOR && (layer != KTSTR_LAYER_LIBRARY) == set)
			ktstr_check__set_value(k, out, ktstr_check__value(k, &p->checks));
	}
	out->sustained_samples = p->checks.sustained_samples * ktstr_run__time_scale(run);
}

/* The monitor checks of sets in the body, as they changed; NULL: there are none. */
static struct ktstr_check_change *scaled_sets(const struct ktstr_run *run)
{
	const struct ktstr_seen *seen = run->seen;
	struct ktstr_check_change *sets;

	if (seen->dropped_changes)
		ktstr_result__add(run->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%u changes of monitor checks came after the first %d, so they were not judged",
				  seen->dropped_changes, KTSTR_MAX_CHECK_CHANGES);
	sets = seen->nr_changes ? calloc(seen->nr_changes, sizeof(*sets)) : NULL;
	for (unsigned int i = 0; sets && i < seen->nr_changes; i++) {
		sets[i] = seen->changes[i];
		if (sets[i].checks.sustained_samples != KTSTR_UNSET)
			sets[i].checks.sustained_samples *= ktstr_run__time_scale(run);
	}
	return sets;
}

static void report_unjudged(struct ktstr_run *run, const struct ktstr_monitor_state *s)
{
	for (uint32_t i = 0; i < s->enforced.nr_unjudged; i++)
		ktstr_result__add(run->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s was not judged: %s", s->enforced.unjudged[i],
				  s->why_not[0] ? s->why_not :
				  !s->view.nr ? "the monitor has no sample of the body's time" :
				  "the kernel or its scheduler has no such figure");
}

static void judge(struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	struct ktstr_judge_ctx j = {
		.all = &s->view, .span.to = s->view.nr, .tick_ns = s->tick_ns,
		.period_ns = KTSTR_MONITOR_PERIOD_NS,
		.fallback = ktstr_monitor__event(&s->mon, KTSTR_EVENT_FALLBACK),
		.keep_last = ktstr_monitor__event(&s->mon, KTSTR_EVENT_KEEP_LAST),
	};
	struct ktstr_check_change *sets = scaled_sets(run);
	unsigned int nr = sets ? run->seen->nr_changes : 0;
	struct ktstr_checks checks;

	pick_checks(run, true, &checks);
	ktstr_monitor_judge__sets(&j, &checks, sets, nr, &s->enforced);
	pick_checks(run, false, &checks);
	ktstr_monitor_judge__leave(&checks, sets, nr);
	ktstr_monitor_judge(&j, &checks, &s->reported);
	free(sets);
	for (uint32_t i = 0; i < s->enforced.nr; i++)
		ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_MONITOR, "%s",
				  s->enforced.violation[i].text);
	report_unjudged(run, s);
}

/* A guest that died leaves samples too; only what came to its end is judged. */
static void fold(struct ktstr_run *run, void *state)
{
	struct ktstr_monitor_state *s = state;
	uint64_t from_ns, to_ns;
	int ret = 0;

	if (run->plan->host_only)
		snprintf(s->why_not, sizeof(s->why_not), "a host_only test has no guest");
	body_time(run, &from_ns, &to_ns);
	make_view(run, s, from_ns, to_ns);
	ktstr_monitor_summary__make(&s->summary, &s->view,
				    (struct ktstr_series_span){ 0, s->view.nr },
				    s->mon.layout.nr_events, s->tick_ns);
	if (run->have_result)
		judge(run, s);
	ktstr_monitor_kthreads__fold(run, s);
	ktstr_monitor_maps__fold(run, s, from_ns, to_ns);
	ktstr_monitor_writes__fold(run, s);
	if (run->opts.monitor_csv)
		ret = ktstr_monitor_text__csv(run, s, run->opts.monitor_csv);
	if (ret)
		ktstr_run__lose(run, "%s: %s", run->opts.monitor_csv, strerror(-ret));
}

static void release(void *state)
{
	struct ktstr_monitor_state *s = state;

	free(s->view.point);
	ktstr_series__free(&s->all);
	ktstr_watches__free(&s->watches);
	free(s->written);
	free(s->sample);
	free(s->vcpu_ns);
	ktstr_kimage__free(s->img);
}

const struct ktstr_run_part ktstr_monitor_part = {
	.name = "monitor",
	.title = "monitor",
	.state_size = sizeof(struct ktstr_monitor_state),
	.period_ns = KTSTR_MONITOR_PERIOD_NS,
	.check = check,
	.args = add_args,
	.spec = fill_spec,
	.attach = attach,
	.sync = sync_point,
	.mark = mark,
	.tick = tick,
	.live = live,
	.stuck = ktstr_monitor__stuck,
	.detach = detach,
	.fold = fold,
	.json = ktstr_monitor_text__json,
	.report = ktstr_monitor_text__report,
	.phase = ktstr_monitor_text__phase,
	.release = release,
};

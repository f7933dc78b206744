// SPDX-License-Identifier: GPL-2.0
/*
 * The trace of a run: the hooks, and what both engines need (internal.h). Those tell what the scheduler
 * does; collect.c makes events of it. Steps of the scenario come from the guest's messages, and are put
 * behind the rest: readers sort by time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "harness/probe/bpf.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "internal.h"
#include "part.h"

#define TICK_NS		(20 * NSEC_PER_MSEC)	/* between looks at the guest's ring buffers */

bool ktstr_trace__read_rq(struct ktstr_monitor *m, uint32_t cpu, uint64_t *switches, uint64_t *curr)
{
	const struct ktstr_place *nr = &m->layout.cpu[KTSTR_CPU_NR_SWITCHES];
	uint64_t runqueues, rq;

	return !ktstr_kview__symbol(&m->view, "runqueues", &runqueues) &&
	       !ktstr_kview__per_cpu(&m->view, runqueues, cpu, &rq) &&
	       !ktstr_place__load(&m->view, nr, rq, switches) &&
	       !ktstr_place__load(&m->view, &m->layout.rq_curr, rq, curr);
}

static int pack(const struct ktstr_run *run, void *state, struct initramfs *fs, struct ktstr_err *err)
{
	return ktstr_trace_guest__wanted(run) ? ktstr_trace_guest__pack(run, state, fs, err) : 0;
}

static int add_args(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a)
{
	(void)state;
	if (ktstr_trace_guest__wanted(run))
		ktstr_probe_bpf__args(a);
	return 0;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	if (run->opts.trace && ktstr_run__deterministic(run))
		ktstr_trace_emulator__spec(run, state, spec);
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	struct ktstr_trace_state *s = state;
	bool guest = ktstr_trace_guest__wanted(run);
	int ret;

	(void)vm;
	if (!run->opts.trace)
		return 0;
	if (!guest && !s->nr_links)
		return ktstr_err(err, EOPNOTSUPP, "no trace: %s", s->why_not[0] ? s->why_not :
				 "the kernel's image cannot be read");
	if (ktstr_trace_collect__init(&s->collect, run->plan->nr_cpus) ||
	    (guest && ktstr_trace_guest__attach(s, run->plan->nr_cpus)))
		return ktstr_err(err, ENOMEM, "no memory for a trace");
	ret = ktstr_trace_writer__open(&s->collect.writer, run->opts.trace, run->plan->nr_cpus,
				       run->kernel.release);
	if (ret)
		return ktstr_err(err, -ret, "trace %s: %s", run->opts.trace, strerror(-ret));
	s->tracing = true;
	snprintf(s->why_not, sizeof(s->why_not), "the guest's kernel was not found in its memory");
	return 0;
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	if (ktstr_trace_guest__wanted(run))
		ktstr_trace_guest__read(run, state, vm, false);
	else
		ktstr_trace_emulator__sync(run, state, vm);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	if (!ktstr_trace_guest__wanted(run))
		ktstr_trace_emulator__mark(run, state, vm, slot);
}

static bool ticks(const struct ktstr_run *run, const void *state)
{
	(void)state;
	return ktstr_trace_guest__wanted(run);
}

static void tick(struct ktstr_run *run, void *state, struct vm *vm)
{
	ktstr_trace_guest__read(run, state, vm, false);
}

static void add_steps(const struct ktstr_run *run, struct ktstr_trace_state *s)
{
	const struct ktstr_seen *seen = run->seen;
	struct ktstr_trace_event e = { .kind = KTSTR_TRACE_STEP, .pid = KTSTR_TRACE_NO_PID };

	for (unsigned int i = 0; i < seen->nr_stimuli; i++) {
		const struct ktstr_stimulus *st = &seen->stimuli[i];

		e.ns = st->time_ns;
		snprintf(e.text, sizeof(e.text), "step %u%s%.40s", st->what.step,
			 st->what.part[0] ? " of " : "", st->what.part);
		ktstr_trace_collect__add(&s->collect, &e);
	}
	if (!seen->teardown_ns)
		return;
	e.ns = seen->teardown_ns;
	snprintf(e.text, sizeof(e.text), "the body is over");
	ktstr_trace_collect__add(&s->collect, &e);
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_trace_state *s = state;
	int ret;

	if (!s->collect.writer)
		return;
	if (ktstr_trace_guest__wanted(run))
		ktstr_trace_guest__read(run, s, vm, true);
	add_steps(run, s);
	ret = ktstr_trace_writer__close(s->collect.writer);
	s->collect.writer = NULL;
	if (ret)
		ktstr_run__lose(run, "trace %.400s: %s", run->opts.trace, strerror(-ret));
}

static void fold(struct ktstr_run *run, void *state)
{
	struct ktstr_trace_state *s = state;

	if (s->tracing && ktstr_trace_guest__wanted(run) && !ktstr_trace_guest__conclude(s))
		ktstr_run__lose(run, "trace %.200s: %.250s", run->opts.trace, s->why_not);
	if (s->differ)
		ktstr_run__lose(run, "trace %.300s: it is not whole: switches differ from the kernel's count %" PRIu64 " times",
				run->opts.trace, s->differ);
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct ktstr_trace_state *s = state;
	uint64_t switches = 0;

	if (!s->tracing) {
		ktstr_json__null(j, key);
		return;
	}
	for (uint32_t i = 0; i < run->plan->nr_cpus; i++)
		switches += s->collect.cpu[i].switches;
	ktstr_json__object(j, key);
	ktstr_json__str(j, "file", run->opts.trace);
	ktstr_json__u64(j, "events", s->collect.events);
	ktstr_json__u64(j, "switches", switches);
	ktstr_json__u64(j, "compared", s->compared);
	ktstr_json__u64(j, "differ", s->differ);
	ktstr_json__u64(j, "operations", s->ops);
	ktstr_json__str(j, "engine", ktstr_trace_guest__wanted(run) ? "bpf" : "emulator");
	ktstr_json__u64(j, "lost", s->guest.lost);
	ktstr_json__u64(j, "lost_switches", s->guest.lost_switches);
	ktstr_json__u64(j, "missed", s->guest.told.missed);
	ktstr_json__u64(j, "from_ns", s->collect.from_ns);
	ktstr_json__u64(j, "to_ns", s->collect.to_ns);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct ktstr_trace_state *s = state;

	(void)brief;
	if (!s->tracing)
		return;
	fprintf(f, "%s: %" PRIu64 " events of %.3f s", run->opts.trace, s->collect.events,
		(double)(s->collect.to_ns - s->collect.from_ns) / 1e9);
	if (s->compared)
		fprintf(f, ", switches %s the kernel counts them", s->differ ? "NOT as" :
			s->guest.lost_switches ? "and what was lost as" : "exactly as");
	fprintf(f, "%s%s\n", s->why_not[0] ? "; " : "", s->why_not);
	ktstr_trace_guest__report(s, f);
}

static void release(void *state)
{
	struct ktstr_trace_state *s = state;

	ktstr_trace_collect__free(&s->collect);
	ktstr_trace_guest__free(s);
}

const struct ktstr_run_part ktstr_trace_part = {
	.name = "trace",
	.title = "trace",
	.state_size = sizeof(struct ktstr_trace_state),
	.period_ns = TICK_NS,
	.pack = pack,
	.args = add_args,
	.spec = fill_spec,
	.attach = attach,
	.sync = sync_point,
	.mark = mark,
	.ticks = ticks,
	.tick = tick,
	.detach = detach,
	.fold = fold,
	.json = json,
	.report = report,
	.release = release,
};

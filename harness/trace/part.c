// SPDX-License-Identifier: GPL-2.0
/*
 * The trace of a run. Probes (vmm/probe.h) tell what the scheduler does; here their values become
 * events and go to the file. The guest's kernel is found at the first sync point, where PID 1 of the
 * test says hello; the trace begins there. A scheduler's programs get their probes when it is about to
 * be enabled, before any of them has been executed.
 *
 * Nothing is lost: a guest that is faster than the file waits, and its clock with it. To prove it,
 * the switches of each CPU are compared with what the kernel itself counts, at each stop.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "lib/json.h"
#include "part.h"
#include "points.h"

#define NR_MASKS	4096	/* tasks whose CPUs are remembered; a power of two */
#define ENQUEUE_WAKEUP	1	/* kernel/sched/sched.h */

struct cpu {
	uint64_t task;			/* struct task_struct that runs; 0: not known */
	int32_t pid;			/* the same; or -1 */
	uint64_t switches;		/* events */
	uint64_t base;			/* rq->nr_switches when they began */
};

struct state {
	struct ktstr_trace_writer *writer;
	struct ktstr_trace_points points;
	uint64_t links[VM_MAX_PROBES];
	unsigned int nr_links;
	struct cpu *cpu;
	struct {
		int32_t pid;
		uint64_t mask;
	} masks[NR_MASKS];
	const struct ktstr_clocks *clocks;	/* of the run; known when the probes are set */
	uint64_t attach_kva;		/* link address */
	uint64_t events, from_ns, to_ns, ops;
	uint64_t compared, differ;	/* CPUs at stops whose switches were compared */
	bool on;			/* the probes are set */
	bool tracing;			/* there is a file */
	char why_not[256];
};

static struct ktstr_monitor *view(const struct ktstr_run *run)
{
	struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);

	return mon && mon->vm && mon->mon.view.ready ? &mon->mon : NULL;
}

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	(void)state;
	if (run->opts.trace && !ktstr_run__deterministic(run))
		return ktstr_err(err, EOPNOTSUPP,
				 "a trace needs a deterministic run: give --seed N, or --accel tcg");
	return 0;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);
	struct state *s = state;
	const char *missing;

	if (!run->opts.trace || !mon || !mon->img)
		return;
	if (ktstr_trace_points__kernel(&s->points, mon->img, &missing)) {
		snprintf(s->why_not, sizeof(s->why_not), "this kernel's symbols or BTF lack %s", missing);
		return;
	}
	s->nr_links = s->points.nr;
	for (unsigned int i = 0; i < s->nr_links; i++)
		s->links[i] = s->points.probe[i].kva;
	spec->probes = true;
	spec->probe_links = s->links;
	spec->nr_probe_links = s->nr_links;
	if (!ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva))
		spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	struct state *s = state;
	int ret;

	(void)vm;
	if (!run->opts.trace)
		return 0;
	if (!s->nr_links)
		return ktstr_err(err, EOPNOTSUPP, "no trace: %s", s->why_not[0] ? s->why_not :
				 "the kernel's image cannot be read");
	s->cpu = calloc(run->plan->nr_cpus, sizeof(*s->cpu));
	if (!s->cpu)
		return ktstr_err(err, ENOMEM, "no memory for a trace");
	ret = ktstr_trace_writer__open(&s->writer, run->opts.trace, run->plan->nr_cpus,
				       run->kernel.release);
	if (ret)
		return ktstr_err(err, -ret, "trace %s: %s", run->opts.trace, strerror(-ret));
	s->tracing = true;
	snprintf(s->why_not, sizeof(s->why_not), "the guest's kernel was not found in its memory");
	return 0;
}

static void add(struct state *s, const struct ktstr_trace_event *e)
{
	ktstr_trace_writer__add(s->writer, e);
	s->events++;
}

/* The task may run on other CPUs than when it was seen last. */
static void look_at_mask(struct state *s, const struct ktstr_trace_event *about, uint64_t mask)
{
	struct ktstr_trace_event e = *about;
	unsigned int slot = (uint32_t)about->pid % NR_MASKS;

	if (s->masks[slot].pid == about->pid && s->masks[slot].mask == mask)
		return;
	s->masks[slot].pid = about->pid;
	s->masks[slot].mask = mask;
	e.kind = KTSTR_TRACE_CPUS;
	memset(e.value, 0, sizeof(e.value));
	e.value[0] = mask;
	add(s, &e);
}

/* What was fetched, besides the numbers of the event. */
struct fetched {
	uint64_t state, wanted, flags, cpu, mask, task, exit_state;
	uint32_t have;			/* bit of each slot */
};

static void take_text(char *to, size_t size, const uint64_t *word, size_t len)
{
	if (len > size - 1)
		len = size - 1;
	memcpy(to, word, len);
	to[len] = '\0';
}

static void take(const struct ktstr_trace_point *p, const struct vm_probe *probe,
		 const struct vm_probe_event *ev, struct ktstr_trace_event *e, struct fetched *f)
{
	const uint64_t *word = ev->word;
	uint64_t v;

	for (unsigned int i = 0; i < p->nr; word += vm_fetch_words(&probe->fetch[i]), i++) {
		if (!(ev->have >> i & 1))
			continue;
		f->have |= 1u << p->slot[i];
		v = ktstr_fetched__number(&p->field[i], word);
		switch (p->slot[i]) {
		case TO_PID:
			e->pid = (int32_t)v;
			break;
		case TO_COMM:
			take_text(e->comm, sizeof(e->comm), word, probe->fetch[i].size);
			break;
		case TO_PREV_COMM:
		case TO_NAME:
			take_text(e->text, sizeof(e->text), word, probe->fetch[i].size);
			break;
		case TO_STATE:
			f->state = v;
			break;
		case TO_WANTED:
			f->wanted = v;
			break;
		case TO_FLAGS:
			f->flags = v;
			break;
		case TO_CPU:
			f->cpu = v;
			break;
		case TO_MASK:
			f->mask = word[0];
			break;
		case TO_TASK:
			f->task = word[0];
			break;
		case TO_EXIT_STATE:
			f->exit_state = v;
			break;
		default:
			e->value[p->slot[i] - TO_VALUE] = v;
		}
	}
}

/* include/linux/sched.h */
enum {
	TASK_INTERRUPTIBLE = 1, TASK_UNINTERRUPTIBLE = 2, EXIT_DEAD = 0x10, TASK_REPORT = 0x7f,
	TASK_DEAD = 0x80, TASK_WAKING = 0x200, TASK_IDLE = 0x402, TASK_RTLOCK_WAIT = 0x1000,
	TASK_FROZEN = 0x8000,
};

/*
 * The state as the tracepoint sched_switch reports it, by __task_state_index(): one bit, 0x80 is idle.
 * What is not seen here: whether a runnable task was preempted, and how one slept that is being woken.
 */
static uint64_t reported_state(uint64_t state, uint64_t exit_state)
{
	uint64_t v = (state | exit_state) & TASK_REPORT;

	if ((state & TASK_IDLE) == TASK_IDLE)
		return TASK_REPORT + 1;
	if (state & (TASK_RTLOCK_WAIT | TASK_FROZEN))
		return TASK_UNINTERRUPTIBLE;
	if (!v && state & TASK_WAKING)
		return TASK_INTERRUPTIBLE;
	if (!v && state & TASK_DEAD)
		return EXIT_DEAD;
	return v ? UINT64_C(1) << (63 - __builtin_clzll(v)) : 0;
}

/* Is it an event at all? */
static bool counts(struct state *s, struct ktstr_trace_event *e, const struct fetched *f)
{
	switch (e->kind) {
	case KTSTR_TRACE_SWITCH:
		s->cpu[e->cpu].switches++;
		s->cpu[e->cpu].task = f->task;
		s->cpu[e->cpu].pid = e->pid;
		e->value[KTSTR_SWITCH_PREV_STATE] =
			reported_state(e->value[KTSTR_SWITCH_PREV_STATE], f->exit_state);
		return true;
	case KTSTR_TRACE_WAKING:
		e->value[KTSTR_WAKE_WAKER] = (uint64_t)(int64_t)s->cpu[e->cpu].pid;
		return f->state & f->wanted;
	case KTSTR_TRACE_WAKEUP:
		return f->flags & ENQUEUE_WAKEUP;
	case KTSTR_TRACE_MIGRATE:
		e->value[0] = f->cpu;
		return f->cpu != e->value[1];
	default:
		return true;
	}
}

static void on_probe(void *arg, const struct vm_probe_event *ev)
{
	struct state *s = arg;
	const struct ktstr_trace_point *p = &s->points.point[ev->probe];
	struct ktstr_trace_event e = {
		.ns = ktstr_clocks__guest(s->clocks, ev->time_ns), .cpu = ev->vcpu,
		.kind = p->kind, .pid = KTSTR_TRACE_NO_PID,
	};
	struct fetched f = { .have = 0 };

	if (!s->writer)
		return;
	memcpy(e.text, p->text, sizeof(e.text));
	take(p, &s->points.probe[ev->probe], ev, &e, &f);
	if (!counts(s, &e, &f))
		return;
	if (f.have >> TO_MASK & 1)
		look_at_mask(s, &e, f.mask);
	add(s, &e);
	s->from_ns = s->from_ns ?: e.ns;
	s->to_ns = e.ns;
}

static bool read_rq(struct ktstr_monitor *m, uint32_t cpu, uint64_t *switches, uint64_t *curr)
{
	const struct ktstr_place *nr = &m->layout.cpu[KTSTR_CPU_NR_SWITCHES];
	uint64_t runqueues, rq;

	return !ktstr_kview__symbol(&m->view, "runqueues", &runqueues) &&
	       !ktstr_kview__per_cpu(&m->view, runqueues, cpu, &rq) &&
	       !ktstr_place__load(&m->view, nr, rq, switches) &&
	       !ktstr_place__load(&m->view, &m->layout.rq_curr, rq, curr);
}

/*
 * The kernel counts a switch when it has chosen the next task, which is then rq->curr, a moment before
 * it switches: a CPU that stands between the two has one more than there are events.
 */
static void compare(struct state *s, struct ktstr_monitor *m, uint32_t nr_cpus)
{
	uint64_t switches, curr;

	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct cpu *c = &s->cpu[i];

		if (!c->task || !read_rq(m, i, &switches, &curr))
			continue;
		s->compared++;
		s->differ += switches - c->base != c->switches + (curr != c->task);
	}
}

static int set_probes(struct state *s, struct ktstr_monitor *m, struct vm *vm)
{
	struct vm_probe *p = malloc(sizeof(s->points.probe));
	struct vm_mark mark = { .kva = s->attach_kva + m->view.slide };
	int ret;

	if (!p)
		return -ENOMEM;
	memcpy(p, s->points.probe, sizeof(s->points.probe));
	for (unsigned int i = 0; i < s->points.nr_kernel; i++)
		p[i].kva += m->view.slide;
	ret = vm_set_probes(vm, p, s->points.nr, on_probe, s);
	free(p);
	if (!ret && s->attach_kva)
		ret = vm_set_mark(vm, VM_MARK_ATTACH, &mark);
	return ret;
}

static void begin(struct state *s, struct ktstr_monitor *m, struct vm *vm, uint32_t nr_cpus)
{
	uint64_t curr;
	int ret;

	for (uint32_t i = 0; i < nr_cpus; i++) {
		s->cpu[i].pid = -1;
		if (!read_rq(m, i, &s->cpu[i].base, &curr))
			return;
	}
	ret = set_probes(s, m, vm);
	s->on = !ret;
	snprintf(s->why_not, sizeof(s->why_not), "%s", ret ? strerror(-ret) : "");
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor *m = view(run);
	struct state *s = state;

	if (!s->tracing || !m || !run->seen->clocks.known)
		return;
	s->clocks = &run->seen->clocks;
	if (!s->on)
		begin(s, m, vm, run->plan->nr_cpus);
	else
		compare(s, m, run->plan->nr_cpus);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = view(run);
	struct state *s = state;
	int nr;

	if (!s->tracing || !m || !s->on)
		return;
	compare(s, m, run->plan->nr_cpus);
	if (slot != VM_MARK_ATTACH)
		return;
	nr = ktstr_trace_points__programs(&s->points, &m->view);
	s->ops = nr > 0 ? (uint64_t)nr : 0;
	nr = set_probes(s, m, vm);
	if (nr)
		snprintf(s->why_not, sizeof(s->why_not), "operations of the scheduler are missing: %s",
			 strerror(-nr));
}

static void add_steps(const struct ktstr_run *run, struct state *s)
{
	const struct ktstr_seen *seen = run->seen;
	struct ktstr_trace_event e = { .kind = KTSTR_TRACE_STEP, .pid = KTSTR_TRACE_NO_PID };

	for (unsigned int i = 0; i < seen->nr_stimuli; i++) {
		const struct ktstr_stimulus *st = &seen->stimuli[i];

		e.ns = st->time_ns;
		snprintf(e.text, sizeof(e.text), "step %u%s%.40s", st->what.step,
			 st->what.part[0] ? " of " : "", st->what.part);
		add(s, &e);
	}
	if (!seen->teardown_ns)
		return;
	e.ns = seen->teardown_ns;
	snprintf(e.text, sizeof(e.text), "the body is over");
	add(s, &e);
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;
	int ret;

	(void)vm;
	if (!s->writer)
		return;
	add_steps(run, s);
	ret = ktstr_trace_writer__close(s->writer);
	s->writer = NULL;
	if (ret)
		ktstr_run__lose(run, "trace %.400s: %s", run->opts.trace, strerror(-ret));
}

static void fold(struct ktstr_run *run, void *state)
{
	const struct state *s = state;

	if (s->differ)
		ktstr_run__lose(run, "trace %.300s: it is not whole: switches differ from the kernel's count %" PRIu64 " times",
				run->opts.trace, s->differ);
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct state *s = state;
	uint64_t switches = 0;

	if (!s->tracing) {
		ktstr_json__null(j, key);
		return;
	}
	for (uint32_t i = 0; i < run->plan->nr_cpus; i++)
		switches += s->cpu[i].switches;
	ktstr_json__object(j, key);
	ktstr_json__str(j, "file", run->opts.trace);
	ktstr_json__u64(j, "events", s->events);
	ktstr_json__u64(j, "switches", switches);
	ktstr_json__u64(j, "compared", s->compared);
	ktstr_json__u64(j, "differ", s->differ);
	ktstr_json__u64(j, "operations", s->ops);
	ktstr_json__u64(j, "from_ns", s->from_ns);
	ktstr_json__u64(j, "to_ns", s->to_ns);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct state *s = state;

	(void)brief;
	if (!s->tracing)
		return;
	fprintf(f, "%s: %" PRIu64 " events of %.3f s", run->opts.trace, s->events,
		(double)(s->to_ns - s->from_ns) / 1e9);
	if (s->compared)
		fprintf(f, ", switches %s the kernel counts them",
			s->differ ? "NOT as" : "exactly as");
	fprintf(f, "%s%s\n", s->why_not[0] ? "; " : "", s->why_not);
}

static void release(void *state)
{
	struct state *s = state;

	ktstr_trace_writer__close(s->writer);
	free(s->cpu);
}

const struct ktstr_run_part ktstr_trace_part = {
	.name = "trace",
	.title = "trace",
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.spec = fill_spec,
	.attach = attach,
	.sync = sync_point,
	.mark = mark,
	.detach = detach,
	.fold = fold,
	.json = json,
	.report = report,
	.release = release,
};

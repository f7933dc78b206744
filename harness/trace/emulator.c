// SPDX-License-Identifier: GPL-2.0
/*
 * A trace by the emulator's probes (vmm/probe.h). The guest's kernel is found at the first sync point,
 * where PID 1 of the test says hello; the trace begins there. A scheduler's programs get their probes when
 * it is about to be enabled, before any of them has been executed.
 *
 * Nothing is lost: a guest that is faster than the file waits, and its clock with it. To prove it,
 * the switches of each CPU are compared with what the kernel itself counts, at each stop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "internal.h"

void ktstr_trace_emulator__spec(const struct ktstr_run *run, struct ktstr_trace_state *s,
				struct vm_spec *spec)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);
	const char *missing;

	if (!mon || !mon->img)
		return;
	if (ktstr_trace_points__kernel(&s->collect.points, mon->img, &missing)) {
		snprintf(s->why_not, sizeof(s->why_not), "this kernel's symbols or BTF lack %s", missing);
		return;
	}
	s->nr_links = s->collect.points.nr;
	for (unsigned int i = 0; i < s->nr_links; i++)
		s->links[i] = s->collect.points.probe[i].kva;
	spec->probes = true;
	spec->probe_links = s->links;
	spec->nr_probe_links = s->nr_links;
	if (!ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva))
		spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
}

static void on_probe(void *arg, const struct vm_probe_event *ev)
{
	struct ktstr_trace_state *s = arg;
	struct vm_probe_event e = *ev;

	if (!s->collect.writer)
		return;
	e.time_ns = ktstr_clocks__guest(s->clocks, ev->time_ns);
	ktstr_trace_collect__take(&s->collect, &e);
}

/*
 * The kernel counts a switch when it has chosen the next task, which is then rq->curr, a moment before
 * it switches: a CPU that stands between the two has one more than there are events.
 */
static void compare(struct ktstr_trace_state *s, struct ktstr_monitor *m, uint32_t nr_cpus)
{
	uint64_t switches, curr;

	for (uint32_t i = 0; i < nr_cpus; i++) {
		struct ktstr_trace_cpu_state *c = &s->collect.cpu[i];

		if (!c->task || !ktstr_trace__read_rq(m, i, &switches, &curr))
			continue;
		s->compared++;
		s->differ += switches - c->base != c->switches + (curr != c->task);
	}
}

static int set_probes(struct ktstr_trace_state *s, struct ktstr_monitor *m, struct vm *vm)
{
	struct vm_probe *p = malloc(sizeof(s->collect.points.probe));
	struct vm_mark mark = { .kva = s->attach_kva + m->view.slide };
	int ret;

	if (!p)
		return -ENOMEM;
	memcpy(p, s->collect.points.probe, sizeof(s->collect.points.probe));
	for (unsigned int i = 0; i < s->collect.points.nr_kernel; i++)
		p[i].kva += m->view.slide;
	ret = vm_set_probes(vm, p, s->collect.points.nr, on_probe, s);
	free(p);
	if (!ret && s->attach_kva)
		ret = vm_set_mark(vm, VM_MARK_ATTACH, &mark);
	return ret;
}

static void begin(struct ktstr_trace_state *s, struct ktstr_monitor *m, struct vm *vm, uint32_t nr_cpus)
{
	uint64_t curr;
	int ret;

	for (uint32_t i = 0; i < nr_cpus; i++)
		if (!ktstr_trace__read_rq(m, i, &s->collect.cpu[i].base, &curr))
			return;
	ret = set_probes(s, m, vm);
	s->on = !ret;
	snprintf(s->why_not, sizeof(s->why_not), "%s", ret ? strerror(-ret) : "");
}

void ktstr_trace_emulator__sync(const struct ktstr_run *run, struct ktstr_trace_state *s, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);

	if (!s->tracing || !m || !run->seen->clocks.known)
		return;
	s->clocks = &run->seen->clocks;
	if (!s->on)
		begin(s, m, vm, run->plan->nr_cpus);
	else
		compare(s, m, run->plan->nr_cpus);
}

void ktstr_trace_emulator__mark(const struct ktstr_run *run, struct ktstr_trace_state *s, struct vm *vm,
				enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	int nr;

	if (!s->tracing || !m || !s->on)
		return;
	compare(s, m, run->plan->nr_cpus);
	if (slot != VM_MARK_ATTACH)
		return;
	nr = ktstr_trace_points__programs(&s->collect.points, &m->view);
	s->ops = nr > 0 ? (uint64_t)nr : 0;
	nr = set_probes(s, m, vm);
	if (nr)
		snprintf(s->why_not, sizeof(s->why_not), "operations of the scheduler are missing: %s",
			 strerror(-nr));
}

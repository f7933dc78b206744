// SPDX-License-Identifier: GPL-2.0
/*
 * A trace by BPF programs in the guest, for machines without an emulator's probes: under KVM, or with a
 * thread for each CPU. The guest has a ring buffer for each CPU and tells where they are. They are read here
 * while it runs (harness/probe/ring.h), so the guest pays for the programs and for nothing else.
 *
 * The records of the CPUs have to be put in the order of their times. A record is reserved before its time is
 * taken. So when a ring has been read to its end, what it gets later is later than all that had been read
 * before from any ring; a record waits until each ring is that far.
 *
 * A full ring loses records, and the guest counts them: each record says how many were lost before it. Each
 * also has rq->nr_switches. From one switch to the next that grows by one, or by what was lost;
 * anything else is an error. At the end it is compared with what the kernel has in memory then.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "internal.h"

#define MEMORY_SHARE	16		/* of the guest's, for all rings */
#define MIN_RING	(64u << 10)
#define MAX_RING	(2u << 20)
#define MAX_WAITING	(1u << 20)	/* records */

bool ktstr_trace_guest__wanted(const struct ktstr_run *run)
{
	return run->opts.trace && !ktstr_run__deterministic(run);
}

static uint32_t ring_bytes(const struct ktstr_plan *p)
{
	uint64_t room = (p->memory_mib << 20) / MEMORY_SHARE / p->nr_cpus;
	uint32_t bytes = MAX_RING;

	while (bytes > room && bytes > MIN_RING)
		bytes /= 2;
	return bytes;
}

int ktstr_trace_guest__pack(const struct ktstr_run *run, struct ktstr_trace_state *s, struct initramfs *fs,
			    struct ktstr_err *err)
{
	struct ktstr_trace_points *p = &s->collect.points;
	struct ktstr_probe_target *t = calloc(VM_MAX_PROBES, sizeof(*t));
	struct ktstr_kimage *img = t ? ktstr_monitor__open_image(run, err) : NULL;
	const char *missing;
	int ret = -ENOENT;

	if (!t)
		ret = ktstr_err(err, ENOMEM, "no memory for a trace");
	else if (img && !img->btf)
		ktstr_err(err, ENOENT, "no trace: the kernel has no BTF");
	else if (img && ktstr_trace_points__guest(p, img, &missing))
		ktstr_err(err, ENOENT, "no trace: this kernel's BTF lacks the tracepoint %s", missing);
	else if (img)
		ret = 0;
	for (unsigned int i = 0; !ret && i < p->nr; i++)
		t[i] = (struct ktstr_probe_target){
			.name = p->point[i].name, .at = p->point[i].at, .nr_args = p->point[i].nr_args,
			.trigger = -1, .probe = &p->probe[i],
		};
	if (!ret)
		ret = ktstr_probe_bpf__pack(fs, img->btf, t, p->nr, ring_bytes(run->plan), err);
	ktstr_kimage__free(img);
	free(t);
	return ret;
}

int ktstr_trace_guest__attach(struct ktstr_trace_state *s, uint32_t nr_cpus)
{
	s->guest.ring = calloc(nr_cpus, sizeof(*s->guest.ring));
	s->guest.nr_cpus = nr_cpus;
	return s->guest.ring ? 0 : -ENOMEM;
}

void ktstr_trace_guest__free(struct ktstr_trace_state *s)
{
	struct ktstr_trace_guest *g = &s->guest;

	for (uint32_t i = 0; g->ring && i < g->nr_cpus; i++)
		ktstr_ring__close(&g->ring[i].ring);
	free(g->ring);
	free(g->waiting);
	ktstr_probe_told__free(&g->told);
}

struct opener {
	struct ktstr_trace_guest *g;
	struct vm *vm;
};

static void *memory(void *arg, uint64_t gpa, size_t len)
{
	return vm_mem(arg, gpa, len);
}

static bool on_ring(void *arg, const void *msg, size_t len)
{
	struct opener *o = arg;
	struct ktstr_trace_guest *g = o->g;
	struct ktstr_probe_ring m;

	if (len < sizeof(m))
		return false;
	memcpy(&m, msg, sizeof(m));
	if (m.cpu >= g->nr_cpus || g->ring[m.cpu].ring.page ||
	    ktstr_ring__open(&g->ring[m.cpu].ring, msg, len, memory, o->vm))
		return false;
	g->nr_rings++;
	return true;
}

/* The switches of a CPU are in the order of its ring, as the kernel switches with interrupts off. */
static void count_switch(struct ktstr_trace_state *s, struct ktstr_trace_ring *r,
			 const struct ktstr_ring_record *rec)
{
	uint64_t gap = rec->switches - r->last - 1;

	if (!rec->switches)
		return;
	if (!r->have)
		gap = 0;
	s->compared += r->have;
	if (gap && gap <= (uint32_t)(rec->lost - r->lost_at_switch))
		s->guest.lost_switches += gap;
	else
		s->differ += !!gap;
	r->have = true;
	r->last = rec->switches;
	r->lost_at_switch = rec->lost;
}

/* False: no memory. */
static bool make_room(struct ktstr_trace_guest *g)
{
	size_t room = g->room ? g->room * 2 : 4096;
	struct ktstr_trace_waiting *more;

	if (g->nr < g->room)
		return true;
	more = reallocarray(g->waiting, room, sizeof(*more));
	if (!more)
		return false;
	g->waiting = more;
	g->room = room;
	return true;
}

static void queue(struct ktstr_trace_state *s, uint32_t cpu, const struct ktstr_ring_record *rec)
{
	struct ktstr_trace_guest *g = &s->guest;
	struct ktstr_trace_ring *r = &g->ring[cpu];
	int32_t lost = (int32_t)(rec->lost - r->lost);

	if (rec->cpu != cpu || rec->probe >= s->collect.points.nr) {
		g->nonsense++;
		return;
	}
	if (!make_room(g)) {
		g->no_memory = true;
		return;
	}
	/* one that has interrupted another record's program may have seen less than that */
	lost = lost > 0 ? lost : 0;
	r->lost += (uint32_t)lost;
	g->lost += (uint32_t)lost;
	if (s->collect.points.point[rec->probe].kind == KTSTR_TRACE_SWITCH)
		count_switch(s, r, rec);
	g->waiting[g->nr++] = (struct ktstr_trace_waiting){
		.nr = g->arrived++, .lost = (uint32_t)lost, .rec = *rec,
	};
	if (rec->time_ns > g->seen_ns)
		g->seen_ns = rec->time_ns;
}

/* True: all of it has been read. A guest that writes as fast as this reads has to wait for its turn. */
static bool read_ring(struct ktstr_trace_state *s, uint32_t cpu)
{
	struct ktstr_trace_ring *r = &s->guest.ring[cpu];
	uint32_t max = r->ring.bytes / sizeof(struct ktstr_ring_record) + 1;
	struct ktstr_ring_record rec;
	int ret = 1;

	while (max-- && (ret = ktstr_ring__read(&r->ring, &rec)) > 0)
		queue(s, cpu, &rec);
	r->damaged |= ret == -EBADMSG;
	ktstr_ring__release(&r->ring);
	return !ret;
}

static void tell(struct ktstr_trace_state *s, const struct ktstr_trace_waiting *w)
{
	const struct ktstr_ring_record *rec = &w->rec;
	struct ktstr_trace_collect *c = &s->collect;
	struct ktstr_trace_event lost = {
		.ns = rec->time_ns, .cpu = rec->cpu, .kind = KTSTR_TRACE_LOST, .pid = KTSTR_TRACE_NO_PID,
		.value[0] = w->lost,
	};

	if (w->lost)
		ktstr_trace_collect__add(c, &lost);
	c->cpu[rec->cpu].pid = rec->pid;
	ktstr_trace_collect__take(c, &(struct vm_probe_event){
		.time_ns = rec->time_ns, .vcpu = rec->cpu, .probe = rec->probe, .have = rec->have,
		.nr_words = KTSTR_RING_WORDS, .word = rec->word,
	});
}

static int by_time(const void *a, const void *b)
{
	const struct ktstr_trace_waiting *x = *(struct ktstr_trace_waiting * const *)a;
	const struct ktstr_trace_waiting *y = *(struct ktstr_trace_waiting * const *)b;

	if (x->rec.time_ns != y->rec.time_ns)
		return x->rec.time_ns < y->rec.time_ns ? -1 : 1;
	return x->nr < y->nr ? -1 : 1;
}

/* Write the records up to @until_ns, in the order of their times; the others go on waiting. */
static void tell_until(struct ktstr_trace_state *s, uint64_t until_ns)
{
	struct ktstr_trace_guest *g = &s->guest;
	struct ktstr_trace_waiting **due = calloc(g->nr ?: 1, sizeof(*due));
	size_t nr = 0, left = 0;

	if (!due) {
		g->no_memory = true;
		return;
	}
	for (size_t i = 0; i < g->nr; i++)
		if (g->waiting[i].rec.time_ns <= until_ns)
			due[nr++] = &g->waiting[i];
	qsort(due, nr, sizeof(*due), by_time);
	for (size_t i = 0; i < nr; i++)
		tell(s, due[i]);
	free(due);
	for (size_t i = 0; i < g->nr; i++)
		if (g->waiting[i].rec.time_ns > until_ns)
			g->waiting[left++] = g->waiting[i];
	g->nr = left;
}

/*
 * The machine is off. A CPU that was stopped between the choice of the next task, where the kernel counts,
 * and the tracepoint has one more.
 */
static void compare(const struct ktstr_run *run, struct ktstr_trace_state *s)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	uint64_t switches, curr;

	for (uint32_t i = 0; m && i < s->guest.nr_cpus; i++) {
		struct ktstr_trace_ring *r = &s->guest.ring[i];
		uint64_t more;

		if (!r->have || r->damaged || !ktstr_trace__read_rq(m, i, &switches, &curr))
			continue;
		s->compared++;
		more = switches - r->last;
		if (!more || (more == 1 && curr != s->collect.cpu[i].task))
			continue;
		if (more <= (uint32_t)(r->lost - r->lost_at_switch))
			s->guest.lost_switches += more;
		else
			s->differ++;
	}
}

static void finish(const struct ktstr_run *run, struct ktstr_trace_state *s)
{
	for (uint32_t i = 0; i < s->guest.nr_cpus; i++) {
		struct ktstr_trace_ring *r = &s->guest.ring[i];
		int32_t lost;

		if (!r->ring.page)
			continue;
		/* behind the last record */
		lost = (int32_t)((uint32_t)ktstr_ring__lost(&r->ring) - r->lost);
		lost = lost > 0 ? lost : 0;
		r->lost += (uint32_t)lost;
		s->guest.lost += (uint32_t)lost;
	}
	if (run->seen->machine_off)
		compare(run, s);
}

void ktstr_trace_guest__read(const struct ktstr_run *run, struct ktstr_trace_state *s, struct vm *vm,
			     bool final)
{
	struct ktstr_trace_guest *g = &s->guest;
	struct opener o = { .g = g, .vm = vm };
	uint64_t before = g->seen_ns, until = UINT64_MAX;

	if (!s->tracing || !s->collect.writer)
		return;
	if (ktstr_probe_bpf__read_rings(run->seen, on_ring, &o, &g->told))
		g->no_memory = true;
	for (uint32_t i = 0; i < g->nr_cpus; i++) {
		struct ktstr_trace_ring *r = &g->ring[i];

		if (!r->ring.page || r->damaged)
			continue;
		if (read_ring(s, i))
			r->clean_ns = before;
		if (r->clean_ns < until)
			until = r->clean_ns;
	}
	tell_until(s, final || g->nr > MAX_WAITING ? UINT64_MAX : until);
	if (final)
		finish(run, s);
}

bool ktstr_trace_guest__conclude(struct ktstr_trace_state *s)
{
	const struct ktstr_trace_guest *g = &s->guest;
	const char *text = g->told.text;
	unsigned int nr_damaged = 0;
	bool have_switch = false;

	for (uint32_t i = 0; i < g->nr_cpus; i++)
		nr_damaged += g->ring[i].damaged;
	s->ops = 0;
	for (unsigned int i = 0; i < s->collect.points.nr; i++) {
		const struct ktstr_trace_point *p = &s->collect.points.point[i];

		s->ops += p->at == KTSTR_AT_OP && g->told.how[i] != KTSTR_PROBE_NOT;
		have_switch |= p->kind == KTSTR_TRACE_SWITCH && g->told.how[i] != KTSTR_PROBE_NOT;
	}
	s->why_not[0] = '\0';
	if (!g->told.functions || !have_switch)
		snprintf(s->why_not, sizeof(s->why_not), "no probes in the guest: %.*s",
			 text && *text ? (int)strcspn(text, "\n") : 200,
			 text && *text ? text : "it did not say anything about them");
	else if (g->nr_rings < g->nr_cpus || g->told.damaged || g->nonsense || nr_damaged)
		snprintf(s->why_not, sizeof(s->why_not),
			 "%u of %u CPUs have ring buffers, %u of these are damaged; messages and records that make no sense: %" PRIu64,
			 g->nr_rings, g->nr_cpus, nr_damaged, g->told.damaged + g->nonsense);
	else if (g->no_memory)
		snprintf(s->why_not, sizeof(s->why_not), "%s", strerror(ENOMEM));
	return !s->why_not[0];
}

void ktstr_trace_guest__report(const struct ktstr_trace_state *s, FILE *f)
{
	const struct ktstr_trace_guest *g = &s->guest;
	const char *line = g->told.text ?: "";

	if (g->lost)
		fprintf(f, "LOST: %" PRIu64 " events had no room in the guest, %" PRIu64 " of them switches; events \"lost\" say where\n",
			g->lost, g->lost_switches);
	if (g->told.missed)
		fprintf(f, "MISSED: %" PRIu64 " times the kernel did not execute a program, as it was executing it on that CPU already\n",
			g->told.missed);
	for (size_t len; *line; line += len + !!line[len]) {
		len = strcspn(line, "\n");
		fprintf(f, "not traced: %.*s\n", (int)len, line);
	}
}

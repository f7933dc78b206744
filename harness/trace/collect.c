// SPDX-License-Identifier: GPL-2.0
/* See collect.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"

#define ENQUEUE_WAKEUP	1	/* kernel/sched/sched.h */

int ktstr_trace_collect__init(struct ktstr_trace_collect *c, uint32_t nr_cpus)
{
	c->cpu = calloc(nr_cpus, sizeof(*c->cpu));
	for (uint32_t i = 0; c->cpu && i < nr_cpus; i++)
		c->cpu[i].pid = -1;
	return c->cpu ? 0 : -ENOMEM;
}

void ktstr_trace_collect__free(struct ktstr_trace_collect *c)
{
	ktstr_trace_writer__close(c->writer);
	c->writer = NULL;
	free(c->cpu);
	c->cpu = NULL;
}

void ktstr_trace_collect__add(struct ktstr_trace_collect *c, const struct ktstr_trace_event *e)
{
	ktstr_trace_writer__add(c->writer, e);
	c->events++;
}

/* The task may run on other CPUs than when it was seen last. */
static void look_at_mask(struct ktstr_trace_collect *c, const struct ktstr_trace_event *about, uint64_t mask)
{
	struct ktstr_trace_event e = *about;
	unsigned int slot = (uint32_t)about->pid % KTSTR_TRACE_MASKS;

	if (c->masks[slot].pid == about->pid && c->masks[slot].mask == mask)
		return;
	c->masks[slot].pid = about->pid;
	c->masks[slot].mask = mask;
	e.kind = KTSTR_TRACE_CPUS;
	memset(e.value, 0, sizeof(e.value));
	e.value[0] = mask;
	ktstr_trace_collect__add(c, &e);
}

/* What was fetched, besides the numbers of the event. */
struct fetched {
	uint64_t state, wanted, flags, cpu, mask, task, exit_state, preempted;
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
		case TO_PREEMPTED:
			f->preempted = v;
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

/* Is it an event at all? A tracepoint is executed for events only. */
static bool counts(struct ktstr_trace_collect *c, struct ktstr_trace_event *e, const struct fetched *f,
		   bool is_tracepoint)
{
	switch (e->kind) {
	case KTSTR_TRACE_SWITCH:
		c->cpu[e->cpu].switches++;
		c->cpu[e->cpu].task = f->task;
		c->cpu[e->cpu].pid = e->pid;
		e->value[KTSTR_SWITCH_PREV_STATE] = f->preempted ? 0 :
			reported_state(e->value[KTSTR_SWITCH_PREV_STATE], f->exit_state);
		return true;
	case KTSTR_TRACE_WAKING:
		e->value[KTSTR_WAKE_WAKER] = (uint64_t)(int64_t)c->cpu[e->cpu].pid;
		return is_tracepoint || f->state & f->wanted;
	case KTSTR_TRACE_WAKEUP:
		return is_tracepoint || f->flags & ENQUEUE_WAKEUP;
	case KTSTR_TRACE_MIGRATE:
		e->value[0] = f->cpu;
		return f->cpu != e->value[1];
	default:
		return true;
	}
}

bool ktstr_trace_collect__take(struct ktstr_trace_collect *c, const struct vm_probe_event *ev)
{
	const struct ktstr_trace_point *p = &c->points.point[ev->probe];
	struct ktstr_trace_event e = {
		.ns = ev->time_ns, .cpu = ev->vcpu, .kind = p->kind, .pid = KTSTR_TRACE_NO_PID,
	};
	struct fetched f = { .have = 0 };

	memcpy(e.text, p->text, sizeof(e.text));
	take(p, &c->points.probe[ev->probe], ev, &e, &f);
	if (!counts(c, &e, &f, p->at == KTSTR_AT_TRACEPOINT))
		return false;
	if (f.have >> TO_MASK & 1)
		look_at_mask(c, &e, f.mask);
	ktstr_trace_collect__add(c, &e);
	c->from_ns = c->from_ns ?: e.ns;
	c->to_ns = e.ns;
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/* Calls as probes tell them: see calls.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

#define ERROR_KIND	1024	/* SCX_EXIT_ERROR: from here on, exits are errors */
#define CAUSE_NS	50000

int ktstr_repro_calls__init(struct ktstr_repro_calls *c)
{
	memset(c, 0, sizeof(*c));
	c->cause_ns = CAUSE_NS;
	c->call = calloc(KTSTR_REPRO_CALLS, sizeof(*c->call));
	return c->call ? 0 : -ENOMEM;
}

void ktstr_repro_calls__free(struct ktstr_repro_calls *c)
{
	free(c->call);
	c->call = NULL;
}

const struct ktstr_repro_call *ktstr_repro_calls__at(const struct ktstr_repro_calls *c, uint64_t i)
{
	uint64_t first = c->nr > KTSTR_REPRO_CALLS ? c->nr - KTSTR_REPRO_CALLS : 0;

	return first + i < c->nr ? &c->call[(first + i) % KTSTR_REPRO_CALLS] : NULL;
}

/* Where value @i of @p is among the words of an event; NULL: it was not fetched. */
static const uint64_t *word_of(const struct vm_probe *p, const struct vm_probe_event *ev, int i)
{
	const uint64_t *word = ev->word;

	if (i < 0 || !(ev->have >> i & 1))
		return NULL;
	for (int k = 0; k < i; k++)
		word += vm_fetch_words(&p->fetch[k]);
	return word;
}

/* The call that returns: the last one of this point and CPU, or of this task, that has not yet. */
static struct ktstr_repro_call *find_open(struct ktstr_repro_calls *c, uint32_t point, uint32_t vcpu,
					  int32_t pid)
{
	for (uint64_t i = c->nr; i-- > 0 && c->nr - i <= KTSTR_REPRO_CALLS; ) {
		struct ktstr_repro_call *call = &c->call[i % KTSTR_REPRO_CALLS];

		if (call->point == point && !call->exit_ns && call->pid == pid &&
		    (call->vcpu == vcpu || pid))
			return call;
	}
	return NULL;
}

static void set_cause(struct ktstr_repro_calls *c, const struct ktstr_repro_call *call)
{
	const struct ktstr_repro_point *p = &c->point[call->point];
	struct vm_probe_event ev = { .have = call->have, .word = call->word };
	const uint64_t *comm = word_of(&c->probe[call->point], &ev, p->comm);

	c->causal_pid = call->pid;
	c->causal_ns = call->ns;
	if (comm)
		memcpy(c->causal_comm, comm, sizeof(c->causal_comm) - 1);
}

/*
 * The operation that was under way on the CPU where the exit was claimed. The kernel carries out some
 * decisions after the operation has returned; what it refuses then is about the task of its own function
 * that was under way, or, if none is known, for which it was called there a moment before.
 */
static void find_cause(struct ktstr_repro_calls *c)
{
	const struct ktstr_repro_call *last = NULL, *open = NULL;

	for (uint64_t i = c->nr; i-- > 0 && c->nr - i <= KTSTR_REPRO_CALLS; ) {
		const struct ktstr_repro_call *call = &c->call[i % KTSTR_REPRO_CALLS];
		const struct ktstr_repro_point *p = &c->point[call->point];

		if (call->vcpu != c->trigger_vcpu)
			continue;
		if (!last && call->pid && c->trigger_ns - call->ns <= c->cause_ns)
			last = call;
		if (call->exit_ns)
			continue;
		if (p->is_op) {
			set_cause(c, call);
			return;
		}
		if (!open && call->pid && p->returns)
			open = call;
	}
	if ((open || last) && c->kind == ERROR_KIND)
		set_cause(c, open ?: last);
}

void ktstr_repro_calls__take(void *arg, const struct vm_probe_event *ev)
{
	struct ktstr_repro_calls *c = arg;
	const struct ktstr_repro_point *p = &c->point[ev->probe];
	const struct vm_probe *probe = &c->probe[ev->probe];
	const uint64_t *pid = word_of(probe, ev, p->pid), *kind = word_of(probe, ev, p->kind);
	struct ktstr_repro_call *call;

	if (c->triggered)
		return;
	if (ev->exit) {
		call = find_open(c, ev->probe, ev->vcpu, pid ? (int32_t)*pid : 0);
		if (!call)
			return;
		c->point[ev->probe].returns = true;
		call->exit_ns = ev->time_ns;
		call->exit_have = ev->have;
		memcpy(call->exit_word, ev->word, ev->nr_words * sizeof(*ev->word));
		return;
	}
	/* a scheduler that is asked to leave is none that crashes */
	if (p->is_trigger && (!kind || (uint32_t)*kind < ERROR_KIND))
		return;
	call = &c->call[c->nr++ % KTSTR_REPRO_CALLS];
	memset(call, 0, sizeof(*call));
	call->ns = ev->time_ns;
	call->point = ev->probe;
	call->vcpu = ev->vcpu;
	call->pid = pid ? (int32_t)*pid : 0;
	call->have = ev->have;
	memcpy(call->word, ev->word, ev->nr_words * sizeof(*ev->word));
	if (!p->is_trigger)
		return;
	c->triggered = true;
	c->trigger_ns = ev->time_ns;
	c->trigger_vcpu = ev->vcpu;
	c->kind = kind ? (uint32_t)*kind : 0;
	find_cause(c);
}

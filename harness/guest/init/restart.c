// SPDX-License-Identifier: GPL-2.0
/*
 * A scheduler that the kernel asks to restart. When a CPU comes or goes, the kernel ejects a
 * scheduler without ops for that with SCX_ECODE_ACT_RESTART (handle_hotplug(), ext.c), and its
 * loader attaches it anew. That is no death: it is waited for as long as for a first attach. Only
 * these ejections have this reason (SCX_EXIT_UNREG_KERN).
 */
#include <string.h>

#include "lib/clock.h"
#include "internal.h"

#define REASON	"unregistered from the main kernel"

bool guest_restart__asked(const struct guest_sched *s)
{
	return s->scx.disabled && !s->scx.error && !strcmp(s->scx.reason, REASON);
}

bool guest_restart__waits(struct guest *g)
{
	struct guest_sched *s = &g->sched;

	if (s->restart_until_ns)
		return true;
	if (g->args.no_restart || !guest_restart__asked(s))
		return false;
	s->restart_since_ns = ktstr_now_ns();
	s->restart_until_ns = s->restart_since_ns + g->args.attach_timeout_ms * NSEC_PER_MSEC;
	return true;
}

void guest_restart__is_back(struct guest *g)
{
	struct guest_sched *s = &g->sched;
	uint64_t took = s->restart_until_ns ? ktstr_now_ns() - s->restart_since_ns : 0;

	if (g->args.no_restart || (!s->restart_until_ns && !guest_restart__asked(s)))
		return;
	if (took > s->longest_restart_ns)
		s->longest_restart_ns = took;
	s->away_ns += took;
	s->restarts++;
	s->restart_until_ns = 0;
	s->scx.disabled = false;
	s->scx.reason[0] = '\0';
	s->exit_line[0] = '\0';
}

void guest_restart__missed(struct guest *g)
{
	struct guest_sched *s = &g->sched;

	guest_sched__check(g);
	if (!s->restart_until_ns || guest_sched__gone(s) || ktstr_now_ns() < s->restart_until_ns)
		return;
	s->ejected = true;
	s->gone_ns = ktstr_now_ns();
	guest_sched__publish(g);
}

static bool is_back_or_gone(const struct guest *g)
{
	return !g->sched.restart_until_ns || guest_sched__gone(&g->sched);
}

void guest_restart__await(struct guest *g)
{
	if (is_back_or_gone(g))
		return;
	guest_loop__serve(g, is_back_or_gone, g->sched.restart_until_ns);
	guest_restart__missed(g);
}

void guest_restart__note(const struct guest *g, struct ktstr_result *r)
{
	const struct guest_sched *s = &g->sched;

	if (s->restarts)
		ktstr_result__add(r, KTSTR_NOTE, KTSTR_OTHER,
				  "the kernel made the scheduler restart %u times as CPUs came or went; it was away for %llu ms at most",
				  s->restarts,
				  (unsigned long long)(s->longest_restart_ns / NSEC_PER_MSEC));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * One loop on vm_wait(). Messages are read only while the guest stands still (at a sync point
 * or for good), so that the moment of reading cannot influence a deterministic guest.
 */
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "interrupt.h"
#include "watch.h"

#define NSEC	1000000000ull

/* What one deadline covers. */
enum phase { PHASE_BOOT, PHASE_RUN, PHASE_TEARDOWN };

struct watch {
	struct ktstr_run *run;
	enum phase phase;
	uint64_t start_ns;		/* vm_start(), host clock */
	uint64_t phase_ns;		/* this phase began */
	uint32_t limit_s[3];
};

uint64_t ktstr_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static enum phase phase_of(enum ktstr_stage stage)
{
	if (stage >= KTSTR_STAGE_TEARDOWN)
		return PHASE_TEARDOWN;
	return stage >= KTSTR_STAGE_INIT ? PHASE_RUN : PHASE_BOOT;
}

static void advance(struct watch *w)
{
	enum phase phase = phase_of(w->run->seen->stage);
	uint64_t now;

	if (phase == w->phase)
		return;
	now = ktstr_now_ns();
	if (w->phase == PHASE_BOOT)
		w->run->boot_ns = now - w->start_ns;
	w->phase = phase;
	w->phase_ns = now;
}

/* Milliseconds until the deadline of this phase, rounded up; 0: it passed. */
static int left_ms(const struct watch *w)
{
	uint64_t end = w->phase_ns + w->limit_s[w->phase] * NSEC, now = ktstr_now_ns(), ms;

	if (now >= end)
		return 0;
	ms = (end - now + 999999) / 1000000;
	return ms > INT_MAX ? INT_MAX : ms;
}

/* True when the loop is over. */
static bool on_timeout(struct watch *w, struct vm *vm, struct ktstr_chan *chan)
{
	struct ktstr_seen *s = w->run->seen;

	w->run->signal = ktstr_interrupt__signal();
	if (!w->run->signal && left_ms(w))
		return false;
	/* what it wrote since its last sync point; it may have come further than we knew */
	ktstr_seen__drain(s, chan);
	if (w->run->signal)
		return true;
	s->timeout = true;
	s->timed_out = s->stage;
	s->timeout_s = w->limit_s[w->phase];
	if (vm_describe(vm, s->vcpus, sizeof(s->vcpus)))
		s->vcpus[0] = '\0';
	return true;
}

void ktstr_watch(struct ktstr_run *run, struct vm *vm, struct ktstr_chan *chan,
		 const struct ktstr_deadlines *d)
{
	struct watch w = { .run = run, .limit_s = { d->boot_s, d->run_s, d->teardown_s } };
	struct ktstr_seen *s = run->seen;
	struct vm_event ev;
	bool done = false;

	s->stage = KTSTR_STAGE_BOOT;
	w.start_ns = ktstr_now_ns();
	w.phase_ns = w.start_ns;
	while (!done) {
		vm_wait(vm, left_ms(&w), ktstr_interrupt__fd(), &ev);
		switch (ev.type) {
		case VM_EVENT_SYNC:
			ktstr_seen__drain(s, chan);
			advance(&w);
			vm_continue(vm);
			/* a guest that rings all the time must not outrun its deadline */
			if (!left_ms(&w) || ktstr_interrupt__signal())
				done = on_timeout(&w, vm, chan);
			break;
		case VM_EVENT_EXIT:
			ktstr_seen__drain(s, chan);
			advance(&w);
			s->machine_off = true;
			snprintf(s->machine_end, sizeof(s->machine_end), "%s", ev.err.msg);
			done = true;
			break;
		case VM_EVENT_ERROR:
			ktstr_seen__drain(s, chan);
			snprintf(s->vmm_error, sizeof(s->vmm_error), "%s",
				 ev.err.msg[0] ? ev.err.msg : "the VMM failed and said nothing");
			done = true;
			break;
		case VM_EVENT_TIMEOUT:
			done = on_timeout(&w, vm, chan);
			break;
		}
	}
}

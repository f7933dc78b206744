// SPDX-License-Identifier: GPL-2.0
/*
 * One loop on vm_wait(). Messages are read only while the guest is stopped (at a sync point, or
 * when the machine has ended), so that the time of reading cannot influence a deterministic guest.
 * At marks, of which the guest does not know, they are looked at and stay in the ring.
 */
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/clock.h"
#include "event_loop.h"
#include "harness/model/part.h"
#include "interrupt.h"
#include "messages.h"
#include "progress.h"

#define LOOK_NS		(2 * NSEC_PER_SEC)	/* between looks at our children */

/* The current deadline. */
enum deadline { DEADLINE_BOOT, DEADLINE_RUN, DEADLINE_TEARDOWN };

struct event_loop {
	struct ktstr_run *run;
	struct vm *vm;
	struct ktstr_chan *chan;
	enum deadline deadline;
	uint64_t start_ns;		/* the loop began, host clock */
	uint64_t since_ns;		/* the deadline counts from here */
	uint32_t limit_s[3];
	uint64_t ticked_ns[KTSTR_MAX_RUN_PARTS];	/* of the parts */
	uint64_t look_ns;		/* next look at our children */
	pid_t stopped;			/* one that was stopped at the last look; 0: none */
};

static enum deadline deadline_of(enum ktstr_lifecycle lifecycle)
{
	if (lifecycle >= KTSTR_LIFECYCLE_TEARDOWN)
		return DEADLINE_TEARDOWN;
	return lifecycle >= KTSTR_LIFECYCLE_INIT ? DEADLINE_RUN : DEADLINE_BOOT;
}

/*
 * Read what the guest has sent; when it has reached the next stage of its lifecycle, the next
 * deadline applies.
 */
static void read_messages(struct event_loop *l)
{
	enum deadline deadline;
	uint64_t now;

	ktstr_messages__read(l->run->seen, l->chan);
	ktstr_progress__tell(l->run);
	deadline = deadline_of(l->run->seen->lifecycle);
	if (deadline == l->deadline)
		return;
	now = ktstr_now_ns();
	if (l->deadline == DEADLINE_BOOT)
		l->run->boot_ns = now - l->start_ns;
	l->deadline = deadline;
	l->since_ns = now;
}

/* Milliseconds from @now until @end, rounded up; 0: it passed. */
static int until_ms(uint64_t now, uint64_t end)
{
	uint64_t ms;

	if (now >= end)
		return 0;
	ms = DIV_ROUND_UP(end - now, NSEC_PER_MSEC);
	return ms > INT_MAX ? INT_MAX : ms;
}

/* Milliseconds until the deadline; 0: it passed. */
static int left_ms(const struct event_loop *l)
{
	if (l->run->seen->held)
		return INT_MAX;
	return until_ms(ktstr_now_ns(),
			l->since_ns + l->limit_s[l->deadline] * NSEC_PER_SEC);
}

/*
 * A stopped emulator is a machine in which nothing happens. Only one that is stopped at two looks
 * counts: a backend stops it for moments, and so does a user who stops all of us.
 */
static bool stays_stopped(struct event_loop *l)
{
	uint64_t now = ktstr_now_ns();
	siginfo_t si = { };

	if (now < l->look_ns)
		return false;
	l->look_ns = now + LOOK_NS;
	if (waitid(P_ALL, 0, &si, WSTOPPED | WNOHANG | WNOWAIT) || !si.si_pid ||
	    si.si_pid != l->stopped) {
		l->stopped = si.si_pid;
		return false;
	}
	snprintf(l->run->seen->vmm_error, sizeof(l->run->seen->vmm_error),
		 "the emulator (process %d) was stopped by SIG%s, and not continued for %ld s",
		 si.si_pid, sigabbrev_np(si.si_status) ?: "?", LOOK_NS / NSEC_PER_SEC);
	return true;
}

/* How long to wait for an event; the parts have had their ticks. */
static int wait_ms(struct event_loop *l)
{
	uint64_t now = ktstr_now_ns(), next = UINT64_MAX;
	int left = left_ms(l), tick;

	if (!ktstr_run__deterministic(l->run)) {
		next = ktstr_parts__tick(l->run, l->vm, now, l->ticked_ns);
		ktstr_progress__tell(l->run);
	}
	if (next > l->look_ns)
		next = l->look_ns;
	tick = until_ms(now, next);
	return tick < left ? tick : left;
}

/* What the vCPUs were doing when a deadline passed; parts that know the kernel say more. */
static void look_at_vcpus(struct event_loop *l)
{
	struct ktstr_seen *s = l->run->seen;
	struct vm_stand *stand;
	struct ktstr_err err;
	uint32_t nr;
	int ret = vm_look(l->vm, &stand, &nr, &err);

	s->vcpus[0] = '\0';
	if (ret && ret != -EOPNOTSUPP)
		snprintf(s->vcpus, sizeof(s->vcpus), "%s", err.msg);
	if (ret)
		return;
	vm_stands_tell(stand, nr, NULL, s->vcpus, sizeof(s->vcpus));
	ktstr_parts__stuck(l->run, l->vm, stand, nr);
	free(stand);
}

/* True when the loop is over. */
static bool on_timeout(struct event_loop *l)
{
	struct ktstr_seen *s = l->run->seen;

	l->run->signal = ktstr_interrupt__signal();
	if (!l->run->signal && left_ms(l) && !stays_stopped(l))
		return false;
	/* Messages since the last sync point may show a later stage of the lifecycle. */
	ktstr_messages__read(s, l->chan);
	if (l->run->signal || s->vmm_error[0])
		return true;
	s->timeout = true;
	s->timed_out = s->lifecycle;
	s->timeout_s = l->limit_s[l->deadline];
	look_at_vcpus(l);
	return true;
}

/* The guest's last message was sent right before this sync point. */
static void note_clocks(struct event_loop *l)
{
	struct ktstr_seen *s = l->run->seen;

	if (s->clocks.known || !s->now_ns || vm_probe_time(l->vm, &s->clocks.machine_ns))
		return;
	s->clocks.guest_ns = s->now_ns;
	s->clocks.known = true;
}

/* True when the loop is over. */
static bool on_event(struct event_loop *l, const struct vm_event *ev)
{
	struct ktstr_seen *s = l->run->seen;
	uint64_t gpa;

	switch (ev->type) {
	case VM_EVENT_SYNC:
		read_messages(l);
		note_clocks(l);
		ktstr_parts__sync(l->run, l->vm);
		if (s->asked)
			ktstr_messages__answer(s, vm_shared(l->vm, &gpa));
		vm_continue(l->vm);
		/* A guest that rings the doorbell all the time must still miss its deadline. */
		return (!left_ms(l) || ktstr_interrupt__signal()) && on_timeout(l);
	case VM_EVENT_MARK:
		/* The guest would notice it if its messages were taken out of the ring. */
		ktstr_messages__peek(s, l->chan);
		ktstr_parts__mark(l->run, l->vm, ev->mark);
		ktstr_progress__tell(l->run);
		if (s->cut)
			return true;
		vm_continue(l->vm);
		return (!left_ms(l) || ktstr_interrupt__signal()) && on_timeout(l);
	case VM_EVENT_WATCH:
		ktstr_messages__peek(s, l->chan);
		ktstr_parts__watch(l->run, l->vm, ev->watch);
		vm_continue(l->vm);
		return (!left_ms(l) || ktstr_interrupt__signal()) && on_timeout(l);
	case VM_EVENT_EXIT:
		read_messages(l);
		s->machine_off = true;
		snprintf(s->machine_end, sizeof(s->machine_end), "%s", ev->err.msg);
		return true;
	case VM_EVENT_SAVE:		/* of a machine that is to become an image: not this one */
	case VM_EVENT_ERROR:
		ktstr_messages__read(s, l->chan);
		snprintf(s->vmm_error, sizeof(s->vmm_error), "%s",
			 ev->err.msg[0] ? ev->err.msg : "the VMM failed and said nothing");
		return true;
	case VM_EVENT_TIMEOUT:
		break;
	}
	return on_timeout(l);
}

void ktstr_event_loop__run(struct ktstr_run *run, struct vm *vm, struct ktstr_chan *chan,
			   const struct ktstr_deadlines *d, struct ktstr_follow *console)
{
	struct event_loop l = {
		.run = run, .vm = vm, .chan = chan,
		.limit_s = { d->boot_s, d->run_s, d->teardown_s },
	};
	int wake_fd = console ? console->wake : ktstr_interrupt__fd();
	struct vm_event ev;

	run->seen->lifecycle = KTSTR_LIFECYCLE_BOOT;
	l.start_ns = ktstr_now_ns();
	l.since_ns = l.start_ns;
	l.look_ns = l.start_ns + LOOK_NS;
	ktstr_progress__tell(run);
	do {
		vm_wait(vm, wait_ms(&l), wake_fd, &ev);
		if (console)
			ktstr_follow__read(console);
	} while (!on_event(&l, &ev));
}

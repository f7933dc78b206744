// SPDX-License-Identifier: GPL-2.0
/* Load under which a task or a CPU that is forgotten for a moment is missed. */
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <ktstr/claim.h>
#include <ktstr/custom.h>

#include "catalogue.h"

/* ---- psi_triggers ---- */

#define PRESSURE	"/proc/pressure/cpu"
#define WINDOW_MS	500	/* the shortest that the kernel takes, kernel/sched/psi.c */

/*
 * Waits for one event, which a kthread of the kernel sends at most once in a window. Each worker is
 * a process with a descriptor of its own.
 */
static void await_pressure(struct ktstr_work_ctx *w)
{
	static const char trigger[] = "some 50000 500000";	/* a tenth of the window, us */
	static int fd = -1;
	uint64_t before = ktstr_work_now_ns();
	struct pollfd p;

	if (fd < 0) {
		fd = open(PRESSURE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 && write(fd, trigger, sizeof(trigger)) < 0) {
			close(fd);
			fd = -1;
		}
	}
	p = (struct pollfd){ .fd = fd, .events = POLLPRI };
	if (poll(&p, 1, 50) > 0 && p.revents & POLLPRI)
		ktstr_work_done(w, 1);
	ktstr_work_blocked(w, before, ktstr_work_now_ns());
}

static bool can_have_triggers(void)
{
	char text[16];
	int fd = open(PRESSURE, O_RDONLY | O_CLOEXEC);
	bool can = fd >= 0 && read(fd, text, sizeof(text)) > 0;	/* EOPNOTSUPP: it is off */

	if (fd >= 0)
		close(fd);
	return can;
}

static int psi_triggers(struct ktstr_ctx *ctx)
{
	double events, windows = (double)ktstr_duration_ns(ctx) / NSEC_PER_MSEC / WINDOW_MS;
	int r;

	if (!can_have_triggers()) {
		ktstr_skip(ctx, "the kernel has no " PRESSURE ": built without CONFIG_PSI, or psi=1 is missing");
		return 0;
	}
	r = ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("crowd", .workers = 4 * ktstr_nr_cpus(ctx)),
			CGROUP("reader", .workers = 1,
			       .work = CUSTOM("await_pressure", await_pressure))),
		HOLD_SETTLED(1.0)));
	events = phase_cgroup(ctx, 0, "reader").work_units;
	if (!r)
		claim_at_least(ctx, events, floor(windows / 2),
			       .because = "tasks wait for CPUs all the time, and a trigger fires once in 500 ms",
			       .kind = KTSTR_STARVED);
	return r;
}

/* ---- everybody_frozen ---- */

static int scheduler;		/* pid of its process, 0 without one */

static void stop_scheduler(struct ktstr_work_ctx *w)
{
	if (scheduler)
		kill(scheduler, SIGSTOP);
	ktstr_work_done(w, 1);
	ktstr_work_sleep(w, 50 * NSEC_PER_MSEC);
}

static void continue_scheduler(struct ktstr_work_ctx *w)
{
	if (scheduler)
		kill(scheduler, SIGCONT);
	ktstr_work_done(w, 1);
	ktstr_work_sleep(w, 50 * NSEC_PER_MSEC);
}

/*
 * As in a suspend: all tasks are frozen, the scheduler's own process too, and it is the last that
 * is thawed.
 */
static int everybody_frozen(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx), i;
	double least_cpu_s = INFINITY;
	struct ktstr_stats all;
	int r;

	scheduler = ktstr_sched_pid(ctx);
	r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = nr), CGROUP("cg_1", .workers = nr))),
		STEP(HOLD_SETTLE),
		STEP(OPS(FREEZE_CGROUP("cg_0"), FREEZE_CGROUP("cg_1"),
			 SPAWN_HOST(.workers = 1, .work = CUSTOM("stop_scheduler", stop_scheduler))),
		     HOLD_FRAC(0.25)),
		STEP(OPS(UNFREEZE_CGROUP("cg_0"), UNFREEZE_CGROUP("cg_1")), HOLD_FRAC(0.5)),
		STEP(OPS(SPAWN_HOST(.workers = 1,
				    .work = CUSTOM("continue_scheduler", continue_scheduler))),
		     HOLD_FRAC(0.25)));
	for (i = 0; i < nr; i++) {
		least_cpu_s = fmin(least_cpu_s, phase_worker(ctx, 2, "cg_0", i).cpu_s);
		least_cpu_s = fmin(least_cpu_s, phase_worker(ctx, 2, "cg_1", i).cpu_s);
	}
	all = phase_cgroup(ctx, 2, "cg_0");
	if (!r)		/* two share a CPU: half of what it had time for would be the share */
		claim_at_least(ctx, least_cpu_s, 0.15 * all.wall_s / nr,
			       .because = "the tasks are thawed, only the scheduler's process still stands",
			       .kind = KTSTR_STARVED);
	return r;
}

CANNED_TABLE(catalogue_stall,
	CANNED(stall_detect,
	       "forgets a runnable task while many others run",
	       .fault = "no-preempt",
	       STEADY(.cgroups = 1, .works = WORKS(WORKSPEC(.workers = 16)))),
	CANNED(stall_recovery,
	       "serves one busy cgroup until tasks of the other one time out",
	       .fault = "no-preempt",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 16)))),
	CANNED(psi_triggers,
	       "delays tasks that a kthread of the kernel wakes up while CPUs are under pressure",
	       .fault = "kthread-wakes-last",
	       .run = psi_triggers),
	CANNED(everybody_frozen,
	       "needs its own process, which is frozen with all others",
	       .fault = "heartbeat",
	       .run = everybody_frozen));

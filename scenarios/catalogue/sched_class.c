// SPDX-License-Identifier: GPL-2.0
/* Policies other than SCHED_OTHER. Those above sched_ext take CPUs away without asking it. */
#include <ktstr/claim.h>

#include "catalogue.h"

/* Two for each CPU of either kind: a nice task gets less, and not nothing. */
static int nice_beside_normal(struct ktstr_ctx *ctx)
{
	uint32_t nr = 2 * ktstr_nr_cpus(ctx);
	int r = ktstr_run(ctx, STEP(CGROUPS(CGROUP("normal", .workers = nr),
					    CGROUP("nice", .workers = nr, .nice = VALUE(5))),
				    HOLD_SETTLED(1.0)));

	if (!r)		/* equal shares are fine: not every scheduler knows of weights */
		claim_at_most(ctx, phase_cgroup(ctx, 0, "nice").cpu_s,
			      1.2 * phase_cgroup(ctx, 0, "normal").cpu_s);
	return r;
}

CANNED_TABLE(catalogue_sched_class,
	CANNED(sched_batch,
	       "forgets SCHED_BATCH tasks",
	       .fault = "no-preempt",
	       EVEN, STEADY(.works = WORKS(WORKSPEC(.policy = POLICY(BATCH))))),
	CANNED(sched_idle,
	       "starves SCHED_IDLE tasks although no other task is runnable",
	       .fault = "drop",
	       EVEN, STEADY(.works = WORKS(WORKSPEC(.policy = POLICY(IDLE))))),
	CANNED(sched_fifo,
	       "does not resume on CPUs that realtime tasks took and released",
	       .fault = "leak-last",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 1, .policy = FIFO(1),
					      DOES_BURSTS(500, 250))))),
	CANNED(sched_rr,
	       "does not resume on CPUs that several realtime tasks share",
	       .fault = "leak-last",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 2, .policy = RR(1),
					      DOES_BURSTS(500, 250))))),
	CANNED(nice_beside_normal,
	       "starves tasks with a positive nice value, or favours them",
	       .fault = "starve-nice",
	       /* crowds of unlike weight: who shares a CPU with whom; EEVDF: up to 60 */
	       .max_spread_pct = CATALOGUE_CHANCE_PCT,
	       .run = nice_beside_normal));

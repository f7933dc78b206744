// SPDX-License-Identifier: GPL-2.0
/* Policies other than SCHED_OTHER. Those above sched_ext take CPUs away without asking it. */
#include "catalogue.h"

CANNED_TABLE(catalogue_sched_class,
	CANNED(sched_batch,
	       "forgets SCHED_BATCH tasks",
	       STEADY(.works = WORKS(WORKSPEC(.policy = POLICY(BATCH))))),
	CANNED(sched_idle,
	       "starves SCHED_IDLE tasks although nobody else wants the CPU",
	       STEADY(.works = WORKS(WORKSPEC(.policy = POLICY(IDLE))))),
	CANNED(sched_fifo,
	       "does not get back to work on CPUs that realtime tasks took and returned",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 1, .policy = FIFO(1),
					      DOES_BURSTS(500, 250))))),
	CANNED(sched_rr,
	       "does not get back to work on CPUs that realtime tasks pass among themselves",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 2, .policy = RR(1),
					      DOES_BURSTS(500, 250))))));

// SPDX-License-Identifier: GPL-2.0
/* Enough load that a task or a CPU which is forgotten for a moment is missed. */
#include "catalogue.h"

CANNED_TABLE(catalogue_stall,
	CANNED(stall_detect,
	       "forgets a runnable task while many others run",
	       .fault = "no-preempt",
	       STEADY(.cgroups = 1, .works = WORKS(WORKSPEC(.workers = 16)))),
	CANNED(stall_recovery,
	       "serves one busy cgroup until tasks of the other one time out",
	       .fault = "no-preempt",
	       STEADY(.works = WORKS(WORKSPEC(.workers = 16)))));

// SPDX-License-Identifier: GPL-2.0
/* Describes stalled workers, and counts them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/inspect.h>

#include "result.h"

const char *ktstr_stall__name(uint32_t why)
{
	static const char * const names[KTSTR_NR_STALL_WHYS] = {
		[KTSTR_STALL_FORGOTTEN] = "forgotten", [KTSTR_STALL_WAITS] = "waits",
		[KTSTR_STALL_PASSED_OVER] = "passed-over",
		[KTSTR_STALL_LIMITED] = "limited", [KTSTR_STALL_SLEEPS] = "sleeps",
		[KTSTR_STALL_BLOCKED] = "blocked", [KTSTR_STALL_STOPPED] = "stopped",
	};

	return why < KTSTR_NR_STALL_WHYS ? names[why] : "unknown";
}

void ktstr_stall__describe(const struct ktstr_stall *s, char *buf, size_t size)
{
	switch (s->why) {
	case KTSTR_STALL_FORGOTTEN:
		snprintf(buf, size, "runnable, left waiting while CPU %s idled", s->cpus);
		break;
	case KTSTR_STALL_PASSED_OVER:
		snprintf(buf, size, "runnable, passed over: CPU %s switched to others %u times a second",
			 s->cpus, s->turns_per_s);
		break;
	case KTSTR_STALL_WAITS:
		snprintf(buf, size, "runnable, waiting behind others on CPU %s", s->cpus);
		break;
	case KTSTR_STALL_LIMITED:
		snprintf(buf, size, "runnable, left waiting; cpu.max limits its cgroup");
		break;
	case KTSTR_STALL_STOPPED:
		snprintf(buf, size, "stopped");
		break;
	default:
		snprintf(buf, size, "%s in %s",
			 s->why == KTSTR_STALL_SLEEPS ? "asleep" : "blocked", s->wchan);
	}
}

uint32_t ktstr_stall__nr(const struct ktstr_result *r)
{
	return r->nr_stalls;
}

bool ktstr_stall__report(const struct ktstr_result *r, uint32_t i,
			 struct ktstr_stall_report *report)
{
	const struct ktstr_stall *s = &r->stalls[i];

	if (i >= r->nr_stalls)
		return false;
	*report = (struct ktstr_stall_report){
		.why = ktstr_stall__name(s->why), .cgroup = s->cgroup, .comm = s->comm,
		.part = s->part, .tid = s->tid, .step = s->step, .resumed = s->resumed,
		.at_ns = s->at_ns, .for_ns = s->for_ns, .turns_per_s = s->turns_per_s,
		.cpus = s->cpus, .status = s->status, .wchan = s->wchan, .syscall = s->syscall,
		.cgroup_path = s->path, .loadavg = s->loadavg, .stack = s->stack,
	};
	return true;
}

/* NaN: the stall monitor was off. */
double ktstr_stats__stalls(const struct ktstr_result *r, const char *cgroup)
{
	uint32_t i, nr = cgroup ? 0 : r->dropped_stalls;

	if (!r->stall_poll_ms)
		return (double)NAN;
	for (i = 0; i < r->nr_stalls; i++)
		nr += !cgroup || !strcmp(r->stalls[i].cgroup, cgroup);
	return nr;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A worker that made no progress in several polls of the guest's stall monitor
 * (guest/engine/state/stall.c). The state of the worker at that time is text, as /proc has it; ""
 * where there is none.
 */
#ifndef KTSTR_RESULT_STALLS_H
#define KTSTR_RESULT_STALLS_H

#include <stddef.h>
#include <stdint.h>

#include "statistics.h"

#define KTSTR_MAX_STALLS	16

enum ktstr_stall_why {
	KTSTR_STALL_FORGOTTEN,		/* runnable, and a CPU that it may use was idle */
	KTSTR_STALL_PASSED_OVER,	/* runnable, and its CPU kept turning to others */
	KTSTR_STALL_WAITS,		/* runnable, its CPUs were busy */
	KTSTR_STALL_LIMITED,		/* runnable, and cpu.max limits its cgroup */
	KTSTR_STALL_SLEEPS,
	KTSTR_STALL_BLOCKED,		/* uninterruptible */
	KTSTR_STALL_STOPPED,		/* by a signal or a tracer */
	KTSTR_NR_STALL_WHYS,
};

struct ktstr_stall {
	uint32_t why;			/* enum ktstr_stall_why */
	uint32_t step;			/* in which it was found */
	int32_t tid;
	uint32_t resumed;		/* 1: it went on later */
	uint32_t turns_per_s;		/* passed over: of others on its CPU */
	uint64_t at_ns;			/* since the first step, when it began */
	uint64_t for_ns;		/* how long, as far as the monitor saw */
	uint64_t found_ns;		/* guest clock: when it was described */
	char cgroup[KTSTR_NAME_LEN];
	char part[KTSTR_NAME_LEN];	/* as in ktstr_cgroup_stats */
	char comm[32];
	char cpus[64];			/* that were idle; passed over: its own; else those it may use */
	char status[208];		/* state and switches */
	char wchan[64];
	char syscall[128];		/* number, arguments, stack and instruction pointer */
	char path[128];			/* of its cgroup, below the mount */
	char loadavg[64];
	char stack[512];		/* of the kernel, innermost function first */
};

/* "forgotten", ...; never NULL. And "runnable, left waiting while CPU 1 idled". */
const char *ktstr_stall__name(uint32_t why);
void ktstr_stall__describe(const struct ktstr_stall *s, char *buf, size_t size);

#endif

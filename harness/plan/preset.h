/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Topology presets: named machines on which the gauntlet runs a test. Each has one property that
 * schedulers have bugs with: odd counts, SMT or none, many LLCs, several nodes, nodes that differ.
 * A new preset is a row of the table.
 */
#ifndef KTSTR_PLAN_PRESET_H
#define KTSTR_PLAN_PRESET_H

#include <stdbool.h>
#include <stddef.h>

#include <ktstr/attrs.h>

#include "vmm/vm.h"

struct ktstr_preset {
	const char *name;
	struct vm_topology topo;
	uint32_t memory_mib;		/* enough for it; a test may need more */
	const char *what;		/* what it shows */
};

extern const struct ktstr_preset ktstr_presets[];
extern const unsigned int ktstr_nr_presets;

/* NULL when there is none. */
const struct ktstr_preset *ktstr_preset__find(const char *name);

/*
 * "1n2l4c1t", or the name of a preset, which is then in @preset (else NULL). 0, or -EINVAL with @err,
 * which suggests a similar name.
 */
int ktstr_preset__parse(const char *text, struct ktstr_topology *topo,
			const struct ktstr_preset **preset, struct ktstr_err *err);

/* A test's constraints with scheduler and defaults applied. */
struct ktstr_bounds {
	uint32_t min_llcs, max_llcs;
	uint32_t min_numa_nodes, max_numa_nodes;
	uint32_t min_cpus, max_cpus;
	bool requires_smt;
};

void ktstr_bounds__of(const struct ktstr_test *t, const struct ktstr_scheduler *s,
		      struct ktstr_bounds *b);

/* The same without the defaults: what neither says does not limit. */
void ktstr_bounds__given(const struct ktstr_test *t, const struct ktstr_scheduler *s,
			 struct ktstr_bounds *b);

/* Does @t lie within @b? If not, @why says it: "has 4 LLCs, the test takes 1 to 3". */
bool ktstr_bounds__accept(const struct ktstr_bounds *b, const struct ktstr_topology *t, char *why,
			  size_t size);

/* The host that a preset must fit on. A member that is 0 does not limit. */
struct ktstr_room {
	uint32_t cpus;			/* usable ones: affinity and cpuset count */
	uint32_t llcs;			/* 0 also without performance mode */
	uint32_t cpus_per_llc;		/* of the largest LLC; 0 likewise */
	bool no_smt;			/* the architecture's guests have no SMT (arm64) */
	bool service;			/* performance mode: one CPU more, for the host's threads */
};

/*
 * Does the gauntlet run @p? If not, @why says it: "needs 32 CPUs, the host has 8". Emulation has no
 * limits: pass a zeroed @room.
 */
bool ktstr_preset__accept(const struct ktstr_preset *p, const struct ktstr_bounds *b,
			  const struct ktstr_room *room, char *why, size_t size);

#endif

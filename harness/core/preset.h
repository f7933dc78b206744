/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Topology presets: named machines that a test is expanded to (its gauntlet). Each is there for
 * one property that schedulers get wrong: odd counts, SMT or none, many LLCs, several nodes,
 * nodes that differ. One table; a new row needs nothing else.
 */
#ifndef KTSTR_CORE_PRESET_H
#define KTSTR_CORE_PRESET_H

#include <stdbool.h>
#include <stddef.h>

#include <ktstr/attrs.h>

#include "../../vmm/vm.h"

struct ktstr_preset {
	const char *name;
	struct vm_topology topo;
	uint32_t memory_mib;		/* enough for it; a test's own floors come on top */
	const char *what;		/* what it shows */
};

extern const struct ktstr_preset ktstr_presets[];
extern const unsigned int ktstr_nr_presets;

/* NULL when there is none. */
const struct ktstr_preset *ktstr_preset__find(const char *name);

/* A test's constraints with scheduler and defaults applied. */
struct ktstr_bounds {
	uint32_t min_llcs, max_llcs;
	uint32_t min_numa_nodes, max_numa_nodes;
	uint32_t min_cpus, max_cpus;
	bool requires_smt;
};

void ktstr_bounds__of(const struct ktstr_test *t, const struct ktstr_scheduler *s,
		      struct ktstr_bounds *b);

/* What a preset has to fit on. A member that is 0 does not limit. */
struct ktstr_room {
	uint32_t cpus;			/* usable ones: affinity and cpuset count */
	uint32_t llcs;			/* 0 also without performance mode */
	uint32_t cpus_per_llc;		/* of the largest LLC; 0 likewise */
	bool no_smt;			/* the architecture's guests have no SMT (arm64) */
};

/*
 * Does the gauntlet run @p? If not, @why gets a few words: "needs 32 CPUs, the host has 8".
 * Under emulation nothing limits: pass a zeroed @room.
 */
bool ktstr_preset__accept(const struct ktstr_preset *p, const struct ktstr_bounds *b,
			  const struct ktstr_room *room, char *why, size_t size);

#endif

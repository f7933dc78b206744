/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan of a run: the attributes of a test with inheritance, defaults and overrides applied. Its
 * members are never unset, unless their comment says so.
 */
#ifndef KTSTR_PLAN_PLAN_H
#define KTSTR_PLAN_PLAN_H

#include <ktstr/attrs.h>

#include "harness/result/result.h"
#include "lib/err.h"
#include "gauntlet.h"

struct ktstr_plan {
	const struct ktstr_test *test;
	bool gauntlet;				/* a variant gauntlet/TEST/PRESET */
	const struct ktstr_preset *preset;	/* whose machine it is; NULL: no preset's */
	const struct ktstr_scheduler *scheduler;	/* NULL: the kernel's default */
	/* Arguments of schedulers that KTSTR_SCHEDULER replaces; NULL: those they declare. */
	const char * const *sched_args;
	const char *cgroup_root;	/* below it the test's cgroups are made; NULL: nobody says */
	const char * const *kargs;	/* KTSTR_KARGS: further kernel parameters; NULL: none */
	struct ktstr_topology topo;
	const struct ktstr_numa_node *nodes;	/* [topo.numa_nodes]; NULL: all alike */
	const uint8_t *distances;		/* [numa_nodes][numa_nodes]; NULL: 10 and 20 */
	uint32_t nr_cpus;
	char excluded[160];		/* why the test's bounds exclude a KTSTR_TOPOLOGY; or empty */
	uint64_t memory_mib;		/* max(64 * cpus, 256, memory_mib) */
	uint32_t duration_s;
	int64_t grace_s;		/* KTSTR_UNSET: by duration_s */
	bool performance_mode, no_perf_mode;
	uint32_t cpu_budget;			/* of the host's CPUs; 0: nobody says */
	uint32_t num_snapshots;		/* periodic ones */
	const char *work_type;		/* for swappable cgroups; NULL: their own */
	uint32_t workers_per_cgroup;
	bool allow_unclean_exit;
	bool tolerates_restart;
	bool kaslr, expect_err, allow_inconclusive, survives_storm, host_only, ignore;
	bool here;			/* here.h: host_only, and the test was written for a guest */
	const char *left_out[16];	/* then: attributes and checks that are not judged */
	unsigned int nr_left_out;
	struct ktstr_checks checks;	/* resolved: library, scheduler, test */
};

/*
 * The only way from a declaration to a plan: validate it, apply inheritance and defaults, then what
 * the user asks for through the environment (override.h), and resolve the checks. 0, or -EINVAL or
 * -EOPNOTSUPP with @err.
 */
int ktstr_plan__for(struct ktstr_plan *p, const struct ktstr_test *t, struct ktstr_err *err);
/* The same of a variant. Whether the gauntlet has it is not asked. */
int ktstr_plan__for_variant(struct ktstr_plan *p, const struct ktstr_variant *v,
			    struct ktstr_err *err);

/* Without what the user asks for, and without checks: what a listing tells of a test. */
int ktstr_plan__declared(struct ktstr_plan *p, const struct ktstr_test *t, struct ktstr_err *err);

/* The id of the variant: id.h. Returns @buf. */
char *ktstr_plan__id(const struct ktstr_plan *p, char *buf, size_t size);
/* Its name, "TEST" or "TEST/PRESET". */
char *ktstr_plan__name(const struct ktstr_plan *p, char *buf, size_t size);

/* The machine of @p; what it points to is the plan's. */
struct vm_topology ktstr_plan__machine(const struct ktstr_plan *p);

/* Take the machine of @preset instead. */
void ktstr_plan__use_preset(struct ktstr_plan *p, const struct ktstr_preset *preset);

/* The layer between the library and the test; NULL: there is none. */
const struct ktstr_checks *ktstr_plan__scheduler_checks(const struct ktstr_plan *p);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From declaration to run: every attribute of a test with inheritance and defaults applied.
 * Nothing behind this looks at "unset" again.
 */
#ifndef KTSTR_CORE_PLAN_H
#define KTSTR_CORE_PLAN_H

#include <ktstr/attrs.h>

#include "../../vmm/err.h"
#include "verdict.h"

struct ktstr_plan {
	const struct ktstr_test *test;
	const struct ktstr_scheduler *scheduler;	/* NULL: EEVDF */
	struct ktstr_topology topo;
	uint32_t nr_cpus;
	uint64_t memory_mib;		/* max(64 * cpus, 256, memory_mib) */
	uint32_t duration_s;
	uint32_t grace_s;		/* KTSTR_UNSET: by duration_s */
	const char *work_type;		/* for swappable cgroups; NULL: their own */
	uint32_t workers_per_cgroup;
	bool kaslr, expect_err, allow_inconclusive, survives_storm, host_only, ignore;
	struct ktstr_checks checks;
};

/*
 * The one place that judges a declaration (spec/runtime 1.3): values, exclusions and
 * requirements, and attributes that are not supported yet. Returns 0 or -EINVAL with @err
 * "test NAME: ATTRIBUTE: why". -EOPNOTSUPP: "... not supported yet".
 */
int ktstr_validate(const struct ktstr_test *t, struct vm_err *err);

/* Apply inheritance and defaults to a valid test. 0 or -EINVAL (e.g. llcs % numa_nodes). */
int ktstr_plan__make(struct ktstr_plan *p, const struct ktstr_test *t, struct vm_err *err);

/*
 * What follows from p->topo: the number of CPUs and the memory. -EINVAL when it cannot be built.
 */
int ktstr_plan__size(struct ktstr_plan *p, struct vm_err *err);

/* "1n2l4c2t". 0 or -EINVAL. */
int ktstr_topology__parse(const char *text, struct ktstr_topology *t);

/* All tests and schedulers of this program, in source order. */
struct ktstr_registry {
	const struct ktstr_test * const *tests;
	unsigned int nr_tests;
	const struct ktstr_scheduler * const *schedulers;
	unsigned int nr_schedulers;
};
void ktstr_registry__get(struct ktstr_registry *r);
/* Names: non-empty, no slash, unique among tests and among schedulers. */
int ktstr_registry__check(const struct ktstr_registry *r, struct vm_err *err);
/* NULL when there is none. */
const struct ktstr_test *ktstr_registry__find(const struct ktstr_registry *r, const char *name);

#endif

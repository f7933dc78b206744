/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks as one table: name, unit, direction, scope, default, and the function that
 * judges. A new check is a member in ktstr/attrs.h, a row and a function here.
 */
#ifndef KTSTR_CHECKS_H
#define KTSTR_CHECKS_H

#include <ktstr/attrs.h>

#include "../core/verdict.h"

enum ktstr_check_type { KTSTR_CHECK_SWITCH, KTSTR_CHECK_LIMIT, KTSTR_CHECK_COUNT };
enum ktstr_check_scope { KTSTR_SCOPE_CGROUP, KTSTR_SCOPE_MONITOR };

/*
 * The workers of one cgroup in one step, and what they were allowed to do. All of them: what
 * is pooled or compared (latencies, spread) is so within one sample.
 */
struct ktstr_group_sample {
	const char *cgroup;
	uint32_t step;
	const struct ktstr_worker_report *reports;
	uint32_t nr;
	const struct ktstr_cpumask *cpuset;	/* NULL: none was set */
	const struct ktstr_worker_samples *samples; /* parallel to reports; NULL: none taken */
	const struct ktstr_cpumask *nodes;	/* NUMA nodes of the cpuset; NULL: not known */
	bool migrated_known;
	uint64_t pages_migrated;		/* between nodes, during the step, system-wide */
};

struct ktstr_check {
	const char *name;		/* the attribute */
	const char *unit;
	const char *fails_when;		/* one line for lists and docs */
	enum ktstr_check_type type;
	enum ktstr_check_scope scope;
	size_t offset;			/* into struct ktstr_checks */
	double dflt;			/* library default; NaN: off. Switches: 0 or 1 */
	/* NULL: not supported yet; setting it is an error that says so */
	void (*judge)(const struct ktstr_checks *c, const struct ktstr_group_sample *s,
		      struct ktstr_result *out);
};

extern const struct ktstr_check ktstr_check_table[];
extern const unsigned int ktstr_nr_checks;

/* All unset. */
void ktstr_checks__unset(struct ktstr_checks *c);
/* Whatever @over sets replaces what @c has. */
void ktstr_checks__merge(struct ktstr_checks *c, const struct ktstr_checks *over);
/* Library defaults, then scheduler, then test. Either may be NULL. */
void ktstr_checks__resolve(struct ktstr_checks *c, const struct ktstr_checks *scheduler,
			   const struct ktstr_checks *test);
bool ktstr_check__is_set(const struct ktstr_check *k, const struct ktstr_checks *c);

/* Run every enabled row over the sample. */
void ktstr_checks__judge(const struct ktstr_checks *c, const struct ktstr_group_sample *s,
			 struct ktstr_result *out);
/* Fold the reports into out->cgroups[] (same name and step: one entry). */
void ktstr_stats__add(const struct ktstr_group_sample *s, struct ktstr_result *out);

#endif

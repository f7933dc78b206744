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
enum ktstr_check_scales { KTSTR_SCALES_NOT, KTSTR_SCALES_TIME, KTSTR_SCALES_RATE };
enum ktstr_layer { KTSTR_LAYER_LIBRARY, KTSTR_LAYER_SCHEDULER, KTSTR_LAYER_TEST };

/*
 * Virtual CPUs that the host's scheduler shares out (multi-threaded emulation) stand still at
 * times of its choosing, for several of its time slices. So much longer may everything take there: limits that
 * are times are multiplied by it, limits on what is done per second divided. Deterministic and
 * KVM guests are judged by the limits as they stand.
 */
#define KTSTR_SHARED_CPU_SCALE	5

/*
 * The workers of one cgroup in one step, and what they were allowed to do. All of them: what
 * is pooled or compared (latencies, spread) is so within one sample.
 */
struct ktstr_group_sample {
	const char *cgroup;
	uint32_t step;
	enum ktstr_span span;
	const struct ktstr_worker_report *reports;
	uint32_t nr;
	const struct ktstr_cpumask *cpuset;	/* NULL: none was set */
	const struct ktstr_worker_samples *samples; /* parallel to reports; NULL: none taken */
	const struct ktstr_cpumask *nodes;	/* NUMA nodes of the cpuset; NULL: not known */
	bool migrated_known;
	uint64_t pages_migrated;		/* between nodes, during the step, system-wide */
	uint32_t time_scale;			/* of limits that are times; 0: 1 */
};

struct ktstr_check {
	const char *name;		/* the attribute */
	const char *unit;
	const char *fails_when;		/* one line for lists and docs */
	enum ktstr_check_type type;
	enum ktstr_check_scope scope;
	size_t offset;			/* into struct ktstr_checks */
	double dflt;			/* library default; NaN: off. Switches: 0 or 1 */
	enum ktstr_check_scales scales;
	/* NULL: the monitor's */
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
/* Set, and not switched off. */
bool ktstr_check__enabled(const struct ktstr_check *k, const struct ktstr_checks *c);
/* "2000", "true", "none" */
void ktstr_check__format(const struct ktstr_check *k, const struct ktstr_checks *c, char *buf,
			 size_t size);
/* Which layer the resolved value comes from; both may be NULL. */
enum ktstr_layer ktstr_check__layer(const struct ktstr_check *k,
				    const struct ktstr_checks *scheduler,
				    const struct ktstr_checks *test);
const char *ktstr_layer__name(enum ktstr_layer layer);
/*
 * Monitor checks that a scheduler or test asks for by name and that nothing can judge: each is
 * undecided.
 */
void ktstr_checks__unjudged(const struct ktstr_checks *scheduler, const struct ktstr_checks *test,
			    struct ktstr_result *out);

/* Run every enabled row over the sample. */
void ktstr_checks__judge(const struct ktstr_checks *c, const struct ktstr_group_sample *s,
			 struct ktstr_result *out);
/* Fold the reports into out->cgroups[] (same name and step: one entry). */
void ktstr_stats__add(const struct ktstr_group_sample *s, struct ktstr_result *out);

#endif

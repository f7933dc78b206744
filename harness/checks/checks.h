/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks as one table: name, unit, direction, scope, default, and the function that
 * judges. A new check is a row in ktstr/attrs.h, a row in table.c and a function KTSTR_JUDGE(name)
 * in judge.c or judge_samples.c.
 */
#ifndef KTSTR_CHECKS_H
#define KTSTR_CHECKS_H

#include <ktstr/attrs.h>

#include "harness/result/result.h"

enum ktstr_check_type { KTSTR_CHECK_SWITCH, KTSTR_CHECK_LIMIT, KTSTR_CHECK_COUNT };
enum ktstr_check_scope { KTSTR_SCOPE_CGROUP, KTSTR_SCOPE_MONITOR };
enum ktstr_check_scales { KTSTR_SCALES_NOT, KTSTR_SCALES_TIME, KTSTR_SCALES_RATE };
enum ktstr_layer { KTSTR_LAYER_LIBRARY, KTSTR_LAYER_SCHEDULER, KTSTR_LAYER_TEST };

/*
 * All workers of one cgroup in one step, and the CPUs and nodes they were allowed to use.
 * Latencies are pooled and workers are compared only within one sample.
 */
struct ktstr_group_sample {
	const char *cgroup;
	uint32_t group;			/* which of the cgroup's worker groups, from 0 */
	uint32_t step;
	enum ktstr_span span;
	const struct ktstr_worker_report *reports;
	uint32_t nr;
	const struct ktstr_cpumask *cpuset;	/* NULL: none was set */
	const struct ktstr_worker_samples *samples; /* parallel to reports; NULL: none taken */
	const struct ktstr_migrations *migrations; /* the last ones, likewise */
	const struct ktstr_cpumask *nodes;	/* NUMA nodes of the cpuset; NULL: not known */
	const struct ktstr_cpumask *slow_nodes;	/* with memory and without CPUs; NULL: not known */
	bool balancing;				/* the kernel's NUMA balancing is on */
	bool migrated_known;
	uint64_t pages_migrated;		/* between nodes, during the step, system-wide */
	uint32_t time_scale;			/* limits that are times are multiplied by it; 0: 1 */
};

/* The beginning of a finding. */
struct ktstr_where {
	char text[KTSTR_NAME_LEN + 64];
};

/*
 * A worker in a finding, as the kernel writes a task, comm[tid]: "cg_a:1[72]", "cg_a.2:1[72]" in the
 * second group of the cgroup; from the second step on with " (step 2)". Unlike in the task's name,
 * the path of the cgroup is whole, and an author's .comm does not count.
 */
struct ktstr_where ktstr_worker_name(const char *cgroup, uint32_t group, uint32_t index,
				     int32_t tid, uint32_t step);

struct ktstr_check {
	const char *name;		/* the attribute */
	const char *unit;
	const char *fails_when;		/* one line for lists and docs */
	enum ktstr_check_type type;
	enum ktstr_check_scope scope;
	size_t offset;			/* into struct ktstr_checks */
	double dflt;			/* library default; NaN: off. Switches: 0 or 1 */
	enum ktstr_check_scales scales;
	bool follows_not_starved;	/* its default holds only where not_starved is on */
	/* NULL: the monitor judges it */
	void (*judge)(const struct ktstr_checks *c, const struct ktstr_group_sample *s,
		      struct ktstr_result *out);
};

extern const struct ktstr_check ktstr_check_table[];
extern const unsigned int ktstr_nr_checks;

/* Make all of them unset. */
void ktstr_checks__unset(struct ktstr_checks *c);
/* The checks that @over sets replace those of @c. */
void ktstr_checks__merge(struct ktstr_checks *c, const struct ktstr_checks *over);
/* Library defaults, then scheduler, then test. Either may be NULL. */
void ktstr_checks__resolve(struct ktstr_checks *c, const struct ktstr_checks *scheduler,
			   const struct ktstr_checks *test);
/* Where not_starved is on, the checks that follow it and are unset get their defaults. */
void ktstr_checks__complete(struct ktstr_checks *c);
/* The value as a double, whatever its type; NaN when unset. */
double ktstr_check__value(const struct ktstr_check *k, const struct ktstr_checks *c);
void ktstr_check__set_value(const struct ktstr_check *k, struct ktstr_checks *c, double v);
/* Why the value cannot be meant, "must not be negative"; NULL: it can, or there is none. */
const char *ktstr_check__fault(const struct ktstr_check *k, const struct ktstr_checks *c);
bool ktstr_check__is_set(const struct ktstr_check *k, const struct ktstr_checks *c);
/* Set and not off. */
bool ktstr_check__enabled(const struct ktstr_check *k, const struct ktstr_checks *c);
/* "2000", "true", "none" */
void ktstr_check__format(const struct ktstr_check *k, const struct ktstr_checks *c, char *buf,
			 size_t size);
/* Which layer the resolved value comes from; both may be NULL. */
enum ktstr_layer ktstr_check__layer(const struct ktstr_check *k,
				    const struct ktstr_checks *scheduler,
				    const struct ktstr_checks *test);
const char *ktstr_layer__name(enum ktstr_layer layer);
/* text.c: resolved checks as text, which the host sends to the guest */
/* One text of @size bytes at least KTSTR_CHECK_TEXT_MAX: "max_gap_ms=2000". False: @k is unset. */
#define KTSTR_CHECK_TEXT_MAX	96
bool ktstr_check__to_text(const struct ktstr_check *k, const struct ktstr_checks *c, char *buf,
			  size_t size);
/* Set what the text says. 0, or -EINVAL for an unknown check or no number. */
int ktstr_checks__from_text(struct ktstr_checks *c, const char *text);

/* Run every enabled row over the sample. */
void ktstr_checks__judge(const struct ktstr_checks *c, const struct ktstr_group_sample *s,
			 struct ktstr_result *out);
/* Fold the reports into out->cgroups[] (same name and step: one entry). */
void ktstr_stats__add(const struct ktstr_group_sample *s, struct ktstr_result *out);

#endif

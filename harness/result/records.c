// SPDX-License-Identifier: GPL-2.0
/*
 * The fields of every record: see records.h. A row names the member and what is required of
 * its value. The C type of the member determines how it is sent.
 */
#include <linux/kernel.h>

#include <ktstr/cpumask.h>

#include "records.h"

#define MEMBER(_struct, _member)	(((struct _struct *)NULL)->_member)

#define TYPE_OF(_member)							\
	_Generic(_member, uint32_t: KTSTR_FIELD_U32, int32_t: KTSTR_FIELD_I32,	\
		 char *: KTSTR_FIELD_TEXT, double: KTSTR_FIELD_DOUBLE,		\
		 struct ktstr_cpumask: KTSTR_FIELD_CPUS, uint64_t: KTSTR_FIELD_U64, \
		 struct ktstr_sample_stats: KTSTR_FIELD_SAMPLES,		\
		 struct ktstr_migrations: KTSTR_FIELD_MIGRATIONS)
#define FIELD(_struct, _member, ...)						\
	{ .name = #_member, .offset = offsetof(struct _struct, _member),	\
	  .size = sizeof(MEMBER(_struct, _member)),				\
	  .type = TYPE_OF(MEMBER(_struct, _member)), ##__VA_ARGS__ }
#define ANY	.least = INT32_MIN
#define BOOL	.below = 2
#define CPU	.least = -1		/* -1: none */

const struct ktstr_field ktstr_sample_fields[] = {
#define F(_member)	FIELD(ktstr_sample_stats, _member)
	F(total), F(kept), F(median_us), F(p99_us), F(max_us), F(mean_us), F(cv),
#undef F
};
const unsigned int ktstr_nr_sample_fields = ARRAY_SIZE(ktstr_sample_fields);

#define F(_member, ...)	FIELD(ktstr_result, _member, ##__VA_ARGS__)
static const struct ktstr_field run_fields[] = {
	F(dropped_details), F(dropped_fails), F(dropped_cgroups), F(dropped_workers),
	F(dropped_ext_metrics), F(dropped_stalls), F(claims_held), F(passes_logged),
	F(stall_poll_ms), F(cpus_used),
};
#undef F

#define F(_member, ...)	FIELD(ktstr_detail, _member, ##__VA_ARGS__)
static const struct ktstr_field detail_fields[] = {
	/* an unknown severity must not be able to hide a failure */
	F(severity, .below = KTSTR_FAILS + 1, .otherwise = KTSTR_FAILS),
	F(kind, .below = KTSTR_NR_KINDS, .otherwise = KTSTR_OTHER),
	F(text),
};
#undef F

#define F(_member, ...)	FIELD(ktstr_cgroup_stats, _member, ##__VA_ARGS__)
static const struct ktstr_field cgroup_fields[] = {
	F(name), F(part), F(step),
	F(span, .below = KTSTR_NR_SPANS),
	F(workers), F(messengers),
	F(blocks, BOOL),
	F(cpus), F(cpus_used),
	F(timed_workers), F(delay_workers), F(spread_workers),
	F(max_gap_cpu, CPU),
#define KTSTR_COUNTER(_name, _raw, ...)		F(_raw),
#define KTSTR_LONGEST(_name, _raw, ...)		F(_raw),
#define KTSTR_OF_CGROUP(_name, _raw, ...)	F(_raw),
#include <ktstr/figures.h>
	F(min_delay_pct), F(max_delay_pct),
	F(samples[KTSTR_SAMPLES_WAKE]), F(samples[KTSTR_SAMPLES_COST]),
	F(samples[KTSTR_SAMPLES_TIMER]),
	F(pages), F(local_pages), F(migrated_pages),
	F(locality_known, BOOL), F(migrated_known, BOOL),
};
#undef F

#define F(_member, ...)	FIELD(ktstr_worker_stats, _member, ##__VA_ARGS__)
static const struct ktstr_field worker_fields[] = {
	F(cgroup),
	F(tid, ANY),
	F(flags),
	F(schedstat_valid, BOOL),
	F(max_gap_cpu, CPU),
#define KTSTR_COUNTER(_name, _raw, ...)	F(_raw),
#define KTSTR_LONGEST(_name, _raw, ...)	F(_raw),
#include <ktstr/figures.h>
	F(max_gap_ns), F(run_delay_ns),
	F(pages), F(local_pages),
	F(wake_total), F(median_wake_us), F(p99_wake_us), F(max_wake_us),
	F(cpus_used), F(last_migrations),
};
#undef F

#define F(_member, ...)	FIELD(ktstr_ext_metric, _member, ##__VA_ARGS__)
static const struct ktstr_field ext_metric_fields[] = {
	F(source), F(cgroup), F(name), F(unit), F(step),
	F(polarity, .below = KTSTR_NR_POLARITIES),
	F(stream, .below = KTSTR_NR_METRIC_STREAMS),
	F(run),
	F(value, .negative = true), F(target, .negative = true),
};
#undef F

#define F(_member, ...)	FIELD(ktstr_stall, _member, ##__VA_ARGS__)
static const struct ktstr_field stall_fields[] = {
	F(why, .below = KTSTR_NR_STALL_WHYS, .otherwise = KTSTR_STALL_SLEEPS),
	F(step),
	F(tid, ANY),
	F(resumed, BOOL, .otherwise = 1),
	F(turns_per_s),
	F(at_ns), F(for_ns), F(found_ns),
	F(cgroup), F(part), F(comm), F(cpus), F(status), F(wchan), F(syscall), F(path),
	F(loadavg), F(stack),
};
#undef F

static bool run_consistent(const struct ktstr_result *r, const void *record)
{
	(void)record;
	return r->dropped_fails <= r->dropped_details;
}

static bool cgroup_consistent(const struct ktstr_result *r, const void *record)
{
	const struct ktstr_cgroup_stats *c = record;
	uint32_t compared = c->workers - c->messengers;

	(void)r;
	return c->messengers <= c->workers && c->timed_workers <= compared &&
	       c->delay_workers <= compared && c->spread_workers <= compared &&
	       c->cpus == ktstr_cpumask__weight(&c->cpus_used) && c->local_pages <= c->pages;
}

static bool worker_consistent(const struct ktstr_result *r, const void *record)
{
	const struct ktstr_worker_stats *w = record;

	return w->cgroup < r->nr_cgroups && w->local_pages <= w->pages &&
	       w->median_wake_us <= w->p99_wake_us && w->p99_wake_us <= w->max_wake_us &&
	       w->last_migrations.nr <= w->migrations;
}

#define ARRAY(_fields, _array, _nr, ...)					\
	{ .name = #_array, .fields = _fields, .nr_fields = ARRAY_SIZE(_fields), \
	  .size = sizeof(MEMBER(ktstr_result, _array)[0]),			\
	  .offset = offsetof(struct ktstr_result, _array),			\
	  .nr_offset = offsetof(struct ktstr_result, _nr),			\
	  .max = ARRAY_SIZE(MEMBER(ktstr_result, _array)), ##__VA_ARGS__ }

const struct ktstr_record_type ktstr_record_types[KTSTR_NR_RECORD_TYPES] = {
	[KTSTR_RECORD_RUN] = {
		.name = "run", .fields = run_fields, .nr_fields = ARRAY_SIZE(run_fields),
		.size = sizeof(struct ktstr_result), .consistent = run_consistent,
	},
	[KTSTR_RECORD_DETAIL] = ARRAY(detail_fields, details, nr_details),
	[KTSTR_RECORD_CGROUP] = ARRAY(cgroup_fields, cgroups, nr_cgroups,
				      .consistent = cgroup_consistent),
	[KTSTR_RECORD_WORKER] = ARRAY(worker_fields, workers, nr_workers,
				      .consistent = worker_consistent),
	[KTSTR_RECORD_EXT_METRIC] = ARRAY(ext_metric_fields, ext_metrics, nr_ext_metrics),
	[KTSTR_RECORD_STALL] = ARRAY(stall_fields, stalls, nr_stalls),
};

uint32_t *ktstr_record__count(const struct ktstr_record_type *t, struct ktstr_result *r)
{
	return t->max ? (uint32_t *)((char *)r + t->nr_offset) : NULL;
}

void *ktstr_record__at(const struct ktstr_record_type *t, struct ktstr_result *r, uint32_t i)
{
	return (char *)r + t->offset + i * t->size;
}

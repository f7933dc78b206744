/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The samples of one run, in order of guest time. Bounded: what does not fit is counted, not kept.
 */
#ifndef KTSTR_MONITOR_SERIES_H
#define KTSTR_MONITOR_SERIES_H

#include "sample.h"

#define KTSTR_SERIES_MAX_BYTES	(256u << 20)

/* What the kernel calls SCX_ENABLED; scx_state of a sample. */
#define KTSTR_SCX_ENABLED	1

struct ktstr_point {
	uint64_t time_ns;		/* guest clock */
	struct ktstr_sample *sample;
	uint64_t *vcpu_ns;		/* host CPU time of each vCPU so far; NULL: not known */
};

struct ktstr_series {
	struct ktstr_point *point;
	uint32_t nr, room;
	size_t bytes;
	uint32_t torn;			/* the scheduler changed again and again while it was read */
	uint32_t damaged;		/* the guest's structures made no sense */
	uint64_t skipped;		/* moments at which no CPU had a tick: all were idle */
	uint32_t dropped;		/* no room */
};

/* A part of a series: points [from, to). */
struct ktstr_series_span {
	uint32_t from, to;
};

/* Keep a copy of @s and of @vcpu_ns, which has s->nr_cpus elements or is NULL. */
void ktstr_series__add(struct ktstr_series *all, uint64_t time_ns, const struct ktstr_sample *s,
		       const uint64_t *vcpu_ns);
void ktstr_series__free(struct ktstr_series *all);

/* The points at or after @from_ns and before @to_ns. */
struct ktstr_series_span ktstr_series__between(const struct ktstr_series *all, uint64_t from_ns,
						  uint64_t to_ns);

/* Is a sched_ext scheduler enabled in this sample? */
bool ktstr_sample__scx_enabled(const struct ktstr_sample *s);
/* The value of a CPU's figure. False: the kernel lacks it, or it could not be read. */
bool ktstr_sample__cpu(const struct ktstr_sample *s, uint32_t cpu, enum ktstr_cpu_figure f,
		       uint64_t *value);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a stretch of samples comes to. The formulas:
 *
 *	imbalance of a sample	longest runqueue over the shortest, which counts as 1 if it is empty
 *	depth of a sample	the deepest local DSQ
 *	stuck			a CPU whose runqueue clock did not move between two samples, although
 *				it had something to run and, under KVM, its vCPU was running
 *	events, schedstat	the sum of what was counted between one sample and the next
 */
#ifndef KTSTR_MONITOR_SUMMARY_H
#define KTSTR_MONITOR_SUMMARY_H

#include "series.h"

/* A vCPU that ran less than this much of an interval on the host has not had its chance. */
#define KTSTR_PREEMPTED_TICKS	10

struct ktstr_monitor_summary {
	uint32_t samples;
	double seconds;			/* from the first to the last of them, guest clock */
	double max_imbalance, avg_imbalance;
	uint64_t max_dsq;
	double avg_dsq, avg_nr_running;	/* per CPU */
	uint32_t stuck;			/* so many intervals of CPUs */
	bool have_dsq, have_events, have_schedstat;
	uint64_t event[KTSTR_MAX_EVENTS];
	uint64_t sched_count, goidle, ttwu;
	uint64_t run_delay_ns;
};

/* @tick_ns: for the exemption of preempted vCPUs. */
void ktstr_monitor_summary__make(struct ktstr_monitor_summary *m, const struct ktstr_series *all,
				 struct ktstr_series_span span, unsigned int nr_events,
				 uint64_t tick_ns);

/* The rate of @count in the stretch; 0 if no time passed. */
double ktstr_monitor_summary__rate(const struct ktstr_monitor_summary *m, uint64_t count);

/* False: no CPU's runqueue could be read. */
bool ktstr_sample__imbalance(const struct ktstr_sample *s, double *ratio);
/* False: this kernel has no sched_ext, or it could not be read. */
bool ktstr_sample__max_dsq(const struct ktstr_sample *s, uint64_t *depth, uint32_t *cpu);
bool ktstr_point__stuck(const struct ktstr_point *before, const struct ktstr_point *after,
			uint32_t cpu, uint64_t tick_ns);
/*
 * How often event @i was counted between the two. Counters belong to a scheduler: those of a new
 * one begin at 0. False: one of the samples has no counters.
 */
bool ktstr_point__events(const struct ktstr_point *before, const struct ktstr_point *after,
			 unsigned int i, uint64_t *count);

#endif

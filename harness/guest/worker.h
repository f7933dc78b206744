/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between workers.c, which makes workers and ends them, and worker_loop.c, which is what runs
 * in one: the memory they share. The parent writes the control block (except the count of
 * the parked), each worker its own slot.
 */
#ifndef KTSTR_GUEST_WORKER_H
#define KTSTR_GUEST_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "samples.h"
#include "work.h"
#include "workers.h"

struct ktstr_control {
	uint32_t parked;		/* workers that reached the gate */
	uint32_t gate;			/* 0 closed, 1 open; futex */
	/* read by every worker at every checkpoint: a cache line of its own */
	uint32_t stop __attribute__((aligned(64)));
	uint32_t epoch;			/* counts changes of what the workers are allowed */
	uint64_t start_ns;		/* written before the gate opens */
};

struct ktstr_sched_figures {
	uint64_t cpu_ns, run_delay_ns, timeslices;
};

struct ktstr_slot {
	struct ktstr_worker_report report;
	uint64_t last_ns;		/* of the last checkpoint, CLOCK_MONOTONIC; 0: none */
	struct ktstr_sched_figures base; /* at the beginning of the loop */
	uint32_t base_valid;
	uint64_t base_voluntary, base_involuntary;
	struct ktstr_cpumask recent_cpus; /* used in the epoch that the worker last saw */
	uint32_t epoch;
} __attribute__((aligned(64)));

/* What a worker gets on its way. */
struct ktstr_worker_birth {
	struct ktstr_control *control;
	struct ktstr_slot *slot;
	const struct ktstr_sample_store *samples;
	struct ktstr_work_group *group;
	const struct ktstr_placement *placement;
	pid_t parent;
	uint64_t seed;
	uint32_t number;		/* among all workers */
	uint32_t index;			/* in its cgroup's work */
	uint32_t member;		/* in its group */
};

/* The life of a worker process. */
void __attribute__((noreturn)) ktstr_worker__main(const struct ktstr_worker_birth *birth);

/* schedstat of @pid, or of the caller for 0. */
bool ktstr_schedstat(pid_t pid, struct ktstr_sched_figures *f);
void ktstr_slot__sched_figures(struct ktstr_slot *s, const struct ktstr_sched_figures *now);
long ktstr_futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout);

#endif

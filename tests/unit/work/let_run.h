/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Let workers run on this machine, whatever else it has to do. A test that lets them run for some
 * time and then expects that they did something promises what only the machine's scheduler could.
 */
#ifndef KTSTR_TESTS_UNIT_WORK_LET_RUN_H
#define KTSTR_TESTS_UNIT_WORK_LET_RUN_H

#include <errno.h>
#include <time.h>

#include "lib/clock.h"
#include "harness/guest/work/worker.h"

#define LET_RUN_PATIENCE	(60 * NSEC_PER_SEC)

static inline void run_for(uint64_t ns)
{
	struct timespec t = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* For @ns at least, and until each worker has @iterations, for at most LET_RUN_PATIENCE more. */
static inline void let_run(const struct ktstr_workers *ws, uint64_t ns, uint64_t iterations)
{
	uint64_t end = ktstr_now_ns() + ns + LET_RUN_PATIENCE;
	uint32_t i;

	run_for(ns);
	for (i = 0; i < ktstr_workers__nr(ws); i++) {
		const struct ktstr_worker_report *r = &ws->slots[i].report;

		while (__atomic_load_n(&r->iterations, __ATOMIC_RELAXED) < iterations &&
		       ktstr_now_ns() < end)
			run_for(2 * NSEC_PER_MSEC);
	}
}

/* Until each worker that was not refused has told of work, also in an iteration that never ends. */
static inline void let_work(const struct ktstr_workers *ws)
{
	uint64_t end = ktstr_now_ns() + LET_RUN_PATIENCE;
	uint32_t i;

	for (i = 0; i < ktstr_workers__nr(ws); i++) {
		const struct ktstr_worker_report *r = &ws->slots[i].report;

		while (!__atomic_load_n(&r->work_units, __ATOMIC_RELAXED) &&
		       !__atomic_load_n(&r->setup_error, __ATOMIC_RELAXED) && ktstr_now_ns() < end)
			run_for(2 * NSEC_PER_MSEC);
	}
}

#endif

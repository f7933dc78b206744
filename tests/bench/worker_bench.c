// SPDX-License-Identifier: GPL-2.0
/*
 * What measuring costs a worker, in ns on this machine: real workers of custom types whose
 * iteration does nothing but what is measured, so that the loop around it (one call, one
 * checkpoint) is in every number and alone in the second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/clock.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"

#define BATCH	1000

static void nothing(struct ktstr_work_ctx *w)
{
	w->units++;
}

static void clock_reads(struct ktstr_work_ctx *w)
{
	int i;

	for (i = 0; i < BATCH; i++)
		w->units += ktstr_now_ns() & 1;
}

static void wake_samples(struct ktstr_work_ctx *w)
{
	int i;

	for (i = 0; i < BATCH; i++)
		work_sample_wake(w, w->units++ & 0xffff);
}

static void blocks(struct ktstr_work_ctx *w)
{
	uint64_t now = ktstr_now_ns();
	int i;

	for (i = 0; i < BATCH; i++)
		work_blocked(w, now + i, now + i + 1);
}

/* ns of one iteration. */
static double measure(void (*iterate)(struct ktstr_work_ctx *w), uint64_t ms)
{
	const struct ktstr_work work = { .type = KTSTR_WORK_CUSTOM,
					 .custom = { "bench", iterate } };
	const struct ktstr_placement nowhere = { .cgroup_fd = -1 };
	struct timespec t = { ms / 1000, ms % 1000 * NSEC_PER_MSEC };
	struct ktstr_workers *ws = ktstr_workers__new(1);
	const struct ktstr_worker_report *r;
	double ns;

	if (!ws || ktstr_workers__fork(ws, 0, &work, 1, &nowhere)) {
		perror("worker");
		exit(1);
	}
	ktstr_workers__start(ws, 5 * NSEC_PER_SEC);
	nanosleep(&t, NULL);
	r = ktstr_workers__reports(ws);
	if (ktstr_workers__stop(ws, 5 * NSEC_PER_SEC, NSEC_PER_SEC) || !r->completed) {
		fprintf(stderr, "the worker was lost\n");
		exit(1);
	}
	ns = (double)r->cpu_ns / (double)r->iterations;
	ktstr_workers__free(ws, NSEC_PER_SEC);
	return ns;
}

int main(void)
{
	measure(nothing, 300);	/* warm up */
	printf("clock read          %6.1f ns\n", measure(clock_reads, 500) / BATCH);
	printf("checkpoint          %6.1f ns\n", measure(nothing, 500));
	printf("wake sample         %6.1f ns\n", measure(wake_samples, 500) / BATCH);
	printf("work_blocked()      %6.1f ns\n", measure(blocks, 500) / BATCH);
	return 0;
}

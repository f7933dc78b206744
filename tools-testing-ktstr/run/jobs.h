/* SPDX-License-Identifier: GPL-2.0 */
/* The jobs of `ktstr run`: each chosen test, as often as it is repeated, on each kernel. */
#ifndef KTSTR_TOOL_RUN_JOBS_H
#define KTSTR_TOOL_RUN_JOBS_H

#include "harness/plan/opts.h"
#include "job-pool.h"
#include "suite.h"

struct job_plan {
	const struct suite *suite;
	const bool *chosen;		/* of each test */
	const struct run_kernels *kernels;	/* none: the tests say so */
	const struct ktstr_run_opts *opts;
	unsigned int repeats;		/* at least 1 */
	unsigned int retries;		/* of each job that fails */
};

/*
 * Fill in the @jobs, of which there are as many as chosen tests times repeats times kernels. All
 * tests run on one kernel before the next one, as images of booted guests are of a kernel. The
 * whole list is repeated and not each test, so that a flaky test is seen early.
 */
void jobs__fill(struct job *jobs, const struct job_plan *p);

#endif

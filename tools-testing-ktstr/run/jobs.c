// SPDX-License-Identifier: GPL-2.0
/* See jobs.h. */
#include <stdio.h>

#include "jobs.h"

/* "ID-r2-kernel_7_3": folders of one test on two kernels are two. */
static void make_run_id(struct job *job, const struct job_plan *p)
{
	bool several = p->kernels->nr > 1;
	char repeat[24] = "";

	if (p->repeats > 1)
		snprintf(repeat, sizeof(repeat), "-r%u", job->repeat);
	snprintf(job->run_id, sizeof(job->run_id), "%.60s%s%s%.70s", p->opts->run_id, repeat,
		 several ? "-" : "", several ? job->kernel->label : "");
}

/*
 * Tests in performance mode measure this host. They would keep each other from its LLCs, and the others
 * would keep them. A deterministic guest does not notice.
 */
static bool runs_alone(const struct ktstr_about *about, const struct ktstr_run_opts *opts)
{
	return about->performance_mode && !opts->no_perf_mode &&
	       !(opts->accel == VM_ACCEL_TCG && (opts->seeded || !opts->mttcg));
}

void jobs__fill(struct job *jobs, const struct job_plan *p)
{
	const struct ktstr_run_opts *opts = p->opts;
	bool seeds = opts->accel == VM_ACCEL_TCG && (opts->seeded || !opts->mttcg);
	const struct suite *s = p->suite;
	struct job *job = jobs;
	unsigned int r, k = 0;
	size_t i;

	do {
		for (r = 1; r <= p->repeats; r++) {
			for (i = 0; i < s->tests.nr; i++) {
				if (!p->chosen[i])
					continue;
				job->fixture = ktstr_id__fixture(s->tests.item[i]);
				job->test = s->tests.item[i];
				job->program = s->programs.item[s->program_of[i]];
				job->kernel = k < p->kernels->nr ? &p->kernels->item[k] : NULL;
				job->repeat = r;
				job->alone = runs_alone(&s->about[i], opts);
				job->seeded = opts->seeded || (seeds && (p->repeats > 1 || p->retries));
				job->seed = opts->seed + r - 1;
				job->retries = p->retries;
				job->retry_seeds = seeds;
				job->child.out = job->child.err = -1;
				make_run_id(job, p);
				job++;
			}
		}
	} while (++k < p->kernels->nr);
}

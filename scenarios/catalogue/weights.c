// SPDX-License-Identifier: GPL-2.0
/*
 * Is CPU time divided as nice values promise? The workers of a cgroup that compete for all CPUs are
 * compared with those of nice 0, kind by kind, by the kernel's own table.
 */
#include <stdio.h>

#include <ktstr/claim.h>

#include "catalogue.h"

/*
 * How far from the table a share may be, as a factor. In a phase of a quarter of a second (the least
 * that --duration 1 leaves) two CPUs have 25 slices of 20 ms, 6 of them for the lightest kind that
 * is asked for here; two more or fewer is chance.
 */
#define TOLERANCE	1.5

/* CPU seconds of workers @first to @first + @nr - 1 of cgroup @name in step @step. */
static double cpu_s(struct ktstr_ctx *ctx, uint32_t step, const char *name, uint32_t first,
		    uint32_t nr)
{
	double sum = 0;

	while (nr--)
		sum += phase_worker(ctx, step, name, first + nr).cpu_s;
	return sum;
}

void catalogue_claim_weights(struct ktstr_ctx *ctx, uint32_t step, const char *name, uint32_t each,
			     const int *nices, uint32_t nr)
{
	const double of_nice_0 = cpu_s(ctx, step, name, 0, each);
	char why[128];
	uint32_t i;

	for (i = 1; i < nr; i++) {
		const double wanted = (double)ktstr_nice_weight(nices[i]) / ktstr_nice_weight(0);
		const double cpu_time_of_nice_tasks = cpu_s(ctx, step, name, i * each, each);

		snprintf(why, sizeof(why), "step %u: nice %d beside nice 0, weight %u beside %u",
			 step + 1, nices[i], ktstr_nice_weight(nices[i]), ktstr_nice_weight(0));
		claim_between(ctx, cpu_time_of_nice_tasks, of_nice_0 * wanted / TOLERANCE,
			      of_nice_0 * wanted * TOLERANCE, .because = why,
			      .kind = KTSTR_UNFAIR);
	}
}

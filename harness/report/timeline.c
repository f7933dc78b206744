// SPDX-License-Identifier: GPL-2.0
/*
 * The timeline of the guest. Ops stand where they were carried out, which for those that begin a step
 * is before its workers start.
 */
#include <inttypes.h>

#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "timeline.h"

#define OPS_OF_STEP	50	/* that are listed */

/* Print the ops from @from on that were done before @until_ns; returns the first that was not. */
static unsigned int put_ops(FILE *f, const struct ktstr_seen *s, unsigned int from,
			    uint64_t until_ns)
{
	unsigned int i, shown = 0;

	for (i = from; i < s->nr_ops && s->ops_done[i].time_ns < until_ns; i++) {
		const struct ktstr_op_seen *op = &s->ops_done[i];

		if (!op->what.name[0])
			fprintf(f, "%10.3f s    further ops are not listed\n", op->time_ns / 1e9);
		else if (shown++ < OPS_OF_STEP)
			fprintf(f, "%10.3f s    %s (%" PRIu64 " iterations so far)\n",
				op->time_ns / 1e9, op->what.text, op->what.iterations);
	}
	if (shown > OPS_OF_STEP)
		fprintf(f, "%12s    ... and %u more ops\n", "", shown - OPS_OF_STEP);
	return i;
}

/* What step @i began with, and what the parts of the run have seen until the next one began. */
static void put_step(FILE *f, const struct ktstr_run *run, unsigned int i)
{
	const struct ktstr_seen *s = run->seen;
	const struct ktstr_stimulus *step = &s->stimuli[i];
	uint64_t end = i + 1 < s->nr_stimuli ? step[1].time_ns : s->teardown_ns ?: s->now_ns;

	fprintf(f, "%10.3f s  %s%sstep %u: %u cgroups, %u workers, %" PRIu64 " iterations so far\n",
		step->time_ns / 1e9, step->what.part, step->what.part[0] ? ": " : "",
		step->what.step + 1, step->what.cgroups, step->what.workers,
		step->what.iterations);
	ktstr_parts__phase(run, i ? step[-1].time_ns : step->time_ns, step->time_ns, end, f);
}

void ktstr_timeline__report(const struct ktstr_run *run, FILE *f)
{
	const struct ktstr_seen *s = run->seen;
	unsigned int i, op = 0;

	fprintf(f, "%10.3f s  init runs, %u CPUs, %s\n", s->start_ns / 1e9, s->nr_cpus,
		s->release);
	if (s->sched_attached)
		fprintf(f, "%12s  scheduler attached: %s\n", "", s->ops);
	if (s->body_ns)
		fprintf(f, "%10.3f s  body starts\n", s->body_ns / 1e9);
	for (i = 0; i < s->nr_stimuli; i++) {
		op = put_ops(f, s, op, s->stimuli[i].time_ns);
		put_step(f, run, i);
	}
	put_ops(f, s, op, UINT64_MAX);
	if (s->teardown_ns)
		fprintf(f, "%10.3f s  body is over\n", s->teardown_ns / 1e9);
	if (s->exit_ns)
		fprintf(f, "%10.3f s  exit, status %d\n", s->exit_ns / 1e9, s->exit_status);
}

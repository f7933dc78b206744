// SPDX-License-Identifier: GPL-2.0
/*
 * PipeIo: pairs in which each waits for the other's byte. A write to a pipe is a synchronous
 * wake-up: it hints to the scheduler that the waker is about to sleep, and the pair measures what
 * the scheduler does with the hint (same CPU or another, at once or later).
 */
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

static void pipe_io_defaults(struct ktstr_work *work)
{
	if (!work->pipe_io.spin)
		work->pipe_io.spin = WORK_SPIN;
}

static const char *pipe_io_validate(const struct ktstr_work *work)
{
	return work_spin_problem(work->pipe_io.spin);
}

static uint32_t pair(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

static void pipe_io(struct ktstr_work_ctx *w)
{
	work_spin(w, w->work->pipe_io.spin);
	work_pipe_exchange(w);
}

const struct ktstr_work_row ktstr_work_pipe_io = {
	.name = "PipeIo",
	.description = "Two workers spin, then exchange a byte over pipes: synchronous wake-ups in "
		"both directions. Unit: as in SpinWait. Wake sample: the wait for the other "
		"worker's byte.",
	.parameters = "spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = pipe_io_defaults,
	.group_size = pair,
	.validate = pipe_io_validate,
	.setup_group = work_pipes,
	.iterate = pipe_io,
};

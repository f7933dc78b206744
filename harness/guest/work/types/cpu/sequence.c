// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence: a declared sequence of spinning, sleeping, yielding and writing. A scheduler that
 * classifies tasks by their history may misclassify a task that changes its behaviour from phase
 * to phase.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

#define MAX_PHASES	64
#define MAX_NS		(3600 * NSEC_PER_SEC)
#define BLOCK		4096
#define BLOCKS		16
#define IO_PAUSE_NS	(100 * NSEC_PER_USEC)

struct sequence {
	int fd;				/* for the I/O phases; -1: there are none */
	uint8_t block[BLOCK];
};

static const char *sequence_validate(const struct ktstr_work *work)
{
	const struct ktstr_work_phase *p = work->sequence.phases;
	uint32_t n;

	if (!p || !p->ns)
		return "it has no phases";
	for (n = 0; p[n].ns; n++) {
		if ((unsigned int)p[n].kind > KTSTR_PHASE_IO)
			return "a phase is of no known kind";
		if (p[n].ns > MAX_NS)
			return "a phase is longer than an hour";
		if (n == MAX_PHASES)
			return "it has more than 64 phases";
	}
	return NULL;
}

static int sequence_init(struct ktstr_work_ctx *w)
{
	const struct ktstr_work_phase *p = w->work->sequence.phases;
	struct sequence *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	s->fd = -1;
	for (; p->ns && s->fd < 0; p++) {
		if (p->kind != KTSTR_PHASE_IO)
			continue;
		s->fd = work_temp_file(w, BLOCKS * BLOCK);
		if (s->fd < 0) {
			ret = s->fd;
			free(s);
			return ret;
		}
	}
	w->priv = s;
	return 0;
}

static void yield_until(struct ktstr_work_ctx *w, uint64_t deadline)
{
	uint64_t now = 0;

	while (now < deadline && !work_stopped(w)) {
		now = work_yield(w);
		work_checkpoint(w);
		w->units++;
	}
}

/* 64 KiB, then a pause: on a file system that never blocks this still gives up the CPU. */
static void write_until(struct ktstr_work_ctx *w, uint64_t deadline)
{
	struct sequence *s = w->priv;

	while (ktstr_now_ns() < deadline && !work_stopped(w)) {
		for (int i = 0; i < BLOCKS; i++)
			if (pwrite(s->fd, s->block, BLOCK, (off_t)i * BLOCK) == BLOCK)
				w->units++;
		work_sleep_sampled(w, IO_PAUSE_NS);
	}
}

static void sequence(struct ktstr_work_ctx *w)
{
	const struct ktstr_work_phase *p;

	for (p = w->work->sequence.phases; p->ns && !work_stopped(w); p++) {
		switch (p->kind) {
		case KTSTR_PHASE_SPIN:
			work_spin_until(w, ktstr_now_ns() + p->ns, WORK_SPIN);
			break;
		case KTSTR_PHASE_SLEEP:
			work_sleep_sampled(w, p->ns);
			w->units++;
			break;
		case KTSTR_PHASE_YIELD:
			yield_until(w, ktstr_now_ns() + p->ns);
			break;
		case KTSTR_PHASE_IO:
			write_until(w, ktstr_now_ns() + p->ns);
			break;
		}
	}
}

static void sequence_fini(struct ktstr_work_ctx *w)
{
	struct sequence *s = w->priv;

	if (s->fd >= 0)
		close(s->fd);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_sequence = {
	.name = "Sequence",
	.description = "Goes through phases of spinning, sleeping, yielding and writing 64 KiB to "
		"a temporary file, each for its own time; an iteration is one pass through "
		"all phases. Unit: as in SpinWait, a sleep, a yield or a block of 4 KiB. "
		"Wake sample: the time of a yield, or how late a sleep ended.",
	.parameters = "a list of phases: SEQUENCE({ KTSTR_PHASE_SPIN, ns }, ...)",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.validate = sequence_validate,
	.init = sequence_init,
	.iterate = sequence,
	.fini = sequence_fini,
};

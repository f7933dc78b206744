// SPDX-License-Identifier: GPL-2.0
/*
 * AluHot keeps the multipliers of one register width busy. To a scheduler it is a task that
 * never blocks; to the machine it is one that may cost clock frequency (wide vectors) and that
 * slows an SMT sibling, so the cost of an iteration depends on where the scheduler put it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alu.h"
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

#define STEPS	1024U

struct alu_hot {
	uint8_t state[ALU_STATE];
	const struct alu_kernel *kernel;
} __attribute__((aligned(64)));

bool alu_always(void)
{
	return true;
}

void alu_scalar(void *state, uint32_t steps)
{
	uint64_t *s = state, a = s[0], b = s[1], c = s[2], d = s[3];

	while (steps--) {
		a = a * 6364136223846793005ULL + 1442695040888963407ULL;
		b = b * 6364136223846793005ULL + 1442695040888963407ULL;
		c = c * 6364136223846793005ULL + 1442695040888963407ULL;
		d = d * 6364136223846793005ULL + 1442695040888963407ULL;
		/* keeps the compiler from making a vector of them */
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
	}
	s[0] = a;
	s[1] = b;
	s[2] = c;
	s[3] = d;
}

/* The kernel of @width, or of the widest below it that this CPU can do. */
static const struct alu_kernel *resolve(enum ktstr_alu_width width)
{
	bool widest = width == KTSTR_ALU_WIDEST;
	uint32_t i;

	for (i = 0; i < nr_alu_kernels - 1; i++) {
		const struct alu_kernel *k = &alu_kernels[i];

		if ((widest ? !k->on_request : k->width <= width) && k->usable())
			break;
	}
	return &alu_kernels[i];
}

static const char *alu_hot_validate(const struct ktstr_work *work)
{
	return (unsigned int)work->alu_hot.width > KTSTR_ALU_AMX ? "there is no such width" : NULL;
}

static int alu_hot_init(struct ktstr_work_ctx *w)
{
	enum ktstr_alu_width width = w->work->alu_hot.width;
	struct alu_hot *a = aligned_alloc(64, sizeof(*a));

	if (!a)
		return -ENOMEM;
	memset(a->state, 1, sizeof(a->state));
	a->kernel = resolve(width);
	if (width != KTSTR_ALU_WIDEST && a->kernel->width != width)
		work_note(w, "AluHot: this CPU lacks the width asked for, %s is used",
			  a->kernel->name);
	w->priv = a;
	return 0;
}

static void alu_hot(struct ktstr_work_ctx *w)
{
	struct alu_hot *a = w->priv;
	uint64_t before = ktstr_now_ns();

	a->kernel->run(a->state, STEPS);
	work_sample_cost(w, ktstr_now_ns() - before);
	w->units += STEPS;
}

const struct ktstr_work_row ktstr_work_alu_hot = {
	.name = "AluHot",
	.description = "Multiplies all the time in registers of one width, up to the vector widths "
		"that lower the clock frequency. Unit: a step of four independent chains. "
		"Cost sample: the time of 1024 steps.",
	.parameters = "width = KTSTR_ALU_WIDEST",
	.checkpoint_every = 1,
	.validate = alu_hot_validate,
	.init = alu_hot_init,
	.iterate = alu_hot,
	.fini = work_free_priv,
};

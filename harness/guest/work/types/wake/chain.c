// SPDX-License-Identifier: GPL-2.0
/*
 * WakeChain: a ring in which exactly one task runs at a time and hands on to the next. To a
 * scheduler it is a single thread of execution that changes its task at each hop: spreading the
 * ring over idle CPUs costs cold caches and idle exits; keeping it together means recognising that
 * a synchronous wake-up (pipe writes wake with WF_SYNC, futexes do not) needs no other CPU.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

struct stage {
	uint32_t tokens;		/* futex mode: ever handed to this stage */
	uint64_t rung_ns;		/* when the last one was */
} __attribute__((aligned(64)));

static void chain_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->wake_chain.depth, 4);
	WORK_DEFAULT(work->wake_chain.work_ns, 100 * NSEC_PER_USEC);
}

static uint32_t chain_group(const struct ktstr_work *work)
{
	return work->wake_chain.depth;
}

static const char *chain_validate(const struct ktstr_work *work)
{
	uint32_t depth = work->wake_chain.depth;

	if (depth < 2)
		return "depth must be at least 2";
	if ((unsigned int)work->wake_chain.mechanism > KTSTR_WAKE_FUTEX)
		return "unknown wake mechanism";
	if (work->wake_chain.mechanism == KTSTR_WAKE_PIPE && depth > KTSTR_WORK_MAX_FDS / 2)
		return "depth exceeds 32, the most that a chain of pipes may have";
	if (depth > WORK_MAX_GROUP)
		return "depth exceeds 4096";
	return work->wake_chain.work_ns > WORK_MAX_NS ? "work_ns exceeds an hour" : NULL;
}

static size_t chain_shared(const struct ktstr_work *work)
{
	return work->wake_chain.depth * sizeof(struct stage);
}

/* Pipe i leads to stage i: read end 2 * i, write end 2 * i + 1. */
static int chain_setup(struct ktstr_work_group *g)
{
	uint32_t i;

	if (g->work->wake_chain.mechanism != KTSTR_WAKE_PIPE)
		return 0;
	for (i = 0; i < g->size; i++)
		if (pipe2(&g->fds[2 * i], O_NONBLOCK))
			return -errno;
	return 0;
}

/* Until the token is in the pipe, and taken. */
static bool wait_pipe(struct ktstr_work_ctx *w)
{
	struct pollfd p = { w->group->fds[2 * w->member], POLLIN, 0 };
	uint64_t before = ktstr_now_ns();
	bool had = false;
	char token;

	while (!had && !work_stopped(w))
		had = poll(&p, 1, 100) > 0 && read(p.fd, &token, 1) == 1;
	work_blocked(w, before, ktstr_now_ns());
	return had;
}

static void hand_on(struct ktstr_work_ctx *w)
{
	uint32_t to = (w->member + 1) % w->group->size;
	struct stage *s = (struct stage *)w->group->shared + to;

	__atomic_store_n(&s->rung_ns, ktstr_now_ns(), __ATOMIC_RELEASE);
	if (w->work->wake_chain.mechanism == KTSTR_WAKE_PIPE) {
		/* One byte in all: the pipe is empty. A stage that is gone ends the ring. */
		(void)!write(w->group->fds[2 * to + 1], "", 1);
		return;
	}
	__atomic_add_fetch(&s->tokens, 1, __ATOMIC_RELEASE);
	work_futex_wake(&s->tokens, 1);
}

static bool wait_for_token(struct ktstr_work_ctx *w, uint32_t seen)
{
	struct stage *s = (struct stage *)w->group->shared + w->member;

	if (w->work->wake_chain.mechanism == KTSTR_WAKE_PIPE)
		return wait_pipe(w);
	return work_futex_wait(w, &s->tokens, seen);
}

/* The iteration counts the hops, so that a stage knows how many tokens it has had. */
static void chain_iterate(struct ktstr_work_ctx *w)
{
	struct stage *s = (struct stage *)w->group->shared + w->member;
	uint32_t had = (uint32_t)(uintptr_t)w->priv;
	uint64_t before = ktstr_now_ns(), now;

	/* Stage 0 has the first token without waiting. */
	if (w->member || had) {
		if (!wait_for_token(w, had - !w->member))
			return;
		now = ktstr_now_ns();
		work_sample_ring(w, __atomic_load_n(&s->rung_ns, __ATOMIC_ACQUIRE), before, now);
	}
	w->priv = (void *)(uintptr_t)(had + 1);
	work_spin_until(w, ktstr_now_ns() + w->work->wake_chain.work_ns, WORK_WAKE_SPIN);
	hand_on(w);
}

const struct ktstr_work_row ktstr_work_wake_chain = {
	.name = "WakeChain",
	.description = "A ring of tasks. One of them runs at a time, works for work_ns and wakes "
		"the next one. Unit: as in SpinWait. Wake sample: the time from the wake-up "
		"to the next task running.",
	.parameters = "depth = 4, mechanism = PIPE, work_ns = 100000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = chain_defaults,
	.group_size = chain_group,
	.validate = chain_validate,
	.shared_size = chain_shared,
	.setup_group = chain_setup,
	.iterate = chain_iterate,
};

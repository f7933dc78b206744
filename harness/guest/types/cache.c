// SPDX-License-Identifier: GPL-2.0
/*
 * Types that own a working set. Each move to a CPU that does not share a cache with the last
 * one costs them a refill, which shows as fewer units: they tell a scheduler that keeps tasks
 * near their data from one that does not. With the default of 32 KiB the set is about a
 * first-level cache; a kib of a few thousand makes the last level the border.
 */
#include <errno.h>

#include "pieces.h"
#include "types.h"

#define TOUCHES		1024
#define MAX_KIB		(1U << 20)

static void cache_defaults(struct ktstr_work *work)
{
	if (!work->cache.kib)
		work->cache.kib = 32;
	if (!work->cache.stride)
		work->cache.stride = 64;
}

static const char *cache_validate(const struct ktstr_work *work)
{
	if (work->cache.kib > MAX_KIB)
		return "kib is larger than 1 GiB";
	if (work->cache.stride >= work->cache.kib * 1024ULL)
		return "stride is not smaller than the region";
	return NULL;
}

static int cache_init(struct ktstr_work_ctx *w)
{
	w->priv = work_region(w->work->cache.kib * 1024ULL, w->work->cache.stride);
	return w->priv ? 0 : -ENOMEM;
}

static void cache_pressure(struct ktstr_work_ctx *w)
{
	work_touch(w, w->priv, TOUCHES);
}

const struct ktstr_work_row ktstr_work_cache_pressure = {
	.name = "CachePressure",
	.description = "Updates bytes of a private region in strides, without end: a task that "
		"never blocks and pays for each migration. Unit: an update, 1024 an "
		"iteration.",
	.parameters = "kib = 32, stride = 64",
	.checkpoint_every = 1,
	.defaults = cache_defaults,
	.validate = cache_validate,
	.init = cache_init,
	.iterate = cache_pressure,
	.fini = work_free_priv,
};

static void cache_yield(struct ktstr_work_ctx *w)
{
	work_touch(w, w->priv, TOUCHES);
	work_yield(w);
}

const struct ktstr_work_row ktstr_work_cache_yield = {
	.name = "CacheYield",
	.description = "CachePressure that yields after each 1024 updates: many chances to move "
		"a task that should stay. Unit: an update; a wake sample is the time of a "
		"yield.",
	.parameters = "kib = 32, stride = 64",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.defaults = cache_defaults,
	.validate = cache_validate,
	.init = cache_init,
	.iterate = cache_yield,
	.fini = work_free_priv,
};

static uint32_t pair(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

static void cache_pipe(struct ktstr_work_ctx *w)
{
	work_touch(w, w->priv, TOUCHES);
	work_pipe_exchange(w);
}

const struct ktstr_work_row ktstr_work_cache_pipe = {
	.name = "CachePipe",
	.description = "Pairs of CachePressure that exchange a byte over pipes after each 1024 "
		"updates: each wake-up chooses between the waker's CPU and the one with "
		"the data. Unit: an update; a wake sample is the wait for the partner's "
		"byte.",
	.parameters = "kib = 32, stride = 64",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = cache_defaults,
	.group_size = pair,
	.validate = cache_validate,
	.setup_group = work_pipes,
	.init = cache_init,
	.iterate = cache_pipe,
	.fini = work_free_priv,
};

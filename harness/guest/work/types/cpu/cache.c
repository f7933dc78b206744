// SPDX-License-Identifier: GPL-2.0
/*
 * Types with a working set. Each move to a CPU that does not share a cache with the previous one
 * costs a refill, which shows as fewer units: they show whether a scheduler keeps tasks near their
 * data. The default of 32 KiB is about the size of a first-level cache; with a kib of a few
 * thousand the last level matters.
 */
#include <errno.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

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
	.description = "Updates bytes of a private region in strides and never blocks: each "
		"migration costs it the cached data. Unit: an update; an iteration is 1024 "
		"units.",
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
	.description = "Does the same as CachePressure and yields after every 1024 updates: the "
		"scheduler has many opportunities to move a task that should stay. Unit: an "
		"update. Wake sample: the time of a yield.",
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
	.description = "Two workers do the same as CachePressure and exchange a byte over pipes "
		"after every 1024 updates: each wake-up has to choose between the waker's "
		"CPU and the CPU with the cached data. Unit: an update. Wake sample: the "
		"wait for the other worker's byte.",
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

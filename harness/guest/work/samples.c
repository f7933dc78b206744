// SPDX-License-Identifier: GPL-2.0
/* Reservoirs of samples: see samples.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "samples.h"

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

uint64_t ktstr_rand_seed(uint64_t seed, uint64_t worker, uint64_t purpose)
{
	uint64_t x = mix(seed + 0x9e3779b97f4a7c15ULL);

	x = mix(x + (worker + 1) * 0x9e3779b97f4a7c15ULL);
	x = mix(x + (purpose + 1) * 0x9e3779b97f4a7c15ULL);
	return x ? x : 1;
}

/* Samples of each kind that live stores may keep. Only the runner makes and ends stores. */
static uint64_t reserved[KTSTR_NR_RESERVOIRS];

static const uint32_t most_of[KTSTR_NR_RESERVOIRS] = {
	[KTSTR_SAMPLES_WAKE] = KTSTR_SAMPLES_WAKE_MAX,
	[KTSTR_SAMPLES_COST] = KTSTR_SAMPLES_OTHER_MAX,
	[KTSTR_SAMPLES_TIMER] = KTSTR_SAMPLES_OTHER_MAX,
	[KTSTR_RESERVOIR_PHASE] = KTSTR_SAMPLES_PHASE_MAX,
};

static uint32_t share(int kind, uint32_t workers)
{
	uint64_t left = KTSTR_SAMPLES_TOTAL, fair;
	uint32_t most = most_of[kind];

	left -= reserved[kind] < left ? reserved[kind] : left;
	fair = left / 2 / workers;
	if (fair > most)
		return most;
	return fair > KTSTR_SAMPLES_MIN ? fair : KTSTR_SAMPLES_MIN;
}

/* A worker's reservoirs, then its samples, one kind after the other. */
int ktstr_samples__init(struct ktstr_sample_store *store, uint32_t workers)
{
	size_t size = sizeof(struct ktstr_reservoir) * KTSTR_NR_RESERVOIRS;
	void *map;
	int k;

	*store = (struct ktstr_sample_store){ .workers = workers };
	if (!workers)
		return -EINVAL;
	for (k = 0; k < KTSTR_NR_RESERVOIRS; k++) {
		store->max[k] = share(k, workers);
		size += store->max[k] * sizeof(uint64_t);
	}
	store->stride = (size + 63) & ~63UL;
	store->size = store->stride * workers;
	map = mmap(NULL, store->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	store->map = map;
	for (k = 0; k < KTSTR_NR_RESERVOIRS; k++)
		reserved[k] += (uint64_t)store->max[k] * workers;
	return 0;
}

void ktstr_samples__fini(struct ktstr_sample_store *store)
{
	int k;

	if (!store->map)
		return;
	munmap(store->map, store->size);
	store->map = NULL;
	for (k = 0; k < KTSTR_NR_RESERVOIRS; k++)
		reserved[k] -= (uint64_t)store->max[k] * store->workers;
}

void ktstr_sampler__init(struct ktstr_sampler *s, const struct ktstr_sample_store *store,
			 uint32_t i, uint64_t seed)
{
	struct ktstr_reservoir *r = (struct ktstr_reservoir *)(store->map + store->stride * i);
	uint64_t *ns = (uint64_t *)(r + KTSTR_NR_RESERVOIRS);
	int k;

	for (k = 0; k < KTSTR_NR_RESERVOIRS; k++) {
		s->reservoir[k] = &r[k];
		s->ns[k] = ns;
		s->max[k] = store->max[k];
		s->rng[k] = ktstr_rand_seed(seed, i, 1 + k);
		ns += store->max[k];
	}
}

static void keep(struct ktstr_sampler *s, int kind, uint64_t ns)
{
	struct ktstr_reservoir *r = s->reservoir[kind];
	uint64_t at = r->total;

	/* Sample number n (from 0) replaces one of the kept with probability max / (n + 1). */
	if (at >= s->max[kind])
		at = (__uint128_t)ktstr_rand_next(&s->rng[kind]) * (at + 1) >> 64;
	if (at < s->max[kind])
		s->ns[kind][at] = ns;
	r->log2[ns ? 63 - __builtin_clzll(ns) : 0]++;
	r->total++;
}

void ktstr_sampler__add(struct ktstr_sampler *s, enum ktstr_sample_kind kind, uint64_t ns)
{
	keep(s, kind, ns);
	if (kind == KTSTR_SAMPLES_WAKE && s->in_phase)
		keep(s, KTSTR_RESERVOIR_PHASE, ns);
}

void ktstr_sampler__begin_phase(struct ktstr_sampler *s)
{
	struct ktstr_reservoir *r = s->reservoir[KTSTR_RESERVOIR_PHASE];

	/* A worker without samples must not touch the page. */
	if (r->total)
		memset(r, 0, sizeof(*r));
	s->in_phase = true;
}

void ktstr_samples__get_phase(const struct ktstr_sample_store *store, uint32_t i,
			      uint64_t log2[64], struct ktstr_samples *out)
{
	const struct ktstr_reservoir *r;
	struct ktstr_sampler s;
	uint64_t total = 0;
	int b;

	memset(out, 0, sizeof(*out));
	if (!store->map || i >= store->workers)
		return;
	ktstr_sampler__init(&s, store, i, 0);
	r = s.reservoir[KTSTR_RESERVOIR_PHASE];
	for (b = 0; b < 64; b++) {
		log2[b] = __atomic_load_n(&r->log2[b], __ATOMIC_RELAXED);
		total += log2[b];
	}
	*out = (struct ktstr_samples){
		.ns = s.ns[KTSTR_RESERVOIR_PHASE], .log2 = log2, .total = total,
		.nr = total < s.max[KTSTR_RESERVOIR_PHASE] ? total :
							     s.max[KTSTR_RESERVOIR_PHASE],
	};
}

void ktstr_samples__get(const struct ktstr_sample_store *store, uint32_t i,
			struct ktstr_worker_samples *out)
{
	struct ktstr_sampler s;
	uint64_t total;
	int k;

	memset(out, 0, sizeof(*out));
	if (!store->map || i >= store->workers)
		return;
	ktstr_sampler__init(&s, store, i, 0);
	for (k = 0; k < KTSTR_NR_SAMPLE_KINDS; k++) {
		total = s.reservoir[k]->total;
		out->kind[k] = (struct ktstr_samples){
			.ns = s.ns[k], .log2 = s.reservoir[k]->log2, .total = total,
			.nr = total < s.max[k] ? total : s.max[k],
		};
	}
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples of workers, in memory that parent and workers share.
 *
 * A reservoir keeps a uniform choice of at most so many samples (Vitter's algorithm R), the count
 * of all and a histogram over powers of two of all. Its memory is reserved for every worker and
 * allocated page by page when samples are stored: a worker that never samples costs nothing. All
 * workers that live at once keep at most KTSTR_SAMPLES_TOTAL of a kind: each store gets at most
 * half of what is left, so that 20 workers have full reservoirs and 512 have 4096 samples each.
 * The reports show the difference between total and kept.
 */
#ifndef KTSTR_GUEST_WORK_SAMPLES_H
#define KTSTR_GUEST_WORK_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/result/worker_report.h"

#define KTSTR_SAMPLES_WAKE_MAX	100000u		/* of one worker */
#define KTSTR_SAMPLES_OTHER_MAX	16384u
#define KTSTR_SAMPLES_PHASE_MAX	8192u
#define KTSTR_SAMPLES_MIN	256u		/* also when all is given away */
#define KTSTR_SAMPLES_TOTAL	(4u << 20)	/* of one kind: 32 MiB */

/* A worker's reservoirs: one of each kind, and one more for the wake latencies of a phase. */
enum { KTSTR_RESERVOIR_PHASE = KTSTR_NR_SAMPLE_KINDS, KTSTR_NR_RESERVOIRS };

struct ktstr_reservoir {
	uint64_t total;
	uint64_t log2[64];
};

struct ktstr_loop;

/* One worker's; only that worker writes it. */
struct ktstr_sampler {
	struct ktstr_loop *loop;	/* where it reports gaps; NULL: nowhere */
	bool in_phase;			/* wake latencies are kept for the phase too */
	struct ktstr_reservoir *reservoir[KTSTR_NR_RESERVOIRS];
	uint64_t *ns[KTSTR_NR_RESERVOIRS];
	uint32_t max[KTSTR_NR_RESERVOIRS];
	uint64_t rng[KTSTR_NR_RESERVOIRS];
};

/* The memory for @workers workers. */
struct ktstr_sample_store {
	char *map;			/* NULL: none */
	size_t size, stride;
	uint32_t max[KTSTR_NR_RESERVOIRS];
	uint32_t workers;
};

/* 0 or -errno. */
int ktstr_samples__init(struct ktstr_sample_store *store, uint32_t workers);
void ktstr_samples__fini(struct ktstr_sample_store *store);

/* The sampler of worker @i; with the same seed and samples it keeps the same choice. */
void ktstr_sampler__init(struct ktstr_sampler *s, const struct ktstr_sample_store *store,
			 uint32_t i, uint64_t seed);
void ktstr_sampler__add(struct ktstr_sampler *s, enum ktstr_sample_kind kind, uint64_t ns);

/* From now on the reservoir of the phase, emptied, takes wake latencies until in_phase is false. */
void ktstr_sampler__begin_phase(struct ktstr_sampler *s);

/*
 * The wake latencies of worker @i in its last phase. It may still be adding samples: @log2 gets a
 * copy of the histogram, and only samples in it are counted.
 */
void ktstr_samples__get_phase(const struct ktstr_sample_store *store, uint32_t i,
			      uint64_t log2[64], struct ktstr_samples *out);

/* The samples of worker @i. */
void ktstr_samples__get(const struct ktstr_sample_store *store, uint32_t i,
			struct ktstr_worker_samples *out);

/* Never 0, and different for neighbouring arguments: the start of a random sequence. */
uint64_t ktstr_rand_seed(uint64_t seed, uint64_t worker, uint64_t purpose);
/* xorshift64*: the next number of the sequence in *@state, which must not be 0. */
static inline uint64_t ktstr_rand_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

#endif

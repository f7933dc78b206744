// SPDX-License-Identifier: GPL-2.0
/* See walk.h. */
#include <stdlib.h>

#include "walk.h"

#define DEFAULT_PERCENT	30

uint32_t llc_walk__default(uint32_t allowed)
{
	uint32_t n = (uint32_t)(((uint64_t)allowed * DEFAULT_PERCENT + 99) / 100);

	return n ? n : 1;
}

struct rank {
	uint32_t llc, holders, node;
	uint8_t distance;	/* of its node from that of the first one */
};

static int by_holders(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->holders != y->holders)
		return x->holders > y->holders ? -1 : 1;
	return x->llc < y->llc ? -1 : 1;
}

static int by_distance(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return by_holders(a, b);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

uint32_t llc_walk__choose(const struct host_topology *h, const uint32_t *holders, uint32_t target,
			  uint32_t *llc)
{
	struct rank *rank = calloc(h->nr_llcs, sizeof(*rank));
	uint32_t nr = 0, got = 0, chosen = 0;

	if (!rank)
		return 0;
	for (uint32_t i = 0; i < h->nr_llcs; i++)
		if (h->llc[i].nr_allowed && holders[i] != LLC_WALK_TAKEN)
			rank[nr++] = (struct rank){ i, holders[i], h->llc[i].node, 0 };
	qsort(rank, nr, sizeof(*rank), by_holders);
	for (uint32_t i = 1; i < nr; i++)
		rank[i].distance = rank[i].node == rank[0].node ? 0 :
				   host_topology__distance(h, rank[0].node, rank[i].node);
	qsort(rank, nr, sizeof(*rank), by_distance);
	for (; chosen < nr && got < target; chosen++) {
		llc[chosen] = rank[chosen].llc;
		got += h->llc[rank[chosen].llc].nr_allowed;
	}
	free(rank);
	/* everybody takes locks in the same order */
	qsort(llc, chosen, sizeof(*llc), by_number);
	return chosen;
}

uint32_t llc_walk__cpus(const struct host_topology *h, const uint32_t *llc, uint32_t nr_llcs,
			const uint32_t *users, uint32_t target, uint32_t *cpu)
{
	uint32_t nr = 0, most = 0;

	for (uint32_t i = 0; i < h->nr_cpus; i++)
		most = users[i] > most ? users[i] : most;
	for (uint32_t l = 0; l < nr_llcs; l++) {
		const struct host_llc *at = &h->llc[llc[l]];

		for (uint32_t n = 0; n <= most; n++)
			for (uint32_t i = at->first; i < at->first + at->nr && nr < target; i++)
				if (h->cpu[i].allowed && users[i] == n)
					cpu[nr++] = i;
	}
	return nr;
}

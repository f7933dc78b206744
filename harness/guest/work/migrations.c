// SPDX-License-Identifier: GPL-2.0
/*
 * Migrations as a worker records them. One is 16 bytes at a place that the count gives: a checkpoint
 * on the same CPU as the one before does not come here.
 */
#include <string.h>

#include "harness/result/migrations.h"
#include "migrations.h"

void ktstr_migration_ring__add(struct ktstr_migration_ring *ring, uint64_t *count,
			       const struct ktstr_migration *m)
{
	/* The count so far is seen by whoever sees a part of this one; pairs with the reader's. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring->at[*count % KTSTR_LAST_MIGRATIONS] = *m;
	__atomic_store_n(count, *count + 1, __ATOMIC_RELEASE);
}

/*
 * How many of those from number @first on can have been overwritten by a worker that has counted
 * up to @now, and may be writing the next one.
 */
static uint64_t overwritten(uint64_t first, uint64_t now)
{
	return now < first + KTSTR_LAST_MIGRATIONS ? 0 : now + 1 - first - KTSTR_LAST_MIGRATIONS;
}

void ktstr_migration_ring__read(const struct ktstr_migration_ring *ring, const uint64_t *count,
				uint64_t first, uint64_t end, struct ktstr_migrations *out)
{
	uint64_t n, now, lost = 0;

	memset(out->last, 0, sizeof(out->last));
	out->nr = 0;
	if (end <= first)
		return;
	if (end - first > KTSTR_LAST_MIGRATIONS)
		first = end - KTSTR_LAST_MIGRATIONS;
	for (n = first; n < end; n++)
		out->last[n - first] = ring->at[n % KTSTR_LAST_MIGRATIONS];
	if (count) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		now = __atomic_load_n(count, __ATOMIC_RELAXED);
		lost = now < end ? end - first : overwritten(first, now);
	}
	if (lost < end - first) {
		out->nr = (uint32_t)(end - first - lost);
		memmove(out->last, out->last + lost, out->nr * sizeof(out->last[0]));
	}
	if (!ktstr_migrations__valid(out))
		out->nr = 0;
	memset(out->last + out->nr, 0, (KTSTR_LAST_MIGRATIONS - out->nr) * sizeof(out->last[0]));
}

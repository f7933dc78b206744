/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last migrations of a worker, in the memory that it shares with the parent. Migration number n
 * is in element n modulo KTSTR_LAST_MIGRATIONS, and the worker's report counts how many there are.
 *
 * The parent may read while the worker writes: it drops what can have been overwritten by the time
 * it has read the count again.
 */
#ifndef KTSTR_GUEST_WORK_MIGRATIONS_H
#define KTSTR_GUEST_WORK_MIGRATIONS_H

#include <ktstr/stats.h>

struct ktstr_migration_ring {
	struct ktstr_migration at[KTSTR_LAST_MIGRATIONS];
};

/* In the worker: add one, then count it. */
void ktstr_migration_ring__add(struct ktstr_migration_ring *ring, uint64_t *count,
			       const struct ktstr_migration *m);

/*
 * In the parent: of those from number @first up to and without @end, the last ones that are still
 * there; start_ns stays as it is. @count is that of the worker, NULL if it has reported and writes
 * no more. A ring with what no worker writes has none.
 */
void ktstr_migration_ring__read(const struct ktstr_migration_ring *ring, const uint64_t *count,
				uint64_t first, uint64_t end, struct ktstr_migrations *out);

#endif

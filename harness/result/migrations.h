/* SPDX-License-Identifier: GPL-2.0 */
/* The last migrations of a worker. */
#ifndef KTSTR_RESULT_MIGRATIONS_H
#define KTSTR_RESULT_MIGRATIONS_H

#include <stdbool.h>

#include "result.h"

/* Can it be what a worker saw: no more than fit, from CPUs that there may be to others? */
bool ktstr_migrations__valid(const struct ktstr_migrations *m);

/*
 * The newest @max of them, the oldest of these first: "1.203 s 2 -> 5, 1.207 s 5 -> 2". Times are
 * those of the guest's clock. What has no room in @buf is left out whole.
 */
void ktstr_migrations__format(const struct ktstr_migrations *m, uint32_t max, char *buf,
			      size_t size);

/*
 * All that @r has, as CSV: a header, then a line for each. NULL: it has none, or no memory with
 * ENOMEM. To be freed.
 */
char *ktstr_migrations__csv(const struct ktstr_result *r);

#endif

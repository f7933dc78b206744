/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A limit on a rate, as a token bucket that holds a tenth of a second's worth. Instead of
 * tokens it keeps the time at which the bucket will be full again, so that there is nothing
 * to refill: taking moves that time on, and may do so as long as it is near enough.
 */
#ifndef KTSTR_VMM_DEV_THROTTLE_H
#define KTSTR_VMM_DEV_THROTTLE_H

#include <stdint.h>

#define THROTTLE_BURST_NS	UINT64_C(100000000)

struct throttle {
	uint64_t per_s;		/* units; 0: no limit */
	uint64_t full_at_ns;
};

/* Nanoseconds until anything may be taken; 0: now. */
uint64_t throttle_wait(const struct throttle *t, uint64_t now_ns);
/* More than the bucket holds may be taken at once: it is paid for by those who come next. */
void throttle_take(struct throttle *t, uint64_t now_ns, uint32_t units);

#endif

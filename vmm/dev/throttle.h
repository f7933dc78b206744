/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rate limit, as a token bucket that holds the tokens of a tenth of a second. The bucket is
 * stored as the time at which it will be full again, so nothing has to be refilled. Taking tokens
 * moves that time forward, and is allowed as long as it is at most a tenth of a second ahead.
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
/* More than the bucket holds may be taken at once; later requests wait for the difference. */
void throttle_take(struct throttle *t, uint64_t now_ns, uint32_t units);

#endif

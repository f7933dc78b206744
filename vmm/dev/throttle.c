// SPDX-License-Identifier: GPL-2.0
/* Rate limits; see throttle.h. */
#include "lib/clock.h"
#include "throttle.h"

uint64_t throttle_wait(const struct throttle *t, uint64_t now_ns)
{
	if (!t->per_s || t->full_at_ns <= now_ns + THROTTLE_BURST_NS)
		return 0;
	return t->full_at_ns - now_ns - THROTTLE_BURST_NS;
}

void throttle_take(struct throttle *t, uint64_t now_ns, uint32_t units)
{
	if (!t->per_s)
		return;
	if (t->full_at_ns < now_ns)
		t->full_at_ns = now_ns;
	/* 2^32 units of a second each still fit into 64 bits */
	t->full_at_ns += units * NSEC_PER_SEC / t->per_s;
}

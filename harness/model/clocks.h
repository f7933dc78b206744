/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two clocks of a deterministic run. The guest's is its kernel's CLOCK_MONOTONIC: its messages have
 * that, and all times that are printed. The machine's begins when the machine is made, before its kernel
 * has any clock: probes and stops go by that one. One moment in both, the first sync point with a
 * message, converts one into the other. Both go at one pace, as far as the kernel has calibrated its
 * clock: measured, they are 10 us apart after 10 s.
 */
#ifndef KTSTR_MODEL_CLOCKS_H
#define KTSTR_MODEL_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct ktstr_clocks {
	bool known;
	uint64_t machine_ns, guest_ns;	/* the same moment; both 0 until it is known */
};

/* Times before the guest's clock began are 0. */
static inline uint64_t ktstr_clocks__guest(const struct ktstr_clocks *c, uint64_t machine_ns)
{
	uint64_t ahead = c->machine_ns - c->guest_ns;

	return machine_ns > ahead ? machine_ns - ahead : 0;
}

static inline uint64_t ktstr_clocks__machine(const struct ktstr_clocks *c, uint64_t guest_ns)
{
	return guest_ns + (c->machine_ns - c->guest_ns);
}

#endif

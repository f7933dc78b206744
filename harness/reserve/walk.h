/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which LLCs and CPUs a run with a budget of CPUs uses. Whole LLCs are taken, those that others with a
 * budget use first, so that the rest of the host stays free for runs that need LLCs for themselves;
 * within them the CPUs that the fewest others use. Nothing is locked here.
 */
#ifndef KTSTR_RESERVE_WALK_H
#define KTSTR_RESERVE_WALK_H

#include "topology.h"

/* Without --cpu-cap and cpu_budget: three CPUs of ten that this process may use, rounded up. */
uint32_t llc_walk__default(uint32_t allowed);

#define LLC_WALK_TAKEN	UINT32_MAX	/* somebody has this LLC alone */

/*
 * Choose LLCs with at least @target usable CPUs together, all if they have fewer. @holders: how many
 * have each of them reserved, or LLC_WALK_TAKEN, then it is not chosen. @llc gets indices in ascending order and has room for all. Returns their
 * number.
 *
 * The first one is that with the most holders, of equals the lowest. Others follow by the distance of
 * their node from its node, and within a node in the same order.
 */
uint32_t llc_walk__choose(const struct host_topology *h, const uint32_t *holders, uint32_t target,
			  uint32_t *llc);

/*
 * Choose @target usable CPUs of these LLCs, fewer if they have fewer: LLC by LLC, of each those that
 * the fewest have reserved. @users: [h->nr_cpus], by index. @cpu gets indices. Returns their number.
 */
uint32_t llc_walk__cpus(const struct host_topology *h, const uint32_t *llc, uint32_t nr_llcs,
			const uint32_t *users, uint32_t target, uint32_t *cpu);

#endif

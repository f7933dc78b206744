/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which CPU of the host each vCPU of a machine in performance mode gets. Each LLC of the guest is on an
 * LLC of its own, so that what shares a cache in the guest shares one in the host; SMT siblings are on
 * siblings where the host has enough; nodes are on nodes. One more CPU is for the host's own threads:
 * the VMM's devices, the monitor, the emulator.
 *
 * There are several such placements; each takes other LLCs. Nothing is locked here.
 */
#ifndef KTSTR_RESERVE_PLACE_H
#define KTSTR_RESERVE_PLACE_H

#include "vmm/vm.h"
#include "topology.h"

struct placement {
	uint32_t *cpu;			/* [nr]: number of the host's CPU for vCPU i */
	uint32_t nr;
	uint32_t *llc;			/* [nr_llcs]: index in the host topology, for LLC i of the guest */
	uint32_t nr_llcs;
	uint32_t service_cpu;
	uint32_t service_llc;		/* index; may be one of @llc */
	bool service_apart;		/* it is none of @llc: any other CPU would do */
	bool siblings;			/* threads of a core of the guest are threads of a core */
	bool nodes;			/* each node of the guest is on one of its own */
	uint64_t host_nodes[KTSTR_MAX_NODES];	/* per node of the guest: those of its CPUs */
	struct hostcpus vcpus;			/* all of @cpu */
};

/* Can it be done here at all? 0, or -ERANGE with @err: how many CPUs or LLCs are missing. */
int placement__fits(const struct host_topology *h, const struct vm_topology *guest,
		    struct ktstr_err *err);
/* How many placements there are; 0 where it does not fit. */
uint32_t placement__choices(const struct host_topology *h, const struct vm_topology *guest);
/* The one with this number. 0, -ERANGE or -ENOMEM with @err. */
int placement__make(struct placement *p, const struct host_topology *h,
		    const struct vm_topology *guest, uint32_t choice, struct ktstr_err *err);
void placement__free(struct placement *p);

#endif

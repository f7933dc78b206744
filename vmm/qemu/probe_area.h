/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that the plugin and the host share for probes, see vmm/probe.h. The host writes probes
 * while the guest stands still, the plugin writes records while a vCPU is at a probe; what is read
 * of the other side has become visible by the message that stopped or continued the guest.
 *
 * A record is a struct qemu_probe_record and its words. Records are contiguous: one that does not fit
 * before the end of the ring begins at its start, behind a record of probe QEMU_PROBE_SKIP.
 */
#ifndef KTSTR_VMM_QEMU_PROBE_AREA_H
#define KTSTR_VMM_QEMU_PROBE_AREA_H

#include "count_area.h"
#include "tally_area.h"
#include "vmm/probe.h"

#define QEMU_PROBE_RING	(4u << 20)	/* bytes; a power of two */
#define QEMU_PROBE_SKIP	0xffff

struct qemu_probe_record {
	uint64_t time_ns;
	uint16_t probe;
	uint16_t vcpu;
	uint16_t nr_words;
	uint16_t exit;
	uint32_t have;
	uint32_t unused;
	uint64_t word[];
};

/* What vm_set_stop() and vm_set_shake() said; changes with the generation of the stops. */
struct qemu_stops {
	uint32_t generation;
	uint32_t nr;
	uint64_t ns, nth;
	struct vm_stop_at at[VM_MAX_STOPS];
	uint64_t shake_ns;		/* 0: do not */
	uint64_t seed;
};

struct qemu_probe_area {
	uint32_t nr_links;		/* set before the emulator starts */
	uint32_t nr_probes;
	uint32_t generation;		/* counts changes of the probes */
	uint32_t unused;
	uint64_t link[VM_MAX_PROBES];	/* link addresses */
	uint32_t link_len[VM_MAX_PROBES];	/* of their functions, or 0 */
	struct vm_probe probe[VM_MAX_PROBES];
	uint32_t nr_stop_links;		/* set before the emulator starts */
	uint32_t stops_by_time;		/* the same: blocks are counted */
	uint64_t stop_link[VM_MAX_STOPS];
	struct qemu_stops stops;
	uint64_t stop_ns;		/* the clock when a vCPU stopped last */
	struct qemu_tally_area tallies;
	uint64_t head, tail;		/* bytes written and read since the beginning */
	uint8_t ring[QEMU_PROBE_RING] __attribute__((aligned(8)));
	struct qemu_count_area counts;
};

#endif

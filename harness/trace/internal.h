/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the trace part share. Two engines fill a trace: the emulator's (emulator.c), at no cost
 * to the guest, and BPF programs in the guest (guest.c). The part picks one, and has what both need.
 */
#ifndef KTSTR_TRACE_INTERNAL_H
#define KTSTR_TRACE_INTERNAL_H

#include "collect.h"
#include "harness/model/part.h"
#include "harness/probe/bpf.h"
#include "harness/probe/ring.h"

struct ktstr_monitor;

/* A record that waits for its turn in the order of time. */
struct ktstr_trace_waiting {
	uint64_t nr;			/* in the order of arrival */
	uint32_t lost;			/* so many before it had no room */
	struct ktstr_ring_record rec;
};

struct ktstr_trace_ring {
	struct ktstr_ring ring;
	uint64_t clean_ns;		/* all that was recorded before this time has been read */
	uint32_t lost;			/* as the last record told, and */
	uint32_t lost_at_switch;	/* as the last switch did */
	uint64_t last;			/* rq->nr_switches of that */
	bool have;			/* there was a switch */
	bool damaged;
};

struct ktstr_trace_guest {
	struct ktstr_probe_told told;
	struct ktstr_trace_ring *ring;	/* by CPU; owned */
	uint32_t nr_cpus, nr_rings;
	struct ktstr_trace_waiting *waiting;	/* owned */
	size_t nr, room;
	uint64_t arrived;
	uint64_t seen_ns;		/* the highest time of a record that was read */
	uint64_t lost, lost_switches;	/* records for which there was no room; of them, switches */
	uint64_t nonsense;		/* records that are of no point */
	bool no_memory;
};

struct ktstr_trace_state {
	struct ktstr_trace_collect collect;
	const struct ktstr_clocks *clocks;	/* of an emulated run; known when the probes are set */
	uint64_t links[VM_MAX_PROBES];
	unsigned int nr_links;
	uint64_t attach_kva;		/* link address */
	uint64_t ops;
	uint64_t compared, differ;	/* CPUs and moments at which switches were compared */
	bool on;			/* the probes are set */
	bool tracing;			/* there is a file */
	struct ktstr_trace_guest guest;
	char why_not[256];
};

/* The engine is BPF programs in the guest. */
bool ktstr_trace_guest__wanted(const struct ktstr_run *run);
/* What the kernel says of @cpu: switches so far, and the task. False: it cannot be read. */
bool ktstr_trace__read_rq(struct ktstr_monitor *m, uint32_t cpu, uint64_t *switches, uint64_t *curr);

/* emulator.c */
void ktstr_trace_emulator__spec(const struct ktstr_run *run, struct ktstr_trace_state *s,
				struct vm_spec *spec);
void ktstr_trace_emulator__sync(const struct ktstr_run *run, struct ktstr_trace_state *s, struct vm *vm);
void ktstr_trace_emulator__mark(const struct ktstr_run *run, struct ktstr_trace_state *s, struct vm *vm,
				enum vm_mark_slot slot);

/* guest.c */
int ktstr_trace_guest__pack(const struct ktstr_run *run, struct ktstr_trace_state *s, struct initramfs *fs,
			    struct ktstr_err *err);
int ktstr_trace_guest__attach(struct ktstr_trace_state *s, uint32_t nr_cpus);
/* Read what the guest has recorded; the last time @final, when it records nothing any more. */
void ktstr_trace_guest__read(const struct ktstr_run *run, struct ktstr_trace_state *s, struct vm *vm,
			     bool final);
/* Is there anything? False, with s->why_not: there is not. */
bool ktstr_trace_guest__conclude(struct ktstr_trace_state *s);
void ktstr_trace_guest__report(const struct ktstr_trace_state *s, FILE *f);
void ktstr_trace_guest__free(struct ktstr_trace_state *s);

#endif

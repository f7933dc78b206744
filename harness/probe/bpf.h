/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine that needs no emulator: BPF programs in the guest, set by a program of ours there. The
 * probes are those of vmm/probe.h, and so are the events; what differs is when they arrive. Either the
 * guest keeps the last ones in its own memory and sends them when an exit of its scheduler is claimed for
 * an error. Or it has ring buffers for all of them, which the host reads (ring.h).
 * It costs the guest time, so a run with these probes is another one than the run without.
 */
#ifndef KTSTR_PROBE_BPF_H
#define KTSTR_PROBE_BPF_H

#include "harness/model/probe.h"
#include "harness/monitor/view/btf.h"
#include "lib/err.h"

struct initramfs;
struct ktstr_seen;

struct ktstr_probe_target {
	const char *name;		/* of a function of the kernel, an operation or a tracepoint */
	enum ktstr_probe_at at;
	uint32_t nr_args;		/* of a tracepoint: so many of its arguments are fetched from */
	int trigger;			/* fetch that has the kind of an exit; -1: it is no trigger */
	uint32_t min;			/* from this kind on, nothing more is recorded */
	const struct vm_probe *probe;	/* its address does not count */
};

/*
 * Put the program and its file into the guest, see ktstr_probe_bpf__args(). With
 * @ring_bytes, a power of two, each CPU has a ring buffer of that size; 0: the last records are kept. 0, or
 * -errno with @err: the program is missing, a probe makes no sense, or operations are to be probed and
 * this kernel's BTF does not know sched_ext.
 */
int ktstr_probe_bpf__pack(struct initramfs *fs, const struct ktstr_btf *btf,
			  const struct ktstr_probe_target *t, unsigned int nr, uint32_t ring_bytes,
			  struct ktstr_err *err);

/* The guest starts the program, and its scheduler waits until the operations are probed. */
struct ktstr_guest_args;
void ktstr_probe_bpf__args(struct ktstr_guest_args *a);

/* What the guest has told. */
struct ktstr_probe_told {
	bool functions, operations;	/* probes were set */
	uint8_t how[VM_MAX_PROBES];	/* enum ktstr_probe_how, by target */
	bool ended;			/* it has told all: */
	bool fired;
	uint64_t records, missed;
	uint64_t events;		/* that were told here */
	uint64_t damaged;		/* messages that make no sense, or were lost */
	char *text;			/* lines: what could not be done; NULL: nothing */
	size_t read;			/* bytes of seen->probe_says that were looked at */
};

/* What follows the length of a RING message, which is as long as it says; not aligned. */
typedef bool (*ktstr_ring_fn)(void *arg, const void *msg, size_t len);

/*
 * Read what came from the guest: @fn is called for each event, in their order, as vm_set_probes() would. 0 or
 * -ENOMEM; ktstr_probe_told__free() in either case. Nothing of the guest is trusted.
 */
int ktstr_probe_bpf__read(const struct ktstr_seen *seen, const struct vm_probe *p, unsigned int nr,
			  vm_probe_fn fn, void *arg, struct ktstr_probe_told *told);
/*
 * The same of a guest with ring buffers, any number of times: what has come since the last call. @told is
 * zeroed before the first one. @fn is told where the rings are; it returns false for a message that makes
 * no sense, which is counted as damaged.
 */
int ktstr_probe_bpf__read_rings(const struct ktstr_seen *seen, ktstr_ring_fn fn, void *arg,
				struct ktstr_probe_told *told);
void ktstr_probe_told__free(struct ktstr_probe_told *told);

#endif

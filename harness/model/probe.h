/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes by BPF programs inside the guest: what the host tells the program that sets them
 * (bpf/ktstr_probe.c), and what that tells the host. All three sides include this: host, guest and
 * the BPF programs, so it uses plain types only.
 *
 * The host puts the file KTSTR_PROBE_FILE into the guest: a struct ktstr_probe_file and its points.
 * PID 1 starts KTSTR_PROBE_PROGRAM, which probes the functions of the kernel, then the scheduler.
 * That is held where it attaches (hold_attach of guest_args.h): its programs are loaded and have not
 * run, and it is the time to probe them. Where the records go is said in the file:
 *
 * - Into an array that keeps the last ones, until an exit of the scheduler is claimed for an error.
 * - Into BPF ring buffers, one for each CPU, which the host reads in the guest's memory. Nobody in the
 *   guest is woken for them, or copies them. A record for which there is no room is counted.
 */
#ifndef KTSTR_MODEL_PROBE_H
#define KTSTR_MODEL_PROBE_H

#include "vmm/probe.h"

#define KTSTR_PROBE_PROGRAM	"/ktstr_probe"
#define KTSTR_PROBE_FILE	"/ktstr.probes"
#define KTSTR_PROBE_SOCK	3	/* its descriptor that leads to PID 1, SOCK_SEQPACKET */
#define KTSTR_PROBE_MAGIC	0x62727470u

#define KTSTR_PROBE_RECORDS	8192	/* that are kept; a power of two */
#define KTSTR_PROBE_SLACK	(VM_FETCH_MAX / 8)
#define KTSTR_RING_WORDS	16	/* of all values of a point whose records go into rings */
#define KTSTR_RING_ARGS		4	/* of a tracepoint, that points may name */

enum ktstr_probe_at { KTSTR_AT_FUNCTION, KTSTR_AT_OP, KTSTR_AT_TRACEPOINT };

struct ktstr_probe_point {
	char name[64];			/* of the function, operation or tracepoint */
	uint32_t at;			/* enum ktstr_probe_at */
	uint32_t nr_args;		/* of a tracepoint: so many of its arguments are read */
	uint32_t member;		/* of an operation: its offset in the value of a struct_ops map */
	/* 1 + fetch that has the kind of an exit, 0: this is no trigger; from @min on it is an error */
	uint32_t trigger;
	uint32_t min;
	uint32_t nr_fetches;
	uint32_t nr_words;		/* of all values */
	struct vm_fetch fetch[VM_MAX_FETCHES];
	uint8_t word[VM_MAX_FETCHES];	/* where the value begins */
};

struct ktstr_probe_file {
	uint32_t magic;
	uint32_t nr;
	uint32_t value_type;		/* BTF id of the value of sched_ext's struct_ops maps */
	uint32_t ring_bytes;		/* of each CPU, a power of two; 0: the last records are kept */
	struct ktstr_probe_point point[];
};

/* As the BPF programs write it. */
struct ktstr_probe_record {
	uint64_t seq;			/* from 1 on; 0: it is being written */
	uint64_t time_ns;		/* CLOCK_MONOTONIC */
	uint32_t probe;
	uint32_t vcpu;
	uint32_t exit;
	uint32_t have;
	uint64_t word[VM_PROBE_WORDS + KTSTR_PROBE_SLACK];
};

/* A record of a ring. */
struct ktstr_ring_record {
	uint64_t time_ns;		/* CLOCK_MONOTONIC */
	uint64_t switches;		/* rq->nr_switches of the CPU; 0: this kernel does not tell */
	uint16_t probe;
	uint16_t cpu;
	int32_t pid;			/* of the task that runs */
	uint32_t have;
	uint32_t lost;			/* records of this CPU so far, for which there was no room */
	uint64_t word[KTSTR_RING_WORDS + KTSTR_PROBE_SLACK];
};

/* What PID 1 says, a byte: probe what is loaded now; or: the run is over. */
enum ktstr_probe_ask {
	KTSTR_PROBE_ATTACH = 'a',
	KTSTR_PROBE_FINISH = 'f',
};

/* Datagrams to PID 1, which sends them on as KTSTR_MSG_PROBE; the first word is one of these. */
enum ktstr_probe_says {
	KTSTR_PROBE_TEXT,		/* what could not be done: a sentence */
	KTSTR_PROBE_STATE,		/* struct ktstr_probe_state; the answer to what was asked */
	KTSTR_PROBE_CALLS,		/* records: each without seq, and only words that are used */
	KTSTR_PROBE_END,		/* struct ktstr_probe_end */
	KTSTR_PROBE_RING,		/* struct ktstr_probe_ring and its pages */
	KTSTR_NR_PROBE_SAYS,
};

#define KTSTR_PROBE_DATAGRAM	(48u << 10)	/* bytes of one, at most */

/* How a point is probed. */
enum ktstr_probe_how {
	KTSTR_PROBE_NOT, KTSTR_PROBE_BOTH, KTSTR_PROBE_ENTRY, KTSTR_PROBE_KPROBE, KTSTR_PROBE_TRACEPOINT,
};

struct ktstr_probe_state {
	uint32_t says;
	uint32_t ops;			/* 0: the functions of the kernel are probed, 1: operations too */
	uint8_t how[VM_MAX_PROBES];	/* enum ktstr_probe_how */
};

/*
 * Where the ring of a CPU is, by guest physical addresses. What is there is a BPF ring buffer as user
 * space maps it: a page that begins with the position of the consumer, one with that of the producer, and
 * the data.
 */
struct ktstr_probe_ring {
	uint32_t says;
	uint32_t cpu;
	uint32_t bytes;			/* of the data */
	uint32_t page_bytes;
	uint64_t lost;			/* of a u64: records for which there was no room */
	uint64_t consumer, producer;
	uint64_t page[];		/* of the data, in their order */
};

#define KTSTR_PROBE_RING_MAX	(4u << 20)	/* bytes, so that the message fits into a datagram */

struct ktstr_probe_end {
	uint32_t says;
	uint32_t fired;			/* an exit was claimed for an error */
	uint64_t records;		/* ever */
	uint64_t missed;		/* executions that the kernel did not run the programs for */
};

/* A record in a CALLS datagram, followed by the words of its point. */
struct ktstr_probe_call {
	uint64_t time_ns;
	uint16_t probe, vcpu, exit, nr_words;
	uint32_t have;
	uint32_t unused;
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One virtual machine: the only interface between the harness and the VMMs.
 *
 * A backend boots a kernel with a topology, keeps guest RAM mapped in this process
 * and reports what the guest does as events. It knows nothing about tests. The idea
 * that shapes the interface is the sync point: the guest stops at one instruction
 * (or one trapped access) until the host says vm_continue(), so that everything the
 * host does to a deterministic guest happens at a reproducible moment.
 *
 * Threads: one thread owns a struct vm and makes all calls on it; the machine dies with
 * it. vm_mem() may be called from any thread between vm_start() and vm_destroy().
 */
#ifndef KTSTR_VMM_VM_H
#define KTSTR_VMM_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define VM_MAX_CPUS	512
#define VM_MAX_NODES	64

/* LLCs are counted over the whole machine; cores are per LLC, threads per core. */
struct vm_topology {
	uint32_t numa_nodes;
	uint32_t llcs;
	uint32_t cores;
	uint32_t threads;
};

enum vm_accel {
	VM_ACCEL_AUTO,		/* kvm where it really works, else tcg */
	VM_ACCEL_KVM,
	VM_ACCEL_TCG,
};

/* VM_SHIFT_AUTO: the backend picks the icount shift from the number of vCPUs. */
#define VM_SHIFT_AUTO	(-1)

/* What is picked; figures in docs/determinism.md. */
int vm_auto_shift(uint32_t nr_cpus);

struct vm_spec {
	const char *kernel;		/* bzImage or vmlinux; required */
	int initrd_fd;			/* whole file is the initrd; -1: none. Borrowed. */
	const char *cmdline;		/* appended after the backend's own parameters */
	struct vm_topology topo;
	uint64_t mem_bytes;		/* multiple of 1 MiB per node */
	uint64_t shared_bytes;		/* hidden from the guest's allocator, see vm_shared() */
	enum vm_accel accel;		/* VM_ACCEL_AUTO has been resolved by vm_pick_accel() */
	bool deterministic;		/* tcg: -icount, one host thread, all seeds fixed */
	uint64_t seed;			/* deterministic: guest entropy and nothing else */
	int icount_shift;		/* 2^N ns of guest time per instruction, or VM_SHIFT_AUTO */
	bool kaslr;
	const char *console_path;	/* COM1 (kernel console) is written here; required */
	const char *output_path;	/* COM2 is written here; required */
	const char *emulator_log_path;	/* stderr of an external emulator; NULL: discarded */
};

enum vm_event_type {
	VM_EVENT_TIMEOUT,	/* the deadline passed; the guest still runs */
	VM_EVENT_SYNC,		/* the guest waits at a sync point for vm_continue() */
	VM_EVENT_EXIT,		/* the machine is off (power off, reset or triple fault) */
	VM_EVENT_ERROR,		/* the VMM itself failed; err says how */
};

struct vm_event {
	enum vm_event_type type;
	uint32_t vcpu;		/* VM_EVENT_SYNC: which vCPU stopped */
	struct vm_err err;	/* VM_EVENT_ERROR */
};

struct vm;

/*
 * Resolve VM_ACCEL_AUTO (or confirm an explicit choice) on this host. @why gets one
 * sentence when AUTO could not use KVM, or an empty string.
 * Returns 0, or -errno with @err when an explicitly requested accelerator is unusable.
 */
int vm_pick_accel(enum vm_accel want, enum vm_accel *got, char *why, size_t why_size,
		  struct vm_err *err);

/*
 * Check @spec completely (topology, memory, image format) before anything is created.
 * Returns 0, or -EINVAL with @err naming the member and the value.
 */
int vm_spec_check(const struct vm_spec *spec, struct vm_err *err);

/*
 * Allocate guest memory and everything else that needs no running CPU. The strings and
 * the initrd fd of @spec must stay valid until vm_start() returned.
 * Returns 0 and *@vmp, or -errno with @err; err->missing is set where the host lacks
 * something a user can install.
 */
int vm_create(struct vm **vmp, const struct vm_spec *spec, struct vm_err *err);

/* Let the vCPUs run. Returns 0 or -errno with @err. */
int vm_start(struct vm *vm, struct vm_err *err);

/*
 * Wait until something happens or @timeout_ms passed (0: poll, -1: forever); also returns
 * when @wake_fd (-1: none) becomes readable, as VM_EVENT_TIMEOUT. After VM_EVENT_SYNC the
 * guest stands still until vm_continue(): all of it if it is deterministic, otherwise the
 * vCPU that rang (vm_pause() there stops the others). Never returns an error: those are
 * events.
 */
void vm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev);

/* End a sync point. Returns 0, -EINVAL when the guest is not at one. */
int vm_continue(struct vm *vm);

/*
 * Stop all vCPUs, at most @timeout_ms from now, and start them again. A deterministic
 * guest is only ever stopped at a sync point: there vm_pause() returns -EBUSY unless the
 * guest is at one. Pausing twice is an error (-EALREADY).
 */
int vm_pause(struct vm *vm, int timeout_ms);
int vm_resume(struct vm *vm);

/*
 * Guest RAM at guest physical address @gpa, or NULL unless all @len bytes are RAM of one
 * region. Valid until vm_destroy(), also after VM_EVENT_EXIT.
 */
void *vm_mem(struct vm *vm, uint64_t gpa, size_t len);

/* The shared stretch of spec.shared_bytes: host address and guest physical address. */
void *vm_shared(struct vm *vm, uint64_t *gpa);

/* What the guest must do to reach a sync point; "insn" on tcg. Goes into its command line. */
const char *vm_doorbell(const struct vm *vm);

/* Number of CPUs in @t, 0 when it overflows VM_MAX_CPUS. */
uint32_t vm_topology_cpus(const struct vm_topology *t);

/*
 * "1n2l4c2t" and back. Parsing is strict: four positive numbers, no trailing text, LLCs
 * divisible by nodes. Returns 0 or -EINVAL with @err.
 */
#define VM_TOPOLOGY_STRLEN	48
void vm_topology_format(const struct vm_topology *t, char *buf, size_t size);
int vm_topology_parse(const char *text, struct vm_topology *t, struct vm_err *err);
int vm_topology_check(const struct vm_topology *t, struct vm_err *err);

/* Kill the machine if it runs, free everything. NULL is allowed. */
void vm_destroy(struct vm *vm);

#endif

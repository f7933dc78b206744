/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes: what a guest's kernel does, told instruction by instruction, at no cost to the guest.
 *
 * A probe is an address and a list of values to fetch: an argument register, or memory behind it. When
 * a vCPU is about to execute the instruction, the values and the guest's clock go into a record. The
 * guest executes nothing for it and its clock stands still meanwhile, so a run with probes is the run
 * without them. Values are chains of offsets, as in the fetch arguments of kprobe events, so that a
 * backend without an emulator can do the same with a BPF program.
 *
 * The instructions of the kernel's image have to be named before the machine is made
 * (vm_spec.probe_links, probe_lens), as code is translated before anybody knows where the kernel is. Code
 * that appears later, as of BPF programs, is probed if it has not been executed before.
 */
#ifndef KTSTR_VMM_PROBE_H
#define KTSTR_VMM_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_MAX_PROBES		192
#define VM_MAX_FETCHES		24	/* of a probe */
#define VM_FETCH_STEPS		4
#define VM_FETCH_MAX		64	/* bytes of a value */
#define VM_PROBE_WORDS		64	/* of all values of a probe */

/* Where a value starts from. */
enum vm_reg {
	VM_REG_ARG0, VM_REG_ARG1, VM_REG_ARG2, VM_REG_ARG3, VM_REG_ARG4, VM_REG_ARG5,
	VM_REG_RET,		/* what a function returns; only events with exit set have it */
	VM_REG_SP,
	VM_REG_PERCPU,		/* what is added to the address of a per-CPU variable */
	VM_NR_REGS,
};

/*
 * No steps: the register. Otherwise its content is a pointer, and each step adds an offset to the
 * pointer and loads what is there: the last one @size bytes, the others the next pointer.
 */
struct vm_fetch {
	uint8_t reg;		/* enum vm_reg */
	uint8_t nr_steps;
	uint8_t size;		/* bytes; at most 8 without steps */
	uint8_t unused;
	int32_t step[VM_FETCH_STEPS];
};

struct vm_probe {
	uint64_t kva;
	/*
	 * Not 0: a function of so many bytes; where it returns there is an event too. The argument registers
	 * are then what they were when it was called. Its link address has to be declared with its length, or
	 * nobody has executed it. One that ends by a jump to another function returns at the jump.
	 */
	uint32_t len;
	uint32_t nr_fetches;
	struct vm_fetch fetch[VM_MAX_FETCHES];
};

/* How many words a value takes. A number of 8 bytes and less is one, extended with zeros. */
static inline unsigned int vm_fetch_words(const struct vm_fetch *f)
{
	return (f->size + 7u) / 8;
}

struct vm_probe_event {
	uint64_t time_ns;	/* the machine's clock, from 0 when it was made; all vCPUs have it */
	uint32_t vcpu;
	uint32_t probe;		/* index */
	bool exit;
	/* bit N: fetch[N] was possible; the others are 0 */
	uint32_t have;
	uint32_t nr_words;
	const uint64_t *word;	/* the values in the order of fetch[]; valid during the call */
};

typedef void (*vm_probe_fn)(void *arg, const struct vm_probe_event *ev);

struct vm;

/*
 * Replace the probes of a deterministic guest that stands at a sync point or mark; they hold from
 * vm_continue() on. Index and order in @p are the caller's. @fn is called for each event in the order
 * of the machine's clock, by the thread that owns the machine, in vm_wait() or here: a guest that
 * produces more than there is room for waits.  All events that were not told yet are told before the
 * probes change. 0, -EINVAL: not at a sync point, or a probe makes no sense, -E2BIG, -EOPNOTSUPP: not
 * with this backend or spec.
 */
int vm_set_probes(struct vm *vm, const struct vm_probe *p, unsigned int nr, vm_probe_fn fn,
		  void *arg);

/*
 * The machine's clock at the sync point or mark at which the guest stands, to a microsecond. 0, -EINVAL,
 * -EOPNOTSUPP.
 */
int vm_probe_time(struct vm *vm, uint64_t *ns);

/*
 * One stop: VM_EVENT_MARK of the slot VM_MARK_STOP. Either the machine's clock gets to @ns, or the
 * Nth execution of one of the instructions @at is due. A stop by time is before the block of
 * instructions, a few dozen at most, in which that moment lies, or which follows an idle time in which
 * it lies; vm_probe_time() has its exact time then.
 */
#define VM_MAX_STOPS	8

struct vm_stop_at {
	uint64_t kva;
	uint32_t reg;		/* the execution counts if the lower half of this register ... */
	uint32_t min;		/* ... is at least so large; VM_NR_REGS: it always counts */
};

struct vm_stop {
	uint64_t ns;		/* 0: by instruction */
	uint64_t nth;		/* from 1 on, counted from when the stop was set */
	unsigned int nr;
	struct vm_stop_at at[VM_MAX_STOPS];
};

/*
 * Set it, instead of an earlier one, for a deterministic guest that stands at a sync point or mark.
 * 0, -EINVAL: not at a sync point, or it makes no sense, -EOPNOTSUPP: not with this backend or spec.
 */
int vm_set_stop(struct vm *vm, const struct vm_stop *stop);

/* The vCPU that stopped last, also at sync points and marks. */
uint32_t vm_stopped_vcpu(const struct vm *vm);

/*
 * From @from_ns of the machine's clock on, end the turns of vCPUs at moments that follow from @seed: one
 * of the other ways that the machine could have gone, which is as repeatable. Nothing of the guest
 * is changed. A machine with one vCPU stays as it is. As vm_set_stop().
 */
int vm_set_shake(struct vm *vm, uint64_t from_ns, uint64_t seed);

/*
 * Hand a machine that stands at its stop over to a debugger: it is paused before the instruction of
 * the stop, not deterministic any more, and serves the protocol of gdb at the UNIX socket @path. 0 or
 * -errno with @err.
 */
struct ktstr_err;
int vm_hand_over(struct vm *vm, const char *path, struct ktstr_err *err);

/* Is @p a probe that can be carried out? */
bool vm_probe_check(const struct vm_probe *p);
/* How many words an event of @p has. */
unsigned int vm_probe_words(const struct vm_probe *p);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an accelerator provides. vm.c has the table of them and dispatches to it. A backend embeds
 * struct vm as the first member of its own machine and knows nothing of other backends.
 */
#ifndef KTSTR_VMM_BACKEND_H
#define KTSTR_VMM_BACKEND_H

#include <stdatomic.h>

#include "lib/clock.h"
#include "image.h"
#include "vm.h"

struct vm_ram;

struct vm_ops {
	const char *name;

	/* Can this backend run here at all? 0, or -errno with @err. */
	int (*usable)(struct ktstr_err *err);
	/* Limits of this backend beyond vm_spec_check()'s general ones. */
	int (*check)(const struct vm_spec *spec, const struct vm_image *image, struct ktstr_err *err);
	int (*create)(struct vm **vmp, const struct vm_spec *spec,
		      const struct vm_image *image, struct ktstr_err *err);
	int (*start)(struct vm *vm, struct ktstr_err *err);
	void (*wait)(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev);
	int (*resume_sync)(struct vm *vm);
	/* optional */
	int (*set_mark)(struct vm *vm, enum vm_mark_slot slot, const struct vm_mark *mark);
	int (*set_watch)(struct vm *vm, unsigned int watch, uint64_t kva);	/* optional */
	/* optional; @p is checked */
	int (*set_probes)(struct vm *vm, const struct vm_probe *p, unsigned int nr, vm_probe_fn fn,
			  void *arg);
	int (*probe_time)(struct vm *vm, uint64_t *ns);	/* with set_probes */
	int (*set_stop)(struct vm *vm, const struct vm_stop *stop);	/* optional; @stop is checked */
	int (*set_shake)(struct vm *vm, uint64_t from_ns, uint64_t seed);	/* with set_stop */
	int (*hand_over)(struct vm *vm, const char *path, struct ktstr_err *err);	/* with set_stop */
	int (*add_tallies)(struct vm *vm, const struct vm_code *code, unsigned int nr); /* likewise */
	int (*get_tally)(struct vm *vm, unsigned int i, struct vm_tally *t);
	int (*set_counted)(struct vm *vm, const struct vm_counted *c, unsigned int nr);
	int (*get_counts)(struct vm *vm, uint32_t first, uint32_t nr, uint64_t *count);
	int (*save)(struct vm *vm, const struct vm_saved *to, struct ktstr_err *err); /* optional */
	int (*pause)(struct vm *vm, int timeout_ms, struct ktstr_err *err);
	int (*resume)(struct vm *vm);
	/* optional; @stand has an element for each vCPU */
	int (*look)(struct vm *vm, struct vm_stand *stand, struct ktstr_err *err);
	int (*get_regs)(struct vm *vm, struct vm_regs *regs, struct ktstr_err *err); /* optional */
	const struct vm_ram *(*ram)(struct vm *vm);	/* optional */
	void *(*mem)(struct vm *vm, uint64_t gpa, size_t len);
	void *(*shared)(struct vm *vm, uint64_t *gpa);
	/* NULL: this backend does not count. */
	int (*device_counters)(struct vm *vm, unsigned int i, uint64_t value[VM_MAX_COUNTERS]);
	int (*vcpu_time_ns)(struct vm *vm, uint32_t cpu, uint64_t *ns);	/* optional */
	void (*destroy)(struct vm *vm);
};

struct vm {
	const struct vm_ops *ops;
	const char *doorbell;	/* what ktstr.doorbell= tells the guest */
	const char *notice;	/* of its RAM; NULL: none yet */
	uint32_t nr_vcpus;
	uint32_t stopped_vcpu;	/* of the last event that has one */
	struct vm_times times;	/* except entry_ns */
	int64_t lap_ns;		/* the last vm_lap(); create() begins with setting it */
	int64_t start_ns;	/* vm_start() was called */
	atomic_llong entry_ns;	/* vCPU 0 enters the guest; its thread writes this */
};

/* @step has just ended with @r: add the time since the previous call to it. Returns @r. */
static inline int vm_lap(struct vm *vm, enum vm_step step, int r)
{
	int64_t now = ktstr_now_ns();

	vm->times.ns[step] += now - vm->lap_ns;
	vm->lap_ns = now;
	return r;
}

/* vmm/kvm/kvm.c */
extern const struct vm_ops kvm_ops;
/* vmm/qemu/qemu.c */
extern const struct vm_ops qemu_ops;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an accelerator provides. vm.c owns the table of them and dispatches to it; a backend
 * embeds struct vm as the first member of its own machine and never sees another backend.
 */
#ifndef KTSTR_VMM_BACKEND_H
#define KTSTR_VMM_BACKEND_H

#include <stdatomic.h>

#include "clock.h"
#include "image.h"
#include "vm.h"

struct vm_ops {
	const char *name;
	const char *doorbell;	/* what ktstr.doorbell= tells the guest */

	/* Can this backend run here at all? 0, or -errno with @err. */
	int (*usable)(struct vm_err *err);
	/* Limits of this backend beyond vm_spec_check()'s general ones. */
	int (*check)(const struct vm_spec *spec, const struct vm_image *image, struct vm_err *err);
	int (*create)(struct vm **vmp, const struct vm_spec *spec,
		      const struct vm_image *image, struct vm_err *err);
	int (*start)(struct vm *vm, struct vm_err *err);
	void (*wait)(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev);
	int (*resume_sync)(struct vm *vm);
	int (*pause)(struct vm *vm, int timeout_ms, struct vm_err *err);
	int (*resume)(struct vm *vm);
	int (*describe)(struct vm *vm, char *buf, size_t size);	/* optional */
	void *(*mem)(struct vm *vm, uint64_t gpa, size_t len);
	void *(*shared)(struct vm *vm, uint64_t *gpa);
	/* NULL: this backend does not count. */
	int (*disk_stats)(struct vm *vm, unsigned int disk, struct vm_disk_stats *stats);
	int (*nic_stats)(struct vm *vm, unsigned int nic, struct vm_nic_stats *stats);
	void (*destroy)(struct vm *vm);
};

struct vm {
	const struct vm_ops *ops;
	const char *notice;	/* of its RAM; NULL: none yet */
	struct vm_times times;	/* but for entry_ns */
	int64_t lap_ns;		/* the last vm_lap(); create() begins with setting it */
	int64_t start_ns;	/* vm_start() was called */
	atomic_llong entry_ns;	/* vCPU 0 enters the guest; its thread writes this */
};

/* @step has just ended with @r: account for the time that nobody else has claimed. Returns @r. */
static inline int vm_lap(struct vm *vm, enum vm_step step, int r)
{
	int64_t now = vm_now_ns();

	vm->times.ns[step] += now - vm->lap_ns;
	vm->lap_ns = now;
	return r;
}

/* vmm/kvm/kvm.c */
extern const struct vm_ops kvm_ops;
/* vmm/qemu/qemu.c */
extern const struct vm_ops qemu_ops;

#endif

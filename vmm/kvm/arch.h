/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface between the bundled VMM and an architecture. The folder with the architecture's
 * name implements it: kvm_arch_probe_*() in probe.c, the rest in arch.c. A new architecture is a
 * new folder; the Makefile builds the one of the target only.
 */
#ifndef KTSTR_VMM_KVM_ARCH_H
#define KTSTR_VMM_KVM_ARCH_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/dev/bus.h"
#include "vmm/image.h"
#include "vmm/ram.h"
#include "vmm/vm.h"

struct kvm_machine;

#define KVM_NR_CONSOLES	2

struct kvm_arch {
	/* Capabilities that KVM must have besides those in machine.c; ends with a NULL name. */
	const struct kvm_cap {
		int cap;
		const char *name;
	} *caps;
	/*
	 * The sync point: a write to this address stops the vCPU until vm_continue(). There is no
	 * RAM, no device and nothing of KVM at it. @doorbell describes it to the guest:
	 * docs/channel.md. In a machine with a save point, a write of VM_DOORBELL_SAVE is that.
	 */
	uint64_t doorbell_gpa;
	const char *doorbell;
	/* The 16550A ports: the kernel's console, then the output of programs. */
	struct kvm_console {
		enum bus_space space;
		uint64_t base;
		uint32_t gsi;
	} console[KVM_NR_CONSOLES];
	uint32_t probe_insns;		/* instructions that the probe's guest executes */
};

extern const struct kvm_arch kvm_arch;

/* Guest memory, before anything runs. */

struct kvm_layout {
	uint64_t shared_gpa;
	uint64_t shared_bytes;		/* 0: none */
	uint64_t initrd_gpa;
	uint64_t initrd_bytes;		/* 0: none */
	uint64_t kernel_end;		/* what is below is free for it */
	uint64_t entry_gpa;		/* of the kernel */
	bool kaslr;			/* we have moved it */
};

/* The guest physical addresses of @mem_bytes of RAM. Returns the number of regions. */
unsigned int kvm_arch_regions(uint64_t mem_bytes, struct vm_region region[VM_MAX_REGIONS]);

/*
 * Choose the addresses of the shared stretch and of the initrd, whose sizes are in @l, in
 * @mem_bytes of RAM. They overlap neither each other nor @image. 0, or -ENOSPC with @err saying
 * how much is needed.
 */
int kvm_arch_place(struct kvm_layout *l, uint64_t mem_bytes, const struct vm_image *image,
		   struct ktstr_err *err);

/* Parameters for the kernel's command line that this machine needs. */
void kvm_arch_cmdline(const struct vm_spec *spec, char *buf, size_t size);

/*
 * Write what the kernel reads at boot: @cmdline, the tables that describe the machine, the memory
 * map. 0 or -errno with @err.
 */
int kvm_arch_write_tables(const struct vm_ram *ram, const struct vm_spec *spec,
			  const struct vm_image *image, const struct kvm_layout *l,
			  const char *cmdline, struct ktstr_err *err);

/* KVM's objects. All return 0 or -errno with @err. */

/* After KVM_CREATE_VM, before memory and vCPUs: interrupt controllers and the like. */
int kvm_arch_setup_vm(int kvm_fd, int vm_fd, const struct vm_topology *t, struct ktstr_err *err);

#define KVM_WHY_BYTES	160

/*
 * Each vCPU of the VM @vm_fd has a CPU of the host for itself: let the guest keep it when it spins or
 * halts. After kvm_arch_setup_vm(), before the vCPUs. @why says what KVM refuses, or is empty.
 */
void kvm_arch_dedicate(int vm_fd, char why[KVM_WHY_BYTES]);
/* Of such a VM with its vCPUs: is its clock the host's TSC, without another exit? Likewise. */
void kvm_arch_check_clock(int vm_fd, char why[KVM_WHY_BYTES]);
/* The id that KVM_CREATE_VCPU gets for CPU @cpu. */
uint32_t kvm_arch_vcpu_id(const struct vm_topology *t, uint32_t cpu);
/* After all vCPUs of @m have been created: what they are and the registers they start with. */
int kvm_arch_setup_vcpus(struct kvm_machine *m, const struct vm_topology *t, uint64_t entry,
			 struct ktstr_err *err);

/*
 * Add to @s what the vCPUs and interrupt controllers of @m are, none of whose vCPUs is in KVM_RUN; and
 * put it into a machine of the same spec that has not run. 0 or -errno with @err; -EBADMSG: @s has not
 * what is needed.
 */
struct kvm_state;
int kvm_arch_save(struct kvm_machine *m, struct kvm_state *s, struct ktstr_err *err);
int kvm_arch_load(struct kvm_machine *m, const struct kvm_state *s, struct ktstr_err *err);

/* Devices that every machine of this architecture has, besides the consoles. */
struct kvm_arch_devices;
int kvm_arch_create_devices(struct kvm_arch_devices **dp, struct dev_env *env,
			    struct ktstr_err *err);
/* The state of a machine that stands still, and one that has not run, as for kvm_arch_save(). */
int kvm_arch_save_devices(struct kvm_arch_devices *d, struct kvm_state *s);
int kvm_arch_load_devices(struct kvm_arch_devices *d, const struct kvm_state *s);
/* The vCPUs have stopped. NULL is allowed. */
void kvm_arch_destroy_devices(struct kvm_arch_devices *d);

/* A device's message as KVM_SIGNAL_MSI wants it. */
struct kvm_msi kvm_arch_msi(uint64_t addr, uint32_t data);

/* A vCPU that is not running. */

/* One line with the registers that say where it is. */
void kvm_arch_format_regs(int vcpu_fd, char *buf, size_t size);

struct kvm_snapshot {
	uint64_t pc, sp;
	bool started;		/* the guest has brought this CPU up */
	bool halted;
	bool interrupts;	/* enabled */
	bool user;		/* in user mode */
};

/* 0 or -errno. */
int kvm_arch_snapshot(int vcpu_fd, struct kvm_snapshot *s);
/* All but @r->kind. 0 or -errno. */
int kvm_arch_get_regs(int vcpu_fd, struct vm_regs *r);

/*
 * Hardware watchpoints on writes. Watch those of @kva that are not 0; the vCPU's own thread calls it,
 * between two KVM_RUNs. 0 or -errno.
 */
int kvm_arch_watch(int vcpu_fd, const uint64_t kva[VM_NR_WATCHES]);
/* After KVM_EXIT_DEBUG: the watch that was hit, or -1. */
int kvm_arch_watched(const struct kvm_run *run);

/*
 * The guest of probe.c, in KVM_PROBE_BYTES of RAM from address 0. These functions make system
 * calls only.
 */

#define KVM_PROBE_BYTES	0x10000u

void kvm_arch_probe_load(uint8_t *mem);
/* NULL, or the name of the step that failed with errno. */
const char *kvm_arch_probe_setup(int kvm_fd, int vcpu_fd);
/* KVM_RUN has returned: has the guest finished with the right result? */
bool kvm_arch_probe_passed(int vcpu_fd, const struct kvm_run *run);
/* What else may explain a failure, for the end of a sentence, or "". */
const char *kvm_arch_probe_hint(void);

#endif

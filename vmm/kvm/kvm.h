/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the bundled VMM. A machine is one KVM VM: guest RAM as memory slots, devices on a bus,
 * and one dedicated thread per vCPU that does nothing but KVM_RUN and what its exits ask for.
 *
 * Threads. The owner makes all calls of vm.h. A vCPU thread is in one of enum vcpu_state; every
 * change happens under machine.lock, so the owner can wait until all of them are out of the guest.
 * No thread polls: the owner sleeps on event_fd (vm_wait) or on settled (vm_pause), a vCPU thread
 * that may not run sleeps on go. A kick makes a vCPU leave the guest: kvm_run.immediate_exit keeps
 * it from entering again, and a signal interrupts it.
 */
#ifndef KTSTR_VMM_KVM_KVM_H
#define KTSTR_VMM_KVM_KVM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "arch.h"
#include "vmm/backend.h"

#define KVM_MAX_IRQS	32

enum vcpu_state {
	VCPU_OUT,	/* has no thread, or its thread is about to end */
	VCPU_IN,	/* may be in the guest or in a device */
	VCPU_PARKED,	/* waits for vm_resume() */
	VCPU_AT_SYNC,	/* waits for vm_continue() */
};

struct kvm_machine;

#define KVM_STOP_SYNC	(-1)	/* a sync point of the guest's */
#define KVM_STOP_SAVE	(-2)	/* its save point */

struct kvm_vcpu {
	struct kvm_machine *m;
	uint32_t cpu;		/* number in the topology */
	uint32_t host_cpu;	/* machine.dedicated: the CPU that it has for itself */
	int fd;
	struct kvm_run *run;	/* shared with KVM */
	pthread_t thread;
	bool has_thread;	/* to be joined */
	/* under machine.lock */
	enum vcpu_state state;
	uint64_t ticket;	/* at a sync point: when it came; 0: may go on */
	int watched;		/* there: the watch that it hit, or one of the two below */
	unsigned int watch_gen;	/* of the watches that it has; its own thread's */
};

struct kvm_devices;

struct kvm_machine {
	struct vm vm;		/* first member */
	struct vm_ram ram;
	struct kvm_layout layout;
	int kvm_fd;		/* /dev/kvm */
	int fd;			/* the VM */
	size_t run_bytes;	/* of each kvm_run mapping */
	struct kvm_vcpu *vcpu;
	uint32_t nr_vcpus;
	bool dedicated;		/* each vCPU has a CPU of the host for itself: kvm_vcpu.host_cpu */

	struct bus bus;
	struct dev_env env;
	int irq_fd[KVM_MAX_IRQS];
	unsigned int nr_irqs;
	struct kvm_devices *devices;

	int event_fd;		/* the owner's: there is something to look at */
	atomic_bool attention;	/* pausing or stopping; read without the lock */
	pthread_mutex_t lock;	/* guards what follows and the vCPUs' states */
	pthread_cond_t go;	/* vCPU threads: check again whether to run */
	pthread_cond_t settled;	/* the owner: nr_in has fallen to 0 */
	bool started;
	bool pausing;
	bool stopping;
	bool ended;		/* @end is valid */
	struct vm_event end;
	int64_t end_ms;
	uint32_t nr_in;		/* vCPUs in VCPU_IN */
	uint32_t nr_threads;	/* vCPU threads that have not ended */
	uint64_t tickets;
	uint64_t watch[VM_NR_WATCHES];	/* 0: none */
	atomic_uint watch_gen;	/* counts changes of @watch */
	struct kvm_vcpu *sync;	/* the one that vm_wait() has reported */
	bool to_save;		/* has a save point; the owner's */
};

/* machine.c: what KVM is asked for before anything runs. */
int kvm_machine_open(struct kvm_machine *m, struct ktstr_err *err);
int kvm_machine_map(struct kvm_machine *m, struct ktstr_err *err);
int kvm_machine_add_vcpus(struct kvm_machine *m, const struct vm_topology *topo, uint64_t entry,
			  struct ktstr_err *err);
/* Close all descriptors; the vCPU threads have ended. Any state of creation. */
void kvm_machine_close(struct kvm_machine *m);

/* dedicated.c, for a machine whose vCPUs have CPUs of the host for themselves; else nothing is done. */
int kvm_dedicated_init(struct kvm_machine *m, const uint32_t *vcpu_cpus, struct ktstr_err *err);
/* KVM's part, in two steps: before and after the vCPUs are created. */
void kvm_dedicated_vm(struct kvm_machine *m);
void kvm_dedicated_vcpus(struct kvm_machine *m);
/* The vCPU threads exist and do not run yet. */
void kvm_dedicated_threads(struct kvm_machine *m);

/* load.c. All return 0 or -errno with @err. */
/* The kernel of @s to its place, which together with the other addresses in @l says where it is entered. */
int kvm_load_kernel(const struct vm_ram *ram, const struct vm_spec *s,
		    const struct vm_image *image, struct kvm_layout *l, struct ktstr_err *err);
/* Map or copy the initrd to its place. */
int kvm_load_initrd(struct vm_ram *ram, const struct vm_spec *spec, const struct kvm_layout *l,
		    struct ktstr_err *err);

/* devices.c */
int kvm_devices_create(struct kvm_machine *m, const struct vm_spec *spec, struct ktstr_err *err);
/* The threads of those that have one, before the vCPUs run. */
int kvm_devices_start(struct kvm_devices *d, struct ktstr_err *err);
void kvm_devices_flush(struct kvm_devices *d);
struct cards *kvm_devices_cards(struct kvm_devices *d);
/* See kvm_arch_save_devices(). 0 or -errno. */
struct kvm_state;
int kvm_devices_save(struct kvm_devices *d, struct kvm_state *s);
int kvm_devices_load(struct kvm_devices *d, const struct kvm_state *s);
/* Before the vCPUs are stopped: none of them waits for a peer outside any more. */
void kvm_devices_hang_up(struct kvm_devices *d);
void kvm_devices_destroy(struct kvm_devices *d);

/* vcpu.c: the threads. kvm_vcpus_init() first; kvm_vcpus_free() after kvm_vcpus_stop(). */
int kvm_vcpus_init(struct kvm_machine *m, uint32_t nr_vcpus, struct ktstr_err *err);
void kvm_vcpus_free(struct kvm_machine *m);
int kvm_vcpus_start(struct kvm_machine *m, struct ktstr_err *err);
/* Stop all vCPUs for good and join their threads. */
void kvm_vcpus_stop(struct kvm_machine *m);
/*
 * The machine has ended. Any thread; only the first call has an effect. @type is VM_EVENT_EXIT or
 * VM_EVENT_ERROR, the text says why.
 */
void kvm_vcpus_end(struct kvm_machine *m, enum vm_event_type type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void kvm_vcpus_wait(struct kvm_machine *m, int timeout_ms, int wake_fd, struct vm_event *ev);
int kvm_vcpus_continue(struct kvm_machine *m);
int kvm_vcpus_pause(struct kvm_machine *m, int timeout_ms, struct ktstr_err *err);
int kvm_vcpus_resume(struct kvm_machine *m);
/* vm_set_watch(): each vCPU gets it before it next enters the guest. */
int kvm_vcpus_watch(struct kvm_machine *m, unsigned int watch, uint64_t kva);

/* saved.c: vm_save(), and making a machine that was created what a saved one was. */
int kvm_save(struct kvm_machine *m, const struct vm_saved *to, struct ktstr_err *err);
int kvm_load_state(struct kvm_machine *m, const struct vm_saved *from, struct ktstr_err *err);

/* look.c: vm_look() */
int kvm_look(struct kvm_machine *m, struct vm_stand *stand, struct ktstr_err *err);
/* vm_get_regs() of a machine that is paused. */
int kvm_look_regs(struct kvm_machine *m, struct vm_regs *regs, struct ktstr_err *err);

/* exit.c: handle the exit that @v just had. False: the machine has ended. */
bool kvm_exit_handle(struct kvm_vcpu *v);
/* KVM_RUN itself failed with @errnum. */
void kvm_exit_failed(struct kvm_vcpu *v, int errnum);
/* vcpu.c: @v has hit watch @why, or a KVM_STOP_*; returns when it may go on. */
void kvm_vcpu_stop(struct kvm_vcpu *v, int why);

#endif

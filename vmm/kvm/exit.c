// SPDX-License-Identifier: GPL-2.0
/*
 * The handlers of vCPU exits: one row per exit reason of KVM. An exit reason that is not in the
 * table ends the machine with an error that shows the vCPU's registers.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kvm.h"

#define REGS_BYTES	400

static bool on_io(struct kvm_vcpu *v)
{
	const struct kvm_run *run = v->run;
	uint8_t *data = (uint8_t *)v->run + run->io.data_offset;
	bool out = run->io.direction == KVM_EXIT_IO_OUT;

	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
		if (out)
			bus_write(&v->m->bus, BUS_PIO, run->io.port, data, run->io.size);
		else
			bus_read(&v->m->bus, BUS_PIO, run->io.port, data, run->io.size);
	}
	return true;
}

static bool on_mmio(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;

	if (run->mmio.is_write && run->mmio.phys_addr == kvm_arch.doorbell_gpa)
		kvm_vcpu_stop(v, v->m->to_save && run->mmio.data[0] == VM_DOORBELL_SAVE ?
				 KVM_STOP_SAVE : KVM_STOP_SYNC);
	else if (run->mmio.is_write)
		bus_write(&v->m->bus, BUS_MMIO, run->mmio.phys_addr, run->mmio.data,
			  run->mmio.len);
	else
		bus_read(&v->m->bus, BUS_MMIO, run->mmio.phys_addr, run->mmio.data,
			 run->mmio.len);
	return true;
}

static bool on_interrupted(struct kvm_vcpu *v)
{
	(void)v;
	return true;
}

/* The guest ended its machine; what it had sent before counts. */
static bool on_shutdown(struct kvm_vcpu *v)
{
	char regs[REGS_BYTES];

	/* AMD leaves no registers behind: then they are those of a reset CPU */
	kvm_arch_format_regs(v->fd, regs, sizeof(regs));
	kvm_vcpus_end(v->m, VM_EVENT_EXIT, "triple fault on vCPU %u: %s", v->cpu, regs);
	return false;
}

static bool on_system_event(struct kvm_vcpu *v)
{
	static const char *const what[] = {
		[KVM_SYSTEM_EVENT_SHUTDOWN]	= "power off",
		[KVM_SYSTEM_EVENT_RESET]	= "reset",
		[KVM_SYSTEM_EVENT_CRASH]	= "the guest reported a crash to KVM",
	};
	uint32_t type = v->run->system_event.type;

	if (type < ARRAY_SIZE(what) && what[type])
		kvm_vcpus_end(v->m, VM_EVENT_EXIT, "%s", what[type]);
	else
		kvm_vcpus_end(v->m, VM_EVENT_ERROR, "vCPU %u: KVM system event %u", v->cpu, type);
	return false;
}

static bool on_fail_entry(struct kvm_vcpu *v)
{
	uint64_t why = v->run->fail_entry.hardware_entry_failure_reason;
	char regs[REGS_BYTES];

	kvm_arch_format_regs(v->fd, regs, sizeof(regs));
	kvm_vcpus_end(v->m, VM_EVENT_ERROR,
		"vCPU %u: the CPU refused to enter the guest, reason %#" PRIx64 ": %s", v->cpu,
		why, regs);
	return false;
}

static bool on_internal_error(struct kvm_vcpu *v)
{
	static const char *const what[] = {
		[KVM_INTERNAL_ERROR_EMULATION]		= "cannot emulate an instruction",
		[KVM_INTERNAL_ERROR_SIMUL_EX]		= "cannot deliver two exceptions at once",
		[KVM_INTERNAL_ERROR_DELIVERY_EV]	= "cannot deliver an event",
		[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "does not know why the guest stopped",
	};
	uint32_t sub = v->run->internal.suberror;
	char regs[REGS_BYTES];

	kvm_arch_format_regs(v->fd, regs, sizeof(regs));
	kvm_vcpus_end(v->m, VM_EVENT_ERROR, "vCPU %u: KVM internal error %u (%s): %s", v->cpu, sub,
		sub < ARRAY_SIZE(what) && what[sub] ? what[sub] : "unknown", regs);
	return false;
}

static bool on_debug(struct kvm_vcpu *v)
{
	int watch = kvm_arch_watched(v->run);

	if (watch >= 0)
		kvm_vcpu_stop(v, watch);
	return true;
}

static bool (*const handler[])(struct kvm_vcpu *v) = {
	[KVM_EXIT_DEBUG]		= on_debug,
	[KVM_EXIT_IO]			= on_io,
	[KVM_EXIT_MMIO]			= on_mmio,
	[KVM_EXIT_INTR]			= on_interrupted,
	[KVM_EXIT_SHUTDOWN]		= on_shutdown,
	[KVM_EXIT_SYSTEM_EVENT]		= on_system_event,
	[KVM_EXIT_FAIL_ENTRY]		= on_fail_entry,
	[KVM_EXIT_INTERNAL_ERROR]	= on_internal_error,
};

bool kvm_exit_handle(struct kvm_vcpu *v)
{
	uint32_t reason = v->run->exit_reason;
	char regs[REGS_BYTES];

	if (reason < ARRAY_SIZE(handler) && handler[reason])
		return handler[reason](v);
	kvm_arch_format_regs(v->fd, regs, sizeof(regs));
	kvm_vcpus_end(v->m, VM_EVENT_ERROR, "vCPU %u: unexpected KVM exit reason %u: %s", v->cpu,
		reason, regs);
	return false;
}

void kvm_exit_failed(struct kvm_vcpu *v, int errnum)
{
	char regs[REGS_BYTES];

	kvm_arch_format_regs(v->fd, regs, sizeof(regs));
	kvm_vcpus_end(v->m, VM_EVENT_ERROR, "vCPU %u: KVM_RUN: %s: %s", v->cpu, strerror(errnum), regs);
}

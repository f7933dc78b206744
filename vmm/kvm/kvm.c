// SPDX-License-Identifier: GPL-2.0
/*
 * The bundled VMM's row in vm.c's table: builds a machine from a spec in the order in which its
 * parts need each other, and takes it down in reverse. What runs is in vcpu.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cmdline.h"
#include "../dev/cards.h"
#include "../initrd.h"
#include "kvm.h"
#include "probe.h"
#include "x86/acpi.h"
#include "x86/apic.h"
#include "x86/machine.h"

#define PLATFORM_BYTES	256

static struct kvm_machine *to_kvm(struct vm *vm)
{
	return (struct kvm_machine *)vm;
}

static int kvm_check(const struct vm_spec *spec, const struct vm_image *image, struct vm_err *err)
{
	(void)spec, (void)image, (void)err;
	return 0;
}

/* What the kernel is told about this machine. */
static void platform_line(const struct vm_spec *s, char *buf, size_t size)
{
	uint32_t cpus = kvm_x86_ioapic_cpus(&s->topo);
	int n = snprintf(buf, size, "reboot=k no_timer_check%s",
			 vm_has_pci(s) ? "" : " pci=off");

	if (cpus < vm_topology_cpus(&s->topo))
		snprintf(buf + n, size - (size_t)n, " irqaffinity=0-%u", cpus - 1);
}

/* Map the base where that can be done, copy what is left. */
static int load_initrd(struct kvm_machine *m, const struct vm_spec *s, struct vm_err *err)
{
	const struct vm_part *base = &s->initrd_base;
	uint64_t gpa = m->layout.initrd_gpa, done = 0;
	uint8_t *to = vm_ram_at(&m->ram, gpa, m->layout.initrd_bytes);

	if (base->bytes && !vm_ram_overlay(&m->ram, gpa, base))
		done = base->bytes;
	return vm_initrd_copy(s, to + done, done, err);
}

static int place(struct kvm_machine *m, const struct vm_spec *s, const struct vm_image *image,
		 struct vm_err *err)
{
	uint64_t low = s->mem_bytes < X86_LOW_MAX ? s->mem_bytes : X86_LOW_MAX;
	int r = vm_initrd_size(s, &m->layout.initrd_bytes, err);

	if (r)
		return r;
	m->layout.shared_bytes = s->shared_bytes;
	return x86_place(&m->layout, low, image, err);
}

/* Guest RAM and what is in it. */
static int fill_memory(struct kvm_machine *m, const struct vm_spec *s,
		       const struct vm_image *image, struct vm_err *err)
{
	char line[VM_X86_CMDLINE_MAX + 1], platform[PLATFORM_BYTES];
	const struct vm_cmdline c = {
		.platform = platform, .doorbell = KVM_DOORBELL,
		.shared_gpa = m->layout.shared_gpa, .max = image->cmdline_max,
	};
	uint64_t rsdp;
	int r;

	r = vm_lap(&m->vm, VM_STEP_MEMORY, vm_ram_alloc(&m->ram, s, X86_LOW_MAX, err));
	if (r)
		return r;
	m->vm.notice = m->ram.notice;
	vm_ram_back_firmware(&m->ram);
	platform_line(s, platform, sizeof(platform));
	r = vm_cmdline_build(s, &c, line, sizeof(line), err);
	if (!r)
		r = acpi_build(&m->ram, &s->topo, vm_has_pci(s), X86_ACPI_GPA, X86_ACPI_BYTES,
			       &rsdp, err);
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_TABLES,
			   x86_boot_write(&m->ram, image, &m->layout, line, rsdp, err));
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_KERNEL,
			   x86_kernel_load(&m->ram, s->kernel, image, err));
	if (!r && s->initrd_fd >= 0)
		r = vm_lap(&m->vm, VM_STEP_INITRD, load_initrd(m, s, err));
	return r;
}

/*
 * The vCPUs first, then the devices, then the VM itself: whoever uses something ends before
 * it. Memory goes last, when KVM has let go of it.
 */
static void kvm_destroy(struct vm *vm)
{
	struct kvm_machine *m = to_kvm(vm);

	kvm_run_stop(m);
	kvm_devices_destroy(m->devices);
	kvm_machine_close(m);
	vm_ram_free(&m->ram);
	kvm_run_free(m);
	free(m);
}

static int kvm_create(struct vm **vmp, const struct vm_spec *s, const struct vm_image *image,
		      struct vm_err *err)
{
	struct kvm_machine *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return vm_err(err, ENOMEM, "out of memory");
	m->vm.lap_ns = vm_now_ns();
	m->kvm_fd = m->fd = m->event_fd = -1;
	r = kvm_run_init(m, vm_topology_cpus(&s->topo), err);
	if (!r)
		r = place(m, s, image, err);
	if (!r)
		r = fill_memory(m, s, image, err);
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_VM, kvm_machine_open(m, err));
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_IRQCHIP,
			   x86_vm_setup(m->kvm_fd, m->fd, &s->topo, err));
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_SLOTS, kvm_machine_map(m, err));
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_DEVICES, kvm_devices_create(m, s, err));
	if (!r)
		r = vm_lap(&m->vm, VM_STEP_VCPUS,
			   kvm_machine_add_vcpus(m, &s->topo, image->entry, err));
	if (r) {
		kvm_destroy(&m->vm);
		return r;
	}
	*vmp = &m->vm;
	return 0;
}

static int kvm_start(struct vm *vm, struct vm_err *err)
{
	struct kvm_machine *m = to_kvm(vm);
	int r = kvm_devices_start(m->devices, err);

	return r ? r : kvm_run_start(m, err);
}

static void kvm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	struct kvm_machine *m = to_kvm(vm);

	kvm_run_wait(m, timeout_ms, wake_fd, ev);
	/* whoever learns of the end reads the files next */
	if (ev->type == VM_EVENT_EXIT || ev->type == VM_EVENT_ERROR)
		kvm_devices_flush(m->devices);
}

static int kvm_continue(struct vm *vm)
{
	return kvm_run_continue(to_kvm(vm));
}

static int kvm_pause(struct vm *vm, int timeout_ms, struct vm_err *err)
{
	return kvm_run_pause(to_kvm(vm), timeout_ms, err);
}

static int kvm_resume(struct vm *vm)
{
	return kvm_run_resume(to_kvm(vm));
}

static int kvm_disk_stats(struct vm *vm, unsigned int disk, struct vm_disk_stats *stats)
{
	return cards_disk_stats(kvm_devices_cards(to_kvm(vm)->devices), disk, stats);
}

static int kvm_nic_stats(struct vm *vm, unsigned int nic, struct vm_nic_stats *stats)
{
	return cards_nic_stats(kvm_devices_cards(to_kvm(vm)->devices), nic, stats);
}

static int kvm_vm_describe(struct vm *vm, char *buf, size_t size)
{
	return kvm_describe(to_kvm(vm), buf, size);
}

static void *kvm_mem(struct vm *vm, uint64_t gpa, size_t len)
{
	return vm_ram_at(&to_kvm(vm)->ram, gpa, len);
}

static void *kvm_shared(struct vm *vm, uint64_t *gpa)
{
	struct kvm_machine *m = to_kvm(vm);

	if (!m->layout.shared_bytes)
		return NULL;
	if (gpa)
		*gpa = m->layout.shared_gpa;
	return vm_ram_at(&m->ram, m->layout.shared_gpa, m->layout.shared_bytes);
}

const struct vm_ops kvm_ops = {
	.name		= "kvm",
	.doorbell	= KVM_DOORBELL,
	.usable		= kvm_probe,
	.check		= kvm_check,
	.create		= kvm_create,
	.start		= kvm_start,
	.wait		= kvm_wait,
	.resume_sync	= kvm_continue,
	.pause		= kvm_pause,
	.resume		= kvm_resume,
	.describe	= kvm_vm_describe,
	.mem		= kvm_mem,
	.shared		= kvm_shared,
	.disk_stats	= kvm_disk_stats,
	.nic_stats	= kvm_nic_stats,
	.destroy	= kvm_destroy,
};

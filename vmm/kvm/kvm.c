// SPDX-License-Identifier: GPL-2.0
/*
 * The bundled VMM's row in vm.c's table: builds a machine from a spec, each part after those that
 * it depends on, and destroys it in reverse order. The vCPU threads are in vcpu.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "vmm/cmdline.h"
#include "vmm/dev/virtio/cards.h"
#include "vmm/initrd.h"
#include "kvm.h"
#include "probe.h"

#define PLATFORM_BYTES	256

static struct kvm_machine *to_kvm(struct vm *vm)
{
	return (struct kvm_machine *)vm;
}

static int kvm_check(const struct vm_spec *spec, const struct vm_image *image, struct ktstr_err *err)
{
	(void)spec, (void)image, (void)err;
	return 0;
}

static int place(struct kvm_machine *m, const struct vm_spec *s, const struct vm_image *image,
		 struct ktstr_err *err)
{
	int r = vm_initrd_size(s, &m->layout.initrd_bytes, err);

	if (r)
		return r;
	m->layout.shared_bytes = s->shared_bytes;
	return kvm_arch_place(&m->layout, s->mem_bytes, image, err);
}

/* Guest RAM and what is in it. */
static int fill_memory(struct kvm_machine *m, const struct vm_spec *s,
		       const struct vm_image *image, struct ktstr_err *err)
{
	char line[VM_CMDLINE_MAX + 1], platform[PLATFORM_BYTES];
	const struct vm_cmdline c = {
		.platform = platform, .doorbell = m->vm.doorbell,
		.shared_gpa = m->layout.shared_gpa, .max = image->cmdline_max,
	};
	int r;

	r = vm_lap(&m->vm, VM_STEP_MEMORY, vm_ram_alloc(&m->ram, s, err));
	if (r)
		return r;
	m->vm.notice = m->ram.notice;
	m->ram.nr_regions = kvm_arch_regions(s->mem_bytes, m->ram.region);
	if (s->from)
		return vm_lap(&m->vm, VM_STEP_MEMORY,
			      vm_ram_map(&m->ram, s->from->ram_fd, s->from->ram_checked, err));
	kvm_arch_cmdline(s, platform, sizeof(platform));
	r = vm_cmdline_build(s, &c, line, sizeof(line), err);
	if (r)
		return r;
	r = vm_lap(&m->vm, VM_STEP_KERNEL, kvm_load_kernel(&m->ram, s, image, &m->layout, err));
	if (r)
		return r;
	r = vm_lap(&m->vm, VM_STEP_TABLES,
		   kvm_arch_write_tables(&m->ram, s, image, &m->layout, line, err));
	if (r || s->initrd_fd < 0)
		return r;
	return vm_lap(&m->vm, VM_STEP_INITRD, kvm_load_initrd(&m->ram, s, &m->layout, err));
}

/*
 * The vCPUs first, then the devices, then the VM itself: users before what they use. Memory is
 * last, when KVM no longer refers to it.
 */
static void kvm_destroy(struct vm *vm)
{
	struct kvm_machine *m = to_kvm(vm);

	kvm_devices_hang_up(m->devices);
	kvm_vcpus_stop(m);
	kvm_devices_destroy(m->devices);
	kvm_machine_close(m);
	vm_ram_free(&m->ram);
	kvm_vcpus_free(m);
	free(m);
}

/* The objects of KVM and the devices, in the order in which they need each other. */
static int create_kvm(struct kvm_machine *m, const struct vm_spec *s, uint64_t entry,
		      struct ktstr_err *err)
{
	int r = vm_lap(&m->vm, VM_STEP_VM, kvm_machine_open(m, err));

	if (r)
		return r;
	r = vm_lap(&m->vm, VM_STEP_IRQCHIP, kvm_arch_setup_vm(m->kvm_fd, m->fd, &s->topo, err));
	if (r)
		return r;
	kvm_dedicated_vm(m);
	r = vm_lap(&m->vm, VM_STEP_SLOTS, kvm_machine_map(m, err));
	if (r)
		return r;
	r = vm_lap(&m->vm, VM_STEP_DEVICES, kvm_devices_create(m, s, err));
	if (r)
		return r;
	r = vm_lap(&m->vm, VM_STEP_VCPUS, kvm_machine_add_vcpus(m, &s->topo, entry, err));
	if (!r)
		kvm_dedicated_vcpus(m);
	if (r || !s->from)
		return r;
	return vm_lap(&m->vm, VM_STEP_VCPUS, kvm_load_state(m, s->from, err));
}

static int kvm_create(struct vm **vmp, const struct vm_spec *s, const struct vm_image *image,
		      struct ktstr_err *err)
{
	struct kvm_machine *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return ktstr_err(err, ENOMEM, "out of memory");
	m->vm.lap_ns = ktstr_now_ns();
	m->kvm_fd = m->fd = m->event_fd = -1;
	m->vm.doorbell = kvm_arch.doorbell;
	m->to_save = s->save_point && !s->from;
	r = kvm_vcpus_init(m, ktstr_topology__cpus(&s->topo.count), err);
	if (!r)
		r = kvm_dedicated_init(m, s->vcpu_cpus, err);
	if (r)
		goto out_destroy;
	r = place(m, s, image, err);
	if (r)
		goto out_destroy;
	r = fill_memory(m, s, image, err);
	if (r)
		goto out_destroy;
	r = create_kvm(m, s, m->layout.entry_gpa, err);
	if (r)
		goto out_destroy;
	*vmp = &m->vm;
	return 0;
out_destroy:
	kvm_destroy(&m->vm);
	return r;
}

static int kvm_start(struct vm *vm, struct ktstr_err *err)
{
	struct kvm_machine *m = to_kvm(vm);
	int r = kvm_devices_start(m->devices, err);

	return r ? r : kvm_vcpus_start(m, err);
}

static void kvm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	struct kvm_machine *m = to_kvm(vm);

	kvm_vcpus_wait(m, timeout_ms, wake_fd, ev);
	/* the caller reads the files when it sees the end */
	if (ev->type == VM_EVENT_EXIT || ev->type == VM_EVENT_ERROR)
		kvm_devices_flush(m->devices);
}

static int kvm_continue(struct vm *vm)
{
	return kvm_vcpus_continue(to_kvm(vm));
}

static int kvm_pause(struct vm *vm, int timeout_ms, struct ktstr_err *err)
{
	return kvm_vcpus_pause(to_kvm(vm), timeout_ms, err);
}

static int kvm_resume(struct vm *vm)
{
	return kvm_vcpus_resume(to_kvm(vm));
}

static int kvm_device_counters(struct vm *vm, unsigned int i, uint64_t value[VM_MAX_COUNTERS])
{
	return cards_counters(kvm_devices_cards(to_kvm(vm)->devices), i, value);
}

static int kvm_vcpu_time_ns(struct vm *vm, uint32_t cpu, uint64_t *ns)
{
	struct kvm_machine *m = to_kvm(vm);
	struct timespec t;
	clockid_t clock;

	if (cpu >= m->nr_vcpus)
		return -ENOENT;
	if (!m->vcpu[cpu].has_thread || pthread_getcpuclockid(m->vcpu[cpu].thread, &clock) ||
	    clock_gettime(clock, &t))
		return -EOPNOTSUPP;
	*ns = (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
	return 0;
}

static int kvm_vm_look(struct vm *vm, struct vm_stand *stand, struct ktstr_err *err)
{
	return kvm_look(to_kvm(vm), stand, err);
}

static int kvm_get_regs(struct vm *vm, struct vm_regs *regs, struct ktstr_err *err)
{
	return kvm_look_regs(to_kvm(vm), regs, err);
}

static int kvm_vm_save(struct vm *vm, const struct vm_saved *to, struct ktstr_err *err)
{
	return kvm_save(to_kvm(vm), to, err);
}

static const struct vm_ram *kvm_ram(struct vm *vm)
{
	return &to_kvm(vm)->ram;
}

static int kvm_set_watch(struct vm *vm, unsigned int watch, uint64_t kva)
{
	return kvm_vcpus_watch(to_kvm(vm), watch, kva);
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
	.usable		= kvm_probe,
	.check		= kvm_check,
	.create		= kvm_create,
	.start		= kvm_start,
	.wait		= kvm_wait,
	.resume_sync	= kvm_continue,
	.set_watch	= kvm_set_watch,
	.save		= kvm_vm_save,
	.pause		= kvm_pause,
	.resume		= kvm_resume,
	.look		= kvm_vm_look,
	.get_regs	= kvm_get_regs,
	.ram		= kvm_ram,
	.mem		= kvm_mem,
	.shared		= kvm_shared,
	.device_counters = kvm_device_counters,
	.vcpu_time_ns = kvm_vcpu_time_ns,
	.destroy	= kvm_destroy,
};

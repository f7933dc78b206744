// SPDX-License-Identifier: GPL-2.0
/*
 * The VM interface: checks what every backend relies on, chooses a backend and forwards calls to
 * it. Everything about an accelerator is in its row of backends[].
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/control.h"
#include "backend.h"
#include "ram.h"

static const struct vm_ops *const backends[] = {
	[VM_ACCEL_KVM] = &kvm_ops,
	[VM_ACCEL_TCG] = &qemu_ops,
};

_Static_assert(VM_MAX_RANGES == VM_MAX_REGIONS, "a range is a region");

#define MAX_MEM_BYTES	(1ull << 40)
#define MAX_SHIFT	10	/* QEMU's limit of -icount shift= */

static const struct vm_ops *backend_of(enum vm_accel accel)
{
	if ((unsigned int)accel >= ARRAY_SIZE(backends))
		return NULL;
	return backends[accel];
}

int vm_pick_accel(enum vm_accel want, enum vm_accel *got, char *why, size_t why_size,
		  struct ktstr_err *err)
{
	struct ktstr_err kvm = { .msg = "" };
	int r;

	if (why_size)
		why[0] = '\0';
	switch (want) {
	case VM_ACCEL_KVM:
	case VM_ACCEL_TCG:
		r = backends[want]->usable(err);
		break;
	case VM_ACCEL_AUTO:
		want = VM_ACCEL_KVM;
		r = backends[want]->usable(&kvm);
		if (!r)
			break;
		want = VM_ACCEL_TCG;
		snprintf(why, why_size, "using emulation (tcg): %s", kvm.msg);
		r = backends[want]->usable(err);
		break;
	default:
		return ktstr_err(err, EINVAL, "accelerator %d: unknown", (int)want);
	}
	if (!r)
		*got = want;
	return r;
}

static int check_memory(const struct vm_spec *s, struct ktstr_err *err)
{
	if (!s->mem_bytes || s->mem_bytes % VM_MIB || s->mem_bytes > MAX_MEM_BYTES)
		return ktstr_err(err, EINVAL,
				 "mem_bytes %" PRIu64 ": must be whole MiB, at most 1 TiB",
				 s->mem_bytes);
	if (vm_topology_check_memory(&s->topo, s->mem_bytes, err))
		return -EINVAL;
	if (s->shared_bytes % 4096 || s->shared_bytes > s->mem_bytes / 2)
		return ktstr_err(err, EINVAL,
				 "shared_bytes %" PRIu64 ": must be whole pages and at most half of the memory",
				 s->shared_bytes);
	return 0;
}

static int check_host_nodes(const struct vm_spec *s, struct ktstr_err *err)
{
	uint64_t have;
	int r;

	if (!s->host_nodes)
		return 0;
	r = vm_ram_host_nodes(VM_HOST_NODES, &have);
	if (r)
		return ktstr_err(err, -r, "host_nodes: cannot read %s: %s", VM_HOST_NODES, strerror(-r));
	return vm_ram_check_host_nodes(s, have, err);
}

static int check_files(const struct vm_spec *s, struct ktstr_err *err)
{
	struct stat st;

	if (!s->console_path || !*s->console_path)
		return ktstr_err(err, EINVAL, "console_path: missing");
	if (!s->output_path || !*s->output_path)
		return ktstr_err(err, EINVAL, "output_path: missing");
	if (!strcmp(s->console_path, s->output_path))
		return ktstr_err(err, EINVAL, "console_path and output_path are the same file %s",
				 s->console_path);
	if (s->initrd_fd < 0 && s->initrd_base.bytes)
		return ktstr_err(err, EINVAL, "initrd_base: needs an initrd_fd to follow it");
	if (s->initrd_fd < 0)
		return 0;
	if (fstat(s->initrd_fd, &st))
		return ktstr_err(err, EINVAL, "initrd_fd %d: %s", s->initrd_fd, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return ktstr_err(err, EINVAL, "initrd_fd %d: empty or not a file", s->initrd_fd);
	return 0;
}

static int check_devices(const struct vm_spec *s, struct ktstr_err *err)
{
	if (s->nr_devices > VM_MAX_DEVICES)
		return ktstr_err(err, EINVAL, "%u devices: at most %d", s->nr_devices,
				 VM_MAX_DEVICES);
	for (unsigned int i = 0; i < s->nr_devices; i++) {
		const struct vm_device_class *class = s->devices[i].class;
		unsigned int nr = vm_device_nr(s->devices, i);
		int r;

		if (nr == class->max)
			return ktstr_err(err, EINVAL, "more than %u devices of the class %s",
					 class->max, class->name);
		r = class->check ? class->check(s->devices[i].config, nr, err) : 0;
		if (r)
			return r;
	}
	return 0;
}

static int check_mode(const struct vm_spec *s, struct ktstr_err *err)
{
	if (s->accel == VM_ACCEL_KVM && s->deterministic)
		return ktstr_err(err, EINVAL, "deterministic: needs --accel tcg");
	if (s->save_point && !s->deterministic && s->accel != VM_ACCEL_KVM)
		return ktstr_err(err, EINVAL, "save_point: only with kvm or in a deterministic machine");
	if (s->from && !s->save_point)
		return ktstr_err(err, EINVAL, "from: needs save_point");
	if (s->save_point && (s->nr_devices || (s->accel == VM_ACCEL_KVM &&
						 (s->huge_pages || s->host_nodes || s->vcpu_cpus))))
		return ktstr_err(err, EINVAL,
				 "save_point: not with devices, huge_pages, host_nodes or vcpu_cpus");
	if (s->vcpu_cpus && s->accel != VM_ACCEL_KVM)
		return ktstr_err(err, EINVAL, "vcpu_cpus: only with kvm");
	for (int i = 0; i < VM_NR_MARKS; i++)
		if (s->mark_kva[i] && !s->deterministic)
			return ktstr_err(err, EINVAL, "mark_kva: only in a deterministic machine");
	if (s->probes && !s->deterministic)
		return ktstr_err(err, EINVAL, "probes: only in a deterministic machine");
	if (s->stops && !s->probes)
		return ktstr_err(err, EINVAL, "stops: need probes");
	if (s->nr_stop_links > VM_MAX_STOPS)
		return ktstr_err(err, EINVAL, "stop_links: %u, at most %d", s->nr_stop_links,
				 VM_MAX_STOPS);
	if (s->nr_probe_links > VM_MAX_PROBES)
		return ktstr_err(err, EINVAL, "probe_links: %u, at most %d", s->nr_probe_links,
				 VM_MAX_PROBES);
	if (s->terminal_fd && s->deterministic)
		return ktstr_err(err, EINVAL, "terminal_fd: not in a deterministic machine");
	if (s->icount_shift != VM_SHIFT_AUTO &&
	    (s->icount_shift < 0 || s->icount_shift > MAX_SHIFT))
		return ktstr_err(err, EINVAL, "icount_shift %d: must be between 0 and %d",
				 s->icount_shift, MAX_SHIFT);
	for (const char *p = s->cmdline; p && *p; p++)
		if (ktstr_is_control(*p))
			return ktstr_err(err, EINVAL,
					 "cmdline: control character %#x at offset %zu",
					 *p, (size_t)(p - s->cmdline));
	return 0;
}

/* Check everything in @s that does not depend on a backend, and fill in @image. */
static int check_spec(const struct vm_spec *s, struct vm_image *image, struct ktstr_err *err)
{
	const struct vm_ops *ops = backend_of(s->accel);

	if (!ops)
		return ktstr_err(err, EINVAL, "accel %d: call vm_pick_accel() first",
				 (int)s->accel);
	if (!s->kernel || !*s->kernel)
		return ktstr_err(err, EINVAL, "kernel: no image given");
	if (vm_topology_check(&s->topo, err) || check_memory(s, err) ||
	    check_host_nodes(s, err) || check_mode(s, err) || check_devices(s, err) || check_files(s, err))
		return -EINVAL;
	if (vm_image_read(s->kernel, image, err))
		return -EINVAL;
	if (s->vmlinux && image->format != VM_IMAGE_BZIMAGE)
		return ktstr_err(err, EINVAL, "vmlinux: kernel %s is no bzImage", s->kernel);
	return ops->check(s, image, err);
}

int vm_spec_check(const struct vm_spec *spec, struct ktstr_err *err)
{
	struct vm_image image;

	return check_spec(spec, &image, err);
}

int vm_create(struct vm **vmp, const struct vm_spec *spec, struct ktstr_err *err)
{
	const struct vm_ops *ops = backend_of(spec->accel);
	int64_t begin = ktstr_now_ns(), checked;
	struct vm_image image;
	int r;

	*vmp = NULL;
	r = check_spec(spec, &image, err);
	if (r)
		return r;
	checked = ktstr_now_ns();
	r = ops->create(vmp, spec, &image, err);
	if (r)
		return r;
	(*vmp)->ops = ops;
	(*vmp)->nr_vcpus = ktstr_topology__cpus(&spec->topo.count);
	(*vmp)->times.ns[VM_STEP_CHECK] = checked - begin;
	return 0;
}

const char *vm_notice(const struct vm *vm)
{
	return vm->notice ? vm->notice : "";
}

int vm_start(struct vm *vm, struct ktstr_err *err)
{
	/* a second time: it refuses, and no time counts */
	if (vm->start_ns)
		return vm->ops->start(vm, err);
	vm->start_ns = vm->lap_ns = ktstr_now_ns();
	return vm_lap(vm, VM_STEP_START, vm->ops->start(vm, err));
}

void vm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	vm->ops->wait(vm, timeout_ms, wake_fd, ev);
	if (ev->type == VM_EVENT_SYNC || ev->type == VM_EVENT_MARK || ev->type == VM_EVENT_WATCH)
		vm->stopped_vcpu = ev->vcpu;
}

uint32_t vm_stopped_vcpu(const struct vm *vm)
{
	return vm->stopped_vcpu;
}

int vm_continue(struct vm *vm)
{
	return vm->ops->resume_sync(vm);
}

int vm_set_mark(struct vm *vm, enum vm_mark_slot slot, const struct vm_mark *mark)
{
	return vm->ops->set_mark ? vm->ops->set_mark(vm, slot, mark) : -EOPNOTSUPP;
}

int vm_set_watch(struct vm *vm, unsigned int watch, uint64_t kva)
{
	if (watch >= VM_NR_WATCHES || !kva || kva % VM_WATCH_BYTES)
		return -EINVAL;
	return vm->ops->set_watch ? vm->ops->set_watch(vm, watch, kva) : -EOPNOTSUPP;
}

int vm_set_probes(struct vm *vm, const struct vm_probe *p, unsigned int nr, vm_probe_fn fn,
		  void *arg)
{
	if (nr > VM_MAX_PROBES)
		return -E2BIG;
	for (unsigned int i = 0; i < nr; i++)
		if (!vm_probe_check(&p[i]))
			return -EINVAL;
	return vm->ops->set_probes ? vm->ops->set_probes(vm, p, nr, fn, arg) : -EOPNOTSUPP;
}

int vm_set_stop(struct vm *vm, const struct vm_stop *stop)
{
	if (stop->nr > VM_MAX_STOPS || (!stop->ns && (!stop->nr || !stop->nth)))
		return -EINVAL;
	for (unsigned int i = 0; i < stop->nr; i++)
		if (!stop->at[i].kva || stop->at[i].reg > VM_NR_REGS)
			return -EINVAL;
	return vm->ops->set_stop ? vm->ops->set_stop(vm, stop) : -EOPNOTSUPP;
}

int vm_set_shake(struct vm *vm, uint64_t from_ns, uint64_t seed)
{
	return vm->ops->set_shake ? vm->ops->set_shake(vm, from_ns, seed) : -EOPNOTSUPP;
}

int vm_hand_over(struct vm *vm, const char *path, struct ktstr_err *err)
{
	if (!vm->ops->hand_over)
		return ktstr_err(err, EOPNOTSUPP, "%s: a machine cannot be handed over to gdb",
				 vm->ops->name);
	return vm->ops->hand_over(vm, path, err);
}

int vm_add_tallies(struct vm *vm, const struct vm_code *code, unsigned int nr)
{
	if (!vm->ops->add_tallies)
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < nr; i++)
		if (!code[i].kva || !code[i].len || code[i].tally >= VM_MAX_TALLIES)
			return -EINVAL;
	return vm->ops->add_tallies(vm, code, nr);
}

int vm_get_tally(struct vm *vm, unsigned int i, struct vm_tally *t)
{
	if (!vm->ops->get_tally)
		return -EOPNOTSUPP;
	return i < VM_MAX_TALLIES ? vm->ops->get_tally(vm, i, t) : -EINVAL;
}

int vm_set_counted(struct vm *vm, const struct vm_counted *c, unsigned int nr)
{
	if (!vm->ops->set_counted)
		return -EOPNOTSUPP;
	if (nr > VM_MAX_COUNTED)
		return -E2BIG;
	for (unsigned int i = 0; i < nr; i++)
		if (!c[i].len || c[i].first >= VM_COUNT_BYTES ||
		    c[i].len > VM_COUNT_BYTES - c[i].first ||
		    (i && (c[i].kva < c[i - 1].kva || c[i].kva - c[i - 1].kva < c[i - 1].len)))
			return -EINVAL;
	return vm->ops->set_counted(vm, c, nr);
}

int vm_get_counts(struct vm *vm, uint32_t first, uint32_t nr, uint64_t *count)
{
	if (!vm->ops->get_counts)
		return -EOPNOTSUPP;
	if (first >= VM_COUNT_BYTES || nr > VM_COUNT_BYTES - first)
		return -EINVAL;
	return vm->ops->get_counts(vm, first, nr, count);
}

int vm_probe_time(struct vm *vm, uint64_t *ns)
{
	return vm->ops->probe_time ? vm->ops->probe_time(vm, ns) : -EOPNOTSUPP;
}

int vm_save(struct vm *vm, const struct vm_saved *to, struct ktstr_err *err)
{
	if (!vm->ops->save)
		return ktstr_err(err, EOPNOTSUPP, "%s: a machine cannot be saved", vm->ops->name);
	return vm->ops->save(vm, to, err);
}

int vm_pause(struct vm *vm, int timeout_ms, struct ktstr_err *err)
{
	return vm->ops->pause(vm, timeout_ms, err);
}

int vm_resume(struct vm *vm)
{
	return vm->ops->resume(vm);
}

int vm_get_regs(struct vm *vm, struct vm_regs *regs, struct ktstr_err *err)
{
	if (!vm->ops->get_regs)
		return ktstr_err(err, EOPNOTSUPP, "%s: registers cannot be read", vm->ops->name);
	memset(regs, 0, vm->nr_vcpus * sizeof(*regs));
	return vm->ops->get_regs(vm, regs, err);
}

unsigned int vm_ranges(struct vm *vm, struct vm_range range[VM_MAX_RANGES])
{
	const struct vm_ram *ram = vm->ops->ram ? vm->ops->ram(vm) : NULL;
	unsigned int nr = 0;

	for (unsigned int i = 0; ram && i < ram->nr_regions; i++)
		if (ram->region[i].kind == VM_REGION_RAM)
			range[nr++] = (struct vm_range){ ram->region[i].gpa, ram->region[i].len };
	return nr;
}

int vm_write_ram(struct vm *vm, uint64_t gpa, uint64_t len, int fd, uint64_t at,
		 struct ktstr_err *err)
{
	const struct vm_ram *ram = vm->ops->ram ? vm->ops->ram(vm) : NULL;
	int r = ram ? vm_ram_write(ram, gpa, len, fd, at) : -EOPNOTSUPP;

	return r ? ktstr_err(err, -r, "writing the guest's memory: %s", strerror(-r)) : 0;
}

void *vm_mem(struct vm *vm, uint64_t gpa, size_t len)
{
	return vm->ops->mem(vm, gpa, len);
}

void *vm_shared(struct vm *vm, uint64_t *gpa)
{
	return vm->ops->shared(vm, gpa);
}

void vm_get_times(const struct vm *vm, struct vm_times *t)
{
	int64_t entry = atomic_load(&vm->entry_ns);

	*t = vm->times;
	t->entry_ns = entry ? entry - vm->start_ns : 0;
}

const char *vm_step_name(enum vm_step step)
{
	static const char *const name[VM_NR_STEPS] = {
		[VM_STEP_CHECK]		= "check",
		[VM_STEP_MEMORY]	= "memory",
		[VM_STEP_TABLES]	= "tables",
		[VM_STEP_KERNEL]	= "kernel",
		[VM_STEP_INITRD]	= "initrd",
		[VM_STEP_VM]		= "vm",
		[VM_STEP_IRQCHIP]	= "irqchip",
		[VM_STEP_SLOTS]		= "slots",
		[VM_STEP_DEVICES]	= "devices",
		[VM_STEP_VCPUS]		= "vcpus",
		[VM_STEP_EMULATOR]	= "emulator",
		[VM_STEP_START]		= "start",
	};

	return name[step];
}

const char *vm_doorbell(const struct vm *vm)
{
	return vm->doorbell;
}

int vm_vcpu_time_ns(struct vm *vm, uint32_t cpu, uint64_t *ns)
{
	return vm->ops->vcpu_time_ns ? vm->ops->vcpu_time_ns(vm, cpu, ns) : -EOPNOTSUPP;
}

int vm_device_counters(struct vm *vm, unsigned int i, uint64_t value[VM_MAX_COUNTERS])
{
	return vm->ops->device_counters ? vm->ops->device_counters(vm, i, value) : -EOPNOTSUPP;
}

void vm_destroy(struct vm *vm)
{
	if (vm)
		vm->ops->destroy(vm);
}

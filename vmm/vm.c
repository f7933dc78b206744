// SPDX-License-Identifier: GPL-2.0
/*
 * The front of the VM interface: checks what every backend relies on, chooses a backend and
 * passes calls on. All knowledge about an accelerator is in its row of backends[].
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backend.h"
#include "ram.h"

static const struct vm_ops *const backends[] = {
	[VM_ACCEL_KVM] = &kvm_ops,
	[VM_ACCEL_TCG] = &qemu_ops,
};

#define MAX_MEM_BYTES	(1ull << 40)
#define MAX_SHIFT	10	/* QEMU's limit of -icount shift= */

static const struct vm_ops *backend_of(enum vm_accel accel)
{
	if ((unsigned int)accel >= sizeof(backends) / sizeof(backends[0]))
		return NULL;
	return backends[accel];
}

int vm_pick_accel(enum vm_accel want, enum vm_accel *got, char *why, size_t why_size,
		  struct vm_err *err)
{
	struct vm_err kvm = { .msg = "" };
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
		return vm_err(err, EINVAL, "accelerator %d: unknown", (int)want);
	}
	if (!r)
		*got = want;
	return r;
}

static int check_memory(const struct vm_spec *s, struct vm_err *err)
{
	if (!s->mem_bytes || s->mem_bytes % VM_MIB || s->mem_bytes > MAX_MEM_BYTES)
		return vm_err(err, EINVAL,
			      "mem_bytes %" PRIu64 ": must be whole MiB, at most 1 TiB",
			      s->mem_bytes);
	if (vm_topology_check_memory(&s->topo, s->mem_bytes, err))
		return -EINVAL;
	if (s->shared_bytes % 4096 || s->shared_bytes > s->mem_bytes / 2)
		return vm_err(err, EINVAL,
			      "shared_bytes %" PRIu64 ": must be whole pages and at most half of the memory",
			      s->shared_bytes);
	return 0;
}

static int check_host_nodes(const struct vm_spec *s, struct vm_err *err)
{
	uint64_t have;
	int r;

	if (!s->host_nodes)
		return 0;
	r = vm_host_nodes(VM_HOST_NODES, &have);
	if (r)
		return vm_err(err, -r, "host_nodes: cannot read %s: %s", VM_HOST_NODES, strerror(-r));
	return vm_host_nodes_check(s, have, err);
}

static int check_files(const struct vm_spec *s, struct vm_err *err)
{
	struct stat st;

	if (!s->console_path || !*s->console_path)
		return vm_err(err, EINVAL, "console_path: missing");
	if (!s->output_path || !*s->output_path)
		return vm_err(err, EINVAL, "output_path: missing");
	if (!strcmp(s->console_path, s->output_path))
		return vm_err(err, EINVAL, "console_path and output_path are the same file %s",
			      s->console_path);
	if (s->initrd_fd < 0 && s->initrd_base.bytes)
		return vm_err(err, EINVAL, "initrd_base: needs an initrd_fd to follow it");
	if (s->initrd_fd < 0)
		return 0;
	if (fstat(s->initrd_fd, &st))
		return vm_err(err, EINVAL, "initrd_fd %d: %s", s->initrd_fd, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return vm_err(err, EINVAL, "initrd_fd %d: empty or not a file", s->initrd_fd);
	return 0;
}

static int check_devices(const struct vm_spec *s, struct vm_err *err)
{
	if (s->nr_disks > VM_MAX_DISKS)
		return vm_err(err, EINVAL, "%u disks: at most %d", s->nr_disks, VM_MAX_DISKS);
	if (s->nr_nics > VM_MAX_NICS)
		return vm_err(err, EINVAL, "%u network cards: at most %d", s->nr_nics,
			      VM_MAX_NICS);
	for (unsigned int i = 0; i < s->nr_disks; i++) {
		const struct vm_disk *d = &s->disks[i];

		if (!d->bytes || d->bytes % VM_SECTOR || d->bytes > INT64_MAX)
			return vm_err(err, EINVAL,
				      "disk %u: %" PRIu64 " bytes, must be whole sectors of %d",
				      i, d->bytes, VM_SECTOR);
		if (!d->serial || strlen(d->serial) > VM_DISK_SERIAL_MAX ||
		    strpbrk(d->serial, ",= "))
			return vm_err(err, EINVAL,
				      "disk %u: the serial number must be at most %d characters without commas, equals signs and blanks",
				      i, VM_DISK_SERIAL_MAX);
	}
	for (unsigned int i = 0; i < s->nr_nics; i++)
		if (s->nics[i].mac[0] & 1)
			return vm_err(err, EINVAL, "network card %u: its address is a multicast one",
				      i);
	return 0;
}

static int check_mode(const struct vm_spec *s, struct vm_err *err)
{
	if (s->accel == VM_ACCEL_KVM && s->deterministic)
		return vm_err(err, EINVAL, "deterministic: needs --accel tcg");
	if (s->icount_shift != VM_SHIFT_AUTO &&
	    (s->icount_shift < 0 || s->icount_shift > MAX_SHIFT))
		return vm_err(err, EINVAL, "icount_shift %d: must be between 0 and %d",
			      s->icount_shift, MAX_SHIFT);
	for (const char *p = s->cmdline; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return vm_err(err, EINVAL,
				      "cmdline: control character %#x at offset %zu",
				      *p, (size_t)(p - s->cmdline));
	return 0;
}

/* Everything that can be said about @s without a backend; fills @image on the way. */
static int check_spec(const struct vm_spec *s, struct vm_image *image, struct vm_err *err)
{
	const struct vm_ops *ops = backend_of(s->accel);

	if (!ops)
		return vm_err(err, EINVAL, "accel %d: call vm_pick_accel() first",
			      (int)s->accel);
	if (!s->kernel || !*s->kernel)
		return vm_err(err, EINVAL, "kernel: no image given");
	if (vm_topology_check(&s->topo, err) || check_memory(s, err) ||
	    check_host_nodes(s, err) || check_mode(s, err) || check_devices(s, err) || check_files(s, err))
		return -EINVAL;
	if (vm_image_read(s->kernel, image, err))
		return -EINVAL;
	return ops->check(s, image, err);
}

int vm_spec_check(const struct vm_spec *spec, struct vm_err *err)
{
	struct vm_image image;

	return check_spec(spec, &image, err);
}

int vm_create(struct vm **vmp, const struct vm_spec *spec, struct vm_err *err)
{
	const struct vm_ops *ops = backend_of(spec->accel);
	int64_t begin = vm_now_ns(), checked;
	struct vm_image image;
	int r;

	*vmp = NULL;
	r = check_spec(spec, &image, err);
	if (r)
		return r;
	checked = vm_now_ns();
	r = ops->create(vmp, spec, &image, err);
	if (r)
		return r;
	(*vmp)->ops = ops;
	(*vmp)->times.ns[VM_STEP_CHECK] = checked - begin;
	return 0;
}

const char *vm_notice(const struct vm *vm)
{
	return vm->notice ? vm->notice : "";
}

int vm_start(struct vm *vm, struct vm_err *err)
{
	/* a second time: it refuses, and no time counts */
	if (vm->start_ns)
		return vm->ops->start(vm, err);
	vm->start_ns = vm->lap_ns = vm_now_ns();
	return vm_lap(vm, VM_STEP_START, vm->ops->start(vm, err));
}

void vm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	vm->ops->wait(vm, timeout_ms, wake_fd, ev);
}

int vm_continue(struct vm *vm)
{
	return vm->ops->resume_sync(vm);
}

int vm_pause(struct vm *vm, int timeout_ms, struct vm_err *err)
{
	return vm->ops->pause(vm, timeout_ms, err);
}

int vm_resume(struct vm *vm)
{
	return vm->ops->resume(vm);
}

int vm_describe(struct vm *vm, char *buf, size_t size)
{
	return vm->ops->describe ? vm->ops->describe(vm, buf, size) : -EOPNOTSUPP;
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
	return vm->ops->doorbell;
}

int vm_disk_stats(struct vm *vm, unsigned int disk, struct vm_disk_stats *stats)
{
	return vm->ops->disk_stats ? vm->ops->disk_stats(vm, disk, stats) : -EOPNOTSUPP;
}

int vm_nic_stats(struct vm *vm, unsigned int nic, struct vm_nic_stats *stats)
{
	return vm->ops->nic_stats ? vm->ops->nic_stats(vm, nic, stats) : -EOPNOTSUPP;
}

void vm_destroy(struct vm *vm)
{
	if (vm)
		vm->ops->destroy(vm);
}

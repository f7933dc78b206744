// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's command line, a pure function, so that what it promises is tested without starting
 * anything.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../apic_id.h"
#include "qemu.h"

static void push(struct qemu_argv *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void push(struct qemu_argv *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	if (a->n + 1 >= a->room) {
		size_t room = a->room ? a->room * 2 : 64;
		char **v = reallocarray(a->v, room, sizeof(*v));

		if (!v) {
			a->failed = true;
			return;
		}
		a->v = v;
		a->room = room;
	}
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		a->failed = true;
		return;
	}
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
}

void qemu_argv_free(struct qemu_argv *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	memset(a, 0, sizeof(*a));
}

int vm_auto_shift(uint32_t nr_cpus)
{
	/*
	 * All vCPUs share 1000 / 2^shift million instructions per guest second. Measured up
	 * to 16 of them, 250 make a run a quarter cheaper than 500 (docs/determinism.md). The
	 * step at 32 is an estimate of when timer ticks alone would take most of those.
	 */
	return nr_cpus <= 32 ? 2 : 1;
}

/* A value inside QEMU's comma-separated options: a comma is written twice. NULL: no memory. */
static char *escape(const char *s)
{
	char *out = malloc(2 * strlen(s) + 1), *p = out;

	for (; out && *s; s++) {
		if (*s == ',')
			*p++ = ',';
		*p++ = *s;
	}
	if (out)
		*p = '\0';
	return out;
}

/* Latencies and bandwidths are told where there is something to compare. */
static bool has_hmat(const struct vm_topology *t)
{
	return t->numa_nodes > 1 || t->nodes;
}

static void push_machine(struct qemu_argv *a, const struct qemu_plan *plan)
{
	const struct vm_spec *s = plan->spec;
	/* Linux takes larger ids only where interrupts are remapped */
	bool remap = x86_max_apic_id(&s->topo) >= X86_X2APIC_FROM;

	push(a, "-machine");
	push(a, "%s,max-ram-below-4g=%" PRIu64 ",hpet=off,vmport=off,smbus=off,sata=off,usb=off%s%s",
	     remap ? "q35" : "pc", QEMU_LOW_MAX,
	     remap ? ",kernel-irqchip=split" : "", has_hmat(&s->topo) ? ",hmat=on" : "");
	if (remap) {
		push(a, "-device");
		push(a, "intel-iommu,intremap=on,eim=on");
	}
	push(a, "-accel");
	push(a, "tcg,thread=%s", s->deterministic ? "single" : "multi");
	if (s->deterministic) {
		push(a, "-icount");
		push(a, "shift=%d,sleep=off", s->icount_shift == VM_SHIFT_AUTO ?
		     vm_auto_shift(vm_topology_cpus(&s->topo)) : s->icount_shift);
		push(a, "-seed");
		push(a, "%" PRIu64, s->seed);
		push(a, "-rtc");
		push(a, "clock=vm,base=2026-01-01T00:00:00");
	}
	/*
	 * With an Intel vendor the caches appear as declared: one L3 per socket, L2 and L1 per
	 * core. With an AMD one they do not (QEMU 10.0.2).
	 */
	push(a, "-cpu");
	push(a, "max,vendor=GenuineIntel");
}

static void push_nodes(struct qemu_argv *a, const struct qemu_plan *plan)
{
	const struct vm_topology *t = &plan->spec->topo;
	uint32_t cpu = 0;

	for (uint32_t i = 0; i < t->numa_nodes; i++) {
		uint32_t nr = vm_topology_node_llcs(t, i) * t->cores * t->threads;

		push(a, "-object");
		push(a, "memory-backend-file,id=ram%" PRIu32 ",size=%" PRIu64
		     ",mem-path=/proc/self/fd/%d,share=on", i, plan->node_bytes[i],
		     plan->ram_fd[i]);
		push(a, "-numa");
		if (nr)
			push(a, "node,nodeid=%" PRIu32 ",memdev=ram%" PRIu32 ",cpus=%" PRIu32 "-%" PRIu32,
			     i, i, cpu, cpu + nr - 1);
		else
			push(a, "node,nodeid=%" PRIu32 ",memdev=ram%" PRIu32 ",initiator=%" PRIu32,
			     i, i, vm_topology_initiator(t, i));
		cpu += nr;
	}
	for (uint32_t i = 0; t->numa_nodes > 1 && i < t->numa_nodes; i++) {
		for (uint32_t j = 0; j < t->numa_nodes; j++) {
			push(a, "-numa");
			push(a, "dist,src=%" PRIu32 ",dst=%" PRIu32 ",val=%u", i, j,
			     vm_topology_distance(t, i, j));
		}
	}
}

static void push_hmat(struct qemu_argv *a, const struct vm_topology *t)
{
	static const char * const associativity[] = { "none", "direct", "complex" };
	static const char * const policy[] = { "none", "write-back", "write-through" };

	for (uint32_t i = 0; i < t->numa_nodes && vm_topology_node_llcs(t, i); i++) {
		for (uint32_t j = 0; j < t->numa_nodes; j++) {
			push(a, "-numa");
			push(a, "hmat-lb,initiator=%" PRIu32 ",target=%" PRIu32
			     ",hierarchy=memory,data-type=access-latency,latency=%" PRIu32,
			     i, j, vm_topology_latency_ns(t, i, j));
			push(a, "-numa");
			push(a, "hmat-lb,initiator=%" PRIu32 ",target=%" PRIu32
			     ",hierarchy=memory,data-type=access-bandwidth,bandwidth=%" PRIu32 "M",
			     i, j, vm_topology_bandwidth_mbs(t, i, j));
		}
	}
	for (uint32_t i = 0; t->nodes && i < t->numa_nodes; i++) {
		const struct vm_mem_cache *c = &t->nodes[i].cache;

		if (!c->size)
			continue;
		push(a, "-numa");
		push(a, "hmat-cache,node-id=%" PRIu32 ",size=%" PRIu64
		     ",level=1,associativity=%s,policy=%s,line=%u", i, c->size,
		     associativity[c->associativity], policy[c->write_policy], c->line_bytes);
	}
}

static void push_topology(struct qemu_argv *a, const struct qemu_plan *plan)
{
	const struct vm_topology *t = &plan->spec->topo;

	push(a, "-smp");
	push(a, "%" PRIu32 ",sockets=%" PRIu32 ",cores=%" PRIu32 ",threads=%" PRIu32,
	     vm_topology_cpus(t), t->llcs, t->cores, t->threads);
	push(a, "-m");
	push(a, "%" PRIu64 "M", plan->spec->mem_bytes / VM_MIB);
	push_nodes(a, plan);
	if (has_hmat(t))
		push_hmat(a, t);
}

static void push_serial(struct qemu_argv *a, const char *id, int fd)
{
	push(a, "-chardev");
	push(a, "file,id=%s,path=/proc/self/fd/%d", id, fd);
	push(a, "-serial");
	push(a, "chardev:%s", id);
}

/*
 * cache=unsafe: the file is memory, there is nothing to flush it to. Without romfile= a card
 * wants the boot ROM that is packaged on its own.
 */
static void push_devices(struct qemu_argv *a, const struct qemu_plan *plan)
{
	const struct vm_spec *s = plan->spec;

	for (unsigned int i = 0; i < s->nr_disks; i++) {
		const struct vm_disk *d = &s->disks[i];

		push(a, "-drive");
		push(a, "if=none,id=disk%u,format=raw,file=/proc/self/fd/%d,file.locking=off,cache=unsafe,throttling.iops-total=%" PRIu64
		     ",throttling.bps-total=%" PRIu64, i, plan->disk_fd[i], d->max_iops,
		     d->max_bytes_per_s);
		push(a, "-device");
		push(a, "virtio-blk-pci,drive=disk%u,serial=%s,disable-legacy=on", i, d->serial);
	}
	for (unsigned int i = 0; i < s->nr_nics; i++) {
		const uint8_t *m = s->nics[i].mac;

		push(a, "-netdev");
		push(a, "dgram,id=net%u,local.type=fd,local.str=%d", i, plan->nic_fd[i]);
		push(a, "-device");
		push(a, "virtio-net-pci,netdev=net%u,mac=%02x:%02x:%02x:%02x:%02x:%02x,disable-legacy=on,romfile=",
		     i, m[0], m[1], m[2], m[3], m[4], m[5]);
	}
}

int qemu_argv_build(struct qemu_argv *a, const struct qemu_plan *plan)
{
	char *plugin = escape(plan->plugin);

	memset(a, 0, sizeof(*a));
	push(a, "%s", plan->bin->path);
	if (*plan->bin->root) {
		push(a, "-L");
		push(a, "%s/usr/share/qemu", plan->bin->root);
		push(a, "-L");
		push(a, "%s/usr/share/seabios", plan->bin->root);
	}
	push(a, "-nodefaults");
	push(a, "-no-user-config");
	push(a, "-no-reboot");
	push(a, "-display");
	push(a, "none");
	push_machine(a, plan);
	push_topology(a, plan);
	push(a, "-kernel");
	push(a, "%s", plan->spec->kernel);
	if (plan->initrd_fd >= 0) {
		push(a, "-initrd");
		push(a, "/proc/self/fd/%d", plan->initrd_fd);
	}
	push(a, "-append");
	push(a, "%s", plan->append);
	push_serial(a, "com1", plan->console_fd);
	push_serial(a, "com2", plan->output_fd);
	push_devices(a, plan);
	push(a, "-plugin");
	push(a, "%s,sock=%d", plugin ? plugin : "", plan->sync_fd);
	if (plan->qmp_fd >= 0) {
		push(a, "-chardev");
		push(a, "socket,id=qmp,fd=%d", plan->qmp_fd);
		push(a, "-mon");
		push(a, "chardev=qmp,mode=control");
	}
	if (!plugin)
		a->failed = true;
	free(plugin);
	return a->failed ? -ENOMEM : 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Builds QEMU's command line without side effects, so that it can be tested without starting QEMU.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/apic_id.h"
#include "vmm/cmdline.h"
#include "vmm/image.h"
#include "qemu.h"

#define TB_MIB	512	/* translated code; what is not used costs nothing */

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

/* Latencies and bandwidths are given when there are several nodes to compare. */
static bool has_hmat(const struct vm_topology *t)
{
	return t->count.numa_nodes > 1 || t->nodes;
}

static void push_machine(struct vm_argv *a, const struct qemu_plan *plan)
{
	const struct vm_spec *s = plan->spec;
	/* Linux takes larger ids only where interrupts are remapped */
	bool remap = vm_apic_id_max(&s->topo) >= VM_APIC_ID_X2APIC;

	vm_argv_option(a, "-machine",
		       "%s,max-ram-below-4g=%" PRIu64 ",hpet=off,vmport=off,smbus=off,sata=off,usb=off%s%s",
		       remap ? "q35" : "pc", QEMU_LOW_MAX,
		       remap ? ",kernel-irqchip=split" : "",
		       has_hmat(&s->topo) ? ",hmat=on" : "");
	if (remap)
		vm_argv_option(a, "-device", "intel-iommu,intremap=on,eim=on");
	if (!s->deterministic) {
		vm_argv_option(a, "-accel", "tcg,thread=multi");
	} else {
		/* by default the size follows the host's memory; a full buffer ends a turn */
		vm_argv_option(a, "-accel", "tcg,thread=single,tb-size=%d", TB_MIB);
		vm_argv_option(a, "-icount", "shift=%d,sleep=off",
			       s->icount_shift == VM_SHIFT_AUTO ?
			       vm_auto_shift(ktstr_topology__cpus(&s->topo.count)) : s->icount_shift);
		vm_argv_option(a, "-seed", "%" PRIu64, s->seed);
		vm_argv_option(a, "-rtc", "clock=vm,base=2026-01-01T00:00:00");
	}
	/*
	 * With an Intel vendor the caches appear as declared: one L3 per socket, L2 and L1 per
	 * core. With an AMD one they do not (QEMU 10.0.2). Counting instructions, QEMU executes each step
	 * of a rep as a block of its own: a kernel which believes that "rep movsb" is the fastest copy
	 * boots 1.25 times as long.
	 */
	vm_argv_option(a, "-cpu", "max,vendor=GenuineIntel,-erms,-fsrm");
}

static void push_nodes(struct vm_argv *a, const struct qemu_plan *plan)
{
	const struct vm_topology *t = &plan->spec->topo;
	uint32_t cpu = 0;

	for (uint32_t i = 0; i < t->count.numa_nodes; i++) {
		uint32_t nr = vm_topology_node_llcs(t, i) * t->count.cores * t->count.threads;

		vm_argv_option(a, "-object", "memory-backend-file,id=ram%" PRIu32 ",size=%" PRIu64
			       ",mem-path=/proc/self/fd/%d,share=on", i, plan->node_bytes[i],
			       plan->ram_fd[i]);
		if (nr)
			vm_argv_option(a, "-numa",
				       "node,nodeid=%" PRIu32 ",memdev=ram%" PRIu32 ",cpus=%" PRIu32 "-%" PRIu32,
				       i, i, cpu, cpu + nr - 1);
		else
			vm_argv_option(a, "-numa",
				       "node,nodeid=%" PRIu32 ",memdev=ram%" PRIu32 ",initiator=%" PRIu32,
				       i, i, vm_topology_initiator(t, i));
		cpu += nr;
	}
	for (uint32_t i = 0; t->count.numa_nodes > 1 && i < t->count.numa_nodes; i++)
		for (uint32_t j = 0; j < t->count.numa_nodes; j++)
			vm_argv_option(a, "-numa", "dist,src=%" PRIu32 ",dst=%" PRIu32 ",val=%u",
				       i, j, vm_topology_distance(t, i, j));
}

static void push_hmat(struct vm_argv *a, const struct vm_topology *t)
{
	static const char * const associativity[] = { "none", "direct", "complex" };
	static const char * const policy[] = { "none", "write-back", "write-through" };

	for (uint32_t i = 0; i < t->count.numa_nodes && vm_topology_node_llcs(t, i); i++) {
		for (uint32_t j = 0; j < t->count.numa_nodes; j++) {
			vm_argv_option(a, "-numa",
				       "hmat-lb,initiator=%" PRIu32 ",target=%" PRIu32
				       ",hierarchy=memory,data-type=access-latency,latency=%" PRIu32,
				       i, j, vm_topology_latency_ns(t, i, j));
			vm_argv_option(a, "-numa",
				       "hmat-lb,initiator=%" PRIu32 ",target=%" PRIu32
				       ",hierarchy=memory,data-type=access-bandwidth,bandwidth=%" PRIu32 "M",
				       i, j, vm_topology_bandwidth_mbs(t, i, j));
		}
	}
	for (uint32_t i = 0; t->nodes && i < t->count.numa_nodes; i++) {
		const struct ktstr_mem_side_cache *c = &t->nodes[i].cache;

		if (!c->size)
			continue;
		vm_argv_option(a, "-numa", "hmat-cache,node-id=%" PRIu32 ",size=%" PRIu64
			       ",level=1,associativity=%s,policy=%s,line=%u", i, c->size,
			       associativity[c->associativity], policy[c->write_policy],
			       c->line_bytes);
	}
}

static void push_topology(struct vm_argv *a, const struct qemu_plan *plan)
{
	const struct vm_topology *t = &plan->spec->topo;

	vm_argv_option(a, "-smp",
		       "%" PRIu32 ",sockets=%" PRIu32 ",cores=%" PRIu32 ",threads=%" PRIu32,
		       ktstr_topology__cpus(&t->count), t->count.llcs, t->count.cores, t->count.threads);
	vm_argv_option(a, "-m", "%" PRIu64 "M", plan->spec->mem_bytes / VM_MIB);
	push_nodes(a, plan);
	if (has_hmat(t))
		push_hmat(a, t);
}

static void push_serial(struct vm_argv *a, const char *id, int fd, bool append, bool terminal)
{
	if (terminal)
		vm_argv_option(a, "-chardev", "socket,id=%s,fd=%d", id, fd);
	else
		vm_argv_option(a, "-chardev", "file,id=%s,path=/proc/self/fd/%d%s", id, fd,
			       append ? ",append=on" : "");
	vm_argv_option(a, "-serial", "chardev:%s", id);
}

/* Both wait for qemu/saved.c, which starts them. */
static void push_save_point(struct vm_argv *a, const struct vm_spec *s)
{
	if (!s->save_point)
		return;
	vm_argv_option(a, "-device", "pvpanic,ioport=%d", QEMU_SAVE_PORT);
	vm_argv_option(a, "-action", "panic=pause");
	vm_argv_push(a, "-S");
	if (s->from)
		vm_argv_option(a, "-incoming", "defer");
}

static void push_devices(struct vm_argv *a, const struct qemu_plan *plan)
{
	const struct vm_spec *s = plan->spec;

	for (unsigned int i = 0; i < s->nr_devices; i++)
		s->devices[i].class->args(a, s->devices[i].config, vm_device_nr(s->devices, i),
					  plan->device_fd[i]);
}

static void push_plugin(struct vm_argv *a, const struct qemu_plan *plan)
{
	char *plugin = escape(plan->plugin), more[VM_NR_MARKS * 48 + 160] = "";
	const struct vm_apic_timer *t = &plan->spec->apic_timer;
	size_t len = 0;

	for (int i = 0; i < VM_NR_MARKS; i++)
		if (plan->spec->mark_kva[i])
			len += (size_t)snprintf(more + len, sizeof(more) - len, ",mark%d=%#" PRIx64, i,
						plan->spec->mark_kva[i]);
	if (t->start && !plan->spec->from)
		len += (size_t)snprintf(more + len, sizeof(more) - len,
					",start=%#" PRIx64 ",period=%#" PRIx64 ",jiffies=%#" PRIx64,
					t->start, t->period, t->jiffies);
	if (plan->spec->probes)
		snprintf(more + len, sizeof(more) - len, ",probes=%d", plan->probes_fd);
	vm_argv_option(a, "-plugin", "%s,sock=%d%s%s", plugin ? plugin : "", plan->sync_fd,
		       plan->spec->deterministic ? ",fence=1" : "", more);
	if (!plugin)
		a->failed = true;
	free(plugin);
}

int qemu_args_build(struct vm_argv *a, const struct qemu_plan *plan)
{
	memset(a, 0, sizeof(*a));
	vm_argv_push(a, "%s", plan->bin->path);
	if (*plan->bin->root) {
		vm_argv_option(a, "-L", "%s/usr/share/qemu", plan->bin->root);
		vm_argv_option(a, "-L", "%s/usr/share/seabios", plan->bin->root);
	}
	vm_argv_push(a, "-nodefaults");
	vm_argv_push(a, "-no-user-config");
	vm_argv_push(a, "-no-reboot");
	vm_argv_option(a, "-display", "none");
	push_machine(a, plan);
	push_topology(a, plan);
	if (plan->kernel_fd >= 0)
		vm_argv_option(a, "-kernel", "/proc/self/fd/%d", plan->kernel_fd);
	else
		vm_argv_option(a, "-kernel", "%s", plan->spec->kernel);
	if (plan->initrd_fd >= 0)
		vm_argv_option(a, "-initrd", "/proc/self/fd/%d", plan->initrd_fd);
	vm_argv_option(a, "-append", "%s", plan->append);
	push_serial(a, "com1", plan->console_fd, plan->spec->from, false);
	push_serial(a, "com2", plan->output_fd, plan->spec->from, plan->spec->terminal_fd);
	push_save_point(a, plan->spec);
	push_devices(a, plan);
	push_plugin(a, plan);
	if (plan->qmp_fd >= 0) {
		vm_argv_option(a, "-chardev", "socket,id=qmp,fd=%d", plan->qmp_fd);
		vm_argv_option(a, "-mon", "chardev=qmp,mode=control");
	}
	return a->failed ? -ENOMEM : 0;
}

char *vm_emulated_machine(const struct vm_spec *spec)
{
	static const int fds[KTSTR_MAX_NODES];
	static const uint64_t bytes[KTSTR_MAX_NODES];
	struct vm_spec as_saved = *spec;
	const struct qemu_plan plan = { .spec = &as_saved, .ram_fd = fds, .node_bytes = bytes };
	const struct vm_cmdline guest = {
		.platform = QEMU_PLATFORM, .doorbell = "", .reserve_shared = true, .max = VM_CMDLINE_MAX,
	};
	char append[VM_CMDLINE_MAX + 1], *text = NULL;
	struct vm_argv a = { 0 };
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	as_saved.save_point = true;
	as_saved.from = NULL;
	as_saved.initrd_fd = 0;
	as_saved.seed = 0;	/* it comes with the archive of a run */
	push_machine(&a, &plan);
	push_topology(&a, &plan);
	push_save_point(&a, &as_saved);
	for (size_t i = 0; i < a.n; i++)
		fprintf(f, "%s ", a.v[i]);
	/* one that is too long is refused when the machine is created */
	if (!vm_cmdline_build(&as_saved, &guest, append, sizeof(append), NULL))
		fprintf(f, "-append %s", append);
	if (fclose(f) || a.failed) {
		free(text);
		text = NULL;
	}
	vm_argv_free(&a);
	return text;
}

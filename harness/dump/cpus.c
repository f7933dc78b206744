// SPDX-License-Identifier: GPL-2.0
/* Each CPU: its runqueue, what it runs, what waits there, and what it has spent its time on. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "dump_priv.h"

#define MAX_NODES	64
#define ZONES		8	/* more than MAX_NR_ZONES */

static const struct dump_field rq_fields[] = {
	{ "rq_nr_running", "rq", "nr_running" },
	{ "nr_switches", "rq", "nr_switches" },
	{ "clock", "rq", "clock" },
	{ "clock_task", "rq", "clock_task" },
	{ "nr_running", "rq", "scx.nr_running" },
	{ "flags", "rq", "scx.flags" },
	{ "cpu_released", "rq", "scx.cpu_released" },
	{ "ops_qseq", "rq", "scx.ops_qseq" },
	{ "kick_sync", "rq", "scx.kick_sync" },
	{ "pnt_seq", "rq", "scx.pnt_seq" },
	{ "nr_immed", "rq", "scx.nr_immed" },
	{ "rq_clock", "rq", "scx.clock" },
	{ "cpuperf_target", "rq", "scx.cpuperf_target" },
};

struct rq_walk {
	struct dump *d;
	struct dump_field field[ARRAY_SIZE(rq_fields)];
	struct ktstr_place curr, idle, scx, runnable, node, pid, comm;
};

static void put_curr(const struct rq_walk *w, uint64_t rq, struct ktstr_jnode *n)
{
	struct dump *d = w->d;
	uint64_t curr, idle = 0, pid;
	char comm[16];

	if (ktstr_place__load(d->v, &w->curr, rq, &curr) || !curr)
		return;
	ktstr_place__load(d->v, &w->idle, rq, &idle);
	ktstr_jtree__bool(d->tree, n, "idle", curr == idle);
	if (!ktstr_place__load(d->v, &w->pid, curr, &pid))
		ktstr_jtree__i64(d->tree, n, "curr_pid", (int32_t)pid);
	if (w->comm.found && !ktstr_kview__string(d->v, curr + w->comm.field.offset, comm,
						  sizeof(comm)))
		ktstr_jtree__str(d->tree, n, "curr_comm", comm);
	ktstr_jtree__u64(d->tree, n, "curr_kva", curr);
}

/* In the order in which they became runnable. */
static void put_runnable(const struct rq_walk *w, uint64_t rq, struct ktstr_jnode *n)
{
	uint64_t head = rq + w->runnable.field.offset, at;
	struct dump *d = w->d;
	struct ktstr_jnode *list;
	char name[48];
	int i;

	if (!w->runnable.found || !w->node.found || ktstr_kview__load(d->v, head, 8, &at))
		return;
	list = ktstr_jtree__array(d->tree, n, "runnable_tasks");
	for (i = 0; at != head && i < DUMP_MAX_QUEUE; i++) {
		if (dump_task_name(d, at - w->node.field.offset, name, sizeof(name)))
			ktstr_jtree__str(d->tree, list, NULL, name);
		if (ktstr_kview__load(d->v, at, 8, &at))
			break;
	}
	ktstr_jtree__bool(d->tree, n, "runnable_truncated", at != head);
}

void dump_cpus__put(struct dump *d)
{
	struct rq_walk w = { .d = d };
	struct ktstr_jnode *list, *n;
	uint64_t rq, kva;

	if (!d->btf || ktstr_kview__symbol(d->v, "runqueues", &rq))
		return;
	memcpy(w.field, rq_fields, sizeof(rq_fields));
	dump_fields__find(w.field, ARRAY_SIZE(w.field), d->btf);
	ktstr_place__find(&w.curr, d->btf, "rq", "curr");
	ktstr_place__find(&w.idle, d->btf, "rq", "idle");
	ktstr_place__find(&w.scx, d->btf, "rq", "scx");
	ktstr_place__find(&w.runnable, d->btf, "rq", "scx.runnable_list");
	ktstr_place__find(&w.node, d->btf, "task_struct", "scx.runnable_node");
	ktstr_place__find(&w.pid, d->btf, "task_struct", "pid");
	ktstr_place__find(&w.comm, d->btf, "task_struct", "comm");
	list = ktstr_jtree__array(d->tree, d->report, "rq_scx_states");
	for (uint32_t cpu = 0; cpu < d->v->nr_cpus; cpu++) {
		if (ktstr_kview__per_cpu(d->v, rq, cpu, &kva))
			continue;
		n = ktstr_jtree__object(d->tree, list, NULL);
		ktstr_jtree__u64(d->tree, n, "cpu", cpu);
		dump_fields__put(d, w.field, ARRAY_SIZE(w.field), kva, n);
		put_curr(&w, kva, n);
		put_runnable(&w, kva, n);
		if (w.scx.found)
			dump_struct(d, n, "scx", "scx_rq", kva + w.scx.field.offset);
	}
}

static void put_cpu_time(struct dump *d, struct ktstr_jnode *list, uint64_t cpustat, uint64_t kstat)
{
	static const struct {
		const char *key, *enumerator;
	} times[] = {
		{ "user_ns", "CPUTIME_USER" }, { "nice_ns", "CPUTIME_NICE" },
		{ "system_ns", "CPUTIME_SYSTEM" }, { "softirq_ns", "CPUTIME_SOFTIRQ" },
		{ "irq_ns", "CPUTIME_IRQ" }, { "idle_ns", "CPUTIME_IDLE" },
		{ "iowait_ns", "CPUTIME_IOWAIT" }, { "steal_ns", "CPUTIME_STEAL" },
	};
	struct dump_field irqs[] = { { "irqs_sum", "kernel_stat", "irqs_sum" } };
	struct ktstr_place softirqs, array;
	struct ktstr_jnode *n = ktstr_jtree__object(d->tree, list, NULL), *s;
	uint64_t value;
	int64_t i;

	ktstr_jtree__u64(d->tree, n, "cpu", list->nr - 1);
	ktstr_place__find(&array, d->btf, "kernel_cpustat", "cpustat");
	for (size_t k = 0; array.found && k < ARRAY_SIZE(times); k++)
		if (!ktstr_btf__enumerator(d->btf, "cpu_usage_stat", times[k].enumerator, &i) &&
		    i >= 0 && i < array.field.size / 8 &&
		    !ktstr_kview__load(d->v, cpustat + array.field.offset + (uint64_t)i * 8, 8, &value))
			ktstr_jtree__u64(d->tree, n, times[k].key, value);
	ktstr_place__find(&softirqs, d->btf, "kernel_stat", "softirqs");
	dump_fields__find(irqs, ARRAY_SIZE(irqs), d->btf);
	dump_fields__put(d, irqs, ARRAY_SIZE(irqs), kstat, n);
	s = softirqs.found ? ktstr_jtree__array(d->tree, n, "softirqs") : NULL;
	for (uint32_t k = 0; s && k < softirqs.field.size / 4; k++)
		if (!ktstr_kview__load(d->v, kstat + softirqs.field.offset + k * 4, 4, &value))
			ktstr_jtree__u64(d->tree, s, NULL, value);
}

/* Sums over the zones of a node. */
static void put_node(struct dump *d, struct ktstr_jnode *list, uint64_t node, uint64_t pgdat)
{
	static const char * const keys[] = { "hit", "miss", "foreign", "interleave_hit", "local",
					     "other" };
	struct ktstr_jnode *n = ktstr_jtree__object(d->tree, list, NULL);
	char path[64];

	ktstr_jtree__u64(d->tree, n, "node", node);
	for (unsigned int k = 0; k < ARRAY_SIZE(keys); k++) {
		uint64_t sum = 0;
		bool any = false, ok;

		for (unsigned int zone = 0; zone < ZONES; zone++) {
			snprintf(path, sizeof(path), "node_zones[%u].vm_numa_event[%u].counter",
				 zone, k);
			sum += dump_load(d, "pglist_data", path, pgdat, &ok);
			any |= ok;
		}
		if (any)
			ktstr_jtree__u64(d->tree, n, keys[k], sum);
	}
}

static void put_nodes(struct dump *d)
{
	struct ktstr_jnode *list;
	uint64_t nr = 1, kva, table, pgdat;

	if (!ktstr_kview__symbol(d->v, "nr_node_ids", &kva))
		ktstr_kview__load(d->v, kva, 4, &nr);
	if (ktstr_kview__symbol(d->v, "node_data", &table)) {
		dump_missing(d, "per_node_numa_unavailable", "this kernel has no node_data");
		return;
	}
	list = ktstr_jtree__array(d->tree, d->report, "per_node_numa");
	for (uint64_t i = 0; i < nr && i < MAX_NODES; i++)
		if (!ktstr_kview__load(d->v, table + i * 8, 8, &pgdat) && pgdat)
			put_node(d, list, i, pgdat);
}

void dump_times__put(struct dump *d)
{
	uint64_t cpustat, kstat, a, b;
	struct ktstr_jnode *list;

	if (!d->btf || ktstr_kview__symbol(d->v, "kernel_cpustat", &cpustat) ||
	    ktstr_kview__symbol(d->v, "kstat", &kstat))
		return;
	list = ktstr_jtree__array(d->tree, d->report, "per_cpu_time");
	for (uint32_t cpu = 0; list && cpu < d->v->nr_cpus; cpu++)
		if (!ktstr_kview__per_cpu(d->v, cpustat, cpu, &a) &&
		    !ktstr_kview__per_cpu(d->v, kstat, cpu, &b))
			put_cpu_time(d, list, a, b);
	put_nodes(d);
}

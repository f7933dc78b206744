// SPDX-License-Identifier: GPL-2.0
/*
 * Dispatch queues: the one of each CPU, those for bypassing, the global one of each node, and those
 * that the scheduler has made, which are in a hash (include/linux/rhashtable.h). A queue is listed
 * in the order in which it is consumed.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>

#include "dump_priv.h"

#define CURSOR		1u	/* SCX_DSQ_LNODE_ITER_CURSOR: an iterator, no task */
#define MAX_BUCKETS	65536u
#define MAX_CHAIN	1024
#define MAX_NODES	64

struct queue_walk {
	struct dump *d;
	struct dump_field id, nr, seq;
	struct ktstr_place list, node, node_flags, hash_node;
	struct ktstr_jnode *out;
	unsigned int queues;
};

static void put_queue_tasks(struct queue_walk *w, uint64_t kva, struct ktstr_jnode *n)
{
	uint64_t head = kva + w->list.field.offset, at, task, flags;
	struct dump *d = w->d;
	struct ktstr_jnode *list = ktstr_jtree__array(d->tree, n, "tasks");
	char name[48];
	int steps;

	if (ktstr_kview__load(d->v, head, 8, &at))
		return;
	for (steps = 0; at != head && steps < DUMP_MAX_QUEUE; steps++) {
		task = at - w->node.field.offset;
		if (ktstr_place__load(d->v, &w->node_flags, task, &flags))
			break;
		/* the cursor of an iteration is no part of a task */
		if (!(flags & CURSOR)) {
			if (!dump_task_name(d, task, name, sizeof(name)))
				snprintf(name, sizeof(name), "?[%#llx]", (unsigned long long)task);
			ktstr_jtree__str(d->tree, list, NULL, name);
		}
		if (ktstr_kview__load(d->v, at, 8, &at))
			break;
	}
	if (at != head)
		ktstr_jtree__bool(d->tree, n, "truncated", true);
}

static void put_queue(struct queue_walk *w, uint64_t kva, const char *origin)
{
	struct dump *d = w->d;
	uint64_t id, value;
	struct ktstr_jnode *n;

	if (w->queues++ == DUMP_MAX_QUEUES || !kva || !w->list.found || !w->node.found ||
	    ktstr_place__load(d->v, &w->id.place, kva, &id))
		return;
	n = ktstr_jtree__object(d->tree, w->out, NULL);
	ktstr_jtree__fmt(d->tree, n, "id", "0x%llx", (unsigned long long)id);
	ktstr_jtree__str(d->tree, n, "origin", origin);
	ktstr_jtree__u64(d->tree, n, "kva", kva);
	if (!ktstr_place__load(d->v, &w->nr.place, kva, &value))
		ktstr_jtree__u64(d->tree, n, "nr", value);
	if (!ktstr_place__load(d->v, &w->seq.place, kva, &value))
		ktstr_jtree__u64(d->tree, n, "seq", value);
	put_queue_tasks(w, kva, n);
}

static void put_of_cpus(struct queue_walk *w)
{
	static const struct {
		const char *path, *origin;
	} in_rq[] = {
		{ "scx.local_dsq", "local" }, { "scx.bypass_dsq", "bypass" },
		{ "scx.reject_dsq", "reject" }, { "scx.rescue.dsq", "rescue" },
	};
	struct dump *d = w->d;
	struct ktstr_place p, pcpu, bypass;
	uint64_t rq, kva, base = 0;
	char origin[32];

	ktstr_place__find(&pcpu, d->btf, "scx_sched", "pcpu");
	ktstr_place__find(&bypass, d->btf, "scx_sched_pcpu", "bypass_dsq");
	if (!bypass.found || !d->sched || ktstr_place__load(d->v, &pcpu, d->sched, &base))
		base = 0;
	if (ktstr_kview__symbol(d->v, "runqueues", &rq))
		return;
	for (uint32_t cpu = 0; cpu < d->v->nr_cpus; cpu++) {
		if (ktstr_kview__per_cpu(d->v, rq, cpu, &kva))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(in_rq); i++) {
			ktstr_place__find(&p, d->btf, "rq", in_rq[i].path);
			snprintf(origin, sizeof(origin), "%s cpu %u", in_rq[i].origin, cpu);
			if (p.found)
				put_queue(w, kva + p.field.offset, origin);
		}
		snprintf(origin, sizeof(origin), "bypass cpu %u", cpu);
		if (base && !ktstr_kview__per_cpu(d->v, base, cpu, &kva))
			put_queue(w, kva + bypass.field.offset, origin);
	}
}

static void put_of_nodes(struct queue_walk *w)
{
	struct dump *d = w->d;
	struct ktstr_place global;
	uint64_t nr = 1, kva, at, dsq;
	char origin[32];
	bool ok;

	ktstr_place__find(&global, d->btf, "scx_sched_pnode", "global_dsq");
	at = dump_load_sched(d, global.found ? "pnode" : "global_dsqs", &ok);
	if (!ok)
		return;
	if (!ktstr_kview__symbol(d->v, "nr_node_ids", &kva))
		ktstr_kview__load(d->v, kva, 4, &nr);
	for (uint64_t i = 0; i < nr && i < MAX_NODES; i++) {
		snprintf(origin, sizeof(origin), "global node %u", (unsigned int)i);
		if (!ktstr_kview__load(d->v, at + i * 8, 8, &dsq) && dsq)
			put_queue(w, dsq + (global.found ? global.field.offset : 0), origin);
	}
}

/* One table of the hash. Returns the next one, while the hash grows; 0: there is none. */
static uint64_t put_table(struct queue_walk *w, uint64_t table)
{
	struct dump *d = w->d;
	uint64_t size, nest, buckets, at, next;
	struct ktstr_place p;
	bool ok;

	size = dump_load(d, "bucket_table", "size", table, &ok);
	nest = dump_load(d, "bucket_table", "nest", table, &ok);
	next = dump_load(d, "bucket_table", "future_tbl", table, &ok);
	ktstr_place__find(&p, d->btf, "bucket_table", "buckets");
	if (!ok || !p.found || size > MAX_BUCKETS || nest) {
		dump_missing(d, "dsq_walk_incomplete", nest ? "the hash of queues is a nested one" :
			     "the hash of queues makes no sense");
		return 0;
	}
	buckets = table + p.field.offset;
	for (uint64_t i = 0; i < size && !dump_expired(d); i++) {
		if (ktstr_kview__load(d->v, buckets + i * 8, 8, &at))
			return 0;
		/* bit 0 of a bucket is its lock, that of a link means the end */
		at &= ~1ull;
		for (int steps = 0; at && !(at & 1) && steps < MAX_CHAIN; steps++) {
			put_queue(w, at - w->hash_node.field.offset, "user");
			if (ktstr_kview__load(d->v, at, 8, &at))
				break;
		}
	}
	return next;
}

static void put_of_scheduler(struct queue_walk *w)
{
	struct dump *d = w->d;
	uint64_t table = 0;
	bool ok;

	if (!d->sched || !w->hash_node.found)
		return;
	table = dump_load_sched(d, "dsq_hash.tbl", &ok);
	for (int i = 0; i < 3 && ok && table; i++)
		table = put_table(w, table);
}

void dump_queues__put(struct dump *d)
{
	struct queue_walk w = {
		.d = d,
		.id = { "id", "scx_dispatch_q", "id" },
		.nr = { "nr", "scx_dispatch_q", "nr" },
		.seq = { "seq", "scx_dispatch_q", "seq" },
	};

	if (!d->btf || ktstr_btf__size(d->btf, "scx_dispatch_q") < 0) {
		dump_missing(d, "dsq_states_unavailable", "the kernel has no sched_ext");
		return;
	}
	dump_fields__find(&w.id, 1, d->btf);
	dump_fields__find(&w.nr, 1, d->btf);
	dump_fields__find(&w.seq, 1, d->btf);
	ktstr_place__find(&w.list, d->btf, "scx_dispatch_q", "list");
	ktstr_place__find(&w.hash_node, d->btf, "scx_dispatch_q", "hash_node");
	ktstr_place__find(&w.node, d->btf, "task_struct", "scx.dsq_list.node");
	ktstr_place__find_number(&w.node_flags, d->btf, "task_struct", "scx.dsq_list.flags");
	w.out = ktstr_jtree__array(d->tree, d->report, "dsq_states");
	put_of_cpus(&w);
	put_of_nodes(&w);
	put_of_scheduler(&w);
}

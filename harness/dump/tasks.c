// SPDX-License-Identifier: GPL-2.0
/*
 * The tasks of a kernel: the list of processes and of the threads of each. Lists are walked for as
 * many steps as there may be tasks; a damaged one ends the walk, and what was found before counts.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/root.h"
#include "lib/clock.h"
#include "dump_priv.h"

#define CGROUP_DEPTH	16
#define CPUS_TEXT	512
#define QUEUED		1u		/* SCX_TASK_QUEUED */
#define RESET_RUNNABLE	(1u << 2)	/* SCX_TASK_RESET_RUNNABLE_AT */

/* Where lists have their links. */
struct links {
	struct ktstr_place tasks, signal, thread_head, thread_node, pid, comm, queue;
};

static void remember(struct dump *d, const struct links *l, uint64_t kva)
{
	struct dump_task *t = &d->task[d->nr_tasks];
	uint32_t i = (uint32_t)(kva >> 6) % DUMP_HASH;
	uint64_t pid;

	if (dump_find_task(d, kva) || ktstr_place__load(d->v, &l->pid, kva, &pid))
		return;
	if (d->nr_tasks == DUMP_MAX_TASKS) {
		d->tasks_cut = true;
		return;
	}
	*t = (struct dump_task){ .kva = kva, .pid = (int32_t)pid };
	if (l->comm.found)
		ktstr_kview__string(d->v, kva + l->comm.field.offset, t->comm, sizeof(t->comm));
	ktstr_place__load(d->v, &l->queue, kva, &t->queue);
	while (d->by_kva[i])
		i = (i + 1) % DUMP_HASH;
	d->by_kva[i] = ++d->nr_tasks;
}

/* All threads of the process with this leader; itself in any case. */
static void list_threads(struct dump *d, const struct links *l, uint64_t leader)
{
	uint64_t signal, head, at;

	remember(d, l, leader);
	if (ktstr_place__load(d->v, &l->signal, leader, &signal) || !l->thread_head.found ||
	    !l->thread_node.found)
		return;
	head = signal + l->thread_head.field.offset;
	if (ktstr_kview__load(d->v, head, 8, &at))
		return;
	for (unsigned int steps = 0; at != head && steps < DUMP_MAX_TASKS; steps++) {
		remember(d, l, at - l->thread_node.field.offset);
		if (ktstr_kview__load(d->v, at, 8, &at))
			return;
	}
}

void dump_tasks__list(struct dump *d)
{
	struct links l;
	uint64_t head, at;

	d->task = calloc(DUMP_MAX_TASKS + 1, sizeof(*d->task));
	d->by_kva = calloc(DUMP_HASH, sizeof(*d->by_kva));
	ktstr_place__find(&l.tasks, d->btf, "task_struct", "tasks");
	ktstr_place__find(&l.signal, d->btf, "task_struct", "signal");
	ktstr_place__find(&l.thread_head, d->btf, "signal_struct", "thread_head");
	ktstr_place__find(&l.thread_node, d->btf, "task_struct", "thread_node");
	ktstr_place__find(&l.pid, d->btf, "task_struct", "pid");
	ktstr_place__find(&l.comm, d->btf, "task_struct", "comm");
	ktstr_place__find(&l.queue, d->btf, "task_struct", "scx.dsq");
	if (!d->task || !d->by_kva || !l.tasks.found ||
	    ktstr_kview__symbol(d->v, "init_task", &head))
		return;
	head += l.tasks.field.offset;
	if (ktstr_kview__load(d->v, head, 8, &at))
		return;
	for (unsigned int steps = 0; at != head && steps < DUMP_MAX_TASKS && !dump_expired(d); steps++) {
		list_threads(d, &l, at - l.tasks.field.offset);
		if (ktstr_kview__load(d->v, at, 8, &at)) {
			d->tasks_cut = true;
			return;
		}
	}
}

static const struct dump_field numbers[] = {
	{ "tgid", "task_struct", "tgid" },
	{ "prio", "task_struct", "prio" },
	{ "static_prio", "task_struct", "static_prio" },
	{ "normal_prio", "task_struct", "normal_prio" },
	{ "rt_priority", "task_struct", "rt_priority" },
	{ "policy", "task_struct", "policy" },
	{ "nvcsw", "task_struct", "nvcsw" },
	{ "nivcsw", "task_struct", "nivcsw" },
	{ "core_cookie", "task_struct", "core_cookie" },
	{ "cpu", "task_struct", "thread_info.cpu" },
	{ "on_rq", "task_struct", "on_rq" },
	{ "on_cpu", "task_struct", "on_cpu" },
	{ "nr_cpus_allowed", "task_struct", "nr_cpus_allowed" },
	{ "migration_disabled", "task_struct", "migration_disabled" },
	{ "nr_migrations", "task_struct", "se.nr_migrations" },
	{ "sum_exec_runtime_ns", "task_struct", "se.sum_exec_runtime" },
	{ "run_delay_ns", "task_struct", "sched_info.run_delay" },
	{ "weight", "task_struct", "scx.weight" },
	{ "scx_flags", "task_struct", "scx.flags" },
	{ "scx_slice", "task_struct", "scx.slice" },
	{ "scx_dsq_vtime", "task_struct", "scx.dsq_vtime" },
	{ "scx_sticky_cpu", "task_struct", "scx.sticky_cpu" },
	{ "scx_holding_cpu", "task_struct", "scx.holding_cpu" },
	{ "scx_selected_cpu", "task_struct", "scx.selected_cpu" },
};

/* Numbers that are not in the task itself: of what a pointer in it leads to. */
static const struct {
	const char *key, *pointer, *type, *path;
} linked[] = {
	{ "group_leader_pid", "group_leader", "task_struct", "pid" },
	{ "real_parent_pid", "real_parent", "task_struct", "pid" },
	{ "nr_threads", "signal", "signal_struct", "nr_threads" },
	{ "signal_nvcsw", "signal", "signal_struct", "nvcsw" },
	{ "signal_nivcsw", "signal", "signal_struct", "nivcsw" },
};

static const struct dump_field special[] = {
	{ "state", "task_struct", "__state" },
	{ "ops_state", "task_struct", "scx.ops_state.counter" },
	{ "runnable_at", "task_struct", "scx.runnable_at" },
	{ "exec_start", "task_struct", "se.exec_start" },
	{ "sched_class", "task_struct", "sched_class" },
	{ "cgroups", "task_struct", "cgroups" },
	{ "kernel", "css_set", "dfl_cgrp" },
	{ "kn", "cgroup", "kn" },
	{ "parent", "kernfs_node", "__parent" },
	{ "old_parent", "kernfs_node", "parent" },
	{ "name", "kernfs_node", "name" },
	{ "clock_task", "rq", "clock_task" },
	{ "static_prio", "task_struct", "static_prio" },
	{ "flags", "task_struct", "scx.flags" },
	{ "on_rq", "task_struct", "on_rq" },
	{ "on_cpu", "task_struct", "on_cpu" },
	{ "dsq", "task_struct", "scx.dsq" },
	{ "dsq_id", "scx_dispatch_q", "id" },
};

enum { STATE, OPS_STATE, RUNNABLE_AT, EXEC_START, CLASS, CGROUPS, DFL_CGRP, KN, PARENT, OLD_PARENT,
	NAME, CLOCK_TASK, STATIC_PRIO, FLAGS, ON_RQ, ON_CPU, DSQ, DSQ_ID, NR_SPECIAL };

_Static_assert(ARRAY_SIZE(special) == NR_SPECIAL, "the enum and the table belong together");

struct task_walk {
	struct dump *d;
	struct dump_field number[ARRAY_SIZE(numbers)], special[NR_SPECIAL];
	struct ktstr_place pointer[ARRAY_SIZE(linked)], behind[ARRAY_SIZE(linked)], mask, entity;
	uint64_t rq, now;		/* now: the latest of all runqueues' clocks */
	struct {
		const char *name;
		uint64_t kva;
	} class[6];
};

static bool load(const struct task_walk *w, int which, uint64_t base, uint64_t *value)
{
	return !ktstr_place__load(w->d->v, &w->special[which].place, base, value);
}

/* That of an idle CPU stands still. */
static uint64_t latest_clock(const struct task_walk *w)
{
	uint64_t rq, clock, latest = 0;

	for (uint32_t cpu = 0; w->rq && cpu < w->d->v->nr_cpus; cpu++)
		if (!ktstr_kview__per_cpu(w->d->v, w->rq, cpu, &rq) &&
		    load(w, CLOCK_TASK, rq, &clock) && clock > latest)
			latest = clock;
	return latest;
}

static void prepare(struct task_walk *w, struct dump *d)
{
	static const char * const classes[] = { "ext", "fair", "rt", "dl", "idle", "stop" };
	char symbol[32];

	*w = (struct task_walk){ .d = d };
	memcpy(w->number, numbers, sizeof(numbers));
	memcpy(w->special, special, sizeof(special));
	dump_fields__find(w->number, ARRAY_SIZE(numbers), d->btf);
	dump_fields__find(w->special, NR_SPECIAL, d->btf);
	for (size_t i = 0; i < ARRAY_SIZE(linked); i++) {
		ktstr_place__find_number(&w->pointer[i], d->btf, "task_struct", linked[i].pointer);
		ktstr_place__find_number(&w->behind[i], d->btf, linked[i].type, linked[i].path);
	}
	ktstr_place__find(&w->mask, d->btf, "task_struct", "cpus_mask");
	ktstr_place__find(&w->entity, d->btf, "task_struct", "scx");
	ktstr_kview__symbol(d->v, "runqueues", &w->rq);
	w->now = latest_clock(w);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		snprintf(symbol, sizeof(symbol), "%s_sched_class", classes[i]);
		w->class[i].name = classes[i];
		if (ktstr_kview__symbol(d->v, symbol, &w->class[i].kva))
			w->class[i].kva = 0;
	}
}


/* The path in the hierarchy of version 2. */
static void put_cgroup(const struct task_walk *w, uint64_t task, struct ktstr_jnode *n)
{
	char names[CGROUP_DEPTH][64], path[CGROUP_DEPTH * 64 + 2] = "";
	uint64_t at, name, up;
	int depth = 0;

	if (!load(w, CGROUPS, task, &at) || !load(w, DFL_CGRP, at, &at) || !load(w, KN, at, &at))
		return;
	for (; at && depth < CGROUP_DEPTH; at = up) {
		if (!load(w, NAME, at, &name) ||
		    ktstr_kview__string(w->d->v, name, names[depth], sizeof(names[0])))
			return;
		if (!load(w, PARENT, at, &up) && !load(w, OLD_PARENT, at, &up))
			return;
		depth += names[depth][0] != '\0';
	}
	for (size_t len = 0; depth--; len = strlen(path))
		snprintf(path + len, sizeof(path) - len, "/%s", names[depth]);
	ktstr_jtree__str(w->d->tree, n, "cgroup", path[0] ? path : "/");
}

static void put_allowed(const struct task_walk *w, uint64_t task, struct ktstr_jnode *n)
{
	uint8_t bits[KTSTR_KVIEW_MAX_CPUS / 8];
	size_t bytes = (w->d->v->nr_cpus + 7) / 8;
	char text[CPUS_TEXT];

	if (!w->mask.found || bytes > w->mask.field.size ||
	    ktstr_kview__read(w->d->v, task + w->mask.field.offset, bits, bytes))
		return;
	for (size_t cpu = w->d->v->nr_cpus; cpu < bytes * 8; cpu++)
		bits[cpu / 8] &= (uint8_t)~(1u << cpu % 8);
	ktstr_render__cpus(bits, bytes, text, sizeof(text));
	ktstr_jtree__str(w->d->tree, n, "cpus_allowed", text);
}

static const char *state_name(uint64_t state)
{
	static const char letters[] = "SDTtXZPI";
	static const char * const names[] = { "S", "D", "T", "t", "X", "Z", "P", "I" };

	if (!state)
		return "R";
	for (size_t i = 0; i < sizeof(letters) - 1; i++)
		if (state >> i & 1)
			return names[i];
	return "?";
}

/* Enough of the last state of the task with the BPF scheduler: SCX_OPSS_* */
static const char *ops_state_name(uint64_t state)
{
	static const char * const names[] = { "NONE", "QUEUEING", "QUEUED", "DISPATCHING" };

	return names[state & 3];
}

static uint64_t jiffies_to_ms(const struct dump *d, uint64_t jiffies)
{
	return jiffies * d->tick_ns / 1000000;
}

static void put_times(const struct task_walk *w, uint64_t task, bool queued, struct ktstr_jnode *n)
{
	uint64_t flags = 0, at, start;
	struct dump *d = w->d;

	load(w, FLAGS, task, &flags);
	if (queued && flags & QUEUED && !(flags & RESET_RUNNABLE) &&
	    load(w, RUNNABLE_AT, task, &at) && at && d->jiffies - at < 1ull << 32)
		ktstr_jtree__u64(d->tree, n, "runnable_for_ms", jiffies_to_ms(d, d->jiffies - at));
	/* when its runtime was accounted last: while it ran, or when it stopped */
	if (load(w, EXEC_START, task, &start) && start && w->now >= start)
		ktstr_jtree__u64(d->tree, n, "last_ran_ms_ago", (w->now - start) / 1000000);
}

/* The queue that it is in, and where the BPF scheduler says it is. */
static void put_whereabouts(const struct task_walk *w, uint64_t task, struct ktstr_jnode *n)
{
	uint64_t value, dsq, id;

	if (load(w, OPS_STATE, task, &value))
		ktstr_jtree__str(w->d->tree, n, "ops_state", ops_state_name(value));
	if (!load(w, DSQ, task, &dsq))
		return;
	if (dsq && load(w, DSQ_ID, dsq, &id))
		ktstr_jtree__fmt(w->d->tree, n, "dsq_id", "0x%llx", (unsigned long long)id);
	ktstr_jtree__u64(w->d->tree, n, "dsq_kva", dsq);
}

static void put_linked(const struct task_walk *w, uint64_t task, struct ktstr_jnode *n)
{
	struct dump *d = w->d;
	char name[32];
	uint64_t at, value;

	for (size_t i = 0; i < ARRAY_SIZE(linked); i++) {
		if (ktstr_place__load(d->v, &w->pointer[i], task, &at) || !at ||
		    ktstr_place__load(d->v, &w->behind[i], at, &value))
			continue;
		ktstr_jtree__i64(d->tree, n, linked[i].key, (int64_t)value);
		if (!strcmp(linked[i].key, "real_parent_pid") &&
		    dump_task_name(d, at, name, sizeof(name)))
			ktstr_jtree__fmt(d->tree, n, "real_parent_comm", "%.*s",
					 (int)strcspn(name, "["), name);
	}
}

static void put_task(const struct task_walk *w, const struct dump_task *t,
		     struct ktstr_jnode *list)
{
	struct dump *d = w->d;
	struct ktstr_jnode *n = ktstr_jtree__object(d->tree, list, NULL);
	uint64_t value, state = 1, on_cpu = 0, class = 0;
	bool queued;

	ktstr_jtree__i64(d->tree, n, "pid", t->pid);
	ktstr_jtree__str(d->tree, n, "comm", t->comm);
	ktstr_jtree__u64(d->tree, n, "kva", t->kva);
	if (load(w, STATE, t->kva, &state))
		ktstr_jtree__str(d->tree, n, "state", state_name(state));
	queued = load(w, ON_RQ, t->kva, &value) && value == 1;
	load(w, ON_CPU, t->kva, &on_cpu);
	ktstr_jtree__bool(d->tree, n, "running", on_cpu);
	ktstr_jtree__bool(d->tree, n, "waiting", queued && !on_cpu);
	load(w, CLASS, t->kva, &class);
	for (size_t i = 0; i < ARRAY_SIZE(w->class); i++)
		if (w->class[i].kva && w->class[i].kva == class)
			ktstr_jtree__str(d->tree, n, "sched_class", w->class[i].name);
	if (load(w, STATIC_PRIO, t->kva, &value))
		ktstr_jtree__i64(d->tree, n, "nice", (int64_t)value - 120);
	put_cgroup(w, t->kva, n);
	put_allowed(w, t->kva, n);
	put_times(w, t->kva, queued, n);
	put_whereabouts(w, t->kva, n);
	put_linked(w, t->kva, n);
	dump_fields__put(d, w->number, ARRAY_SIZE(w->number), t->kva, n);
	if (queued && w->entity.found)
		dump_struct(d, n, "scx", "sched_ext_entity", t->kva + w->entity.field.offset);
}

void dump_tasks__put(struct dump *d)
{
	struct ktstr_jnode *list;
	struct task_walk w;

	if (!d->nr_tasks) {
		dump_missing(d, "task_enrichments_unavailable",
			     d->btf ? "the list of tasks cannot be read" :
			     "the kernel has no BTF");
		return;
	}
	prepare(&w, d);
	list = ktstr_jtree__array(d->tree, d->report, "task_enrichments");
	for (unsigned int i = 0; i < d->nr_tasks; i++)
		put_task(&w, &d->task[i], list);
	if (d->tasks_cut)
		dump_missing(d, "task_enrichments_truncated", "there are more tasks than are shown");
}

static void wait_on_cpu(struct ktstr_kview *v, uint64_t rq, const struct ktstr_place *head,
			const struct dump_field *f, uint64_t jiffies, uint64_t *longest)
{
	uint64_t first = rq + head->field.offset, at, base, runnable_at, flags;

	/* oldest first: but for cursors and tasks that were not given their time, the first counts */
	if (ktstr_kview__load(v, first, 8, &at))
		return;
	for (int steps = 0; at != first && steps < DUMP_MAX_QUEUE; steps++) {
		base = at - f[0].place.field.offset;
		if (ktstr_place__load(v, &f[1].place, base, &runnable_at) ||
		    ktstr_place__load(v, &f[2].place, base, &flags))
			return;
		if (runnable_at && flags & QUEUED && !(flags & RESET_RUNNABLE) &&
		    jiffies - runnable_at < 1ull << 32 && jiffies - runnable_at > *longest)
			*longest = jiffies - runnable_at;
		if (ktstr_kview__load(v, at, 8, &at))
			return;
	}
}

int ktstr_dump__longest_wait(struct ktstr_monitor *m, struct ktstr_dump_wait *w)
{
	struct dump_field f[] = {
		{ "node", "task_struct", "scx.runnable_node" },
		{ "at", "task_struct", "scx.runnable_at" },
		{ "flags", "task_struct", "scx.flags" },
	};
	struct ktstr_place list;
	uint64_t sched, rq, kva, jiffies, timeout;
	int ret = ktstr_monitor__jiffies(m, &jiffies);

	*w = (struct ktstr_dump_wait){ .longest = 0 };
	if (ret || ktstr_root__now(&m->view, &sched) || !sched ||
	    ktstr_kview__symbol(&m->view, "runqueues", &rq))
		return ret ?: -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		ktstr_place__find(&f[i].place, m->view.img->btf, f[i].type, f[i].path);
	ktstr_place__find(&list, m->view.img->btf, "rq", "scx.runnable_list");
	if (!list.found || !f[0].place.found)
		return -ENOENT;
	for (uint32_t cpu = 0; cpu < m->view.nr_cpus; cpu++)
		if (!ktstr_kview__per_cpu(&m->view, rq, cpu, &kva))
			wait_on_cpu(&m->view, kva, &list, f, jiffies, &w->longest);
	if (!ktstr_monitor__watchdog_timeout(m, &timeout))
		w->half_watchdog = timeout / 2;
	return 0;
}

int ktstr_dump__find_task(struct ktstr_monitor *m, int32_t pid, uint64_t *kva)
{
	struct ktstr_jtree none = { .max = 0 };
	struct dump d = {
		.tree = &none, .mon = m, .v = &m->view, .btf = m->view.img->btf,
		.start_ns = ktstr_now_ns(),
	};
	int ret = -ESRCH;

	if (ktstr_kview__attach(d.v))
		return -EAGAIN;
	dump_tasks__list(&d);
	for (unsigned int i = 0; i < d.nr_tasks && ret; i++)
		if (d.task[i].pid == pid && d.task[i].kva) {
			*kva = d.task[i].kva;
			ret = 0;
		}
	free(d.task);
	free(d.by_kva);
	return ret;
}

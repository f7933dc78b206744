// SPDX-License-Identifier: GPL-2.0
/* The lists of runnable tasks: see kthread.h. The guest may run, and change them meanwhile. */
#include <string.h>

#include "kthread.h"

#define MAX_TASKS	256		/* of one CPU */

void ktstr_kthreads__resolve(struct ktstr_kthreads *k, const struct ktstr_btf *btf)
{
	ktstr_place__find(&k->list, btf, "rq", "scx.runnable_list");
	ktstr_place__find(&k->node, btf, "task_struct", "scx.runnable_node");
	ktstr_place__find_number(&k->runnable_at, btf, "task_struct", "scx.runnable_at");
	ktstr_place__find_number(&k->flags, btf, "task_struct", "flags");
	ktstr_place__find_number(&k->pid, btf, "task_struct", "pid");
	ktstr_place__find(&k->comm, btf, "task_struct", "comm");
}

static void keep(struct ktstr_kthreads *k, const struct ktstr_kthread_wait *w)
{
	uint32_t i;

	for (i = 0; i < k->nr; i++)
		if (k->wait[i].pid == w->pid)
			break;
	if (i == KTSTR_MAX_KTHREADS) {
		k->dropped++;
		return;
	}
	if (i == k->nr)
		k->nr++;
	if (k->wait[i].for_ns <= w->for_ns)
		k->wait[i] = *w;
}

static void look_at_task(struct ktstr_kthreads *k, struct ktstr_kview *v, uint64_t task,
			 uint64_t jiffies, uint64_t min_jiffies, uint64_t tick_ns,
			 struct ktstr_kthread_wait *w)
{
	uint64_t since, flags;

	if (ktstr_place__load(v, &k->runnable_at, task, &since) ||
	    ktstr_place__load(v, &k->flags, task, &flags) || !(flags & KTSTR_PF_KTHREAD))
		return;
	/* one that became runnable since jiffies were read */
	if ((int64_t)(jiffies - since) < 0 || jiffies - since < min_jiffies)
		return;
	w->for_ns = (jiffies - since) * tick_ns;
	if (ktstr_place__load(v, &k->pid, task, &w->pid) ||
	    ktstr_kview__string(v, task + k->comm.field.offset, w->comm, sizeof(w->comm)))
		return;
	keep(k, w);
}

void ktstr_kthreads__look(struct ktstr_kthreads *k, struct ktstr_monitor *m, uint64_t jiffies,
			  uint64_t tick_ns, uint64_t min_ns, uint64_t time_ns)
{
	struct ktstr_kthread_wait w = { .time_ns = time_ns };
	struct ktstr_kview *v = &m->view;
	uint64_t rq, head, node;
	unsigned int i;

	if (!tick_ns || !k->list.found || !k->node.found || !k->comm.found)
		return;
	for (w.cpu = 0; w.cpu < v->nr_cpus; w.cpu++) {
		if (ktstr_kview__per_cpu(v, m->rq, w.cpu, &rq))
			return;
		head = rq + k->list.field.offset;
		if (ktstr_kview__load(v, head, 8, &node))
			continue;
		/* a list that is changed under our eyes may lead anywhere: the end is bounded */
		for (i = 0; i < MAX_TASKS && node && node != head; i++) {
			look_at_task(k, v, node - k->node.field.offset, jiffies, min_ns / tick_ns,
				     tick_ns, &w);
			if (ktstr_kview__load(v, node, 8, &node))
				break;
		}
	}
}

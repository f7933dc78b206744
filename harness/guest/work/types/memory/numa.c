// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks with memory on another node. NumaMigrationChurn moves the task from node to node and
 * leaves its memory behind: each round begins with a forced migration across the interconnect,
 * which invalidates the statistics of NUMA balancing. NumaWorkingSetSweep keeps the task where it
 * is and moves its working set, which a NUMA-aware scheduler may follow.
 *
 * On a machine with one node both only sleep, which is valid but does not test NUMA.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

#define NODES_MAX	1024	/* the largest CONFIG_NODES_SHIFT is 10 */
#define NODE_WORDS	(NODES_MAX / (8 * sizeof(unsigned long)))

/* ---- NumaMigrationChurn ---- */

struct migration {
	uint32_t nr, next;
	cpu_set_t cpus[];		/* of each node that has any of ours */
};

/* Those of our CPUs that lie in @m, NULL for all. */
static void add_node(struct ktstr_work_ctx *w, struct migration *g, const struct ktstr_cpumask *m)
{
	cpu_set_t *set = &g->cpus[g->nr];
	uint32_t cpu;

	CPU_ZERO(set);
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++)
		if (ktstr_cpumask__test(w->cpus, cpu) && (!m || ktstr_cpumask__test(m, cpu)))
			CPU_SET(cpu, set);
	if (CPU_COUNT(set))
		g->nr++;
}

static void migration_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->numa_migration_churn.period_ns, 100 * NSEC_PER_MSEC);
}

static const char *migration_validate(const struct ktstr_work *work)
{
	if (work->numa_migration_churn.period_ns > WORK_MAX_NS)
		return "period_ns exceeds an hour";
	return NULL;
}

static int migration_init(struct ktstr_work_ctx *w)
{
	struct ktstr_cpumask nodes = { }, cpus;
	struct migration *g;
	char path[64];
	uint32_t node;

	work_read_list("/sys/devices/system/node/has_cpu", &nodes);
	g = calloc(1, sizeof(*g) + (ktstr_cpumask__weight(&nodes) + 1) * sizeof(cpu_set_t));
	if (!g)
		return -ENOMEM;
	w->priv = g;
	for (node = 0; node < KTSTR_MAX_CPUS; node++) {
		if (!ktstr_cpumask__test(&nodes, node))
			continue;
		memset(&cpus, 0, sizeof(cpus));
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpulist", node);
		if (work_read_list(path, &cpus))
			add_node(w, g, &cpus);
	}
	if (!g->nr)
		add_node(w, g, NULL);	/* a kernel without NUMA */
	return g->nr ? 0 : -EINVAL;
}

/* A node that an op took out of the cpuset meanwhile is refused; the task stays where it is. */
static void migration_iterate(struct ktstr_work_ctx *w)
{
	struct migration *g = w->priv;

	sched_setaffinity(0, sizeof(g->cpus[0]), &g->cpus[g->next]);
	g->next = (g->next + 1) % g->nr;
	work_sleep_sampled(w, w->work->numa_migration_churn.period_ns);
	work_spin(w, WORK_WAKE_SPIN);
}

const struct ktstr_work_row ktstr_work_numa_migration_churn = {
	.name = "NumaMigrationChurn",
	.description = "Moves itself to the CPUs of the next NUMA node and sleeps there: its "
		"memory stays behind. Unit: as in SpinWait. Wake sample: how late the sleep "
		"ended.",
	.parameters = "period_ns = 100000000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = migration_defaults,
	.validate = migration_validate,
	.init = migration_init,
	.iterate = migration_iterate,
	.fini = work_free_priv,
};

/* ---- NumaWorkingSetSweep ---- */

struct sweep {
	volatile uint8_t *mem;
	size_t size, page;
	uint32_t nr, next;		/* nr 0: a kernel without NUMA */
	uint16_t node[NODES_MAX];	/* that we may allocate from */
};

static void sweep_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->numa_working_set_sweep.kib, 4096);
	WORK_DEFAULT(work->numa_working_set_sweep.period_ns, 100 * NSEC_PER_MSEC);
}

static const char *sweep_validate(const struct ktstr_work *work)
{
	const char *nodes = work->numa_working_set_sweep.nodes;
	struct ktstr_cpumask m;

	if (nodes && (ktstr_cpumask__parse(nodes, &m) || !ktstr_cpumask__weight(&m)))
		return "nodes is no list of NUMA nodes, such as \"0,2-3\"";
	if (work->numa_working_set_sweep.period_ns > WORK_MAX_NS)
		return "period_ns exceeds an hour";
	return NULL;
}

/* Those of @list that we may allocate from; NULL: all. -ENODEV: one of @list is missing. */
static int find_nodes(struct sweep *s, const char *list)
{
	const size_t bits = 8 * sizeof(unsigned long);
	unsigned long mask[NODE_WORDS] = { };
	struct ktstr_cpumask wanted;
	uint32_t i;

	/* The kernel reads one bit less than it is told (mm/mempolicy.c, get_nodes()). */
	if (syscall(SYS_get_mempolicy, NULL, mask, NODES_MAX + 1, NULL, MPOL_F_MEMS_ALLOWED))
		return errno == ENOSYS ? list ? -ENODEV : 0 : -errno;
	if (list && ktstr_cpumask__parse(list, &wanted))
		return -EINVAL;
	for (i = 0; i < NODES_MAX; i++) {
		if (list && (i >= KTSTR_MAX_CPUS || !ktstr_cpumask__test(&wanted, i)))
			continue;
		if (mask[i / bits] >> (i % bits) & 1)
			s->node[s->nr++] = i;
		else if (list)
			return -ENODEV;
	}
	return s->nr ? 0 : -EINVAL;
}

static int sweep_init(struct ktstr_work_ctx *w)
{
	struct sweep *s = calloc(1, sizeof(*s));
	void *mem;
	int ret;

	if (!s)
		return -ENOMEM;
	w->priv = s;
	ret = find_nodes(s, w->work->numa_working_set_sweep.nodes);
	if (ret)
		return ret;
	s->next = w->index;		/* neighbours begin at different nodes */
	s->page = sysconf(_SC_PAGESIZE);
	s->size = w->work->numa_working_set_sweep.kib * (size_t)1024;
	mem = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	s->mem = mem;
	return 0;
}

/* The region to @node, pages that exist included. 0 or -errno. */
static int bind_to(struct sweep *s, uint32_t node)
{
	const size_t bits = 8 * sizeof(unsigned long);
	unsigned long mask[NODE_WORDS] = { };

	mask[node / bits] = 1UL << (node % bits);
	return syscall(SYS_mbind, s->mem, s->size, MPOL_BIND, mask, NODES_MAX + 1,
		       MPOL_MF_MOVE) ? -errno : 0;
}

/* A node that an op took out of cpuset.mems meanwhile is refused: no progress, no units. */
static void sweep_iterate(struct ktstr_work_ctx *w)
{
	struct sweep *s = w->priv;
	size_t at;
	int ret = 0;

	if (s->nr)
		ret = bind_to(s, s->node[s->next++ % s->nr]);
	for (at = 0; !ret && at < s->size; at += s->page) {
		s->mem[at]++;
		w->units++;
		if (!(at / s->page & 255) && work_stopped(w))
			return;
	}
	work_sleep_sampled(w, w->work->numa_working_set_sweep.period_ns);
}

static void sweep_fini(struct ktstr_work_ctx *w)
{
	struct sweep *s = w->priv;

	if (s && s->mem)
		munmap((void *)s->mem, s->size);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_numa_working_set_sweep = {
	.name = "NumaWorkingSetSweep",
	.description = "Moves its memory to the next NUMA node (of nodes; NULL: of all that it may "
		"use), touches every page and sleeps; the task itself stays where it is. "
		"Unit: a page. Wake sample: how late the sleep ended.",
	.parameters = "kib = 4096, period_ns = 100000000, nodes = NULL",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = sweep_defaults,
	.validate = sweep_validate,
	.init = sweep_init,
	.iterate = sweep_iterate,
	.fini = sweep_fini,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * The machine from sysfs. Node lists have the format of CPU lists, so the same bitmap serves
 * for both.
 *
 * The LLC of a CPU is its cache of the highest level, identified by the cache's id or, where the
 * architecture has none, by the lowest CPU that shares it. A machine without cache information has
 * one LLC. Files are read once per cache and once per core, not once per CPU, as each read takes
 * microseconds in an emulated guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "machine.h"

#define MAX_CACHES	16	/* index0.. of one CPU */

/* One line without its newline. Length or -errno. */
static ssize_t read_line(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static ssize_t read_line(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	n = guest_file__text(path, buf, size);
	if (n < 0)
		return n;
	buf[strcspn(buf, "\n")] = '\0';
	return (ssize_t)strlen(buf);
}

/* 0 or -errno; an empty list is an empty set. */
static int parse_list(const char *text, ssize_t len, struct ktstr_cpumask *m)
{
	memset(m, 0, sizeof(*m));
	if (len < 0)
		return (int)len;
	return len ? ktstr_cpumask__parse(text, m) : 0;
}

static void mask_and(struct ktstr_cpumask *m, const struct ktstr_cpumask *by)
{
	size_t i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		m->bits[i] &= by->bits[i];
}

struct llc {
	long id;
	struct ktstr_cpumask cpus;
};

/* The cache of the highest level. 0, or -errno when the CPU has none in sysfs. */
static int read_llc(const char *sysfs, uint32_t cpu, struct llc *llc)
{
	static const char dir[] = "%s/devices/system/cpu/cpu%u/cache/index%u/%s";
	long level, best = 0;
	uint32_t i, at = 0, first;
	char buf[2048];

	for (i = 0; i < MAX_CACHES; i++) {
		if (read_line(buf, sizeof(buf), dir, sysfs, cpu, i, "level") <= 0)
			break;
		level = strtol(buf, NULL, 10);
		if (level > best) {
			best = level;
			at = i;
		}
	}
	if (!best)
		return -ENOENT;
	if (parse_list(buf, read_line(buf, sizeof(buf), dir, sysfs, cpu, at,
				      "shared_cpu_list"), &llc->cpus) ||
	    !ktstr_cpumask__test(&llc->cpus, cpu))
		return -EINVAL;
	for (first = 0; !ktstr_cpumask__test(&llc->cpus, first); first++)
		;
	llc->id = first;
	if (read_line(buf, sizeof(buf), dir, sysfs, cpu, at, "id") > 0)
		llc->id = strtol(buf, NULL, 10);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct llc *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int read_llcs(struct ktstr_machine *m, const char *sysfs)
{
	struct llc *llcs = calloc(KTSTR_MAX_CPUS, sizeof(*llcs)), rest = { .id = LONG_MIN };
	struct ktstr_cpumask seen = { };
	uint32_t cpu, i, nr = 0;

	if (!llcs)
		return -ENOMEM;
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (!ktstr_cpumask__test(&m->online, cpu) || ktstr_cpumask__test(&seen, cpu))
			continue;
		if (read_llc(sysfs, cpu, &llcs[nr])) {
			ktstr_cpumask__set(&rest.cpus, cpu);
			continue;
		}
		mask_and(&llcs[nr].cpus, &m->online);
		ktstr_cpumask__or(&seen, &llcs[nr].cpus);
		nr++;
	}
	/* CPUs without cache information belong to LLC 0. */
	qsort(llcs, nr, sizeof(*llcs), by_id);
	for (i = 0; i < nr; i++)
		m->llcs[i] = llcs[i].cpus;
	ktstr_cpumask__or(&m->llcs[0], &rest.cpus);
	m->nr_llcs = nr ? nr : 1;
	free(llcs);
	return 0;
}

/* Its MemTotal and its distances; what cannot be read stays 0. */
static void read_node(struct ktstr_machine *m, const char *sysfs, uint32_t node)
{
	static const char dir[] = "%s/devices/system/node/node%u/%s";
	char buf[4096], path[PATH_MAX], *p, *end;
	unsigned long v;
	uint32_t to;

	snprintf(path, sizeof(path), dir, sysfs, node, "meminfo");
	p = guest_file__text(path, buf, sizeof(buf)) > 0 ? strstr(buf, "MemTotal:") : NULL;
	if (p)
		m->memory_kib[node] = strtoull(p + strlen("MemTotal:"), NULL, 10);
	if (read_line(buf, sizeof(buf), dir, sysfs, node, "distance") <= 0)
		return;
	/* one number for each node that exists, in their order */
	for (to = 0, p = buf; to < KTSTR_MAX_NODES; to++) {
		if (!ktstr_cpumask__test(&m->existing_nodes, to))
			continue;
		v = strtoul(p, &end, 10);
		if (end == p || v > UINT8_MAX)
			return;
		m->distance[node][to] = (uint8_t)v;
		p = end;
	}
}

static void read_nodes(struct ktstr_machine *m, const char *sysfs)
{
	static const char dir[] = "%s/devices/system/node/%s";
	char buf[2048];
	uint32_t node;

	parse_list(buf, read_line(buf, sizeof(buf), dir, sysfs, "has_memory"), &m->memory_nodes);
	parse_list(buf, read_line(buf, sizeof(buf), dir, sysfs, "online"), &m->existing_nodes);
	ktstr_cpumask__or(&m->existing_nodes, &m->memory_nodes);
	for (node = 0; node < KTSTR_MAX_CPUS; node++) {
		if (!ktstr_cpumask__test(&m->existing_nodes, node))
			continue;
		parse_list(buf, read_line(buf, sizeof(buf), "%s/devices/system/node/node%u/cpulist",
					  sysfs, node), &m->nodes[node]);
		mask_and(&m->nodes[node], &m->online);
		if (node < KTSTR_MAX_NODES)
			read_node(m, sysfs, node);
		m->nr_nodes = node + 1;
	}
	if (m->nr_nodes)
		return;
	m->nr_nodes = 1;	/* a kernel without NUMA */
	m->nodes[0] = m->online;
}

static void read_siblings(struct ktstr_machine *m, const char *sysfs)
{
	struct ktstr_cpumask core;
	uint32_t cpu, other;
	char buf[2048];

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (!ktstr_cpumask__test(&m->online, cpu) ||
		    ktstr_cpumask__weight(&m->siblings[cpu]))
			continue;
		parse_list(buf, read_line(buf, sizeof(buf),
					  "%s/devices/system/cpu/cpu%u/topology/thread_siblings_list",
					  sysfs, cpu), &core);
		ktstr_cpumask__set(&core, cpu);
		mask_and(&core, &m->online);
		for (other = cpu; other < KTSTR_MAX_CPUS; other++)
			if (ktstr_cpumask__test(&core, other))
				m->siblings[other] = core;
	}
}

struct ktstr_machine *ktstr_machine__read(const char *sysfs, struct ktstr_err *err)
{
	struct ktstr_machine *m = calloc(1, sizeof(*m));
	char buf[2048];
	int ret;

	if (!m) {
		ktstr_err(err, ENOMEM, "machine: %s", strerror(ENOMEM));
		return NULL;
	}
	ret = parse_list(buf, read_line(buf, sizeof(buf), "%s/devices/system/cpu/online", sysfs),
			 &m->online);
	if (!ret && !ktstr_cpumask__weight(&m->online))
		ret = -EINVAL;
	if (!ret)
		ret = read_llcs(m, sysfs);
	if (ret) {
		ktstr_err(err, -ret, "%s/devices/system/cpu/online: %s; is sysfs mounted?", sysfs,
			  strerror(-ret));
		free(m);
		return NULL;
	}
	read_nodes(m, sysfs);
	read_siblings(m, sysfs);
	return m;
}

struct ktstr_machine *ktstr_machine__of(const struct ktstr_topology *topo,
					const struct ktstr_numa_node *nodes,
					const uint8_t *distances)
{
	uint32_t per_llc = topo->cores * topo->threads, left, node = 0, cpu, i, j;
	struct ktstr_machine *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->nr_llcs = topo->llcs;
	m->nr_nodes = topo->numa_nodes;
	left = (nodes ? nodes[0].llcs : topo->llcs / topo->numa_nodes) * per_llc;
	for (cpu = 0; cpu < topo->llcs * per_llc && cpu < KTSTR_MAX_CPUS; cpu++) {
		/* of the LLCs of this node; a machine that is checked has a node for each CPU */
		while (!left && node + 1 < topo->numa_nodes) {
			node++;
			left = (nodes ? nodes[node].llcs : topo->llcs / topo->numa_nodes) * per_llc;
		}
		left--;
		ktstr_cpumask__set(&m->online, cpu);
		ktstr_cpumask__set(&m->llcs[cpu / per_llc], cpu);
		ktstr_cpumask__set(&m->nodes[node], cpu);
		ktstr_cpumask__set(&m->existing_nodes, node);
		for (i = 0; i < topo->threads; i++)
			ktstr_cpumask__set(&m->siblings[cpu], cpu - cpu % topo->threads + i);
	}
	for (i = 0; i < topo->numa_nodes; i++) {
		ktstr_cpumask__set(&m->existing_nodes, i);
		for (j = 0; j < topo->numa_nodes; j++)
			m->distance[i][j] = distances ? distances[i * topo->numa_nodes + j] :
					    i == j ? 10 : 20;
	}
	m->memory_nodes = m->existing_nodes;
	return m;
}

static int find(const struct ktstr_cpumask *sets, uint32_t nr, uint32_t cpu)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (ktstr_cpumask__test(&sets[i], cpu))
			return (int)i;
	return -1;
}

int ktstr_llc_of(const struct ktstr_machine *m, uint32_t cpu)
{
	return find(m->llcs, m->nr_llcs, cpu);
}

int ktstr_node_of(const struct ktstr_machine *m, uint32_t cpu)
{
	return find(m->nodes, m->nr_nodes, cpu);
}

void ktstr_machine__nodes(const struct ktstr_machine *m, const struct ktstr_cpumask *cpus,
			  struct ktstr_cpumask *nodes)
{
	uint32_t node;
	size_t i;

	memset(nodes, 0, sizeof(*nodes));
	for (node = 0; node < m->nr_nodes; node++)
		for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
			if (m->nodes[node].bits[i] & cpus->bits[i])
				ktstr_cpumask__set(nodes, node);
}

void ktstr_machine__memory_only(const struct ktstr_machine *m, struct ktstr_cpumask *nodes)
{
	uint32_t node;

	memset(nodes, 0, sizeof(*nodes));
	for (node = 0; node < m->nr_nodes; node++)
		if (ktstr_cpumask__test(&m->memory_nodes, node) &&
		    !ktstr_cpumask__weight(&m->nodes[node]))
			ktstr_cpumask__set(nodes, node);
}

void ktstr_machine__mems(const struct ktstr_machine *m, const struct ktstr_cpumask *cpus,
			 char *list, size_t size)
{
	struct ktstr_cpumask nodes;

	ktstr_machine__nodes(m, cpus, &nodes);
	mask_and(&nodes, &m->memory_nodes);
	ktstr_cpumask__format(&nodes, list, size);
}

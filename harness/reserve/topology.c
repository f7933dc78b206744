// SPDX-License-Identifier: GPL-2.0
/* Reads Documentation/ABI/testing/sysfs-devices-system-cpu and -node: see topology.h. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "topology.h"

#define TEXT_BYTES	(64u << 10)	/* a list of 8192 single CPUs fits */
#define MAX_INDEXES	10		/* cache/index%u */
#define MAX_LEVEL	9
/* A cache that is not of the machine's highest level has this times its level before its id. */
#define LEVEL_FACTOR	1000000u
#define LOCAL_DISTANCE	10		/* include/linux/topology.h, of nodes whose tables say nothing */
#define REMOTE_DISTANCE	20

struct reader {
	const char *sysfs;
	struct host_topology *t;
	char *text;			/* TEXT_BYTES */
};

static bool read_file(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* False: it is not there, or too long. */
static bool read_file(struct reader *r, const char *fmt, ...)
{
	char rest[128], path[PATH_MAX];
	ssize_t len;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	if (ktstr_paths__fmt(path, sizeof(path), "%s/devices/system/%s", r->sysfs, rest))
		return false;
	len = guest_file__read(path, r->text, TEXT_BYTES);
	return len >= 0 && len < (ssize_t)TEXT_BYTES - 1;
}

/* Only the first trouble of a kind is told; there is one sentence for each. */
static void trouble(struct reader *r, const char *sentence)
{
	struct host_topology *t = r->t;
	size_t len = strlen(t->trouble);

	if (!strstr(t->trouble, sentence))
		snprintf(t->trouble + len, sizeof(t->trouble) - len, "%s%s", len ? "; " : "", sentence);
}

static bool number(struct reader *r, uint32_t *v)
{
	return !ktstr_parse_u32(r->text, 0, UINT32_MAX, v);
}

/* The data cache of the highest level, which is put into *@best: its index, or -1. */
static int last_level(struct reader *r, uint32_t cpu, uint32_t *best)
{
	uint32_t level;
	int index = -1;

	*best = 0;
	for (int i = 0; i < MAX_INDEXES; i++) {
		if (!read_file(r, "cpu/cpu%u/cache/index%d/level", cpu, i) || !number(r, &level) ||
		    level <= *best || level > MAX_LEVEL)
			continue;
		if (read_file(r, "cpu/cpu%u/cache/index%d/type", cpu, i) &&
		    !strcmp(r->text, "Instruction"))
			continue;
		*best = level;
		index = i;
	}
	return index;
}

/* The lowest CPU of a list in a file; false: there is no such file, or no such list. */
static bool lowest(struct reader *r, uint32_t *cpu)
{
	struct hostcpus s;

	if (hostcpus__parse(r->text, &s))
		return false;
	*cpu = hostcpus__next(&s, 0);
	return *cpu < KTSTR_HOST_MAX_CPUS;
}

static uint32_t llc_id(struct reader *r, uint32_t cpu, uint32_t *level)
{
	int index = last_level(r, cpu, level);
	uint32_t id;

	if (index >= 0 && read_file(r, "cpu/cpu%u/cache/index%d/id", cpu, index) && number(r, &id))
		return id;
	if (index >= 0 && read_file(r, "cpu/cpu%u/cache/index%d/shared_cpu_list", cpu, index) &&
	    lowest(r, &id)) {
		trouble(r, "sysfs has no ids of caches: they are named after their first CPU");
		return id;
	}
	trouble(r, "sysfs does not say which CPUs share a cache: they count as one LLC");
	return 0;
}

static uint32_t core_of(struct reader *r, uint32_t cpu)
{
	uint32_t core;

	/* the second one is the name before 5.3 */
	if ((read_file(r, "cpu/cpu%u/topology/core_cpus_list", cpu) ||
	     read_file(r, "cpu/cpu%u/topology/thread_siblings_list", cpu)) && lowest(r, &core))
		return core;
	trouble(r, "sysfs does not say which CPUs are threads of one core: each counts as a core");
	return cpu;
}

static int by_llc(const void *a, const void *b)
{
	const struct host_cpu *x = a, *y = b;

	/* llc is still the id */
	if (x->llc != y->llc)
		return x->llc < y->llc ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int read_cpus(struct reader *r, const struct hostcpus *allowed, struct ktstr_err *err)
{
	struct host_topology *t = r->t;
	struct hostcpus online;
	uint32_t id, highest = 0;
	struct host_cpu *c;
	int ret;

	if (!read_file(r, "cpu/online"))
		return ktstr_err(err, ENOENT, "%s/devices/system/cpu/online cannot be read", r->sysfs);
	ret = hostcpus__parse(r->text, &online);
	if (ret || !hostcpus__weight(&online))
		return ktstr_err(err, EBADMSG, "%s/devices/system/cpu/online: '%.40s' is no list of CPUs",
				 r->sysfs, r->text);
	t->cpu = calloc(hostcpus__weight(&online), sizeof(*t->cpu));
	t->llc = calloc(hostcpus__weight(&online), sizeof(*t->llc));
	if (!t->cpu || !t->llc)
		return ktstr_err(err, ENOMEM, "no memory for the host's topology");
	for (id = hostcpus__next(&online, 0); id < KTSTR_HOST_MAX_CPUS;
	     id = hostcpus__next(&online, id + 1)) {
		c = &t->cpu[t->nr_cpus++];
		*c = (struct host_cpu){
			.id = id, .core = core_of(r, id), .allowed = hostcpus__test(allowed, id),
		};
		c->llc = llc_id(r, id, &c->level);
		t->nr_allowed += c->allowed;
		if (c->level > highest)
			highest = c->level;
	}
	/* cores without an L3 beside others that share one: ids are unique within a level only */
	for (c = t->cpu; c < t->cpu + t->nr_cpus; c++)
		if (c->level < highest)
			c->llc = c->level * LEVEL_FACTOR + c->llc % LEVEL_FACTOR;
	if (!t->nr_allowed)
		return ktstr_err(err, ENODEV,
				 "sysfs and the affinity disagree: none of the CPUs that this process may use is online");
	qsort(t->cpu, t->nr_cpus, sizeof(*t->cpu), by_llc);
	return 0;
}

/* "10 21 31": to the nodes in the order of their numbers. */
static void read_distances(struct reader *r, uint32_t from)
{
	struct host_topology *t = r->t;
	const char *p = r->text;
	uint64_t d;

	if (!read_file(r, "node/node%u/distance", from))
		return;
	for (uint32_t to = 0; to < KTSTR_HOST_MAX_NODES; to++) {
		if (!(t->nodes >> to & 1))
			continue;
		p += *p == ' ';
		if (!ktstr_take_u64(&p, 10, &d) || d > UINT8_MAX) {
			trouble(r, "distances of nodes are incomplete");
			return;
		}
		t->distance[from][to] = (uint8_t)d;
	}
}

static void read_nodes(struct reader *r)
{
	struct host_topology *t = r->t;
	struct hostcpus nodes, cpus;
	uint32_t node;

	memset(t->distance, REMOTE_DISTANCE, sizeof(t->distance));
	for (node = 0; node < KTSTR_HOST_MAX_NODES; node++)
		t->distance[node][node] = LOCAL_DISTANCE;
	t->nodes = 1;
	/* a kernel without NUMA has none */
	if (!read_file(r, "node/online"))
		return;
	if (hostcpus__parse(r->text, &nodes) || !hostcpus__weight(&nodes)) {
		trouble(r, "the list of nodes is damaged: there is one");
		return;
	}
	t->nodes = nodes.bits[0];
	if (hostcpus__next(&nodes, KTSTR_HOST_MAX_NODES) < KTSTR_HOST_MAX_CPUS)
		trouble(r, "nodes from 64 on count as node 0");
	for (node = 0; node < KTSTR_HOST_MAX_NODES; node++) {
		if (!(t->nodes >> node & 1))
			continue;
		if (!read_file(r, "node/node%u/cpulist", node) || hostcpus__parse(r->text, &cpus)) {
			trouble(r, "sysfs does not have the CPUs of all nodes: others are on node 0");
			continue;
		}
		for (uint32_t i = 0; i < t->nr_cpus; i++)
			if (hostcpus__test(&cpus, t->cpu[i].id))
				t->cpu[i].node = node;
		read_distances(r, node);
	}
}

/* The node of most of the CPUs of @l; of several the lowest. */
static uint32_t vote(const struct host_topology *t, const struct host_llc *l)
{
	uint32_t votes[KTSTR_HOST_MAX_NODES] = { 0 }, best = 0;

	for (uint32_t i = l->first; i < l->first + l->nr; i++)
		votes[t->cpu[i].node]++;
	for (uint32_t n = 1; n < KTSTR_HOST_MAX_NODES; n++)
		if (votes[n] > votes[best])
			best = n;
	return best;
}

static void group(struct host_topology *t)
{
	struct host_llc *l = NULL;

	for (uint32_t i = 0; i < t->nr_cpus; i++) {
		struct host_cpu *c = &t->cpu[i];

		if (!l || l->id != c->llc) {
			l = &t->llc[t->nr_llcs++];
			*l = (struct host_llc){ .id = c->llc, .first = i };
		}
		l->nr++;
		l->nr_allowed += c->allowed;
		c->llc = t->nr_llcs - 1;
	}
	for (uint32_t i = 0; i < t->nr_llcs; i++)
		t->llc[i].node = vote(t, &t->llc[i]);
}

int host_topology__read(struct host_topology *t, const char *sysfs, const struct hostcpus *allowed,
			struct ktstr_err *err)
{
	struct reader r = { .sysfs = sysfs, .t = t, .text = malloc(TEXT_BYTES) };
	int ret;

	memset(t, 0, sizeof(*t));
	if (!r.text)
		return ktstr_err(err, ENOMEM, "no memory for the host's topology");
	ret = read_cpus(&r, allowed, err);
	if (!ret) {
		read_nodes(&r);
		group(t);
	} else {
		host_topology__free(t);
	}
	free(r.text);
	return ret;
}

int host_topology__here(struct host_topology *t, struct ktstr_err *err)
{
	struct hostcpus allowed;
	int ret = hostcpus__get_affinity(&allowed);

	if (ret) {
		memset(t, 0, sizeof(*t));
		return ktstr_err(err, -ret, "sched_getaffinity: %s", strerror(-ret));
	}
	return host_topology__read(t, "/sys", &allowed, err);
}

void host_topology__free(struct host_topology *t)
{
	free(t->cpu);
	free(t->llc);
	memset(t, 0, sizeof(*t));
}

uint8_t host_topology__distance(const struct host_topology *t, uint32_t a, uint32_t b)
{
	return a < KTSTR_HOST_MAX_NODES && b < KTSTR_HOST_MAX_NODES ? t->distance[a][b] : UINT8_MAX;
}

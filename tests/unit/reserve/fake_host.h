/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A folder that looks like /sys of a machine. CPUs are numbered as x86 does: first one thread of each
 * core, LLC by LLC, then the second ones.
 */
#ifndef KTSTR_TEST_FAKE_HOST_H
#define KTSTR_TEST_FAKE_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/reserve/topology.h"
#include "lib/paths.h"

struct fake_host {
	char root[64];
	uint32_t nodes, llcs, cores, threads;	/* llcs in total, cores per LLC */
};

static inline void fake_put(const struct fake_host *f, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline void fake_put(const struct fake_host *f, const char *text, const char *fmt, ...)
{
	char path[256], rest[160], *slash;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/devices/system/%s", f->root, rest);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (ktstr_paths__mkdirs(path))
		abort();
	*slash = '/';
	if (ktstr_paths__write(path, text, strlen(text)))
		abort();
}

static inline uint32_t fake_cpu(const struct fake_host *f, uint32_t llc, uint32_t core, uint32_t thread)
{
	return thread * f->llcs * f->cores + llc * f->cores + core;
}

/* "0-3,8-11": the CPUs of LLCs [@llc, @llc + @nr). */
static inline void fake_cpus_of(const struct fake_host *f, uint32_t llc, uint32_t nr, char *buf,
				size_t size)
{
	size_t len = 0;

	for (uint32_t t = 0; t < f->threads; t++)
		len += (size_t)snprintf(buf + len, size - len, "%s%u-%u", t ? "," : "",
					fake_cpu(f, llc, 0, t),
					fake_cpu(f, llc + nr - 1, f->cores - 1, t));
	snprintf(buf + len, size - len, "\n");
}

static inline void fake_put_cpu(const struct fake_host *f, uint32_t llc, uint32_t core, uint32_t thread)
{
	uint32_t cpu = fake_cpu(f, llc, core, thread);
	char shared[64], siblings[64], id[16];

	snprintf(siblings, sizeof(siblings), f->threads > 1 ? "%u,%u\n" : "%u\n",
		 fake_cpu(f, llc, core, 0), fake_cpu(f, llc, core, 1));
	fake_cpus_of(f, llc, 1, shared, sizeof(shared));
	snprintf(id, sizeof(id), "%u\n", llc);
	fake_put(f, siblings, "cpu/cpu%u/topology/core_cpus_list", cpu);
	fake_put(f, "1\n", "cpu/cpu%u/cache/index0/level", cpu);
	fake_put(f, "Data\n", "cpu/cpu%u/cache/index0/type", cpu);
	fake_put(f, "3\n", "cpu/cpu%u/cache/index3/level", cpu);
	fake_put(f, "Unified\n", "cpu/cpu%u/cache/index3/type", cpu);
	fake_put(f, id, "cpu/cpu%u/cache/index3/id", cpu);
	fake_put(f, shared, "cpu/cpu%u/cache/index3/shared_cpu_list", cpu);
}

static inline void fake_make(struct fake_host *f)
{
	uint32_t per_node = f->llcs / f->nodes, n, to;
	char text[512];
	size_t len;

	/* In memory: ext4 searches long for inodes that were not in use a few seconds ago. */
	strcpy(f->root, "/dev/shm/fake-sysfs-XXXXXX");
	if (!mkdtemp(f->root)) {
		strcpy(f->root, "/tmp/fake-sysfs-XXXXXX");
		if (!mkdtemp(f->root))
			abort();
	}
	snprintf(text, sizeof(text), "0-%u\n", f->llcs * f->cores * f->threads - 1);
	fake_put(f, text, "cpu/online");
	for (uint32_t l = 0; l < f->llcs; l++)
		for (uint32_t c = 0; c < f->cores; c++)
			for (uint32_t t = 0; t < f->threads; t++)
				fake_put_cpu(f, l, c, t);
	snprintf(text, sizeof(text), f->nodes > 1 ? "0-%u\n" : "%u\n", f->nodes - 1);
	fake_put(f, text, "node/online");
	for (n = 0; n < f->nodes; n++) {
		fake_cpus_of(f, n * per_node, per_node, text, sizeof(text));
		fake_put(f, text, "node/node%u/cpulist", n);
		for (to = 0, len = 0; to < f->nodes; to++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", to ? " " : "",
						to == n ? 10 : 10 + 10 * (n > to ? n - to : to - n));
		snprintf(text + len, sizeof(text) - len, "\n");
		fake_put(f, text, "node/node%u/distance", n);
	}
}

static inline void fake_remove(const struct fake_host *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", f->root);
	if (system(command))
		abort();
}

/* All CPUs but those in @without ("": none). */
static inline struct hostcpus fake_allowed(const struct fake_host *f, const char *without)
{
	struct hostcpus all = { { 0 } }, no;

	if (hostcpus__parse(without, &no))
		abort();
	for (uint32_t i = 0; i < f->llcs * f->cores * f->threads; i++)
		if (!hostcpus__test(&no, i))
			hostcpus__set(&all, i);
	return all;
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Figures about a worker from /proc. Each of 512 workers that end together reads them, so their
 * cost matters: on a machine with one NUMA node a sum is used instead of a walk through page
 * tables.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

/* The first line of a file without its newline; false when there is none. */
static bool first_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* CPU time, run delay, timeslices. */
bool ktstr_schedstat(pid_t tid, struct ktstr_sched_figures *f)
{
	unsigned long long v[3];
	char path[40], buf[96];

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/schedstat", tid);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/schedstat");
	if (!first_line(path, buf, sizeof(buf)) ||
	    sscanf(buf, "%llu %llu %llu", &v[0], &v[1], &v[2]) != 3)
		return false;
	*f = (struct ktstr_sched_figures){ v[0], v[1], v[2] };
	return true;
}

/* All on the only node. */
static bool pages_in_sum(uint64_t nodes[KTSTR_MAX_NODES])
{
	unsigned long resident, shared;
	char buf[128];

	if (!first_line("/proc/self/statm", buf, sizeof(buf)) ||
	    sscanf(buf, "%*s %lu %lu", &resident, &shared) != 2)
		return false;
	nodes[0] = resident > shared ? resident - shared : 0;
	return true;
}

/* From numa_maps: exact, and a walk through all page tables. */
static bool pages_by_node(uint64_t nodes[KTSTR_MAX_NODES])
{
	FILE *f = fopen("/proc/self/numa_maps", "re");
	char *line = NULL, *p, *end;
	unsigned long node, pages;
	size_t size = 0;
	bool ok;

	if (!f)
		return false;
	while (getline(&line, &size, f) > 0) {
		if (strstr(line, " file=") || !strstr(line, " anon="))
			continue;
		for (p = line; (p = strstr(p, " N"));) {
			p += 2;
			node = strtoul(p, &end, 10);
			if (end == p || *end != '=' || node >= KTSTR_MAX_NODES)
				continue;
			pages = strtoul(end + 1, &p, 10);
			nodes[node] += pages;
		}
	}
	ok = !ferror(f);
	free(line);
	fclose(f);
	return ok;
}

bool ktstr_anon_pages(uint64_t nodes[KTSTR_MAX_NODES])
{
	char online[64];

	if (!first_line("/sys/devices/system/node/online", online, sizeof(online)))
		return false;
	return strcmp(online, "0") ? pages_by_node(nodes) : pages_in_sum(nodes);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs and NUMA nodes from sysfs. Node lists have the format of CPU lists, so the same
 * bitmap serves for both.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

/* A list file with its final newline. 0 or -errno; an empty list is an empty set. */
static int read_list(const char *path, struct ktstr_cpumask *m)
{
	char buf[4096];
	ssize_t n;
	int fd;

	memset(m, 0, sizeof(*m));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, sizeof(buf) - 1);
	n = n < 0 ? -errno : n;
	close(fd);
	if (n < 0)
		return n;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return *buf ? ktstr_cpumask__parse(buf, m) : 0;
}

int ktstr_machine__online(const char *sysfs, struct ktstr_cpumask *online, struct vm_err *err)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/devices/system/cpu/online", sysfs);
	ret = read_list(path, online);
	if (!ret && !ktstr_cpumask__weight(online))
		ret = -EINVAL;
	if (ret)
		return vm_err(err, -ret, "%s: %s; is sysfs mounted?", path, strerror(-ret));
	return 0;
}

void ktstr_machine__mems(const char *sysfs, const struct ktstr_cpumask *cpus, char *list,
			 size_t size)
{
	struct ktstr_cpumask nodes, node_cpus, mems = { };
	char path[PATH_MAX];
	uint32_t node;
	size_t i;

	list[0] = '\0';
	snprintf(path, sizeof(path), "%s/devices/system/node/has_memory", sysfs);
	if (read_list(path, &nodes))
		return;
	for (node = 0; node < KTSTR_MAX_CPUS; node++) {
		if (!ktstr_cpumask__test(&nodes, node))
			continue;
		snprintf(path, sizeof(path), "%s/devices/system/node/node%u/cpulist", sysfs, node);
		if (read_list(path, &node_cpus))
			continue;
		for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
			if (node_cpus.bits[i] & cpus->bits[i])
				ktstr_cpumask__set(&mems, node);
	}
	ktstr_cpumask__format(&mems, list, size);
}

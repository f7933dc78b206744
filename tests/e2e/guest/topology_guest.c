// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's half of tests/e2e/topology_test.c, as PID 1: writes what sysfs says about CPUs,
 * caches, nodes and memory as text into the stretch of RAM shared with the host (ktstr.chan=),
 * and reboots. It judges nothing.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topology_guest.h"

#define CPU	"/sys/devices/system/cpu/cpu%u/"
#define NODE	"/sys/devices/system/node/node%u/"

static char *out;
static size_t size, fill;

static void put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool line_of(char buf[4096], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + fill, size - fill, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < size - fill)
		fill += (size_t)n;
}

/* First line of a file; "-" if it is empty or there is none, and false if there is none. */
static bool line_of(char buf[4096], const char *fmt, ...)
{
	char path[256];
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	strcpy(buf, "-");
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(buf, 4096, f) || *buf == '\n')
		strcpy(buf, "-");
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
	return true;
}

/* The APIC ids that /proc/cpuinfo shows, CPU by CPU. */
static void put_apic_ids(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	unsigned int cpu = 0, id;
	char line[8192];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "processor : %u", &id) == 1)
			cpu = id;
		else if (sscanf(line, "apicid : %u", &id) == 1)
			put("cpu%u apicid %u\n", cpu, id);
	}
	if (f)
		fclose(f);
}

static void put_cpu(unsigned int cpu)
{
	static const char * const file[] = {
		"physical_package_id", "core_id", "thread_siblings_list", "package_cpus_list",
	};
	char level[4096], type[4096], shared[4096], value[4096];

	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		line_of(value, CPU "topology/%s", cpu, file[i]);
		put("cpu%u %s %s\n", cpu, file[i], value);
	}
	for (unsigned int i = 0; line_of(level, CPU "cache/index%u/level", cpu, i); i++) {
		line_of(type, CPU "cache/index%u/type", cpu, i);
		line_of(shared, CPU "cache/index%u/shared_cpu_list", cpu, i);
		put("cpu%u L%s %s %s\n", cpu, level, type, shared);
	}
}

/* Bytes of RAM that the kernel manages in @node, its own image included. */
static uint64_t present_bytes(unsigned int node)
{
	FILE *f = fopen("/proc/zoneinfo", "r");
	uint64_t pages = 0, n;
	bool inside = false;
	unsigned int id;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %u, zone", &id) == 1)
			inside = id == node;
		else if (inside && sscanf(line, " present %" SCNu64, &n) == 1)
			pages += n;
	}
	if (f)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void put_access(unsigned int node, unsigned int class)
{
	static const char * const file[] = {
		"read_latency", "write_latency", "read_bandwidth", "write_bandwidth",
	};
	char path[256], value[4096];

	put("node%u access%u from", node, class);
	for (unsigned int i = 0; i < TOPOLOGY_GUEST_NODES; i++) {
		snprintf(path, sizeof(path), NODE "access%u/initiators/node%u", node, class, i);
		if (!access(path, F_OK))
			put(" %u", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		line_of(value, NODE "access%u/initiators/%s", node, class, file[i]);
		put(" %s %s", file[i], value);
	}
	put("\n");
}

static bool put_node(unsigned int node)
{
	static const char * const file[] = { "size", "line_size", "indexing", "write_policy" };
	char value[4096];

	if (!line_of(value, NODE "cpulist", node))
		return false;
	put("node%u cpulist %s\n", node, value);
	line_of(value, NODE "distance", node);
	put("node%u distance %s\n", node, value);
	put("node%u present %" PRIu64 "\n", node, present_bytes(node));
	put_access(node, 0);
	put_access(node, 1);
	put("node%u cache", node);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		line_of(value, NODE "memory_side_cache/index1/%s", node, file[i]);
		put(" %s %s", file[i], value);
	}
	put("\n");
	return true;
}

static bool map_stretch(void)
{
	unsigned long long gpa, bytes;
	char line[4096];
	const char *arg;
	int fd;

	if (!line_of(line, "/proc/cmdline"))
		return false;
	arg = strstr(line, "ktstr.chan=");
	if (!arg || sscanf(arg, "ktstr.chan=%llx,%llx", &gpa, &bytes) != 2)
		return false;
	fd = open("/dev/mem", O_RDWR | O_SYNC);
	out = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					 (off_t)gpa);
	size = bytes;
	return out != MAP_FAILED;
}

int topology_guest(void)
{
	char value[4096];
	long cpus;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	if (map_stretch()) {
		cpus = sysconf(_SC_NPROCESSORS_ONLN);
		line_of(value, "/sys/devices/system/cpu/online");
		put("online %s\n", value);
		line_of(value, "/sys/devices/system/node/has_cpu");
		put("has_cpu %s\n", value);
		line_of(value, "/sys/devices/system/node/has_memory");
		put("has_memory %s\n", value);
		put_apic_ids();
		for (long i = 0; i < cpus; i++)
			put_cpu((unsigned int)i);
		for (unsigned int i = 0; i < TOPOLOGY_GUEST_NODES && put_node(i); i++)
			;
		put("end\n");
	} else {
		perror("topology_test: the shared stretch");
	}
	reboot(RB_AUTOBOOT);
	return 1;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Allocates guest RAM: a memfd per node where an emulator has to map it too, or private memory of
 * this process where it runs the CPUs itself. Each node can be bound to nodes of the host, before
 * its first page exists. Requested huge pages are all allocated at once, so that a shortage is
 * found here and does not cause a SIGBUS in the middle of a run; in that case all nodes use
 * ordinary pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/fd.h"
#include "lib/textbuf.h"
#include "ram.h"

#define PAGE_BYTES	4096ull
#define MASK_BITS	64u
#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB	(21u << 26)	/* include/uapi/linux/memfd.h */
#endif

void vm_ram_note(struct vm_ram *ram, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ktstr_text__append(ram->notice, sizeof(ram->notice), "; ", fmt, ap);
	va_end(ap);
}

/* The number in @dir/@name; 0 if there is none. */
static uint64_t read_counter(const char *dir, const char *name)
{
	char path[512];
	uint64_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%" SCNu64, &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

void vm_ram_huge_shortage(const char *sysfs, uint64_t want, int errnum, char *buf, size_t size)
{
	uint64_t all = read_counter(sysfs, "nr_hugepages");
	uint64_t idle = read_counter(sysfs, "free_hugepages");
	uint64_t promised = read_counter(sysfs, "resv_hugepages");

	idle = idle > promised ? idle - promised : 0;
	if (access(sysfs, F_OK))
		snprintf(buf, size, "the host's kernel has no huge pages of 2 MiB (%s)", sysfs);
	else if (idle < want)
		snprintf(buf, size,
			 "%" PRIu64 " huge pages of 2 MiB are needed, %" PRIu64 " of the host's %" PRIu64
			 " are free; for more: echo %" PRIu64 " > %s/nr_hugepages",
			 want, idle, all, all + want - idle, sysfs);
	else
		snprintf(buf, size,
			 "the host refused %" PRIu64 " huge pages of 2 MiB, although %" PRIu64
			 " are free: %s; look at the nodes they are on and at the cgroup's hugetlb limit",
			 want, idle, strerror(errnum));
}

int vm_ram_host_nodes(const char *path, uint64_t *mask)
{
	char line[512];
	const char *p = line;
	uint64_t first, last;
	FILE *f = fopen(path, "re");
	bool got;

	*mask = 1;
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	got = fgets(line, sizeof(line), f);
	fclose(f);
	*mask = 0;
	/* "0-1,4" */
	while (got && ktstr_take_u64(&p, 10, &first)) {
		last = first;
		if (*p == '-') {
			p++;
			if (!ktstr_take_u64(&p, 10, &last))
				break;
		}
		for (; first <= last && first < MASK_BITS; first++)
			*mask |= UINT64_C(1) << first;
		p += *p == ',';
	}
	return *mask && (*p == '\n' || !*p) ? 0 : -EBADMSG;
}

/* "0, 3" */
static void format_nodes(uint64_t mask, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < MASK_BITS && len < size; i++)
		if (mask >> i & 1)
			len += (size_t)snprintf(buf + len, size - len, "%s%u", len ? ", " : "", i);
}

int vm_ram_check_host_nodes(const struct vm_spec *spec, uint64_t have, struct ktstr_err *err)
{
	char bad[256], all[256];

	for (uint32_t i = 0; spec->host_nodes && i < spec->topo.count.numa_nodes; i++) {
		uint64_t missing = spec->host_nodes[i] & ~have;

		if (!missing)
			continue;
		format_nodes(missing, bad, sizeof(bad));
		format_nodes(have, all, sizeof(all));
		return ktstr_err(err, EINVAL,
				 "host_nodes of node %" PRIu32 ": the host has no node %s with memory, only %s",
				 i, bad, all);
	}
	return 0;
}

/* One node's memory, sealed so that nobody can shrink it under a mapping. */
static int node_memfd(uint64_t bytes, bool huge)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = fd_high(memfd_create("ktstr-ram", flags | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0)));

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		int e = errno;

		close(fd);
		return -e;
	}
	return fd;
}

/* The policy of shared memory is the file's: it holds for an emulator's mapping too. */
static void bind_node(struct vm_ram *ram, uint32_t node, void *at, uint64_t host_nodes)
{
	const unsigned long mask[] = { host_nodes };
	char names[256];

	/* the kernel reads one bit less than maxnode (mm/mempolicy.c, get_nodes()) */
	if (!syscall(SYS_mbind, at, ram->node_bytes[node], MPOL_BIND, mask, MASK_BITS + 1, 0))
		return;
	format_nodes(host_nodes, names, sizeof(names));
	vm_ram_note(ram, "memory of node %" PRIu32 " cannot be bound to node %s of the host (mbind: %s) and comes from any",
	     node, names, strerror(errno));
}

static int map_file(struct vm_ram *ram, uint32_t node, uint8_t *at, bool huge)
{
	uint64_t bytes = ram->node_bytes[node];
	/* without MAP_NORESERVE, mapping huge pages reserves them */
	int flags = MAP_SHARED | MAP_FIXED | (huge ? 0 : MAP_NORESERVE);

	ram->fd[node] = node_memfd(bytes, huge);
	if (ram->fd[node] < 0)
		return ram->fd[node];
	return mmap(at, bytes, PROT_READ | PROT_WRITE, flags, ram->fd[node], 0) == MAP_FAILED ?
	       -errno : 0;
}

/*
 * Most hosts give private memory huge pages on request, but not files: then one page fault of the
 * guest maps 512 pages. Children do not inherit the memory: copy-on-write would slow the guest
 * down.
 */
static int map_private(const struct vm_ram *ram, uint32_t node, uint8_t *at)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	uint64_t bytes = ram->node_bytes[node];

	if (mmap(at, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
		return -errno;
	/* a kernel without huge pages refuses */
	madvise(at, bytes, MADV_HUGEPAGE);
	return madvise(at, bytes, MADV_DONTFORK) ? -errno : 0;
}

static int map_node(struct vm_ram *ram, const struct vm_spec *spec, uint32_t node, uint8_t *at,
		    bool huge)
{
	uint64_t bytes = ram->node_bytes[node];
	int r;

	if (spec->accel == VM_ACCEL_KVM && !huge)
		r = map_private(ram, node, at);
	else
		r = map_file(ram, node, at, huge);
	if (r)
		return r;
	if (spec->host_nodes && spec->host_nodes[node])
		bind_node(ram, node, at, spec->host_nodes[node]);
	if (huge && madvise(at, bytes, MADV_POPULATE_WRITE))
		return -errno;
	return 0;
}

/* 0, or -errno and *@node is the one that failed. */
static int map_nodes(struct vm_ram *ram, const struct vm_spec *spec, bool huge, uint32_t *node)
{
	uint8_t *at = ram->base;
	int r = 0;

	for (*node = 0; *node < ram->nr_nodes; ++*node) {
		r = map_node(ram, spec, *node, at, huge);
		if (r)
			break;
		at += ram->node_bytes[*node];
	}
	return r;
}

static void close_nodes(struct vm_ram *ram)
{
	for (uint32_t i = 0; i < ram->nr_nodes; i++)
		fd_close(&ram->fd[i]);
}

static bool whole_huge_pages(struct vm_ram *ram)
{
	for (uint32_t i = 0; i < ram->nr_nodes; i++) {
		if (!(ram->node_bytes[i] % VM_HUGE_BYTES))
			continue;
		vm_ram_note(ram, "ordinary pages instead of huge ones: the %" PRIu64 " MiB of node %" PRIu32 " are no multiple of 2 MiB",
		     ram->node_bytes[i] / VM_MIB, i);
		return false;
	}
	return true;
}

/* False: nothing has changed except the notice. */
static bool map_huge(struct vm_ram *ram, const struct vm_spec *spec)
{
	char why[256];
	uint32_t node;
	int r;

	if (!whole_huge_pages(ram))
		return false;
	r = map_nodes(ram, spec, true, &node);
	if (!r) {
		ram->huge = true;
		return true;
	}
	/* unmap first, so that the counters show what is available */
	close_nodes(ram);
	mmap(ram->base, ram->bytes, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	vm_ram_huge_shortage(VM_HUGE_SYSFS, ram->bytes / VM_HUGE_BYTES, -r, why, sizeof(why));
	/* binding will add its notice again */
	ram->notice[0] = '\0';
	vm_ram_note(ram, "ordinary pages instead of huge ones: %s", why);
	return false;
}

/* Address space for all of it, aligned so that host and guest agree on what is a huge page. */
static int reserve(struct vm_ram *ram, struct ktstr_err *err)
{
	uint64_t room = ram->bytes + VM_HUGE_BYTES, skip;
	uint8_t *p = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return ktstr_err(err, errno,
				 "guest memory: cannot reserve %" PRIu64 " MiB of address space: %s",
				 ram->bytes / VM_MIB, strerror(errno));
	skip = -(uintptr_t)p % VM_HUGE_BYTES;
	if (skip)
		munmap(p, skip);
	ram->base = p + skip;
	munmap(ram->base + ram->bytes, VM_HUGE_BYTES - skip);
	return 0;
}

int vm_ram_alloc(struct vm_ram *ram, const struct vm_spec *spec, struct ktstr_err *err)
{
	uint32_t node;
	int r;

	memset(ram, 0, sizeof(*ram));
	ram->nr_nodes = spec->topo.count.numa_nodes;
	for (uint32_t i = 0; i < KTSTR_MAX_NODES; i++)
		ram->fd[i] = -1;
	for (uint32_t i = 0; i < ram->nr_nodes; i++)
		ram->node_bytes[i] = vm_topology_node_bytes(&spec->topo, spec->mem_bytes, i);
	ram->bytes = spec->mem_bytes;
	r = reserve(ram, err);
	if (r)
		return r;
	if (spec->huge_pages && map_huge(ram, spec))
		return 0;
	r = map_nodes(ram, spec, false, &node);
	if (r)
		ktstr_err(err, -r, "guest memory: %" PRIu64 " MiB of node %" PRIu32 ": %s",
			  ram->node_bytes[node] / VM_MIB, node, strerror(-r));
	return r;
}

int vm_ram_overlay(struct vm_ram *ram, uint64_t gpa, const struct vm_part *part)
{
	uint64_t bytes = (part->bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	void *at = vm_ram_at(ram, gpa, bytes);

	if (!at || gpa % PAGE_BYTES || part->off % PAGE_BYTES || ram->huge)
		return -EINVAL;
	if (mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, part->fd,
		 (off_t)part->off) == MAP_FAILED)
		return -errno;
	return 0;
}

void vm_ram_free(struct vm_ram *ram)
{
	close_nodes(ram);
	if (ram->base)
		munmap(ram->base, ram->bytes);
	ram->base = NULL;
	ram->nr_nodes = 0;
}

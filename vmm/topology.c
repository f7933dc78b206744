// SPDX-License-Identifier: GPL-2.0
/*
 * The text form of a topology, "1n2l4c2t", and the limits of one. CPU numbers follow from it:
 * cpu = ((llc * cores) + core) * threads + thread, and LLCs are dealt to nodes in order.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "vm.h"

uint32_t vm_topology_cpus(const struct vm_topology *t)
{
	uint64_t n = t->llcs;

	/* each step stays below 2^9 * 2^32, so nothing wraps before it is checked */
	if (n > VM_MAX_CPUS)
		return 0;
	n *= t->cores;
	if (n > VM_MAX_CPUS)
		return 0;
	n *= t->threads;
	return n > VM_MAX_CPUS ? 0 : (uint32_t)n;
}

void vm_topology_format(const struct vm_topology *t, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu32 "n%" PRIu32 "l%" PRIu32 "c%" PRIu32 "t",
		 t->numa_nodes, t->llcs, t->cores, t->threads);
}

/* A decimal number without sign or blanks, below a million; NULL when there is none. */
static const char *parse_number(const char *s, uint32_t *v)
{
	const char *start = s;

	for (*v = 0; *s >= '0' && *s <= '9'; s++) {
		*v = *v * 10 + (uint32_t)(*s - '0');
		if (*v >= 1000000)
			return NULL;
	}
	return s == start ? NULL : s;
}

int vm_topology_parse(const char *text, struct vm_topology *t, struct vm_err *err)
{
	struct vm_topology new;
	const struct {
		char unit;
		uint32_t *value;
	} part[] = {
		{ 'n', &new.numa_nodes },
		{ 'l', &new.llcs },
		{ 'c', &new.cores },
		{ 't', &new.threads },
	};
	const char *s = text;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		s = parse_number(s, part[i].value);
		if (!s || *s++ != part[i].unit)
			goto bad;
	}
	if (*s)
		goto bad;
	if (vm_topology_check(&new, err))
		return -EINVAL;
	*t = new;
	return 0;
bad:
	return vm_err(err, EINVAL,
		      "topology \"%.40s\": want <nodes>n<llcs>l<cores>c<threads>t, such as 1n2l4c2t",
		      text);
}

int vm_topology_check(const struct vm_topology *t, struct vm_err *err)
{
	char buf[VM_TOPOLOGY_STRLEN];

	vm_topology_format(t, buf, sizeof(buf));
	if (!t->numa_nodes || !t->llcs || !t->cores || !t->threads)
		return vm_err(err, EINVAL, "topology %s: every count must be at least 1", buf);
	if (t->numa_nodes > VM_MAX_NODES)
		return vm_err(err, EINVAL, "topology %s: more than %d NUMA nodes", buf,
			      VM_MAX_NODES);
	if (t->llcs % t->numa_nodes)
		return vm_err(err, EINVAL,
			      "topology %s: %" PRIu32 " LLCs cannot be divided among %" PRIu32 " NUMA nodes",
			      buf, t->llcs, t->numa_nodes);
	if (!vm_topology_cpus(t))
		return vm_err(err, EINVAL, "topology %s: more than %d CPUs", buf, VM_MAX_CPUS);
	return 0;
}

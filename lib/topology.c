// SPDX-License-Identifier: GPL-2.0
/* "1n2l4c2t": see topology.h. */
#include <linux/kernel.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "err.h"
#include "topology.h"

/* Far above every limit, and small enough that no digit more can overflow. */
#define NUMBER_MAX	1000000

static const struct {
	char letter;
	size_t offset;
} parts[] = {
	{ 'n', offsetof(struct ktstr_topology, numa_nodes) },
	{ 'l', offsetof(struct ktstr_topology, llcs) },
	{ 'c', offsetof(struct ktstr_topology, cores) },
	{ 't', offsetof(struct ktstr_topology, threads) },
};

#define NR_PARTS	(ARRAY_SIZE(parts))

uint32_t ktstr_topology__cpus(const struct ktstr_topology *t)
{
	uint64_t n = t->llcs;

	/* each product is below 2^9 * 2^32: it cannot wrap before it is checked */
	if (n > KTSTR_MAX_CPUS)
		return 0;
	n *= t->cores;
	if (n > KTSTR_MAX_CPUS)
		return 0;
	n *= t->threads;
	return n > KTSTR_MAX_CPUS ? 0 : (uint32_t)n;
}

void ktstr_topology__format(const struct ktstr_topology *t, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu32 "n%" PRIu32 "l%" PRIu32 "c%" PRIu32 "t",
		 t->numa_nodes, t->llcs, t->cores, t->threads);
}

/* A decimal number without sign and blanks; NULL when there is none or it is too large. */
static const char *parse_number(const char *s, uint32_t *v)
{
	const char *start = s;

	for (*v = 0; *s >= '0' && *s <= '9'; s++) {
		*v = *v * 10 + (uint32_t)(*s - '0');
		if (*v >= NUMBER_MAX)
			return NULL;
	}
	return s == start ? NULL : s;
}

int ktstr_topology__check(const struct ktstr_topology *t, bool even, struct ktstr_err *err)
{
	char buf[KTSTR_TOPOLOGY_STRLEN];

	ktstr_topology__format(t, buf, sizeof(buf));
	if (!t->numa_nodes || !t->llcs || !t->cores || !t->threads)
		return ktstr_err(err, EINVAL, "topology %s: every count must be at least 1", buf);
	if (!ktstr_topology__cpus(t))
		return ktstr_err(err, EINVAL, "topology %s: more than %d CPUs", buf,
				 KTSTR_MAX_CPUS);
	if (t->numa_nodes > KTSTR_MAX_NODES)
		return ktstr_err(err, EINVAL, "topology %s: more than %d NUMA nodes", buf,
				 KTSTR_MAX_NODES);
	if (even && t->llcs % t->numa_nodes)
		return ktstr_err(err, EINVAL,
				 "topology %s: %" PRIu32 " LLCs cannot be divided among %" PRIu32 " NUMA nodes",
				 buf, t->llcs, t->numa_nodes);
	return 0;
}

static int parse(const char *text, bool even, struct ktstr_topology *t, struct ktstr_err *err)
{
	struct ktstr_topology new;
	const char *s = text;
	size_t i;
	int ret;

	for (i = 0; i < NR_PARTS; i++) {
		s = parse_number(s, (uint32_t *)((char *)&new + parts[i].offset));
		if (!s || *s++ != parts[i].letter)
			break;
	}
	if (i < NR_PARTS || *s)
		return ktstr_err(err, EINVAL,
				 "topology \"%.40s\": must be <nodes>n<llcs>l<cores>c<threads>t, such as 1n2l4c2t (LLCs in all, cores per LLC, threads per core)",
				 text);
	ret = ktstr_topology__check(&new, even, err);
	if (!ret)
		*t = new;
	return ret;
}

int ktstr_topology__parse(const char *text, struct ktstr_topology *t, struct ktstr_err *err)
{
	return parse(text, true, t, err);
}

int ktstr_topology__parse_uneven(const char *text, struct ktstr_topology *t,
				 struct ktstr_err *err)
{
	return parse(text, false, t, err);
}

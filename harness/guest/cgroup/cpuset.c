// SPDX-License-Identifier: GPL-2.0
/*
 * Computes cpusets and affinities from sorted lists of CPUs. docs/ops.md has the formulas for
 * authors. Nothing here makes system calls.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cpuset.h"

struct cpu_list {
	uint32_t nr;
	uint32_t cpus[KTSTR_MAX_CPUS];
};

static void list_of(const struct ktstr_cpumask *m, struct cpu_list *list)
{
	uint32_t cpu;

	list->nr = 0;
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++)
		if (ktstr_cpumask__test(m, cpu))
			list->cpus[list->nr++] = cpu;
}

static void usable_list(const struct ktstr_machine *m, struct cpu_list *list)
{
	list_of(&m->online, list);
	if (list->nr > 2)
		list->nr--;
}

static void set_range(struct ktstr_cpumask *m, const struct cpu_list *list, uint32_t from,
		      uint32_t to)
{
	memset(m, 0, sizeof(*m));
	for (; from < to && from < list->nr; from++)
		ktstr_cpumask__set(m, list->cpus[from]);
}

void ktstr_usable_cpus(const struct ktstr_machine *m, struct ktstr_cpumask *usable)
{
	struct cpu_list list;

	usable_list(m, &list);
	set_range(usable, &list, 0, list.nr);
}

void ktstr_cpuset__format(const struct ktstr_cpuset *s, char *buf, size_t size)
{
	switch (s->kind) {
	case KTSTR_CPUSET_NONE:
		snprintf(buf, size, "none");
		return;
	case KTSTR_CPUSET_EXACT:
		snprintf(buf, size, "\"%s\"", s->exact ? s->exact : "");
		return;
	case KTSTR_CPUSET_LLC:
		snprintf(buf, size, "LLC(%" PRId64 ")", s->index);
		return;
	case KTSTR_CPUSET_NODE:
		snprintf(buf, size, "NUMA_NODE(%" PRId64 ")", s->index);
		return;
	case KTSTR_CPUSET_RANGE:
		snprintf(buf, size, "CPU_RANGE(%g, %g)", s->from, s->to);
		return;
	case KTSTR_CPUSET_DISJOINT:
		snprintf(buf, size, "DISJOINT(%" PRId64 ", %" PRId64 ")", s->index, s->of);
		return;
	case KTSTR_CPUSET_OVERLAP:
		snprintf(buf, size, "OVERLAP(%" PRId64 ", %" PRId64 ", %g)", s->index, s->of,
			 s->from);
		return;
	}
	snprintf(buf, size, "kind %d", s->kind);
}

static int bad(const struct ktstr_cpuset *s, struct ktstr_err *err, const char *why)
{
	char text[128];

	ktstr_cpuset__format(s, text, sizeof(text));
	return ktstr_err(err, EINVAL, "cpuset %s: %s", text, why);
}

/* The CPUs of a list, all of which must be online. */
static int resolve_list(const char *what, const char *list, const struct ktstr_machine *m,
			struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	char missing[256], have[256];
	struct ktstr_cpumask more;
	unsigned int i;

	if (!list || ktstr_cpumask__parse(list, cpus))
		return ktstr_err(err, EINVAL, "%s \"%s\" is no CPU list like \"0-3,8\"", what,
				 list ? list : "");
	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		more.bits[i] = cpus->bits[i] & ~m->online.bits[i];
	if (!ktstr_cpumask__weight(&more))
		return 0;
	ktstr_cpumask__format(&more, missing, sizeof(missing));
	ktstr_cpumask__format(&m->online, have, sizeof(have));
	return ktstr_err(err, EINVAL, "%s \"%s\": the machine has no CPU %s, only %s", what, list,
			 missing, have);
}

static int resolve_range(const struct ktstr_cpuset *s, const struct cpu_list *usable,
			 struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	if (!isfinite(s->from) || !isfinite(s->to) || s->from < 0 || s->to > 1 ||
	    s->from >= s->to)
		return bad(s, err, "needs 0 <= from < to <= 1");
	set_range(cpus, usable, (uint32_t)floor(usable->nr * s->from),
		  (uint32_t)floor(usable->nr * s->to));
	return 0;
}

static int resolve_part(const struct ktstr_cpuset *s, const struct cpu_list *usable,
			struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	double share = s->kind == KTSTR_CPUSET_OVERLAP ? s->from : 0;
	uint32_t index, chunk, ov, from, to;
	char why[96];

	if (s->of < 1 || s->index < 0 || s->index >= s->of)
		return bad(s, err, "the part's number must be below the number of parts");
	if (!isfinite(share) || share < 0 || share > 1)
		return bad(s, err, "the overlap must lie in 0..1");
	if (usable->nr < s->of) {
		snprintf(why, sizeof(why), "%u usable CPUs cannot be divided into %" PRId64 " parts",
			 usable->nr, s->of);
		return bad(s, err, why);
	}
	index = (uint32_t)s->index;
	chunk = usable->nr / (uint32_t)s->of;
	ov = (uint32_t)floor(chunk * share);
	from = index ? index * chunk - ov : 0;
	to = (index + 1) * chunk + ov;
	if (to > usable->nr || s->index == s->of - 1)
		to = usable->nr;
	set_range(cpus, usable, from, to);
	return 0;
}

int ktstr_cpuset__resolve(const struct ktstr_cpuset *s, const struct ktstr_machine *m,
			  struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	struct cpu_list usable;
	char why[96];
	int ret = 0;

	usable_list(m, &usable);
	switch (s->kind) {
	case KTSTR_CPUSET_EXACT:
		return resolve_list("cpuset", s->exact, m, cpus, err);
	case KTSTR_CPUSET_LLC:
		if (s->index < 0 || s->index >= m->nr_llcs) {
			snprintf(why, sizeof(why), "the machine has %u LLC%s", m->nr_llcs,
				 m->nr_llcs == 1 ? "" : "s");
			return bad(s, err, why);
		}
		*cpus = m->llcs[s->index];
		break;
	case KTSTR_CPUSET_NODE:
		if (s->index < 0 || s->index >= m->nr_nodes) {
			snprintf(why, sizeof(why), "the machine has %u NUMA node%s", m->nr_nodes,
				 m->nr_nodes == 1 ? "" : "s");
			return bad(s, err, why);
		}
		*cpus = m->nodes[s->index];
		break;
	case KTSTR_CPUSET_RANGE:
		ret = resolve_range(s, &usable, cpus, err);
		break;
	case KTSTR_CPUSET_DISJOINT:
	case KTSTR_CPUSET_OVERLAP:
		ret = resolve_part(s, &usable, cpus, err);
		break;
	default:
		return bad(s, err, "unknown kind");
	}
	if (!ret && !ktstr_cpumask__weight(cpus)) {
		snprintf(why, sizeof(why), "no CPU is left of %u usable ones", usable.nr);
		return bad(s, err, why);
	}
	return ret;
}

static uint64_t next_random(uint64_t *rng)
{
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return *rng * 0x2545F4914F6CDD1DULL;
}

static void random_subset(const struct ktstr_cpumask *from, uint32_t count, uint64_t *rng,
			  struct ktstr_cpumask *cpus)
{
	struct cpu_list list;
	uint32_t i, j, swap;

	list_of(from, &list);
	if (!count)
		count = list.nr / 2 ? list.nr / 2 : 1;
	if (count > list.nr)
		count = list.nr;
	for (i = 0; i < count; i++) {
		j = i + (uint32_t)(next_random(rng) % (list.nr - i));
		swap = list.cpus[i];
		list.cpus[i] = list.cpus[j];
		list.cpus[j] = swap;
	}
	set_range(cpus, &list, 0, count);
}

static void intersect(struct ktstr_cpumask *to, const struct ktstr_cpumask *a,
		      const struct ktstr_cpumask *b)
{
	size_t i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		to->bits[i] = a->bits[i] & b->bits[i];
}

static void llc_aligned(const struct ktstr_machine *m, const struct ktstr_cpumask *pool,
			struct ktstr_cpumask *cpus)
{
	struct ktstr_cpumask both;
	uint32_t i, best = 0;

	for (i = 0; i < m->nr_llcs; i++) {
		intersect(&both, &m->llcs[i], pool);
		if (ktstr_cpumask__weight(&both) <= best)
			continue;
		best = ktstr_cpumask__weight(&both);
		*cpus = both;
	}
}

static int sibling_pair(const struct ktstr_machine *m, const struct ktstr_cpumask *pool,
			struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	struct ktstr_cpumask core;
	struct cpu_list list;
	uint32_t cpu;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (!ktstr_cpumask__test(pool, cpu))
			continue;
		intersect(&core, &m->siblings[cpu], pool);
		list_of(&core, &list);
		if (list.nr < 2)
			continue;
		set_range(cpus, &list, 0, 2);
		return 0;
	}
	return ktstr_err(err, EINVAL,
			 "affinity SMT_SIBLING_PAIR: no core has two threads in the cgroup's CPUs");
}

int ktstr_affinity__resolve(const struct ktstr_affinity *a, const struct ktstr_machine *m,
			    const struct ktstr_cpumask *pool, uint64_t *rng,
			    struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	const struct ktstr_cpumask *from = pool ? pool : &m->online;
	struct ktstr_cpumask given;
	struct cpu_list list;

	memset(cpus, 0, sizeof(*cpus));
	if (a->cpus) {
		if (resolve_list("affinity", a->cpus, m, &given, err))
			return -EINVAL;
		intersect(&given, &given, from);
		if (!ktstr_cpumask__weight(&given))
			return ktstr_err(err, EINVAL,
					 "affinity \"%s\" has no CPU of the cgroup's cpuset", a->cpus);
		from = &given;
	}
	switch (a->kind) {
	case KTSTR_AFFINITY_UNSET:
	case KTSTR_AFFINITY_INHERIT:
		return 0;
	case KTSTR_AFFINITY_RANDOM_SUBSET:
		if (a->count < 0 || a->count > KTSTR_MAX_CPUS)
			return ktstr_err(err, EINVAL,
					 "affinity RANDOM_SUBSET: count %" PRId64 " does not lie in 1..%d",
					 a->count, KTSTR_MAX_CPUS);
		random_subset(from, (uint32_t)a->count, rng, cpus);
		return 0;
	case KTSTR_AFFINITY_LLC_ALIGNED:
		llc_aligned(m, from, cpus);
		return 0;
	case KTSTR_AFFINITY_CROSS_CGROUP:
		*cpus = m->online;
		return 0;
	case KTSTR_AFFINITY_SINGLE_CPU:
		list_of(from, &list);
		set_range(cpus, &list, 0, 1);
		return 0;
	case KTSTR_AFFINITY_EXACT:
		if (!a->cpus)
			return ktstr_err(err, EINVAL, "affinity EXACT names no CPUs");
		*cpus = given;
		return 0;
	case KTSTR_AFFINITY_SMT_SIBLING_PAIR:
		return sibling_pair(m, from, cpus, err);
	}
	return ktstr_err(err, EINVAL, "unknown affinity (%d)", a->kind);
}

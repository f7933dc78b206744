// SPDX-License-Identifier: GPL-2.0
/* The formulas of partition.h. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "partition.h"

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

static void take(struct ktstr_cpumask *set, const struct cpu_list *from, uint32_t begin,
		 uint32_t end)
{
	for (; begin < end && begin < from->nr; begin++)
		ktstr_cpumask__set(set, from->cpus[begin]);
}

static void cut(struct ktstr_cpumask *sets, const struct cpu_list *from, uint32_t at, uint32_t end)
{
	take(&sets[0], from, 0, at);
	take(&sets[1], from, at, end);
}

static int llc_aligned(const struct ktstr_machine *m, struct ktstr_cpumask *sets, uint32_t nr)
{
	struct ktstr_cpumask *last = &sets[nr - 1];
	struct cpu_list all;
	uint32_t cpu;

	if (nr < 2 || m->nr_llcs < nr)
		return -ENOSPC;
	memcpy(sets, m->llcs, nr * sizeof(*sets));
	list_of(&m->online, &all);
	cpu = all.cpus[all.nr - 1];
	if (ktstr_cpumask__test(last, cpu) && ktstr_cpumask__weight(last) > 1)
		last->bits[cpu / 64] &= ~(1ULL << cpu % 64);
	return 0;
}

static void overlap(const struct cpu_list *usable, double share, struct ktstr_cpumask *sets,
		    uint32_t nr)
{
	uint32_t base = usable->nr / nr, shared = (uint32_t)ceil(base * share);
	uint32_t stride = base > shared ? base - shared : 1, i;

	for (i = 0; i < nr; i++)
		take(&sets[i], usable, i * stride, i * stride + base);
}

int ktstr_partition__sets(const struct ktstr_partition *p, const struct ktstr_machine *m,
			  struct ktstr_cpumask *sets, uint32_t nr)
{
	uint32_t i, middle, keep;
	struct ktstr_cpumask mask;
	struct cpu_list all, usable;
	int ret = 0;

	if (nr > PARTITION_MAX)
		return -EINVAL;
	memset(sets, 0, nr * sizeof(*sets));
	list_of(&m->online, &all);
	ktstr_usable_cpus(m, &mask);
	list_of(&mask, &usable);
	if (p->kind != PARTITION_NONE && p->kind != PARTITION_LLC_ALIGNED &&
	    p->kind != PARTITION_OVERLAP && nr != 2)
		return -EINVAL;
	middle = usable.nr / 2;
	switch (p->kind) {
	case PARTITION_NONE:
		return 0;
	case PARTITION_LLC_ALIGNED:
		ret = llc_aligned(m, sets, nr);
		break;
	case PARTITION_SPLIT_MISALIGNED:
		if (m->nr_llcs > 1)
			middle = ktstr_cpumask__weight(&m->llcs[0]) / 2;
		cut(sets, &usable, middle, usable.nr);
		break;
	case PARTITION_SPLIT_HALF:
		cut(sets, &usable, middle, usable.nr);
		break;
	case PARTITION_OVERLAP:
		overlap(&usable, p->share, sets, nr);
		break;
	case PARTITION_UNEVEN:
		middle = (uint32_t)floor(usable.nr * p->share);
		cut(sets, &usable, middle ? middle : 1, usable.nr);
		break;
	case PARTITION_HOLDBACK:
		keep = all.nr - (uint32_t)floor(all.nr * p->share);
		cut(sets, &all, keep / 2 ? keep / 2 : 1, keep);
		break;
	}
	for (i = 0; i < nr && !ret; i++)
		if (!ktstr_cpumask__weight(&sets[i]))
			ret = -ENOSPC;
	return ret;
}

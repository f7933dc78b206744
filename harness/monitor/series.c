// SPDX-License-Identifier: GPL-2.0
/* Keeping samples. */
#include <stdlib.h>
#include <string.h>

#include "series.h"

static void *copy(const void *p, size_t size)
{
	void *c = p ? malloc(size) : NULL;

	return c ? memcpy(c, p, size) : NULL;
}

static bool grow(struct ktstr_series *all)
{
	uint32_t room = all->room ? 2 * all->room : 64;
	struct ktstr_point *p;

	if (all->nr < all->room)
		return true;
	p = realloc(all->point, room * sizeof(*p));
	if (!p)
		return false;
	all->point = p;
	all->room = room;
	return true;
}

void ktstr_series__add(struct ktstr_series *all, uint64_t time_ns, const struct ktstr_sample *s,
		       const uint64_t *vcpu_ns)
{
	size_t size = sizeof(*s) + s->nr_cpus * sizeof(s->cpu[0]);
	struct ktstr_point p = { .time_ns = time_ns };

	if (all->bytes + size <= KTSTR_SERIES_MAX_BYTES && grow(all))
		p.sample = copy(s, size);
	if (!p.sample) {
		all->dropped++;
		return;
	}
	p.vcpu_ns = copy(vcpu_ns, s->nr_cpus * sizeof(*vcpu_ns));
	all->point[all->nr++] = p;
	all->bytes += size;
}

void ktstr_series__free(struct ktstr_series *all)
{
	for (uint32_t i = 0; i < all->nr; i++) {
		free(all->point[i].sample);
		free(all->point[i].vcpu_ns);
	}
	free(all->point);
	memset(all, 0, sizeof(*all));
}

struct ktstr_series_span ktstr_series__between(const struct ktstr_series *all, uint64_t from_ns,
					       uint64_t to_ns)
{
	struct ktstr_series_span s;

	for (s.from = 0; s.from < all->nr && all->point[s.from].time_ns < from_ns; s.from++)
		;
	for (s.to = s.from; s.to < all->nr && all->point[s.to].time_ns < to_ns; s.to++)
		;
	return s;
}

bool ktstr_sample__scx_enabled(const struct ktstr_sample *s)
{
	return s->have_global >> KTSTR_GLOBAL_SCX_STATE & 1 &&
	       s->global[KTSTR_GLOBAL_SCX_STATE] == KTSTR_SCX_ENABLED;
}

bool ktstr_sample__cpu(const struct ktstr_sample *s, uint32_t cpu, enum ktstr_cpu_figure f,
		       uint64_t *value)
{
	if (!(s->cpu[cpu].have >> f & 1))
		return false;
	*value = s->cpu[cpu].value[f];
	return true;
}

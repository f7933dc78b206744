// SPDX-License-Identifier: GPL-2.0
/* Overriding the timeout of the watchdog: see watchdog.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watchdog.h"

#define NSEC_PER_MS	1000000ull

/* @map is the struct_ops map of a sched_ext scheduler. False: its timeout could not be set. */
static bool set_one(struct ktstr_watchdog *w, struct ktstr_kview *v,
		    const struct ktstr_map_layout *l, const struct ktstr_map *map, const char *ops)
{
	struct ktstr_place timeout;
	uint64_t kva, value;

	ktstr_place__find_number(&timeout, v->img->btf, ops, "timeout_ms");
	if (!timeout.found || timeout.field.size != sizeof(uint32_t) || !l->ops_data.found)
		return false;
	kva = map->kva + l->ops_data.field.offset + timeout.field.offset;
	if (ktstr_kview__load(v, kva, sizeof(uint32_t), &value))
		return false;
	if (value != w->timeout_ms)
		w->before_ms = (uint32_t)value;
	return !ktstr_kview__store(v, kva, sizeof(uint32_t), w->timeout_ms) &&
	       !ktstr_kview__load(v, kva, sizeof(uint32_t), &value) && value == w->timeout_ms;
}

void ktstr_watchdog__set(struct ktstr_watchdog *w, struct ktstr_kview *v)
{
	struct ktstr_maps *maps = malloc(sizeof(*maps));
	unsigned int nr = 0, failed = 0;
	struct ktstr_map_layout layout;

	ktstr_map_layout__resolve(&layout, v->img->btf);
	if (maps && !ktstr_maps__read(maps, v, &layout)) {
		for (unsigned int i = 0; i < maps->nr; i++) {
			const char *ops = ktstr_map__scx_ops(&maps->map[i], v->img->btf);

			if (!ops)
				continue;
			nr++;
			failed += !set_one(w, v, &layout, &maps->map[i], ops);
		}
	}
	w->why_not[0] = '\0';
	if (!nr)
		snprintf(w->why_not, sizeof(w->why_not),
			 "no struct_ops map of sched_ext was found when the scheduler was about to attach");
	else if (failed)
		snprintf(w->why_not, sizeof(w->why_not),
			 "timeout_ms of the scheduler's sched_ext_ops could not be written");
	free(maps);
}

void ktstr_watchdog__confirm(struct ktstr_watchdog *w, struct ktstr_monitor *m, uint64_t tick_ns)
{
	uint64_t ticks, wanted = (w->timeout_ms * NSEC_PER_MS + tick_ns - 1) / tick_ns;
	int ret = ktstr_monitor__watchdog_timeout(m, &ticks);

	w->confirmed = !ret && ticks == wanted;
	if (ret)
		snprintf(w->why_not, sizeof(w->why_not),
			 "this kernel does not tell the timeout of its watchdog: %s", strerror(-ret));
	else if (!w->confirmed && !w->why_not[0])
		snprintf(w->why_not, sizeof(w->why_not),
			 "the kernel's watchdog has a timeout of %" PRIu64 " jiffies, not %" PRIu64,
			 ticks, wanted);
}

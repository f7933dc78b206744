// SPDX-License-Identifier: GPL-2.0
/* Snapshots by name: see bridge.h. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dump/dump.h"
#include "bridge.h"
#include "stats.h"

static void __attribute__((format(printf, 2, 3)))
tell(struct ktstr_bridge *b, const char *fmt, ...)
{
	va_list ap;

	if (b->nr_events == KTSTR_BRIDGE_EVENTS) {
		b->dropped_events++;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&b->event[b->nr_events], fmt, ap) >= 0)
		b->nr_events++;
	va_end(ap);
}

static void drop(struct ktstr_bridge *b, unsigned int i)
{
	ktstr_jtree__free(&b->list[i]->tree);
	ktstr_jtree__free(&b->list[i]->stats_tree);
	free(b->list[i]);
	memmove(&b->list[i], &b->list[i + 1], (--b->nr - i) * sizeof(b->list[0]));
}

/* What the snapshots leave of the bridge's memory, and at most what a dump may have. */
static size_t room(const struct ktstr_bridge *b)
{
	uint64_t used = 0;

	for (unsigned int i = 0; i < b->nr; i++)
		used += b->list[i]->tree.bytes + b->list[i]->stats_tree.bytes;
	if (used >= KTSTR_BRIDGE_BYTES)
		return 4096;
	return KTSTR_BRIDGE_BYTES - used < KTSTR_DUMP_MAX_BYTES ? KTSTR_BRIDGE_BYTES - used :
	       KTSTR_DUMP_MAX_BYTES;
}

struct ktstr_snapshot *ktstr_bridge__add(struct ktstr_bridge *b, const char *name)
{
	struct ktstr_snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->taken = 1;
	for (unsigned int i = 0; i < b->nr; i++) {
		if (strcmp(b->list[i]->name, name))
			continue;
		s->taken += b->list[i]->taken;
		drop(b, i);
		tell(b, "%s: taken again, number %u takes the place of the one before", name, s->taken);
		break;
	}
	if (b->nr == KTSTR_MAX_SNAPSHOTS) {
		tell(b, "%s: dropped for %s, there is room for %d", b->list[0]->name, name,
		     KTSTR_MAX_SNAPSHOTS);
		drop(b, 0);
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->step = KTSTR_NO_STEP;
	ktstr_jtree__init(&s->tree, room(b));
	ktstr_jtree__init(&s->stats_tree, KTSTR_STATS_TREE_BYTES);
	s->report = ktstr_jtree__object(&s->tree, NULL, NULL);
	b->list[b->nr++] = s;
	return s;
}

struct ktstr_snapshot *ktstr_bridge__find(const struct ktstr_bridge *b, const char *name)
{
	for (unsigned int i = 0; i < b->nr; i++)
		if (!strcmp(b->list[i]->name, name))
			return b->list[i];
	return NULL;
}

void ktstr_bridge__free(struct ktstr_bridge *b)
{
	while (b->nr)
		drop(b, b->nr - 1);
	while (b->nr_events)
		free(b->event[--b->nr_events]);
}

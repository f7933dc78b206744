// SPDX-License-Identifier: GPL-2.0
/* What is said of the snapshots of a run, in its sidecar and in its report. */
#include <inttypes.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "part.h"
#include "report.h"

static void put_snapshot(const struct ktstr_snapshot *n, struct ktstr_json *j)
{
	static const char * const kinds[] = {
		[KTSTR_SNAPSHOT_ASKED] = "request", [KTSTR_SNAPSHOT_WATCHED] = "watch",
		[KTSTR_SNAPSHOT_PERIODIC] = "periodic",
	};

	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "name", n->name);
	ktstr_json__str(j, "kind", kinds[n->kind]);
	ktstr_json__u64(j, "elapsed_ms", n->elapsed_ns / NSEC_PER_MSEC);
	if (n->kind == KTSTR_SNAPSHOT_PERIODIC)
		ktstr_json__u64(j, "boundary_offset_ms", n->due_ns / NSEC_PER_MSEC);
	else
		ktstr_json__null(j, "boundary_offset_ms");
	if (n->step == KTSTR_NO_STEP)
		ktstr_json__null(j, "step");
	else
		ktstr_json__u64(j, "step", n->step);
	ktstr_json__u64(j, "taken", n->taken);
	ktstr_json__bool(j, "is_placeholder", n->placeholder);
	ktstr_json__str(j, "scx_stats_unavailable",
			ktstr_jnode__str(n->report, "scx_stats_unavailable", NULL));
	ktstr_json__str(j, "file", n->file[0] ? n->file : NULL);
	ktstr_json__end(j);
}

void ktstr_snapshots__json(const struct ktstr_run *run, const void *state, const char *key,
			   struct ktstr_json *j)
{
	const struct ktstr_snapshot_state *s = state;

	(void)run;
	if (!s->bridge.nr && !s->target && !s->nr_accesses) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__u64(j, "periodic_target", s->target);
	ktstr_json__u64(j, "periodic_fired", s->fired);
	ktstr_json__array(j, "list");
	for (unsigned int i = 0; i < s->bridge.nr; i++)
		put_snapshot(s->bridge.list[i], j);
	ktstr_json__end(j);
	ktstr_json__array(j, "events");
	for (unsigned int i = 0; i < s->bridge.nr_events; i++)
		ktstr_json__str(j, NULL, s->bridge.event[i]);
	ktstr_json__end(j);
	ktstr_json__array(j, "accesses");
	for (unsigned int i = 0; i < s->nr_accesses; i++) {
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "what", s->access[i].what);
		ktstr_json__u64(j, "bytes", s->access[i].len);
		ktstr_json__bool(j, "write", s->access[i].write);
		ktstr_json__bool(j, "cold", s->access[i].cold);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_json__end(j);
}

static unsigned int nr_with_stats(const struct ktstr_bridge *b)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < b->nr; i++)
		nr += b->list[i]->has_stats;
	return nr;
}

void ktstr_snapshots__report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct ktstr_snapshot_state *s = state;
	const struct ktstr_bridge *b = &s->bridge;

	(void)run;
	if (s->target)
		fprintf(f, "periodic: %u of %u taken\n", s->fired, s->target);
	if (s->target && nr_with_stats(b))
		fprintf(f, "with statistics of the scheduler: %u\n", nr_with_stats(b));
	for (unsigned int i = 0; !brief && i < b->nr; i++)
		fprintf(f, "%s at %" PRIu64 " ms%s: ktstr dump %s\n", b->list[i]->name,
			b->list[i]->elapsed_ns / NSEC_PER_MSEC,
			b->list[i]->placeholder ? ", a placeholder" : "", b->list[i]->file);
	for (unsigned int i = 0; !brief && i < b->nr_events; i++)
		fprintf(f, "%s\n", b->event[i]);
	for (unsigned int i = 0; !brief && i < s->nr_accesses; i++)
		fprintf(f, "%s %s: %u bytes%s\n", s->access[i].write ? "wrote" : "read",
			s->access[i].what, s->access[i].len, s->access[i].cold ? ", cold" : "");
}

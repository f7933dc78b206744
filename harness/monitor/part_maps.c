// SPDX-License-Identifier: GPL-2.0
/* Watched BPF maps in a run, the attribute watch_bpf_maps: part.c calls these. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "monitor.h"

const char *ktstr_monitor_maps__words_fault(const char *map, const char *field)
{
	if (!map || !*map)
		return "the name of a map is missing";
	return field ? NULL : "the field is NULL";
}

static const char *label_fault(const struct ktstr_watch_map * const *list, unsigned int i)
{
	const char *label = list[i]->label;

	if (!label || !*label || strlen(label) > KTSTR_WATCH_LABEL_MAX)
		return "a label must have 1 to 32 bytes";
	if (label[strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return "a label consists of letters, digits and '_'";
	for (unsigned int k = 0; k < i; k++)
		if (!strcmp(list[k]->label, label))
			return "two fields have the same label";
	return NULL;
}

static const char *watch_fault(const struct ktstr_test *t)
{
	const struct ktstr_watch_map * const *list = t->watch_bpf_maps;
	const char *why = NULL;

	for (unsigned int i = 0; list && list[i] && !why; i++) {
		if (i == KTSTR_MAX_MAP_FIELDS)
			return "there is room for 32 fields at most";
		why = ktstr_monitor_maps__words_fault(list[i]->map, list[i]->field);
		if (!why && (unsigned int)list[i]->agg >= KTSTR_NR_AGGS)
			why = "no such aggregation";
		if (!why)
			why = label_fault(list, i);
	}
	return why;
}

int ktstr_monitor_maps__check(const struct ktstr_test *t, struct ktstr_err *err)
{
	const char *why = !t->watch_bpf_maps ? NULL :
			  t->host_only == KTSTR_ON ? "excludes host_only" :
			  !t->scheduler ? "needs a scheduler" : watch_fault(t);

	return why ? ktstr_part__bad(err, t, "watch_bpf_maps", "%s", why) : 0;
}

static void add_metric(void *arg, const char *key, double value)
{
	struct ktstr_ext_metric m = { .source = KTSTR_RUN_METRIC, .step = KTSTR_NO_STEP,
				      .value = value };
	struct ktstr_run *run = arg;

	snprintf(m.name, sizeof(m.name), "%s", key);
	ktstr_result__add_metric(run->result, &m);
}

void ktstr_monitor_maps__fold(struct ktstr_run *run, struct ktstr_monitor_state *s,
			      uint64_t from_ns, uint64_t to_ns)
{
	if (!run->seen->body_ns)
		return;			/* why not is reported already */
	for (unsigned int i = 0; i < s->watches.nr; i++) {
		struct ktstr_watch *w = &s->watches.watch[i];

		if (ktstr_watch__fold(w, from_ns, to_ns, add_metric, run))
			continue;
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_NO_DATA,
				  "watch_bpf_maps: %s is absent (map %s, field \"%s\"): %s",
				  w->what->label, w->what->map, w->what->field,
				  s->why_not[0] ? s->why_not : w->nr ?
				  "it was not read in the body's time" : w->why_not);
	}
}

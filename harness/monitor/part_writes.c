// SPDX-License-Identifier: GPL-2.0
/*
 * What a test wants to be different in the guest's memory: the attributes watchdog_timeout_s and
 * bpf_map_write. Both are written at sync points, before the body begins, and are read again; a test
 * whose number is not there has not tested what it says, so it fails. part.c calls these.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "monitor.h"

#define TRIES		4	/* of a write, under a guest that runs on other CPUs */
#define PAUSE_MS	1000

static const char *write_fault(const struct ktstr_test *t)
{
	const struct ktstr_map_write * const *list = t->bpf_map_write;
	const char *why = NULL;

	for (unsigned int i = 0; list && list[i] && !why; i++) {
		if (i == KTSTR_MAX_MAP_FIELDS)
			return "there is room for 32 fields at most";
		why = ktstr_monitor_maps__words_fault(list[i]->map, list[i]->field);
		if (!why && strstr(list[i]->map, ".rodata"))
			why = "a .rodata map is read-only: the verifier builds its values into the programs";
	}
	return why;
}

static const char *watchdog_fault(const struct ktstr_test *t)
{
	return (t->scheduler && t->scheduler->binary) || t->staged_schedulers ? NULL :
	       "needs a scheduler that is a program";
}

int ktstr_monitor_writes__check(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct {
		const char *attr;
		bool asked;
		const char *fault;
	} attrs[] = {
		{ "bpf_map_write", t->bpf_map_write, write_fault(t) },
		{ "watchdog_timeout_s", t->watchdog_timeout_s != KTSTR_UNSET, watchdog_fault(t) },
	};

	for (int i = 0; i < 2; i++) {
		if (attrs[i].asked && t->host_only == KTSTR_ON)
			return ktstr_part__bad(err, t, attrs[i].attr, "excludes host_only");
		if (attrs[i].asked && attrs[i].fault)
			return ktstr_part__bad(err, t, attrs[i].attr, "%s", attrs[i].fault);
	}
	if (t->bpf_map_write && !t->scheduler)
		return ktstr_part__bad(err, t, "bpf_map_write", "needs a scheduler");
	return 0;
}

bool ktstr_monitor_writes__any(const struct ktstr_test *t)
{
	return t->bpf_map_write || t->watchdog_timeout_s != KTSTR_UNSET;
}

int ktstr_monitor_writes__attach(const struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	const struct ktstr_test *t = run->plan->test;

	if (t->watchdog_timeout_s != KTSTR_UNSET)
		s->watchdog.timeout_ms = (uint32_t)t->watchdog_timeout_s * 1000;
	while (t->bpf_map_write && t->bpf_map_write[s->nr_written])
		s->nr_written++;
	s->written = calloc(s->nr_written ?: 1, sizeof(*s->written));
	return s->written ? 0 : -ENOMEM;
}

/* A deterministic guest stands still at a sync point; of another, only the CPU that rang does. */
static void write_all(const struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	const struct ktstr_map_write * const *list = run->plan->test->bpf_map_write;
	struct ktstr_maps *maps = malloc(sizeof(*maps));
	struct ktstr_map_layout layout;
	struct ktstr_err err;
	bool paused = !ktstr_run__deterministic(run) && !vm_pause(s->vm, PAUSE_MS, &err);
	bool still = paused || ktstr_run__deterministic(run);

	ktstr_map_layout__resolve(&layout, s->img->btf);
	for (unsigned int i = 0; i < s->nr_written && maps; i++)
		for (int tries = still ? 1 : TRIES; tries && !s->written[i].done; tries--)
			ktstr_map_write__apply(&s->written[i], &s->mon.view, &layout, maps,
					       run->seen->ops, list[i], still);
	if (paused)
		vm_resume(s->vm);
	free(maps);
}

static void sync_watchdog(const struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	struct ktstr_watchdog *w = &s->watchdog;
	uint64_t tick_ns;

	if (!w->timeout_ms || ktstr_kview__attach(&s->mon.view))
		return;
	if (w->held != run->seen->sched_attaching) {
		w->held = run->seen->sched_attaching;
		w->confirmed = false;
		ktstr_watchdog__set(w, &s->mon.view);
	}
	if (w->held && !w->confirmed && run->seen->sched_attached &&
	    !ktstr_monitor__tick_ns(&s->mon, &tick_ns))
		ktstr_watchdog__confirm(w, &s->mon, tick_ns);
}

void ktstr_monitor_writes__sync(const struct ktstr_run *run, struct ktstr_monitor_state *s)
{
	sync_watchdog(run, s);
	if (s->wrote || !run->seen->body_ns)
		return;
	s->wrote = true;
	if (s->nr_written && !ktstr_kview__attach(&s->mon.view))
		write_all(run, s);
}

static void fold_watchdog(struct ktstr_run *run, const struct ktstr_monitor_state *s)
{
	const struct ktstr_watchdog *w = &s->watchdog;

	/* a test may have schedulers that no op has started */
	if (run->plan->test->watchdog_timeout_s == KTSTR_UNSET || w->confirmed ||
	    !run->seen->sched_started)
		return;
	ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
			  "watchdog_timeout_s: not in force: %s", w->why_not[0] ? w->why_not :
			  !w->timeout_ms && s->why_not[0] ? s->why_not : !w->held ?
			  "the scheduler was not held when it attached" :
			  "the guest reached no sync point with the scheduler attached");
}

/* A test whose values were not written has not tested what it says. */
static void fold_writes(struct ktstr_run *run, const struct ktstr_monitor_state *s)
{
	const struct ktstr_map_write * const *list = run->plan->test->bpf_map_write;

	for (unsigned int i = 0; list && list[i]; i++) {
		const struct ktstr_map_written *w = i < s->nr_written ? &s->written[i] : NULL;

		if (w && w->done)
			continue;
		ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "bpf_map_write: map %s, field \"%s\": not written: %s",
				  list[i]->map, list[i]->field,
				  w && w->why_not[0] ? w->why_not : s->why_not[0] ? s->why_not :
				  "the kernel was not found in the guest's memory");
	}
}

void ktstr_monitor_writes__fold(struct ktstr_run *run, const struct ktstr_monitor_state *s)
{
	if (!run->seen->body_ns)
		return;			/* why not is reported already */
	fold_watchdog(run, s);
	fold_writes(run, s);
}

void ktstr_monitor_writes__report(const struct ktstr_monitor_state *s, FILE *f)
{
	const struct ktstr_watchdog *dog = &s->watchdog;

	if (dog->confirmed)
		fprintf(f, "watchdog: timeout %u ms (the scheduler's own: %u ms)\n",
			dog->timeout_ms, dog->before_ms ?: dog->timeout_ms);
	for (unsigned int i = 0; i < s->nr_written; i++) {
		const struct ktstr_map_written *w = &s->written[i];

		if (w->done)
			fprintf(f, "written: %s %s = %" PRId64 " (%u bytes, %u value%s; was %" PRId64 ")\n",
				w->map, w->what->field, w->what->value, w->size, w->values,
				w->values == 1 ? "" : "s", w->before);
	}
}

void ktstr_monitor_writes__json(const struct ktstr_monitor_state *s, struct ktstr_json *j)
{
	if (s->watchdog.confirmed)
		ktstr_json__u64(j, "watchdog_timeout_ms", s->watchdog.timeout_ms);
	else
		ktstr_json__null(j, "watchdog_timeout_ms");
	ktstr_json__array(j, "map_writes");
	for (unsigned int i = 0; i < s->nr_written; i++) {
		const struct ktstr_map_written *w = &s->written[i];

		if (!w->what)
			continue;
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "map", w->done ? w->map : w->what->map);
		ktstr_json__str(j, "field", w->what->field);
		ktstr_json__i64(j, "value", w->what->value);
		ktstr_json__bool(j, "written", w->done);
		ktstr_json__u64(j, "values", w->values);
		ktstr_json__str(j, "why_not", w->done ? NULL : w->why_not);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

// SPDX-License-Identifier: GPL-2.0
/* The scheduler itself: its state, why it leaves, its event counters, its programs' run times. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/bpf/prog.h"
#include "harness/monitor/root.h"
#include "harness/monitor/series.h"
#include "dump_priv.h"

#define MAX_FRAMES	64	/* SCX_EXIT_BT_LEN */
#define MAX_SAMPLES	600	/* of the timeline: one a 100 ms */

/* Paths in struct scx_sched, wherever this kernel has that. */
static const struct dump_field sched_fields[] = {
	{ "exit_kind", "scx_sched", "exit_kind.counter" },
	{ "aborting", "scx_sched", "aborting" },
	{ "bypass_depth", "scx_sched", "bypass_depth" },
	{ "watchdog_timeout", "scx_sched", "watchdog_timeout" },
	{ "slice_dfl", "scx_sched", "slice_dfl" },
	{ "level", "scx_sched", "level" },
	{ "dsp_max_batch", "scx_sched", "dsp_max_batch" },
	{ "warned_zero_slice", "scx_sched", "warned_zero_slice" },
	{ "ops_flags", "scx_sched", "ops.flags" },
	{ "timeout_ms", "scx_sched", "ops.timeout_ms" },
};

static void put_globals(struct dump *d, struct ktstr_jnode *n)
{
	static const struct {
		const char *key;
		enum ktstr_global_figure figure;
	} globals[] = {
		{ "enable_state", KTSTR_GLOBAL_SCX_STATE },
		{ "watchdog_timestamp", KTSTR_GLOBAL_WATCHDOG_TIMESTAMP },
		{ "watchdog_interval", KTSTR_GLOBAL_WATCHDOG_INTERVAL },
		{ "watchdog_timeout", KTSTR_GLOBAL_WATCHDOG_TIMEOUT },
		{ "bypass_depth", KTSTR_GLOBAL_BYPASS_DEPTH },
		{ "aborting", KTSTR_GLOBAL_ABORTING },
	};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(globals); i++) {
		const struct ktstr_place *p = &d->mon->layout.global[globals[i].figure];

		if (p->found && !ktstr_jnode__get(n, globals[i].key) &&
		    !ktstr_kview__load(d->v, p->kva + d->v->slide, p->field.size, &value))
			ktstr_jtree__u64(d->tree, n, globals[i].key, value);
	}
}

static void put_backtrace(struct dump *d, struct ktstr_jnode *n, uint64_t ei)
{
	uint64_t bt, nr, pc;
	char text[160];
	struct ktstr_jnode *list;
	bool ok, have;

	bt = dump_load(d, "scx_exit_info", "bt", ei, &ok);
	nr = dump_load(d, "scx_exit_info", "bt_len", ei, &have);
	if (!ok || !have || !bt || !nr || nr > MAX_FRAMES)
		return;
	list = ktstr_jtree__array(d->tree, n, "backtrace");
	for (uint64_t i = 0; i < nr && !ktstr_kview__load(d->v, bt + i * 8, 8, &pc); i++) {
		dump_symbol(d, pc, text, sizeof(text));
		ktstr_jtree__str(d->tree, list, NULL, text);
	}
}

static void put_exit_info(struct dump *d)
{
	struct ktstr_exit_info *info = malloc(sizeof(*info));
	struct ktstr_jnode *n;
	const char *kind;
	uint64_t ei, value;
	bool ok;

	if (info && !ktstr_monitor__exit_info(d->mon, info)) {
		n = ktstr_jtree__object(d->tree, d->report, "exit_info");
		ktstr_jtree__u64(d->tree, n, "kind", info->kind);
		kind = ktstr_btf__enum_name(d->btf, "scx_exit_kind", (int64_t)info->kind);
		ktstr_jtree__str(d->tree, n, "kind_name", kind);
		ktstr_jtree__i64(d->tree, n, "exit_code", info->code);
		ktstr_jtree__str(d->tree, n, "reason", info->reason);
		ktstr_jtree__str(d->tree, n, "msg", info->msg);
		ei = dump_load_sched(d, "exit_info", &ok);
		value = dump_load(d, "scx_exit_info", "exit_cpu", ei, &ok);
		if (ok)
			ktstr_jtree__i64(d->tree, n, "exit_cpu", (int64_t)value);
		put_backtrace(d, n, ei);
	}
	free(info);
}

static void put_events(struct dump *d, const char *key, const struct ktstr_sample *s,
		       struct ktstr_jnode *parent)
{
	struct ktstr_jnode *n = ktstr_jtree__object(d->tree, parent, key);

	for (unsigned int i = 0; i < d->mon->layout.nr_events; i++)
		ktstr_jtree__i64(d->tree, n, d->mon->layout.event[i].name, s->event[i]);
}

/* Now, and as the monitor has seen them. The names are those of this kernel. */
static void put_event_series(struct dump *d)
{
	const struct ktstr_series *all = d->in->series;
	struct ktstr_sample *now = ktstr_sample__new(d->mon);
	struct ktstr_jnode *list, *n;
	uint32_t from;

	if (now && !ktstr_monitor__sample(d->mon, now) && now->have_events)
		put_events(d, "event_counters", now, d->report);
	else
		dump_missing(d, "event_counters_unavailable", d->sched ?
			     "this kernel does not count events" : "no scheduler is attached");
	free(now);
	if (!all || !all->nr)
		return;
	from = all->nr > MAX_SAMPLES ? all->nr - MAX_SAMPLES : 0;
	list = ktstr_jtree__array(d->tree, d->report, "event_counter_timeline");
	for (uint32_t i = from; i < all->nr; i++) {
		if (!all->point[i].sample->have_events)
			continue;
		n = ktstr_jtree__object(d->tree, list, NULL);
		ktstr_jtree__u64(d->tree, n, "elapsed_ms", all->point[i].time_ns / 1000000);
		for (unsigned int e = 0; e < d->mon->layout.nr_events; e++)
			ktstr_jtree__i64(d->tree, n, d->mon->layout.event[e].name,
					 all->point[i].sample->event[e]);
	}
}

void dump_sched__put(struct dump *d)
{
	struct dump_field f[ARRAY_SIZE(sched_fields)];
	char name[KTSTR_OPS_NAME_MAX];
	struct ktstr_place ops;
	struct ktstr_jnode *n;
	uint64_t kva;

	n = ktstr_jtree__object(d->tree, d->report, "scx_sched_state");
	if (d->sched) {
		memcpy(f, sched_fields, sizeof(f));
		for (size_t i = 0; i < ARRAY_SIZE(f); i++)
			ktstr_root__find(&f[i].place, d->v->img, f[i].path);
		ktstr_root__find(&ops, d->v->img, "ops.name");
		if (ops.found && !ktstr_kview__string(d->v, ktstr_place__at(d->v, &ops, d->sched),
						      name, sizeof(name)))
			ktstr_jtree__str(d->tree, n, "ops", name);
		if (ktstr_btf__composite(d->btf, "scx_sched"))
			ktstr_jtree__u64(d->tree, n, "sched_kva", d->sched);
		ktstr_jtree__str(d->tree, n, "source", "live");
		dump_fields__put(d, f, ARRAY_SIZE(f), d->sched, n);
	} else {
		dump_missing(d, "scx_walker_unavailable",
			     "no scheduler is attached");
	}
	put_globals(d, n);
	if (d->sched)
		dump_struct(d, n, "value", "scx_sched", d->sched);
	if (d->sched && !ktstr_kview__symbol(d->v, "scx_ops", &kva))
		dump_struct(d, n, "scx_ops", "sched_ext_ops", kva);
	put_exit_info(d);
	put_event_series(d);
}

/* Sums over all CPUs of the programs of the scheduler's object, or of all struct_ops programs. */
void dump_progs__put(struct dump *d, uint64_t object)
{
	struct ktstr_progs *progs = calloc(1, sizeof(*progs));
	struct ktstr_prog_layout layout;
	struct ktstr_jnode *list, *n;

	ktstr_prog_layout__resolve(&layout, d->btf);
	if (!progs || !object || ktstr_progs__read(progs, d->v, &layout)) {
		dump_missing(d, "prog_runtime_stats_unavailable",
			     !object ? "no sched_ext struct_ops map is in use" :
			     "the list of BPF programs cannot be read");
		free(progs);
		return;
	}
	list = ktstr_jtree__array(d->tree, d->report, "prog_runtime_stats");
	for (unsigned int i = 0; i < progs->nr; i++) {
		const struct ktstr_prog *p = &progs->prog[i];

		if (p->value[KTSTR_PROG_BTF] != object)
			continue;
		n = ktstr_jtree__object(d->tree, list, NULL);
		ktstr_jtree__str(d->tree, n, "name", p->name);
		ktstr_jtree__u64(d->tree, n, "id", p->value[KTSTR_PROG_ID]);
		if (p->have_runs) {
			ktstr_jtree__u64(d->tree, n, "cnt", p->runs);
			ktstr_jtree__u64(d->tree, n, "nsecs", p->run_ns);
		}
		if (p->have_misses)
			ktstr_jtree__u64(d->tree, n, "misses", p->misses);
		ktstr_jtree__u64(d->tree, n, "verified_insns", p->value[KTSTR_PROG_VERIFIED]);
	}
	ktstr_jtree__bool(d->tree, d->report, "prog_runtime_counted", ktstr_progs__counted(d->v));
	free(progs);
}

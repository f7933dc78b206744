// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of figures, and resolving them for a kernel. A new figure is a line in the enum of
 * sample.h and a row here.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "root.h"
#include "sample.h"

#define EVENT_PREFIX	"SCX_EV_"

/* Where a figure starts from is its type: struct rq of the CPU, or what its curr points to. */
static const struct row {
	const char *name, *type, *path;
} cpu_rows[KTSTR_NR_CPU_FIGURES] = {
	[KTSTR_CPU_NR_RUNNING]		= { "nr_running", "rq", "nr_running" },
	[KTSTR_CPU_CLOCK]		= { "clock", "rq", "clock" },
	[KTSTR_CPU_NR_SWITCHES]		= { "nr_switches", "rq", "nr_switches" },
	[KTSTR_CPU_CURR_PID]		= { "curr_pid", "task_struct", "pid" },
	[KTSTR_CPU_SCX_NR_RUNNING]	= { "scx_nr_running", "rq", "scx.nr_running" },
	[KTSTR_CPU_SCX_LOCAL_DSQ]	= { "local_dsq_depth", "rq", "scx.local_dsq.nr" },
	[KTSTR_CPU_SCX_FLAGS]		= { "scx_flags", "rq", "scx.flags" },
	[KTSTR_CPU_SCX_RELEASED]	= { "cpu_released", "rq", "scx.cpu_released" },
	[KTSTR_CPU_YLD_COUNT]		= { "yld_count", "rq", "yld_count" },
	[KTSTR_CPU_SCHED_COUNT]		= { "sched_count", "rq", "sched_count" },
	[KTSTR_CPU_SCHED_GOIDLE]	= { "sched_goidle", "rq", "sched_goidle" },
	[KTSTR_CPU_TTWU_COUNT]		= { "ttwu_count", "rq", "ttwu_count" },
	[KTSTR_CPU_TTWU_LOCAL]		= { "ttwu_local", "rq", "ttwu_local" },
	[KTSTR_CPU_RQ_CPU_TIME]		= { "rq_cpu_time", "rq", "rq_cpu_time" },
	[KTSTR_CPU_RUN_DELAY]		= { "run_delay", "rq", "rq_sched_info.run_delay" },
	[KTSTR_CPU_PCOUNT]		= { "pcount", "rq", "rq_sched_info.pcount" },
};

/* Paths in struct scx_sched, wherever this kernel has that: see root.h. */
static const struct {
	const char *name, *path;
} sched_rows[KTSTR_NR_SCHED_FIGURES] = {
	[KTSTR_SCHED_EXIT_KIND]		= { "exit_kind", "exit_kind.counter" },
	[KTSTR_SCHED_TIMEOUT_MS]	= { "timeout_ms", "ops.timeout_ms" },
	[KTSTR_SCHED_WATCHDOG_TIMEOUT]	= { "watchdog_timeout", "watchdog_timeout" },
	[KTSTR_SCHED_BYPASS_DEPTH]	= { "bypass_depth", "bypass_depth" },
	[KTSTR_SCHED_ABORTING]		= { "aborting", "aborting" },
};

/* Variables have no type in a kernel's BTF, but for per-CPU ones. @old: the name until 6.15. */
static const struct {
	const char *name, *symbol;
	uint8_t size;
	const char *old;
} global_rows[KTSTR_NR_GLOBAL_FIGURES] = {
	[KTSTR_GLOBAL_JIFFIES]		= { "jiffies", "jiffies_64", 8 },
	[KTSTR_GLOBAL_SCX_STATE]	= { "scx_state", "scx_enable_state_var", 4,
					    "scx_ops_enable_state_var" },
	[KTSTR_GLOBAL_WATCHDOG_TIMESTAMP] = { "watchdog_timestamp", "scx_watchdog_timestamp", 8 },
	[KTSTR_GLOBAL_WATCHDOG_INTERVAL] = { "watchdog_interval", "scx_watchdog_interval", 8 },
	[KTSTR_GLOBAL_WATCHDOG_TIMEOUT]	= { "watchdog_timeout", "scx_watchdog_timeout", 8 },
	[KTSTR_GLOBAL_BYPASS_DEPTH]	= { "bypass_depth", "scx_bypass_depth", 4,
					    "scx_ops_bypass_depth" },
	[KTSTR_GLOBAL_ABORTING]		= { "aborting", "scx_aborting", 1 },
};

const char *ktstr_cpu_figure__name(enum ktstr_cpu_figure f)
{
	return cpu_rows[f].name;
}

const char *ktstr_sched_figure__name(enum ktstr_sched_figure f)
{
	return sched_rows[f].name;
}

const char *ktstr_global_figure__name(enum ktstr_global_figure f)
{
	return global_rows[f].name;
}

bool ktstr_cpu_figure__of_curr(enum ktstr_cpu_figure f)
{
	return !strcmp(cpu_rows[f].type, "task_struct");
}

static int add_event(void *arg, const char *name, const struct ktstr_btf_field *field)
{
	struct ktstr_monitor_layout *l = arg;
	char *out = l->event[l->nr_events].name;

	if (field->size != sizeof(int64_t) || field->class == KTSTR_BTF_OTHER)
		return 0;
	if (!strncmp(name, EVENT_PREFIX, strlen(EVENT_PREFIX)))
		name += strlen(EVENT_PREFIX);
	snprintf(out, KTSTR_EVENT_NAME_MAX, "%s", name);
	for (; *out; out++)
		*out = tolower((unsigned char)*out);
	l->event[l->nr_events].offset = field->offset;
	return ++l->nr_events == KTSTR_MAX_EVENTS;
}

/*
 * Event counters are per CPU: in a structure of the scheduler's (6.17.7, 6.18 and later), by a
 * pointer of their own (6.16), or one variable (6.15). The structure has the names.
 */
static void resolve_events(struct ktstr_monitor_layout *l, const struct ktstr_kimage *img)
{
	struct ktstr_place stats;
	uint64_t addr;

	ktstr_place__find(&l->event_base, img->btf, "scx_sched", "pcpu");
	ktstr_place__find(&stats, img->btf, "scx_sched_pcpu", "event_stats");
	if (l->event_base.found && stats.found) {
		l->event_offset = stats.field.offset;
	} else {
		ktstr_place__find(&l->event_base, img->btf, "scx_sched", "event_stats_cpu");
		if (!l->event_base.found && !ktstr_kimage__symbol(img, "event_stats_cpu", &addr))
			l->event_symbol = "event_stats_cpu";
	}
	if (l->event_base.found || l->event_symbol)
		ktstr_btf__each_member(img->btf, "scx_event_stats", add_event, l);
}

void ktstr_monitor_layout__resolve(struct ktstr_monitor_layout *l, const struct ktstr_kimage *img)
{
	memset(l, 0, sizeof(*l));
	for (int i = 0; i < KTSTR_NR_GLOBAL_FIGURES; i++) {
		struct ktstr_place *p = &l->global[i];

		p->field.size = global_rows[i].size;
		p->field.class = KTSTR_BTF_UNSIGNED;
		p->found = !ktstr_kimage__symbol(img, global_rows[i].symbol, &p->kva) ||
			   (global_rows[i].old &&
			    !ktstr_kimage__symbol(img, global_rows[i].old, &p->kva));
	}
	if (!img->btf)
		return;
	for (int i = 0; i < KTSTR_NR_CPU_FIGURES; i++)
		ktstr_place__find_number(&l->cpu[i], img->btf, cpu_rows[i].type,
					 cpu_rows[i].path);
	for (int i = 0; i < KTSTR_NR_SCHED_FIGURES; i++)
		ktstr_root__find(&l->sched[i], img, sched_rows[i].path);
	ktstr_place__find(&l->rq_cpu, img->btf, "rq", "cpu");
	ktstr_place__find(&l->rq_curr, img->btf, "rq", "curr");
	ktstr_place__find(&l->curr_comm, img->btf, "task_struct", "comm");
	ktstr_root__find(&l->ops_name, img, "ops.name");
	ktstr_root__find(&l->exit_info, img, "exit_info");
	resolve_events(l, img);
}

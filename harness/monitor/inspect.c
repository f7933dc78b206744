// SPDX-License-Identifier: GPL-2.0
/* The monitor's figures for host callbacks: ktstr_monitor_figure() of ktstr/inspect.h. */
#include <linux/kernel.h>
#include <math.h>
#include <string.h>

#include <ktstr/inspect.h>

#include "harness/plan/plan.h"
#include "monitor.h"

static bool missed;

bool ktstr_monitor__was_missed(void)
{
	return missed;
}

double ktstr_monitor_figure(const struct ktstr_result *r, const char *name)
{
	const struct ktstr_monitor_state *s = r->run ?
		ktstr_part__state(r->run, &ktstr_monitor_part) : NULL;
	const struct ktstr_monitor_summary *m = s ? &s->summary : NULL;
	int event;

	missed |= r->run && r->run->plan && r->run->plan->host_only;
	if (!m || !m->samples)
		return NAN;
	const struct {
		const char *name;
		double value;
	} all[] = {
		{ "samples", m->samples }, { "seconds", m->seconds },
		{ "max_imbalance", m->max_imbalance }, { "avg_imbalance", m->avg_imbalance },
		{ "max_dsq_depth", m->have_dsq ? (double)m->max_dsq : NAN },
		{ "avg_dsq_depth", m->have_dsq ? m->avg_dsq : NAN },
		{ "avg_nr_running", m->avg_nr_running }, { "stuck", m->stuck },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(all[i].name, name))
			return all[i].value;
	event = m->have_events ? ktstr_monitor__event(&s->mon, name) : -1;
	return event >= 0 ? (double)m->event[event] : NAN;
}

// SPDX-License-Identifier: GPL-2.0
/* See schedulers.h. */
#include <errno.h>
#include <stdlib.h>

#include "harness/guest/engine/sweep.h"
#include "harness/plan/plan.h"
#include "harness/plan/preset.h"
#include "harness/plan/scheduler.h"
#include "lib/json.h"
#include "lib/topology.h"
#include "schedulers.h"

static void put_list(struct ktstr_json *j, const char *key, const char * const *list)
{
	if (!list) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__array(j, key);
	for (; *list; list++)
		ktstr_json__str(j, NULL, *list);
	ktstr_json__end(j);
}

static void put_topology(struct ktstr_json *j, const char *name, const struct ktstr_topology *topo)
{
	char text[KTSTR_TOPOLOGY_STRLEN];

	ktstr_topology__format(topo, text, sizeof(text));
	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "name", name ?: text);
	ktstr_json__str(j, "topology", text);
	ktstr_json__u64(j, "cpus", ktstr_topology__cpus(topo));
	ktstr_json__end(j);
}

/* Emulation has no limits, and KVM says itself when a host is too small. */
static void put_topologies(struct ktstr_json *j, const struct ktstr_test *t,
			   const struct ktstr_plan *plan)
{
	const struct ktstr_room room = { 0 };
	struct ktstr_bounds bounds;
	unsigned int i;
	char why[160];

	ktstr_bounds__of(t, t->scheduler, &bounds);
	ktstr_json__array(j, "topologies");
	if (plan)
		put_topology(j, NULL, &plan->topo);
	for (i = 0; i < ktstr_nr_presets; i++) {
		const struct ktstr_preset *p = &ktstr_presets[i];

		/* nodes that differ have no text, and to the verifier they are all alike */
		if (!p->topo.nodes && ktstr_preset__accept(p, &bounds, &room, why, sizeof(why)))
			put_topology(j, p->name, &p->topo.count);
	}
	ktstr_json__end(j);
}

static void put_scheduler(struct ktstr_json *j, const struct ktstr_test *t)
{
	const struct ktstr_scheduler *s = t->scheduler;
	struct ktstr_plan plan;
	struct ktstr_err err;
	bool valid = !ktstr_plan__for(&plan, t, &err);

	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "name", s->name);
	ktstr_json__str(j, "label", ktstr_scheduler__label(s));
	ktstr_json__str(j, "test", t->name);
	ktstr_json__str(j, "binary", s->binary);
	put_list(j, "args", s->args);
	put_list(j, "enable", s->enable);
	ktstr_json__str(j, "config_file", s->config_file);
	put_list(j, "kernels", s->kernels);
	put_topologies(j, t, valid ? &plan : NULL);
	ktstr_json__end(j);
}

int ktstr_schedulers__print(const struct ktstr_registry *r, FILE *f)
{
	struct ktstr_json j;
	unsigned int i;
	char *text;

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (i = 0; i < r->nr_tests; i++)
		if (ktstr_sweep__is_cell(r->tests[i]))
			put_scheduler(&j, r->tests[i]);
	ktstr_json__end(&j);
	text = ktstr_json__finish(&j);
	if (!text)
		return -errno;
	fprintf(f, "%s\n", text);
	free(text);
	return 0;
}

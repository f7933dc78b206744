// SPDX-License-Identifier: GPL-2.0
/* What a test program says and gives for an export of a test: see export.h. */
#include <stdio.h>
#include <unistd.h>

#include "harness/plan/here.h"
#include "harness/plan/programs.h"
#include "harness/plan/protocol.h"
#include "harness/plan/scheduler.h"
#include "export.h"
#include "here/here.h"
#include "pack.h"

/* False after a complaint. */
static bool make_plan(struct ktstr_plan *plan, const struct ktstr_variant *v)
{
	struct ktstr_err err;

	if (!ktstr_plan__for_variant(plan, v, &err) && !ktstr_plan__here(plan, &err))
		return true;
	fprintf(stderr, "ktstr: %s\n", err.msg);
	return false;
}

int ktstr_export__needs(const struct ktstr_variant *v)
{
	char id[KTSTR_ID_LEN], topo[KTSTR_TOPOLOGY_STRLEN];
	struct ktstr_plan plan;
	unsigned int i;

	if (!make_plan(&plan, v))
		return KTSTR_EXIT_FAIL;
	ktstr_topology__format(&plan.topo, topo, sizeof(topo));
	printf("test: %s\ntopology: %s, %u CPUs\nduration: %u s\n",
	       ktstr_id__format(id, sizeof(id), v->test->name, v->preset ? v->preset->name : NULL),
	       topo, plan.nr_cpus, plan.duration_s);
	if (ktstr_here__names_scheduler(v->test))
		printf("sched_ext: the test declares %s, which is not loaded: the active scheduler is tested\n",
		       ktstr_scheduler__label(v->test->scheduler));
	if (v->test->survives_storm == KTSTR_ON)
		puts("active scheduler: one of sched_ext (survives_storm)");
	puts("cgroups: v2 with cpu and cpuset");
	for (i = 0; i < plan.nr_left_out; i++)
		printf("not judged: %s, which " KTSTR_NO_GUEST_MEMORY "\n", plan.left_out[i]);
	return KTSTR_EXIT_PASS;
}

int ktstr_export__fits(const struct ktstr_variant *v)
{
	struct ktstr_plan plan;
	struct ktstr_err err;

	if (!make_plan(&plan, v))
		return KTSTR_EXIT_FAIL;
	if (!ktstr_here__check(&plan, "/sys", &err)) {
		puts("this machine has all that the test needs");
		return KTSTR_EXIT_PASS;
	}
	puts(err.msg);
	return KTSTR_EXIT_SKIP;
}

int ktstr_export__pack(const struct ktstr_variant *v)
{
	struct ktstr_plan plan;
	struct ktstr_run run = { .plan = &plan };
	struct ktstr_err err;
	int ret;

	if (!make_plan(&plan, v))
		return KTSTR_EXIT_FAIL;
	ret = ktstr_programs__find(&run, &err);
	if (!ret)
		ret = ktstr_pack__here(&run, STDOUT_FILENO, &err);
	if (ret)
		fprintf(stderr, "ktstr: %s\n", err.msg);
	ktstr_programs__free(&run);
	return ret ? KTSTR_EXIT_FAIL : KTSTR_EXIT_PASS;
}

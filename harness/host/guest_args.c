// SPDX-License-Identifier: GPL-2.0
/* The arguments of a run for the code that runs its body and for the guest's kernel: see pack.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/checks/checks.h"
#include "harness/model/guest_args.h"
#include "harness/model/part.h"
#include "harness/plan/scheduler.h"
#include "pack.h"

static bool log_passes(void)
{
	const char *v = getenv("KTSTR_LOG_PASSES");

	return v && *v && strcmp(v, "0");
}

static int add_all(char ***list, const char * const *from)
{
	int ret = 0;

	for (; from && *from && !ret; from++)
		ret = ktstr_guest_args__add(list, *from);
	return ret;
}

static int add_checks(char ***list, const struct ktstr_checks *c)
{
	const struct ktstr_check *k;
	char text[KTSTR_CHECK_TEXT_MAX];
	int ret = 0;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks && !ret; k++)
		if (ktstr_check__to_text(k, c, text, sizeof(text)))
			ret = ktstr_guest_args__add(list, text);
	return ret;
}

int ktstr_body_args__make(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			  const char *cgroup_root, struct ktstr_guest_args *a)
{
	const struct ktstr_plan *p = run->plan;
	int ret;

	*a = (struct ktstr_guest_args){
		.topo = p->topo,
		.duration_s = p->duration_s,
		.workers = p->workers_per_cgroup,
		.seed = run->opts.seed,
		.run_grace_s = d->run_grace_s,
		.attach_timeout_ms = d->attach_timeout_ms,
		.stall_poll_ms = run->opts.stall_poll_ms,
		.time_scale = ktstr_run__time_scale(run) > 1 ? ktstr_run__time_scale(run) : 0,
		.log_passes = log_passes(),
		.session = run->opts.terminal_fd > 0,
	};
	ret = ktstr_guest_args__set(&a->test, p->test->name);
	if (ret)
		goto fail;
	ret = ktstr_guest_args__set(&a->cgroup_root, cgroup_root);
	if (ret)
		goto fail;
	ret = ktstr_guest_args__set(&a->work_type, p->work_type);
	if (ret)
		goto fail;
	ret = add_checks(&a->checks, &p->checks);
	if (!ret)
		return 0;
fail:
	ktstr_guest_args__free(a);
	return ret;
}

static int add_scheduler(const struct ktstr_plan *p, struct ktstr_guest_args *a)
{
	const struct ktstr_scheduler *s = p->scheduler;
	int ret;

	if (s->binary) {
		a->sched_argv = ktstr_scheduler__args(p);
		if (!a->sched_argv)
			return -errno;
	}
	ret = ktstr_guest_args__set(&a->cgroup_parent, s->cgroup_parent);
	if (!ret)
		ret = add_all(&a->enable, s->enable);
	if (!ret)
		ret = add_all(&a->disable, s->disable);
	return ret;
}

int ktstr_guest_args__make(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			   struct ktstr_guest_args *a)
{
	const struct ktstr_plan *p = run->plan;
	int ret;

	ret = ktstr_body_args__make(run, d, p->cgroup_root ?: KTSTR_DEFAULT_CGROUP_ROOT, a);
	if (ret)
		return ret;
	a->unclean_exit = p->allow_unclean_exit;
	a->no_restart = !p->tolerates_restart;
	if (p->scheduler)
		ret = add_scheduler(p, a);
	if (!ret)
		ret = ktstr_parts__args(run, a);
	if (ret)
		ktstr_guest_args__free(a);
	return ret;
}

char *ktstr_pack__cmdline(const struct ktstr_plan *p)
{
	const char * const *arg;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	/* the counters behind run delays and wake-ups, and BPF loads from the guest's tools */
	fprintf(f, "sysctl.kernel.sched_schedstats=1 lockdown=none");
	if (isfinite(p->checks.max_cross_node_migration_ratio))
		fputs(" sysctl.kernel.numa_balancing=1", f);
	for (arg = p->scheduler ? p->scheduler->sysctls : NULL; arg && *arg; arg++)
		fprintf(f, " sysctl.%s", *arg);
	for (arg = p->scheduler ? p->scheduler->kargs : NULL; arg && *arg; arg++)
		fprintf(f, " %s", *arg);
	for (arg = p->kargs; arg && *arg; arg++)
		fprintf(f, " %s", *arg);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

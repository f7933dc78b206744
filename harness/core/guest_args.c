// SPDX-License-Identifier: GPL-2.0
/* The two texts that tell a guest what to do: /ktstr.args and the kernel command line. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "pack.h"
#include "scheduler.h"
#include "variant.h"

#define DEFAULT_CGROUP_ROOT	"/ktstr"

static bool put_list(FILE *f, const char *key, const char * const *list)
{
	bool ok = true;

	for (; list && *list; list++) {
		ok &= !strchr(*list, '\n');
		fprintf(f, "%s=%s\n", key, *list);
	}
	return ok;
}

char *ktstr_pack__args(const struct ktstr_run *run, const struct ktstr_deadlines *d)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_scheduler *s = p->scheduler;
	const char *log = getenv("KTSTR_LOG_PASSES");
	char *text = NULL, **args = NULL;
	size_t len = 0;
	bool ok = true;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f, "test=%s\n", p->test->name);
	fprintf(f, "topo=%un%ul%uc%ut\n", p->topo.numa_nodes, p->topo.llcs, p->topo.cores,
		p->topo.threads);
	fprintf(f, "duration_s=%u\nworkers=%u\nseed=%" PRIu64 "\n", p->duration_s,
		p->workers_per_cgroup, run->opts.seed);
	fprintf(f, "run_grace_s=%u\nattach_timeout_ms=%u\n", d->run_grace_s,
		d->attach_timeout_ms);
	fprintf(f, "cgroup_root=%s\n", p->test->workload_root_cgroup ?: DEFAULT_CGROUP_ROOT);
	fprintf(f, "stall_poll_ms=%u\n", run->opts.stall_poll_ms);
	if (ktstr_run__time_scale(run) > 1)
		fprintf(f, "time_scale=%u\n", ktstr_run__time_scale(run));
	if (p->work_type)
		fprintf(f, "work_type=%s\n", p->work_type);
	if (log && *log && strcmp(log, "0"))
		fprintf(f, "log_passes=1\n");
	if (s && s->cgroup_parent)
		fprintf(f, "cgroup_parent=%s\n", s->cgroup_parent);
	if (s && s->binary) {
		args = ktstr_scheduler__args(p);
		ok = args && put_list(f, "sched_arg", (const char * const *)args);
		ktstr_scheduler__args_free(args);
	}
	if (s) {
		ok &= put_list(f, "enable", s->enable);
		ok &= put_list(f, "disable", s->disable);
	}
	ktstr_devices__args(run, f);
	if (fclose(f) || !ok) {
		free(text);
		errno = s && s->binary && !args ? ENOMEM : EINVAL;
		return NULL;
	}
	return text;
}

char *ktstr_pack__cmdline(const struct ktstr_plan *p)
{
	const char *verbose = getenv("KTSTR_VERBOSE");
	const char * const *arg;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	/* the counters behind run delays and wake-ups, and BPF loads from the guest's tools */
	fprintf(f, "sysctl.kernel.sched_schedstats=1 lockdown=none");
	if (verbose && !strcmp(verbose, "1"))
		fprintf(f, " ignore_loglevel");
	for (arg = p->scheduler ? p->scheduler->sysctls : NULL; arg && *arg; arg++)
		fprintf(f, " sysctl.%s", *arg);
	for (arg = p->scheduler ? p->scheduler->kargs : NULL; arg && *arg; arg++)
		fprintf(f, " %s", *arg);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

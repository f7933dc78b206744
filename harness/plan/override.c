// SPDX-License-Identifier: GPL-2.0
/* The environment's changes to a plan: see override.h. */
#include <linux/kernel.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktstr/register.h>

#include "lib/parse.h"
#include "lib/paths.h"
#include "harness/guest/work/work.h"
#include "harness/model/run.h"
#include "override.h"
#include "preset.h"
#include "scheduler.h"

#define MAX_ARGS	256

/* The lines of @text as a NULL-terminated list. NULL: no memory, or more than MAX_ARGS. */
static const char **lines(const char *text)
{
	const char **list = calloc(MAX_ARGS + 1, sizeof(*list));
	char *copy = strdup(text), *line, *save = NULL;
	unsigned int nr = 0;

	if (!list || !copy)
		goto fail;
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (nr == MAX_ARGS)
			goto fail;
		list[nr++] = line;
	}
	return list;
fail:
	free(list);
	free(copy);
	return NULL;
}

KTSTR_DEFAULTS_BEGIN
static struct ktstr_scheduler from_env = { KTSTR_SCHEDULER_UNSET, .name = "default" };
KTSTR_DEFAULTS_END

/* The arguments in the variable @name, made once for all plans. They need the variable @of. */
static int read_args(const char *name, const char *of, const char * const **args,
		     struct ktstr_err *err)
{
	const char *text = ktstr_env(name);

	if (!text) {
		*args = NULL;
		return 0;
	}
	if (!ktstr_env(of))
		return ktstr_err(err, EINVAL, "%s needs %s", name, of);
	if (!*args)
		*args = lines(text);
	return *args ? 0 : ktstr_err(err, EINVAL, "%s: more than %d arguments", name, MAX_ARGS);
}

/* Made once for all plans. */
static int apply_kargs(struct ktstr_plan *p, struct ktstr_err *err)
{
	static const char * const *kargs;
	const char *text = ktstr_env(KTSTR_ENV_KARGS);

	if (!text || p->host_only)
		return 0;
	if (!kargs)
		kargs = lines(text);
	p->kargs = kargs;
	return kargs ? 0 : ktstr_err(err, EINVAL, KTSTR_ENV_KARGS ": more than %d parameters",
				     MAX_ARGS);
}

static int apply_scheduler(struct ktstr_plan *p, struct ktstr_err *err)
{
	static const char * const *all_args;
	const char *binary = ktstr_env(KTSTR_ENV_SCHEDULER), *all = ktstr_env(KTSTR_ENV_ALL_SCHEDULERS);
	int ret = read_args(KTSTR_ENV_SCHED_ARGS, KTSTR_ENV_SCHEDULER, &from_env.args, err);

	if (!ret)
		ret = read_args(KTSTR_ENV_ALL_SCHED_ARGS, KTSTR_ENV_ALL_SCHEDULERS, &all_args, err);
	if (ret)
		return ret;
	from_env.binary = binary;
	if (binary && all && ktstr_scheduler__replaced(&from_env))
		return ktstr_err(err, EINVAL,
				 KTSTR_ENV_SCHEDULER "=%s: " KTSTR_ENV_ALL_SCHEDULERS " would take its place; give its path",
				 binary);
	if (p->host_only)
		return 0;
	p->sched_args = all_args;
	if (binary && !p->scheduler)
		p->scheduler = &from_env;
	return 0;
}

static int apply_topology(struct ktstr_plan *p, const char *text, struct ktstr_err *err)
{
	const struct ktstr_preset *preset;
	struct ktstr_topology topo;
	struct ktstr_err why;

	if (ktstr_preset__parse(text, &topo, &preset, &why))
		return ktstr_err(err, EINVAL, KTSTR_ENV_TOPOLOGY ": %s", why.msg);
	if (p->gauntlet)
		return ktstr_err(err, EINVAL,
				 KTSTR_ENV_TOPOLOGY "=%s: excludes gauntlet/%s/%s, whose machine is that of its preset",
				 text, p->test->name, p->preset->name);
	if (p->host_only)
		return 0;
	if (preset) {
		ktstr_plan__use_preset(p, preset);
		return 0;
	}
	p->topo = topo;
	p->nodes = NULL;
	p->distances = NULL;
	return 0;
}

static int apply_duration(struct ktstr_plan *p, const char *text, struct ktstr_err *err)
{
	if (!ktstr_parse_u32(text, 1, KTSTR_MAX_DURATION_S, &p->duration_s))
		return 0;
	return ktstr_err(err, EINVAL,
			 KTSTR_ENV_DURATION "=%s: must be a number of seconds from 1 to %d", text,
			 KTSTR_MAX_DURATION_S);
}

/* The duration is known. Without a machine there is nothing to see, which is said elsewhere. */
static int apply_snapshots(struct ktstr_plan *p, const char *text, struct ktstr_err *err)
{
	uint32_t nr;

	if (ktstr_parse_u32(text, 0, KTSTR_MAX_PERIODIC, &nr))
		return ktstr_err(err, EINVAL,
				 KTSTR_ENV_SNAPSHOTS "=%s: must be a number from 0 to %d", text,
				 KTSTR_MAX_PERIODIC);
	if (nr && p->duration_s && p->duration_s * UINT64_C(800) / (nr + 1) < KTSTR_PERIODIC_GAP_MS)
		return ktstr_err(err, EINVAL,
				 KTSTR_ENV_SNAPSHOTS "=%s: captures in 80 %% of %u s are less than %d ms apart",
				 text, p->duration_s, KTSTR_PERIODIC_GAP_MS);
	if (!p->host_only)
		p->num_snapshots = nr;
	return 0;
}

/* The type gets default parameters, so it must be one that has them. */
static int apply_work_type(struct ktstr_plan *p, const char *name, struct ktstr_err *err)
{
	const char *hint, *why;
	const struct ktstr_work_row *row = ktstr_work__find(name, &hint);
	struct ktstr_work work = { };

	if (!row)
		return ktstr_err(err, EINVAL,
				 KTSTR_ENV_WORK_TYPE "=%s: there is no such work type%s%s%s; ktstr list work-types has them",
				 name, hint ? ", did you mean " : "", hint ? hint : "",
				 hint ? "?" : "");
	ktstr_work__find_type(name, &work.type);
	ktstr_work__fill(&work);
	why = row->validate ? row->validate(&work) : NULL;
	if (why)
		return ktstr_err(err, EINVAL, KTSTR_ENV_WORK_TYPE "=%s cannot be used by its name: %s",
				 name, why);
	p->work_type = row->name;
	return 0;
}

int ktstr_override__apply(struct ktstr_plan *p, struct ktstr_err *err)
{
	const char *topology = ktstr_env(KTSTR_ENV_TOPOLOGY), *duration = ktstr_env(KTSTR_ENV_DURATION);
	const char *work_type = ktstr_env(KTSTR_ENV_WORK_TYPE);
	const char *snapshots = ktstr_env(KTSTR_ENV_SNAPSHOTS);
	int ret = apply_scheduler(p, err);

	if (!ret)
		ret = apply_kargs(p, err);
	if (!ret && topology)
		ret = apply_topology(p, topology, err);
	if (!ret && duration)
		ret = apply_duration(p, duration, err);
	if (!ret && snapshots)
		ret = apply_snapshots(p, snapshots, err);
	if (!ret && work_type)
		ret = apply_work_type(p, work_type, err);
	return ret;
}

static int no_such(const char *name, const char *value, const char *why, struct ktstr_err *err)
{
	char dir[PATH_MAX] = "?", near[PATH_MAX];
	bool hint;

	ktstr_paths__exe_dir(dir, sizeof(dir));
	hint = ktstr_scheduler__near(dir, value, near, sizeof(near));
	return ktstr_err(err, ENOENT, "%s=%s: %s%s%s%s", name, value, why,
			 hint ? ", did you mean '" : "", hint ? near : "", hint ? "'?" : "");
}

/* A path, or a name as those that tests declare; it was asked for, so it has to be there. */
static int check_default(struct ktstr_err *err)
{
	const char *v = ktstr_env(KTSTR_ENV_SCHEDULER);
	char path[PATH_MAX];
	int ret;

	if (!v)
		return 0;
	ret = ktstr_scheduler__find(v, path, sizeof(path), err);
	return ret == -ENOENT ? no_such(KTSTR_ENV_SCHEDULER, v, "there is no such scheduler", err) :
	       ret;
}

static int check_all(struct ktstr_err *err)
{
	const char *v = ktstr_env(KTSTR_ENV_ALL_SCHEDULERS);

	if (!v)
		return 0;
	if (!ktstr_paths__is_file(v))
		return no_such(KTSTR_ENV_ALL_SCHEDULERS, v, "there is no such file", err);
	if (access(v, X_OK))
		return ktstr_err(err, EACCES, KTSTR_ENV_ALL_SCHEDULERS "=%s: is not executable", v);
	return 0;
}

int ktstr_override__check(struct ktstr_err *err)
{
	struct ktstr_plan none = { 0 };
	int ret = ktstr_override__apply(&none, err);

	if (!ret)
		ret = check_all(err);
	return ret ? ret : check_default(err);
}

/* What the environment says about machines. NULL as value: any. */
static const struct {
	const char *name, *value;
} machine_variables[] = {
	{ KTSTR_ENV_ALL_SCHEDULERS, NULL }, { KTSTR_ENV_SCHEDULER, NULL },
	{ KTSTR_ENV_KARGS, NULL }, { KTSTR_ENV_TOPOLOGY, NULL }, { "KTSTR_ACCEL", "kvm" }, { "KTSTR_ACCEL", "tcg" },
	{ "KTSTR_TCG_THREADS", NULL }, { "KTSTR_ICOUNT_SHIFT", NULL }, { "KTSTR_COLD", NULL },
	{ KTSTR_ENV_SNAPSHOTS, NULL }, { "KTSTR_MONITOR_CSV", NULL }, { "KTSTR_TRACE", NULL },
	{ "KTSTR_LEDGER", "1" }, { "KTSTR_COVERAGE", NULL }, { KTSTR_ENV_CPU_CAP, NULL },
	{ "KTSTR_DUMP", "always" }, { "KTSTR_VMCORE", "1" },
};

/* A sentence that names those which are set; NULL: none is. */
static const char *without_machine(char *buf, size_t size)
{
	const char *v;
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(machine_variables); i++) {
		v = ktstr_env(machine_variables[i].name);
		if (!v || (machine_variables[i].value && strcmp(v, machine_variables[i].value)))
			continue;
		len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "host_only: ",
				machine_variables[i].name);
		if (len >= size)
			return buf;
	}
	if (!len)
		return NULL;
	snprintf(buf + len, size - len,
		 ": without effect, as the test runs on this machine and under its scheduler");
	return buf;
}

const char *ktstr_override__unused(const struct ktstr_plan *p, char *buf, size_t size)
{
	bool all = ktstr_env(KTSTR_ENV_ALL_SCHEDULERS), none = ktstr_env(KTSTR_ENV_SCHEDULER);
	const struct ktstr_scheduler *s = p->scheduler;

	if (p->host_only)
		return without_machine(buf, size);
	if (!s || s == &from_env)
		return NULL;
	if (all && (!s->binary || strchr(s->binary, '/')))
		snprintf(buf, size,
			 "%s is a scheduler %s, whose place " KTSTR_ENV_ALL_SCHEDULERS " does not take",
			 s->name, s->binary ? "with a path" : "of the kernel");
	else if (none && !all)
		snprintf(buf, size,
			 "the test names scheduler %s, for which " KTSTR_ENV_SCHEDULER " is not meant",
			 s->name);
	else
		return NULL;
	return buf;
}

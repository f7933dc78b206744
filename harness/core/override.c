// SPDX-License-Identifier: GPL-2.0
/* See override.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/register.h>

#include "../guest/work.h"
#include "override.h"

#define MAX_ARGS	256

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* @text's lines as a NULL-terminated list, or NULL. */
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

/* For all plans of the process the same one. NULL with @err; *@none: nobody asked for one. */
static const struct ktstr_scheduler *scheduler(bool *none, struct vm_err *err)
{
	const char *binary = env(KTSTR_ENV_SCHEDULER), *args = env(KTSTR_ENV_SCHED_ARGS);

	*none = !binary && !args;
	if (*none)
		return NULL;
	if (!binary) {
		vm_err(err, EINVAL, KTSTR_ENV_SCHED_ARGS " needs " KTSTR_ENV_SCHEDULER);
		return NULL;
	}
	if (!from_env.binary && args) {
		from_env.args = lines(args);
		if (!from_env.args) {
			vm_err(err, EINVAL, KTSTR_ENV_SCHED_ARGS ": more than %d arguments",
			       MAX_ARGS);
			return NULL;
		}
	}
	from_env.binary = binary;
	return &from_env;
}

static int apply_topology(struct ktstr_plan *p, const char *text, struct vm_err *err)
{
	struct ktstr_topology t;

	if (ktstr_topology__parse(text, &t))
		return vm_err(err, EINVAL,
			      KTSTR_ENV_TOPOLOGY "=%s: must be like 1n2l4c1t (NUMA nodes, LLCs in all, cores an LLC, threads a core; LLCs divisible by nodes)",
			      text);
	p->topo = t;
	return ktstr_plan__size(p, err);
}

static int apply_duration(struct ktstr_plan *p, const char *text, struct vm_err *err)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !v || v > KTSTR_MAX_DURATION_S)
		return vm_err(err, EINVAL,
			      KTSTR_ENV_DURATION "=%s: must be a number of seconds from 1 to %d",
			      text, KTSTR_MAX_DURATION_S);
	p->duration_s = v;
	return 0;
}

/* By its name alone a type has the defaults of its parameters, so it must have such. */
static int apply_work_type(struct ktstr_plan *p, const char *name, struct vm_err *err)
{
	const char *hint, *why;
	const struct ktstr_work_row *row = ktstr_work__find(name, &hint);
	struct ktstr_work work = { };

	if (!row)
		return vm_err(err, EINVAL,
			      KTSTR_ENV_WORK_TYPE "=%s: there is no such work type%s%s%s; ktstr list work-types has them",
			      name, hint ? ", did you mean " : "", hint ? hint : "",
			      hint ? "?" : "");
	ktstr_work__find_type(name, &work.type);
	ktstr_work__fill(&work);
	why = row->validate ? row->validate(&work) : NULL;
	if (why)
		return vm_err(err, EINVAL, KTSTR_ENV_WORK_TYPE "=%s cannot be used by its name: %s",
			      name, why);
	p->work_type = row->name;
	return 0;
}

int ktstr_override__apply(struct ktstr_plan *p, struct vm_err *err)
{
	const char *topology = env(KTSTR_ENV_TOPOLOGY), *duration = env(KTSTR_ENV_DURATION);
	const char *work_type = env(KTSTR_ENV_WORK_TYPE);
	const struct ktstr_scheduler *own;
	bool none;
	int ret = 0;

	own = scheduler(&none, err);
	if (!own && !none)
		return -EINVAL;
	if (own && !p->scheduler && !p->host_only)
		p->scheduler = own;
	if (topology)
		ret = apply_topology(p, topology, err);
	if (!ret && duration)
		ret = apply_duration(p, duration, err);
	if (!ret && work_type)
		ret = apply_work_type(p, work_type, err);
	return ret;
}

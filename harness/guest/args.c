// SPDX-License-Identifier: GPL-2.0
/*
 * /ktstr.args: what the host asks of one run, as lines KEY=VALUE. Both ends are the same
 * program, so anything unknown, missing, doubled or malformed is a bug and is refused.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/plan.h"
#include "internal.h"

#define ARGS_MAX_LIST	1024	/* lines of one list key */

static int set_string(void *dst, const char *value)
{
	char **s = dst;

	if (!*value)
		return -EINVAL;
	*s = strdup(value);
	return *s ? 0 : -ENOMEM;
}

/* A path below the cgroup mount: "/x", no way out. */
static int set_cgroup(void *dst, const char *value)
{
	if (value[0] != '/' || !value[1] || strstr(value, "..") || strlen(value) >= PATH_MAX / 2)
		return -EINVAL;
	return set_string(dst, value);
}

static int set_u64(void *dst, const char *value)
{
	unsigned long long v;
	char *end;

	if (*value < '0' || *value > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(value, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*(uint64_t *)dst = v;
	return 0;
}

static int set_u32(void *dst, const char *value)
{
	uint64_t v;
	int ret = set_u64(&v, value);

	if (ret || v > UINT32_MAX)
		return -EINVAL;
	*(uint32_t *)dst = v;
	return 0;
}

static int set_seconds(void *dst, const char *value)
{
	int ret = set_u32(dst, value);

	/* deadlines are computed in nanoseconds; a week is more than any test wants */
	return ret ? ret : *(uint32_t *)dst > 7 * 86400 ? -EINVAL : 0;
}

static int set_topo(void *dst, const char *value)
{
	return ktstr_topology__parse(value, dst);
}

/* Append to a NULL-terminated list. */
static int add_string(void *dst, const char *value)
{
	char ***list = dst, **bigger;
	size_t nr = 0;

	while (*list && (*list)[nr])
		nr++;
	if (nr >= ARGS_MAX_LIST)
		return -E2BIG;
	bigger = realloc(*list, (nr + 2) * sizeof(**list));
	if (!bigger)
		return -ENOMEM;
	*list = bigger;
	bigger[nr + 1] = NULL;
	bigger[nr] = strdup(value);
	return bigger[nr] ? 0 : -ENOMEM;
}

enum arg_flags {
	ARG_OPTIONAL	= 0,
	ARG_REQUIRED	= 1,
	ARG_LIST	= 2,	/* may stand there more than once */
};

#define ARG(_key, _member, _set, _flags)					\
	{ _key, offsetof(struct ktstr_guest_args, _member), _set, _flags }

static const struct guest_arg {
	const char *key;
	size_t offset;
	int (*set)(void *dst, const char *value);
	unsigned int flags;
} guest_args[] = {
	ARG("test", test, set_string, ARG_REQUIRED),
	ARG("topo", topo, set_topo, ARG_REQUIRED),
	ARG("duration_s", duration_s, set_seconds, ARG_REQUIRED),
	ARG("workers", workers, set_u32, ARG_REQUIRED),
	ARG("seed", seed, set_u64, ARG_REQUIRED),
	ARG("run_grace_s", run_grace_s, set_seconds, ARG_REQUIRED),
	ARG("attach_timeout_ms", attach_timeout_ms, set_u32, ARG_REQUIRED),
	ARG("cgroup_root", cgroup_root, set_cgroup, ARG_REQUIRED),
	ARG("log_passes", log_passes, set_u32, ARG_OPTIONAL),
	ARG("stall_poll_ms", stall_poll_ms, set_u32, ARG_OPTIONAL),
	ARG("time_scale", time_scale, set_u32, ARG_OPTIONAL),
	ARG("work_type", work_type, set_string, ARG_OPTIONAL),
	ARG("cgroup_parent", cgroup_parent, set_cgroup, ARG_OPTIONAL),
	ARG("sched_arg", sched_argv, add_string, ARG_LIST),
	ARG("module", modules, add_string, ARG_LIST),
	ARG("device", devices, add_string, ARG_LIST),
	ARG("enable", enable, add_string, ARG_LIST),
	ARG("disable", disable, add_string, ARG_LIST),
};

#define NR_ARGS	(sizeof(guest_args) / sizeof(guest_args[0]))

static int parse_line(struct ktstr_guest_args *a, char *line, unsigned int *seen)
{
	char *value = strchr(line, '=');
	unsigned int i;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	for (i = 0; i < NR_ARGS; i++) {
		const struct guest_arg *arg = &guest_args[i];

		if (strcmp(arg->key, line))
			continue;
		if ((*seen & 1u << i) && !(arg->flags & ARG_LIST))
			return -EINVAL;
		*seen |= 1u << i;
		return arg->set((char *)a + arg->offset, value);
	}
	return -EINVAL;
}

int ktstr_guest_args__parse(struct ktstr_guest_args *a, const char *text)
{
	char *copy, *line, *next;
	unsigned int seen = 0, i;
	int ret = 0;

	memset(a, 0, sizeof(*a));
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	for (line = copy; line && *line && !ret; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		ret = parse_line(a, line, &seen);
	}
	free(copy);
	for (i = 0; i < NR_ARGS && !ret; i++)
		if ((guest_args[i].flags & ARG_REQUIRED) && !(seen & 1u << i))
			ret = -EINVAL;
	if (ret)
		ktstr_guest_args__free(a);
	return ret;
}

static void free_list(char **list)
{
	char **s;

	for (s = list; s && *s; s++)
		free(*s);
	free(list);
}

void ktstr_guest_args__free(struct ktstr_guest_args *a)
{
	free(a->test);
	free(a->cgroup_root);
	free(a->work_type);
	free(a->cgroup_parent);
	free_list(a->sched_argv);
	free_list(a->modules);
	free_list(a->devices);
	free_list(a->enable);
	free_list(a->disable);
	memset(a, 0, sizeof(*a));
}

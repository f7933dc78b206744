// SPDX-License-Identifier: GPL-2.0
/* The arguments of a run as text: see guest_args.h. */
#include <linux/kernel.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_args.h"
#include "window.h"

#define MAX_LIST	1024		/* lines of one list */
#define MAX_SECONDS	(7 * 86400)	/* deadlines are computed in nanoseconds */

enum field_type { U32, U64, STRING, CGROUP, TOPOLOGY, LIST };

#define IS(_member, _type)							\
	__builtin_types_compatible_p(typeof(((struct ktstr_guest_args *)0)->_member), _type)
/* 0; a member of another type than its row says does not compile. */
#define CHECKED(_member, _type)	(0 * sizeof(char[IS(_member, _type) ? 1 : -1]))

#define ROW(_key, _member, _field, _type, ...)					\
	{ .key = _key, .type = _field,						\
	  .offset = offsetof(struct ktstr_guest_args, _member) + CHECKED(_member, _type), \
	  ##__VA_ARGS__ }
#define ROW_U32(_key, _member, ...)	ROW(_key, _member, U32, uint32_t, ##__VA_ARGS__)
#define ROW_U64(_key, _member, ...)	ROW(_key, _member, U64, uint64_t, ##__VA_ARGS__)
#define ROW_STRING(_key, _member, ...)	ROW(_key, _member, STRING, char *, ##__VA_ARGS__)
#define ROW_CGROUP(_key, _member, ...)	ROW(_key, _member, CGROUP, char *, ##__VA_ARGS__)
#define ROW_TOPOLOGY(_key, _member, ...)					\
	ROW(_key, _member, TOPOLOGY, struct ktstr_topology, ##__VA_ARGS__)
#define ROW_LIST(_key, _member)		ROW(_key, _member, LIST, char **)
#define REQUIRED			.required = true

/* In the order of the text. A field that is not required is left out when it is 0 or NULL. */
static const struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	uint64_t max;			/* of a number; 0: what fits */
	bool required;
} fields[] = {
	ROW_STRING("test", test, REQUIRED),
	ROW_TOPOLOGY("topo", topo, REQUIRED),
	ROW_U32("duration_s", duration_s, REQUIRED, .max = MAX_SECONDS),
	ROW_U32("workers", workers, REQUIRED),
	ROW_U64("seed", seed, REQUIRED),
	ROW_U32("run_grace_s", run_grace_s, REQUIRED, .max = MAX_SECONDS),
	ROW_U32("attach_timeout_ms", attach_timeout_ms, REQUIRED),
	ROW_CGROUP("cgroup_root", cgroup_root, REQUIRED),
	ROW_CGROUP("cgroup_walk", cgroup_walk),
	ROW_U32("stall_poll_ms", stall_poll_ms),
	ROW_U32("time_scale", time_scale),
	ROW_STRING("work_type", work_type),
	ROW_U32("log_passes", log_passes, .max = 1),
	ROW_LIST("check", checks),
	ROW_CGROUP("cgroup_parent", cgroup_parent),
	ROW_LIST("sched_arg", sched_argv),
	ROW_U32("hold_attach", hold_attach, .max = 1),
	ROW_U32("probes", probes, .max = 1),
	ROW_U32("session", session, .max = 1),
	ROW_U32("no_restart", no_restart, .max = 1),
	ROW_U32("unclean_exit", unclean_exit, .max = 1),
	ROW_U32("no_scx_stats", no_scx_stats, .max = 1),
	ROW_U32("num_snapshots", num_snapshots, .max = KTSTR_MAX_PERIODIC),
	ROW_LIST("enable", enable),
	ROW_LIST("disable", disable),
	ROW_LIST("module", modules),
	ROW_LIST("device", devices),
	ROW_STRING("disk_filesystem", disk_filesystem),
};

#define NR_FIELDS	(ARRAY_SIZE(fields))

_Static_assert(NR_FIELDS <= 32, "parse() has a bit per field");

int ktstr_guest_args__set(char **member, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*member);
	*member = copy;
	return 0;
}

int ktstr_guest_args__add(char ***list, const char *value)
{
	char **bigger;
	size_t nr = 0;

	while (*list && (*list)[nr])
		nr++;
	bigger = realloc(*list, (nr + 2) * sizeof(**list));
	if (!bigger)
		return -ENOMEM;
	*list = bigger;
	bigger[nr + 1] = NULL;
	bigger[nr] = strdup(value);
	return bigger[nr] ? 0 : -ENOMEM;
}

/* The rules for values, of both directions. NULL: @value is right. */
static const char *string_problem(const struct field *f, const char *value)
{
	if (strchr(value, '\n'))
		return "must be one line";
	if (f->type == STRING && !*value)
		return "must not be empty";
	if (f->type == CGROUP && (value[0] != '/' || !value[1] || strstr(value, "..") ||
				  strlen(value) >= PATH_MAX / 2))
		return "must be a path below the cgroup mount";
	return NULL;
}

static uint64_t number_max(const struct field *f)
{
	if (f->max)
		return f->max;
	return f->type == U32 ? UINT32_MAX : UINT64_MAX;
}

static int bad(const struct field *f, const char *value, const char *why, struct ktstr_err *err)
{
	return ktstr_err(err, EINVAL, "%s=%.200s: %s", f->key, value, why);
}

static int bad_number(const struct field *f, const char *value, struct ktstr_err *err)
{
	return ktstr_err(err, EINVAL, "%s=%.200s: must be a number up to %" PRIu64, f->key, value,
			 number_max(f));
}

/* Decimal digits only: no sign, no blanks, no overflow. */
static int parse_number(const struct field *f, const char *value, uint64_t *v,
			struct ktstr_err *err)
{
	char *end;

	errno = 0;
	*v = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || *v > number_max(f))
		return bad_number(f, value, err);
	return 0;
}

static int add_to_list(const struct field *f, char ***list, const char *value,
		       struct ktstr_err *err)
{
	size_t nr = 0;

	while (*list && (*list)[nr])
		nr++;
	if (nr >= MAX_LIST)
		return bad(f, value, "there are too many of these", err);
	return ktstr_guest_args__add(list, value);
}

static int parse_value(struct ktstr_guest_args *a, const struct field *f, const char *value,
		       struct ktstr_err *err)
{
	void *p = (char *)a + f->offset;
	const char *why;
	uint64_t v = 0;
	int ret;

	switch (f->type) {
	case U32:
		ret = parse_number(f, value, &v, err);
		*(uint32_t *)p = (uint32_t)v;
		return ret;
	case U64:
		return parse_number(f, value, p, err);
	case TOPOLOGY:
		return ktstr_topology__parse_uneven(value, p, err);
	case STRING:
	case CGROUP:
		why = string_problem(f, value);
		return why ? bad(f, value, why, err) : ktstr_guest_args__set(p, value);
	case LIST:
		return add_to_list(f, p, value, err);
	}
	return -EINVAL;
}

static int parse_line(struct ktstr_guest_args *a, char *line, uint32_t *seen,
		      struct ktstr_err *err)
{
	char *value = strchr(line, '=');
	size_t i;

	if (!value)
		return ktstr_err(err, EINVAL, "\"%.200s\" is not KEY=VALUE", line);
	*value++ = '\0';
	for (i = 0; i < NR_FIELDS; i++)
		if (!strcmp(fields[i].key, line))
			break;
	if (i == NR_FIELDS)
		return ktstr_err(err, EINVAL, "%.200s: there is no such key", line);
	if ((*seen & 1u << i) && fields[i].type != LIST)
		return bad(&fields[i], value, "the key is there twice", err);
	*seen |= 1u << i;
	return parse_value(a, &fields[i], value, err);
}

int ktstr_guest_args__parse(struct ktstr_guest_args *a, const char *text, struct ktstr_err *err)
{
	char *copy, *line, *next;
	uint32_t seen = 0;
	int ret = 0;
	size_t i;

	memset(a, 0, sizeof(*a));
	copy = strdup(text);
	if (!copy)
		return ktstr_err(err, ENOMEM, "no memory for the arguments of the run");
	for (line = copy; line && *line && !ret; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		ret = parse_line(a, line, &seen, err);
	}
	free(copy);
	for (i = 0; i < NR_FIELDS && !ret; i++)
		if (fields[i].required && !(seen & 1u << i))
			ret = ktstr_err(err, EINVAL, "%s is missing", fields[i].key);
	if (ret == -ENOMEM)
		ktstr_err(err, ENOMEM, "no memory for the arguments of the run");
	if (ret)
		ktstr_guest_args__free(a);
	return ret;
}

static int put_number(const struct field *f, uint64_t v, FILE *out, struct ktstr_err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	if (v > number_max(f))
		return bad_number(f, text, err);
	if (v || f->required)
		fprintf(out, "%s=%s\n", f->key, text);
	return 0;
}

static int put_string(const struct field *f, const char *value, FILE *out, struct ktstr_err *err)
{
	const char *why = string_problem(f, value);

	if (why)
		return bad(f, value, why, err);
	fprintf(out, "%s=%s\n", f->key, value);
	return 0;
}

static int put_field(const struct ktstr_guest_args *a, const struct field *f, FILE *out,
		     struct ktstr_err *err)
{
	const void *p = (const char *)a + f->offset;
	char topo[KTSTR_TOPOLOGY_STRLEN];
	const char *string;
	char **list;
	int ret = 0;

	switch (f->type) {
	case U32:
		return put_number(f, *(const uint32_t *)p, out, err);
	case U64:
		return put_number(f, *(const uint64_t *)p, out, err);
	case TOPOLOGY:
		ktstr_topology__format(p, topo, sizeof(topo));
		return put_string(f, topo, out, err);
	case STRING:
	case CGROUP:
		string = *(char * const *)p;
		if (!string)
			return f->required ? bad(f, "", "is missing", err) : 0;
		return put_string(f, string, out, err);
	case LIST:
		for (list = *(char ** const *)p; list && *list && !ret; list++)
			ret = put_string(f, *list, out, err);
		return ret;
	}
	return -EINVAL;
}

int ktstr_guest_args__format(const struct ktstr_guest_args *a, char **text, struct ktstr_err *err)
{
	size_t len = 0, i;
	int ret = 0;
	FILE *f;

	*text = NULL;
	f = open_memstream(text, &len);
	if (!f)
		return ktstr_err(err, ENOMEM, "no memory for the arguments of the run");
	for (i = 0; i < NR_FIELDS && !ret; i++)
		ret = put_field(a, &fields[i], f, err);
	if (fclose(f) && !ret)
		ret = ktstr_err(err, ENOMEM, "no memory for the arguments of the run");
	if (ret) {
		free(*text);
		*text = NULL;
	}
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
	size_t i;

	for (i = 0; i < NR_FIELDS; i++) {
		void *p = (char *)a + fields[i].offset;

		if (fields[i].type == STRING || fields[i].type == CGROUP)
			free(*(char **)p);
		else if (fields[i].type == LIST)
			free_list(*(char ***)p);
	}
	memset(a, 0, sizeof(*a));
}

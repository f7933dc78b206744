// SPDX-License-Identifier: GPL-2.0
/* By what threads can be grouped, and what the groups are called: see group.h. */
#include <fnmatch.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "name.h"

static const char *cgroup_of(const struct ctprof_snapshot *s, const struct ctprof_thread *t,
			     char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return s->string[t->cgroup];
}

static const char *pcomm_of(const struct ctprof_snapshot *s, const struct ctprof_thread *t,
			    char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return s->string[t->pcomm];
}

static const char *comm_of(const struct ctprof_snapshot *s, const struct ctprof_thread *t,
			   char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return s->string[t->comm];
}

static const char *process_of(const struct ctprof_snapshot *s, const struct ctprof_thread *t,
			      char *buf, size_t size)
{
	snprintf(buf, size, "%s[%d]", s->string[t->pcomm], t->tgid);
	return buf;
}

static const char *thread_of(const struct ctprof_snapshot *s, const struct ctprof_thread *t,
			     char *buf, size_t size)
{
	snprintf(buf, size, "%s[%d]/%s[%d]", s->string[t->pcomm], t->tgid, s->string[t->comm], t->tid);
	return buf;
}

const struct ctprof_axis ctprof_axes[] = {
	{ "cgroup", CTPROF_PATHS, true, cgroup_of, "path in cgroup2" },
	{ "pcomm", CTPROF_NAMES, true, pcomm_of, "name of the process, its leader's comm" },
	{ "comm", CTPROF_NAMES, true, comm_of, "name of the thread" },
	{ "comm-exact", CTPROF_EXACT, false, comm_of, "name of the thread, numbers and all" },
	{ "process", CTPROF_EXACT, false, process_of, "single processes" },
	{ "thread", CTPROF_EXACT, false, thread_of, "single threads" },
};
const size_t ctprof_nr_axes = ARRAY_SIZE(ctprof_axes);

static bool keeps_names(const struct ctprof_axis *axis, const struct ctprof_group_opts *opts)
{
	return axis->kind == CTPROF_EXACT || (axis->kind == CTPROF_NAMES && opts->plain_names) ||
	       (axis->kind == CTPROF_PATHS && opts->plain_paths);
}

const char *ctprof_axis__shown(const struct ctprof_axis *axis, const char *literal,
			       const struct ctprof_group_opts *opts)
{
	for (size_t i = 0; axis->kind == CTPROF_PATHS && i < opts->nr_flatten; i++)
		if (!fnmatch(opts->flatten[i], literal, 0))
			return opts->flatten[i];
	return literal;
}

const char *ctprof_axis__key(const struct ctprof_axis *axis, const char *literal,
			     const struct ctprof_group_opts *opts, struct ktstr_jtree *t)
{
	const char *shown = ctprof_axis__shown(axis, literal, opts), *copy;
	char *pattern;

	if (shown != literal || keeps_names(axis, opts))
		return ktstr_jtree__copy(t, shown);
	pattern = ctprof_name__pattern(literal, axis->kind == CTPROF_PATHS);
	copy = pattern ? ktstr_jtree__copy(t, pattern) : NULL;
	free(pattern);
	return copy;
}

const char *ctprof_axis__label(const struct ctprof_axis *axis, const char *key,
			       const char * const *members, size_t nr,
			       const struct ctprof_group_opts *opts, struct ktstr_jtree *t)
{
	const char *copy;
	char *label;

	if (keeps_names(axis, opts))
		return key;
	label = ctprof_name__label(members, nr, axis->kind == CTPROF_PATHS);
	copy = label ? ktstr_jtree__copy(t, label) : NULL;
	free(label);
	return copy;
}

// SPDX-License-Identifier: GPL-2.0
/* The scheduler of this machine: see active.h. Files: kernel/sched/ext.c, scx_global_attrs. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "active.h"
#include "harness/plan/scheduler.h"
#include "lib/file.h"

/* One line of a file below /sys/kernel/sched_ext; false: it is not there. */
static bool read_line(const char *sysfs, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/kernel/sched_ext/%s", sysfs, name);
	if (guest_file__text(path, buf, size) < 0) {
		*buf = '\0';
		return false;
	}
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

void ktstr_active__read(struct ktstr_active *a, const char *sysfs)
{
	char text[64];

	memset(a, 0, sizeof(*a));
	a->supported = read_line(sysfs, "state", text, sizeof(text));
	a->enabled = !strcmp(text, "enabled");
	if (a->enabled && (!read_line(sysfs, "root/ops", a->ops, sizeof(a->ops)) || !a->ops[0]))
		strcpy(a->ops, "?");
	if (read_line(sysfs, "enable_seq", text, sizeof(text)))
		a->nr_enabled = strtoull(text, NULL, 10);
}

const char *ktstr_active__name(const struct ktstr_active *a)
{
	return a->enabled ? a->ops : ktstr_scheduler__label(NULL);
}

void ktstr_active__judge(const struct ktstr_active *before, const struct ktstr_active *after,
			 struct ktstr_result *out)
{
	if (before->enabled && !after->enabled)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_SCHED_EXITED,
				  "scheduler %s was active when the body began, and none when it ended",
				  before->ops);
	else if (before->enabled && strcmp(before->ops, after->ops))
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_SCHED_EXITED,
				  "scheduler %s was active when the body began, and %s when it ended",
				  before->ops, after->ops);
	else if (before->enabled && before->nr_enabled != after->nr_enabled)
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "scheduler %s was loaded anew while the body ran", before->ops);
	else if (!before->enabled && after->enabled)
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "scheduler %s was loaded while the body ran", after->ops);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scheduler that is active on this machine, as /sys/kernel/sched_ext tells: a run here neither
 * starts nor stops one, so it has to stay the same.
 */
#ifndef KTSTR_HOST_ACTIVE_H
#define KTSTR_HOST_ACTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/result/result.h"

struct ktstr_active {
	bool supported;		/* the kernel has sched_ext */
	bool enabled;		/* one is loaded; otherwise the kernel's own schedules */
	char ops[64];		/* its name, root/ops; empty: none is loaded */
	uint64_t nr_enabled;	/* how many were loaded since the boot, enable_seq */
};

/* @sysfs: "/sys". What cannot be read is not there. */
void ktstr_active__read(struct ktstr_active *a, const char *sysfs);
/* Its name; "eevdf" without one. */
const char *ktstr_active__name(const struct ktstr_active *a);
/*
 * Compare @before and @after a body: a failure when the one that was active is not any more, no
 * verdict when it is not the same one all the time.
 */
void ktstr_active__judge(const struct ktstr_active *before, const struct ktstr_active *after,
			 struct ktstr_result *out);

#endif

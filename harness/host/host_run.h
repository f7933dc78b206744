/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host_only: a body on this machine and its running kernel, without a VM. The same engine and
 * the same verdicts as in a guest; nothing of PID 1's duties.
 */
#ifndef KTSTR_HOST_HOST_RUN_H
#define KTSTR_HOST_HOST_RUN_H

#include "harness/plan/deadline.h"
#include "harness/model/run.h"

/*
 * Where the test's cgroups are made: KTSTR_HOST_CGROUP_PARENT below /sys/fs/cgroup, or
 * /sys/fs/cgroup/ktstr, relative to the mount ("/ktstr"). 0 or -EINVAL with @err.
 */
int ktstr_host__cgroup_parent(char *buf, size_t size, struct ktstr_err *err);

/*
 * Where controllers are first enabled, above or at @parent: KTSTR_CGROUP_WALK_ROOT, relative to the
 * mount; "" is the mount itself, which holds where nothing is said. 0 or -EINVAL with @err.
 */
int ktstr_host__cgroup_walk(const char *parent, char *buf, size_t size, struct ktstr_err *err);

/*
 * Run the body of run->plan and put what it found into run->seen and run->result; its output
 * goes to @output. -errno with @err when it could not be started; err->missing where this
 * machine has no cgroup2 that may be written.
 */
int ktstr_host__run(struct ktstr_run *run, const struct ktstr_deadlines *d, const char *output,
		    struct ktstr_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The knobs of the cgroup controllers as a table, and the controllers themselves. */
#ifndef KTSTR_GUEST_LIMITS_H
#define KTSTR_GUEST_LIMITS_H

#include <ktstr/scenario.h>

#include "cgroup.h"

enum ktstr_controller {
	KTSTR_CONTROLLER_CPUSET, KTSTR_CONTROLLER_CPU, KTSTR_CONTROLLER_MEMORY,
	KTSTR_CONTROLLER_IO, KTSTR_CONTROLLER_PIDS,
	KTSTR_NR_CONTROLLERS,
};

/* "cpuset cpu" for a set of bits 1 << enum ktstr_controller. */
#define KTSTR_CONTROLLERS_LEN	32
void ktstr_controllers__format(uint32_t set, char buf[KTSTR_CONTROLLERS_LEN]);

/* Write every knob that @c sets. 0 or -errno with a sentence. */
int ktstr_limits__write(struct ktstr_cgroups *cg, const struct ktstr_cgroup *c,
			struct vm_err *err);

#endif

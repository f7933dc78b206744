/* SPDX-License-Identifier: GPL-2.0 */
/* The knobs of the cgroup controllers as a table, and the controllers themselves. */
#ifndef KTSTR_GUEST_CGROUP_LIMITS_H
#define KTSTR_GUEST_CGROUP_LIMITS_H

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

/*
 * The first word of @list, such as "+cpu"; *@controller is the one it names, -1 when it names none.
 * Returns what follows, or NULL when there was no word.
 */
const char *ktstr_controllers__next(const char *list, char word[KTSTR_CONTROLLERS_LEN],
				    int *controller);

/*
 * Add the controllers that the knobs of @c need to *@controllers, and report each value that
 * the kernel would refuse: "cpu.max \"1 2\": a period lies in 1000..1000000 us".
 */
void ktstr_limits__check(const struct ktstr_cgroup *c, uint32_t *controllers,
			 void (*problem)(void *arg, const char *text), void *arg);

/* Write every knob that @c sets. 0 or -errno with a sentence. */
int ktstr_limits__write(struct ktstr_cgroups *cg, const struct ktstr_cgroup *c,
			struct ktstr_err *err);

#endif

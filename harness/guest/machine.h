/* SPDX-License-Identifier: GPL-2.0 */
/* What the engine must know about the machine that it runs on, from sysfs. */
#ifndef KTSTR_GUEST_MACHINE_H
#define KTSTR_GUEST_MACHINE_H

#include "../../vmm/err.h"
#include "../core/verdict.h"

/* Online CPUs below @sysfs ("/sys"). 0 or -errno. */
int ktstr_machine__online(const char *sysfs, struct ktstr_cpumask *online, struct vm_err *err);

/*
 * The NUMA nodes with memory that @cpus belong to, as a list for cpuset.mems. "" when there
 * is none of that kind or the kernel knows no nodes: then mems must be left alone.
 */
void ktstr_machine__mems(const char *sysfs, const struct ktstr_cpumask *cpus, char *list,
			 size_t size);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Which vCPU executes: vcpu.h. Checked against QEMU 10.0. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#include "vcpu.h"

#define MAX_CPUS	1024

/* A variable of QEMU's, of the thread that executes the vCPUs. */
static void **current_cpu;
static void *(*get_cpu)(int index);
static void *cpus[MAX_CPUS];
static unsigned int nr_cpus;
static bool all_cpus;

void vcpu_init(void)
{
	if (current_cpu)
		return;
	current_cpu = dlsym(RTLD_DEFAULT, "current_cpu");
	get_cpu = (void *(*)(int))dlsym(RTLD_DEFAULT, "qemu_get_cpu");
}

void **vcpu_current(void)
{
	return current_cpu;
}

unsigned int vcpu_executing(unsigned int given)
{
	unsigned int i = 0;

	if (!current_cpu || !get_cpu)
		return given;
	/* not earlier: when the first one is initialised the others do not exist yet */
	while (!all_cpus && nr_cpus < MAX_CPUS && (cpus[nr_cpus] = get_cpu((int)nr_cpus)))
		nr_cpus++;
	all_cpus = true;
	while (i < nr_cpus && cpus[i] != *current_cpu)
		i++;
	return i < nr_cpus ? i : given;
}

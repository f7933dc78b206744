/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which vCPU executes. QEMU gives callbacks the vCPU for which the code was translated
 * (gen_cpu_index() in accel/tcg/plugin-gen.c). Where one thread executes all vCPUs they share their
 * translations, so that this may be another one.
 */
#ifndef KTSTR_VMM_QEMU_PLUGIN_VCPU_H
#define KTSTR_VMM_QEMU_PLUGIN_VCPU_H

/* The thread that executes all vCPUs calls this. */
void vcpu_init(void);
/* Its variable current_cpu of QEMU; NULL: another thread's, or this QEMU does not show it. */
void **vcpu_current(void);
/* The number of the vCPU that executes; @given: what the callback was given. */
unsigned int vcpu_executing(unsigned int given);

#endif

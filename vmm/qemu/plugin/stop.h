/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stops inside the emulator: vmm/probe.h says what they are. A stop at an instruction is that of a
 * probe (probe.c). A stop by time has to be found among all instructions, at next to no cost.
 *
 * Each translated block takes its instructions off a counter, which is set so that it gets to 0 when
 * the machine's clock gets to the time; then the clock is read. Idle time passes without instructions:
 * when the vCPUs' thread has been woken, the next block looks at the clock. (QEMU 10.0 can count in
 * translated code, but not for several vCPUs in one thread: the index of the vCPU is a constant there,
 * which it multiplies in place, and the block has another number for 1 from then on.)
 *
 * Blocks are counted from the first one on, since new instrumentation would mean to translate anew,
 * and that ends turns.
 */
#ifndef KTSTR_VMM_QEMU_PLUGIN_STOP_H
#define KTSTR_VMM_QEMU_PLUGIN_STOP_H

#include "api.h"

struct qemu_probe_area;

/* @area: the memory shared with the host. False: this QEMU lacks something; it was said. */
bool stop_init(struct qemu_probe_area *area);
/* A block of @nr instructions is translated. */
void stop_translate(struct qemu_plugin_tb *tb, size_t nr);
/* The host may have changed what it wants: it has just answered. */
void stop_look(void);
/* All vCPUs were idle, so the clock may have moved by any amount. */
void stop_after_idle(void);
/*
 * The vCPU's stop is due, at @kva: tell the host and wait. @host_pc: the return address of the
 * callback. Does not return if the machine is handed over.
 */
void stop_now(unsigned int vcpu, uint64_t kva, uintptr_t host_pc);
/* The host has answered that it hands the machine over. */
void stop_hand_over(void);

#endif

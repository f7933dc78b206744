/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes inside the emulator: see vmm/probe.h for what they are and vmm/qemu/probe_area.h for the
 * memory by which the host sets them and gets their records.
 *
 * Code is instrumented when it is translated. An instruction gets a callback if the lowest 21 bits of
 * its address are those of a probe or link address, since KASLR moves the kernel by multiples of
 * 2 MiB; the callback compares the whole address. So a probe of the kernel's image may be set at any
 * time, although the code was translated before.
 *
 * Reading the guest's clock in the middle of a translated block needs care. QEMU counts a block's
 * instructions when it enters the block. The clock is that count, less the instructions of the block
 * that are not executed yet, which is known when the block is translated.
 */
#ifndef KTSTR_VMM_QEMU_PLUGIN_PROBE_H
#define KTSTR_VMM_QEMU_PLUGIN_PROBE_H

#include "api.h"

/* Map the area of descriptor @fd. False: it is none, or this QEMU lacks something; it was said. */
bool probe_init(int fd);
/* The thread that executes all vCPUs calls this, once for each of them. */
void probe_vcpu_init(void);
/* A vCPU stops: note the time, to the end of the block that it executes. */
void probe_stop(void);
/* An instruction, number @index of @nr in its block, is translated. */
void probe_translate(struct qemu_plugin_insn *insn, size_t index, size_t nr);
/* The clock when there are @behind instructions of the block left, and the time that @nr take. */
uint64_t probe_now_ns(uint32_t behind);
uint64_t probe_insns_ns(uint32_t nr);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Counts inside the emulator: see vmm/count.h. Every instruction of their code gets a callback. */
#ifndef KTSTR_VMM_QEMU_PLUGIN_COUNT_H
#define KTSTR_VMM_QEMU_PLUGIN_COUNT_H

#include "api.h"

struct qemu_count_area;

void count_init(struct qemu_count_area *area);
/* The instruction at @vaddr is translated. */
void count_translate(struct qemu_plugin_insn *insn, uint64_t vaddr);

#endif

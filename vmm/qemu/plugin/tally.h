/* SPDX-License-Identifier: GPL-2.0 */
/* Tallies inside the emulator: see vmm/tally.h. Every instruction of their code gets a callback. */
#ifndef KTSTR_VMM_QEMU_PLUGIN_TALLY_H
#define KTSTR_VMM_QEMU_PLUGIN_TALLY_H

#include "api.h"

struct qemu_tally_area;

void tally_init(struct qemu_tally_area *area);
/* The instruction at @vaddr is translated. */
void tally_translate(struct qemu_plugin_insn *insn, uint64_t vaddr);

#endif

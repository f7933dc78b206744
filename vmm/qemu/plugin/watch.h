/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches: writes of the kernel to one of a few words. They are rare and ask for a callback at each
 * store, so nothing is instrumented for them before the host sets the first one: then all code is
 * translated anew.
 */
#ifndef KTSTR_VMM_QEMU_PLUGIN_WATCH_H
#define KTSTR_VMM_QEMU_PLUGIN_WATCH_H

#include "api.h"

/* Watch the words at @kva[QEMU_NR_WATCHES], 0: as before. True: the first one, translate anew. */
bool watch_set(const uint64_t *kva);
/* The instruction at @vaddr is translated. */
void watch_translate(struct qemu_plugin_insn *insn, uint64_t vaddr);

#endif

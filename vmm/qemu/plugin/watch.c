// SPDX-License-Identifier: GPL-2.0
/* Writes of the kernel to a few words: watch.h. */
#include "watch.h"
#include "vmm/qemu/mark.h"

/* Written before the code that looks at them is translated. */
static uint64_t watches[QEMU_NR_WATCHES];	/* 0: none */
static bool watching;

bool watch_set(const uint64_t *kva)
{
	bool first = !watching;

	for (int i = 0; i < QEMU_NR_WATCHES; i++) {
		if (!kva[i])
			continue;
		__atomic_store_n(&watches[i], kva[i], __ATOMIC_RELAXED);
		watching = true;
	}
	return first && watching;
}

static void on_store(unsigned int vcpu_index, uint32_t info, uint64_t vaddr, void *userdata)
{
	uint64_t size = 1ull << qemu_plugin_mem_size_shift(info), kva;

	(void)userdata;
	for (uint32_t i = 0; i < QEMU_NR_WATCHES; i++) {
		kva = __atomic_load_n(&watches[i], __ATOMIC_RELAXED);
		if (kva && vaddr < kva + QEMU_WATCH_BYTES && vaddr + size > kva)
			hostcall_stop(vcpu_index,
				      QEMU_AT_MARK | (QEMU_FIRST_WATCH + i) << QEMU_MARK_SHIFT, 0);
	}
}

void watch_translate(struct qemu_plugin_insn *insn, uint64_t vaddr)
{
	/* only the kernel writes to its variables */
	if (watching && vaddr >> 63)
		qemu_plugin_register_vcpu_mem_cb(insn, on_store, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
}

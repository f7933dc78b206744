// SPDX-License-Identifier: GPL-2.0
/*
 * See count.h. One thread executes all vCPUs, so nothing here needs a lock. A translated block keeps its
 * counters when the pieces change; code that is written over is translated anew.
 */
#include "count.h"
#include "vmm/qemu/count_area.h"

static struct qemu_count_area *area;

void count_init(struct qemu_count_area *a)
{
	area = a;
}

static void on_insn(unsigned int vcpu, void *userdata)
{
	(void)vcpu;
	++*(uint64_t *)userdata;
}

/* The last piece that does not begin behind @vaddr; NULL: there is none. */
static const struct vm_counted *find(uint64_t vaddr)
{
	uint32_t low = 0, high = area->nr < VM_MAX_COUNTED ? area->nr : VM_MAX_COUNTED;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (area->piece[mid].kva <= vaddr)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &area->piece[low - 1] : NULL;
}

void count_translate(struct qemu_plugin_insn *insn, uint64_t vaddr)
{
	const struct vm_counted *c = area && area->nr ? find(vaddr) : NULL;

	if (!c || vaddr - c->kva >= c->len || c->first >= VM_COUNT_BYTES ||
	    vaddr - c->kva >= VM_COUNT_BYTES - c->first)
		return;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS,
					       &area->count[c->first + (vaddr - c->kva)]);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * See tally.h. One thread executes all vCPUs, so nothing here needs a lock. Code is only added: a
 * translated block keeps the number of its piece, and code that is written over is translated anew.
 */
#include "tally.h"
#include "vcpu.h"
#include "vmm/qemu/tally_area.h"

static struct qemu_tally_area *area;

void tally_init(struct qemu_tally_area *a)
{
	area = a;
}

/* The vCPU that executes, or the last one that is told apart. */
static unsigned int executing(unsigned int given)
{
	static void *last;
	static unsigned int number;
	void **current = vcpu_current();

	if (!current || *current != last || !last) {
		last = current ? *current : NULL;
		number = vcpu_executing(given);
		if (number >= QEMU_TALLY_CPUS)
			number = QEMU_TALLY_CPUS - 1;
	}
	return number;
}

/* A call of @t is over: it took so many instructions. */
static void end_call(struct vm_tally *t, uint64_t insns)
{
	uint32_t at = (uint32_t)(insns * 0x9e3779b97f4a7c15ull >> 40) % VM_TALLY_PATHS;

	for (int i = 0; i < VM_TALLY_PATHS; i++, at = (at + 1) % VM_TALLY_PATHS) {
		struct vm_tally_path *p = &t->path[at];

		if (p->calls && p->insns != insns)
			continue;
		p->insns = insns;
		p->calls++;
		return;
	}
	t->other_calls++;
}

static void on_insn(unsigned int vcpu, void *userdata)
{
	uint32_t i = (uint32_t)((uintptr_t)userdata >> 1);
	uint32_t tally = area->code[i].tally;
	struct vm_tally *t = &area->tally[tally % VM_MAX_TALLIES];
	uint64_t *running = &area->running[tally % VM_MAX_TALLIES][executing(vcpu)];

	if ((uintptr_t)userdata & 1) {
		if (*running)
			end_call(t, *running);
		*running = 0;
		t->calls++;
	}
	t->insns++;
	++*running;
}

/* The lowest bit: a call begins here. */
void tally_translate(struct qemu_plugin_insn *insn, uint64_t vaddr)
{
	uint32_t nr = area ? area->nr_code : 0;

	for (uint32_t i = nr < VM_MAX_CODE ? nr : VM_MAX_CODE; i; i--) {
		const struct vm_code *c = &area->code[i - 1];

		if (vaddr - c->kva >= c->len)
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS,
			(void *)((uintptr_t)(i - 1) << 1 | (c->entry && vaddr == c->kva)));
		return;
	}
}

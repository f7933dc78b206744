// SPDX-License-Identifier: GPL-2.0
/* The host's side of tallies: the plugin's is in plugin/tally.c. */
#include <errno.h>
#include <string.h>

#include "machine.h"

int qemu_add_tallies(struct vm *vm, const struct vm_code *code, unsigned int nr)
{
	struct qemu_vm *q = to_qemu(vm);
	struct qemu_tally_area *a;

	if (!q->probes)
		return -EOPNOTSUPP;
	a = &q->probes->tallies;
	if (!q->at_sync)
		return -EINVAL;
	if (a->nr_code > VM_MAX_CODE || nr > VM_MAX_CODE - a->nr_code)
		return -E2BIG;
	for (unsigned int i = 0; i < nr; i++)
		if (code[i].kva < UINT64_C(0xffffffff00000000))	/* probe_translate() looks there only */
			return -EINVAL;
	if (nr)
		memcpy(&a->code[a->nr_code], code, nr * sizeof(*code));
	a->nr_code += nr;
	return 0;
}

int qemu_get_tally(struct vm *vm, unsigned int i, struct vm_tally *t)
{
	struct qemu_vm *q = to_qemu(vm);
	const struct qemu_tally_area *a;

	if (!q->probes)
		return -EOPNOTSUPP;
	a = &q->probes->tallies;
	*t = a->tally[i];
	/* the last call of each vCPU: nobody knows whether it is over */
	for (int cpu = 0; cpu < QEMU_TALLY_CPUS; cpu++)
		t->other_calls += a->running[i][cpu] != 0;
	return 0;
}

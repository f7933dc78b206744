// SPDX-License-Identifier: GPL-2.0
/* The host's side of marks and watches: the plugin's is in plugin/hostcall.c and plugin/watch.c. */
#include <errno.h>

#include "machine.h"

_Static_assert(QEMU_NR_MARKS == VM_NR_MARKS, "the plugin has as many marks as a machine");

int qemu_set_mark(struct vm *vm, enum vm_mark_slot slot, const struct vm_mark *mark)
{
	struct qemu_vm *q = to_qemu(vm);
	struct qemu_mark m = { .change = 1, .fd = -1, .kva = mark->kva, .at = mark->at };

	if (!q->mark_kva[slot])
		return -EOPNOTSUPP;
	if (!q->at_sync)
		return -EINVAL;
	if ((m.kva - q->mark_kva[slot]) % QEMU_MARK_ALIGN && m.kva)
		return -EINVAL;
	if (m.kva && m.at) {
		int node = vm_ram_backing(&q->ram, mark->clock_gpa, sizeof(uint64_t), &m.offset);

		if (node < 0 || mark->clock_gpa % sizeof(uint64_t))
			return -EINVAL;
		m.fd = q->ram_fd[node];
	}
	q->answer.mark[slot] = m;
	q->new_mark = true;
	return 0;
}

_Static_assert(QEMU_NR_WATCHES == VM_NR_WATCHES && QEMU_WATCH_BYTES == VM_WATCH_BYTES,
	       "the plugin watches what a machine can");

int qemu_set_watch(struct vm *vm, unsigned int watch, uint64_t kva)
{
	struct qemu_vm *q = to_qemu(vm);

	if (!q->at_sync)
		return -EINVAL;
	if (q->watch[watch])
		return -EBUSY;
	q->watch[watch] = kva;
	q->answer.watch[watch] = kva;
	q->new_mark = true;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* The host's side of counts: the plugin's is in plugin/count.c. */
#include <errno.h>
#include <string.h>

#include "machine.h"

int qemu_set_counted(struct vm *vm, const struct vm_counted *c, unsigned int nr)
{
	struct qemu_vm *q = to_qemu(vm);
	struct qemu_count_area *a;

	if (!q->probes)
		return -EOPNOTSUPP;
	if (!q->at_sync)
		return -EINVAL;
	a = &q->probes->counts;
	for (unsigned int i = 0; i < nr; i++)
		if (c[i].kva < UINT64_C(0xffffffff00000000))	/* probe_translate() looks there only */
			return -EINVAL;
	if (nr)
		memcpy(a->piece, c, nr * sizeof(*c));
	a->nr = nr;
	return 0;
}

int qemu_get_counts(struct vm *vm, uint32_t first, uint32_t nr, uint64_t *count)
{
	struct qemu_vm *q = to_qemu(vm);

	if (!q->probes)
		return -EOPNOTSUPP;
	memcpy(count, &q->probes->counts.count[first], nr * sizeof(*count));
	return 0;
}

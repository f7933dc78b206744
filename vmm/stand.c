// SPDX-License-Identifier: GPL-2.0
/* What the vCPUs of a machine are doing, in words: see vm_stands_tell(). */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend.h"

static const char *const says[VM_NR_STANDS] = {
	[VM_STAND_LOST]		= "shows no registers",
	[VM_STAND_DEAD]		= "halted with interrupts off",
	[VM_STAND_LOCKED]	= "runs with interrupts off",
	[VM_STAND_NEVER]	= "was never started",
	[VM_STAND_SYNC]		= "waits at a sync point",
	[VM_STAND_KERNEL]	= "runs in the kernel",
	[VM_STAND_USER]		= "runs in user space",
	[VM_STAND_IDLE]		= "is idle",
};

static void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (*len >= size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(buf + *len, size - *len, fmt, ap);
	va_end(ap);
	if (n > 0)
		*len += (size_t)n;
}

bool vm_stand_has_place(const struct vm_stand *s)
{
	return s->kind == VM_STAND_DEAD || s->kind == VM_STAND_LOCKED || s->kind == VM_STAND_KERNEL;
}

/* "; vCPU 1, 4-7 is idle" for each kind; of those in the kernel, the place of the first. */
void vm_stands_tell(const struct vm_stand *stand, uint32_t nr, const struct vm_namer *namer,
		    char *buf, size_t size)
{
	char place[128];
	size_t len = 0;

	buf[0] = '\0';
	for (enum vm_stand_kind kind = 0; kind < VM_NR_STANDS; kind++) {
		const struct vm_stand *first = NULL;

		for (uint32_t i = 0; i < nr; i++) {
			uint32_t end = i;

			if (stand[i].kind != kind)
				continue;
			while (end + 1 < nr && stand[end + 1].kind == kind)
				end++;
			add(buf, size, &len, "%s%u", first ? ", " : len ? "; vCPU " : "vCPU ", i);
			if (end > i)
				add(buf, size, &len, "-%u", end);
			if (!first)
				first = &stand[i];
			i = end;
		}
		if (!first)
			continue;
		add(buf, size, &len, " %s", says[kind]);
		if (!vm_stand_has_place(first))
			continue;
		if (namer && namer->name(namer->arg, first->pc, place, sizeof(place)))
			add(buf, size, &len, " in %s", place);
		else
			add(buf, size, &len, " at %#" PRIx64, first->pc);
	}
}

int vm_look(struct vm *vm, struct vm_stand **standp, uint32_t *nr, struct ktstr_err *err)
{
	struct vm_stand *stand;
	int r;

	if (!vm->ops->look)
		return ktstr_err(err, EOPNOTSUPP, "this backend cannot tell");
	stand = calloc(vm->nr_vcpus, sizeof(*stand));
	if (!stand)
		return ktstr_err(err, ENOMEM, "out of memory");
	r = vm->ops->look(vm, stand, err);
	if (r) {
		free(stand);
		return r;
	}
	*standp = stand;
	*nr = vm->nr_vcpus;
	return 0;
}

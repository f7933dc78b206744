// SPDX-License-Identifier: GPL-2.0
/*
 * What the vCPUs of an emulated machine are doing. The machine is stopped for good: this is asked
 * about a run that has ended by its deadline. The registers come from QEMU's monitor for humans,
 * as the machine protocol has no command for them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define LIMIT_MS	3000
#define FLAGS_IF	0x200		/* interrupts enabled */

/* The number behind @name, "RIP=ffffffff810000a0"; false: it is not there. */
static bool take(const char *text, const char *name, int base, uint64_t *v)
{
	const char *at = strstr(text, name);
	char *end;

	if (!at)
		return false;
	at += strlen(name);
	*v = strtoull(at, &end, base);
	return end != at;
}

void qemu_look_parse(const char *text, struct vm_stand *s)
{
	uint64_t flags, cpl, halted;

	*s = (struct vm_stand){ .kind = VM_STAND_LOST };
	if (!take(text, "HLT=", 10, &halted) || !take(text, "CPL=", 10, &cpl))
		return;
	/* in 16 and 32 bits it says EIP and EFL: Linux has not brought this CPU up */
	if (!take(text, "RIP=", 16, &s->pc) || !take(text, "RFL=", 16, &flags)) {
		s->kind = VM_STAND_NEVER;
		return;
	}
	take(text, "RSP=", 16, &s->sp);
	if (halted)
		s->kind = flags & FLAGS_IF ? VM_STAND_IDLE : VM_STAND_DEAD;
	else if (cpl == 3)
		s->kind = VM_STAND_USER;
	else
		s->kind = flags & FLAGS_IF ? VM_STAND_KERNEL : VM_STAND_LOCKED;
}

int qemu_look(struct vm *vm, struct vm_stand *stand, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	char args[80], *text;
	int r;

	if (q->state != RUNNING)
		return ktstr_err(err, ESRCH, "the machine does not run");
	if (q->at_sync)
		return ktstr_err(err, EBUSY, "the machine is at a sync point");
	text = malloc(QMP_LINE);
	r = text ? qmp_command(&q->qmp, "stop", NULL, LIMIT_MS) : -ENOMEM;
	for (uint32_t i = 0; !r && i < q->nr_cpus; i++) {
		snprintf(args, sizeof(args), "{\"command-line\":\"info registers\",\"cpu-index\":%u}", i);
		r = qmp_ask(&q->qmp, "human-monitor-command", args, text, QMP_LINE, LIMIT_MS);
		if (!r)
			qemu_look_parse(text, &stand[i]);
	}
	free(text);
	return r ? ktstr_err(err, -r, "the emulator does not say what its CPUs do: %s",
			     strerror(-r)) : 0;
}

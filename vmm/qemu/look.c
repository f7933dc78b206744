// SPDX-License-Identifier: GPL-2.0
/*
 * What the vCPUs of an emulated machine are doing. vm_look() stops the machine for good: it is asked
 * about a run that has ended by its deadline. The registers come from QEMU's monitor for humans, as
 * the machine protocol has no command for them. While a deterministic machine stands at a sync point
 * its main thread, which serves the monitor, has no turn; there the plugin prints the same text.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

/* "CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]" */
static bool take_segment(const char *text, const char *name, uint64_t *selector, uint64_t *base)
{
	const char *at = strstr(text, name);
	char *end;

	if (!at)
		return false;
	at += strlen(name);
	*selector = strtoull(at, &end, 16);
	if (end == at || *end != ' ')
		return false;
	at = end;
	*base = strtoull(at, &end, 16);
	return end != at;
}

void qemu_look_parse_regs(const char *text, struct vm_regs *r)
{
	static const char * const gpr[VM_NR_GPRS] = {
		"RAX=", "RCX=", "RDX=", "RBX=", "RSP=", "RBP=", "RSI=", "RDI=",
		"R8 =", "R9 =", "R10=", "R11=", "R12=", "R13=", "R14=", "R15=",
	};
	struct vm_stand s;
	bool all;
	uint64_t unused;

	qemu_look_parse(text, &s);
	*r = (struct vm_regs){ .kind = s.kind };
	if (s.kind == VM_STAND_LOST || s.kind == VM_STAND_NEVER)
		return;
	all = take(text, "RIP=", 16, &r->rip) && take(text, "RFL=", 16, &r->rflags) &&
	      take(text, "CR0=", 16, &r->cr0) && take(text, "CR2=", 16, &r->cr2) &&
	      take(text, "CR3=", 16, &r->cr3) && take(text, "CR4=", 16, &r->cr4) &&
	      take_segment(text, "CS =", &r->cs, &unused) &&
	      take_segment(text, "SS =", &r->ss, &unused) &&
	      take_segment(text, "DS =", &r->ds, &unused) &&
	      take_segment(text, "ES =", &r->es, &unused) &&
	      take_segment(text, "FS =", &r->fs, &r->fs_base) &&
	      take_segment(text, "GS =", &r->gs, &r->gs_base);
	for (int i = 0; i < VM_NR_GPRS; i++)
		all = take(text, gpr[i], 16, &r->gpr[i]) && all;
	if (!all)
		*r = (struct vm_regs){ .kind = VM_STAND_LOST };
}

/* "info registers" of @cpu. 0 or -errno. */
static int ask_monitor(struct qemu_vm *q, uint32_t cpu, char *text, size_t size, int timeout_ms)
{
	char args[80];

	snprintf(args, sizeof(args), "{\"command-line\":\"info registers\",\"cpu-index\":%u}", cpu);
	return qmp_ask(&q->qmp, "human-monitor-command", args, text, size, timeout_ms);
}

/* The plugin holds the vCPU that stopped, and answers at once: it has nothing else to do. */
static int ask_plugin(struct qemu_vm *q, uint32_t cpu, struct vm_regs *regs)
{
	struct qemu_ask ask = { .vcpu = q->sync_vcpu, .ask = cpu };
	struct pollfd p = { .fd = q->sync_fd, .events = POLLIN };
	struct qemu_regs reply;
	ssize_t n;

	if (send(q->sync_fd, &ask, sizeof(ask), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(ask))
		return -EPIPE;
	if (poll(&p, 1, LIMIT_MS) != 1)
		return -ETIMEDOUT;
	n = recv(q->sync_fd, &reply, sizeof(reply), MSG_DONTWAIT);
	if (n <= (ssize_t)offsetof(struct qemu_regs, text) || ((char *)&reply)[n - 1])
		return -EPROTO;
	qemu_look_parse_regs(reply.text, regs);
	if (reply.pc && regs->kind != VM_STAND_LOST)
		regs->rip = reply.pc;
	return 0;
}

int qemu_get_regs(struct vm *vm, struct vm_regs *regs, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	bool by_plugin = q->deterministic && q->at_sync;
	char *text;
	int r = 0;

	if (q->state != RUNNING)
		return ktstr_err(err, ESRCH, "the machine does not run");
	if (!by_plugin && (q->deterministic || q->pause == PAUSED_BY_SIGNAL))
		return ktstr_err(err, EOPNOTSUPP, q->deterministic ?
				 "the machine is at no sync point" :
				 "a vCPU waits at a sync point, so the emulator is stopped as a whole");
	text = malloc(QMP_LINE);
	if (!text)
		r = -ENOMEM;
	for (uint32_t i = 0; !r && i < q->nr_cpus; i++) {
		if (by_plugin) {
			r = ask_plugin(q, i, &regs[i]);
			continue;
		}
		r = ask_monitor(q, i, text, QMP_LINE, LIMIT_MS);
		if (!r)
			qemu_look_parse_regs(text, &regs[i]);
	}
	free(text);
	return r ? ktstr_err(err, -r, "the emulator does not tell its registers: %s", strerror(-r)) : 0;
}

int qemu_look(struct vm *vm, struct vm_stand *stand, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	char *text;
	int r;

	if (q->state != RUNNING)
		return ktstr_err(err, ESRCH, "the machine does not run");
	if (q->at_sync)
		return ktstr_err(err, EBUSY, "the machine is at a sync point");
	text = malloc(QMP_LINE);
	r = text ? qmp_command(&q->qmp, "stop", NULL, LIMIT_MS) : -ENOMEM;
	for (uint32_t i = 0; !r && i < q->nr_cpus; i++) {
		r = ask_monitor(q, i, text, QMP_LINE, LIMIT_MS);
		if (!r)
			qemu_look_parse(text, &stand[i]);
	}
	free(text);
	return r ? ktstr_err(err, -r, "the emulator does not say what its CPUs do: %s",
			     strerror(-r)) : 0;
}

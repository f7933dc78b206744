// SPDX-License-Identifier: GPL-2.0
/*
 * What the vCPUs of a guest that no longer responds are doing. Two snapshots a little apart
 * distinguish a vCPU that keeps interrupts disabled from one that was handling an interrupt.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kvm.h"

#define PAUSE_LIMIT_MS	500
#define BETWEEN_MS	50

static struct vm_stand look_at(struct kvm_vcpu *v)
{
	struct vm_stand l = { .kind = VM_STAND_LOST };
	struct kvm_snapshot s;

	if (v->state == VCPU_AT_SYNC) {
		l.kind = VM_STAND_SYNC;
		return l;
	}
	if (kvm_arch_snapshot(v->fd, &s))
		return l;
	l.pc = s.pc;
	l.sp = s.sp;
	if (!s.started)
		l.kind = VM_STAND_NEVER;
	else if (s.halted)
		l.kind = s.interrupts ? VM_STAND_IDLE : VM_STAND_DEAD;
	else if (s.user)
		l.kind = VM_STAND_USER;
	else
		l.kind = s.interrupts ? VM_STAND_KERNEL : VM_STAND_LOCKED;
	return l;
}

static int look_at_all(struct kvm_machine *m, struct vm_stand *look, struct ktstr_err *err)
{
	int r = kvm_vcpus_pause(m, PAUSE_LIMIT_MS, err);

	if (r)
		return r;
	for (uint32_t i = 0; i < m->nr_vcpus; i++)
		look[i] = look_at(&m->vcpu[i]);
	return kvm_vcpus_resume(m);
}

int kvm_look(struct kvm_machine *m, struct vm_stand *later, struct ktstr_err *err)
{
	struct vm_stand *look = calloc(m->nr_vcpus, sizeof(*look));
	int r;

	if (!look)
		return ktstr_err(err, ENOMEM, "out of memory");
	r = look_at_all(m, look, err);
	if (!r) {
		poll(NULL, 0, BETWEEN_MS);
		r = look_at_all(m, later, err);
	}
	for (uint32_t i = 0; !r && i < m->nr_vcpus; i++) {
		/* interrupts were off once: it was in one, or about to be */
		if (later[i].kind == VM_STAND_LOCKED && look[i].kind != VM_STAND_LOCKED)
			later[i].kind = VM_STAND_KERNEL;
	}
	free(look);
	return r;
}

/* A vCPU that runs cannot be asked: KVM would wait until it leaves the guest. */
int kvm_look_regs(struct kvm_machine *m, struct vm_regs *regs, struct ktstr_err *err)
{
	bool paused;
	int r;

	pthread_mutex_lock(&m->lock);
	paused = m->pausing && !m->nr_in;
	pthread_mutex_unlock(&m->lock);
	if (!paused)
		return ktstr_err(err, EOPNOTSUPP, "the vCPUs are not paused");
	for (uint32_t i = 0; i < m->nr_vcpus; i++) {
		r = kvm_arch_get_regs(m->vcpu[i].fd, &regs[i]);
		if (r)
			return ktstr_err(err, -r, "the registers of vCPU %u: %s", i, strerror(-r));
		regs[i].kind = look_at(&m->vcpu[i]).kind;
	}
	return 0;
}

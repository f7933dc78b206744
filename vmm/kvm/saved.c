// SPDX-License-Identifier: GPL-2.0
/* A machine at its save point, written to files, and a new machine made the same from them. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kvm.h"
#include "state.h"

#define PAUSE_MS	5000

/*
 * A vCPU that has left the guest for a device is in the middle of an instruction until KVM_RUN is
 * called once more; immediate_exit keeps it from executing the next one.
 */
static int finish_instruction(struct kvm_vcpu *v, struct ktstr_err *err)
{
	int r;

	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	r = ioctl(v->fd, KVM_RUN, 0);
	if (r < 0 && errno == EINTR)
		return 0;
	return ktstr_err(err, r ? errno : EBUSY, "vCPU %u: cannot finish its instruction: %s", v->cpu,
			 r ? strerror(errno) : "it wants a device");
}

static bool at_save_point(struct kvm_machine *m)
{
	bool is;

	pthread_mutex_lock(&m->lock);
	is = m->sync && m->sync->watched == KVM_STOP_SAVE;
	pthread_mutex_unlock(&m->lock);
	return is;
}

static int collect(struct kvm_machine *m, struct kvm_state *s, struct ktstr_err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < m->nr_vcpus && !r; i++)
		r = finish_instruction(&m->vcpu[i], err);
	if (r)
		return r;
	r = kvm_arch_save(m, s, err);
	if (r)
		return r;
	kvm_devices_flush(m->devices);
	r = kvm_devices_save(m->devices, s);
	return r ? ktstr_err(err, -r, "saved state of devices: %s", strerror(-r)) : 0;
}

int kvm_save(struct kvm_machine *m, const struct vm_saved *to, struct ktstr_err *err)
{
	struct kvm_state s = { 0 };
	int r;

	if (!at_save_point(m))
		return ktstr_err(err, EINVAL, "the machine is not at its save point");
	r = kvm_vcpus_pause(m, PAUSE_MS, err);
	if (r)
		return r;
	r = kvm_state_begin(&s, m->nr_vcpus);
	if (r)
		ktstr_err(err, -r, "saved state: %s", strerror(-r));
	else
		r = collect(m, &s, err);
	if (!r) {
		r = kvm_state_write(&s, to->state_fd);
		if (r)
			ktstr_err(err, -r, "state of the machine: %s", strerror(-r));
	}
	kvm_state_free(&s);
	return r ? r : vm_ram_save(&m->ram, to->ram_fd, err);
}

int kvm_load_state(struct kvm_machine *m, const struct vm_saved *from, struct ktstr_err *err)
{
	struct kvm_state s;
	int r = kvm_state_read(&s, from->state_fd, m->nr_vcpus, err);

	if (!r)
		r = kvm_arch_load(m, &s, err);
	if (!r) {
		r = kvm_devices_load(m->devices, &s);
		if (r)
			ktstr_err(err, -r, "saved state: it has no such devices");
	}
	kvm_state_free(&s);
	return r;
}

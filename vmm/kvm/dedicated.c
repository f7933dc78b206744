// SPDX-License-Identifier: GPL-2.0
/*
 * vCPUs that have CPUs of the host for themselves: their threads are pinned and preempt everything else
 * there, and the guest does not give the CPU back when it spins or halts, as nobody else wants it. All
 * of it makes runs quieter and none of it is needed for them, so what the host refuses becomes a part of
 * vm_notice().
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kvm.h"

#define PRIORITY	1	/* of SCHED_FIFO: above all that is no real-time task, below the VMM's */

int kvm_dedicated_init(struct kvm_machine *m, const uint32_t *vcpu_cpus, struct ktstr_err *err)
{
	m->dedicated = vcpu_cpus;
	for (uint32_t i = 0; vcpu_cpus && i < m->nr_vcpus; i++) {
		for (uint32_t k = 0; k < i; k++)
			if (vcpu_cpus[k] == vcpu_cpus[i])
				return ktstr_err(err, EINVAL,
						 "vcpu_cpus: CPU %" PRIu32 " of the host is for vCPU %" PRIu32 " and for %" PRIu32,
						 vcpu_cpus[i], k, i);
		m->vcpu[i].host_cpu = vcpu_cpus[i];
	}
	return 0;
}

static void note(struct kvm_machine *m, const char *why)
{
	if (*why)
		vm_ram_note(&m->ram, "%s", why);
}

void kvm_dedicated_vm(struct kvm_machine *m)
{
	char why[KVM_WHY_BYTES] = "";

	if (!m->dedicated)
		return;
	kvm_arch_dedicate(m->fd, why);
	note(m, why);
}

void kvm_dedicated_vcpus(struct kvm_machine *m)
{
	char why[KVM_WHY_BYTES] = "";

	if (!m->dedicated)
		return;
	kvm_arch_check_clock(m->fd, why);
	note(m, why);
}

/* 0 or an errno. */
static int pin(const struct kvm_vcpu *v)
{
	size_t size = CPU_ALLOC_SIZE(v->host_cpu + 1);
	cpu_set_t *set = CPU_ALLOC(v->host_cpu + 1);
	int r;

	if (!set)
		return ENOMEM;
	CPU_ZERO_S(size, set);
	CPU_SET_S(v->host_cpu, size, set);
	r = pthread_setaffinity_np(v->thread, size, set);
	CPU_FREE(set);
	return r;
}

static void note_no_fifo(struct kvm_machine *m, int errnum)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_RTPRIO, &limit);
	if (errnum == EPERM && limit.rlim_cur < PRIORITY)
		vm_ram_note(&m->ram,
			    "vCPU threads are not SCHED_FIFO: RLIMIT_RTPRIO is %llu and CAP_SYS_NICE is missing; for more: ulimit -r %d, or rtprio in /etc/security/limits.conf",
			    (unsigned long long)limit.rlim_cur, PRIORITY + 1);
	else
		vm_ram_note(&m->ram, "vCPU threads are not SCHED_FIFO: %s%s", strerror(errnum),
			    errnum == EPERM ? "; look at cpu.rt_runtime_us of the cgroup" : "");
}

void kvm_dedicated_threads(struct kvm_machine *m)
{
	const struct sched_param param = { .sched_priority = PRIORITY };
	bool told_pin = false, told_fifo = false;

	for (uint32_t i = 0; m->dedicated && i < m->nr_vcpus; i++) {
		const struct kvm_vcpu *v = &m->vcpu[i];
		int r = pin(v);

		if (r && !told_pin)
			vm_ram_note(&m->ram, "vCPU %" PRIu32 " is not on CPU %" PRIu32 " of the host: %s", i,
				    v->host_cpu, strerror(r));
		told_pin |= r;
		/*
		 * One that is not alone on its CPU would keep everybody else from it. KVM starts a worker
		 * from the first vCPU thread, which is not to inherit this.
		 */
		r = r ? 0 : pthread_setschedparam(v->thread, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
		if (r && !told_fifo)
			note_no_fifo(m, r);
		told_fifo |= r;
	}
}

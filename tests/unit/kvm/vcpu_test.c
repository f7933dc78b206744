// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of vmm/kvm/vcpu.c about vCPUs that do not do as they are told. Real ones hardly ever
 * do that, so KVM_RUN is ours here. Kicks, threads and locks are the real ones.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/kvm/kvm.h"
#include "kselftest_harness.h"

#define NR_VCPUS	4
#define FD_BASE		1000	/* a vCPU's descriptor is this plus its number */

/* What KVM_RUN does, once a vCPU enters. */
enum run {
	RUN_KICKABLE,	/* runs until it is kicked */
	RUN_STUCK,	/* as in an ioctl of the host that does not come back; until release() */
	RUN_ENDS,	/* powers the machine off */
	RUN_FAILS,	/* ENOMEM */
	RUN_SYNCS,	/* reaches a sync point, then RUN_HITS */
	RUN_HITS,	/* writes to what watch 1 watches, then RUN_KICKABLE */
};

static struct fake {
	struct kvm_run run;
	atomic_int does;		/* enum run */
	atomic_uint entered;
	atomic_ullong dr1, dr7;	/* as KVM_SET_GUEST_DEBUG gave them */
} fake[NR_VCPUS];

static int stuck_fd = -1;	/* readable: nobody is stuck any more */

static int run_until_kicked(struct fake *f)
{
	sigset_t all, old;

	/* as KVM: a kick that came first is in immediate_exit, one that comes now ends the wait */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (!__atomic_load_n(&f->run.immediate_exit, __ATOMIC_SEQ_CST))
		ppoll(NULL, 0, NULL, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = EINTR;
	return -1;
}

static int run_stuck(void)
{
	struct pollfd p = { .fd = stuck_fd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0)
		;
	errno = EINTR;
	return -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct fake *f = &fake[fd - FD_BASE];

	if (fd < FD_BASE || fd >= FD_BASE + NR_VCPUS)
		abort();
	if (request == KVM_SET_GUEST_DEBUG) {
		struct kvm_guest_debug *dbg;
		va_list ap;

		va_start(ap, request);
		dbg = va_arg(ap, struct kvm_guest_debug *);
		va_end(ap);
		atomic_store(&f->dr1, dbg->arch.debugreg[1]);
		atomic_store(&f->dr7, dbg->arch.debugreg[7]);
		return 0;
	}
	if (request != KVM_RUN)
		abort();
	atomic_fetch_add(&f->entered, 1);
	switch ((enum run)atomic_load(&f->does)) {
	case RUN_KICKABLE:
		return run_until_kicked(f);
	case RUN_STUCK:
		return run_stuck();
	case RUN_ENDS:
	case RUN_SYNCS:
	case RUN_HITS:
		return 0;
	case RUN_FAILS:
		break;
	}
	errno = ENOMEM;
	return -1;
}

bool kvm_exit_handle(struct kvm_vcpu *v)
{
	struct fake *f = &fake[v->cpu];

	if (atomic_load(&f->does) == RUN_SYNCS) {
		atomic_store(&f->does, RUN_HITS);
		kvm_vcpu_stop(v, KVM_STOP_SYNC);
		return true;
	}
	if (atomic_load(&f->does) == RUN_HITS) {
		atomic_store(&f->does, RUN_KICKABLE);
		kvm_vcpu_stop(v, 1);
		return true;
	}
	kvm_vcpus_end(v->m, VM_EVENT_EXIT, "power off");
	return false;
}

void kvm_exit_failed(struct kvm_vcpu *v, int errnum)
{
	kvm_vcpus_end(v->m, VM_EVENT_ERROR, "vCPU %u: KVM_RUN: %s", v->cpu, strerror(errnum));
}

FIXTURE(vcpu) {
	struct kvm_machine m;
	struct vm_event ev;
	struct ktstr_err err;
};

FIXTURE_SETUP(vcpu)
{
	stuck_fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, stuck_fd);
	self->m.event_fd = -1;
	ASSERT_EQ(0, kvm_vcpus_init(&self->m, NR_VCPUS, &self->err));
	for (int i = 0; i < NR_VCPUS; i++) {
		self->m.vcpu[i].fd = FD_BASE + i;
		self->m.vcpu[i].run = &fake[i].run;
	}
}

/* Nobody is stuck any more, now or later. */
static void release(void)
{
	const uint64_t one = 1;

	(void)!write(stuck_fd, &one, sizeof(one));
}

FIXTURE_TEARDOWN(vcpu)
{
	release();
	kvm_vcpus_stop(&self->m);
	kvm_vcpus_free(&self->m);
	close(stuck_fd);
}

/* Start them and wait until each has been in the guest. */
static int start(FIXTURE_DATA(vcpu) *self)
{
	int r = kvm_vcpus_start(&self->m, &self->err);

	for (int i = 0; !r && i < NR_VCPUS; i++)
		while (!atomic_load(&fake[i].entered))
			poll(NULL, 0, 1);
	return r;
}

/* A vCPU that is in the guest will do @does when it enters the next time, which is now. */
static int enter_again(FIXTURE_DATA(vcpu) *self, int cpu, enum run does)
{
	int r = kvm_vcpus_pause(&self->m, 5000, &self->err);

	atomic_store(&fake[cpu].does, does);
	return r ? r : kvm_vcpus_resume(&self->m);
}

TEST_F(vcpu, a_pause_names_the_vcpus_that_did_not_stop)
{
	unsigned int before;

	atomic_store(&fake[1].does, RUN_STUCK);
	atomic_store(&fake[3].does, RUN_STUCK);
	ASSERT_EQ(0, start(self)) TH_LOG("%s", self->err.msg);
	before = atomic_load(&fake[0].entered);
	EXPECT_EQ(-ETIMEDOUT, kvm_vcpus_pause(&self->m, 50, &self->err));
	EXPECT_STREQ("pause: vCPU 1, 3 did not stop within 50 ms", self->err.msg);
	/* the others run on, and nobody is paused */
	for (int i = 0; i < 5000 && atomic_load(&fake[0].entered) == before; i++)
		poll(NULL, 0, 1);
	EXPECT_LT(before, atomic_load(&fake[0].entered));
	EXPECT_EQ(-EINVAL, kvm_vcpus_resume(&self->m));
	/* once they come back, it works */
	atomic_store(&fake[1].does, RUN_KICKABLE);
	atomic_store(&fake[3].does, RUN_KICKABLE);
	release();
	EXPECT_EQ(0, kvm_vcpus_pause(&self->m, 5000, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, kvm_vcpus_resume(&self->m));
}

/* An end is one only when nobody can change guest memory any more; but not for ever. */
TEST_F(vcpu, a_vcpu_that_stays_in_the_guest_after_the_end_is_named)
{
	atomic_store(&fake[2].does, RUN_STUCK);
	ASSERT_EQ(0, start(self)) TH_LOG("%s", self->err.msg);
	kvm_vcpus_end(&self->m, VM_EVENT_EXIT, "reset");
	kvm_vcpus_wait(&self->m, 50, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_TIMEOUT, self->ev.type);
	kvm_vcpus_wait(&self->m, -1, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_ERROR, self->ev.type);
	EXPECT_STREQ("the machine has ended (reset), but vCPU 2 did not leave the guest within 5000 ms",
		     self->ev.err.msg);
	EXPECT_EQ(-ESRCH, kvm_vcpus_pause(&self->m, 0, &self->err));
	/* when it leaves after all, the end is what it was */
	release();
	kvm_vcpus_wait(&self->m, 5000, -1, &self->ev);
	while (self->ev.type == VM_EVENT_ERROR)
		kvm_vcpus_wait(&self->m, 5000, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_EXIT, self->ev.type);
	EXPECT_STREQ("reset", self->ev.err.msg);
}

TEST_F(vcpu, an_end_takes_all_others_out_of_the_guest)
{
	ASSERT_EQ(0, start(self)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, enter_again(self, 3, RUN_ENDS)) TH_LOG("%s", self->err.msg);
	kvm_vcpus_wait(&self->m, 5000, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_EXIT, self->ev.type);
	EXPECT_STREQ("power off", self->ev.err.msg);
	EXPECT_EQ(0, self->m.nr_in);
}

TEST_F(vcpu, a_kvm_run_that_fails_is_an_error_and_says_which)
{
	ASSERT_EQ(0, start(self)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, enter_again(self, 2, RUN_FAILS)) TH_LOG("%s", self->err.msg);
	kvm_vcpus_wait(&self->m, 5000, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_ERROR, self->ev.type);
	EXPECT_STREQ("vCPU 2: KVM_RUN: Cannot allocate memory", self->ev.err.msg);
}

/* Everybody is told at once, over and over; nobody is lost between a kick and an entry. */
TEST_F(vcpu, a_thousand_pauses_lose_no_kick)
{
	ASSERT_EQ(0, start(self)) TH_LOG("%s", self->err.msg);
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, kvm_vcpus_pause(&self->m, 5000, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(0, self->m.nr_in);
		ASSERT_EQ(0, kvm_vcpus_resume(&self->m));
	}
}

TEST_F(vcpu, a_watch_reaches_all_of_them_before_they_enter_again_and_its_hit_is_an_event)
{
	atomic_store(&fake[2].does, RUN_SYNCS);
	/* nobody stands still for it */
	EXPECT_EQ(-EINVAL, kvm_vcpus_watch(&self->m, 1, 0x1000));
	ASSERT_EQ(0, kvm_vcpus_start(&self->m, &self->err));
	kvm_vcpus_wait(&self->m, 5000, -1, &self->ev);
	ASSERT_EQ(VM_EVENT_SYNC, self->ev.type);
	ASSERT_EQ(2, self->ev.vcpu);
	EXPECT_EQ(0, kvm_vcpus_watch(&self->m, 1, 0x1000));
	EXPECT_EQ(-EBUSY, kvm_vcpus_watch(&self->m, 1, 0x2000));
	ASSERT_EQ(0, kvm_vcpus_continue(&self->m));
	kvm_vcpus_wait(&self->m, 5000, -1, &self->ev);
	ASSERT_EQ(VM_EVENT_WATCH, self->ev.type);
	EXPECT_EQ(2, self->ev.vcpu);
	EXPECT_EQ(1, self->ev.watch);
	/* the one that hit it has it for sure; the others when they have left the guest */
	EXPECT_EQ(0x1000, atomic_load(&fake[2].dr1));
	ASSERT_EQ(0, kvm_vcpus_pause(&self->m, 5000, &self->err));
	ASSERT_EQ(0, kvm_vcpus_resume(&self->m));
	ASSERT_EQ(0, kvm_vcpus_continue(&self->m));
	for (int i = 0; i < NR_VCPUS; i++)
		for (int n = 0; n < 5000 && !atomic_load(&fake[i].dr7); n++)
			usleep(1000);
	for (int i = 0; i < NR_VCPUS; i++) {
		EXPECT_EQ(0x1000, atomic_load(&fake[i].dr1));
		EXPECT_NE(0, atomic_load(&fake[i].dr7));
	}
}

TEST_HARNESS_MAIN

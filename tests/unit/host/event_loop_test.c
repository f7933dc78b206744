// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/event_loop.c: whatever a machine does or does not do, the loop ends, and
 * the run has the reason for it. First with a machine that does what the test says, then with
 * guests of a few instructions on real KVM. What they tell goes through a real channel.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/fold.h"
#include "harness/host/event_loop.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "vmm/backend.h"
#include "tests/unit/kvm/tiny_guest.h"

#define TINY_CPUS		2

/* What a run needs to be followed and judged; the test is on the guest's side of the channel, too. */
struct guest {
	struct ktstr_chan *host, *guest;
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_deadlines limit;
};

static int guest_init(struct guest *g, void *shared, size_t size)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };

	*g = (struct guest){ .test = unset };
	g->host = ktstr_chan__format(shared, size);
	g->guest = g->host ? ktstr_chan__attach(shared, size) : NULL;
	g->plan.test = &g->test;
	g->plan.nr_cpus = TINY_CPUS;
	g->plan.duration_s = 3;
	g->run.plan = &g->plan;
	g->run.kernel.cache_lock_fd = -1;
	g->run.result = ktstr_result__new();
	g->run.seen = ktstr_seen__new();
	/* as good as none, where a test does not say otherwise */
	g->limit = (struct ktstr_deadlines){ .boot_s = 100, .run_s = 100, .teardown_s = 100 };
	return g->guest && g->run.result && g->run.seen ? 0 : -1;
}

static void guest_free(struct guest *g)
{
	ktstr_chan__free(g->host);
	ktstr_chan__free(g->guest);
	ktstr_result__free(g->run.result);
	ktstr_seen__free(g->run.seen);
	free(g->run.sched_log);
	free(g->run.kmsg);
	free(g->run.scx_error);
}

/* The guest says that it has come to @reached, and all that comes before. */
static int say_until(struct guest *g, enum ktstr_lifecycle reached, uint32_t nr_cpus)
{
	const struct ktstr_msg_start start = { KTSTR_CHAN_VERSION, nr_cpus };
	int r = 0;

	if (reached >= KTSTR_LIFECYCLE_INIT)
		r = ktstr_chan__write(g->guest, KTSTR_MSG_START, 1000, &start, sizeof(start));
	if (!r && reached >= KTSTR_LIFECYCLE_BODY)
		r = ktstr_chan__write(g->guest, KTSTR_MSG_BODY, 1001, NULL, 0);
	if (!r && reached >= KTSTR_LIFECYCLE_TEARDOWN)
		r = ktstr_chan__write(g->guest, KTSTR_MSG_TEARDOWN, 1002, NULL, 0);
	return r;
}

/* The verdict: @_kind is that of the first failure, @_text a part of its words. */
#define ENDS(_w, _kind, _text) do {						\
	const struct ktstr_detail *d;						\
										\
	ktstr_fold(&(_w)->run, "");						\
	d = ktstr_result__first_failure((_w)->run.result);			\
	ASSERT_NE(NULL, d);							\
	EXPECT_EQ((int)(_kind), (int)d->kind) TH_LOG("\"%s\"", d->text);	\
	EXPECT_NE(NULL, strstr(d->text, _text)) TH_LOG("\"%s\"", d->text);	\
} while (0)

/* ---- a machine that does what the test says ---- */

struct fake {
	struct vm vm;		/* first member */
	struct vm_event last;	/* for ever, after @syncs sync points */
	unsigned int syncs;
	unsigned int waits, continued;
};

static pid_t when_waiting;	/* continue this process after the first wait */

static void fake_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	struct fake *f = (struct fake *)vm;

	(void)wake_fd;
	f->waits++;
	*ev = f->last;
	if (f->syncs) {
		f->syncs--;
		ev->type = VM_EVENT_SYNC;
		poll(NULL, 0, 1);
	} else if (ev->type == VM_EVENT_TIMEOUT) {
		poll(NULL, 0, timeout_ms);
	}
	if (when_waiting && f->waits == 2)
		kill(when_waiting, SIGCONT);
}

static int fake_continue(struct vm *vm)
{
	((struct fake *)vm)->continued++;
	return 0;
}

static int fake_look(struct vm *vm, struct vm_stand *stand, struct ktstr_err *err)
{
	(void)vm;
	(void)err;
	stand[0] = (struct vm_stand){ .kind = VM_STAND_IDLE };
	stand[1] = (struct vm_stand){ .kind = VM_STAND_LOCKED, .pc = 0x10 };
	return 0;
}

static const struct vm_ops fake_ops = {
	.wait = fake_wait, .resume_sync = fake_continue, .look = fake_look,
};

static const struct vm_ops mute_ops = { .wait = fake_wait, .resume_sync = fake_continue };

FIXTURE(event_loop) {
	struct guest g;
	struct fake fake;
	void *ring;
};

FIXTURE_SETUP(event_loop)
{
	self->ring = aligned_alloc(4096, 1 << 20);
	ASSERT_NE(NULL, self->ring);
	ASSERT_EQ(0, guest_init(&self->g, self->ring, 1 << 20));
	self->fake.vm.ops = &fake_ops;
	self->fake.vm.nr_vcpus = 2;
}

FIXTURE_TEARDOWN(event_loop)
{
	guest_free(&self->g);
	free(self->ring);
}

static void run_loop(FIXTURE_DATA(event_loop) *self)
{
	ktstr_event_loop__run(&self->g.run, &self->fake.vm, self->g.host, &self->g.limit, NULL);
}

TEST_F(event_loop, a_guest_that_never_says_anything_ends_at_the_boot_deadline)
{
	self->g.limit.boot_s = 1;
	run_loop(self);
	ENDS(&self->g, KTSTR_BOOT_TIMEOUT,
	     "timed out: the guest did not reach init within 1 s of wall clock; vCPU 1 runs with interrupts off at 0x10; vCPU 0 is idle");
}

TEST_F(event_loop, a_body_that_hangs_with_its_guest_ends_at_the_run_deadline)
{
	ASSERT_EQ(0, say_until(&self->g, KTSTR_LIFECYCLE_BODY, TINY_CPUS));
	self->fake.syncs = 1;
	self->g.limit.run_s = 1;
	run_loop(self);
	EXPECT_EQ(1, self->fake.continued);
	ENDS(&self->g, KTSTR_BODY_TIMEOUT,
	     "timed out: still running after 1 s of wall clock (duration_s = 3) and the guest's own deadline did not end it; the body started and did not end; vCPU 1 runs with interrupts off at 0x10; vCPU 0 is idle");
}

TEST_F(event_loop, a_guest_that_does_not_power_off_ends_at_the_last_deadline)
{
	ASSERT_EQ(0, say_until(&self->g, KTSTR_LIFECYCLE_TEARDOWN, TINY_CPUS));
	self->fake.syncs = 1;
	self->g.limit.teardown_s = 1;
	self->fake.vm.ops = &mute_ops;
	run_loop(self);
	ENDS(&self->g, KTSTR_TEARDOWN_TIMEOUT,
	     "timed out: the guest did not power off within 1 s of wall clock after the body");
	EXPECT_STREQ("", self->g.run.seen->vcpus);
}

/* The last words count: a guest may have come further since its last sync point. */
TEST_F(event_loop, what_was_said_before_the_deadline_is_heard)
{
	ASSERT_EQ(0, say_until(&self->g, KTSTR_LIFECYCLE_BODY, TINY_CPUS));
	self->g.limit.boot_s = 0;
	run_loop(self);
	EXPECT_EQ(KTSTR_LIFECYCLE_BODY, self->g.run.seen->timed_out);
	EXPECT_EQ(1, self->fake.waits);
}

TEST_F(event_loop, a_guest_that_only_rings_does_not_outrun_its_deadline)
{
	self->fake.syncs = UINT32_MAX;
	self->g.limit.boot_s = 1;
	run_loop(self);
	EXPECT_LT(1, self->fake.continued);
	ENDS(&self->g, KTSTR_BOOT_TIMEOUT, "did not reach init within 1 s");
}

TEST_F(event_loop, a_vmm_that_fails_silently_is_said_to_have_done_so)
{
	self->fake.last.type = VM_EVENT_ERROR;
	run_loop(self);
	ENDS(&self->g, KTSTR_INFRASTRUCTURE, "VMM: the VMM failed and said nothing");
}

TEST_F(event_loop, an_emulator_that_somebody_stopped_is_not_waited_for)
{
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		_exit(0);
	}
	run_loop(self);
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_FALSE(self->g.run.seen->timeout);
	ENDS(&self->g, KTSTR_INFRASTRUCTURE, "was stopped by SIGSTOP, and not continued for 2 s");
}

/* The machine goes off before the second look. */
TEST_F(event_loop, one_that_is_stopped_for_a_moment_is)
{
	pid_t pid = fork();
	siginfo_t si;

	if (!pid) {
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(0, waitid(P_PID, pid, &si, WSTOPPED | WNOWAIT));
	when_waiting = pid;
	self->g.limit.boot_s = 5;
	run_loop(self);
	when_waiting = 0;
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	ENDS(&self->g, KTSTR_BOOT_TIMEOUT, "did not reach init within 5 s");
}

TEST_F(event_loop, a_guest_with_a_cpu_less_fails_whatever_it_says)
{
	ASSERT_EQ(0, say_until(&self->g, KTSTR_LIFECYCLE_TEARDOWN, TINY_CPUS - 1));
	self->fake.last.type = VM_EVENT_EXIT;
	run_loop(self);
	ENDS(&self->g, KTSTR_INFRASTRUCTURE,
	     "the guest has 1 CPUs online, the topology declares 2");
}

/* ---- guests of a few instructions ---- */

FIXTURE(real) {
	struct tiny_files f;
	struct guest g;
	struct vm_spec spec;
	struct vm *vm;
	struct ktstr_err err;
};

FIXTURE_SETUP(real)
{
	int r = tiny_setup(&self->f, &self->spec, TINY_CPUS);

	if (r)
		SKIP(return, "/dev/kvm: %s", strerror(-r));
}

FIXTURE_TEARDOWN(real)
{
	guest_free(&self->g);
	vm_destroy(self->vm);
	tiny_cleanup(&self->f);
}

/* A machine that will run @code and, before its first instruction, has said all up to @reached. */
static int start(FIXTURE_DATA(real) *self, const uint8_t *code, size_t len,
		 enum ktstr_lifecycle reached)
{
	int r = tiny_kernel(self->f.kernel, code, len);

	if (!r)
		r = vm_create(&self->vm, &self->spec, &self->err);
	if (!r)
		r = guest_init(&self->g, vm_shared(self->vm, NULL), self->spec.shared_bytes);
	if (!r)
		r = say_until(&self->g, reached, TINY_CPUS);
	return r ? r : vm_start(self->vm, &self->err);
}

static void run_real(FIXTURE_DATA(real) *self)
{
	ktstr_event_loop__run(&self->g.run, self->vm, self->g.host, &self->g.limit, NULL);
}

TEST_F(real, a_vcpu_that_spins_with_interrupts_off_before_init)
{
	static const uint8_t code[] = { CLI, SPIN };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_LIFECYCLE_BOOT)) TH_LOG("%s", self->err.msg);
	self->g.limit.boot_s = 1;
	run_real(self);
	ENDS(&self->g, KTSTR_BOOT_TIMEOUT,
	     "did not reach init within 1 s of wall clock; vCPU 0 runs with interrupts off at 0x1000001; vCPU 1 was never started");
}

TEST_F(real, a_vcpu_that_spins_with_interrupts_off_in_the_body)
{
	static const uint8_t code[] = { RING, CLI, SPIN };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_LIFECYCLE_BODY)) TH_LOG("%s", self->err.msg);
	self->g.limit.run_s = 1;
	run_real(self);
	ENDS(&self->g, KTSTR_BODY_TIMEOUT,
	     "did not end it; the body started and did not end; vCPU 0 runs with interrupts off at 0x100000a");
}

TEST_F(real, a_vcpu_that_halts_for_good_after_the_body)
{
	static const uint8_t code[] = { RING, CLI, HLT };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_LIFECYCLE_TEARDOWN))
		TH_LOG("%s", self->err.msg);
	self->g.limit.teardown_s = 1;
	run_real(self);
	ENDS(&self->g, KTSTR_TEARDOWN_TIMEOUT,
	     "did not power off within 1 s of wall clock after the body; vCPU 0 halted with interrupts off");
}

/* No deadline: these end by themselves. */
TEST_F(real, a_triple_fault_is_the_end_and_named)
{
	static const uint8_t code[] = { RING, UD2 };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_LIFECYCLE_BODY)) TH_LOG("%s", self->err.msg);
	run_real(self);
	ENDS(&self->g, KTSTR_GUEST_PANIC,
	     "the machine went off without a word (triple fault on vCPU 0: rip 0x");
}

TEST_F(real, a_reset_in_the_body_is_no_end_of_work)
{
	static const uint8_t code[] = { RING, RESET, SPIN };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_LIFECYCLE_BODY)) TH_LOG("%s", self->err.msg);
	run_real(self);
	ENDS(&self->g, KTSTR_GUEST_PANIC,
	     "the machine went off without a word (reset); the body started");
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/core/watch.c: whatever a machine does or does not do, the watch ends, and
 * the run has the reason for it. First with a machine that does what the test says, then with
 * guests of a few instructions on real KVM. What they tell goes through a real channel.
 */
/* Links: libktstr.a */
#include <poll.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "../../harness/core/fold.h"
#include "../../harness/core/watch.h"
#include "../../vmm/backend.h"
#include "tiny_guest.h"

#define TINY_CPUS		2

/* What a run needs to be watched and judged; the test is on the guest's side of the channel too. */
struct watched {
	struct ktstr_chan *host, *guest;
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_deadlines limit;
};

static int watched_init(struct watched *w, void *shared, size_t size)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };

	*w = (struct watched){ .test = unset };
	w->host = ktstr_chan__format(shared, size);
	w->guest = w->host ? ktstr_chan__attach(shared, size) : NULL;
	w->plan.test = &w->test;
	w->plan.nr_cpus = TINY_CPUS;
	w->plan.duration_s = 3;
	w->run.plan = &w->plan;
	w->run.kernel.cache_lock_fd = -1;
	w->run.result = ktstr_result__new();
	w->run.seen = ktstr_seen__new();
	/* as good as none, where a test does not say otherwise */
	w->limit = (struct ktstr_deadlines){ .boot_s = 100, .run_s = 100, .teardown_s = 100 };
	return w->guest && w->run.result && w->run.seen ? 0 : -1;
}

static void watched_free(struct watched *w)
{
	ktstr_chan__free(w->host);
	ktstr_chan__free(w->guest);
	ktstr_result__free(w->run.result);
	ktstr_seen__free(w->run.seen);
	free(w->run.sched_log);
	free(w->run.kmsg);
	free(w->run.scx_error);
}

/* The guest says that it has come to @stage, and all that comes before. */
static int say_until(struct watched *w, enum ktstr_stage stage, uint32_t nr_cpus)
{
	const struct ktstr_msg_start start = { KTSTR_CHAN_VERSION, nr_cpus };
	int r = 0;

	if (stage >= KTSTR_STAGE_INIT)
		r = ktstr_chan__write(w->guest, KTSTR_MSG_START, 1000, &start, sizeof(start));
	if (!r && stage >= KTSTR_STAGE_BODY)
		r = ktstr_chan__write(w->guest, KTSTR_MSG_BODY, 1001, NULL, 0);
	if (!r && stage >= KTSTR_STAGE_TEARDOWN)
		r = ktstr_chan__write(w->guest, KTSTR_MSG_TEARDOWN, 1002, NULL, 0);
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
}

static int fake_continue(struct vm *vm)
{
	((struct fake *)vm)->continued++;
	return 0;
}

static int fake_describe(struct vm *vm, char *buf, size_t size)
{
	(void)vm;
	snprintf(buf, size, "vCPU 1 stands on its head");
	return 0;
}

static const struct vm_ops fake_ops = {
	.wait = fake_wait, .resume_sync = fake_continue, .describe = fake_describe,
};

static const struct vm_ops mute_ops = { .wait = fake_wait, .resume_sync = fake_continue };

FIXTURE(watch) {
	struct watched w;
	struct fake fake;
	void *ring;
};

FIXTURE_SETUP(watch)
{
	self->ring = aligned_alloc(4096, 1 << 20);
	ASSERT_NE(NULL, self->ring);
	ASSERT_EQ(0, watched_init(&self->w, self->ring, 1 << 20));
	self->fake.vm.ops = &fake_ops;
}

FIXTURE_TEARDOWN(watch)
{
	watched_free(&self->w);
	free(self->ring);
}

static void watch(FIXTURE_DATA(watch) *self)
{
	ktstr_watch(&self->w.run, &self->fake.vm, self->w.host, &self->w.limit);
}

TEST_F(watch, a_guest_that_never_says_anything_ends_at_the_boot_deadline)
{
	self->w.limit.boot_s = 1;
	watch(self);
	ENDS(&self->w, KTSTR_BOOT_TIMEOUT,
	     "timed out: the guest did not reach init within 1 s of wall clock; vCPU 1 stands on its head");
}

TEST_F(watch, a_body_that_hangs_with_its_guest_ends_at_the_run_deadline)
{
	ASSERT_EQ(0, say_until(&self->w, KTSTR_STAGE_BODY, TINY_CPUS));
	self->fake.syncs = 1;
	self->w.limit.run_s = 1;
	watch(self);
	EXPECT_EQ(1, self->fake.continued);
	ENDS(&self->w, KTSTR_BODY_TIMEOUT,
	     "timed out: still running after 1 s of wall clock (duration_s = 3) and the guest's own deadline did not end it; the body started and did not end; vCPU 1 stands on its head");
}

TEST_F(watch, a_guest_that_does_not_power_off_ends_at_the_last_deadline)
{
	ASSERT_EQ(0, say_until(&self->w, KTSTR_STAGE_TEARDOWN, TINY_CPUS));
	self->fake.syncs = 1;
	self->w.limit.teardown_s = 1;
	self->fake.vm.ops = &mute_ops;
	watch(self);
	ENDS(&self->w, KTSTR_TEARDOWN_TIMEOUT,
	     "timed out: the guest did not power off within 1 s of wall clock after the body");
	EXPECT_STREQ("", self->w.run.seen->vcpus);
}

/* The last words count: a guest may have come further since its last sync point. */
TEST_F(watch, what_was_said_before_the_deadline_is_heard)
{
	ASSERT_EQ(0, say_until(&self->w, KTSTR_STAGE_BODY, TINY_CPUS));
	self->w.limit.boot_s = 0;
	watch(self);
	EXPECT_EQ(KTSTR_STAGE_BODY, self->w.run.seen->timed_out);
	EXPECT_EQ(1, self->fake.waits);
}

TEST_F(watch, a_guest_that_only_rings_does_not_outrun_its_deadline)
{
	self->fake.syncs = UINT32_MAX;
	self->w.limit.boot_s = 1;
	watch(self);
	EXPECT_LT(1, self->fake.continued);
	ENDS(&self->w, KTSTR_BOOT_TIMEOUT, "did not reach init within 1 s");
}

TEST_F(watch, a_vmm_that_fails_silently_is_said_to_have_done_so)
{
	self->fake.last.type = VM_EVENT_ERROR;
	watch(self);
	ENDS(&self->w, KTSTR_INFRASTRUCTURE, "VMM: the VMM failed and said nothing");
}

TEST_F(watch, a_guest_with_a_cpu_less_fails_whatever_it_says)
{
	ASSERT_EQ(0, say_until(&self->w, KTSTR_STAGE_TEARDOWN, TINY_CPUS - 1));
	self->fake.last.type = VM_EVENT_EXIT;
	watch(self);
	ENDS(&self->w, KTSTR_INFRASTRUCTURE,
	     "the guest has 1 CPUs online, the topology declares 2");
}

/* ---- guests of a few instructions ---- */

FIXTURE(real) {
	struct tiny_files f;
	struct watched w;
	struct vm_spec spec;
	struct vm *vm;
	struct vm_err err;
};

FIXTURE_SETUP(real)
{
	int r = tiny_setup(&self->f, &self->spec, TINY_CPUS);

	if (r)
		SKIP(return, "/dev/kvm: %s", strerror(-r));
}

FIXTURE_TEARDOWN(real)
{
	watched_free(&self->w);
	vm_destroy(self->vm);
	tiny_cleanup(&self->f);
}

/* A machine that will run @code and, before its first instruction, has said all up to @stage. */
static int start(FIXTURE_DATA(real) *self, const uint8_t *code, size_t len, enum ktstr_stage stage)
{
	int r = tiny_kernel(self->f.kernel, code, len);

	if (!r)
		r = vm_create(&self->vm, &self->spec, &self->err);
	if (!r)
		r = watched_init(&self->w, vm_shared(self->vm, NULL), self->spec.shared_bytes);
	if (!r)
		r = say_until(&self->w, stage, TINY_CPUS);
	return r ? r : vm_start(self->vm, &self->err);
}

static void watch_real(FIXTURE_DATA(real) *self)
{
	ktstr_watch(&self->w.run, self->vm, self->w.host, &self->w.limit);
}

TEST_F(real, a_vcpu_that_spins_with_interrupts_off_before_init)
{
	static const uint8_t code[] = { CLI, SPIN };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_STAGE_BOOT)) TH_LOG("%s", self->err.msg);
	self->w.limit.boot_s = 1;
	watch_real(self);
	ENDS(&self->w, KTSTR_BOOT_TIMEOUT,
	     "did not reach init within 1 s of wall clock; vCPU 0 runs with interrupts off at rip 0x1000001; vCPU 1 was never started");
}

TEST_F(real, a_vcpu_that_spins_with_interrupts_off_in_the_body)
{
	static const uint8_t code[] = { RING, CLI, SPIN };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_STAGE_BODY)) TH_LOG("%s", self->err.msg);
	self->w.limit.run_s = 1;
	watch_real(self);
	ENDS(&self->w, KTSTR_BODY_TIMEOUT,
	     "did not end it; the body started and did not end; vCPU 0 runs with interrupts off at rip 0x100000a");
}

TEST_F(real, a_vcpu_that_halts_for_good_after_the_body)
{
	static const uint8_t code[] = { RING, CLI, HLT };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_STAGE_TEARDOWN))
		TH_LOG("%s", self->err.msg);
	self->w.limit.teardown_s = 1;
	watch_real(self);
	ENDS(&self->w, KTSTR_TEARDOWN_TIMEOUT,
	     "did not power off within 1 s of wall clock after the body; vCPU 0 halted with interrupts off");
}

/* No deadline: these end by themselves. */
TEST_F(real, a_triple_fault_is_the_end_and_named)
{
	static const uint8_t code[] = { RING, UD2 };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_STAGE_BODY)) TH_LOG("%s", self->err.msg);
	watch_real(self);
	ENDS(&self->w, KTSTR_GUEST_PANIC,
	     "the machine went off without a word (triple fault on vCPU 0: rip 0x");
}

TEST_F(real, a_reset_in_the_body_is_no_end_of_work)
{
	static const uint8_t code[] = { RING, RESET, SPIN };

	ASSERT_EQ(0, start(self, code, sizeof(code), KTSTR_STAGE_BODY)) TH_LOG("%s", self->err.msg);
	watch_real(self);
	ENDS(&self->w, KTSTR_GUEST_PANIC,
	     "the machine went off without a word (reset); the body started");
}

TEST_HARNESS_MAIN

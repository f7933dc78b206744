// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/fold.c: whatever the guest sent or did not send, the run ends with a
 * reason, and with the right one. The messages go through a real channel.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/fold.h"
#include "harness/host/messages.h"
#include "harness/model/console.h"
#include "harness/plan/plan.h"
#include "harness/result/wire.h"

#define STALL "3,1,2500000,-;sched_ext: BPF scheduler \"simple\" disabled (runnable task stall)\n"

FIXTURE(fold) {
	void *ring;
	struct ktstr_chan *host, *guest;
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
};

FIXTURE_SETUP(fold)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };

	self->ring = aligned_alloc(4096, 1 << 20);
	ASSERT_NE(NULL, self->ring);
	self->host = ktstr_chan__format(self->ring, 1 << 20);
	self->guest = ktstr_chan__attach(self->ring, 1 << 20);
	ASSERT_NE(NULL, self->guest);
	self->test = unset;
	self->plan.test = &self->test;
	self->plan.nr_cpus = 2;
	self->plan.duration_s = 3;
	self->run.plan = &self->plan;
	self->run.kernel.cache_lock_fd = -1;
	self->run.result = ktstr_result__new();
	self->run.seen = ktstr_seen__new();
	ASSERT_NE(NULL, self->run.seen);
}

FIXTURE_TEARDOWN(fold)
{
	ktstr_chan__free(self->host);
	ktstr_chan__free(self->guest);
	free(self->ring);
	ktstr_result__free(self->run.result);
	ktstr_seen__free(self->run.seen);
	free(self->run.sched_log);
	free(self->run.kmsg);
	free(self->run.scx_error);
}

#define SAY(_type, _data, _len) \
	ASSERT_EQ(0, ktstr_chan__write(self->guest, _type, 1000, _data, _len))
#define SAY_START() do {							\
	struct ktstr_msg_start start = { KTSTR_CHAN_VERSION, 2 };		\
										\
	SAY(KTSTR_MSG_START, &start, sizeof(start));				\
} while (0)
#define SAY_SCHED_START() do {							\
	int32_t pid = 70;							\
										\
	SAY(KTSTR_MSG_SCHED_START, &pid, sizeof(pid));				\
} while (0)
#define SAY_RESULT(_r) do {							\
	size_t len;								\
	void *wire = ktstr_result__encode(_r, &len);				\
										\
	SAY(KTSTR_MSG_RESULT, wire, len);					\
	free(wire);								\
} while (0)
#define SAY_EXIT(_status) do {							\
	int32_t status = _status;						\
										\
	SAY(KTSTR_MSG_EXIT, &status, sizeof(status));				\
} while (0)
#define FOLD(_console) do {							\
	ktstr_messages__read(self->run.seen, self->host);				\
	ktstr_fold(&self->run, _console);					\
} while (0)
#define OUTCOME()	((int)ktstr_result__outcome(self->run.result))
#define FIRST(_kind, _text) do {						\
	const struct ktstr_detail *d = ktstr_result__first_failure(self->run.result); \
										\
	ASSERT_NE(NULL, d);							\
	EXPECT_EQ((int)(_kind), (int)d->kind) TH_LOG("\"%s\"", d->text);	\
	EXPECT_NE(NULL, strstr(d->text, _text)) TH_LOG("\"%s\"", d->text);	\
} while (0)

static const struct ktstr_result nothing;

TEST_F(fold, a_run_that_says_all_it_should_passes)
{
	SAY_START();
	SAY(KTSTR_MSG_BODY, NULL, 0);
	SAY_RESULT(&nothing);
	SAY(KTSTR_MSG_TEARDOWN, NULL, 0);
	SAY_EXIT(0);
	self->run.seen->machine_off = true;
	FOLD("");
	EXPECT_EQ(KTSTR_PASS, OUTCOME());
	EXPECT_TRUE(self->run.have_result);
	EXPECT_TRUE(self->run.exited);
	EXPECT_EQ(KTSTR_LIFECYCLE_EXIT, self->run.lifecycle);
}

#define WARN_	"WARNING: kernel/sched/ext.c:4108 at scx_cgroup_move_task+0xa8/0xb0, CPU#1: a/71"
#define SAY_KMSG(_text)	SAY(KTSTR_MSG_KMSG, _text, sizeof(_text) - 1)

TEST_F(fold, a_splat_of_the_kernel_fails_a_run_that_passed_otherwise)
{
	SAY_KMSG("4,100,1500000,-;WARNING: kernel/a.c:1 at boot+0x1/0x2, CPU#0: swapper/0/1\n");
	SAY_START();
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	SAY_KMSG("4,101,2500000,-;" WARN_ "\n");
	FOLD("[    2.600000] BUG: scheduling while atomic: b/72/0x2\n");
	EXPECT_EQ(KTSTR_FAIL, OUTCOME());
	FIRST(KTSTR_KERNEL_SPLAT, WARN_);
	EXPECT_NE(NULL, strstr(self->run.result->details[1].text, "scheduling while atomic"));
}

TEST_F(fold, an_allowed_splat_is_a_note)
{
	static const char * const allow[] = { "no such text", "scx_cgroup_move_task", NULL };

	self->test.allow_splats = allow;
	SAY_START();
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	SAY_KMSG("4,101,2500000,-;" WARN_ "\n");
	FOLD("");
	EXPECT_EQ(KTSTR_PASS, OUTCOME());
	ASSERT_EQ(1, self->run.result->nr_details);
	EXPECT_NE(NULL, strstr(self->run.result->details[0].text,
			       "allowed by allow_splats \"scx_cgroup_move_task\": kernel splat"));
}

TEST_F(fold, a_guest_that_never_started_has_no_splats)
{
	self->run.seen->timeout = true;
	self->run.seen->timed_out = KTSTR_LIFECYCLE_BOOT;
	SAY_KMSG("4,101,2500000,-;" WARN_ "\n");
	FOLD("[    2.600000] BUG: scheduling while atomic: b/72/0x2\n");
	FIRST(KTSTR_BOOT_TIMEOUT, "did not reach init");
	EXPECT_EQ(1, self->run.result->nr_details);
}

TEST_F(fold, the_line_of_a_panic_is_quoted_once)
{
	SAY_START();
	FOLD("[    2.600000] kernel BUG at a.c:1!\n[    2.600001] Oops: invalid opcode: 0000\n");
	EXPECT_EQ(1, self->run.result->nr_details);
}

TEST_F(fold, ops_and_checks_of_sets_are_kept_and_damaged_ones_counted)
{
	struct ktstr_msg_op op = { .step = 1, .kind = 3, .iterations = 77, .name = "SET_CPUSET",
				   .cgroup = "a\n", .text = "cpuset of a becomes 0-3" };
	static const char checks[] = "max_imbalance_ratio=2.5\nsustained_samples=4\n";
	const struct ktstr_seen *s = self->run.seen;

	memset(op.text + 30, 'x', sizeof(op.text) - 30);
	SAY_START();
	SAY(KTSTR_MSG_OP, &op, sizeof(op));
	SAY(KTSTR_MSG_OP, &op, sizeof(op) - 1);
	SAY(KTSTR_MSG_CHECKS, checks, sizeof(checks) - 1);
	SAY(KTSTR_MSG_CHECKS, "max_imbalance_ratio=-1\n", 23);
	SAY(KTSTR_MSG_CHECKS, "no_such=1\n", 10);
	SAY(KTSTR_MSG_CHECKS, "", 0);
	FOLD("");
	ASSERT_EQ(1, s->nr_ops);
	EXPECT_EQ(77, s->ops_done[0].what.iterations);
	EXPECT_STREQ("a?", s->ops_done[0].what.cgroup);
	EXPECT_EQ('\0', s->ops_done[0].what.text[sizeof(op.text) - 1]);
	ASSERT_EQ(2, s->nr_changes);
	EXPECT_EQ(2.5, s->changes[0].checks.max_imbalance_ratio);
	EXPECT_EQ(4, s->changes[0].checks.sustained_samples);
	EXPECT_TRUE(isnan(s->changes[1].checks.max_imbalance_ratio));
	EXPECT_EQ(3, s->bad_messages);
}

TEST_F(fold, silence_is_a_failure_that_says_how_far_it_came)
{
	SAY_START();
	self->run.seen->machine_off = true;
	FOLD("[    1.0] booting\n");
	EXPECT_EQ(KTSTR_FAIL, OUTCOME());
	FIRST(KTSTR_GUEST_PANIC, "the machine went off without a word");
	FIRST(KTSTR_GUEST_PANIC, "init started, but nothing after it");
}

TEST_F(fold, the_vmm_tells_how_a_machine_ended)
{
	SAY_START();
	self->run.seen->machine_off = true;
	strcpy(self->run.seen->machine_end, "triple fault on vCPU 1: rip 0x10");
	FOLD("");
	FIRST(KTSTR_GUEST_PANIC, "went off without a word (triple fault on vCPU 1: rip 0x10)");
}

TEST_F(fold, a_timeout_names_what_the_vcpus_do)
{
	self->run.seen->timeout = true;
	self->run.seen->timeout_s = 7;
	self->run.seen->timed_out = KTSTR_LIFECYCLE_BOOT;
	strcpy(self->run.seen->vcpus, "vCPU 1 runs with interrupts off at rip 0x10");
	FOLD("");
	FIRST(KTSTR_BOOT_TIMEOUT, "7 s of wall clock; vCPU 1 runs with interrupts off at rip 0x10");
}

TEST_F(fold, a_result_without_an_exit_is_no_pass)
{
	SAY_START();
	SAY_RESULT(&nothing);
	self->run.seen->machine_off = true;
	FOLD("");
	EXPECT_EQ(KTSTR_FAIL, OUTCOME());
}

TEST_F(fold, an_exit_without_a_result_is_no_pass)
{
	SAY_START();
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_OTHER, "no test result received from guest");
}

TEST_F(fold, a_panic_is_named_by_its_own_line)
{
	SAY_START();
	self->run.seen->machine_off = true;
	FOLD("[    2.0] x\n[    3.123456][    T1] BUG: unable to handle page fault\n"
	     "[    3.2] Kernel panic - not syncing: sysrq triggered crash\r\n");
	FIRST(KTSTR_GUEST_PANIC,
	      "guest crashed: Kernel panic - not syncing: sysrq triggered crash");
}

TEST_F(fold, what_the_guest_says_about_its_death_comes_first)
{
	SAY_START();
	SAY(KTSTR_MSG_CRASH, "PID 1: assertion\nmore", 21);
	self->run.seen->machine_off = true;
	FOLD("Kernel panic - not syncing: Attempted to kill init!\n");
	FIRST(KTSTR_BODY_CRASHED, "guest crashed: PID 1: assertion");
}

TEST_F(fold, every_deadline_has_its_own_kind)
{
	static const struct { int stage, kind; const char *text; } c[] = {
		{ KTSTR_LIFECYCLE_BOOT, KTSTR_BOOT_TIMEOUT, "did not reach init within 7 s" },
		{ KTSTR_LIFECYCLE_BODY, KTSTR_BODY_TIMEOUT, "still running after 7 s" },
		{ KTSTR_LIFECYCLE_TEARDOWN, KTSTR_TEARDOWN_TIMEOUT, "did not power off within 7 s" },
	};
	size_t i;

	self->run.seen->timeout = true;
	self->run.seen->timeout_s = 7;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		ktstr_result__free(self->run.result);
		self->run.result = ktstr_result__new();
		free(self->run.sched_log);
		free(self->run.kmsg);
		self->run.seen->timed_out = c[i].stage;
		FOLD("");
		FIRST(c[i].kind, c[i].text);
	}
}

TEST_F(fold, an_ejected_scheduler_fails_the_run_with_the_kernels_words)
{
	SAY_START();
	SAY_SCHED_START();
	SAY(KTSTR_MSG_KMSG, STALL, sizeof(STALL) - 1);
	SAY(KTSTR_MSG_KMSG, "3,2,2500100,-;sched_ext: simple: w[9] failed to run for 1.2s\n", 60);
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_SCHED_STALLED, "simple was ejected: runnable task stall: w[9] failed to run");
	EXPECT_STREQ("w[9] failed to run for 1.2s", self->run.scx_error);
	EXPECT_NE(NULL, strstr(self->run.kmsg, "[    2.500000] sched_ext: BPF scheduler"));
}

TEST_F(fold, what_the_guest_found_is_not_told_twice)
{
	struct ktstr_result *r = ktstr_result__new();

	ktstr_result__add(r, KTSTR_FAILS, KTSTR_SCHED_STALLED, "stalled");
	SAY_START();
	SAY_SCHED_START();
	SAY(KTSTR_MSG_KMSG, STALL, sizeof(STALL) - 1);
	SAY_RESULT(r);
	SAY_EXIT(0);
	FOLD("");
	EXPECT_EQ(1U, self->run.result->nr_details);
	ktstr_result__free(r);
}

TEST_F(fold, a_scheduler_that_leaves_unasked_fails_the_run)
{
	struct ktstr_msg_sched_exit gone = { SIGSEGV, 0 };
	int32_t pid = 77;

	SAY_START();
	SAY(KTSTR_MSG_SCHED_START, &pid, sizeof(pid));
	SAY(KTSTR_MSG_SCHED_ATTACHED, "simple", 6);
	SAY(KTSTR_MSG_SCHED_EXIT, &gone, sizeof(gone));
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_SCHED_EXITED, "scheduler died during the test: killed by SIGSEGV");
}

TEST_F(fold, a_scheduler_that_never_attached_was_not_loaded)
{
	struct ktstr_msg_sched_exit gone = { 1 << 8, 0 };

	SAY_START();
	SAY(KTSTR_MSG_SCHED_EXIT, &gone, sizeof(gone));
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_SCHED_NOT_LOADED, "did not attach: exited with status 1");
}

TEST_F(fold, a_scheduler_that_was_asked_to_leave_is_no_failure)
{
	struct ktstr_msg_sched_exit gone = { 0, 1 };
	static const char bye[] =
		"6,1,9,-;sched_ext: BPF scheduler \"simple\" disabled (unregistered from user space)\n";

	SAY_START();
	SAY(KTSTR_MSG_KMSG, bye, sizeof(bye) - 1);
	SAY(KTSTR_MSG_SCHED_EXIT, &gone, sizeof(gone));
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	EXPECT_EQ(KTSTR_PASS, OUTCOME());
	EXPECT_EQ(NULL, self->run.scx_error);
}

#define EJECTED(_ops)	"3,1,2500000,-;sched_ext: BPF scheduler \"" _ops "\" disabled (runtime error)\n"
#define WHY(_ops)	"3,2,2500001,-;sched_ext: " _ops ": of " _ops "\n"
#define SAY_EJECTED(_ops) do {							\
	SAY(KTSTR_MSG_KMSG, EJECTED(_ops), strlen(EJECTED(_ops)));		\
	SAY(KTSTR_MSG_KMSG, WHY(_ops), strlen(WHY(_ops)));			\
} while (0)

TEST_F(fold, what_others_load_may_be_ejected)
{
	const struct ktstr_result *r = self->run.result;

	SAY_START();
	SAY_EJECTED("one");
	SAY_EJECTED("two");
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	EXPECT_EQ(KTSTR_PASS, OUTCOME());
	ASSERT_EQ(2, r->nr_details);
	EXPECT_STREQ("scheduler one, which ktstr did not start, was ejected: runtime error: of one",
		     r->details[0].text);
	EXPECT_STREQ("2 such ejections in all; kmsg.log has them", r->details[1].text);
	EXPECT_EQ(NULL, self->run.scx_error);
}

TEST_F(fold, unless_the_test_says_that_none_may)
{
	self->test.fail_on_any_ejection = true;
	SAY_START();
	SAY_EJECTED("one");
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_SCHED_ERROR, "scheduler one, which ktstr did not start, was ejected");
	EXPECT_STREQ("of one", self->run.scx_error);
}

TEST_F(fold, a_scheduler_of_the_kernel_itself_is_the_one_under_test)
{
	static const struct ktstr_scheduler in_kernel = { .name = "builtin" };

	self->plan.scheduler = &in_kernel;
	SAY_START();
	SAY_EJECTED("builtin");
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_SCHED_ERROR, "scheduler builtin was ejected: runtime error: of builtin");
}

/* Ours was detached, then the test loaded another, which was ejected before ours. */
TEST_F(fold, the_ejection_of_another_does_not_hide_that_of_ours)
{
	SAY_START();
	SAY_SCHED_START();
	SAY(KTSTR_MSG_SCHED_ATTACHED, "simple", 6);
	SAY_EJECTED("other");
	SAY_EJECTED("simple");
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_SCHED_ERROR, "scheduler simple was ejected: runtime error: of simple");
	EXPECT_STREQ("of simple", self->run.scx_error);
	EXPECT_NE(NULL, strstr(self->run.result->details[1].text, "scheduler other, which ktstr did not start"));
	EXPECT_EQ(KTSTR_NOTE, (int)self->run.result->details[1].severity);
}

/* While it is being attached nothing has a name yet, and no other can be. */
TEST_F(fold, an_ejection_before_it_is_attached_is_ours)
{
	SAY_START();
	SAY_SCHED_START();
	SAY_EJECTED("simple");
	FOLD("");
	FIRST(KTSTR_SCHED_ERROR, "scheduler simple was ejected");
}

TEST_F(fold, a_process_that_outlived_its_scheduler_did_not_die_of_our_signal)
{
	struct ktstr_msg_sched_exit gone = { SIGINT, KTSTR_SCHED_OUTLIVED };
	int32_t pid = 70;
	const char record[] = "6,1,2500000,-;sched_ext: BPF scheduler \"simple\" disabled (unregistered from user space)\n";

	SAY_START();
	SAY(KTSTR_MSG_SCHED_START, &pid, sizeof(pid));
	SAY(KTSTR_MSG_SCHED_ATTACHED, "simple", 6);
	SAY(KTSTR_MSG_KMSG, record, strlen(record));
	SAY(KTSTR_MSG_SCHED_EXIT, &gone, sizeof(gone));
	FOLD("");
	FIRST(KTSTR_SCHED_EXITED,
	      "scheduler left sched_ext during the test: unregistered from user space");
}

#define VERIFIER_LOG								\
	"libbpf: prog 'first': BPF program load failed: Permission denied\n"	\
	"libbpf: prog 'first': -- BEGIN PROG LOAD LOG --\n"			\
	"0: R1=ctx() R10=fp0\n"						\
	"; *p = 0; @ x.bpf.c:3\n"						\
	"R1 invalid mem access 'scalar'\n"					\
	"verification time 77 usec\n"						\
	"processed 2 insns (limit 1000000) max_states_per_insn 0\n"		\
	"-- END PROG LOAD LOG --\n"						\
	"libbpf: failed to load object 'x'\n"

TEST_F(fold, what_the_verifier_objects_to_stands_behind_the_failure)
{
	struct ktstr_msg_sched_exit gone = { 1 << 8, KTSTR_SCHED_BY_ITSELF };
	const struct ktstr_result *r = self->run.result;

	SAY_START();
	SAY(KTSTR_MSG_SCHED_LOG, VERIFIER_LOG, strlen(VERIFIER_LOG));
	SAY(KTSTR_MSG_SCHED_EXIT, &gone, sizeof(gone));
	FOLD("");
	FIRST(KTSTR_SCHED_NOT_LOADED, "did not attach");
	ASSERT_LE(2, r->nr_details);
	EXPECT_STREQ("the verifier rejected first: R1 invalid mem access 'scalar'",
		     r->details[1].text);
	EXPECT_EQ(KTSTR_NOTE, (int)r->details[1].severity);
}

TEST_F(fold, the_guest_clock_is_known_as_long_as_anything_was_said)
{
	SAY_START();
	FOLD("[    9.000001] last words\n");
	EXPECT_EQ(1000, self->run.guest_total_ns);
	ktstr_seen__free(self->run.seen);
	self->run.seen = ktstr_seen__new();
	free(self->run.sched_log);
	free(self->run.kmsg);
	ktstr_fold(&self->run, "[    0.100000] first\n[   12.345678][    T1] then\nno time\n");
	EXPECT_EQ(12345678000, self->run.guest_total_ns);
}

TEST_F(fold, a_counter_that_the_guest_overwrote_is_not_printed)
{
	const struct ktstr_result *r = self->run.result;

	SAY_START();
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	ktstr_messages__read(self->run.seen, self->host);
	self->run.seen->drops = 12738568234036941114ULL;
	ktstr_fold(&self->run, "");
	ASSERT_EQ(1, r->nr_details);
	EXPECT_STREQ("the guest overwrote its count of lost messages: whether there are any is unknown",
		     r->details[0].text);
}

TEST_F(fold, a_guest_with_other_cpus_or_another_protocol_is_infrastructure)
{
	struct ktstr_msg_start start = { KTSTR_CHAN_VERSION + 1, 3 };

	SAY(KTSTR_MSG_START, &start, sizeof(start));
	SAY_RESULT(&nothing);
	SAY_EXIT(0);
	FOLD("");
	FIRST(KTSTR_INFRASTRUCTURE, "guest speaks channel version");
	EXPECT_EQ(2U, self->run.result->nr_details);
}

TEST_F(fold, malformed_messages_are_counted_and_change_nothing_else)
{
	SAY_START();
	SAY(KTSTR_MSG_EXIT, "x", 1);
	SAY(KTSTR_MSG_SCHED_EXIT, "xyz", 3);
	SAY(KTSTR_MSG_STIMULUS, "xyz", 3);
	SAY(KTSTR_MSG_RESULT, "no result", 9);
	SAY(KTSTR_MSG_KMSG, "no record", 9);
	SAY_EXIT(0);
	FOLD("");
	EXPECT_EQ(4U, self->run.seen->bad_messages);
	EXPECT_EQ(1U, self->run.seen->bad_results);
	FIRST(KTSTR_INFRASTRUCTURE, "the guest's result is damaged");
}

TEST_F(fold, an_interrupted_run_is_a_failure_of_nobodys_making)
{
	SAY_START();
	self->run.signal = SIGINT;
	FOLD("");
	FIRST(KTSTR_INFRASTRUCTURE, "interrupted by SIGINT");
}

TEST_F(fold, the_console_stands_in_for_messages_that_died_with_the_guest)
{
	SAY_START();
	SAY_SCHED_START();
	self->run.seen->machine_off = true;
	FOLD("[    2.1] sched_ext: BPF scheduler \"x\" disabled (scx_bpf_error)\n"
	     "[    2.1] sched_ext: x: bad dsq 7\n[    2.2] Kernel panic - not syncing: y\n");
	EXPECT_STREQ("bad dsq 7", self->run.scx_error);
}

TEST(kernel_records_are_unescaped_and_stamped)
{
	static const char rec[] = "3,12,3000001,-,caller=T9;a\\x0ab\\x5c\n SUBSYSTEM=x\n";
	char buf[128];
	size_t text, n = ktstr_kmsg__format(rec, sizeof(rec) - 1, buf, sizeof(buf), &text);

	ASSERT_LT(0U, n);
	EXPECT_STREQ("[    3.000001] a\nb\\\n", buf);
	EXPECT_EQ(0, strncmp(buf + text, "a\n", 2));
	EXPECT_EQ(0U, ktstr_kmsg__format("garbage", 7, buf, sizeof(buf), &text));
	EXPECT_EQ(0U, ktstr_kmsg__format("1;x", 3, buf, sizeof(buf), &text));
}

TEST(only_the_first_error_of_a_scheduler_counts)
{
	struct ktstr_scxlog s = { .error = false };

	ktstr_scxlog__text(&s,
			   "sched_ext: BPF scheduler \"a\" disabled (runtime error)\n"
			   "sched_ext: b: not for a\n"
			   "sched_ext: a: the message\n"
			   "sched_ext: BPF scheduler \"a\" disabled (scx_bpf_error)\n"
			   "sched_ext: a: later\n");
	EXPECT_STREQ("runtime error", s.reason);
	EXPECT_STREQ("the message", s.msg);
	EXPECT_EQ((int)KTSTR_SCHED_ERROR, (int)s.kind);
}

TEST(bounded_text_keeps_head_and_tail_and_says_what_is_missing)
{
	struct ktstr_textbuf b;
	char *s;
	int i;

	ktstr_textbuf__init(&b, 4, 6);
	ktstr_textbuf__add(&b, "abcd", 4);
	for (i = 0; i < 10; i++)
		ktstr_textbuf__add(&b, "0123456789", 10);
	s = ktstr_textbuf__str(&b);
	EXPECT_STREQ("abcd\n[... 94 bytes cut ...]\n456789", s);
	free(s);
	ktstr_textbuf__free(&b);
	ktstr_textbuf__init(&b, 4, 6);
	ktstr_textbuf__add(&b, "abc\0efgh", 8);
	s = ktstr_textbuf__str(&b);
	EXPECT_STREQ("abc efgh", s);
	free(s);
	ktstr_textbuf__free(&b);
}

TEST(the_tail_of_a_text_is_counted_in_lines)
{
	EXPECT_STREQ("c\nd\n", ktstr_text__tail("a\nb\nc\nd\n", 2));
	EXPECT_STREQ("a\nb", ktstr_text__tail("a\nb", 9));
	EXPECT_STREQ("", ktstr_text__tail("", 3));
}

TEST_HARNESS_MAIN

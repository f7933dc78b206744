// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/repro/calls.h: which functions a backtrace names, which operation was under way
 * when the exit was claimed, and how values are written.
 */
#include "kselftest_harness.h"

#include <stdlib.h>

#include "harness/repro/internal.h"

#define MAX	8

static const char dump[] =
	"mutant: root\n"
	"Backtrace:\n"
	"  scx_exit_bstr+0xdd/0x110\n"
	"  scx_bpf_error_bstr+0x60/0xa0\n"
	"  bpf_prog_a855caa9c1246387_ktstr_dispatch+0x5c/0x152\n"
	"  bpf__sched_ext_ops_dispatch+0x50/0xad\n"
	"  ? balance_scx+0x12/0x34\n"
	"\n"
	"CPU states\n"
	"  do_sys_poll+0x1/0x2\n";

TEST(a_backtrace_ends_where_the_stacks_of_tasks_begin)
{
	struct ktstr_repro_func func[MAX];

	ASSERT_EQ(1, ktstr_repro_stack__parse(dump, func, MAX));
	EXPECT_STREQ("ktstr_dispatch", func[0].name);
}

TEST(lines_of_a_kernel_log_are_frames_too)
{
	struct ktstr_repro_func func[MAX];

	ASSERT_EQ(2, ktstr_repro_stack__parse("[    5.6]    scx_local_or+0xdd/0x110\n"
					      "[    5.6]    schedule+0x1/0x2\n"
					      "[    5.6]    pick_task_scx.isra.0+0x1/0x2\n"
					      "[    5.7]    scx_local_or+0x1/0x2\n", func, MAX));
	EXPECT_STREQ("scx_local_or", func[0].name);
	EXPECT_STREQ("pick_task_scx.isra.0", func[1].name);
	EXPECT_EQ(0, ktstr_repro_stack__parse("", func, MAX));
	EXPECT_EQ(0, ktstr_repro_stack__parse("a + 0x12\n+0x12/0x34\nRIP: x+0\n", func, MAX));
	EXPECT_EQ(0, ktstr_repro_stack__parse(NULL, func, MAX));
}

FIXTURE(calls) {
	struct ktstr_repro_calls c;
};

/* Point 0 claims an exit of a kind, point 1 is an operation with the task's pid. */
FIXTURE_SETUP(calls)
{
	ASSERT_EQ(0, ktstr_repro_calls__init(&self->c));
	self->c.nr_points = 2;
	for (int i = 0; i < 2; i++) {
		struct ktstr_repro_point *p = &self->c.point[i];

		p->is_trigger = !i;
		p->is_op = i;
		p->kind = i ? -1 : 0;
		p->pid = i ? 0 : -1;
		p->comm = -1;
		p->nr = 1;
		p->value[0].field = (struct ktstr_btf_field){ .size = 4, .class = KTSTR_BTF_UNSIGNED };
		strcpy(p->name, i ? "enqueue" : "scx_vexit");
		strcpy(p->value[0].param, i ? "p" : "kind");
		strcpy(p->value[0].path, i ? "pid" : "");
		strcpy(p->value[0].group, i ? "task_struct" : "");
		self->c.probe[i] = (struct vm_probe){ .kva = 1, .nr_fetches = 1, .fetch[0].size = 4 };
	}
}

FIXTURE_TEARDOWN(calls)
{
	ktstr_repro_calls__free(&self->c);
}

static void tell(FIXTURE_DATA(calls) *self, uint64_t ns, uint32_t vcpu, uint32_t probe, bool exit,
		 uint64_t word)
{
	struct vm_probe_event ev = {
		.time_ns = ns, .vcpu = vcpu, .probe = probe, .exit = exit, .have = 1, .nr_words = 1,
		.word = &word,
	};

	ktstr_repro_calls__take(&self->c, &ev);
}

TEST_F(calls, the_operation_under_way_on_that_cpu_is_the_cause)
{
	tell(self, 10, 0, 1, false, 7);
	tell(self, 20, 1, 1, false, 8);
	tell(self, 30, 0, 1, false, 9);
	tell(self, 40, 0, 1, true, 9);		/* has returned */
	tell(self, 50, 0, 0, false, 1025);
	EXPECT_TRUE(self->c.triggered);
	EXPECT_EQ(50, self->c.trigger_ns);
	EXPECT_EQ(7, self->c.causal_pid);
	EXPECT_EQ(40, self->c.call[2].exit_ns);
	tell(self, 60, 0, 1, false, 5);		/* what comes later is not looked at */
	EXPECT_EQ(4, self->c.nr);
}

TEST_F(calls, what_the_kernel_refuses_is_about_whom_it_was_called_for_last)
{
	tell(self, 10000, 0, 1, false, 7);
	tell(self, 10005, 0, 1, true, 7);
	tell(self, 10010, 1, 1, false, 8);
	tell(self, 10015, 1, 1, true, 8);
	tell(self, 10020, 0, 0, false, 1024);
	EXPECT_EQ(7, self->c.causal_pid);
}

TEST_F(calls, a_stall_is_about_nobody_who_was_called_for_by_chance)
{
	tell(self, 10000, 0, 1, false, 7);
	tell(self, 10005, 0, 1, true, 7);
	tell(self, 10020, 0, 0, false, 1026);
	EXPECT_EQ(0, self->c.causal_pid);
}

TEST_F(calls, a_call_of_long_ago_is_not_the_cause)
{
	tell(self, 10000, 0, 1, false, 7);
	tell(self, 10005, 0, 1, true, 7);
	tell(self, 10000000, 0, 0, false, 1024);
	EXPECT_EQ(0, self->c.causal_pid);
}

/* The kernel's own function, of which calls have returned, is not through with task 7. */
TEST_F(calls, what_the_kernel_refuses_is_about_the_task_that_it_is_at)
{
	self->c.point[1].is_op = false;
	tell(self, 10, 0, 1, false, 6);
	tell(self, 20, 0, 1, true, 6);
	tell(self, 1000000, 0, 1, false, 7);
	tell(self, 2000000, 1, 1, false, 8);
	tell(self, 9000000, 0, 0, false, 1024);
	EXPECT_EQ(7, self->c.causal_pid);
	EXPECT_EQ(1000000, self->c.causal_ns);
}

/* Nobody knows whether a call of a function has returned if no call of it was seen to. */
TEST_F(calls, a_function_whose_returns_are_not_probed_is_not_under_way)
{
	self->c.point[1].is_op = false;
	tell(self, 1000000, 0, 1, false, 7);
	tell(self, 9000000, 0, 0, false, 1024);
	EXPECT_EQ(0, self->c.causal_pid);
}

TEST_F(calls, what_is_known_at_return_only_has_no_value_before)
{
	struct ktstr_repro_point *p = &self->c.point[1];
	uint64_t word[2] = { 7, 3 };
	struct vm_probe_event ev = { .time_ns = 10, .probe = 1, .have = 1, .nr_words = 2, .word = word };
	char line[160];

	p->nr = 2;
	p->value[1].field = p->value[0].field;
	strcpy(p->value[1].param, "return");
	self->c.probe[1].nr_fetches = 2;
	self->c.probe[1].fetch[1].size = 4;
	ktstr_repro_calls__take(&self->c, &ev);
	ktstr_repro_call__line(&self->c, &self->c.call[0], NULL, line, sizeof(line));
	EXPECT_EQ(NULL, strstr(line, "return=")) TH_LOG("%s", line);
	EXPECT_NE(NULL, strstr(line, "(has not returned)")) TH_LOG("%s", line);
	strcpy(p->crashed.file, "a.bpf.c");
	p->crashed.line = 12;
	ktstr_repro_call__line(&self->c, &self->c.call[0], NULL, line, sizeof(line));
	EXPECT_NE(NULL, strstr(line, "(has not returned: a.bpf.c:12)")) TH_LOG("%s", line);
	ev.exit = true;
	ev.time_ns = 20;
	ev.have = 3;
	ktstr_repro_calls__take(&self->c, &ev);
	ktstr_repro_call__line(&self->c, &self->c.call[0], NULL, line, sizeof(line));
	EXPECT_NE(NULL, strstr(line, " return=3")) TH_LOG("%s", line);
}

TEST(an_error_is_the_same_whatever_task_and_number_it_is_about)
{
	EXPECT_TRUE(ktstr_repro__same_error("cg_a:0[123] failed to run for 5.003s",
					    "rcu_preempt[15] failed to run for 12.9s"));
	EXPECT_TRUE(ktstr_repro__same_error("invalid CPU 2 for a b (cg_a:0[12])",
					    "invalid CPU 117 for a b (x[1])"));
	EXPECT_TRUE(ktstr_repro__same_error("no DSQ 0xbad", "no DSQ 0x17f"));
	EXPECT_FALSE(ktstr_repro__same_error("invalid CPU 2 for a", "invalid DSQ 2 for a"));
	EXPECT_FALSE(ktstr_repro__same_error("a[1] failed to run", "a[1] failed to run for 3s"));
	EXPECT_FALSE(ktstr_repro__same_error("a", NULL));
	EXPECT_FALSE(ktstr_repro__same_error(NULL, NULL));
}

TEST_F(calls, a_scheduler_that_is_asked_to_leave_triggers_nothing)
{
	tell(self, 10, 0, 0, false, 64);
	EXPECT_FALSE(self->c.triggered);
	EXPECT_EQ(0, self->c.nr);
}

TEST_F(calls, the_last_calls_are_kept)
{
	for (uint64_t i = 0; i < KTSTR_REPRO_CALLS + 5; i++)
		tell(self, 100 + i, 0, 1, false, i);
	EXPECT_EQ(105, ktstr_repro_calls__at(&self->c, 0)->ns);
	EXPECT_EQ(NULL, ktstr_repro_calls__at(&self->c, KTSTR_REPRO_CALLS));
}

static const char *format(const char *param, const char *path, const char *group, uint32_t size,
			  uint64_t v, char buf[96])
{
	struct ktstr_repro_value value = {
		.field = { .size = size, .class = KTSTR_BTF_UNSIGNED },
	};
	uint64_t word[2] = { v, 0 };

	strcpy(value.param, param);
	strcpy(value.path, path);
	strcpy(value.group, group);
	ktstr_repro_value__format(&value, word, NULL, buf, 96);
	return buf;
}

TEST(queues_and_masks_have_names)
{
	char buf[96];

	EXPECT_STREQ("SCX_DSQ_LOCAL", format("dsq_id", "", "", 8, 0x8000000000000002, buf));
	EXPECT_STREQ("SCX_DSQ_LOCAL_ON|7", format("dsq_id", "", "", 8, 0xc000000000000007, buf));
	EXPECT_STREQ("BUILTIN(9)", format("dsq_id", "", "", 8, 0x8000000000000009, buf));
	EXPECT_STREQ("DSQ(0x10)", format("dsq", "id", "scx_dispatch_q", 8, 0x10, buf));
	EXPECT_STREQ("0xb(0-1,3)", format("p", "cpus_ptr->bits[0]", "task_struct", 8, 0xb, buf));
	EXPECT_STREQ("0(none)", format("p", "cpus_ptr->bits[0]", "task_struct", 8, 0, buf));
	EXPECT_STREQ("-1", format("p", "scx.sticky_cpu", "task_struct", 4, 0xffffffff, buf));
	EXPECT_STREQ("20000000", format("p", "scx.slice", "task_struct", 8, 20000000, buf));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/model/splat.h. The texts have the formats of the kernel files named there. */
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/model/splat.h"
#include "lib/textbuf.h"

FIXTURE(splats) {
	struct ktstr_splats s;
	uint64_t us;
};

FIXTURE_SETUP(splats)
{
	self->us = 5000000;
}

FIXTURE_TEARDOWN(splats)
{
	ktstr_splats__free(&self->s);
}

static void feed(struct ktstr_splats *s, uint64_t *us, const char *text)
{
	const char *pos = text, *line;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len)))
		ktstr_splats__line(s, *us += 7, line, len);
}

#define FEED(_text)	feed(&self->s, &self->us, _text)
#define ONE(_what, _headline) do {						\
	ASSERT_EQ(1, self->s.nr);						\
	EXPECT_STREQ(_what, self->s.list[0].what);				\
	EXPECT_STREQ(_headline, self->s.list[0].headline);			\
} while (0)

/* ---- what each kind looks like ---- */

#define REGS									\
	"Modules linked in:\n"							\
	"CPU: 1 UID: 0 PID: 71 Comm: cgroup Not tainted 6.18.15+deb13-cloud-amd64 #1\n" \
	"Sched_ext: reports (enabled+all), task: runnable_at=+0ms\n"		\
	"RIP: 0010:scx_cgroup_move_task+0xa8/0xb0\n"				\
	"Code: 48 89 df e8 00 00 00 00 <0f> 0b eb c9\n"				\
	"Call Trace:\n"								\
	" <TASK>\n"								\
	" sched_move_task+0x20c/0x270\n"					\
	" ? srso_alias_return_thunk+0x5/0xfbef5\n"				\
	" cpu_cgroup_attach+0x3e/0x80\n"					\
	" cgroup_migrate_execute+0x39b/0x550\n"					\
	" do_syscall_64+0x84/0x320\n"						\
	"RIP: 0033:0x7f2b8f0a5\n"						\
	" </TASK>\n"								\
	"---[ end trace 0000000000000000 ]---\n"

TEST_F(splats, a_warning_of_today)
{
	FEED("------------[ cut here ]------------\n"
	     "WARNING: kernel/sched/ext.c:4108 at scx_cgroup_move_task+0xa8/0xb0, CPU#1: cgroup/71\n"
	     REGS);
	ONE("WARNING",
	    "WARNING: kernel/sched/ext.c:4108 at scx_cgroup_move_task+0xa8/0xb0, CPU#1: cgroup/71");
	EXPECT_STREQ("", self->s.list[0].said);
	EXPECT_STREQ("scx_cgroup_move_task < sched_move_task < cpu_cgroup_attach < cgroup_migrate_execute < do_syscall_64",
		     self->s.list[0].trace);
	EXPECT_NE(NULL, strstr(self->s.list[0].text, "cpu_cgroup_attach+0x3e"));
}

TEST_F(splats, a_warning_of_6_12_with_a_message)
{
	FEED("------------[ cut here ]------------\n"
	     "refcount_t: underflow; use-after-free.\n"
	     "WARNING: CPU: 3 PID: 9 at lib/refcount.c:28 refcount_warn_saturate+0xbe/0x110\n"
	     REGS);
	ONE("WARNING",
	    "WARNING: CPU: 3 PID: 9 at lib/refcount.c:28 refcount_warn_saturate+0xbe/0x110");
	EXPECT_STREQ("refcount_t: underflow; use-after-free.", self->s.list[0].said);
}

TEST_F(splats, a_page_fault_of_the_kernel_is_one_splat)
{
	FEED("BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6\n"
	     "#PF: supervisor read access in kernel mode\n"
	     "#PF: error_code(0x0000) - not-present page\n"
	     "PGD 100000067 P4D 100000067 PUD 0\n"
	     "Oops: Oops: 0000 [#1] SMP NOPTI\n" REGS);
	ONE("BUG", "BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6");
	EXPECT_EQ(1, self->s.list[0].times);
	EXPECT_EQ(0, strncmp(self->s.list[0].trace, "scx_cgroup_move_task < ", 23));
}

TEST_F(splats, list_corruption_is_one_splat)
{
	FEED("list_del corruption, ffff8b2a4100->next is LIST_POISON1 (dead000000000100)\n"
	     "------------[ cut here ]------------\n"
	     "kernel BUG at lib/list_debug.c:56!\n"
	     "Oops: invalid opcode: 0000 [#1] SMP\n" REGS);
	ONE("list corruption",
	    "list_del corruption, ffff8b2a4100->next is LIST_POISON1 (dead000000000100)");
	FEED("------------[ cut here ]------------\n"
	     "list_add corruption. next->prev should be prev (ffff8b2a4200), but was 0. (next=ffff8b).\n"
	     "WARNING: CPU: 0 PID: 1 at lib/list_debug.c:29 __list_add_valid_or_report+0x90/0xa0\n"
	     REGS);
	EXPECT_EQ(2, self->s.nr);
}

TEST_F(splats, ubsan)
{
	FEED("------------[ cut here ]------------\n"
	     "UBSAN: array-index-out-of-bounds in kernel/sched/ext_idle.c:101:12\n"
	     "index 64 is out of range for type 'cpumask_t [64]'\n" REGS);
	ONE("UBSAN report", "UBSAN: array-index-out-of-bounds in kernel/sched/ext_idle.c:101:12");
	EXPECT_STREQ("index 64 is out of range for type 'cpumask_t [64]'", self->s.list[0].said);
}

TEST_F(splats, lockdep)
{
	FEED("\n"
	     "======================================================\n"
	     "WARNING: possible circular locking dependency detected\n"
	     "6.18.15 #1 Not tainted\n"
	     "------------------------------------------------------\n"
	     "kworker/1:2/88 is trying to acquire lock:\n"
	     "ffff8b2a3f6e40c0 (&rq->__lock){-.-.}-{2:2}, at: raw_spin_rq_lock_nested+0x1f/0x40\n"
	     "\n"
	     "but task is already holding lock:\n"
	     "ffffffff8a3b1f58 (&dsq->lock){-.-.}-{2:2}, at: dispatch_enqueue+0x65/0x2a0\n");
	ONE("lockdep report", "WARNING: possible circular locking dependency detected");
	EXPECT_STREQ("ffff8b2a3f6e40c0 (&rq->__lock){-.-.}-{2:2}, at: raw_spin_rq_lock_nested+0x1f/0x40",
		     self->s.list[0].said);
	FEED("=============================\n"
	     "WARNING: suspicious RCU usage\n"
	     "=============================\n"
	     "[ BUG: Invalid wait context ]\n");
	ASSERT_EQ(3, self->s.nr);
	EXPECT_STREQ("lockdep report", self->s.list[1].what);
	EXPECT_STREQ("[ BUG: Invalid wait context ]", self->s.list[2].headline);
}

TEST_F(splats, rcu_stalls_and_lockups)
{
	FEED("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
	     "rcu: \t2-...!: (1 GPs behind) idle=0d2c/1/0x4000000000000000 softirq=311/312 fqs=0\n"
	     "rcu: \t(detected by 0, t=5252 jiffies, g=4405, q=30 ncpus=4)\n");
	ONE("RCU stall", "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
	EXPECT_NE(NULL, strstr(self->s.list[0].said, "2-...!: (1 GPs behind)"));
	FEED("rcu: INFO: rcu_preempt self-detected stall on CPU\n"
	     "rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 2-.... } 24 jiffies\n"
	     "INFO: rcu_tasks detected stalls on tasks:\n"
	     "watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [migration/2:26]\n"
	     "watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3\n"
	     "BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 33s!\n");
	ASSERT_EQ(7, self->s.nr);
	EXPECT_STREQ("RCU stall", self->s.list[3].what);
	EXPECT_STREQ("soft lockup", self->s.list[4].what);
	EXPECT_STREQ("hard lockup", self->s.list[5].what);
	EXPECT_STREQ("workqueue lockup", self->s.list[6].what);
}

TEST_F(splats, a_hung_task)
{
	FEED("INFO: task kworker/0:1:12 blocked for more than 120 seconds.\n"
	     "      Not tainted 7.3.4+deb13-cloud-amd64 #1\n"
	     "\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.\n"
	     "task:kworker/0:1     state:D stack:0     pid:12    tgid:12    ppid:2\n"
	     "Call Trace:\n <TASK>\n __schedule+0x4a/0x90\n schedule+0x27/0xa0\n schedule_preempt_disabled+0x1/0x2\n"
	     " __mutex_lock.constprop.0+0x3/0x4\n anon_pipe_write+0x5/0x6\n </TASK>\n");
	ONE("hung task", "INFO: task kworker/0:1:12 blocked for more than 120 seconds.");
	EXPECT_STREQ("__mutex_lock.constprop.0 < anon_pipe_write", self->s.list[0].trace);
}

TEST_F(splats, sanitizers_and_others)
{
	static const char * const texts[][2] = {
		{ "BUG: KASAN: slab-use-after-free in scx_ops_exit+0x1/0x2", "KASAN report" },
		{ "BUG: KFENCE: out-of-bounds read in foo+0x1/0x2", "KFENCE report" },
		{ "BUG: KCSAN: data-race in __schedule / wakeup_preempt", "KCSAN report" },
		{ "BUG: scheduling while atomic: cg_a/71/0x00000002", "BUG" },
		{ "BUG: sleeping function called from invalid context at mm/slab.h:1", "BUG" },
		{ "BUG kmalloc-64 (Not tainted): Object already free", "BUG" },
		{ "kernel BUG at kernel/sched/ext.c:1!", "BUG" },
		{ "Oops: general protection fault, kernel NULL pointer dereference 0x0: 0000 [#1] SMP",
		  "oops" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		self->us += 2000000;
		FEED(texts[i][0]);
		ASSERT_EQ(i + 1, self->s.nr) TH_LOG("\"%s\"", texts[i][0]);
		EXPECT_STREQ(texts[i][1], self->s.list[i].what);
	}
}

/* ---- what is none ---- */

TEST_F(splats, other_lines_are_none)
{
	FEED("sched_ext: BPF scheduler \"simple\" disabled (runnable task stall)\n"
	     "sched_ext: simple: BUG: cg_a[71] failed to run for 5.1s\n"
	     "workqueue: foo hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND\n"
	     "rcu: INFO: Stall ended before state dump start\n"
	     "INFO: lockdep is turned off.\n"
	     "INFO: task cg_a:71 is blocked on a mutex likely owned by task cg_b:72.\n"
	     "traps: cg_a[71] general protection fault ip:401000 sp:7ffd error:0 in cg_a\n"
	     "smpboot: CPU 2 is now offline\n"
	     "Command line: WARNING: x BUG: y\n"
	     "sched: RT throttling activated\n"
	     "------------[ cut here ]------------\n");
	EXPECT_EQ(0, self->s.nr);
}

#define RECORD(_text, _counts) \
	ktstr_splats__record(&self->s, _text, strlen(_text), _counts)

TEST_F(splats, only_the_kernel_after_the_start_counts)
{
	RECORD("4,300,1500000,-;WARNING: kernel/a.c:1 at boot+0x1/0x2, CPU#0: swapper/0/1\n", false);
	RECORD("12,301,2500000,-;WARNING: written by a program\n", true);
	RECORD("no record; WARNING: at all\n", true);
	EXPECT_EQ(0, self->s.nr);
	EXPECT_EQ(2500000, self->s.last_us);
	RECORD("4,302,3500000,-,caller=T71;WARNING: kernel/b.c:2 at test+0x1/0x2, CPU#0: a/71\n SUBSYSTEM=x\n",
	       true);
	ONE("WARNING", "WARNING: kernel/b.c:2 at test+0x1/0x2, CPU#0: a/71");
	EXPECT_EQ(3500000, self->s.list[0].time_us);
}

TEST_F(splats, a_console_has_what_was_not_forwarded)
{
	static const char text[] =
		"[    1.500000] WARNING: kernel/a.c:1 at boot+0x1/0x2, CPU#0: swapper/0/1\n"
		"[    2.500000] BUG: scheduling while atomic: a/71/0x2\n"
		"WARNING: printed by a program\n"
		"[    9.000001] [   T71] BUG: scheduling while atomic: b/72/0x2\n";

	RECORD("6,301,2500000,-;BUG: scheduling while atomic: a/71/0x2\n", true);
	ktstr_splats__console(&self->s, text);
	ASSERT_EQ(2, self->s.nr);
	EXPECT_STREQ("BUG: scheduling while atomic: b/72/0x2", self->s.list[1].headline);
	EXPECT_EQ(9000001, self->s.list[1].time_us);
}

/* ---- repetition, and hostile input ---- */

TEST_F(splats, the_same_splat_is_counted)
{
	int i;

	for (i = 0; i < 5; i++)
		FEED("BUG: soft lockup - CPU#2 stuck for 26s! [a:26]\n"
		     "BUG: soft lockup - CPU#13 stuck for 126s! [a:26]\n"
		     "BUG: kernel NULL pointer dereference, address: 0\n"
		     "Oops: Oops: 0000 [#1] SMP\n");
	ASSERT_EQ(2, self->s.nr);
	EXPECT_EQ(10, self->s.list[0].times);
	EXPECT_EQ(5, self->s.list[1].times);
	FEED("WARNING: kernel/a.c:1 at f+0x1/0x2, CPU#0: a/1\n"
	     "WARNING: kernel/a.c:2 at f+0x1/0x2, CPU#0: a/1\n");
	EXPECT_EQ(4, self->s.nr);
}

TEST_F(splats, their_number_and_size_are_bounded)
{
	char line[9000];
	int i;

	for (i = 0; i < 1000; i++) {
		memset(line, 'a' + i % 26, sizeof(line));
		memcpy(line, "BUG: ", 5);
		memset(line + 5, 'A' + i / 26, 1);
		ktstr_splats__line(&self->s, self->us, line, sizeof(line));
		memcpy(line, "\x1b[2J\x01", 5);
		ktstr_splats__line(&self->s, self->us, line, sizeof(line));
	}
	ASSERT_EQ(KTSTR_MAX_SPLATS, self->s.nr);
	EXPECT_EQ(1000 - KTSTR_MAX_SPLATS, self->s.dropped);
	for (i = 0; i < KTSTR_MAX_SPLATS; i++) {
		EXPECT_EQ(KTSTR_SPLAT_LINE - 1, strlen(self->s.list[i].headline));
		EXPECT_EQ(NULL, strchr(self->s.list[i].text, '\x1b'));
	}
	ktstr_splats__line(&self->s, self->us, "", 0);
	RECORD("", true);
	RECORD("4", true);
	RECORD("4,1,99999999999999999999999999,-;BUG: x", true);
	RECORD("99999999999999,1,1,-;BUG: x", true);
}

TEST_F(splats, a_sentence_fits_into_any_buffer)
{
	char buf[600], small[20];

	FEED("------------[ cut here ]------------\nwhy\n"
	     "WARNING: kernel/a.c:1 at f+0x1/0x2, CPU#0: a/1\n" REGS
	     "WARNING: kernel/a.c:1 at f+0x1/0x2, CPU#3: a/1\n");
	ASSERT_EQ(1, self->s.nr);
	ktstr_splat__describe(&self->s.list[0], buf, sizeof(buf));
	EXPECT_STREQ("kernel splat (WARNING) at [5.000021]: \"WARNING: kernel/a.c:1 at f+0x1/0x2, CPU#0: a/1\", seen 2 times; \"why\"; in scx_cgroup_move_task < sched_move_task < cpu_cgroup_attach < cgroup_migrate_execute < do_syscall_64",
		     buf);
	ktstr_splat__describe(&self->s.list[0], small, sizeof(small));
	EXPECT_STREQ("kernel splat (WARNI", small);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Why the kernel disabled a scheduler, read from /dev/kmsg records as 7.3 writes them, and
 * which uevents are about sched_ext.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/guest/init/internal.h"

static bool feed(struct ktstr_scxlog *log, const char *record)
{
	return ktstr_scxlog__record(log, record, strlen(record));
}

FIXTURE(log)
{
	struct ktstr_scxlog l;
};

FIXTURE_SETUP(log)
{
	memset(&self->l, 0, sizeof(self->l));
}

FIXTURE_TEARDOWN(log)
{
}

TEST_F(log, watchdog_means_stalled)
{
	EXPECT_TRUE(feed(&self->l, "3,386,1;sched_ext: BPF scheduler \"simple\" disabled (runnable task stall)\n"));
	EXPECT_FALSE(feed(&self->l, "3,387,1;sched_ext: simple: kworker/0:1[9] failed to run for 5.1s\n"));
	EXPECT_EQ(KTSTR_SCHED_STALLED, self->l.kind);
	EXPECT_TRUE(self->l.error);
	EXPECT_STREQ("simple", self->l.ops);
	EXPECT_STREQ("runnable task stall", self->l.reason);
	EXPECT_STREQ("kworker/0:1[9] failed to run for 5.1s", self->l.msg);
}

TEST_F(log, bpf_error_and_runtime_error_mean_error)
{
	feed(&self->l, "3,386,1,-;sched_ext: BPF scheduler \"a\" disabled (scx_bpf_error)\n SUBSYSTEM=x\n");
	feed(&self->l, "3,387,1,-;sched_ext: a: no such \"cell\" (7)\n");
	EXPECT_EQ(KTSTR_SCHED_ERROR, self->l.kind);
	EXPECT_STREQ("no such \"cell\" (7)", self->l.msg);

	memset(&self->l, 0, sizeof(self->l));
	feed(&self->l, "3,386,1,-;sched_ext: BPF scheduler \"a\" disabled (runtime error)\n");
	EXPECT_EQ(KTSTR_SCHED_ERROR, self->l.kind);
}

TEST_F(log, reason_that_nobody_knew_is_an_error_when_logged_as_one)
{
	feed(&self->l, "3,1,1,-;sched_ext: BPF scheduler \"a\" disabled (reenqueue limit)\n");
	EXPECT_EQ(KTSTR_SCHED_ERROR, self->l.kind);
}

TEST_F(log, wanted_exit_is_an_exit)
{
	EXPECT_TRUE(feed(&self->l, "6,386,1,-;sched_ext: BPF scheduler \"a\" disabled (unregistered from user space)\n"));
	EXPECT_EQ(KTSTR_SCHED_EXITED, self->l.kind);
	EXPECT_FALSE(self->l.error);
	feed(&self->l, "6,387,1,-;sched_ext: a: not an error text\n");
	EXPECT_STREQ("", self->l.msg);
}

TEST_F(log, facility_does_not_hide_the_level)
{
	feed(&self->l, "11,386,1,-;sched_ext: BPF scheduler \"a\" disabled (runtime error)\n");
	EXPECT_TRUE(self->l.error);
}

TEST_F(log, first_reason_counts)
{
	feed(&self->l, "3,1,1,-;sched_ext: BPF scheduler \"a\" disabled (runtime error)\n");
	feed(&self->l, "6,2,1,-;sched_ext: BPF scheduler \"a\" disabled (unregistered from user space)\n");
	EXPECT_EQ(KTSTR_SCHED_ERROR, self->l.kind);
}

TEST_F(log, other_lines_say_nothing)
{
	static const char * const lines[] = {
		"", ";", "6", "3,1,1,-;", "x,1,1,-;sched_ext: BPF scheduler \"a\" disabled (b)\n",
		"6,1,1,-;sched_ext: BPF scheduler \"a\" enabled\n",
		"6,1,1,-;[sched_ext: BPF scheduler \"a\" disabled (b)\n",
		"6,1,1,-;sched_ext: BPF scheduler \"a\" disabled (\n",
		"6,1,1,-;sched_ext: a: text\n", "6,1,1,-;usb 1-1: disabled (x)\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		EXPECT_FALSE(feed(&self->l, lines[i]));
	EXPECT_FALSE(self->l.disabled);
}

TEST_F(log, long_texts_are_cut_not_overrun)
{
	char *record = malloc(9000);
	int len = sprintf(record, "3,1,1,-;sched_ext: BPF scheduler \"");

	memset(record + len, 'n', 500);
	len += 500 + sprintf(record + len + 500, "\" disabled (");
	memset(record + len, 'r', 500);
	len += 500;
	record[len++] = ')';
	EXPECT_TRUE(ktstr_scxlog__record(&self->l, record, len));
	EXPECT_EQ(sizeof(self->l.ops) - 1, strlen(self->l.ops));
	EXPECT_EQ(sizeof(self->l.reason) - 1, strlen(self->l.reason));
	free(record);
}

TEST(uevent_of_a_scheduler_is_recognised)
{
	static const char ours[] = "add@/kernel/sched_ext/root\0ACTION=add\0SCXOPS=simple";
	static const char other[] = "add@/devices/platform/kernel/sched_ext/x";
	static const char sub[] = "remove@/kernel/sched_ext/root/sub/7";

	EXPECT_TRUE(guest_uevent__is_scx(ours, sizeof(ours)));
	EXPECT_TRUE(guest_uevent__is_scx(sub, sizeof(sub)));
	EXPECT_FALSE(guest_uevent__is_scx(other, sizeof(other)));
	EXPECT_FALSE(guest_uevent__is_scx("add@/kernel/", 12));
	EXPECT_FALSE(guest_uevent__is_scx("", 0));
}

TEST_HARNESS_MAIN

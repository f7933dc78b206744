// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/plan/here.h: no attribute of a test that was written for a guest is silently
 * without effect on this machine.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/plan/attrs_table.h"
#include "harness/plan/here.h"

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "t", .body = body };

KTSTR_DEFAULTS_BEGIN
static const struct ktstr_scheduler sched = {
	KTSTR_SCHEDULER_UNSET, .name = "s", .binary = "scx_s", .max_keep_last_rate = 7,
};
KTSTR_DEFAULTS_END

static int here(struct ktstr_plan *p, const struct ktstr_test *t, struct ktstr_err *err)
{
	int ret = ktstr_plan__for(p, t, err);

	return ret ? ret : ktstr_plan__here(p, err);
}

TEST(every_attribute_about_a_machine_has_exactly_one_rule)
{
	const struct ktstr_attr *a;
	unsigned int i, found, machines = 0;

	for (a = ktstr_test_attrs; a < ktstr_test_attrs + ktstr_nr_test_attrs; a++) {
		for (i = found = 0; i < ktstr_nr_here_attrs; i++)
			found += !strcmp(ktstr_here_attrs[i].name, a->name);
		EXPECT_EQ(a->machine, found) TH_LOG("%s", a->name);
		machines += a->machine;
	}
	EXPECT_EQ(machines, ktstr_nr_here_attrs);
	for (i = 0; i < ktstr_nr_here_attrs; i++)
		EXPECT_EQ(ktstr_here_attrs[i].rule == KTSTR_HERE_REFUSED, !!ktstr_here_attrs[i].why)
			TH_LOG("%s", ktstr_here_attrs[i].name);
}

TEST(the_declared_scheduler_is_not_planned)
{
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	t.scheduler = &sched;
	ASSERT_EQ(0, here(&p, &t, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(NULL, p.scheduler);
	EXPECT_TRUE(p.host_only);
	EXPECT_TRUE(p.here);
	ASSERT_EQ(1, p.nr_left_out);
	EXPECT_STREQ("max_keep_last_rate", p.left_out[0]);
}

TEST(what_the_monitor_would_judge_is_named_and_off)
{
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	t.fail_on_stall = KTSTR_ON;
	t.max_imbalance_ratio = 3;
	t.max_gap_ms = 70;
	t.num_snapshots = 4;
	ASSERT_EQ(0, here(&p, &t, &err)) TH_LOG("%s", err.msg);
	ASSERT_EQ(3, p.nr_left_out);
	EXPECT_STREQ("num_snapshots", p.left_out[0]);
	EXPECT_STREQ("max_imbalance_ratio", p.left_out[1]);
	EXPECT_STREQ("fail_on_stall", p.left_out[2]);
	EXPECT_EQ(0, p.num_snapshots);
	EXPECT_EQ(KTSTR_NO_LIMIT, p.checks.max_imbalance_ratio);
	EXPECT_EQ(KTSTR_OFF, p.checks.fail_on_stall);
	EXPECT_EQ(70, p.checks.max_gap_ms);
}

TEST(a_test_that_makes_no_sense_without_its_scheduler_is_refused)
{
	static const struct ktstr_scheduler * const staged[] = { &sched, NULL };
	static const struct ktstr_disk disk = { KTSTR_DISK_UNSET };
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	t.staged_schedulers = staged;
	EXPECT_EQ(-ENOTSUP, here(&p, &t, &err));
	EXPECT_STREQ("test t: staged_schedulers: are exchanged while the test runs, and none is loaded here",
		     err.msg);
	t = plain;
	t.disk = &disk;
	EXPECT_EQ(-ENOTSUP, here(&p, &t, &err));
	EXPECT_NE(NULL, strstr(err.msg, "test t: disk: "));
	t = plain;
	t.scheduler = &sched;
	t.expect_err = KTSTR_ON;
	EXPECT_EQ(-ENOTSUP, here(&p, &t, &err));
	EXPECT_NE(NULL, strstr(err.msg, "test t: expect_err: "));
	/* a body that fails by itself does that anywhere */
	t.scheduler = NULL;
	t.expect_kind = KTSTR_BODY_CRASHED;
	EXPECT_EQ(0, here(&p, &t, &err)) TH_LOG("%s", err.msg);
	t.expect_kind = KTSTR_GUEST_PANIC;
	EXPECT_EQ(-ENOTSUP, here(&p, &t, &err));
	EXPECT_NE(NULL, strstr(err.msg, "test t: expect_kind: "));
}

TEST_HARNESS_MAIN

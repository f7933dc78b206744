// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/host/guest_args.c: what a guest and its kernel are told. */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/pack.h"
#include "harness/plan/plan.h"

FIXTURE(args) {
	struct ktstr_scheduler sched;
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_deadlines d;
	struct ktstr_guest_args a;
	char *cmdline;
};

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

FIXTURE_SETUP(args)
{
	static const struct ktstr_scheduler sched = {
		KTSTR_SCHEDULER_UNSET, .name = "s", .binary = "/bin/true",
	};
	static const struct ktstr_test test = { KTSTR_TEST_UNSET, .name = "t", .body = body };

	self->sched = sched;
	self->test = test;
	self->test.scheduler = &self->sched;
	self->run.plan = &self->plan;
}

FIXTURE_TEARDOWN(args)
{
	ktstr_guest_args__free(&self->a);
	free(self->cmdline);
}

static void make(struct __test_metadata *_metadata, FIXTURE_DATA(args) *self)
{
	struct ktstr_err err;

	ktstr_guest_args__free(&self->a);
	free(self->cmdline);
	ASSERT_EQ(0, ktstr_plan__for(&self->plan, &self->test, &err)) TH_LOG("%s", err.msg);
	ASSERT_EQ(0, ktstr_guest_args__make(&self->run, &self->d, &self->a));
	self->cmdline = ktstr_pack__cmdline(&self->plan);
	ASSERT_NE(NULL, self->cmdline);
}

TEST_F(args, workloads_lie_below_the_schedulers_parent_unless_the_test_says_otherwise)
{
	make(_metadata, self);
	EXPECT_STREQ("/ktstr", self->a.cgroup_root);
	self->sched.cgroup_parent = "/cells";
	make(_metadata, self);
	EXPECT_STREQ("/cells", self->a.cgroup_root);
	EXPECT_STREQ("/cells", self->a.cgroup_parent);
	self->test.workload_root_cgroup = "/elsewhere";
	make(_metadata, self);
	EXPECT_STREQ("/elsewhere", self->a.cgroup_root);
	EXPECT_STREQ("/cells", self->a.cgroup_parent);
}

TEST_F(args, a_test_of_migration_between_nodes_gets_numa_balancing)
{
	static const char on[] = " sysctl.kernel.numa_balancing=1";
	const char *ours, *theirs;

	make(_metadata, self);
	EXPECT_EQ(NULL, strstr(self->cmdline, "numa_balancing"));
	self->test.max_cross_node_migration_ratio = KTSTR_NO_LIMIT;
	make(_metadata, self);
	EXPECT_EQ(NULL, strstr(self->cmdline, "numa_balancing"));
	self->test.max_cross_node_migration_ratio = KTSTR_NAN;
	self->sched.max_cross_node_migration_ratio = 0;
	self->sched.sysctls = KTSTR_STRS("kernel.numa_balancing=2");
	make(_metadata, self);
	ours = strstr(self->cmdline, on);
	theirs = strstr(self->cmdline, "sysctl.kernel.numa_balancing=2");
	ASSERT_NE(NULL, ours) TH_LOG("%s", self->cmdline);
	EXPECT_LT(ours, theirs);	/* the last one holds */
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/here/, on made-up trees of sysfs: what a machine lacks is
 * named, all of it, and a change of the active scheduler is noticed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/here/active.h"
#include "harness/host/here.h"
#include "lib/paths.h"
#include "tests/unit/put_file.h"

FIXTURE(here) {
	char sys[64];
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_err err;
};

KTSTR_DEFAULTS_BEGIN
static const struct ktstr_scheduler sched = {
	KTSTR_SCHEDULER_UNSET, .name = "s", .binary = "scx_s",
};
KTSTR_DEFAULTS_END

static void put(FIXTURE_DATA(here) *self, const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", self->sys, dir);
	ktstr_paths__mkdirs(path);
	put_file(path, name, text);
}

/* Two LLCs, each with two cores; the second core of each has one thread only. Nodes: 0 and 1. */
FIXTURE_SETUP(here)
{
	static const char * const siblings[] = { "0-1", "0-1", "2", "3-4", "3-4", "5" };
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };
	char dir[64];

	strcpy(self->sys, "/tmp/ktstr-here-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->sys));
	put(self, "devices/system/cpu", "online", "0-5\n");
	for (int cpu = 0; cpu < 6; cpu++) {
		snprintf(dir, sizeof(dir), "devices/system/cpu/cpu%d/cache/index0", cpu);
		put(self, dir, "level", "3\n");
		put(self, dir, "shared_cpu_list", cpu < 3 ? "0-2\n" : "3-5\n");
		snprintf(dir, sizeof(dir), "devices/system/cpu/cpu%d/topology", cpu);
		put(self, dir, "thread_siblings_list", siblings[cpu]);
	}
	put(self, "devices/system/node", "online", "0-1\n");
	put(self, "devices/system/node", "has_memory", "0-1\n");
	put(self, "devices/system/node/node0", "cpulist", "0-2\n");
	put(self, "devices/system/node/node1", "cpulist", "3-5\n");
	put(self, "fs/cgroup", "cgroup.controllers", "cpuset cpu io\n");
	self->test = unset;
	self->plan = (struct ktstr_plan){
		.test = &self->test, .topo = { 2, 2, 2, 1 }, .nr_cpus = 4, .here = true,
	};
}

FIXTURE_TEARDOWN(here)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->sys);
	EXPECT_EQ(0, system(cmd));
}

/* All that is missing; the tree is no cgroup v2, which is always the last of it. */
static const char *lacks(FIXTURE_DATA(here) *self)
{
	static const char begin[] = "this machine lacks ", end[] = "cgroup v2 at ";
	char *at;

	if (ktstr_here__check(&self->plan, self->sys, &self->err) != -ENOTSUP || !self->err.missing ||
	    strncmp(self->err.msg, begin, strlen(begin)))
		return self->err.msg;
	at = strstr(self->err.msg, end);
	if (!at)
		return self->err.msg;
	*at = '\0';
	return self->err.msg + strlen(begin);
}

TEST_F(here, a_machine_that_is_larger_will_do)
{
	EXPECT_STREQ("", lacks(self));
	self->plan.topo = (struct ktstr_topology){ 1, 1, 1, 2 };
	self->plan.nr_cpus = 2;
	EXPECT_STREQ("", lacks(self));
}

TEST_F(here, each_dimension_counts_on_its_own_and_all_are_told)
{
	self->plan.topo = (struct ktstr_topology){ 4, 4, 2, 1 };
	self->plan.nr_cpus = 8;
	EXPECT_STREQ("8 CPUs (it has 6); 4 NUMA nodes (it has 2); 4 last-level caches (it has 2); ",
		     lacks(self));
	self->plan.topo = (struct ktstr_topology){ 1, 2, 1, 3 };
	self->plan.nr_cpus = 6;
	EXPECT_STREQ("2 last-level caches with 1 cores of 3 threads (it has 0); ", lacks(self));
	self->plan.topo = (struct ktstr_topology){ 1, 1, 3, 1 };
	self->plan.nr_cpus = 3;
	EXPECT_STREQ("1 last-level cache with 3 cores of 1 thread (it has 0); ", lacks(self));
	self->plan.topo = (struct ktstr_topology){ 1, 1, 2, 2 };
	self->plan.nr_cpus = 4;
	EXPECT_STREQ("1 last-level cache with 2 cores of 2 threads (it has 0); ", lacks(self));
}

TEST_F(here, a_cpu_that_is_offline_is_not_there)
{
	put(self, "devices/system/cpu", "online", "0-3\n");
	EXPECT_STREQ("2 last-level caches with 2 cores of 1 thread (it has 1); ", lacks(self));
}

TEST_F(here, sched_ext_is_needed_by_who_names_a_scheduler)
{
	EXPECT_STREQ("", lacks(self));
	self->test.scheduler = &sched;
	EXPECT_STREQ("a kernel with sched_ext (the test declares scheduler scx_s); ", lacks(self));
	put(self, "kernel/sched_ext", "state", "disabled\n");
	EXPECT_STREQ("", lacks(self));
	self->test.survives_storm = KTSTR_ON;
	EXPECT_STREQ("an active sched_ext scheduler (survives_storm); ", lacks(self));
	put(self, "kernel/sched_ext", "state", "enabled\n");
	EXPECT_STREQ("", lacks(self));
}

TEST_F(here, without_sysfs_there_is_no_machine)
{
	put(self, "devices/system/cpu", "online", "\n");
	EXPECT_EQ(-ENOTSUP, ktstr_here__check(&self->plan, self->sys, &self->err));
	EXPECT_TRUE(self->err.missing);
	EXPECT_NE(NULL, strstr(self->err.msg, "is sysfs mounted?"));
}

static void active(FIXTURE_DATA(here) *self, struct ktstr_active *a, const char *state,
		   const char *ops, const char *seq)
{
	put(self, "kernel/sched_ext", "state", state);
	put(self, "kernel/sched_ext/root", "ops", ops);
	put(self, "kernel/sched_ext", "enable_seq", seq);
	ktstr_active__read(a, self->sys);
}

TEST_F(here, the_active_scheduler_has_to_stay)
{
	struct ktstr_active none, x, y, again;
	const struct {
		const struct ktstr_active *before, *after;
		enum ktstr_outcome outcome;
	} rows[] = {
		{ &none, &none, KTSTR_PASS }, { &x, &x, KTSTR_PASS }, { &x, &none, KTSTR_FAIL },
		{ &x, &y, KTSTR_FAIL }, { &x, &again, KTSTR_INCONCLUSIVE },
		{ &none, &x, KTSTR_INCONCLUSIVE },
	};
	struct ktstr_result *r;

	ktstr_active__read(&none, self->sys);
	EXPECT_FALSE(none.supported);
	EXPECT_STREQ("eevdf", ktstr_active__name(&none));
	active(self, &none, "disabled\n", "\n", "4\n");
	EXPECT_TRUE(none.supported);
	EXPECT_STREQ("eevdf", ktstr_active__name(&none));
	active(self, &x, "enabled\n", "simple\n", "5\n");
	EXPECT_STREQ("simple", ktstr_active__name(&x));
	EXPECT_EQ(5, x.nr_enabled);
	active(self, &y, "enabled\n", "other\n", "6\n");
	active(self, &again, "enabled\n", "simple\n", "7\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		r = ktstr_result__new();
		ASSERT_NE(NULL, r);
		ktstr_active__judge(rows[i].before, rows[i].after, r);
		EXPECT_EQ(rows[i].outcome, ktstr_result__outcome(r)) TH_LOG("row %zu", i);
		ktstr_result__free(r);
	}
}

TEST_HARNESS_MAIN

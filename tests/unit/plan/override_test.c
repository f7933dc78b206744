// SPDX-License-Identifier: GPL-2.0
/* What a user says about all tests of a run, laid over what each test says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/plan/override.h"

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

KTSTR_DEFAULTS_BEGIN
static const struct ktstr_scheduler wide = {
	KTSTR_SCHEDULER_UNSET, .name = "wide", .binary = "/bin/true", .min_llcs = 2,
};
KTSTR_DEFAULTS_END

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "plain", .body = body };

FIXTURE(override) {
	struct ktstr_plan p;
	struct ktstr_err err;
};

FIXTURE_SETUP(override)
{
	unsetenv(KTSTR_ENV_SCHEDULER);
	unsetenv(KTSTR_ENV_SCHED_ARGS);
	unsetenv(KTSTR_ENV_ALL_SCHEDULERS);
	unsetenv(KTSTR_ENV_ALL_SCHED_ARGS);
	unsetenv(KTSTR_ENV_TOPOLOGY);
	unsetenv(KTSTR_ENV_DURATION);
	unsetenv(KTSTR_ENV_WORK_TYPE);
	unsetenv(KTSTR_ENV_KARGS);
	ASSERT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
}

FIXTURE_TEARDOWN(override)
{
}

TEST_F(override, kernel_parameters_are_one_a_line)
{
	setenv(KTSTR_ENV_KARGS, "ignore_loglevel\ndyndbg=\"file x +p\"\n", 1);
	ASSERT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	ASSERT_NE(NULL, self->p.kargs);
	EXPECT_STREQ("ignore_loglevel", self->p.kargs[0]);
	EXPECT_STREQ("dyndbg=\"file x +p\"", self->p.kargs[1]);
	EXPECT_EQ(NULL, self->p.kargs[2]);
}

TEST_F(override, nothing_said_changes_nothing)
{
	struct ktstr_plan before = self->p;

	setenv(KTSTR_ENV_TOPOLOGY, "", 1);
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	EXPECT_EQ(0, memcmp(&before, &self->p, sizeof(before)));
}

TEST_F(override, a_topology_brings_its_cpus_and_memory)
{
	setenv(KTSTR_ENV_TOPOLOGY, "2n4l10c1t", 1);
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	EXPECT_EQ(4U, self->p.topo.llcs);
	EXPECT_EQ(40U, self->p.nr_cpus);
	EXPECT_EQ(2560U, self->p.memory_mib);
}

TEST_F(override, a_scheduler_goes_to_tests_that_name_none)
{
	static const struct ktstr_scheduler own = { KTSTR_SCHEDULER_UNSET, .name = "own" };
	struct ktstr_test t = plain;

	setenv(KTSTR_ENV_SCHEDULER, "scx_x", 1);
	setenv(KTSTR_ENV_SCHED_ARGS, "-a\n--b=c d\n", 1);
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	ASSERT_NE(NULL, self->p.scheduler);
	EXPECT_STREQ("scx_x", self->p.scheduler->binary);
	EXPECT_STREQ("-a", self->p.scheduler->args[0]);
	EXPECT_STREQ("--b=c d", self->p.scheduler->args[1]);
	EXPECT_EQ(NULL, self->p.scheduler->args[2]);

	t.scheduler = &own;
	ASSERT_EQ(0, ktstr_plan__for(&self->p, &t, &self->err));
	EXPECT_EQ(&own, self->p.scheduler);
}

static const struct ktstr_scheduler bare = {
	KTSTR_SCHEDULER_UNSET, .name = "bare", .binary = "scx_bare",
};
static const struct ktstr_scheduler with_path = {
	KTSTR_SCHEDULER_UNSET, .name = "with_path", .binary = "/x/scx_y",
};

TEST_F(override, arguments_of_a_replacement_are_in_the_plan)
{
	setenv(KTSTR_ENV_ALL_SCHEDULERS, "/x/scx_mine", 1);
	setenv(KTSTR_ENV_ALL_SCHED_ARGS, "-a\n-b\n", 1);
	ASSERT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	ASSERT_NE(NULL, self->p.sched_args);
	EXPECT_STREQ("-b", self->p.sched_args[1]);
	EXPECT_EQ(NULL, self->p.scheduler);
}

TEST_F(override, a_default_scheduler_never_silently_becomes_another)
{
	setenv(KTSTR_ENV_ALL_SCHEDULERS, "/x/scx_mine", 1);
	setenv(KTSTR_ENV_SCHEDULER, "scx_simple", 1);
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&self->p, &plain, &self->err));
	EXPECT_STREQ("KTSTR_DEFAULT_SCHEDULER=scx_simple: KTSTR_SCHEDULER would take its place; give its path",
		     self->err.msg);
	setenv(KTSTR_ENV_SCHEDULER, "/y/scx_simple", 1);
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
}

TEST_F(override, what_a_test_has_no_use_for_is_said)
{
	struct ktstr_test t = plain;
	char buf[256];

#define UNUSED()	({							\
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &t, &self->err));		\
	ktstr_override__unused(&self->p, buf, sizeof(buf));			\
})
	EXPECT_EQ(NULL, UNUSED());
	setenv(KTSTR_ENV_SCHEDULER, "/x/scx_mine", 1);
	EXPECT_EQ(NULL, UNUSED());
	t.scheduler = &bare;
	EXPECT_STREQ("the test names scheduler bare, for which KTSTR_DEFAULT_SCHEDULER is not meant",
		     UNUSED());
	setenv(KTSTR_ENV_ALL_SCHEDULERS, "/x/scx_mine", 1);
	EXPECT_EQ(NULL, UNUSED());
	t.scheduler = &with_path;
	EXPECT_STREQ("with_path is a scheduler with a path, whose place KTSTR_SCHEDULER does not take",
		     UNUSED());
	t.scheduler = NULL;
	t.host_only = KTSTR_ON;
	EXPECT_EQ(0, strncmp("host_only: ", UNUSED(), 11));
}

/* A topology that the user asks for; what the author did not write does not count. */
TEST_F(override, a_test_is_skipped_on_a_topology_that_its_bounds_exclude)
{
	static const struct {
		const char *topology, *why;	/* NULL: it runs */
		int64_t min_llcs, max_llcs, min_nodes, max_nodes, min_cpus, max_cpus;
		enum ktstr_switch smt;
	} rows[] = {
		{ "2n14l2c1t", NULL, -1, -1, -1, -1, -1, -1, KTSTR_INHERIT },
		{ "1n2l2c1t", NULL, 2, 2, 1, 1, 4, 4, KTSTR_OFF },
		{ "1n2l2c1t", "has 2 LLCs, the test takes 3 or more", 3, -1, -1, -1, -1, -1, KTSTR_OFF },
		{ "1n2l2c1t", "has 2 LLCs, the test takes 0 to 1", -1, 1, -1, -1, -1, -1, KTSTR_OFF },
		{ "1n2l2c1t", "has 1 NUMA nodes, the test takes 2", -1, -1, 2, -1, -1, -1, KTSTR_OFF },
		{ "2n2l2c1t", "has 2 NUMA nodes, the test takes 0 to 1", -1, -1, -1, 1, -1, -1, KTSTR_OFF },
		{ "1n2l2c1t", "has 4 CPUs, the test takes 5 or more", -1, -1, -1, -1, 5, -1, KTSTR_OFF },
		{ "1n2l2c1t", "has 4 CPUs, the test takes 0 to 3", -1, -1, -1, -1, -1, 3, KTSTR_OFF },
		{ "1n2l2c1t", "has no SMT, the test requires it", -1, -1, -1, -1, -1, -1, KTSTR_ON },
		{ "1n1l2c2t", NULL, -1, -1, -1, -1, -1, -1, KTSTR_ON },
	};
	struct ktstr_test t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		t = plain;
#define BOUND(_to, _from)	(t._to = rows[i]._from < 0 ? KTSTR_UNSET : rows[i]._from)
		BOUND(min_llcs, min_llcs);
		BOUND(max_llcs, max_llcs);
		BOUND(min_numa_nodes, min_nodes);
		BOUND(max_numa_nodes, max_nodes);
		BOUND(min_cpus, min_cpus);
		BOUND(max_cpus, max_cpus);
		t.requires_smt = rows[i].smt;
		unsetenv(KTSTR_ENV_TOPOLOGY);	/* the base run is never filtered */
		EXPECT_EQ(0, ktstr_plan__for(&self->p, &t, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_STREQ("", self->p.excluded);
		setenv(KTSTR_ENV_TOPOLOGY, rows[i].topology, 1);
		EXPECT_EQ(0, ktstr_plan__for(&self->p, &t, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(!rows[i].why, !self->p.excluded[0]) TH_LOG("%zu: %s", i, self->p.excluded);
		if (rows[i].why)
			EXPECT_NE(NULL, strstr(self->p.excluded, rows[i].why))
				TH_LOG("%s", self->p.excluded);
	}
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	/* those of the scheduler, where the test says nothing */
	t = plain;
	t.scheduler = &wide;
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &t, &self->err));
	EXPECT_STREQ("KTSTR_TOPOLOGY=1n1l2c2t: has 1 LLCs, the test takes 2 or more", self->p.excluded);
	t.min_llcs = 1;
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &t, &self->err));
	EXPECT_STREQ("", self->p.excluded);
}

TEST_F(override, what_is_asked_for_is_looked_at_before_any_test)
{
	static const struct {
		const char *name, *value, *want;
	} rows[] = {
		{ KTSTR_ENV_SCHEDULER, "scx_unheard_of",
		  "KTSTR_DEFAULT_SCHEDULER=scx_unheard_of: there is no such scheduler" },
		{ KTSTR_ENV_SCHEDULER, "/bin/tru",
		  "KTSTR_DEFAULT_SCHEDULER=/bin/tru: there is no such scheduler, did you mean '/bin/" },
		{ KTSTR_ENV_ALL_SCHEDULERS, "/nonexistent/x",
		  "KTSTR_SCHEDULER=/nonexistent/x: there is no such file" },
		{ KTSTR_ENV_ALL_SCHEDULERS, "/etc/passwd",
		  "KTSTR_SCHEDULER=/etc/passwd: is not executable" },
		{ KTSTR_ENV_TOPOLOGY, "4", "KTSTR_TOPOLOGY: " },
	};
	size_t i;

	EXPECT_EQ(0, ktstr_override__check(&self->err));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv(rows[i].name, rows[i].value, 1);
		EXPECT_GT(0, ktstr_override__check(&self->err));
		EXPECT_EQ(0, strncmp(rows[i].want, self->err.msg, strlen(rows[i].want)))
			TH_LOG("%s", self->err.msg);
		unsetenv(rows[i].name);
	}
	setenv(KTSTR_ENV_SCHEDULER, "/bin/true", 1);
	setenv(KTSTR_ENV_ALL_SCHEDULERS, "/bin/true", 1);
	EXPECT_EQ(0, ktstr_override__check(&self->err));
}

TEST_F(override, a_work_type_is_known_by_its_exact_name)
{
	setenv(KTSTR_ENV_WORK_TYPE, "PipeIo", 1);
	EXPECT_EQ(0, ktstr_plan__for(&self->p, &plain, &self->err));
	EXPECT_STREQ("PipeIo", self->p.work_type);
	setenv(KTSTR_ENV_WORK_TYPE, "pipeio", 1);
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&self->p, &plain, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "did you mean PipeIo?"));
}

TEST_F(override, what_makes_no_sense_names_its_variable)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ KTSTR_ENV_TOPOLOGY, "4" }, { KTSTR_ENV_TOPOLOGY, "2n3l1c1t" },
		{ KTSTR_ENV_TOPOLOGY, "1n1l0c1t" }, { KTSTR_ENV_DURATION, "0" },
		{ KTSTR_ENV_DURATION, "3s" }, { KTSTR_ENV_DURATION, "86401" },
		{ KTSTR_ENV_SCHED_ARGS, "-v" }, { KTSTR_ENV_ALL_SCHED_ARGS, "-v" },
		{ KTSTR_ENV_WORK_TYPE, "Nonsense" }, { KTSTR_ENV_WORK_TYPE, "Custom" },
		{ KTSTR_ENV_WORK_TYPE, "Sequence" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv(rows[i].name, rows[i].value, 1);
		EXPECT_EQ(-EINVAL, ktstr_plan__for(&self->p, &plain, &self->err));
		EXPECT_EQ(0, strncmp(rows[i].name, self->err.msg, strlen(rows[i].name)));
		unsetenv(rows[i].name);
	}
	setenv(KTSTR_ENV_TOPOLOGY, "1n1l600c1t", 1);
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&self->p, &plain, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "more than 512 CPUs"));
}

TEST_HARNESS_MAIN

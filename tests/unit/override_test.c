// SPDX-License-Identifier: GPL-2.0
/* What a user says about all tests of a run, laid over what each test says. */
/* Links: libktstr.a */
/* Libs: -lm */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "../../harness/core/override.h"

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "plain" };

FIXTURE(override) {
	struct ktstr_plan p;
	struct vm_err err;
};

FIXTURE_SETUP(override)
{
	unsetenv(KTSTR_ENV_SCHEDULER);
	unsetenv(KTSTR_ENV_SCHED_ARGS);
	unsetenv(KTSTR_ENV_TOPOLOGY);
	unsetenv(KTSTR_ENV_DURATION);
	unsetenv(KTSTR_ENV_WORK_TYPE);
	ASSERT_EQ(0, ktstr_plan__make(&self->p, &plain, &self->err));
}

FIXTURE_TEARDOWN(override)
{
}

TEST_F(override, nothing_said_changes_nothing)
{
	struct ktstr_plan before = self->p;

	setenv(KTSTR_ENV_TOPOLOGY, "", 1);
	EXPECT_EQ(0, ktstr_override__apply(&self->p, &self->err));
	EXPECT_EQ(0, memcmp(&before, &self->p, sizeof(before)));
}

TEST_F(override, a_topology_brings_its_cpus_and_memory)
{
	setenv(KTSTR_ENV_TOPOLOGY, "2n4l10c1t", 1);
	EXPECT_EQ(0, ktstr_override__apply(&self->p, &self->err));
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
	EXPECT_EQ(0, ktstr_override__apply(&self->p, &self->err));
	ASSERT_NE(NULL, self->p.scheduler);
	EXPECT_STREQ("scx_x", self->p.scheduler->binary);
	EXPECT_STREQ("-a", self->p.scheduler->args[0]);
	EXPECT_STREQ("--b=c d", self->p.scheduler->args[1]);
	EXPECT_EQ(NULL, self->p.scheduler->args[2]);

	t.scheduler = &own;
	ASSERT_EQ(0, ktstr_plan__make(&self->p, &t, &self->err));
	EXPECT_EQ(0, ktstr_override__apply(&self->p, &self->err));
	EXPECT_EQ(&own, self->p.scheduler);
}

TEST_F(override, a_work_type_is_known_by_its_exact_name)
{
	setenv(KTSTR_ENV_WORK_TYPE, "PipeIo", 1);
	EXPECT_EQ(0, ktstr_override__apply(&self->p, &self->err));
	EXPECT_STREQ("PipeIo", self->p.work_type);
	setenv(KTSTR_ENV_WORK_TYPE, "pipeio", 1);
	EXPECT_EQ(-EINVAL, ktstr_override__apply(&self->p, &self->err));
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
		{ KTSTR_ENV_SCHED_ARGS, "-v" },
		{ KTSTR_ENV_WORK_TYPE, "Nonsense" }, { KTSTR_ENV_WORK_TYPE, "Custom" },
		{ KTSTR_ENV_WORK_TYPE, "Sequence" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv(rows[i].name, rows[i].value, 1);
		EXPECT_EQ(-EINVAL, ktstr_override__apply(&self->p, &self->err));
		EXPECT_EQ(0, strncmp(rows[i].name, self->err.msg, strlen(rows[i].name)));
		unsetenv(rows[i].name);
	}
	setenv(KTSTR_ENV_TOPOLOGY, "1n1l600c1t", 1);
	EXPECT_EQ(-EINVAL, ktstr_override__apply(&self->p, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "not between 1 and 512 CPUs"));
}

TEST_HARNESS_MAIN

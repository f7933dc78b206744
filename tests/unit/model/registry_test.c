// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/model/registry.c: everything declared is found, names are unique. */
#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/model/registry.h"

KTSTR_SCHEDULER(alpha, .binary = "scx_alpha");
KTSTR_SCHEDULER(beta, .binary = "scx_beta", .args = KTSTR_STRS("-v"));

KTSTR_TEST(declared_first, .scheduler = &alpha)
{
	(void)ctx;
	return 0;
}

KTSTR_TEST(declared_second, .scheduler = &beta, .cores = 4)
{
	(void)ctx;
	return 0;
}

static const struct ktstr_test * const *make(unsigned int *nr)
{
	static const struct ktstr_test test = { .name = "made", .cores = 3 };
	static const struct ktstr_test * const list[] = { &test };

	*nr = 1;
	return list;
}
KTSTR_MAKE_TESTS(make);

TEST(made_tests_stand_behind_the_declared_ones_each_time)
{
	struct ktstr_registry r;
	struct ktstr_err err;
	int i;

	for (i = 0; i < 2; i++) {
		ktstr_registry__get(&r);
		ASSERT_EQ(3U, r.nr_tests);
		EXPECT_STREQ("declared_first", r.tests[0]->name);
		EXPECT_STREQ("made", r.tests[2]->name);
		EXPECT_EQ(0, ktstr_registry__check(&r, &err));
	}
	ASSERT_NE(NULL, ktstr_registry__find(&r, "made"));
	EXPECT_EQ(3U, ktstr_registry__find(&r, "made")->cores);
}

TEST(all_tests_and_schedulers_of_the_program_are_there)
{
	struct ktstr_registry r;
	struct ktstr_err err;

	ktstr_registry__get(&r);
	EXPECT_EQ(3U, r.nr_tests);
	EXPECT_EQ(2U, r.nr_schedulers);
	EXPECT_EQ(0, ktstr_registry__check(&r, &err));
	ASSERT_NE(NULL, ktstr_registry__find(&r, "declared_second"));
	EXPECT_EQ(4U, ktstr_registry__find(&r, "declared_second")->cores);
	EXPECT_EQ(NULL, ktstr_registry__find(&r, "declared_third"));
}

TEST(a_test_name_that_is_used_twice_fails_with_both_places)
{
	struct ktstr_test a = { KTSTR_TEST_UNSET, .name = "same", .file = "a.c", .line = 3 };
	struct ktstr_test b = { KTSTR_TEST_UNSET, .name = "same", .file = "b.c", .line = 5 };
	const struct ktstr_test *list[] = { &a, &b };
	struct ktstr_registry r = { .tests = list, .nr_tests = 2 };
	struct ktstr_err err;

	EXPECT_EQ(-EINVAL, ktstr_registry__check(&r, &err));
	EXPECT_STREQ("test same: name: used twice, a.c:3 and b.c:5", err.msg);
}

TEST(a_scheduler_name_that_is_used_twice_fails)
{
	struct ktstr_scheduler a = { KTSTR_SCHEDULER_UNSET, .name = "same" };
	const struct ktstr_scheduler *list[] = { &a, &a };
	struct ktstr_registry r = { .schedulers = list, .nr_schedulers = 2 };
	struct ktstr_err err;

	EXPECT_EQ(-EINVAL, ktstr_registry__check(&r, &err));
	EXPECT_STREQ("scheduler same: name: used twice", err.msg);
}

TEST(a_name_that_cannot_be_a_path_element_fails)
{
	static const char * const bad[] = { "", "a/b", "a\\b", "..", "a b", "a\nb", NULL };
	struct ktstr_test t = { KTSTR_TEST_UNSET };
	const struct ktstr_test *list[] = { &t };
	struct ktstr_registry r = { .tests = list, .nr_tests = 1 };
	struct ktstr_err err;
	int i;

	for (i = 0; bad[i]; i++) {
		t.name = bad[i];
		EXPECT_EQ(-EINVAL, ktstr_registry__check(&r, &err))
			TH_LOG("\"%s\" was accepted", bad[i]);
	}
	t.name = NULL;
	EXPECT_EQ(-EINVAL, ktstr_registry__check(&r, &err));
}

TEST(a_program_without_tests_is_an_empty_registry)
{
	struct ktstr_registry r = { .nr_tests = 0 };
	struct ktstr_err err;

	EXPECT_EQ(0, ktstr_registry__check(&r, &err));
	EXPECT_EQ(NULL, ktstr_registry__find(&r, "x"));
}

TEST_HARNESS_MAIN

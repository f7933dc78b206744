// SPDX-License-Identifier: GPL-2.0
/* Promises of tools-testing-ktstr/features/: nothing is called supported that the tables do not have. */
#include <string.h>

#include "kselftest_harness.h"

#include "harness/guest/engine/ops/ops.h"
#include "harness/plan/attrs_table.h"
#include "tools-testing-ktstr/features/features.h"

static enum feature_status status_of(enum feature_kind kind, const char *here)
{
	const struct feature f = { kind, "made up", here, NULL };
	const char *needs;

	return feature__status(&f, &needs);
}

TEST(what_is_in_no_table_is_not_there_yet)
{
	for (int kind = 0; kind < FEATURE_API; kind++) {
		EXPECT_EQ(FEATURE_NOT_YET, status_of(kind, "nosuch")) {
			TH_LOG("%s", feature_kind__title(kind));
		}
		EXPECT_EQ(FEATURE_NOT_YET, status_of(kind, NULL));
	}
	EXPECT_EQ(FEATURE_YES, status_of(FEATURE_COMMAND, "run"));
	EXPECT_EQ(FEATURE_YES, status_of(FEATURE_COMMAND, "kernel list"));
	EXPECT_EQ(FEATURE_NOT_YET, status_of(FEATURE_COMMAND, "kernel lis"));
	EXPECT_EQ(FEATURE_NOT_YET, status_of(FEATURE_COMMAND, "kernel listen"));
	EXPECT_EQ(FEATURE_YES, status_of(FEATURE_OPTION, "run --seed"));
	EXPECT_EQ(FEATURE_NOT_YET, status_of(FEATURE_OPTION, "run --see"));
	EXPECT_EQ(FEATURE_NOT_YET, status_of(FEATURE_OPTION, "nosuch --seed"));
	EXPECT_EQ(FEATURE_YES, status_of(FEATURE_VARIABLE, "KTSTR_SEED"));
	EXPECT_EQ(FEATURE_YES, status_of(FEATURE_CHECK, "max_gap_ms"));
	EXPECT_EQ(FEATURE_YES, status_of(FEATURE_WORK_TYPE, "SpinWait"));
}

/* Whatever a row of the page says: there may be a difference, too. */
TEST(what_a_table_has_for_later_is_not_there_yet)
{
	const struct feature differs = { FEATURE_ATTRIBUTE, "x", "wprof", "a row" };
	const char *needs;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < ktstr_nr_test_attrs; i++) {
		const struct ktstr_attr *a = &ktstr_test_attrs[i];

		EXPECT_EQ(a->later ? FEATURE_NOT_YET : FEATURE_YES,
			  status_of(FEATURE_ATTRIBUTE, a->name)) {
			TH_LOG("%s", a->name);
		}
		nr += !!a->later;
	}
	ASSERT_NE(0, nr);
	EXPECT_EQ(FEATURE_NOT_YET, feature__status(&differs, &needs));
	EXPECT_NE(NULL, needs);
	for (int i = KTSTR_OP_END + 1; i < KTSTR_NR_OPS; i++) {
		EXPECT_EQ(ktstr_op__row(i)->needs ? FEATURE_NOT_YET : FEATURE_YES,
			  status_of(FEATURE_OP, ktstr_op__row(i)->name));
	}
}

/* What has a row is there, or something else is. A table knows it, or nothing is named. */
TEST(a_name_that_is_called_something_else_is_called_what_exists)
{
	const char *needs;

	for (size_t i = 0; i < nr_features; i++) {
		const struct feature *f = &features[i];

		/* performance mode and wprof may have names that come later, and the same */
		if (!f->here || !strcmp(f->here, f->name) || strstr(f->here, "perf") ||
		    strstr(f->here, "cpu-cap") || strstr(f->here, "llc-locks"))
			continue;
		EXPECT_NE(FEATURE_NOT_YET, feature__status(f, &needs)) {
			TH_LOG("%s: there is no %s", f->name, f->here);
		}
	}
}

TEST(each_name_is_there_once)
{
	for (size_t i = 0; i < nr_features; i++)
		for (size_t k = i + 1; k < nr_features; k++) {
			EXPECT_FALSE(features[i].kind == features[k].kind &&
				     !strcmp(features[i].name, features[k].name)) {
				TH_LOG("%s", features[i].name);
			}
		}
}

TEST_HARNESS_MAIN

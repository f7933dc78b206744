// SPDX-License-Identifier: GPL-2.0
/* How kernels are named: versions and ranges of them, and the names of kernels in test ids (docs/kernels.md). */
#include <errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "harness/kernel/kernel_priv.h"
#include "harness/kernel/kernel_range.h"
#include "kselftest_harness.h"

TEST(a_specification_is_told_by_its_form)
{
	static const struct { const char *spec; int form; } c[] = {
		{ "6", KTSTR_KERNEL_VERSION }, { "6.14", KTSTR_KERNEL_VERSION },
		{ "6.14.2", KTSTR_KERNEL_VERSION }, { "6.15-rc3", KTSTR_KERNEL_VERSION },
		{ "6.14.2.1", KTSTR_KERNEL_KEY }, { "6.14-foo", KTSTR_KERNEL_KEY },
		{ "6.", KTSTR_KERNEL_KEY }, { "6.15-rc", KTSTR_KERNEL_KEY },
		{ "6.12-tarball-x86_64-kc1234", KTSTR_KERNEL_KEY },
		{ "./linux", KTSTR_KERNEL_PATH }, { "../linux", KTSTR_KERNEL_PATH },
		{ "~/linux", KTSTR_KERNEL_PATH }, { "a/b", KTSTR_KERNEL_PATH },
		{ ".", KTSTR_KERNEL_PATH },
		{ "6.12..6.14", KTSTR_KERNEL_RANGE }, { "6.12..x", KTSTR_KERNEL_KEY },
		{ "git+https://x/y#v", KTSTR_KERNEL_GIT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++)
		EXPECT_EQ(c[i].form, (int)ktstr_kernel_form__of(c[i].spec))
			TH_LOG("specification %zu", i);
}

TEST(a_version_matches_its_series_and_no_other)
{
	EXPECT_TRUE(ktstr_kernel_form__version_matches("6.14", "6.14.2"));
	EXPECT_TRUE(ktstr_kernel_form__version_matches("7.3", "7.3.4+deb13-cloud-amd64"));
	EXPECT_TRUE(ktstr_kernel_form__version_matches("6.15-rc3", "6.15-rc3"));
	EXPECT_FALSE(ktstr_kernel_form__version_matches("6.1", "6.12"));
	EXPECT_FALSE(ktstr_kernel_form__version_matches("6.14.2", "6.14.20"));
	EXPECT_FALSE(ktstr_kernel_form__version_matches("6.15", "6.15-rc3"));
	EXPECT_FALSE(ktstr_kernel_form__version_matches("6.14.2", "6.14"));
}

TEST(a_range_has_the_whole_series_of_its_ends_and_no_candidates)
{
	static const struct {
		const char *range, *version;
		bool in;
	} cases[] = {
		{ "6.12..6.18", "6.12.0", true }, { "6.12..6.18", "6.18.99+deb13-cloud-amd64", true },
		{ "6.12..6.18", "6.11.9", false }, { "6.12..6.18", "6.19.0", false },
		{ "6.12..6.18", "6.2.1", false }, { "6.12.4..6.12.6", "6.12.3", false },
		{ "6.12.4..6.12.6", "6.12.6", true }, { "6.12.4..6.12.6", "6.12.7", false },
		{ "6..7", "7.3.4", true }, { "6..7", "8.0.0", false },
		{ "7.3..7.4", "7.4.0-rc2", false }, { "7.3..7.4", "7", false },
		{ "7.3..7.4", "next", false },
	};
	struct ktstr_kernel_range r;
	struct ktstr_err err;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, ktstr_kernel_range__parse(&r, cases[i].range, &err));
		EXPECT_EQ(cases[i].in, ktstr_kernel_range__has(&r, cases[i].version))
			TH_LOG("%s in %s", cases[i].version, cases[i].range);
	}
	EXPECT_EQ(-EINVAL, ktstr_kernel_range__parse(&r, "7.3..6.12", &err));
	EXPECT_NE(NULL, strstr(err.msg, "say 6.12..7.3"));
	EXPECT_EQ(-EINVAL, ktstr_kernel_range__parse(&r, "7.3", &err));
}

TEST(a_label_is_one_element_of_a_test_id)
{
	static const struct {
		const char *spec, *label;
	} cases[] = {
		{ "6.14.2", "kernel_6_14_2" }, { "7.3-rc2", "kernel_7_3_rc2" },
		{ "7.3.4+deb13-cloud-amd64-distro-x86_64", "kernel_7_3_4_deb13_cloud_amd64" },
		{ "6.12.95-tarball-x86_64-kc767a9c5d", "kernel_6_12_95" },
		{ "6.12.95-tarball-x86_64-kc767a9c5d-xkc12345678", "kernel_6_12_95_xkc12345678" },
		{ "local-1234567-" KTSTR_KERNEL_ARCH "-kc767a9c5d", "kernel_local_1234567" },
		{ "git+https://example.org/Owner/linux.git#for-next", "kernel_git_owner_linux_for_next" },
	};
	char label[KTSTR_KERNEL_LABEL_LEN], other[KTSTR_KERNEL_LABEL_LEN], small[10];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ktstr_kernel__label(cases[i].spec, label, sizeof(label));
		EXPECT_STREQ(cases[i].label, label);
	}
	ktstr_kernel__label("../a/linux", label, sizeof(label));
	ktstr_kernel__label("../b/linux", other, sizeof(other));
	EXPECT_EQ(0, strncmp("kernel_path_linux_", label, 18));
	EXPECT_STRNE(label, other);
	ktstr_kernel__label("6.14.2", small, sizeof(small));
	EXPECT_STREQ("kernel_6", small);
}

TEST_HARNESS_MAIN

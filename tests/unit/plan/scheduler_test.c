// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/plan/scheduler.c: where a binary is looked for, and its arguments. */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "lib/paths.h"
#include "harness/plan/scheduler.h"

FIXTURE(sched) {
	char dir[64], here[1024], path[PATH_MAX];
	struct ktstr_err err;
};

static void make(const char *dir, const char *name, mode_t mode)
{
	char path[PATH_MAX];

	if (!ktstr_paths__fmt(path, sizeof(path), "%s/%s", dir, name) &&
	    !ktstr_paths__write(path, "#!/bin/sh\n", 10))
		chmod(path, mode);
}

FIXTURE_SETUP(sched)
{
	strcpy(self->dir, "/tmp/ktstr-scheduler-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, ktstr_paths__exe_dir(self->here, sizeof(self->here)));
	unsetenv("KTSTR_SCHEDULER");
	unsetenv("KTSTR_SCHEDULER_BIN_SCX_UNHEARD_OF");
	setenv("PATH", "/nonexistent", 1);
}

FIXTURE_TEARDOWN(sched)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/scx_unheard_of", self->here);
	unlink(path);
	snprintf(path, sizeof(path), "%s/scx_unheard_of", self->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/named", self->dir);
	unlink(path);
	rmdir(self->dir);
}

#define FIND(_name) \
	ktstr_scheduler__find(_name, self->path, sizeof(self->path), &self->err)

TEST(the_variable_of_a_scheduler_is_its_name_in_capitals)
{
	char buf[64], tiny[8];

	ktstr_scheduler__env_name("scx_layered", buf, sizeof(buf));
	EXPECT_STREQ("KTSTR_SCHEDULER_BIN_SCX_LAYERED", buf);
	ktstr_scheduler__env_name("scx-ktstr", buf, sizeof(buf));
	EXPECT_STREQ("KTSTR_SCHEDULER_BIN_SCX_KTSTR", buf);
	ktstr_scheduler__env_name("x", tiny, sizeof(tiny));
	EXPECT_STREQ("KTSTR_S", tiny);
}

TEST_F(sched, its_own_variable_comes_before_the_common_one_and_both_before_the_rest)
{
	char named[PATH_MAX];

	make(self->here, "scx_unheard_of", 0755);
	make(self->dir, "scx_unheard_of", 0755);
	make(self->dir, "named", 0755);
	setenv("PATH", self->dir, 1);
	ASSERT_EQ(0, FIND("scx_unheard_of"));
	EXPECT_EQ(0, strncmp(self->path, self->here, strlen(self->here)));

	snprintf(named, sizeof(named), "%s/scx_unheard_of", self->dir);
	setenv("KTSTR_SCHEDULER", named, 1);
	ASSERT_EQ(0, FIND("scx_unheard_of"));
	EXPECT_STREQ(named, self->path);

	snprintf(named, sizeof(named), "%s/named", self->dir);
	setenv("KTSTR_SCHEDULER_BIN_SCX_UNHEARD_OF", named, 1);
	ASSERT_EQ(0, FIND("scx_unheard_of"));
	EXPECT_STREQ(named, self->path);
}

TEST_F(sched, path_is_the_last_place)
{
	make(self->dir, "scx_unheard_of", 0755);
	setenv("PATH", self->dir, 1);
	ASSERT_EQ(0, FIND("scx_unheard_of"));
	EXPECT_EQ(0, strncmp(self->path, self->dir, strlen(self->dir)));
}

TEST_F(sched, a_file_that_is_named_is_that_file_or_an_error)
{
	setenv("KTSTR_SCHEDULER", "/nonexistent/x", 1);
	EXPECT_EQ(-ENOENT, FIND("scx_unheard_of"));
	EXPECT_FALSE(self->err.missing);
	EXPECT_STREQ("KTSTR_SCHEDULER=/nonexistent/x: there is no such file", self->err.msg);
	unsetenv("KTSTR_SCHEDULER");
	EXPECT_EQ(-ENOENT, FIND("/nonexistent/y"));
	EXPECT_FALSE(self->err.missing);
	make(self->dir, "named", 0644);
	snprintf(self->path, sizeof(self->path), "%s/named", self->dir);
	setenv("KTSTR_SCHEDULER", self->path, 1);
	EXPECT_EQ(-EACCES, FIND("scx_unheard_of"));
}

TEST_F(sched, a_name_that_is_nowhere_is_something_missing)
{
	EXPECT_EQ(-ENOENT, FIND("scx_unheard_of"));
	EXPECT_TRUE(self->err.missing);
	EXPECT_NE(NULL, strstr(self->err.msg, "KTSTR_SCHEDULER_BIN_SCX_UNHEARD_OF=FILE"));
}

TEST_F(sched, the_folder_of_another_program_is_looked_at_without_the_common_variable)
{
	make(self->dir, "scx_unheard_of", 0755);
	setenv("KTSTR_SCHEDULER", "/nonexistent/x", 1);
	ASSERT_EQ(0, ktstr_scheduler__find_beside(self->dir, "scx_unheard_of", self->path,
						  sizeof(self->path), &self->err));
	EXPECT_EQ(0, strncmp(self->path, self->dir, strlen(self->dir)));
}

TEST_F(sched, a_near_miss_is_a_program_in_the_folder_that_was_meant)
{
	char spec[PATH_MAX], want[PATH_MAX];

	make(self->dir, "scx_unheard_of", 0755);
	make(self->dir, "named", 0644);
	ASSERT_TRUE(ktstr_scheduler__near(self->dir, "scx_unherd_of", self->path,
					  sizeof(self->path)));
	EXPECT_STREQ("scx_unheard_of", self->path);
	snprintf(spec, sizeof(spec), "%s/scx_unheard_off", self->dir);
	snprintf(want, sizeof(want), "%s/scx_unheard_of", self->dir);
	ASSERT_TRUE(ktstr_scheduler__near("/nonexistent", spec, self->path, sizeof(self->path)));
	EXPECT_STREQ(want, self->path);
	EXPECT_FALSE(ktstr_scheduler__near(self->dir, "nomed", self->path, sizeof(self->path)))
		TH_LOG("it cannot be run: %s", self->path);
}

TEST_F(sched, what_the_common_variable_replaces_has_a_bare_name_and_no_variable_of_its_own)
{
	static const struct ktstr_scheduler bare = { .name = "b", .binary = "scx_unheard_of" };
	static const struct ktstr_scheduler path = { .name = "p", .binary = "/x/scx_y" };
	static const struct ktstr_scheduler builtin = { .name = "i" };

	EXPECT_FALSE(ktstr_scheduler__replaced(&bare));
	setenv("KTSTR_SCHEDULER", "/x/mine", 1);
	EXPECT_TRUE(ktstr_scheduler__replaced(&bare));
	EXPECT_FALSE(ktstr_scheduler__replaced(&path));
	EXPECT_FALSE(ktstr_scheduler__replaced(&builtin));
	EXPECT_FALSE(ktstr_scheduler__replaced(NULL));
	setenv("KTSTR_SCHEDULER_BIN_SCX_UNHEARD_OF", "/x/other", 1);
	EXPECT_FALSE(ktstr_scheduler__replaced(&bare));
}

TEST_F(sched, arguments_of_a_replacement_take_the_place_of_the_declared_ones_only)
{
	const struct ktstr_scheduler s = {
		.name = "s", .binary = "scx_unheard_of", .cgroup_parent = "/x.slice",
		.args = KTSTR_STRS("-v"),
	};
	const struct ktstr_test t = { .extra_sched_args = KTSTR_STRS("--late") };
	static const char * const mine[] = { "--mine", NULL };
	struct ktstr_plan p = { .test = &t, .scheduler = &s, .sched_args = mine };
	char **args = ktstr_scheduler__args(&p);

	EXPECT_STREQ("-v", args[2]);
	ktstr_scheduler__args_free(args);
	setenv("KTSTR_SCHEDULER", "/x/mine", 1);
	args = ktstr_scheduler__args(&p);
	EXPECT_STREQ("--cell-parent-cgroup", args[0]);
	EXPECT_STREQ("--mine", args[2]);
	EXPECT_STREQ("--late", args[3]);
	EXPECT_EQ(NULL, args[4]);
	ktstr_scheduler__args_free(args);
	args = ktstr_scheduler__staged_args(&p, &s);
	EXPECT_STREQ("--mine", args[2]);
	EXPECT_EQ(NULL, args[3]);
	ktstr_scheduler__args_free(args);
}

TEST(arguments_come_in_the_documented_order)
{
	static const char * const want[] = {
		"--config", "/include-files/my conf.json", "--cell-parent-cgroup", "/x.slice",
		"-v", "--late", NULL,
	};
	const struct ktstr_scheduler s = {
		.name = "s", .binary = "s", .config_file = "/etc/my conf.json",
		.cgroup_parent = "/x.slice", .args = KTSTR_STRS("-v"),
	};
	const struct ktstr_test t = { .extra_sched_args = KTSTR_STRS("--late") };
	struct ktstr_plan p = { .test = &t, .scheduler = &s };
	char **args = ktstr_scheduler__args(&p);
	int i;

	ASSERT_NE(NULL, args);
	for (i = 0; want[i]; i++) {
		ASSERT_NE(NULL, args[i]);
		EXPECT_STREQ(want[i], args[i]);
	}
	EXPECT_EQ(NULL, args[i]);
	ktstr_scheduler__args_free(args);
}

TEST(an_inline_config_is_passed_as_the_template_says)
{
	static const struct ktstr_scheduler s = {
		.name = "s", .binary = "s", .config_arg = " -c f:{file}!  --strict",
		.config_path = "/include-files/l.json",
	};
	static const struct ktstr_test t = { .config = "{}" };
	struct ktstr_plan p = { .test = &t, .scheduler = &s };
	char **args = ktstr_scheduler__args(&p);

	ASSERT_NE(NULL, args);
	EXPECT_STREQ("-c", args[0]);
	EXPECT_STREQ("f:/include-files/l.json!", args[1]);
	EXPECT_STREQ("--strict", args[2]);
	EXPECT_EQ(NULL, args[3]);
	ktstr_scheduler__args_free(args);
}

TEST(labels_are_what_reports_show)
{
	static const struct ktstr_scheduler path = { .name = "p", .binary = "/a/scx_b" };
	const struct ktstr_scheduler builtin = {
		.name = "builtin", .enable = KTSTR_STRS("echo 1 > /x"),
	};

	EXPECT_STREQ("eevdf", ktstr_scheduler__label(NULL));
	EXPECT_STREQ("scx_b", ktstr_scheduler__label(&path));
	EXPECT_STREQ("builtin", ktstr_scheduler__label(&builtin));
}

TEST_HARNESS_MAIN

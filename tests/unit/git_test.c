// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/git.c and of harness/kernel/kernel_commit.c, with repositories made here. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/kernel/kernel.h"
#include "lib/git.h"
#include "lib/paths.h"
#include "tests/unit/put_file.h"

FIXTURE(git) {
	char dir[64], inner[128], commit[64];
	struct ktstr_kernel kernel;
	char image[PATH_MAX];
};

/* In the folder @dir; 0 where it worked. */
static int sh(const char *dir, const char *command)
{
	char cmd[1024];

	snprintf(cmd, sizeof(cmd), "cd %s && { %s; } > /dev/null 2>&1", dir, command);
	return system(cmd);
}

FIXTURE_SETUP(git)
{
	strcpy(self->dir, "/tmp/ktstr-git-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->inner, sizeof(self->inner), "%s/inner", self->dir);
	if (sh(self->dir, "git --version"))
		SKIP(return, "there is no git");
	ASSERT_EQ(0, sh(self->dir, "mkdir -p inner arch/x86/boot && echo 1 > file && git init -q && "
			"git add file && git -c user.name=n -c user.email=e commit -qm one"));
	snprintf(self->image, sizeof(self->image), "%s/arch/x86/boot/bzImage", self->dir);
	self->kernel.path = self->image;
	unsetenv("KTSTR_KERNEL_COMMIT");
}

FIXTURE_TEARDOWN(git)
{
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

/* The commit of self->dir, in git's words. */
static void expected(const char *dir, char *buf, size_t size)
{
	char cmd[128];
	FILE *f;

	snprintf(cmd, sizeof(cmd), "git -C %s rev-parse HEAD", dir);
	f = popen(cmd, "re");
	if (!f || !fgets(buf, (int)size < 8 ? (int)size : 8, f))
		buf[0] = '\0';
	if (f)
		pclose(f);
}

TEST_F(git, a_commit_has_seven_digits_and_says_when_files_differ)
{
	char want[64];

	expected(self->dir, want, sizeof(want));
	ASSERT_EQ(7, strlen(want));
	ASSERT_TRUE(ktstr_git__commit(self->dir, false, self->commit, sizeof(self->commit)));
	EXPECT_STREQ(want, self->commit);
	put_file(self->dir, "untracked", "x");
	ASSERT_TRUE(ktstr_git__commit(self->dir, false, self->commit, sizeof(self->commit)));
	EXPECT_STREQ(want, self->commit);
	put_file(self->dir, "file", "2, and longer");
	strcat(want, "-dirty");
	ASSERT_TRUE(ktstr_git__commit(self->dir, false, self->commit, sizeof(self->commit)));
	EXPECT_STREQ(want, self->commit);
}

TEST_F(git, only_the_project_is_looked_for_upward)
{
	EXPECT_TRUE(ktstr_git__commit(self->inner, true, self->commit, sizeof(self->commit)));
	EXPECT_FALSE(ktstr_git__commit(self->inner, false, self->commit, sizeof(self->commit)));
	EXPECT_FALSE(ktstr_git__commit("/", true, self->commit, sizeof(self->commit)));
	EXPECT_FALSE(ktstr_git__commit("/nonexistent", true, self->commit, sizeof(self->commit)));
}

TEST_F(git, a_kernel_has_the_commit_of_the_tree_it_lies_in)
{
	char want[64], map[256];

	expected(self->dir, want, sizeof(want));
	ASSERT_TRUE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
	EXPECT_STREQ(want, self->commit);
	snprintf(map, sizeof(map), "/elsewhere=aaaaaaa;%s=bbbbbbb", self->dir);
	setenv("KTSTR_KERNEL_COMMIT", map, 1);
	ASSERT_TRUE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
	EXPECT_STREQ("bbbbbbb", self->commit);
	setenv("KTSTR_KERNEL_COMMIT", ";=;no equals;/elsewhere=", 1);
	ASSERT_TRUE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
	EXPECT_STREQ(want, self->commit);
}

TEST_F(git, a_cache_entry_has_the_commit_that_it_was_built_from)
{
	snprintf(self->image, sizeof(self->image), "%s/bzImage", self->inner);
	EXPECT_FALSE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
	put_file(self->inner, "metadata.json",
		 "{\"source\": {\"git_hash\": \"0123456789abcdef\"}}");
	ASSERT_TRUE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
	EXPECT_STREQ("0123456", self->commit);
	put_file(self->inner, "metadata.json", "{\"source\": {\"git_hash\": null}}");
	EXPECT_FALSE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
	self->kernel.path = NULL;
	EXPECT_FALSE(ktstr_kernel__commit(&self->kernel, self->commit, sizeof(self->commit)));
}

TEST_HARNESS_MAIN

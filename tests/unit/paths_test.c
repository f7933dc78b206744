// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/paths.h: whole files or none, and none replaced that must not be. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/paths.h"

#define REPLACED	"KTSTR_PATHS_TEST_REPLACED"

/* A copy of this program whose file is removed, or replaced ("x" in it), while it runs: it says its names. */
static void __attribute__((constructor)) run_as_replaced(void)
{
	const char *how = getenv(REPLACED);
	char exe[PATH_MAX], file[PATH_MAX];

	if (!how)
		return;
	if (ktstr_paths__exe(exe, sizeof(exe)) || unlink(exe) ||
	    (*how == 'x' && ktstr_paths__write(exe, how, strlen(how))) ||
	    ktstr_paths__exe(exe, sizeof(exe)) || ktstr_paths__exe_file(file, sizeof(file)))
		_exit(1);
	dprintf(1, "%s %s", exe, file);
	_exit(0);
}

FIXTURE(paths) {
	char dir[64], file[96];
};

FIXTURE_SETUP(paths)
{
	strcpy(self->dir, "/tmp/ktstr-paths-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->file, sizeof(self->file), "%s/file", self->dir);
}

FIXTURE_TEARDOWN(paths)
{
	unlink(self->file);
	EXPECT_EQ(0, rmdir(self->dir)) TH_LOG("a temporary file is left");
}

static const char *content(const char *path)
{
	char *text = ktstr_paths__read(path, 100, NULL);
	static char copy[101];

	snprintf(copy, sizeof(copy), "%s", text ?: "(none)");
	free(text);
	return copy;
}

TEST_F(paths, a_new_file_replaces_none)
{
	EXPECT_EQ(0, ktstr_paths__write_new(self->file, "first", 5));
	EXPECT_EQ(-EEXIST, ktstr_paths__write_new(self->file, "second", 6));
	EXPECT_STREQ("first", content(self->file));
	EXPECT_EQ(0, ktstr_paths__write(self->file, "third", 5));
	EXPECT_STREQ("third", content(self->file));
}

TEST_F(paths, a_file_that_cannot_be_written_leaves_nothing)
{
	char below[128];

	EXPECT_EQ(0, ktstr_paths__write(self->file, "", 0));
	snprintf(below, sizeof(below), "%s/below", self->file);
	EXPECT_EQ(-ENOTDIR, ktstr_paths__write(below, "x", 1));
	EXPECT_EQ(-ENOTDIR, ktstr_paths__write_new(below, "x", 1));
}

TEST_F(paths, whether_a_file_can_be_written_is_known_before)
{
	char below[128], link[128];

	EXPECT_EQ(0, ktstr_paths__can_write(self->file));
	EXPECT_STREQ("(none)", content(self->file));
	EXPECT_EQ(0, ktstr_paths__write(self->file, "kept", 4));
	EXPECT_EQ(0, ktstr_paths__can_write(self->file));
	EXPECT_STREQ("kept", content(self->file));
	snprintf(below, sizeof(below), "%s/below", self->file);
	EXPECT_EQ(-ENOTDIR, ktstr_paths__can_write(below));
	EXPECT_EQ(-EISDIR, ktstr_paths__can_write(self->dir));
	EXPECT_EQ(-ENOENT, ktstr_paths__can_write(""));
	/* a rename would replace the link, as of /dev/stdout */
	snprintf(link, sizeof(link), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("/dev/null", link));
	EXPECT_EQ(-EINVAL, ktstr_paths__can_write(link));
	ASSERT_EQ(0, unlink(link));
}

TEST_F(paths, a_relative_path_is_one_of_the_working_directory)
{
	char buf[PATH_MAX], want[96], tiny[8];

	ASSERT_EQ(0, chdir(self->dir));
	EXPECT_EQ(0, ktstr_paths__absolute("././file", buf, sizeof(buf)));
	EXPECT_STREQ(self->file, buf);
	EXPECT_EQ(0, ktstr_paths__absolute("../x", buf, sizeof(buf)));
	snprintf(want, sizeof(want), "%s/../x", self->dir);
	EXPECT_STREQ(want, buf);
	EXPECT_EQ(0, ktstr_paths__absolute("/a/b", buf, sizeof(buf)));
	EXPECT_STREQ("/a/b", buf);
	EXPECT_EQ(-ENAMETOOLONG, ktstr_paths__absolute("file", tiny, sizeof(tiny)));
	ASSERT_EQ(0, chdir("/"));
}

TEST(the_base_of_a_path_follows_its_last_slash)
{
	EXPECT_STREQ("c", ktstr_paths__base("/a/b/c"));
	EXPECT_STREQ("c", ktstr_paths__base("c"));
	EXPECT_STREQ("", ktstr_paths__base("a/"));
}

/* What a copy of this program at @path says, started with @how. */
static const char *replaced(const char *path, const char *how)
{
	static char said[2 * PATH_MAX];
	char cmd[2 * PATH_MAX];
	size_t n = 0;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "cp /proc/%d/exe %s && " REPLACED "=%s %s", (int)getpid(), path, how, path);
	f = popen(cmd, "r");
	if (f)
		n = fread(said, 1, sizeof(said) - 1, f);
	said[n] = '\0';
	return f && !pclose(f) ? said : "(failed)";
}

TEST_F(paths, a_program_that_a_build_replaced_is_still_itself)
{
	char exe[PATH_MAX], want[2 * PATH_MAX];

	ASSERT_EQ(0, ktstr_paths__exe(exe, sizeof(exe)));
	ASSERT_EQ(0, ktstr_paths__exe_file(want, sizeof(want)));
	EXPECT_STREQ(exe, want);
	snprintf(want, sizeof(want), "%s /proc/self/exe", self->file);
	EXPECT_STREQ(want, replaced(self->file, "removed"));
	EXPECT_STREQ(want, replaced(self->file, "x"));
}

TEST_HARNESS_MAIN

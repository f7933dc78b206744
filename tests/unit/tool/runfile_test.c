// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of tools-testing-ktstr/export/runfile.h: the checksum is that of cksum(1), the script finds
 * its files, and whatever a test is called, it stays a script.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/paths.h"
#include "tools-testing-ktstr/export/runfile.h"

#include <kselftest_harness.h>

FIXTURE(runfile) {
	char dir[64], path[96];
	struct runfile r;
	struct ktstr_err err;
};

FIXTURE_SETUP(runfile)
{
	static const char text[] = "no archive, but bytes";
	int fds[2];

	strcpy(self->dir, "/tmp/ktstr-runfile-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/x.run", self->dir);
	self->r = (struct runfile){
		.name = "ktstr/x", .test = "x", .program = "it's $(touch pwned) `id` \\", .needs = "topology: 1n1l2c1t\nduration: 3 s\n",
	};
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ((ssize_t)strlen(text), write(fds[1], text, strlen(text)));
	close(fds[1]);
	ASSERT_EQ(0, runfile__read_files(&self->r, fds[0], &self->err)) TH_LOG("%s", self->err.msg);
	close(fds[0]);
}

FIXTURE_TEARDOWN(runfile)
{
	char cmd[128];

	free(self->r.files);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

static void put(struct __test_metadata *_metadata, FIXTURE_DATA(runfile) *self)
{
	size_t size;
	char *text = runfile__text(&self->r, &size, &self->err);

	ASSERT_NE(NULL, text) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, ktstr_paths__write(self->path, text, size));
	free(text);
}

/* What a shell command in the folder prints. */
static const char *sh(FIXTURE_DATA(runfile) *self, const char *command)
{
	static char out[4096];
	char cmd[512];
	size_t n = 0;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "cd %s && %s", self->dir, command);
	f = popen(cmd, "r");
	if (f) {
		n = fread(out, 1, sizeof(out) - 1, f);
		pclose(f);
	}
	out[n] = '\0';
	return out;
}

TEST_F(runfile, the_checksum_is_that_of_cksum)
{
	/* of nothing, and of "123456789": POSIX, cksum */
	EXPECT_EQ(4294967295, runfile__cksum("", 0));
	EXPECT_EQ(930766865, runfile__cksum("123456789", 9));
}

TEST_F(runfile, the_files_begin_where_the_script_says)
{
	char cmd[128], want[64];

	put(_metadata, self);
	snprintf(cmd, sizeof(cmd), "tail -c %zu x.run | gzip -dc", self->r.files_size);
	EXPECT_STREQ("no archive, but bytes", sh(self, cmd));
	snprintf(want, sizeof(want), "files: %zu bytes (compressed), cksum %u\n", self->r.files_size,
		 runfile__cksum(self->r.files, self->r.files_size));
	EXPECT_NE(NULL, strstr(sh(self, "sh x.run --info"), want)) TH_LOG("%s", sh(self, "sh x.run --info"));
	/* they pass the check of the script, and are no archive */
	EXPECT_NE(NULL, strstr(sh(self, "sh x.run --list 2>&1"), "tar"));
	EXPECT_EQ(NULL, strstr(sh(self, "sh x.run --list 2>&1"), "damaged"));
}

TEST_F(runfile, names_are_no_commands)
{
	put(_metadata, self);
	EXPECT_NE(NULL, strstr(sh(self, "sh x.run --info"), "program it's $(touch pwned) `id` \\\n"));
	EXPECT_STREQ("", sh(self, "ls pwned 2> /dev/null"));
}

TEST_F(runfile, damage_is_one_line)
{
	static const char * const options[] = { "--list", "--extract out" };
	char cmd[128];
	struct stat st;

	put(_metadata, self);
	ASSERT_EQ(0, stat(self->path, &st));
	ASSERT_EQ(0, truncate(self->path, st.st_size - 1));
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *got;

		snprintf(cmd, sizeof(cmd), "sh x.run %s 2>&1; echo $?", options[i]);
		got = sh(self, cmd);
		EXPECT_NE(NULL, strstr(got, "x.run: its files are damaged: cksum says \"")) TH_LOG("%s", got);
		EXPECT_EQ(strchr(got, '\n') + 1, strstr(got, "1\n")) TH_LOG("%s", got);
	}
	EXPECT_STREQ("", sh(self, "ls -d out 2> /dev/null"));
}

TEST_HARNESS_MAIN

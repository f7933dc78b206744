// SPDX-License-Identifier: GPL-2.0
/*
 * The tar writer: what pax(1) says of "ustar", the same bytes each time, and what tar itself makes
 * of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "vmm/initramfs/tree/cpio.h"
#include "vmm/initramfs/tree/ustar.h"

FIXTURE(tar) {
	char dir[64], archive[96];
	FILE *f;
	struct cpio c;
};

static int to_file(void *ctx, const void *buf, size_t len)
{
	return fwrite(buf, 1, len, ctx) == len ? 0 : -EIO;
}

FIXTURE_SETUP(tar)
{
	strcpy(self->dir, "/tmp/ktstr-tar-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->archive, sizeof(self->archive), "%s/a.tar", self->dir);
	self->f = fopen(self->archive, "w+");
	ASSERT_NE(NULL, self->f);
	cpio_init_tar(&self->c, (struct io_sink) { to_file, self->f });
}

FIXTURE_TEARDOWN(tar)
{
	char cmd[128];

	fclose(self->f);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

static bool says(const char *cmd, const char *want)
{
	char text[512] = "";
	FILE *f = popen(cmd, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	return f && !pclose(f) && !strcmp(text, want);
}

TEST_F(tar, tar_unpacks_files_folders_and_links)
{
	char cmd[512];

	ASSERT_EQ(0, cpio_dir(&self->c, "/a", 0755));
	ASSERT_EQ(0, cpio_file(&self->c, "/a/f", 0750, 5));
	ASSERT_EQ(0, cpio_body(&self->c, "hel", 3));
	ASSERT_EQ(0, cpio_body(&self->c, "lo", 2));
	ASSERT_EQ(0, cpio_file(&self->c, "/empty", 0644, 0));
	ASSERT_EQ(0, cpio_symlink(&self->c, "/a/l", "f"));
	ASSERT_EQ(0, cpio_end(&self->c));
	ASSERT_EQ(0, fflush(self->f));
	/* two folders and files of a block each, a body, the link, the end */
	EXPECT_EQ(7 * USTAR_BLOCK, self->c.off);
	snprintf(cmd, sizeof(cmd),
		 "cd %s && tar xf a.tar && cat a/l empty && stat -c %%a a a/f empty && readlink a/l && tar tf a.tar 2>&1",
		 self->dir);
	EXPECT_TRUE(says(cmd, "hello755\n750\n644\nf\n./a/\n./a/f\n./empty\n./a/l\n") ||
		    says(cmd, "hello755\n750\n644\nf\n./a\n./a/f\n./empty\n./a/l\n"));
}

TEST_F(tar, a_file_that_is_cut_short_is_no_archive)
{
	ASSERT_EQ(0, cpio_file(&self->c, "/f", 0644, 3));
	ASSERT_EQ(0, cpio_body(&self->c, "ab", 2));
	EXPECT_EQ(-EIO, cpio_end(&self->c));
	EXPECT_EQ(-EIO, cpio_dir(&self->c, "/d", 0755));
	EXPECT_EQ(-EOVERFLOW, cpio_body(&self->c, "cd", 2));
}

/* "/aa...a/bb...b" */
static char *two_parts(char *buf, size_t first, size_t second)
{
	memset(buf, 'a', first + second + 3);
	buf[0] = '/';
	buf[first + 1] = '/';
	buf[first + second + 2] = '\0';
	return buf;
}

TEST_F(tar, a_long_path_is_divided_at_a_slash_or_refused)
{
	char path[512], cmd[1024];

	EXPECT_TRUE(cpio_fits_tar(two_parts(path, 10, 100), NULL));
	EXPECT_FALSE(cpio_fits_tar(two_parts(path, 10, 101), NULL));
	/* "./" counts */
	EXPECT_TRUE(cpio_fits_tar(two_parts(path, 153, 100), NULL));
	EXPECT_FALSE(cpio_fits_tar(two_parts(path, 154, 100), NULL));
	EXPECT_TRUE(cpio_fits_tar("/l", two_parts(path, 10, 88)));
	EXPECT_FALSE(cpio_fits_tar("/l", two_parts(path, 10, 89)));
	two_parts(path, 153, 100);
	EXPECT_EQ(-ENAMETOOLONG, cpio_dir(&self->c, two_parts(path, 300, 3), 0755));
	ASSERT_EQ(0, cpio_file(&self->c, two_parts(path, 153, 100), 0644, 0));
	ASSERT_EQ(0, cpio_end(&self->c));
	ASSERT_EQ(0, fflush(self->f));
	snprintf(cmd, sizeof(cmd), "cd %s && tar xf a.tar && test -f .%s", self->dir, path);
	EXPECT_EQ(0, system(cmd));
}

TEST_F(tar, sizes_end_where_eleven_octal_digits_do)
{
	uint8_t h[USTAR_BLOCK];

	EXPECT_EQ(0, ustar_header(h, "/f", USTAR_FILE, 0644, 077777777777, ""));
	EXPECT_EQ(0, memcmp(h + 124, "77777777777", 12));
	EXPECT_EQ(-EFBIG, ustar_header(h, "/f", USTAR_FILE, 0644, 0100000000000, ""));
}

TEST_HARNESS_MAIN

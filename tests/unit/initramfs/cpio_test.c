// SPDX-License-Identifier: GPL-2.0
/*
 * The newc writer: field by field what the kernel's reader (init/initramfs.c) expects, and
 * nothing that differs between two runs or two machines.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "vmm/initramfs/tree/cpio.h"

struct buf {
	char data[8192];
	long len, room;
};

static int buf_write(void *ctx, const void *p, size_t len)
{
	struct buf *b = ctx;

	if ((long)len > b->room - b->len)
		return -ENOSPC;
	memcpy(b->data + b->len, p, len);
	b->len += len;
	return 0;
}

FIXTURE(cpio) {
	struct buf out;
	struct cpio c;
};

FIXTURE_SETUP(cpio)
{
	self->out.room = sizeof(self->out.data);
	cpio_init(&self->c, (struct io_sink) { buf_write, &self->out }, 0);
}

FIXTURE_TEARDOWN(cpio)
{
}

/* Field @n (0: inode) of the header at @h. */
static long field(const char *h, int n)
{
	char hex[9] = "";

	memcpy(hex, h + 6 + 8 * n, 8);
	return strtol(hex, NULL, 16);
}

enum { INO, MODE, UID, GID, NLINK, MTIME, SIZE, MAJ, MIN, RMAJ, RMIN, NAMELEN, CHECK };

TEST_F(cpio, a_file_is_header_name_body_each_padded_to_four)
{
	static const char * const golden[] = {
		"070701", "00000000", "000081A4", "00000000", "00000000", "00000001",
		"00000000", "00000005", "00000000", "00000000", "00000000", "00000000",
		"00000006", "00000000", "a/bcd",
	};
	long off = 0;

	ASSERT_EQ(0, cpio_file(&self->c, "/a/bcd", 0644, 5));
	ASSERT_EQ(0, cpio_body(&self->c, "he", 2));
	ASSERT_EQ(0, cpio_body(&self->c, "llo", 3));
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		EXPECT_EQ(0, memcmp(golden[i], self->out.data + off, strlen(golden[i])));
		off += strlen(golden[i]);
	}
	/* 110 bytes and the name with its NUL are 116; 5 bytes of body become 8 */
	EXPECT_EQ(115, off);
	ASSERT_EQ(124, self->out.len);
	EXPECT_EQ(0, memcmp("\0hello\0\0\0", self->out.data + off, 9));
}

TEST_F(cpio, inode_owner_time_and_devices_are_zero_and_there_is_one_link)
{
	static const int zero[] = { INO, UID, GID, MTIME, MAJ, MIN, RMAJ, RMIN, CHECK };

	ASSERT_EQ(0, cpio_dir(&self->c, "/d", 0755));
	for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
		EXPECT_EQ(0, field(self->out.data, zero[i]));
	EXPECT_EQ(1, field(self->out.data, NLINK));
	EXPECT_EQ(040755, field(self->out.data, MODE));
	EXPECT_EQ(0, field(self->out.data, SIZE));
}

TEST_F(cpio, a_symlink_carries_its_target_as_body)
{
	ASSERT_EQ(0, cpio_symlink(&self->c, "/l", "/usr/lib/x"));
	EXPECT_EQ(0120777, field(self->out.data, MODE));
	EXPECT_EQ(10, field(self->out.data, SIZE));
	EXPECT_EQ(0, memcmp(self->out.data + 112, "/usr/lib/x\0\0", 12));
	EXPECT_EQ(124, self->out.len);
}

TEST_F(cpio, names_of_every_length_keep_the_alignment)
{
	char path[16] = "/";

	for (int n = 1; n < 9; n++) {
		long at = self->out.len;

		path[n] = 'x';
		ASSERT_EQ(0, cpio_file(&self->c, path, 0600, n));
		EXPECT_EQ(0, self->out.len % 4);
		ASSERT_EQ(0, cpio_body(&self->c, "12345678", n));
		EXPECT_EQ(0, self->out.len % 4);
		EXPECT_EQ(n + 1, field(self->out.data + at, NAMELEN));
		EXPECT_EQ(0, strcmp(self->out.data + at + 110, path + 1));
	}
}

TEST_F(cpio, an_empty_file_needs_no_body)
{
	ASSERT_EQ(0, cpio_file(&self->c, "/e", 0644, 0));
	ASSERT_EQ(0, cpio_file(&self->c, "/f", 0644, 0));
	EXPECT_EQ(2 * 112, self->out.len);
}

TEST_F(cpio, the_end_is_a_trailer_padded_to_512_over_all_parts)
{
	ASSERT_EQ(0, cpio_dir(&self->c, "/d", 0755));
	ASSERT_EQ(0, cpio_end(&self->c));
	EXPECT_EQ(512, self->out.len);
	EXPECT_EQ(0, strcmp("TRAILER!!!", self->out.data + 112 + 110));
	EXPECT_EQ(11, field(self->out.data + 112, NAMELEN));

	/* A part that follows 700 bytes written elsewhere completes 1024. */
	self->out.len = 0;
	cpio_init(&self->c, (struct io_sink) { buf_write, &self->out }, 700);
	ASSERT_EQ(0, cpio_end(&self->c));
	EXPECT_EQ(1024 - 700, self->out.len);
}

TEST_F(cpio, a_body_that_does_not_fit_its_header_is_an_error)
{
	ASSERT_EQ(0, cpio_file(&self->c, "/f", 0644, 4));
	EXPECT_EQ(-EOVERFLOW, cpio_body(&self->c, "12345", 5));
	ASSERT_EQ(0, cpio_body(&self->c, "123", 3));
	EXPECT_EQ(-EIO, cpio_file(&self->c, "/g", 0644, 0));
	EXPECT_EQ(-EIO, cpio_end(&self->c));
	EXPECT_EQ(0, cpio_body(&self->c, "4", 1));
	EXPECT_EQ(0, cpio_end(&self->c));
}

TEST_F(cpio, four_gigabytes_do_not_fit_a_header)
{
	EXPECT_EQ(-EFBIG, cpio_file(&self->c, "/f", 0644, 1ULL << 32));
	EXPECT_EQ(0, self->out.len);
	EXPECT_EQ(0, cpio_file(&self->c, "/f", 0644, UINT32_MAX));
	EXPECT_EQ((long)UINT32_MAX, field(self->out.data, SIZE));
}

TEST_F(cpio, the_sinks_error_comes_through)
{
	self->out.room = 100;
	EXPECT_EQ(-ENOSPC, cpio_dir(&self->c, "/d", 0755));
}

TEST(guest_paths_are_plain_absolute_names)
{
	static const char * const good[] = { "/a", "/a/b.c", "/...", "/..a/b..", "/\xc3\xa4 b" };
	static const char * const bad[] = {
		"", "a", "/", "//", "/a/", "/a//b", "/.", "/..", "/../a", "/a/../b", "/a/..",
		"/./a", "/a\nb", "/a\x7f", "/a\x1b[0m", "/TRAILER!!!",
	};
	struct ktstr_err err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_EQ(0, cpio_check_path(good[i], &err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, cpio_check_path(bad[i], &err));
	EXPECT_EQ(-EINVAL, cpio_check_path("/a\x1b[0m", &err));
	EXPECT_EQ(NULL, strchr(err.msg, '\x1b'));
}

TEST(guest_paths_have_the_kernels_length_limits)
{
	char path[PATH_MAX + 1];
	struct ktstr_err err;

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[NAME_MAX + 1] = '\0';
	EXPECT_EQ(0, cpio_check_path(path, &err));
	path[NAME_MAX + 1] = 'a';
	path[NAME_MAX + 2] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, cpio_check_path(path, &err));
	for (int i = 0; i < PATH_MAX; i += 2)
		memcpy(path + i, "/a", 2);
	path[PATH_MAX] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, cpio_check_path(path, &err));
	path[PATH_MAX - 2] = '\0';
	EXPECT_EQ(0, cpio_check_path(path, &err));
}

TEST_HARNESS_MAIN

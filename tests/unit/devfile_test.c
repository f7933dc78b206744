// SPDX-License-Identifier: GPL-2.0
/* What stands behind disks and network cards. */
/* Links: vmm/devfile.c vmm/err.c */
#include <sys/socket.h>
#include <sys/stat.h>

#include "../../vmm/devfile.h"
#include "kselftest_harness.h"

TEST(a_disk_is_a_sparse_file_that_nobody_else_sees)
{
	const struct vm_disk disk = { .bytes = UINT64_C(256) << 20, .serial = "s" };
	struct vm_err err;
	struct stat st;
	int fd = vm_disk_open(&disk, &err);

	ASSERT_GT(fd, 2);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ((off_t)disk.bytes, st.st_size);
	EXPECT_EQ(0, st.st_blocks);
	EXPECT_EQ(0, st.st_nlink);
	close(fd);
}

TEST(a_disk_that_no_file_can_hold_is_an_error_with_its_size)
{
	const struct vm_disk disk = { .bytes = UINT64_MAX / 2 + 1, .serial = "huge" };
	struct vm_err err;

	ASSERT_GT(0, vm_disk_open(&disk, &err));
	EXPECT_NE(NULL, strstr(err.msg, "disk huge: a file of 9223372036854775808 bytes"));
}

TEST(a_cable_returns_what_it_is_given_and_only_to_its_own_end)
{
	struct vm_err err;
	char buf[16];
	int a = vm_cable_open(&err), b = vm_cable_open(&err);

	ASSERT_GT(a, 2);
	ASSERT_GT(b, 2);
	ASSERT_EQ(5, send(a, "frame", 5, 0));
	EXPECT_EQ(-1, recv(b, buf, sizeof(buf), 0));
	ASSERT_EQ(5, recv(a, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "frame", 5));
	close(a);
	close(b);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* Devices: what a sound configuration is, and the files that an emulator gets for them. */
#include <sys/socket.h>
#include <sys/stat.h>

#include "vmm/device.h"
#include "kselftest_harness.h"

TEST(a_disk_is_a_sparse_file_that_nobody_else_sees)
{
	const struct vm_disk disk = { .bytes = UINT64_C(256) << 20, .serial = "s" };
	struct ktstr_err err;
	struct stat st;
	int fd = vm_disk_class.open(&disk, &err);

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
	struct ktstr_err err;

	ASSERT_GT(0, vm_disk_class.open(&disk, &err));
	EXPECT_NE(NULL, strstr(err.msg, "disk huge: a file of 9223372036854775808 bytes"));
}

TEST(a_cable_returns_what_it_is_given_and_only_to_its_own_end)
{
	const struct vm_nic nic = { .mac = { 2 } };
	struct ktstr_err err;
	char buf[16];
	int end[2], i;

	for (i = 0; i < 2; i++) {
		end[i] = vm_nic_class.open(&nic, &err);
		ASSERT_GT(end[i], 2);
	}
	ASSERT_EQ(5, send(end[0], "frame", 5, 0));
	EXPECT_EQ(-1, recv(end[1], buf, sizeof(buf), 0));
	ASSERT_EQ(5, recv(end[0], buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "frame", 5));
	close(end[0]);
	close(end[1]);
}

TEST(a_device_is_checked_by_its_class_and_named_by_its_number)
{
	const struct vm_disk odd = { .bytes = 513, .serial = "s" };
	const struct vm_disk comma = { .bytes = 512, .serial = "a,b" };
	const struct vm_disk sound = { .bytes = 512, .serial = "s" };
	const struct vm_nic multicast = { .mac = { 1 } };
	struct ktstr_err err;

	EXPECT_EQ(0, vm_disk_class.check(&sound, 0, &err));
	EXPECT_EQ(-EINVAL, vm_disk_class.check(&odd, 2, &err));
	EXPECT_STREQ("disk 2: 513 bytes, must be whole sectors of 512", err.msg);
	EXPECT_EQ(-EINVAL, vm_disk_class.check(&comma, 0, &err));
	EXPECT_NE(NULL, strstr(err.msg, "disk 0: the serial number must be"));
	EXPECT_EQ(-EINVAL, vm_nic_class.check(&multicast, 1, &err));
	EXPECT_STREQ("network card 1: its address is a multicast one", err.msg);
}

TEST(devices_are_numbered_within_their_class)
{
	const struct vm_device device[] = {
		{ &vm_disk_class, NULL }, { &vm_nic_class, NULL }, { &vm_disk_class, NULL },
	};

	EXPECT_EQ(0, vm_device_nr(device, 0));
	EXPECT_EQ(0, vm_device_nr(device, 1));
	EXPECT_EQ(1, vm_device_nr(device, 2));
}

TEST_HARNESS_MAIN

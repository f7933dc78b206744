// SPDX-License-Identifier: GPL-2.0
/* The state file of a saved machine: what is put in comes out, and a damaged file is refused. */
#include <fcntl.h>
#include <linux/kernel.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/kvm/state.h"
#include "kselftest_harness.h"

#define CPUS	2
#define TYPE_A	KVM_STATE_TYPE('a', 'a', 'a', 'a')
#define TYPE_B	KVM_STATE_TYPE('b', 'b', 'b', 'b')

FIXTURE(state) {
	struct kvm_state s, got;
	struct ktstr_err err;
	int fd;
};

FIXTURE_SETUP(state)
{
	ASSERT_EQ(0, kvm_state_begin(&self->s, CPUS));
	ASSERT_EQ(0, kvm_state_put(&self->s, TYPE_A, 0, "first", 5));
	ASSERT_EQ(0, kvm_state_put(&self->s, TYPE_A, 1, "the second", 10));
	ASSERT_EQ(0, kvm_state_put(&self->s, TYPE_B, 0, "", 0));
	self->fd = memfd_create("state", MFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, kvm_state_write(&self->s, self->fd));
}

FIXTURE_TEARDOWN(state)
{
	kvm_state_free(&self->s);
	kvm_state_free(&self->got);
	close(self->fd);
}

TEST_F(state, what_was_put_in_comes_out)
{
	uint32_t bytes = 99;
	const char *p;

	ASSERT_EQ(0, kvm_state_read(&self->got, self->fd, CPUS, &self->err));
	p = kvm_state_get(&self->got, TYPE_A, 0, &bytes);
	ASSERT_TRUE(p && bytes == 5);
	EXPECT_EQ(0, memcmp(p, "first", 5));
	p = kvm_state_get(&self->got, TYPE_A, 1, &bytes);
	ASSERT_TRUE(p && bytes == 10);
	EXPECT_EQ(0, memcmp(p, "the second", 10));
	EXPECT_EQ(0, (uintptr_t)p % 8);
	p = kvm_state_get(&self->got, TYPE_B, 0, &bytes);
	EXPECT_TRUE(p && !bytes);
	EXPECT_EQ(NULL, kvm_state_get(&self->got, TYPE_B, 1, &bytes));
}

TEST_F(state, another_number_of_vcpus_is_refused)
{
	EXPECT_EQ(-EBADMSG, kvm_state_read(&self->got, self->fd, CPUS + 1, &self->err));
	EXPECT_STREQ("saved state: of a machine with 2 vCPUs, not 3", self->err.msg);
}

/* Each shorter file, and each byte of the numbers turned over. */
TEST_F(state, no_damaged_file_is_read)
{
	size_t len = self->s.len;
	struct kvm_state cut = self->s;

	for (cut.len = 0; cut.len < len; cut.len++)
		EXPECT_EQ(-EBADMSG, kvm_state_check(&cut, CPUS, &self->err)) TH_LOG("%zu", cut.len);
	/* the header; of the last section, which is empty, the lengths */
	for (size_t i = 0; i < 24; i++) {
		self->s.data[i] ^= 0x80;
		EXPECT_EQ(-EBADMSG, kvm_state_check(&self->s, CPUS, &self->err)) TH_LOG("%zu", i);
		self->s.data[i] ^= 0x80;
	}
	for (size_t i = len - 8; i < len; i++) {
		self->s.data[i] ^= 0x80;
		EXPECT_EQ(-EBADMSG, kvm_state_check(&self->s, CPUS, &self->err)) TH_LOG("%zu", i);
		self->s.data[i] ^= 0x80;
	}
	EXPECT_EQ(0, kvm_state_check(&self->s, CPUS, &self->err));
}

TEST_F(state, an_empty_file_is_no_state)
{
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(-EBADMSG, kvm_state_read(&self->got, self->fd, CPUS, &self->err));
}

TEST_HARNESS_MAIN

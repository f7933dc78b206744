// SPDX-License-Identifier: GPL-2.0
/* What the guest kernel is told. */
#include "vmm/cmdline.h"
#include "kselftest_harness.h"

#define CMDLINE_MAX	2047
#define MIB		(UINT64_C(1) << 20)

FIXTURE(cmdline) {
	struct vm_spec spec;
	struct vm_cmdline c;
	struct ktstr_err err;
	char buf[CMDLINE_MAX + 1];
};

FIXTURE_SETUP(cmdline)
{
	self->spec = (struct vm_spec){ .initrd_fd = 9, .kaslr = true };
	self->c = (struct vm_cmdline){ .platform = "reboot=t", .doorbell = "insn",
				       .max = CMDLINE_MAX };
}

FIXTURE_TEARDOWN(cmdline)
{
}

static int build(FIXTURE_DATA(cmdline) *self)
{
	return vm_cmdline_build(&self->spec, &self->c, self->buf, sizeof(self->buf), &self->err);
}

TEST_F(cmdline, the_guest_learns_where_the_shared_stretch_is)
{
	self->spec.shared_bytes = 16 * MIB;
	self->spec.cmdline = "my=own";
	self->c.shared_gpa = 0x3e000000;
	ASSERT_EQ(0, build(self));
	EXPECT_NE(NULL, strstr(self->buf, " ktstr.chan=0x3e000000,0x1000000 "));
	EXPECT_NE(NULL, strstr(self->buf, " ktstr.doorbell=insn my=own"));
	EXPECT_EQ(NULL, strstr(self->buf, "memmap="));
	self->c.reserve_shared = true;
	ASSERT_EQ(0, build(self));
	EXPECT_NE(NULL, strstr(self->buf, " memmap=0x1000000$0x3e000000 "));
}

TEST_F(cmdline, each_parameter_follows_its_member)
{
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(NULL, strstr(self->buf, "nokaslr"));
	EXPECT_NE(NULL, strstr(self->buf, " reboot=t "));
	EXPECT_NE(NULL, strstr(self->buf, " rdinit=/init rootfstype=ramfs "));
	EXPECT_EQ(NULL, strstr(self->buf, "ktstr.chan="));
	self->spec.kaslr = false;
	self->spec.initrd_fd = -1;
	ASSERT_EQ(0, build(self));
	EXPECT_NE(NULL, strstr(self->buf, " nokaslr "));
	EXPECT_EQ(NULL, strstr(self->buf, "rdinit"));
}

TEST_F(cmdline, a_line_is_whole_or_refused)
{
	char extra[CMDLINE_MAX + 10], small[64];
	size_t base;

	ASSERT_EQ(0, build(self));
	base = strlen(self->buf);
	memset(extra, 'x', sizeof(extra));
	self->spec.cmdline = extra;
	extra[CMDLINE_MAX - base - 1] = '\0';
	EXPECT_EQ(0, build(self));
	EXPECT_EQ(CMDLINE_MAX, strlen(self->buf));
	extra[CMDLINE_MAX - base - 1] = 'x';
	extra[CMDLINE_MAX - base] = '\0';
	EXPECT_EQ(-E2BIG, build(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "2048 characters")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-E2BIG, vm_cmdline_build(&self->spec, &self->c, small, sizeof(small),
					   &self->err));
	self->c.max = 100;
	self->spec.cmdline = NULL;
	EXPECT_EQ(-E2BIG, build(self));
}

TEST_HARNESS_MAIN

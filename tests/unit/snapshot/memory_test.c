// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/snapshot/memory.h on a made guest: what is named is found, what is written is
 * there and nothing else is, and what makes no sense is refused in a sentence.
 */
#include "kselftest_harness.h"

#include <ktstr/scenario.h>

#include "harness/snapshot/memory.h"
#include "tests/unit/monitor/made_maps.h"

FIXTURE(memory) {
	struct made_maps m;
	struct ktstr_monitor mon;
	struct ktstr_err err;
	uint64_t kva;			/* of something in the guest's heap, a multiple of 16 */
};

FIXTURE_SETUP(memory)
{
	ASSERT_EQ(0, made_maps_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
	self->mon.view = self->m.v;
	/* the heap is in the direct map */
	self->kva = DIRECT + (self->m.object & ~15ull);
}

FIXTURE_TEARDOWN(memory)
{
	made_maps_free(&self->m);
}

static struct ktstr_msg_ask at(uint64_t kva, uint32_t len)
{
	return (struct ktstr_msg_ask){
		.what = KTSTR_ASK_WRITE_COLD, .target = KTSTR_KERNEL_ADDRESS, .address = kva, .len = len,
	};
}

#define REFUSES(_errno, _words, _call)						\
	do {									\
		EXPECT_EQ(-(_errno), _call);					\
		EXPECT_NE(NULL, strstr(self->err.msg, _words)) TH_LOG("%s", self->err.msg); \
	} while (0)

TEST_F(memory, what_is_written_is_read_again_and_its_neighbours_stay)
{
	uint8_t before[32], after[32], bytes[7] = "abcdefg";
	struct ktstr_msg_ask all = at(self->kva, 32), a;
	uint64_t number = 0x1122334455667788, got = 0;

	ASSERT_EQ(0, ktstr_memory__read(&self->mon, &all, before, &self->err)) TH_LOG("%s", self->err.msg);
	a = at(self->kva + 8, 8);
	EXPECT_EQ(0, ktstr_memory__write(&self->mon, &a, &number, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, ktstr_memory__read(&self->mon, &a, &got, &self->err));
	EXPECT_EQ(number, got);
	/* not aligned, and of an odd length: byte by byte */
	a = at(self->kva + 17, sizeof(bytes));
	EXPECT_EQ(0, ktstr_memory__write(&self->mon, &a, bytes, &self->err));
	ASSERT_EQ(0, ktstr_memory__read(&self->mon, &all, after, &self->err));
	EXPECT_EQ(0, memcmp(before, after, 8));
	EXPECT_EQ(before[16], after[16]);
	EXPECT_EQ(0, memcmp(bytes, after + 17, sizeof(bytes)));
	EXPECT_EQ(0, memcmp(before + 24, after + 24, 8));
}

TEST_F(memory, what_is_not_there_is_refused)
{
	struct ktstr_msg_ask a = at(0x1000, 8);
	uint8_t buf[KTSTR_ASK_MAX] = { 0 };

	REFUSES(EFAULT, "8 bytes at 0x1000", ktstr_memory__read(&self->mon, &a, buf, &self->err));
	REFUSES(EFAULT, "8 bytes at 0x1000", ktstr_memory__write(&self->mon, &a, buf, &self->err));
	a = at(UINT64_MAX - 3, 8);
	REFUSES(EFAULT, "not all mapped", ktstr_memory__read(&self->mon, &a, buf, &self->err));
	a = at(self->kva, 0);
	REFUSES(EINVAL, "0 bytes", ktstr_memory__read(&self->mon, &a, buf, &self->err));
	a = at(self->kva, KTSTR_ASK_MAX + 1);
	REFUSES(EINVAL, "4097 bytes", ktstr_memory__write(&self->mon, &a, buf, &self->err));
	a = at(self->kva, 8);
	a.target = 99;
	REFUSES(EINVAL, "99 is no kind", ktstr_memory__read(&self->mon, &a, buf, &self->err));
	a.target = KTSTR_KERNEL_SYMBOL;
	strcpy(a.name, "no_such_symbol");
	REFUSES(ENOENT, "no symbol no_such_symbol", ktstr_memory__read(&self->mon, &a, buf, &self->err));
	a.target = KTSTR_KERNEL_PER_CPU;
	strcpy(a.name, "runqueues");
	a.cpu = 4000;
	REFUSES(EINVAL, "no CPU 4000", ktstr_memory__read(&self->mon, &a, buf, &self->err));
	a.target = KTSTR_KERNEL_TASK;
	strcpy(a.name, "pid");
	a.pid = 1;
	/* this kernel's BTF has no task_struct */
	REFUSES(ENOENT, "no field pid", ktstr_memory__read(&self->mon, &a, buf, &self->err));
}

TEST_F(memory, a_per_cpu_variable_is_that_of_the_cpu)
{
	struct ktstr_msg_ask a = { .what = KTSTR_ASK_READ_HOT, .target = KTSTR_KERNEL_PER_CPU,
				   .name = "runqueues", .len = 20, .cpu = 1 };
	struct { uint32_t pad[4]; uint32_t cpu; } rq = { .cpu = 99 };

	/* struct rq of the made kernel has the CPU's number at 16 */
	ASSERT_EQ(0, ktstr_memory__read(&self->mon, &a, &rq, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(1, rq.cpu);
}

TEST_HARNESS_MAIN

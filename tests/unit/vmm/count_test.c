// SPDX-License-Identifier: GPL-2.0
/* Promises of vmm/count.h: only pieces that are sound, and counters that are there, get to a backend. */
#include <errno.h>

#include "kselftest_harness.h"

#include "vmm/backend.h"

FIXTURE(count) {
	struct vm vm;
	struct vm_counted piece[3];
};

static unsigned int pieces, copies;

static int take(struct vm *vm, const struct vm_counted *c, unsigned int nr)
{
	(void)vm;
	(void)c;
	pieces += nr;
	return 0;
}

static int copy(struct vm *vm, uint32_t first, uint32_t nr, uint64_t *count)
{
	(void)vm;
	(void)first;
	(void)count;
	copies += nr;
	return 0;
}

static const struct vm_ops counting = { .set_counted = take, .get_counts = copy };
static const struct vm_ops none;

FIXTURE_SETUP(count)
{
	self->vm.ops = &counting;
	self->piece[0] = (struct vm_counted){ .kva = 0xffffffffc0000000, .len = 16, .first = 0 };
	self->piece[1] = (struct vm_counted){ .kva = 0xffffffffc0000010, .len = 16, .first = 16 };
	self->piece[2] = (struct vm_counted){ .kva = 0xfffffffffffffff0, .len = 16, .first = 32 };
	pieces = copies = 0;
}

FIXTURE_TEARDOWN(count)
{
}

TEST_F(count, sorted_pieces_that_touch_are_taken)
{
	EXPECT_EQ(0, vm_set_counted(&self->vm, self->piece, 3));
	EXPECT_EQ(0, vm_set_counted(&self->vm, NULL, 0));
	EXPECT_EQ(3, pieces);
}

TEST_F(count, pieces_that_overlap_or_are_not_sorted_are_refused)
{
	self->piece[1].kva--;
	EXPECT_EQ(-EINVAL, vm_set_counted(&self->vm, self->piece, 3));
	self->piece[1].kva = self->piece[0].kva - 64;
	EXPECT_EQ(-EINVAL, vm_set_counted(&self->vm, self->piece, 3));
	self->piece[1].kva = self->piece[0].kva;
	EXPECT_EQ(-EINVAL, vm_set_counted(&self->vm, self->piece, 3));
	EXPECT_EQ(0, pieces);
}

TEST_F(count, pieces_without_bytes_or_without_counters_are_refused)
{
	self->piece[1].len = 0;
	EXPECT_EQ(-EINVAL, vm_set_counted(&self->vm, self->piece, 3));
	self->piece[1].len = 16;
	self->piece[1].first = VM_COUNT_BYTES - 15;
	EXPECT_EQ(-EINVAL, vm_set_counted(&self->vm, self->piece, 3));
	self->piece[1].first = UINT32_MAX;
	EXPECT_EQ(-EINVAL, vm_set_counted(&self->vm, self->piece, 3));
	self->piece[1].first = VM_COUNT_BYTES - 16;
	EXPECT_EQ(0, vm_set_counted(&self->vm, self->piece, 3));
	EXPECT_EQ(-E2BIG, vm_set_counted(&self->vm, self->piece, VM_MAX_COUNTED + 1));
	EXPECT_EQ(3, pieces);
}

TEST_F(count, counters_that_are_not_there_are_not_read)
{
	uint64_t count[16];

	EXPECT_EQ(-EINVAL, vm_get_counts(&self->vm, VM_COUNT_BYTES, 1, count));
	EXPECT_EQ(-EINVAL, vm_get_counts(&self->vm, VM_COUNT_BYTES - 15, 16, count));
	EXPECT_EQ(-EINVAL, vm_get_counts(&self->vm, 1, UINT32_MAX, count));
	EXPECT_EQ(0, copies);
	EXPECT_EQ(0, vm_get_counts(&self->vm, VM_COUNT_BYTES - 16, 16, count));
	EXPECT_EQ(16, copies);
}

TEST_F(count, a_machine_that_cannot_count_says_so)
{
	uint64_t count;

	self->vm.ops = &none;
	EXPECT_EQ(-EOPNOTSUPP, vm_set_counted(&self->vm, self->piece, 3));
	EXPECT_EQ(-EOPNOTSUPP, vm_get_counts(&self->vm, 0, 1, &count));
}

TEST_HARNESS_MAIN

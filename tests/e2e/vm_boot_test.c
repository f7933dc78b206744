// SPDX-License-Identifier: GPL-2.0
/*
 * What vm.h promises on a real kernel. Topologies have a test of their own, topology_test.c, and
 * what does not need a kernel is in vm_life_test.c.
 */
#include <inttypes.h>
#include <string.h>

#define VM_REAL_KERNEL	1
#include "tests/e2e/vm_fixture.h"

/* ---- determinism ---- */

TEST_F_TIMEOUT(vm, a_seed_fixes_the_run_whatever_the_host_does_at_sync_points, 300)
{
	static const char what[] = "random,busy:3,sync:3,busy:2,sync:2";
	char *first, *delayed, *other;

	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	self->spec.deterministic = true;
	self->spec.kaslr = true;
	ASSERT_EQ(VM_EVENT_EXIT, run(self, what, 0));
	EXPECT_NE(NULL, strstr(shared_text(self), "syncs 2\nend\n"));
	first = console_text(self);
	vm_destroy(self->vm);

	ASSERT_EQ(VM_EVENT_EXIT, run(self, what, 300));
	delayed = console_text(self);
	vm_destroy(self->vm);

	self->spec.seed = 2;
	ASSERT_EQ(VM_EVENT_EXIT, run(self, what, 0));
	other = console_text(self);

	ASSERT_NE(NULL, strstr(first, "after sync 1"));
	ASSERT_NE(NULL, strstr(first, "busy 2 round 4"));
	EXPECT_EQ(0, strcmp(first, delayed));
	ASSERT_NE(NULL, strstr(first, "random "));
	EXPECT_NE(0, strncmp(strstr(first, "random "), strstr(other, "random "), 40));
}

/* ---- memory ---- */

/*
 * A GPA is RAM for the host exactly if the guest kernel says so (the hidden parts aside). This guest
 * powers off in the end, after some lines on COM2.
 */
TEST_F_TIMEOUT(vm, guest_physical_addresses_are_the_guests_until_it_is_off, 150)
{
	const uint64_t low = 0x70000000, high = 0x120000000;
	const uint64_t split = (self->spec.accel == VM_ACCEL_KVM ? 3072 : 2048) * MIB;
	unsigned int ram_lines = 0;
	uint64_t *p, gpa;
	const char *line;
	size_t len;

	self->spec.mem_bytes = split + 1024 * MIB;
	self->spec.topo = (struct vm_topology){ { 2, 2, 1, 1 } };
	ASSERT_EQ(VM_EVENT_EXIT,
		  run(self, "iomem,poke:0x70000000,poke:0x120000000,pad:3,off memmap=1M$0x70000000 memmap=1M$0x120000000", 0));
	EXPECT_STREQ("line 0\r\nline 1\r\nline 2\r\n", read_file(self->output, &len));
	EXPECT_EQ(VM_EVENT_EXIT, next(self));
	p = vm_mem(self->vm, low, 8);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(low, *p);
	p = vm_mem(self->vm, high, 8);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(high, *p);

	for (line = shared_text(self); (line = strstr(line, "iomem ")); line++) {
		uint64_t a, b;

		if (sscanf(line, "iomem %" SCNx64 "-%" SCNx64, &a, &b) != 2 ||
		    strncmp(strchr(line, ':'), ": System RAM\n", 13))
			continue;
		ram_lines++;
		EXPECT_NE(NULL, vm_mem(self->vm, a, b - a + 1)) TH_LOG("%.60s", line);
	}
	EXPECT_LE(3, ram_lines);
	EXPECT_EQ(NULL, vm_mem(self->vm, split, 1));
	EXPECT_EQ(NULL, vm_mem(self->vm, 4096 * MIB + 1024 * MIB, 1));
	EXPECT_EQ(vm_shared(self->vm, &gpa), vm_mem(self->vm, gpa, self->spec.shared_bytes));
}

/* On a host that has enough of them; what a shortage leads to is ram_test.c's. */
TEST_F_TIMEOUT(vm, a_guest_in_huge_pages_is_read_like_any_other, 150)
{
	const uint64_t at = 0x10000000;
	uint64_t *p;

	self->spec.huge_pages = true;
	ASSERT_EQ(0, launch(self, "poke:0x10000000,off memmap=1M$0x10000000"))
		TH_LOG("%s", self->err.msg);
	if (*vm_notice(self->vm))
		SKIP(return, "%s", vm_notice(self->vm));
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	p = vm_mem(self->vm, at, 8);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(at, *p);
}

/* ---- pausing ---- */

/* Does the counter of vm_init's count() move within a few seconds? */
static bool counts(FIXTURE_DATA(vm) *self, volatile uint64_t *counter, int limit_ms)
{
	uint64_t start = *counter;

	for (int ms = 0; ms < limit_ms && *counter == start; ms += 10)
		poll(NULL, 0, 10);
	(void)self;
	return *counter != start;
}

/* Its panic is the end, too: the machine goes off. Its kernel unpacks itself, which works as well. */
TEST_F_TIMEOUT(vm, a_multi_threaded_guest_stops_as_a_whole_and_may_panic, 150)
{
	volatile uint64_t *counter;

	self->spec.vmlinux = NULL;
	ASSERT_EQ(0, launch(self, "count,sync:1,until,panic")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self));
	counter = (uint64_t *)((char *)vm_shared(self->vm, NULL) + self->spec.shared_bytes - 4096);

	/* one vCPU is in the doorbell, the other counts */
	ASSERT_TRUE(counts(self, counter, 10000));
	ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err));
	EXPECT_FALSE(counts(self, counter, 200));
	ASSERT_EQ(0, vm_resume(self->vm));
	EXPECT_TRUE(counts(self, counter, 10000));
	ASSERT_EQ(0, vm_continue(self->vm));

	/* both run */
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err));
		EXPECT_EQ(-EALREADY, vm_pause(self->vm, 5000, &self->err));
		EXPECT_FALSE(counts(self, counter, 100));
		ASSERT_EQ(0, vm_resume(self->vm));
		EXPECT_TRUE(counts(self, counter, 10000));
	}

	counter[1] = 1;
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_NE(NULL, strstr(console_text(self), "Kernel panic"));
	EXPECT_EQ(NULL, strstr(shared_text(self), "end\n"));
}

TEST_HARNESS_MAIN

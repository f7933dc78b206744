// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of the hardware watchpoints: the bits of DR7 (Intel SDM, volume 3, 18.2.4), and which watch
 * DR6 says was hit. Their way through a machine is tested by vcpu_test.c.
 */
#include "kselftest_harness.h"

#include <linux/kvm.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/x86/watch.h"

TEST(dr7_enables_writes_of_four_bytes)
{
	/* G0, R/W0 = 01, LEN0 = 11: the fields of watch 0 are bits 1 and 16 to 19 */
	EXPECT_EQ(0x600 | 1ull << 1 | 0xdull << 16, kvm_x86_watch_dr7((uint64_t [3]){ 4096, 0, 0 }));
	EXPECT_EQ(0x600 | 1ull << 3 | 0xdull << 20, kvm_x86_watch_dr7((uint64_t [3]){ 0, 4096, 0 }));
	EXPECT_EQ(0x600 | 1ull << 1 | 1ull << 5 | 0xdull << 16 | 0xdull << 24,
		  kvm_x86_watch_dr7((uint64_t [3]){ 8, 0, 4 }));
	EXPECT_EQ(0x600, kvm_x86_watch_dr7((uint64_t [3]){ 0, 0, 0 }));
}

TEST(dr6_says_which_watch_was_hit)
{
	struct kvm_run run = { .exit_reason = KVM_EXIT_DEBUG };

	run.debug.arch.exception = 1;
	run.debug.arch.dr6 = 0xffff0ff0 | 1 << 2;
	EXPECT_EQ(2, kvm_arch_watched(&run));
	run.debug.arch.dr6 = 0xffff0ff0 | 3;
	EXPECT_EQ(0, kvm_arch_watched(&run));
	/* a single step (BS), the fourth register, a breakpoint instruction: none of ours */
	run.debug.arch.dr6 = 0xffff0ff0 | 1 << 14;
	EXPECT_EQ(-1, kvm_arch_watched(&run));
	run.debug.arch.dr6 = 0xffff0ff0 | 1 << 3;
	EXPECT_EQ(-1, kvm_arch_watched(&run));
	run.debug.arch.dr6 = 1;
	run.debug.arch.exception = 3;
	EXPECT_EQ(-1, kvm_arch_watched(&run));
}

TEST_HARNESS_MAIN

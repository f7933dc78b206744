// SPDX-License-Identifier: GPL-2.0
/* Promises of vmm/qemu/look.c and vmm/stand.c: what QEMU prints about a CPU, and what is said. */
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "vmm/qemu/machine.h"

#define REGISTERS(_ip, _sp, _flags, _cpl, _hlt)					\
	"{\"return\": \"\\r\\nCPU#0\\r\\nRAX=0000000000000000 RBX=ffff888003c9a000\\r\\n" \
	"RSI=0000000000000001 RDI=0000000000000000 RBP=ffffc90000013e40 RSP=" _sp "\\r\\n" \
	"RIP=" _ip " RFL=" _flags " [---Z-P-] CPL=" _cpl " II=0 A20=1 SMM=0 HLT=" _hlt "\\r\\n\", \"id\": 3}"

TEST(registers_say_what_a_cpu_does)
{
	static const struct {
		const char *text;
		enum vm_stand_kind kind;
	} row[] = {
		{ REGISTERS("ffffffff81e2b0f1", "ffffc90000013e20", "00000246", "0", "0"), VM_STAND_KERNEL },
		{ REGISTERS("ffffffff81e2b0f1", "ffffc90000013e20", "00000046", "0", "0"), VM_STAND_LOCKED },
		{ REGISTERS("ffffffff81e2b0f1", "ffffc90000013e20", "00000246", "0", "1"), VM_STAND_IDLE },
		{ REGISTERS("ffffffff81e2b0f1", "ffffc90000013e20", "00000046", "0", "1"), VM_STAND_DEAD },
		{ REGISTERS("00007f0000401000", "00007ffd00013e20", "00000246", "3", "0"), VM_STAND_USER },
		{ "EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=1", VM_STAND_NEVER },
		{ "{\"return\": \"unknown command\", \"id\": 3}", VM_STAND_LOST },
		{ "", VM_STAND_LOST },
		{ "HLT=", VM_STAND_LOST },
		{ "CPL= HLT=x RIP=", VM_STAND_LOST },
	};
	struct vm_stand s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		qemu_look_parse(row[i].text, &s);
		EXPECT_EQ(row[i].kind, s.kind) TH_LOG("row %zu", i);
	}
	qemu_look_parse(row[0].text, &s);
	EXPECT_EQ(0xffffffff81e2b0f1, s.pc);
	EXPECT_EQ(0xffffc90000013e20, s.sp);
}

static bool name(const void *arg, uint64_t pc, char *buf, size_t size)
{
	snprintf(buf, size, "%s", (const char *)arg);
	return pc == 16;
}

TEST(cpus_that_do_the_same_are_told_together)
{
	static const struct vm_stand stand[] = {
		{ VM_STAND_IDLE, 1, 1 }, { VM_STAND_KERNEL, 16, 1 }, { VM_STAND_IDLE, 1, 1 },
		{ VM_STAND_IDLE, 1, 1 }, { VM_STAND_LOCKED, 17, 1 },
	};
	const struct vm_namer namer = { name, "irq_work_sync+0x3c" };
	char text[128], tiny[8];

	vm_stands_tell(stand, 5, &namer, text, sizeof(text));
	EXPECT_STREQ("vCPU 4 runs with interrupts off at 0x11; vCPU 1 runs in the kernel in irq_work_sync+0x3c; vCPU 0, 2-3 is idle",
		     text);
	vm_stands_tell(stand, 2, NULL, text, sizeof(text));
	EXPECT_STREQ("vCPU 1 runs in the kernel at 0x10; vCPU 0 is idle", text);
	vm_stands_tell(stand, 5, NULL, tiny, sizeof(tiny));
	EXPECT_STREQ("vCPU 4 ", tiny);
}

TEST_HARNESS_MAIN

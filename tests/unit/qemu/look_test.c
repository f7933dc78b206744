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

/* What QEMU 10.0.2 prints about a CPU, but for the rest of the line of a segment. */
static const char all_registers[] =
	"RAX=ffffffff82a3b4c0 RBX=ffff888003c9a000 RCX=0000000000000003 RDX=0000000000000004\n"
	"RSI=0000000000000005 RDI=0000000000000006 RBP=ffffc90000013e40 RSP=ffffc90000013e20\n"
	"R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=000000000000000b\n"
	"R12=000000000000000c R13=000000000000000d R14=000000000000000e R15=000000000000000f\n"
	"RIP=ffffffff81e2b0f1 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"
	"ES =0000 0000000000000000 ffffffff 00c00100\n"
	"CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]\n"
	"SS =0018 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]\n"
	"DS =002b 0000000000000000 ffffffff 00c00100\n"
	"FS =0000 00007f1234567740 ffffffff 00c00100\n"
	"GS =0000 ffff88801f200000 ffffffff 00c00100\n"
	"LDT=0000 fffffe1a00000000 00000000 00000000\n"
	"CR0=80050033 CR2=00007f00deadbeef CR3=0000000003e22001 CR4=00770ef0\n";

TEST(all_registers_are_read)
{
	static const struct {
		const char *name;
		enum vm_stand_kind kind;
	} missing[] = {
		{ "RAX=", VM_STAND_LOST }, { "R9 =", VM_STAND_LOST }, { "CR3=", VM_STAND_LOST },
		{ "GS =", VM_STAND_LOST }, { "HLT=", VM_STAND_LOST }, { "RIP=", VM_STAND_NEVER },
	};
	char text[sizeof(all_registers)];
	struct vm_regs r;

	qemu_look_parse_regs(all_registers, &r);
	ASSERT_EQ(VM_STAND_KERNEL, r.kind);
	EXPECT_EQ(0xffffffff82a3b4c0, r.gpr[VM_RAX]);
	EXPECT_EQ(0xffff888003c9a000, r.gpr[VM_RBX]);
	EXPECT_EQ(3, r.gpr[VM_RCX]);
	EXPECT_EQ(4, r.gpr[VM_RDX]);
	EXPECT_EQ(0xffffc90000013e20, r.gpr[VM_RSP]);
	EXPECT_EQ(0xffffc90000013e40, r.gpr[VM_RBP]);
	EXPECT_EQ(5, r.gpr[VM_RSI]);
	EXPECT_EQ(6, r.gpr[VM_RDI]);
	for (int i = VM_R8; i <= VM_R15; i++)
		EXPECT_EQ((uint64_t)i, r.gpr[i]);
	EXPECT_EQ(0xffffffff81e2b0f1, r.rip);
	EXPECT_EQ(0x246, r.rflags);
	EXPECT_EQ(0x10, r.cs);
	EXPECT_EQ(0x18, r.ss);
	EXPECT_EQ(0x2b, r.ds);
	EXPECT_EQ(0x7f1234567740, r.fs_base);
	EXPECT_EQ(0xffff88801f200000, r.gs_base);
	EXPECT_EQ(0x80050033, r.cr0);
	EXPECT_EQ(0x7f00deadbeef, r.cr2);
	EXPECT_EQ(0x3e22001, r.cr3);
	EXPECT_EQ(0x770ef0, r.cr4);
	/* with one of them missing, none is believed; without RIP it is in 16 or 32 bits */
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		memcpy(text, all_registers, sizeof(text));
		memset(strstr(text, missing[i].name), ' ', strlen(missing[i].name));
		qemu_look_parse_regs(text, &r);
		EXPECT_EQ(missing[i].kind, r.kind) TH_LOG("%s", missing[i].name);
		EXPECT_EQ(0, r.gpr[VM_RBX]);
	}
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

// SPDX-License-Identifier: GPL-2.0
/*
 * /init of the boot bench. Its first instruction is one that KVM traces: CPUID of a leaf that
 * nothing else asks for (INIT_LEAF of boot_bench.c). Then it ends the machine. No library:
 * nothing runs before it.
 */
#include <sys/syscall.h>

#define INIT_LEAF	0x6b747372

static long call(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

void _start(void);

void _start(void)
{
	__asm__ volatile("cpuid" : : "a"(INIT_LEAF) : "rbx", "rcx", "rdx");
	/* LINUX_REBOOT_MAGIC1, MAGIC2, CMD_RESTART */
	call(SYS_reboot, 0xfee1dead, 0x28121969, 0x01234567);
	for (;;)
		call(SYS_pause, 0, 0, 0);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rate of the APIC timer, told to the guest's kernel. Without a TSC-deadline timer, which TCG
 * lacks, calibrate_APIC_clock() counts APIC ticks for 100 ms with interrupts on and each CPU in a
 * loop: a third of the CPU time of an emulated boot. It does not if lapic_timer_period is set
 * already, as platforms do that know it. The rate is known here: QEMU's APIC counts ns of the
 * virtual clock (APIC_TIMER in hw/intc/apic_common.c), so a tick has 10^9 / HZ of them.
 *
 * It is set when the boot CPU gets to start_kernel(): memory is as the image says, .bss is zero,
 * nothing else runs, and guest time stands still.
 */
#ifndef KTSTR_VMM_QEMU_TIMER_H
#define KTSTR_VMM_QEMU_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/* Link addresses, as in struct vm_apic_timer. */
struct timer_symbols {
	uint64_t start;
	uint64_t period;
	uint64_t jiffies;
};

/* May the instruction at @vaddr be start_kernel()'s first one? False once it was executed. */
bool timer_may_start_at(const struct timer_symbols *s, uint64_t vaddr);

/* It is executed; @insn is where the emulator has it in memory. */
void timer_start(const struct timer_symbols *s, const void *insn);

#endif

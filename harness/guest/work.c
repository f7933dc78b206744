// SPDX-License-Identifier: GPL-2.0
/*
 * The work types. A work unit is the smallest countable progress; an iteration is one pass of
 * a type's outer loop and must return within milliseconds of CPU time, because the order to
 * stop is looked for between iterations.
 */
#include "work.h"

/*
 * @n units, each eight steps of a dependent chain (a linear congruential generator, so that
 * nothing can be folded). No pause hint: hypervisors trap it (pause-loop exiting), and QEMU
 * leaves its translated code at each one; either would measure the emulator and not the
 * scheduler.
 */
static void spin(struct ktstr_work_ctx *w, unsigned int n)
{
	uint64_t x = w->units;

	while (n--) {
		for (int i = 0; i < 8; i++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			__asm__ volatile("" : "+r"(x));
		}
		w->units++;
	}
}

/*
 * One iteration is 1024 units. Measured: 7.6 us on an x86 server CPU, 150 us of vCPU time with
 * icount shift=2 (300 us on the clock when two busy vCPUs share the instruction budget).
 * So a clock read each time costs 0.3 % at 20 ns (vDSO) and about 1 % at 2 us (emulated timer).
 */
static void spin_wait(struct ktstr_work_ctx *w)
{
	spin(w, 1024);
}

const struct ktstr_work_row ktstr_work_table[KTSTR_NR_WORK_TYPES] = {
	[KTSTR_WORK_SPIN_WAIT] = {
		"SpinWait", "tight CPU loop, 1024 units an iteration", 1, spin_wait,
	},
};

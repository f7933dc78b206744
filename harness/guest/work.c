// SPDX-License-Identifier: GPL-2.0
/*
 * The work types. A work unit is the smallest countable progress; an iteration is one pass of
 * a type's outer loop and must return within milliseconds of CPU time, because the order to
 * stop is looked for between iterations.
 */
#include "work.h"

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* @n units: count one where the compiler cannot fold it, then hint that this is a spin. */
static void spin(struct ktstr_work_ctx *w, unsigned int n)
{
	while (n--) {
		w->units++;
		__asm__ volatile("" : "+m"(w->units));
		cpu_relax();
	}
}

/*
 * One iteration is 1024 pauses: measured 5 to 50 us on real CPUs, where a pause takes 10 to
 * 140 cycles, and about 16 us of guest time when an instruction takes 4 ns (icount shift=2).
 * Eight of them make a clock read every 40 to 400 us, at 25 ns each.
 */
static void spin_wait(struct ktstr_work_ctx *w)
{
	spin(w, 1024);
}

const struct ktstr_work_row ktstr_work_table[KTSTR_NR_WORK_TYPES] = {
	[KTSTR_WORK_SPIN_WAIT] = {
		"SpinWait", "tight CPU loop, 1024 units an iteration", 8, spin_wait,
	},
};

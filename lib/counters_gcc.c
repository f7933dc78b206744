// SPDX-License-Identifier: GPL-2.0
/*
 * Brings the functions that counters.c calls out of gcc's libgcov.a. Weak references do not load members
 * of an archive, and the objects that gcc instruments refer to __gcov_init() and __gcov_exit() only. So
 * this object defines __gcov_exit(), and is loaded from libktstr.a by such objects and by no others.
 * libgcov's own, strong definition takes the place of this one as soon as __gcov_init() loads it.
 */
#include "counters_runtime.h"

void __attribute__((weak)) __gcov_exit(void)
{
}

extern void (* const ktstr_counters_gcc[])(void);
void (* const ktstr_counters_gcc[])(void) = { __gcov_dump, __gcov_reset };

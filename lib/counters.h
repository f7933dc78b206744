/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of executed code in this program, if its author has built it with them: --coverage of
 * gcc or clang, or clang's -fprofile-instr-generate. The compiler's runtime writes them to files when a
 * process ends by exit(). Our processes end by _exit(), and the guest by a reset, so they are written
 * explicitly. Without counters forked() and save() do nothing.
 */
#ifndef KTSTR_LIB_COUNTERS_H
#define KTSTR_LIB_COUNTERS_H

#include <stdbool.h>

bool ktstr_counters__gcov(void);	/* .gcda files, one per object */
bool ktstr_counters__llvm(void);	/* .profraw files, one per program */

/*
 * This process and its children write below @dir from now on, also children that exit() or are other
 * programs with counters. Files of several processes are merged by the runtime.
 */
void ktstr_counters__write_below(const char *dir);

/* In a child: what was executed up to the fork is the parent's. */
void ktstr_counters__forked(void);
/* Write them, before _exit(). The last use in this process. */
void ktstr_counters__save(void);

#endif

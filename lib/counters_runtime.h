/* SPDX-License-Identifier: GPL-2.0 */
/* What counters.c calls in the runtime of a compiler: gcc's libgcov, clang's libclang_rt.profile. */
#ifndef KTSTR_LIB_COUNTERS_RUNTIME_H
#define KTSTR_LIB_COUNTERS_RUNTIME_H

void __gcov_dump(void);
void __gcov_reset(void);
void __gcov_exit(void);

int __llvm_profile_write_file(void);
void __llvm_profile_set_filename(const char *pattern);
void __llvm_profile_initialize_file(void);
void __llvm_profile_reset_counters(void);

#endif

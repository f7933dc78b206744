/* SPDX-License-Identifier: GPL-2.0 */
/* Where files of counters belong on the host: there, where a run without a guest puts them. */
#ifndef KTSTR_COUNTERS_PLACE_H
#define KTSTR_COUNTERS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* Is it the name of a .gcda file as a runtime has it: absolute, without "..", printable? */
bool ktstr_counters__is_gcda_name(const char *name);
/*
 * The file for the name that the compiler has put into the program. @prefix and @strip: GCOV_PREFIX
 * and GCOV_PREFIX_STRIP, or NULL. 0 or -ENAMETOOLONG.
 */
int ktstr_counters__gcda_path(char *buf, size_t size, const char *name, const char *prefix,
			      const char *strip);
/* The folder for .profraw files, by LLVM_COV_TARGET_DIR and LLVM_PROFILE_FILE. 0 or -errno. */
int ktstr_counters__llvm_dir(char *buf, size_t size);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Counters of executed code: see counters.h. The runtimes are there in programs with counters only. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "counters_runtime.h"

#pragma weak __gcov_dump
#pragma weak __gcov_reset
#pragma weak __llvm_profile_write_file
#pragma weak __llvm_profile_set_filename
#pragma weak __llvm_profile_initialize_file
#pragma weak __llvm_profile_reset_counters

#define LLVM_FILE	"LLVM_PROFILE_FILE"

bool ktstr_counters__gcov(void)
{
	return __gcov_dump && __gcov_reset;
}

bool ktstr_counters__llvm(void)
{
	return __llvm_profile_write_file && __llvm_profile_set_filename &&
	       __llvm_profile_initialize_file && __llvm_profile_reset_counters;
}

void ktstr_counters__write_below(const char *dir)
{
	char pattern[PATH_MAX];

	/* both, as a child may be a program of another compiler */
	setenv("GCOV_PREFIX", dir, 1);
	unsetenv("GCOV_PREFIX_STRIP");
	/* %m: the program, whose processes share a file */
	snprintf(pattern, sizeof(pattern), "%s/%%m.profraw", dir);
	setenv(LLVM_FILE, pattern, 1);
	if (ktstr_counters__llvm())
		__llvm_profile_initialize_file();
}

/* %p in the pattern is another process now. The runtime looks at a pattern only if it is a new one. */
static void rename_profraw(void)
{
	const char *pattern = getenv(LLVM_FILE);

	if (!pattern || !strstr(pattern, "%p"))
		return;
	__llvm_profile_set_filename("none");
	__llvm_profile_set_filename(pattern);
}

void ktstr_counters__forked(void)
{
	if (ktstr_counters__gcov())
		__gcov_reset();
	if (ktstr_counters__llvm()) {
		__llvm_profile_reset_counters();
		rename_profraw();
	}
}

void ktstr_counters__save(void)
{
	if (ktstr_counters__gcov())
		__gcov_dump();
	if (ktstr_counters__llvm())
		__llvm_profile_write_file();
}

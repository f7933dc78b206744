/* SPDX-License-Identifier: GPL-2.0 */
/* From files of counters to counts of lines, by the tools that belong to the compilers. */
#ifndef KTSTR_TOOL_COVERAGE_COLLECT_H
#define KTSTR_TOOL_COVERAGE_COLLECT_H

#include "lines.h"
#include "tools-testing-ktstr/util/util.h"

/*
 * What @argv prints, malloc()ed and terminated; its standard error is ours, or /dev/null when @quiet.
 * NULL with errno (ENOENT: there is no such program; EIO: it failed).
 */
char *output_of(const char * const *argv, bool quiet, size_t *len);

/* All .gcda files below @dir, which mirrors the whole tree. 0, or 1 after a complaint. */
int collect_gcov(struct ktstr_cover *c, const char *dir);
/* All .profraw files in @dir, which @programs have written. 0, or 1 after a complaint. */
int collect_llvm(struct ktstr_cover *c, const char *dir, const struct strings *programs);

#endif

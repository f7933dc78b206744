/* SPDX-License-Identifier: GPL-2.0 */
/* The files that a machine writes: consoles and logs. */
#ifndef KTSTR_VMM_OUTPUT_H
#define KTSTR_VMM_OUTPUT_H

#include "lib/err.h"

/*
 * Create or truncate @path, the spec's member @what. A descriptor above stderr that appends and
 * is close-on-exec, or -errno with @err.
 */
int vm_output_open(const char *what, const char *path, struct ktstr_err *err);

/* Append all of the file @from to @to. 0 or -errno. */
int vm_output_copy(int from, int to);

#endif

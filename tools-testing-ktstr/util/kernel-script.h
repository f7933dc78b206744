/* SPDX-License-Identifier: GPL-2.0 */
/*
 * setup/kernel.sh, which fetches and builds kernels: it knows the distributions' package managers.
 * Arguments are an action and what follows it.
 */
#ifndef KTSTR_TOOL_UTIL_KERNEL_SCRIPT_H
#define KTSTR_TOOL_UTIL_KERNEL_SCRIPT_H

#include "lib/err.h"
#include "util.h"

/* Become the script. Returns only after a complaint, an exit status. */
int kernel_script__exec(const struct strings *args);

/*
 * Run it and read what it prints on stdout, one string a line, into @lines; the caller frees the
 * strings. What it says on stderr goes to ours. 0, or -errno with @err (-EIO: it failed).
 */
int kernel_script__read(const struct strings *args, struct strings *lines, struct ktstr_err *err);

#endif

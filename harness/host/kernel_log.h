/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of this machine's kernel while a body runs here that was written for a guest: splats, and
 * why a scheduler was ejected. fold.c judges them as those of a guest.
 */
#ifndef KTSTR_HOST_KERNEL_LOG_H
#define KTSTR_HOST_KERNEL_LOG_H

#include "harness/model/seen.h"

/* From now on. A descriptor, or -errno: this process may not read the log. */
int ktstr_kernel_log__open(void);
/* What was logged since then becomes a part of @s. Closes @fd. */
void ktstr_kernel_log__read(int fd, struct ktstr_seen *s);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Confines a child process to computing: it can use its memory and the clock, write to its standard
 * output and error, and exit. At any other system call it ends with KTSTR_SANDBOX_LEFT.
 */
#ifndef KTSTR_HOST_SANDBOX_H
#define KTSTR_HOST_SANDBOX_H

#define KTSTR_SANDBOX_LEFT	77	/* exit status */

/* For good, in a child with one thread. 0, or -errno where the kernel cannot do it. */
int ktstr_sandbox__enter(unsigned int limit_s);

#endif

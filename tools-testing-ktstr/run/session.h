/* SPDX-License-Identifier: GPL-2.0 */
/* A shell in a guest, and the terminal of its user: both ends of ktstr/terminal.h meet here. */
#ifndef KTSTR_TOOL_RUN_SESSION_H
#define KTSTR_TOOL_RUN_SESSION_H

#include <sys/types.h>

/*
 * Join the terminal (standard input and output) to the guest's shell behind @sock until the program
 * @pid ends, which runs the guest. The user's way out of a guest that hangs is a SIGINT for @pid.
 * Returns the shell's exit status, or -1: it had none. The terminal is as before then. The caller
 * has blocked SIGWINCH.
 */
int session__run(int sock, pid_t pid);

#endif

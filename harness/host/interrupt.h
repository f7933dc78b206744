/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP during a run are recorded and make a file descriptor readable for
 * poll(), so that the machine is shut down properly and the results so far are written.
 */
#ifndef KTSTR_HOST_INTERRUPT_H
#define KTSTR_HOST_INTERRUPT_H

/* Catch the signals from now on. Also sends SIGTERM to this process when its parent dies. */
int ktstr_interrupt__catch(void);
/* Readable once a signal arrived; -1 before __catch(). */
int ktstr_interrupt__fd(void);
/* The signal, 0: none so far. */
int ktstr_interrupt__signal(void);

#endif

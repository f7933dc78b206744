/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP during a run: remembered and made visible to poll() as a file
 * descriptor, so that the machine is taken down properly and what was seen is written.
 */
#ifndef KTSTR_CORE_INTERRUPT_H
#define KTSTR_CORE_INTERRUPT_H

/* From here on the signals are ours; also lets this process die with its parent (SIGTERM). */
int ktstr_interrupt__catch(void);
/* Readable once a signal arrived; -1 before __catch(). */
int ktstr_interrupt__fd(void);
/* The signal, 0: none so far. */
int ktstr_interrupt__signal(void);

#endif

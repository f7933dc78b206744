/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The turns of the emulator's two threads. A deterministic machine has one thread that executes
 * all vCPUs, and QEMU's main thread, which serves timers while the vCPUs are idle, and requests
 * to reset or to stop. Both take the big lock, and who gets it first is up to the host: then a
 * timer runs on the other thread, or a kick ends a vCPU's turn elsewhere. The fence lets one of
 * the two run at a time and hands over at moments that only the guest decides:
 *
 * - the vCPUs' thread waits for work: the main thread runs until it has woken it and is back in
 *   its poll;
 * - the vCPUs' thread has notified the main loop: when it drops the big lock, the main thread runs
 *   one round.
 *
 * It also keeps the host's clock away from the vCPUs: no timer of it ends a turn, and the TLBs are
 * not sized by it.
 *
 * It works by replacing ppoll(), write(), gettimeofday() and four functions of pthreads, so
 * hostcall.so has to be preloaded.
 */
#ifndef KTSTR_VMM_QEMU_FENCE_H
#define KTSTR_VMM_QEMU_FENCE_H

#include <stdbool.h>

/* Are the functions of this library those that the emulator calls? */
bool fence_is_preloaded(void);

/* To be called by the thread that executes the vCPUs; from then on the fence holds. */
void fence_begin(void);

/*
 * By the same thread, without the big lock, after it has told the main loop something: let the main
 * thread run one round. If it stops the machine in it, this returns when it waits for the vCPUs.
 */
void fence_yield(void);

#endif

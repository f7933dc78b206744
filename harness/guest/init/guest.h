/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest side. PID 1 is a supervisor: it mounts file systems, starts and watches the scheduler,
 * runs the body in a child of its own, enforces the run deadline in guest time, forwards logs, and
 * is the only writer of the channel. The child reports through a socket.
 *
 * The names below are what PID 1 expects in the initramfs besides the file of model/guest_args.h.
 */
#ifndef KTSTR_GUEST_INIT_GUEST_H
#define KTSTR_GUEST_INIT_GUEST_H

#define KTSTR_GUEST_SCHEDULER	"/scheduler"
/*
 * The schedulers that ops may start have a folder each, by name, with the files "scheduler",
 * "args" (one argument per line) and, if the scheduler has one, "cgroup_parent".
 */
#define KTSTR_GUEST_STAGING	"/staging/schedulers"
#define KTSTR_GUEST_SENTINEL	"/.ktstr_complete"	/* last file of the archive */

/* PID 1: never returns. */
__attribute__((noreturn)) void ktstr_guest_main(void);

#endif

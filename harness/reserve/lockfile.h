/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lock files by which everything that uses this suite on a host shares its CPUs: one for each LLC
 * and each CPU, in KTSTR_LOCK_DIR or /tmp. They are flock(2)s: a lock belongs to an open file and goes
 * with its process, however that ends, so no lock is ever stale. The files stay.
 *
 * All calls return at once. Whoever needs several files takes them in ascending order.
 */
#ifndef KTSTR_RESERVE_LOCKFILE_H
#define KTSTR_RESERVE_LOCKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum lockfile_kind { LOCKFILE_LLC, LOCKFILE_CPU };

/* Never TMPDIR: people with different ones would not see each other. 0 or -errno with @err. */
int lockfile__dir(char *buf, size_t size, struct ktstr_err *err);

/* DIR/ktstr-llc-NUMBER.lock. 0 or -ENAMETOOLONG. */
int lockfile__path(char *buf, size_t size, const char *dir, enum lockfile_kind kind,
		   uint32_t number);

/*
 * Take the lock, and make the file if there is none. A descriptor, which is the lock; -EWOULDBLOCK:
 * somebody has it; else -errno with @err, for example for a network file system, where such locks do
 * not hold between hosts, or not at all.
 */
int lockfile__take(const char *dir, enum lockfile_kind kind, uint32_t number, bool exclusive,
		   struct ktstr_err *err);

#endif

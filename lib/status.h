/* SPDX-License-Identifier: GPL-2.0 */
/* Wait statuses in words. */
#ifndef KTSTR_LIB_STATUS_H
#define KTSTR_LIB_STATUS_H

#include <stddef.h>

#define KTSTR_STATUS_SIZE	64	/* holds every text of ktstr_status__format() */

/*
 * How a process ended, as a predicate: "exited with status 3", "killed by SIGSEGV", "killed by
 * signal 42" for a signal without a name. @status is what waitpid() stored. Returns @buf.
 */
const char *ktstr_status__format(int status, char *buf, size_t size);

#endif

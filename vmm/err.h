/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How failures travel: functions return 0 or -errno and fill one sentence that says what
 * failed, where, why and what to do. Whoever talks to the user prints it; nobody below does.
 */
#ifndef KTSTR_VMM_ERR_H
#define KTSTR_VMM_ERR_H

#include <stdbool.h>

struct vm_err {
	char msg[512];
	bool missing;	/* the environment lacks something: a SKIP, not a failure */
};

/* Fill @e (may be NULL) and return -@errnum. @errnum is positive. */
int vm_err(struct vm_err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for something that the user can install or configure: sets e->missing. */
int vm_err_missing(struct vm_err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif

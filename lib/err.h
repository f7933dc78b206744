/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Error reporting: functions return 0 or -errno and fill in one sentence that says what failed,
 * where, why and what to do. Only code that talks to the user prints it.
 */
#ifndef KTSTR_LIB_ERR_H
#define KTSTR_LIB_ERR_H

#include <stdbool.h>

struct ktstr_err {
	char msg[512];
	bool missing;	/* the environment lacks something: a SKIP, not a failure */
};

/* Fill @e (may be NULL) and return -@errnum. @errnum is positive. */
int ktstr_err(struct ktstr_err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for something that the user can install or configure: sets e->missing. */
int ktstr_err_missing(struct ktstr_err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif

// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "err.h"

static void fill(struct ktstr_err *e, bool missing, const char *fmt, va_list ap)
{
	if (!e)
		return;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	e->missing = missing;
}

int ktstr_err(struct ktstr_err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, false, fmt, ap);
	va_end(ap);
	return -errnum;
}

int ktstr_err_missing(struct ktstr_err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, true, fmt, ap);
	va_end(ap);
	return -errnum;
}

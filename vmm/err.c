// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "err.h"

static void fill(struct vm_err *e, bool missing, const char *fmt, va_list ap)
{
	if (!e)
		return;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	e->missing = missing;
}

int vm_err(struct vm_err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, false, fmt, ap);
	va_end(ap);
	return -errnum;
}

int vm_err_missing(struct vm_err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, true, fmt, ap);
	va_end(ap);
	return -errnum;
}

// SPDX-License-Identifier: GPL-2.0
/* See argv.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argv.h"

#define FIRST_ROOM	64

static void push(struct vm_argv *a, const char *fmt, va_list ap)
{
	char *s;

	if (a->n + 1 >= a->room) {
		size_t room = a->room ? a->room * 2 : FIRST_ROOM;
		char **v = reallocarray(a->v, room, sizeof(*v));

		if (!v) {
			a->failed = true;
			return;
		}
		a->v = v;
		a->room = room;
	}
	if (vasprintf(&s, fmt, ap) < 0) {
		a->failed = true;
		return;
	}
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
}

void vm_argv_push(struct vm_argv *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	push(a, fmt, ap);
	va_end(ap);
}

void vm_argv_option(struct vm_argv *a, const char *option, const char *fmt, ...)
{
	va_list ap;

	vm_argv_push(a, "%s", option);
	va_start(ap, fmt);
	push(a, fmt, ap);
	va_end(ap);
}

void vm_argv_free(struct vm_argv *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	memset(a, 0, sizeof(*a));
}

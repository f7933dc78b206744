/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of an external program, built argument by argument. */
#ifndef KTSTR_VMM_ARGV_H
#define KTSTR_VMM_ARGV_H

#include <stdbool.h>
#include <stddef.h>

struct vm_argv {
	char **v;			/* NULL-terminated */
	size_t n;
	size_t room;
	bool failed;			/* out of memory; checked once at the end */
};

/* Append one argument. */
void vm_argv_push(struct vm_argv *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Append the two arguments "@option" and "@fmt ...". */
void vm_argv_option(struct vm_argv *a, const char *option, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void vm_argv_free(struct vm_argv *a);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a scheduler printed, made short: its exit dump apart from the rest, and blocks of lines
 * that come again and again (statistics every second, loops of the verifier) once, twice and
 * with a count between. sched.log has all of it.
 */
#ifndef KTSTR_CORE_SCHEDLOG_H
#define KTSTR_CORE_SCHEDLOG_H

#include <stddef.h>

/*
 * The exit dump in @text (UEI_REPORT() of the tree's schedulers prints one), between its
 * rulers; NULL when there is none. @len: its bytes; @start, @end: what to leave out of the log.
 */
const char *ktstr_schedlog__dump(const char *text, size_t *len, const char **start,
				 const char **end);

/*
 * @len bytes of text with repetitions collapsed: at least three blocks of the same lines behind one
 * another, numbers aside. malloc()ed; NULL with ENOMEM.
 */
char *ktstr_schedlog__collapse(const char *text, size_t len);

#endif

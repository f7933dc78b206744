/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shortens the output of a scheduler: its exit dump is separated from the rest, and of repeated
 * blocks of lines (statistics every second, loops of the verifier) the first and the last are kept
 * with a count between them. sched.log has all of it.
 */
#ifndef KTSTR_REPORT_SCHEDLOG_H
#define KTSTR_REPORT_SCHEDLOG_H

#include <stddef.h>

/*
 * The exit dump in @text (UEI_REPORT() of the tree's schedulers prints one), between its
 * rulers; NULL when there is none. @len: its bytes; @start, @end: what to leave out of the log.
 */
const char *ktstr_schedlog__dump(const char *text, size_t *len, const char **start,
				 const char **end);

/*
 * @len bytes of text with repetitions collapsed: at least three consecutive blocks of lines that
 * are equal except for numbers, and blocks within such blocks (rounds.h). malloc()ed; NULL with ENOMEM.
 */
char *ktstr_schedlog__collapse(const char *text, size_t len);

#endif

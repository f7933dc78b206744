/* SPDX-License-Identifier: GPL-2.0 */
/* Reading a kernel console for the lines that explain a death. */
#ifndef KTSTR_CORE_CONSOLE_H
#define KTSTR_CORE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* The file with its middle cut when it is huge; malloc()ed, "" when it cannot be read. */
char *ktstr_console__read(const char *path);

/*
 * The line that says why the kernel died, without its time stamp: the first panic, else the
 * first oops. False when the text has neither.
 */
bool ktstr_console__death(const char *text, char *buf, size_t size);

/* Does this line belong into a failure report? */
bool ktstr_console__matters(const char *line, size_t len);

/* Behind "[   12.345678] ", also with a "[ T123]" caller after it. */
const char *ktstr_console__skip_time(const char *line, size_t *len);

#endif

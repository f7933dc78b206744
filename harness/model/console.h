/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the lines of a kernel console that explain why the kernel died. */
#ifndef KTSTR_MODEL_CONSOLE_H
#define KTSTR_MODEL_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The file with its middle cut when it is huge; malloc()ed, "" when it cannot be read. */
char *ktstr_console__read(const char *path);

/*
 * The line that says why the kernel died, without its time stamp: the first panic, else the
 * first oops. False when the text has neither.
 */
bool ktstr_console__death(const char *text, char *buf, size_t size);

/* Does this line belong into a failure report? */
bool ktstr_console__matters(const char *line, size_t len);

/* The time stamp of a line, "[   12.345678] ", in us; false: it has none. */
bool ktstr_console__stamp(const char *line, size_t len, uint64_t *us);

/* The guest clock in the last time stamp, "[   12.345678] "; 0: there is none. */
uint64_t ktstr_console__time_ns(const char *text);

/* Skip "[ 12.345678] ", and a "[ T123]" caller after it. */
const char *ktstr_console__skip_time(const char *line, size_t *len);

/* Does @line, of a program's output, say that something went wrong? */
bool ktstr_text__complains(const char *line);

#endif

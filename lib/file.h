/* SPDX-License-Identifier: GPL-2.0 */
/* Reading and writing small files of the kernel (sysfs, procfs, cgroupfs). */
#ifndef KTSTR_LIB_FILE_H
#define KTSTR_LIB_FILE_H

#include <sys/types.h>

/* The file or its beginning, NUL-terminated. Length or -errno. */
ssize_t guest_file__text(const char *path, char *buf, size_t size);
/* The same, last newline removed. */
ssize_t guest_file__read(const char *path, char *buf, size_t size);
/* Write @text with one write(), as the kernel expects for a value. 0 or -errno. */
int guest_file__write(const char *path, const char *text);

#endif

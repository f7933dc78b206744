/* SPDX-License-Identifier: GPL-2.0 */
/* What tells two builds of a program apart: its build id, or else its content. */
#ifndef KTSTR_LIB_BUILD_ID_H
#define KTSTR_LIB_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

#define KTSTR_BUILD_ID_LEN	65	/* 32 bytes in hexadecimal, and a NUL */

/*
 * The note NT_GNU_BUILD_ID of the ELF file @path in hexadecimal; empty when it has none, as other
 * files have none. 0 or -errno when the file cannot be read.
 */
int ktstr_build_id(const char *path, char *buf, size_t size);

/*
 * A stable hash (SipHash-1-3) of the bytes of the file @path, which are not read again as long as its size
 * and times are the same. One thread. 0 or -errno.
 */
int ktstr_file_hash(const char *path, uint64_t *hash);

#endif

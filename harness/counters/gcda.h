/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of counters, as libgcov of gcc 9 and later and clang's runtime write them: a header, then
 * records with tag, length and data, in the machine's byte order. Only counts of arcs and numbers of
 * runs are summed, and all else has to be equal.
 */
#ifndef KTSTR_COUNTERS_GCDA_H
#define KTSTR_COUNTERS_GCDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both are of the same build of one object: else a runtime replaces the older file. */
bool ktstr_gcda__same_build(const void *a, size_t a_len, const void *b, size_t b_len);
/*
 * A file with the sums, malloc()ed, of @len bytes. NULL with errno: EINVAL, they are not whole files of
 * one object; EOPNOTSUPP, they have counters that are not of --coverage; ENOMEM.
 */
uint8_t *ktstr_gcda__sum(const void *a, size_t a_len, const void *b, size_t b_len, size_t *len);
/*
 * Add @data to the file at @path, which is made with its folders if it is not there. 0 or -errno;
 * -EINVAL: what is there is of the same build, and is damaged or too large.
 */
int ktstr_gcda__add_to(const char *path, const void *data, size_t len);

#define KTSTR_GCDA_MAX	(64 << 20)	/* bytes of a file that is added to */

#endif

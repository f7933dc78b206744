/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire form of a result, from the guest to the host.
 *
 * encode: returns a malloc()ed buffer and its length in *@len, or NULL with ENOMEM. decode:
 * validates everything; returns 0, or -EBADMSG, which leaves @r unspecified.
 */
#ifndef KTSTR_RESULT_WIRE_H
#define KTSTR_RESULT_WIRE_H

#include <stddef.h>

struct ktstr_result;

void *ktstr_result__encode(const struct ktstr_result *r, size_t *len);
int ktstr_result__decode(struct ktstr_result *r, const void *buf, size_t len);

#endif

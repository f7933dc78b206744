/* SPDX-License-Identifier: GPL-2.0 */
/* Rewrites a JSON text: names and identities become others, everything else stays as it is, byte by byte. */
#ifndef KTSTR_TOOL_FUNIFY_REWRITE_H
#define KTSTR_TOOL_FUNIFY_REWRITE_H

#include "lib/err.h"
#include "tools-testing-ktstr/util/util.h"
#include "names.h"

/*
 * Write the text to @out, whose errors the caller looks at. Values of the keys in @keep stay too. 0,
 * or -EBADMSG or -EFBIG with @err: it is no JSON, and nothing was written.
 */
int funify__rewrite(const struct funify_names *n, const struct strings *keep, const char *text,
		    size_t len, FILE *out, struct ktstr_err *err);

#endif

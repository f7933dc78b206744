/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a body or a host callback says about the outcome. Each of these adds a detail to the
 * verdict; they may be mixed freely with the checks that the test declares.
 */
#ifndef KTSTR_CLAIM_H
#define KTSTR_CLAIM_H

#include <ktstr/attrs.h>

/* In a body: the test fails, is skipped, or found nothing to judge. */
void ktstr_fail(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_skip(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_inconclusive(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * The accessors of ktstr/scenario.h and ktstr/claim.h, by which a body uses its context.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/claim.h>
#include <ktstr/payload.h>
#include <ktstr/scenario.h>

#include "ctx.h"

const char *ktstr_test_name(const struct ktstr_ctx *ctx)
{
	return ctx->test->name;
}

uint64_t ktstr_duration_ns(const struct ktstr_ctx *ctx)
{
	return ctx->duration_ns;
}

uint32_t ktstr_nr_cpus(const struct ktstr_ctx *ctx)
{
	return ctx->nr_cpus;
}

uint32_t ktstr_workers_per_cgroup(const struct ktstr_ctx *ctx)
{
	return ctx->workers_per_cgroup;
}

uint32_t ktstr_time_scale(const struct ktstr_ctx *ctx)
{
	return ctx->time_scale ? ctx->time_scale : 1;
}

const struct ktstr_topology *ktstr_topology(const struct ktstr_ctx *ctx)
{
	return &ctx->topo;
}

const struct ktstr_payload *ktstr_main_payload(const struct ktstr_ctx *ctx)
{
	return ctx->test->payload;
}

int ktstr_sched_pid(const struct ktstr_ctx *ctx)
{
	return ctx->sched_pid;
}

struct ktstr_result *ktstr_ctx__result(const struct ktstr_ctx *ctx)
{
	return ctx->result;
}

uint64_t ktstr_stop_ns(const struct ktstr_ctx *ctx)
{
	return ctx->stop_ns;
}

static void say(struct ktstr_ctx *ctx, enum ktstr_severity severity, enum ktstr_kind kind,
		const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

static void say(struct ktstr_ctx *ctx, enum ktstr_severity severity, enum ktstr_kind kind,
		const char *fmt, va_list ap)
{
	char text[KTSTR_DETAIL_LEN];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	ktstr_result__add(ctx->result, severity, kind, "%s", text);
}

void ktstr_pass(struct ktstr_ctx *ctx)
{
	if (ctx->result->claims_held < UINT32_MAX)
		ctx->result->claims_held++;
}

void ktstr_fail(struct ktstr_ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctx, KTSTR_FAILS, KTSTR_CLAIM, fmt, ap);
	va_end(ap);
}

void ktstr_skip(struct ktstr_ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctx, KTSTR_SKIPS, KTSTR_SKIPPED, fmt, ap);
	va_end(ap);
}

void ktstr_inconclusive(struct ktstr_ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctx, KTSTR_UNDECIDED, KTSTR_NO_DATA, fmt, ap);
	va_end(ap);
}

void ktstr_error(struct ktstr_ctx *ctx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(ctx, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, fmt, ap);
	va_end(ap);
}

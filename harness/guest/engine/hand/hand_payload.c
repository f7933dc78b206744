// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads of a body that works by hand: ktstr/payload.h. A handle has a copy of the declaration,
 * with the arguments and checks of this run.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../check/checker.h"
#include "../engine.h"
#include "../state/payload_run.h"
#include "harness/guest/payload/payload.h"
#include "hand.h"

struct ktstr_payload_handle {
	struct ktstr_payload_handle *next;
	struct ktstr_hand *hand;
	struct ktstr_payload payload;
	struct ktstr_payload_check *checks;	/* those of the copy, or NULL */
	struct ktstr_payload_run *run;		/* NULL: it has ended */
	int exit_code;
	uint32_t first, nr;			/* its figures, in the result */
};

static uint32_t nr_checks(const struct ktstr_payload_check *c)
{
	uint32_t nr = 0;

	while (c && c[nr].kind)
		nr++;
	return nr;
}

/* The declaration as it is for this run. The checks of the run come last and therefore count. */
static int adapt(struct ktstr_payload_handle *h, const struct ktstr_payload *payload,
		 const struct ktstr_payload_opts *opts)
{
	uint32_t own, more = nr_checks(opts->checks);

	h->payload = *payload;
	if (opts->replace_args)
		h->payload.args = NULL;
	if (opts->replace_checks)
		h->payload.checks = NULL;
	if (!more)
		return 0;
	own = nr_checks(h->payload.checks);
	h->checks = calloc(own + more + 1, sizeof(*h->checks));
	if (!h->checks)
		return -ENOMEM;
	if (own)
		memcpy(h->checks, h->payload.checks, own * sizeof(*h->checks));
	memcpy(h->checks + own, opts->checks, more * sizeof(*h->checks));
	h->payload.checks = h->checks;
	return 0;
}

static bool is_valid(struct ktstr_ctx *ctx, const struct ktstr_payload *payload,
		     const struct ktstr_payload *adapted, const struct ktstr_payload_opts *opts)
{
	struct ktstr_checker ck = { .ctx = ctx, .by_hand = true };
	const char *flag, *problem;
	char why[256];

	ktstr_checker__subject(&ck, "spawn_payload");
	ktstr_checker__payload(&ck, payload);
	problem = payload && !ck.problems ?
		  ktstr_payload__problem(adapted, why, sizeof(why)) : NULL;
	if (problem)
		ktstr_problem(&ck, "payload %s, as it is to run: %s", payload->name, problem);
	flag = ck.problems ? NULL : ktstr_payload__unknown_flag(payload, opts->args);
	if (flag)
		ktstr_problem(&ck, "payload %s does not know \"%s\"", payload->name, flag);
	return !ck.problems;
}

static void handle_free(struct ktstr_payload_handle *h)
{
	free(h->checks);
	free(h);
}

static int start(struct ktstr_payload_handle *h, const struct ktstr_payload_opts *opts,
		 struct ktstr_err *err)
{
	struct ktstr_scenario_state *st = &h->hand->state;
	int ret;

	ret = ktstr_payload_run__start(st, &h->payload, opts->args, opts->cgroup ?: "", err);
	if (!ret)
		h->run = st->payloads[st->nr_payloads - 1];
	return ret;
}

struct ktstr_payload_handle *ktstr_payload__spawn(struct ktstr_ctx *ctx,
						  const struct ktstr_payload *payload,
						  const struct ktstr_payload_opts *opts)
{
	struct ktstr_hand *hand = ktstr_hand__open(ctx, NULL);
	struct ktstr_payload_handle *h = hand ? calloc(1, sizeof(*h)) : NULL;
	const char *name = payload ? payload->name : "(none)";
	struct ktstr_err err = { };
	bool valid;

	if (!hand)
		return NULL;
	if (!h || (payload && adapt(h, payload, opts))) {
		ktstr_hand__failed(ctx, -ENOMEM, "start payload", name, strerror(ENOMEM));
		if (h)
			handle_free(h);
		return NULL;
	}
	if (ctx->preview)
		__atomic_store_n(ctx->preview->stage, KTSTR_PREVIEW_CHECKING, __ATOMIC_RELEASE);
	valid = is_valid(ctx, payload, &h->payload, opts);
	if (ctx->preview)
		ktstr_hand__end_preview(ctx, true);
	h->hand = hand;
	if (valid && !start(h, opts, &err)) {
		h->next = hand->payloads;
		hand->payloads = h;
		return h;
	}
	if (valid)
		ktstr_hand__failed(ctx, -EIO, "start payload", name, err.msg);
	handle_free(h);
	return NULL;
}

/* Index of its run in the state; it is there as long as h->run. */
static uint32_t index_of(const struct ktstr_payload_handle *h)
{
	const struct ktstr_scenario_state *st = &h->hand->state;
	uint32_t i = 0;

	while (st->payloads[i] != h->run)
		i++;
	return i;
}

/* Judge it once it has ended; @wait: it gets @ns for that. */
static int conclude(struct ktstr_payload_handle *h, bool wait, uint64_t ns)
{
	struct ktstr_scenario_state *st = &h->hand->state;
	struct ktstr_ctx *ctx = h->hand->ctx;
	uint32_t i = index_of(h);
	int ret;

	h->first = ctx->result->nr_ext_metrics;
	ktstr_engine__rise(h->hand->env, true);
	ret = wait ? ktstr_payload_run__await(st, i, ns) : ktstr_payload_run__end(st, i);
	ktstr_engine__rise(h->hand->env, false);
	h->run = NULL;
	h->exit_code = WIFEXITED(st->payload_status) ? WEXITSTATUS(st->payload_status) : -1;
	h->nr = ctx->result->nr_ext_metrics - h->first;
	return ret ? ktstr_hand__failed(ctx, ret, "payload", h->payload.name,
					"it cannot be killed") : 0;
}

int ktstr_payload_wait(struct ktstr_payload_handle *h, uint64_t timeout_ns)
{
	if (!h)
		return -EINVAL;
	return h->run ? conclude(h, true, timeout_ns) : 0;
}

int ktstr_payload_try_wait(struct ktstr_payload_handle *h)
{
	if (!h)
		return -EINVAL;
	if (h->run && !ktstr_payload__wait(h->run->proc, 0))
		return 0;
	return ktstr_payload_wait(h, 0) ?: 1;
}

int ktstr_payload_kill(struct ktstr_payload_handle *h)
{
	if (!h)
		return -EINVAL;
	return h->run ? conclude(h, false, 0) : 0;
}

void ktstr_payload_drop(struct ktstr_payload_handle *h)
{
	struct ktstr_payload_handle **at;

	if (!h)
		return;
	if (h->run) {
		ktstr_result__add(h->hand->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "payload %s was dropped while it ran: it was killed and not judged",
				  h->payload.name);
		ktstr_payload_run__forget(&h->hand->state, index_of(h));
	}
	for (at = &h->hand->payloads; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	handle_free(h);
}

int ktstr_payload_exit_code(const struct ktstr_payload_handle *h)
{
	return h && !h->run ? h->exit_code : -1;
}

double ktstr_payload_metric(const struct ktstr_payload_handle *h, const char *name)
{
	const struct ktstr_ext_metric *m;

	if (!h)
		return (double)NAN;
	m = h->hand->ctx->result->ext_metrics + h->first;
	for (; m < h->hand->ctx->result->ext_metrics + h->first + h->nr; m++)
		if (!strcmp(m->name, name))
			return m->value;
	return (double)NAN;
}

int ktstr_payload__run(struct ktstr_ctx *ctx, const struct ktstr_payload *payload,
		       const struct ktstr_payload_opts *opts)
{
	struct ktstr_payload_handle *h = ktstr_payload__spawn(ctx, payload, opts);
	int ret;

	ret = ktstr_payload_wait(h, opts->timeout_ns ?: ctx->duration_ns);
	ktstr_payload_drop(h);
	return ret;
}

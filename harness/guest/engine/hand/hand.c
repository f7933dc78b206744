// SPDX-License-Identifier: GPL-2.0
/* The state of a body that works by hand, and its hold: see hand.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../engine.h"
#include "../hold.h"
#include "hand.h"

int ktstr_hand__failed(struct ktstr_ctx *ctx, int ret, const char *what, const char *object,
		       const char *why)
{
	ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_STEP_FAILED, "%s%s%s: %s", what,
			  *object ? " " : "", object, why);
	return ret;
}

bool ktstr_hand__previews(const struct ktstr_ctx *ctx)
{
	return ctx->preview;
}

void ktstr_hand__end_preview(const struct ktstr_ctx *ctx, bool checked)
{
	if (checked)
		__atomic_store_n(ctx->preview->stage, KTSTR_PREVIEW_CHECKED, __ATOMIC_RELEASE);
	_exit(0);
}

static int open_state(struct ktstr_hand *h, struct ktstr_err *err)
{
	int ret;

	h->state = (struct ktstr_scenario_state){
		.ctx = h->ctx, .checks = &h->ctx->checks, .env = h->env, .machine = h->machine,
		.kill_ns = h->env->kill_ns,
	};
	ret = ktstr_state__open_tree(&h->state, err);
	if (ret)
		return ret;
	/* sched_ext informs schedulers only about cgroups that have this controller */
	h->state.tree.group_cpu = true;
	return ktstr_cgroups__enable(&h->state.tree, "cpu", err);
}

struct ktstr_hand *ktstr_hand__open(struct ktstr_ctx *ctx, const struct ktstr_engine_env *env)
{
	struct ktstr_hand *h = ctx->hand;
	struct ktstr_err err = { };
	int ret;

	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h) {
		ktstr_hand__failed(ctx, -ENOMEM, "by hand", "", strerror(ENOMEM));
		return NULL;
	}
	h->ctx = ctx;
	h->env = env ?: &ktstr_engine_guest;
	h->machine = ctx->preview ? ktstr_machine(ctx) : ktstr_engine__read_machine(ctx, h->env);
	if (!h->machine) {
		free(h);
		return NULL;
	}
	ret = ctx->preview ? 0 : open_state(h, &err);
	if (ret) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s", err.msg);
		ktstr_state__fini(&h->state);
		free(h->machine);
		free(h);
		return NULL;
	}
	ctx->hand = h;
	return h;
}

void ktstr_hand__close(struct ktstr_ctx *ctx)
{
	struct ktstr_hand *h = ctx->hand;
	struct ktstr_err err = { };
	int ret;

	if (!h)
		return;
	while (h->payloads)
		ktstr_payload_drop(h->payloads);
	while (h->workloads)
		ktstr_workload_drop(h->workloads);
	ret = ktstr_state__clear(&h->state, false, &err);
	if (ret)
		ktstr_hand__failed(ctx, ret, "cleanup", "", err.msg);
	ktstr_state__doing(&h->state, KTSTR_DOING_OWN);
	ktstr_state__fini(&h->state);
	free(h->machine);
	free(h);
	ctx->hand = NULL;
}

const struct ktstr_cpumask *ktstr_all_cpus(struct ktstr_ctx *ctx)
{
	struct ktstr_hand *h = ktstr_hand__open(ctx, NULL);

	return h ? &h->machine->online : NULL;
}

void ktstr_hand__look_at_scheduler(struct ktstr_hand *h)
{
	struct pollfd p = { .fd = h->ctx->sched_pidfd, .events = POLLIN };

	if (p.fd >= 0 && poll(&p, 1, 0) > 0)
		h->state.sched_ended = true;
}

int ktstr_hold_for(struct ktstr_ctx *ctx, uint64_t ns)
{
	struct ktstr_hold_ctx hold = { .wake = -1 };
	enum ktstr_hold_end end;
	struct ktstr_hand *h;
	int ret;

	if (ktstr_hand__previews(ctx))
		ktstr_hand__end_preview(ctx, false);
	h = ktstr_hand__open(ctx, NULL);
	if (!h)
		return -EIO;
	ktstr_engine__rise(h->env, true);
	ktstr_state__doing(&h->state, KTSTR_DOING_HOLD);
	ret = ktstr_hold__open(&hold, h->env->sysfs, ctx->sched_pidfd, ctx->sched_pid > 0);
	if (!ret)
		ret = ktstr_hold__wait(&hold, ns, &end);
	ktstr_hold__close(&hold);
	ktstr_state__doing(&h->state, KTSTR_DOING_OWN);
	ktstr_engine__rise(h->env, false);
	if (ret)
		return ktstr_hand__failed(ctx, ret, "hold", "", strerror(-ret));
	if (end != KTSTR_HOLD_OVER) {
		h->state.sched_ended = true;
		ktstr_result__add(ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "the scheduler ended in a hold of the body, which was cut short");
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Makes the tests of the verifier sweep: see sweep.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/register.h>
#include <ktstr/scenario.h>

#include "sweep.h"

extern const struct ktstr_scheduler * const __start_ktstr_schedulers[] __attribute__((weak));
extern const struct ktstr_scheduler * const __stop_ktstr_schedulers[] __attribute__((weak));

/* A spinning worker for each CPU, in the class of the scheduler also where it takes only that. */
static int sweep_body(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, KTSTR_STEP(KTSTR_CGROUPS(KTSTR_CGROUP("verifier", .workers_pct = 1.0,
						       .policy = KTSTR_POLICY(EXT))),
					 KTSTR_HOLD_FULL));
}

/* How well tasks fare is the matter of other tests: here each must run at all. */
KTSTR_DEFAULTS_BEGIN
static const struct ktstr_test cell = {
	KTSTR_TEST_UNSET, .body = sweep_body, .ignore = KTSTR_ON, .duration_s = 1,
	.auto_repro = KTSTR_OFF, .not_starved = KTSTR_ON, .max_gap_ms = KTSTR_NO_LIMIT,
	.max_spread_pct = KTSTR_NO_LIMIT, .max_imbalance_ratio = KTSTR_NO_LIMIT,
	.max_local_dsq_depth = KTSTR_NO_LIMIT, .fail_on_stall = KTSTR_OFF,
	.max_fallback_rate = KTSTR_NO_LIMIT, .max_keep_last_rate = KTSTR_NO_LIMIT,
	.file = __FILE__,
};
KTSTR_DEFAULTS_END

bool ktstr_sweep__is_cell(const struct ktstr_test *t)
{
	return t->body == sweep_body;
}

/* One whose configuration comes from its tests has none here, and the kernel's own needs no sweep. */
static bool takes_part(const struct ktstr_scheduler *s)
{
	return (s->binary || s->enable) && !s->config_arg && !(s->kernels && !*s->kernels);
}

static const struct ktstr_test *make_one(const struct ktstr_scheduler *s)
{
	size_t size = strlen(KTSTR_SWEEP_PREFIX) + strlen(s->name ?: "") + 1;
	struct ktstr_test *t = malloc(sizeof(*t));
	char *name = malloc(size);

	if (!t || !name)
		abort();	/* at start-up, and nothing can be said of it */
	snprintf(name, size, KTSTR_SWEEP_PREFIX "%s", s->name ?: "");
	memcpy(t, &cell, sizeof(*t));
	t->name = name;
	t->scheduler = s;
	return t;
}

static const struct ktstr_test * const *make_cells(unsigned int *nr)
{
	unsigned int n = 0, i = 0;
	const struct ktstr_test **cells;

	if (__start_ktstr_schedulers)
		n = ((uintptr_t)__stop_ktstr_schedulers - (uintptr_t)__start_ktstr_schedulers) /
		    sizeof(*__start_ktstr_schedulers);
	cells = calloc(n + 1, sizeof(*cells));
	if (!cells)
		abort();
	for (*nr = 0; i < n; i++)
		if (takes_part(__start_ktstr_schedulers[i]))
			cells[(*nr)++] = make_one(__start_ktstr_schedulers[i]);
	return cells;
}

KTSTR_MAKE_TESTS(make_cells);

// SPDX-License-Identifier: GPL-2.0
/*
 * The first thing to ask of any scheduler: two cgroups with the same demand get the same
 * share, nobody starves and nobody waits long. Asked of the kernel's own scheduler, of the
 * suite's fixture and of two of the tree's example schedulers.
 */
#include <ktstr.h>

KTSTR_SCHEDULER(ktstr, .binary = "scx_ktstr");
KTSTR_SCHEDULER(simple, .binary = "scx_simple");
KTSTR_SCHEDULER(flatcg, .binary = "scx_flatcg");

static int two_equal_cgroups(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a"), CGROUP("cg_b")), HOLD_FULL));
}

KTSTR_TEST(equal_cgroups_eevdf, .duration_s = 3)
{
	return two_equal_cgroups(ctx);
}

KTSTR_TEST(equal_cgroups_scx_ktstr, .scheduler = &ktstr, .duration_s = 3)
{
	return two_equal_cgroups(ctx);
}

KTSTR_TEST(equal_cgroups_scx_simple, .scheduler = &simple, .duration_s = 3)
{
	int ret = two_equal_cgroups(ctx);

	claim_scx_events_clean(ctx, 0);
	return ret;
}

KTSTR_TEST(equal_cgroups_scx_flatcg, .scheduler = &flatcg, .duration_s = 3)
{
	return two_equal_cgroups(ctx);
}

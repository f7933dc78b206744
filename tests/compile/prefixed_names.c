// SPDX-License-Identifier: GPL-2.0
/* Compiles: without the short names, whose identifiers are the author's then. */
#define KTSTR_NO_SHORT_NAMES

/* A kernel developer's own. */
#define LLC	"last level cache"
#define IRQ	1
#define STEP	2
#define NEAR	3
#define VALUE	4
#define LIMIT	5

enum { CGROUP, CPUS, OPS, WORKS, HOLD_FULL, claim, run_stats };

#include <ktstr.h>
#include <ktstr/custom.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");

KTSTR_PAYLOAD(hackbench, .binary = "hackbench",
	      KTSTR_METRIC_RULES({ "seconds", "^Time: ([0-9.]+)", "s", KTSTR_LOWER_IS_BETTER }),
	      KTSTR_PAYLOAD_CHECKS(KTSTR_METRIC_MAX("seconds", 10), KTSTR_EXIT_CODE(0)));

static void touch(struct ktstr_work_ctx *w)
{
	ktstr_work_spin(w, ktstr_work_arg(w, 0));
}

KTSTR_TEST(prefixed, .scheduler = &simple, .llcs = 2, .payload = &hackbench)
{
	int ret = ktstr_run(ctx,
		KTSTR_STEP(KTSTR_OPS(KTSTR_ADD_CGROUP("cg_c"),
				     KTSTR_SET_CPUSET("cg_c", KTSTR_NUMA_NODE(0)),
				     KTSTR_SPAWN("cg_c", .work = KTSTR_WAKE_CHAIN(.depth = STEP))),
			   KTSTR_CGROUPS(KTSTR_CGROUP("cg_a", .workers = NEAR,
						      .cpuset = KTSTR_LLC(CPUS),
						      .policy = KTSTR_FIFO(LIMIT),
						      .nice = KTSTR_VALUE(VALUE),
						      .memory_max = KTSTR_UNLIMITED),
					 KTSTR_CGROUP("cg_b", .works = KTSTR_WORKS(
						KTSTR_WORKSPEC(.work = KTSTR_SPIN_WAIT),
						KTSTR_WORKSPEC(.work = KTSTR_CUSTOM("touch",
										    touch))))),
			   KTSTR_HOLD_FRAC(0.5)),
		KTSTR_STEP(KTSTR_OPS(KTSTR_STEER_IRQ(KTSTR_IRQ(IRQ), OPS),
				     KTSTR_RUN_PAYLOAD(&hackbench, "cg_c")),
			   KTSTR_HOLD_SETTLED(0.5)));
	struct ktstr_stats a = ktstr_phase_cgroup(ctx, 0, "cg_a");

	ktstr_claim_at_least(ctx, a.iterations, 1, .because = LLC);
	ktstr_claim_any_of(ctx, KTSTR_NEAR(a.workers, NEAR, CGROUP),
			   KTSTR_AT_MOST(ktstr_run_stats(ctx).workers, WORKS + HOLD_FULL));
	ktstr_claim_note(ctx, "%d", claim + run_stats);
	return ret;
}

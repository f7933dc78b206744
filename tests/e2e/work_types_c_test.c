// SPDX-License-Identifier: GPL-2.0
/*
 * The programs among the work types and those that change somebody else, in one guest: each
 * makes progress, and what the programs measure arrives as metrics of their cgroup.
 */
#include <math.h>

#include <ktstr.h>

#define MS	NSEC_PER_MSEC

static void expect(struct ktstr_ctx *ctx, const char *source, const char *name, double min,
		   double max)
{
	double v = ext_metric(ctx, source, name);

	if (isnan(v) || v < min || v > max)
		ktstr_fail(ctx, "%s: %s is %g, not in %g to %g", source, name, v, min, max);
}

/* A list from CPU to CPU: each migration begins where the one before ended. */
static void expect_moves(struct ktstr_ctx *ctx, uint32_t worker)
{
	struct ktstr_stats s = phase_worker(ctx, 0, "cross", worker);
	struct ktstr_migrations m = phase_migrations(ctx, 0, "cross", worker);
	uint32_t i;

	claim_equals(ctx, m.nr, fmin(s.migrations, KTSTR_LAST_MIGRATIONS));
	for (i = 0; i < m.nr; i++) {
		if (!ktstr_cpumask__test(&s.cpus_used, m.last[i].to) ||
		    (i && (m.last[i].from != m.last[i - 1].to ||
			   m.last[i].at_ns <= m.last[i - 1].at_ns)))
			ktstr_fail(ctx, "worker %u: migration %u of %u cannot follow the one before",
				   worker, i, m.nr);
	}
	if (m.nr)
		claim_at_most(ctx, (double)(m.last[m.nr - 1].at_ns - m.start_ns) / 1e9, s.wall_s);
}

KTSTR_TEST(programs_and_storms, .duration_s = 2, .llcs = 1, .cores = 2, .max_spread_pct = 100)
{
	const struct ktstr_cgroup cross[] = {
		{ .name = "cross", .work = CROSS_AFFINITY_CHURN(), .workers = 2 }, { }
	}, storm[] = {
		{ .name = "waitpid", .work = CGROUP_ATTACH_STORM(.dest = "ignore"), .workers = 1 },
		{ .name = "ignore", .work = CGROUP_ATTACH_STORM(.reap = KTSTR_REAP_SIG_IGN),
		  .workers = 1 }, { }
	}, programs[] = {
		{ .name = "schbench", .work = SCHBENCH(.kib = 8, .ops = 2, .rps = 200, .split = 50),
		  .workers = 1 },
		{ .name = "taobench", .work = TAOBENCH(.clients = 2, .kib = 256, .rps = 500,
						     .slow_p99_ns = 2 * MS, .size_p99 = 4096),
		  .workers = 1 }, { }
	};
	const struct ktstr_step steps[] = {
		{ .cgroups = cross, .hold.fixed_ns = 150 * MS },
		{ .cgroups = storm, .hold.fixed_ns = 150 * MS },
		{ .cgroups = programs, .hold.fixed_ns = 500 * MS },
	};
	struct ktstr_stats partners;
	int ret = ktstr_run_steps(ctx, steps, 3);

	if (ret)
		return ret;
	expect(ctx, "Schbench", "wakeup_p99", 0, 1e6);
	expect(ctx, "Schbench", "request_p50", 100, 1e6);
	expect(ctx, "Schbench", "loop_count", 20, 500);
	expect(ctx, "Schbench", "achieved_rps", 40, 210);
	expect(ctx, "Taobench", "total_qps", 50, 520);
	expect(ctx, "Taobench", "hit_ratio", 0.75, 1);
	expect(ctx, "Taobench", "hit_data", 0.001, 10);
	expect(ctx, "Taobench", "serve_p99_9", 0, 1e6);
	partners = cgroup_stats(ctx, "cross");
	if (partners.migrations < 2)
		ktstr_fail(ctx, "the partners did not move each other");
	expect_moves(ctx, 0);
	expect_moves(ctx, 1);
	return 0;
}

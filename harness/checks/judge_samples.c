// SPDX-License-Identifier: GPL-2.0
/*
 * Checks of latency samples and of pages on NUMA nodes, which not every worker has. Without
 * them the check is undecided, and a detail says what was missing: a work type that takes no
 * samples, a kernel without NUMA or a cgroup without a cpuset does not pass.
 */
#include <inttypes.h>
#include <math.h>

#include "judge.h"

/* The pooled wake latencies. False: there is nothing to judge; a detail says why. */
static bool pool_wake(const struct ktstr_group_sample *s, const char *check, uint64_t least,
		      struct ktstr_sample_stats *w, struct ktstr_result *out)
{
	uint64_t iterations = 0, wall = 0;
	uint32_t i;

	if (ktstr_pool(s, KTSTR_SAMPLES_WAKE, w)) {
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: %s: out of memory", ktstr_where(s).text, check);
		return false;
	}
	if (w->kept >= least)
		return true;
	for (i = 0; i < s->nr; i++) {
		iterations += s->reports[i].iterations;
		wall += s->reports[i].wall_ns;
	}
	if (wall && !iterations)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
				  "%s: %s: no worker finished an iteration",
				  ktstr_where(s).text, check);
	else
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s: %s: %" PRIu64 " wake latency samples, %" PRIu64 " needed; does the work type take them?",
				  ktstr_where(s).text, check, w->kept, least);
	return false;
}

KTSTR_JUDGE(max_p99_wake_latency_ns)
{
	struct ktstr_sample_stats w;
	double ns;

	if (!pool_wake(s, "max_p99_wake_latency_ns", 1, &w, out))
		return;
	ns = rint(w.p99_us * 1e3);
	if (ns > c->max_p99_wake_latency_ns)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
				  "%s: p99 wake latency %.0fns exceeds max_p99_wake_latency_ns = %.0f (%" PRIu64 " samples)",
				  ktstr_where(s).text, ns, c->max_p99_wake_latency_ns, w.kept);
}

KTSTR_JUDGE(max_wake_latency_cv)
{
	struct ktstr_sample_stats w;

	if (!pool_wake(s, "max_wake_latency_cv", 2, &w, out))
		return;
	if (w.cv > c->max_wake_latency_cv)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_BENCHMARK,
				  "%s: wake latency CV %.3f exceeds max_wake_latency_cv = %.3f (mean=%.0fns)",
				  ktstr_where(s).text, w.cv, c->max_wake_latency_cv,
				  w.mean_us * 1e3);
}

static void no_pages(const struct ktstr_group_sample *s, const char *check, const char *why,
		     struct ktstr_result *out)
{
	ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA, "%s: %s: %s",
			  ktstr_where(s).text, check, why);
}

/*
 * The pages of all workers, and those on @nodes. False: there is nothing to judge; a detail says
 * why.
 */
static bool sum_pages(const struct ktstr_group_sample *s, const struct ktstr_cpumask *nodes,
		      const char *check, struct ktstr_page_count *sum, struct ktstr_result *out)
{
	struct ktstr_page_count n;
	uint32_t i;

	*sum = (struct ktstr_page_count){ };
	for (i = 0; i < s->nr; i++) {
		n = ktstr_count_pages(&s->reports[i], nodes);
		sum->all += n.all;
		sum->there += n.there;
	}
	if (sum->all)
		return true;
	no_pages(s, check, "no pages were counted by NUMA node", out);
	return false;
}

KTSTR_JUDGE(min_page_locality)
{
	const struct ktstr_worker_report *w;
	struct ktstr_page_count n;
	double ratio;

	if (!s->nodes) {
		no_pages(s, "min_page_locality", "no cpuset with known NUMA nodes", out);
		return;
	}
	if (!sum_pages(s, s->nodes, "min_page_locality", &n, out))
		return;
	for (w = s->reports; w < s->reports + s->nr; w++) {
		n = ktstr_count_pages(w, s->nodes);
		if (!n.all) {
			ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "%s: min_page_locality: no pages were counted",
					  ktstr_which(s, w).text);
			continue;
		}
		ratio = (double)n.there / (double)n.all;
		if (ratio < c->min_page_locality)
			ktstr_result__add(out, KTSTR_FAILS, KTSTR_PAGE_LOCALITY,
					  "%s: page locality %.4f below min_page_locality = %.4f (%" PRIu64 "/%" PRIu64 " pages local)",
					  ktstr_which(s, w).text, ratio, c->min_page_locality,
					  n.there, n.all);
	}
}

KTSTR_JUDGE(max_cross_node_migration_ratio)
{
	struct ktstr_page_count n;
	double ratio;

	if (!s->balancing) {
		no_pages(s, "max_cross_node_migration_ratio",
			 "NUMA balancing is off (kernel.numa_balancing), so that no page could move; guests have it where the test or its scheduler sets the check",
			 out);
		return;
	}
	if (!s->migrated_known) {
		no_pages(s, "max_cross_node_migration_ratio",
			 "the kernel does not count migrated pages", out);
		return;
	}
	if (!sum_pages(s, NULL, "max_cross_node_migration_ratio", &n, out))
		return;
	ratio = (double)s->pages_migrated / (double)n.all;
	if (ratio > c->max_cross_node_migration_ratio)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_CROSS_NODE_MIGRATION,
				  "%s: cross-node migration ratio %.4f exceeds max_cross_node_migration_ratio = %.4f (%" PRIu64 "/%" PRIu64 " pages migrated)",
				  ktstr_where(s).text, ratio, c->max_cross_node_migration_ratio,
				  s->pages_migrated, n.all);
}

KTSTR_JUDGE(max_slow_tier_ratio)
{
	struct ktstr_page_count n;
	double ratio;

	if (!s->slow_nodes) {
		no_pages(s, "max_slow_tier_ratio", "the NUMA nodes are not known", out);
		return;
	}
	if (!sum_pages(s, s->slow_nodes, "max_slow_tier_ratio", &n, out))
		return;
	if (!ktstr_cpumask__weight(s->slow_nodes))
		ktstr_result__add(out, KTSTR_NOTE, KTSTR_SLOW_TIER,
				  "%s: max_slow_tier_ratio: no NUMA node of this machine is without CPUs, so that no page could be on one",
				  ktstr_where(s).text);
	ratio = (double)n.there / (double)n.all;
	if (ratio > c->max_slow_tier_ratio)
		ktstr_result__add(out, KTSTR_FAILS, KTSTR_SLOW_TIER,
				  "%s: slow-tier page ratio %.4f exceeds max_slow_tier_ratio = %.4f (%" PRIu64 "/%" PRIu64 " pages on memory-only nodes)",
				  ktstr_where(s).text, ratio, c->max_slow_tier_ratio, n.there,
				  n.all);
}

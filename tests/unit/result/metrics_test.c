// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of ktstr/stats.h and the metric table: every figure has a row and a rule, absent is
 * NaN at every level, and larger levels are folded from smaller ones as their row says.
 */
#include <math.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr/scenario.h>
#include <ktstr/stats.h>

#include "harness/model/ctx.h"
#include "harness/result/metrics.h"

FIXTURE(metrics) {
	struct ktstr_result *r;
};

static struct ktstr_cgroup_stats *add(struct ktstr_result *r, const char *name, uint32_t step)
{
	struct ktstr_cgroup_stats *c = &r->cgroups[r->nr_cgroups++];

	strcpy(c->name, name);
	c->step = step;
	c->max_gap_cpu = -1;
	return c;
}

/* a and b in the first step, a again in the second. */
FIXTURE_SETUP(metrics)
{
	struct ktstr_cgroup_stats *c;

	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	c = add(self->r, "a", 0);
	c->workers = 2;
	c->cpus = 2;
	ktstr_cpumask__parse("0-1", &c->cpus_used);
	c->migrations = 3;
	c->iterations = 200;
	c->work_units = 4000;
	c->wall_ns = 20000000000ULL;
	c->cpu_ns = 10000000000ULL;
	c->max_gap_ms = 9;
	c->max_gap_cpu = 1;
	c->spread_workers = 2;
	c->spread_pct = 5;
	c->delay_workers = 2;
	c->mean_run_delay_us = 1;
	c->worst_run_delay_us = 8;
	c = add(self->r, "b", 0);
	c->workers = 1;
	c->cpus = 2;
	ktstr_cpumask__parse("1-2", &c->cpus_used);
	c->migrations = 4;
	c->iterations = 20;
	c->max_gap_ms = 30;
	c->max_gap_cpu = 6;
	c->pages = 10;
	c->locality_known = 1;
	c->local_pages = 9;
	c = add(self->r, "a", 1);
	c->workers = 2;
	c->iterations = 50;
	c->max_gap_ms = 2;
	c->delay_workers = 2;
	c->mean_run_delay_us = 7;
	self->r->nr_workers = 3;
	self->r->workers[0] = (struct ktstr_worker_stats){ .cgroup = 0, .tid = 71,
		.iterations = 150, .wall_ns = 1000, .cpu_ns = 250, .max_gap_cpu = -1 };
	self->r->workers[1] = (struct ktstr_worker_stats){ .cgroup = 1, .tid = 72 };
	self->r->workers[2] = (struct ktstr_worker_stats){ .cgroup = 0, .tid = 73,
		.iterations = 50, .wake_total = 4, .p99_wake_us = 6, .median_wake_us = 2 };
}

FIXTURE_TEARDOWN(metrics)
{
	ktstr_result__free(self->r);
}

TEST_F(metrics, a_cgroup_in_a_step_is_found_by_name)
{
	struct ktstr_stats s = phase_cgroup(self->r, 0, "a");

	EXPECT_TRUE(s.found);
	EXPECT_EQ(2, s.workers);
	EXPECT_EQ(200, s.iterations);
	EXPECT_EQ(10, s.iteration_rate);
	EXPECT_EQ(400, s.work_rate);
	EXPECT_EQ(100, s.iterations_per_worker);
	EXPECT_EQ(0.015, s.migration_ratio);
	EXPECT_EQ(1, s.max_gap_cpu);
	EXPECT_EQ(5, s.spread_pct);
	EXPECT_TRUE(isnan(s.page_locality));
	EXPECT_TRUE(isnan(s.p99_wake_us));
	EXPECT_EQ(50, phase_cgroup(self->r, 1, "a").iterations);
}

TEST_F(metrics, a_body_asks_its_context_the_same)
{
	struct ktstr_ctx ctx = { .result = self->r };

	EXPECT_EQ(50, phase_cgroup(&ctx, 1, "a").iterations);
	EXPECT_EQ(270, run_stats(&ctx).iterations);
}

TEST_F(metrics, what_is_not_there_is_absent_in_every_figure)
{
	struct ktstr_stats s[] = { phase_cgroup(self->r, 2, "a"), phase_cgroup(self->r, 0, "c"),
				   cgroup_stats(self->r, "c"), phase_stats(self->r, 9),
				   phase_worker(self->r, 0, "a", 2),
				   phase_worker(self->r, 1, "a", 0) };
	const struct ktstr_metric *m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(s); i++) {
		EXPECT_FALSE(s[i].found);
		for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
			EXPECT_TRUE(isnan(ktstr_metric__value(m, &s[i])));
	}
}

TEST_F(metrics, a_step_and_a_run_are_sums_unions_and_worsts)
{
	struct ktstr_stats s = phase_stats(self->r, 0);

	EXPECT_EQ(3, s.workers);
	EXPECT_EQ(3, s.cpus);
	EXPECT_EQ(7, s.migrations);
	EXPECT_EQ(220, s.iterations);
	EXPECT_EQ(30, s.max_gap_ms);
	EXPECT_EQ(6, s.max_gap_cpu);
	EXPECT_EQ(5, s.spread_pct);
	EXPECT_EQ(20, s.iterations_per_worker);
	EXPECT_EQ(0.2, s.migration_ratio);
	EXPECT_EQ(0.9, s.page_locality);
	EXPECT_EQ(1, s.run_delay_us);
	s = run_stats(self->r);
	EXPECT_EQ(5, s.workers);
	EXPECT_EQ(270, s.iterations);
	EXPECT_EQ(7, s.run_delay_us);
	s = cgroup_stats(self->r, "a");
	EXPECT_EQ(4, s.workers);
	EXPECT_EQ(250, s.iterations);
	EXPECT_EQ(9, s.max_gap_ms);
	EXPECT_EQ(1, s.max_gap_cpu);
}

TEST_F(metrics, workers_are_counted_within_their_cgroup)
{
	struct ktstr_stats s = phase_worker(self->r, 0, "a", 0);

	EXPECT_EQ(71, s.tid);
	EXPECT_EQ(75, s.avg_off_cpu_pct);
	EXPECT_TRUE(isnan(s.run_delay_us));
	EXPECT_TRUE(isnan(s.p99_wake_us));
	s = phase_worker(self->r, 0, "a", 1);
	EXPECT_EQ(73, s.tid);
	EXPECT_EQ(6, s.p99_wake_us);
	EXPECT_EQ(3, s.wake_tail_ratio);
	EXPECT_EQ(72, phase_worker(self->r, 0, "b", 0).tid);
}

TEST_F(metrics, merging_keeps_workers_with_their_cgroups)
{
	struct ktstr_result *to = ktstr_result__new();

	add(to, "other", 0);
	ktstr_result__merge(to, self->r);
	EXPECT_EQ(73, phase_worker(to, 0, "a", 1).tid);
	EXPECT_EQ(72, phase_worker(to, 0, "b", 0).tid);
	EXPECT_FALSE(phase_worker(to, 0, "other", 0).found);
	ktstr_result__free(to);
}

TEST_F(metrics, a_tail_of_few_iterations_is_absent_in_comparisons)
{
	struct ktstr_stats s = phase_cgroup(self->r, 0, "b");

	s.wake_tail_ratio = 3;
	EXPECT_TRUE(isnan(ktstr_metric__value(ktstr_metric__find("wake_tail_ratio"), &s)));
	s.iterations = 100;
	EXPECT_EQ(3, ktstr_metric__value(ktstr_metric__find("wake_tail_ratio"), &s));
}

TEST(every_figure_has_one_row_and_names_are_unique)
{
	const size_t first = offsetof(struct ktstr_stats, workers);
	const size_t end = offsetof(struct ktstr_stats, cpus_used);
	const struct ktstr_metric *m, *k;
	size_t offset, rows;

	for (offset = first; offset < end; offset += sizeof(double)) {
		rows = 0;
		for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
			rows += m->member && m->offset == offset;
		EXPECT_EQ(1, rows) TH_LOG("member at offset %zu has %zu rows", offset, rows);
	}
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		EXPECT_NE(NULL, m->meaning);
		EXPECT_EQ(isnan(m->abs_gate), isnan(m->rel_gate));
		for (k = ktstr_metric_table; k < m; k++) {
			EXPECT_TRUE(!m->key || !k->key || strcmp(m->key, k->key));
			EXPECT_TRUE(!m->run_key || !k->run_key || strcmp(m->run_key, k->run_key));
		}
	}
}

/* The gates that comparisons of runs are documented with. */
TEST(the_registry_of_comparisons_is_complete)
{
	static const struct { const char *name; char polarity; double abs, rel; } rows[] = {
		{ "worst_spread", 'l', 5, .25 }, { "worst_gap_ms", 'l', 500, .50 },
		{ "total_migrations", 'l', 10, .30 }, { "worst_migration_ratio", 'l', .05, .20 },
		{ "max_imbalance_ratio", 'l', 1, .25 }, { "max_dsq_depth", 'l', 10, .50 },
		{ "stall_count", 'l', 1, .50 }, { "total_fallback", 'l', 5, .30 },
		{ "total_keep_last", 'l', 5, .30 }, { "worst_p99_wake_latency_us", 'l', 50, .25 },
		{ "worst_median_wake_latency_us", 'l', 20, .25 },
		{ "worst_wake_latency_cv", 'l', .10, .25 }, { "total_iterations", 'h', 100, .10 },
		{ "worst_mean_run_delay_us", 'l', 50, .25 },
		{ "worst_run_delay_us", 'l', 100, .50 },
		{ "worst_wake_latency_tail_ratio", 'l', .5, .25 },
		{ "worst_iterations_per_worker", 'h', 10, .10 },
		{ "worst_page_locality", 'h', .05, .10 },
		{ "worst_cross_node_migration_ratio", 'l', .05, .20 },
	};
	const struct ktstr_metric *m;
	size_t i, gated = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		m = ktstr_metric__find(rows[i].name);
		ASSERT_NE(NULL, m) TH_LOG("no metric %s", rows[i].name);
		EXPECT_EQ(rows[i].polarity, ktstr_polarity__name(m->polarity)[0]);
		EXPECT_EQ(rows[i].abs, m->abs_gate);
		EXPECT_EQ(rows[i].rel, m->rel_gate);
	}
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		gated += !isnan(m->abs_gate);
	EXPECT_EQ(ARRAY_SIZE(rows), gated);
}

TEST_HARNESS_MAIN

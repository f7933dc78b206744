// SPDX-License-Identifier: GPL-2.0
/* What the statistics of a cgroup mean (docs/checks.md), worked out by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/checks/judge.h"

#define MS 1000000ULL

FIXTURE(stats) {
	struct ktstr_worker_report w[3];
	struct ktstr_result *r;
};

FIXTURE_SETUP(stats)
{
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	/* off CPU 20 %, 50 %, 80 % of one second */
	self->w[0] = (struct ktstr_worker_report){
		.wall_ns = 1000 * MS, .cpu_ns = 800 * MS, .max_gap_ns = 30 * MS, .max_gap_cpu = 5,
		.migrations = 2, .work_units = 10, .iterations = 4, .schedstat_valid = 1,
		.run_delay_ns = 3000 };
	self->w[1] = (struct ktstr_worker_report){
		.wall_ns = 1000 * MS, .cpu_ns = 500 * MS, .max_gap_ns = 90 * MS, .max_gap_cpu = 6,
		.migrations = 1, .work_units = 20, .iterations = 8, .schedstat_valid = 1,
		.run_delay_ns = 9000 };
	self->w[2] = (struct ktstr_worker_report){
		.wall_ns = 1000 * MS, .cpu_ns = 200 * MS, .max_gap_ns = 10 * MS, .max_gap_cpu = 7,
		.migrations = 3, .work_units = 30, .iterations = 12 };
	ktstr_cpumask__parse("0-1", &self->w[0].cpus_used);
	ktstr_cpumask__parse("1-2", &self->w[1].cpus_used);
	ktstr_cpumask__parse("2,9", &self->w[2].cpus_used);
}

FIXTURE_TEARDOWN(stats)
{
	ktstr_result__free(self->r);
}

static void add(struct ktstr_result *r, const char *cgroup, uint32_t step,
		const struct ktstr_worker_report *w, uint32_t nr)
{
	struct ktstr_group_sample s = {
		.cgroup = cgroup, .step = step, .reports = w, .nr = nr };

	ktstr_stats__add(&s, r);
}

#define EXPECT_NEAR(_want, _got) do {		\
	EXPECT_LT((_want) - 1e-9, _got);	\
	EXPECT_GT((_want) + 1e-9, _got);	\
} while (0)

TEST_F(stats, one_cgroup_by_the_formulas)
{
	struct ktstr_cgroup_stats *c = &self->r->cgroups[0];

	add(self->r, "cg_a", 1, self->w, 3);
	ASSERT_EQ(1, self->r->nr_cgroups);
	EXPECT_STREQ("cg_a", c->name);
	EXPECT_EQ(1, c->step);
	EXPECT_EQ(3, c->workers);
	EXPECT_EQ(4, c->cpus);		/* 0,1,2,9: a union, not a sum */
	EXPECT_NEAR(20, c->min_off_cpu_pct);
	EXPECT_NEAR(80, c->max_off_cpu_pct);
	EXPECT_NEAR(50, c->avg_off_cpu_pct);
	EXPECT_NEAR(60, c->spread_pct);
	EXPECT_NEAR(90, c->max_gap_ms);
	EXPECT_EQ(6, c->max_gap_cpu);
	EXPECT_EQ(6, c->migrations);
	EXPECT_EQ(60, c->work_units);
	EXPECT_EQ(24, c->iterations);
	EXPECT_EQ(2, c->delay_workers);
	EXPECT_NEAR(6, c->mean_run_delay_us);
	EXPECT_NEAR(9, c->worst_run_delay_us);
}

TEST_F(stats, groups_of_one_cgroup_and_step_are_one_entry)
{
	struct ktstr_cgroup_stats whole;

	add(self->r, "cg_a", 0, self->w, 3);
	whole = self->r->cgroups[0];
	memset(self->r, 0, sizeof(*self->r));
	add(self->r, "cg_a", 0, self->w, 1);
	add(self->r, "cg_a", 0, self->w + 1, 2);
	ASSERT_EQ(1, self->r->nr_cgroups);
	EXPECT_EQ(0, memcmp(&whole, &self->r->cgroups[0], sizeof(whole)));
}

TEST_F(stats, other_steps_and_names_are_not_mixed)
{
	add(self->r, "cg_a", 0, self->w, 1);
	add(self->r, "cg_a", 1, self->w, 1);
	add(self->r, "cg_ab", 0, self->w, 1);
	EXPECT_EQ(3, self->r->nr_cgroups);
	EXPECT_EQ(2, ktstr_cpumask__weight(&self->r->cpus_used));
}

TEST_F(stats, a_worker_that_recorded_nothing_distorts_nothing)
{
	struct ktstr_cgroup_stats *c = &self->r->cgroups[0];

	memset(&self->w[1], 0, sizeof(self->w[1]));
	add(self->r, "cg_a", 0, self->w, 2);
	EXPECT_EQ(2, c->workers);
	EXPECT_EQ(1, c->timed_workers);
	EXPECT_NEAR(20, c->avg_off_cpu_pct);
	EXPECT_NEAR(0, c->spread_pct);
	EXPECT_EQ(1, c->delay_workers);
	EXPECT_NEAR(3, c->mean_run_delay_us);
}

TEST_F(stats, cpu_time_beyond_wall_time_is_no_negative_share)
{
	self->w[0].cpu_ns = self->w[0].wall_ns + 1;
	add(self->r, "cg_a", 0, self->w, 1);
	EXPECT_EQ(0, self->r->cgroups[0].min_off_cpu_pct);
}

TEST_F(stats, cgroups_beyond_the_limit_are_counted)
{
	char name[16];
	int i;

	for (i = 0; i < KTSTR_MAX_CGROUPS + 3; i++) {
		snprintf(name, sizeof(name), "cg_%d", i);
		add(self->r, name, 0, self->w, 1);
	}
	EXPECT_EQ(KTSTR_MAX_CGROUPS, self->r->nr_cgroups);
	EXPECT_EQ(3, self->r->dropped_cgroups);
}

TEST(percentiles_are_nearest_rank)
{
	uint64_t v[100], one[] = { 7 }, two[] = { 9, 4 }, three[] = { 3, 3, 1 };
	int i;

	for (i = 0; i < 100; i++)
		v[i] = (i * 37) % 100 + 1;
	EXPECT_EQ(99, ktstr_percentile(v, 100, 99));	/* not the maximum */
	EXPECT_EQ(50, ktstr_percentile(v, 100, 50));
	EXPECT_EQ(1, ktstr_percentile(v, 100, 1));
	EXPECT_EQ(100, ktstr_percentile(v, 100, 100));
	EXPECT_EQ(100, ktstr_permille(v, 100, 999));
	EXPECT_EQ(99, ktstr_permille(v, 100, 990));
	EXPECT_EQ(50, ktstr_permille(v, 100, 500));
	EXPECT_EQ(7, ktstr_percentile(one, 1, 99));
	EXPECT_EQ(4, ktstr_percentile(two, 2, 50));
	EXPECT_EQ(9, ktstr_percentile(two, 2, 51));
	EXPECT_EQ(3, ktstr_percentile(three, 3, 50));
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

TEST(selecting_finds_what_sorting_finds)
{
	uint64_t v[257] = { 0 }, sorted[257];
	unsigned int round, percent;
	size_t n, i;

	srandom(1);
	for (round = 0; round < 20000; round++) {
		n = 1 + random() % 257;
		percent = 1 + random() % 100;
		for (i = 0; i < n; i++)	/* many equal ones, and some orders that are bad luck */
			v[i] = round % 3 == 0 ? (uint64_t)random() % 5 :
			       round % 3 == 1 ? i : n - i;
		memcpy(sorted, v, n * sizeof(v[0]));
		qsort(sorted, n, sizeof(v[0]), compare_u64);
		i = (n * percent + 99) / 100 - 1;
		ASSERT_EQ(sorted[i], ktstr_percentile(v, n, percent));
	}
}

TEST_F(stats, samples_are_pooled_and_what_is_absent_stays_absent)
{
	uint64_t a[] = { 1000, 2000, 3000 }, b[] = { 10000 };
	struct ktstr_worker_samples samples[2] = { };
	struct ktstr_group_sample s = {
		.cgroup = "cg_a", .reports = self->w, .nr = 2, .samples = samples };
	struct ktstr_cgroup_stats *c = self->r->cgroups;
	struct ktstr_sample_stats *w = &c->samples[KTSTR_SAMPLES_WAKE];
	const uint64_t log2[2][64] = { { [9] = 1, [10] = 1, [11] = 1 }, { [9] = 2, [13] = 48 } };
	struct ktstr_stats t;

	samples[0].kind[KTSTR_SAMPLES_WAKE] = (struct ktstr_samples){ .ns = a, .nr = 3, .total = 3, .log2 = log2[0] };
	samples[1].kind[KTSTR_SAMPLES_WAKE] = (struct ktstr_samples){ .ns = b, .nr = 1, .total = 50, .log2 = log2[1] };
	ktstr_stats__add(&s, self->r);
	EXPECT_EQ(53, w->total);
	EXPECT_EQ(4, w->kept);
	EXPECT_EQ(3, w->log2[9]);
	EXPECT_EQ(48, w->log2[13]);
	EXPECT_NEAR(2.0, w->median_us);
	EXPECT_NEAR(10.0, w->p99_us);
	EXPECT_NEAR(10.0, w->max_us);
	EXPECT_NEAR(4.0, w->mean_us);
	EXPECT_NEAR(sqrt((9 + 4 + 1 + 36) / 4.0) / 4, w->cv);
		EXPECT_EQ(0, c->samples[KTSTR_SAMPLES_TIMER].total);

	t = ktstr_stats__run(self->r);
	EXPECT_NEAR(10.0, t.p99_wake_us);
	EXPECT_NEAR(2.0, t.median_wake_us);
	EXPECT_NEAR(5.0, t.wake_tail_ratio);
	EXPECT_NEAR(6.0, t.iterations_per_worker);
	EXPECT_TRUE(isnan(t.page_locality));
	EXPECT_TRUE(isnan(t.cross_node_ratio));

	/* A cgroup without samples changes nothing about the worst ones. */
	add(self->r, "cg_b", 0, self->w, 1);
	t = ktstr_stats__run(self->r);
	EXPECT_NEAR(10.0, t.p99_wake_us);
	EXPECT_NEAR(4.0, t.iterations_per_worker);
}

TEST_F(stats, without_any_samples_the_totals_have_no_latencies)
{
	struct ktstr_stats t;

	add(self->r, "cg_a", 0, self->w, 3);
	t = ktstr_stats__run(self->r);
	EXPECT_TRUE(isnan(t.p99_wake_us));
	EXPECT_TRUE(isnan(t.wake_cv));
	EXPECT_TRUE(isnan(t.wake_tail_ratio));
}

TEST_F(stats, pages_by_node)
{
	struct ktstr_cpumask nodes = { };
	struct ktstr_group_sample s = {
		.cgroup = "cg_a", .reports = self->w, .nr = 2, .nodes = &nodes,
		.migrated_known = true, .pages_migrated = 30 };
	struct ktstr_cgroup_stats *c = self->r->cgroups;
	struct ktstr_stats t;

	ktstr_cpumask__set(&nodes, 0);
	self->w[0].pages_valid = 1;
	self->w[0].node_pages[0] = 20;
	self->w[0].node_pages[1] = 80;
	ktstr_stats__add(&s, self->r);
	EXPECT_EQ(100, c->pages);
	t = ktstr_stats__run(self->r);
	EXPECT_NEAR(0.2, t.page_locality);
	EXPECT_NEAR(0.3, t.cross_node_ratio);
}

TEST_F(stats, spread_is_of_run_delays_where_somebody_sleeps_on_purpose)
{
	self->w[0].run_delay_ns = 50 * MS;
	self->w[1].run_delay_ns = 120 * MS;
	self->w[1].flags = KTSTR_WORKER_BLOCKS;
	add(self->r, "cg_a", 0, self->w, 2);
	EXPECT_EQ(1, self->r->cgroups[0].blocks);
	EXPECT_EQ(2, self->r->cgroups[0].spread_workers);
	EXPECT_NEAR(7.0, self->r->cgroups[0].spread_pct);
	EXPECT_NEAR(50.0, self->r->cgroups[0].max_off_cpu_pct);
}

TEST_F(stats, a_messenger_is_in_the_sums_and_in_no_comparison)
{
	self->w[2].flags = KTSTR_WORKER_MESSENGER;
	add(self->r, "cg_a", 0, self->w, 3);
	EXPECT_EQ(3, self->r->cgroups[0].workers);
	EXPECT_EQ(1, self->r->cgroups[0].messengers);
	EXPECT_EQ(2, self->r->cgroups[0].timed_workers);
	EXPECT_EQ(60, self->r->cgroups[0].work_units);
	EXPECT_NEAR(30.0, self->r->cgroups[0].spread_pct);
}

TEST_F(stats, a_life_counts_to_the_run_and_its_phases_to_their_steps)
{
	struct ktstr_group_sample s = { .cgroup = "b", .reports = self->w, .nr = 2 };
	uint32_t step;

	for (step = 0; step < 2; step++) {
		s.step = step;
		s.span = KTSTR_SPAN_PHASE;
		s.nr = 1 + step;
		ktstr_stats__add(&s, self->r);
	}
	s.step = 0;
	s.span = KTSTR_SPAN_LIFE;
	ktstr_stats__add(&s, self->r);
	add(self->r, "b", 0, &self->w[2], 1);	/* a step's own in the same cgroup */
	ASSERT_EQ(4, self->r->nr_cgroups);
	EXPECT_EQ(4 + 12, phase_cgroup(self->r, 0, "b").iterations);
	EXPECT_EQ(4 + 8, phase_cgroup(self->r, 1, "b").iterations);
	EXPECT_EQ(4 + 8 + 12, cgroup_stats(self->r, "b").iterations);
	EXPECT_EQ(3, run_stats(self->r).workers);
	EXPECT_EQ(8, phase_worker(self->r, 1, "b", 1).iterations);
}

TEST_F(stats, phases_never_cost_a_life_its_entry)
{
	struct ktstr_group_sample s = {
		.cgroup = "b", .span = KTSTR_SPAN_PHASE, .reports = self->w, .nr = 3 };

	for (s.step = 0; s.step < KTSTR_MAX_KEPT_WORKERS; s.step++)
		ktstr_stats__add(&s, self->r);
	EXPECT_EQ(KTSTR_MAX_CGROUPS / 2, self->r->nr_cgroups);
	EXPECT_EQ(KTSTR_MAX_KEPT_WORKERS - KTSTR_MAX_CGROUPS / 2, self->r->dropped_cgroups);
	s.step = 0;
	s.span = KTSTR_SPAN_LIFE;
	ktstr_stats__add(&s, self->r);
	EXPECT_EQ(3, run_stats(self->r).workers);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* What the statistics of a cgroup mean (docs/checks.md), worked out by hand. */
/* Links: harness/checks/stats.c harness/checks/judge.c harness/core/verdict.c
 * harness/core/cpumask.c
 */
/* Libs: -lm */
#include <string.h>

#include "kselftest_harness.h"

#include "../../harness/checks/checks.h"

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
	EXPECT_NEAR(0.25, c->migration_ratio);
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

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * What checks promise (docs/checks.md): the layers, the limits being strict, the words of
 * each finding, and that a check without data never passes.
 */
#include <math.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr/register.h>
#include <ktstr/scenario.h>

#include "harness/checks/checks.h"
#include "harness/model/run.h"

#define MS 1000000ULL
#define S  1000000000ULL

static const struct ktstr_check *row(const char *name)
{
	unsigned int i;

	for (i = 0; i < ktstr_nr_checks; i++)
		if (!strcmp(ktstr_check_table[i].name, name))
			return &ktstr_check_table[i];
	return NULL;
}

TEST(the_table_has_every_member_once_in_canonical_order)
{
	static const char * const names[] = {
		"not_starved", "isolation", "max_gap_ms", "max_spread_pct", "max_throughput_cv",
		"min_work_rate", "max_p99_wake_latency_ns", "max_wake_latency_cv",
		"min_iteration_rate", "max_migration_ratio", "max_imbalance_ratio",
		"max_local_dsq_depth", "fail_on_stall", "sustained_samples", "max_fallback_rate",
		"max_keep_last_rate", "min_page_locality", "max_cross_node_migration_ratio",
		"max_slow_tier_ratio",
	};
	unsigned int i, j;

	ASSERT_EQ(ARRAY_SIZE(names), ktstr_nr_checks);
	for (i = 0; i < ktstr_nr_checks; i++) {
		EXPECT_STREQ(names[i], ktstr_check_table[i].name);
		EXPECT_NE(0, strlen(ktstr_check_table[i].fails_when));
		for (j = 0; j < i; j++)
			EXPECT_NE(ktstr_check_table[i].offset, ktstr_check_table[j].offset);
	}
}

TEST(library_defaults_are_the_documented_ones)
{
	struct ktstr_checks c;

	ktstr_checks__resolve(&c, NULL, NULL);
	EXPECT_EQ(KTSTR_ON, c.not_starved);
	EXPECT_EQ(KTSTR_OFF, c.isolation);
	EXPECT_EQ(2000, c.max_gap_ms);
	EXPECT_EQ(15, c.max_spread_pct);
	EXPECT_EQ(4, c.max_imbalance_ratio);
	EXPECT_EQ(50, c.max_local_dsq_depth);
	EXPECT_EQ(KTSTR_ON, c.fail_on_stall);
	EXPECT_EQ(5, c.sustained_samples);
	EXPECT_EQ(200, c.max_fallback_rate);
	EXPECT_EQ(100, c.max_keep_last_rate);
	EXPECT_FALSE(ktstr_check__is_set(row("max_throughput_cv"), &c));
	EXPECT_FALSE(ktstr_check__is_set(row("min_work_rate"), &c));
	EXPECT_FALSE(ktstr_check__is_set(row("min_page_locality"), &c));
}

TEST(the_last_layer_that_says_something_wins)
{
	struct ktstr_checks sched, test, c;

	ktstr_checks__unset(&sched);
	ktstr_checks__unset(&test);
	sched.max_gap_ms = 500;
	sched.max_spread_pct = 40;
	sched.sustained_samples = 9;
	sched.isolation = KTSTR_ON;
	test.max_gap_ms = 0;		/* an explicit zero is a value */
	test.isolation = KTSTR_OFF;
	ktstr_checks__resolve(&c, &sched, &test);
	EXPECT_EQ(0, c.max_gap_ms);
	EXPECT_EQ(40, c.max_spread_pct);
	EXPECT_EQ(9, c.sustained_samples);
	EXPECT_EQ(KTSTR_OFF, c.isolation);
}

TEST(without_not_starved_gap_and_spread_are_off_unless_asked_for)
{
	struct ktstr_checks test, c;

	ktstr_checks__unset(&test);
	test.not_starved = KTSTR_OFF;
	test.max_gap_ms = 700;
	ktstr_checks__resolve(&c, NULL, &test);
	EXPECT_EQ(700, c.max_gap_ms);
	EXPECT_FALSE(ktstr_check__is_set(row("max_spread_pct"), &c));
}

TEST(a_set_with_not_starved_brings_gap_and_spread_unless_it_says_otherwise)
{
	struct ktstr_checks c;

	ktstr_checks__unset(&c);
	ktstr_checks__complete(&c);
	EXPECT_TRUE(isnan(c.max_gap_ms));
	c.not_starved = KTSTR_ON;
	c.max_spread_pct = KTSTR_NO_LIMIT;
	ktstr_checks__complete(&c);
	EXPECT_EQ(2000, c.max_gap_ms);
	EXPECT_TRUE(isinf(c.max_spread_pct));
}

KTSTR_CHECKS(base, KTSTR_DEFAULT_CHECKS, .max_gap_ms = 500);

TEST(the_base_for_sets_is_what_the_library_has_on)
{
	struct ktstr_checks all;

	ktstr_checks__resolve(&all, NULL, NULL);
	EXPECT_EQ(all.not_starved, base.not_starved);
	EXPECT_EQ(all.max_spread_pct, base.max_spread_pct);
	EXPECT_EQ(500, base.max_gap_ms);
	/* no worker check is on by default that the base lacks */
	for (const struct ktstr_check *k = ktstr_check_table;
	     k < ktstr_check_table + ktstr_nr_checks; k++) {
		EXPECT_TRUE(k->scope == KTSTR_SCOPE_MONITOR || !ktstr_check__enabled(k, &all) ||
			    ktstr_check__is_set(k, &base)) TH_LOG("%s", k->name);
	}
}

TEST(a_layer_can_take_a_limit_away)
{
	struct ktstr_checks sched, test, c;
	char text[32];

	ktstr_checks__unset(&sched);
	ktstr_checks__unset(&test);
	sched.max_gap_ms = 500;
	sched.min_work_rate = 10;
	sched.isolation = KTSTR_ON;
	test.max_gap_ms = KTSTR_NO_LIMIT;
	test.min_work_rate = KTSTR_NO_LIMIT;
	test.isolation = KTSTR_OFF;
	ktstr_checks__resolve(&c, &sched, &test);
	EXPECT_FALSE(ktstr_check__enabled(row("max_gap_ms"), &c));
	EXPECT_FALSE(ktstr_check__enabled(row("min_work_rate"), &c));
	EXPECT_FALSE(ktstr_check__enabled(row("isolation"), &c));
	EXPECT_TRUE(ktstr_check__enabled(row("max_spread_pct"), &c));
	ktstr_check__format(row("max_gap_ms"), &c, text, sizeof(text));
	EXPECT_STREQ("none", text);
	ktstr_check__format(row("max_spread_pct"), &c, text, sizeof(text));
	EXPECT_STREQ("15", text);
	ktstr_check__format(row("isolation"), &c, text, sizeof(text));
	EXPECT_STREQ("false", text);
}

TEST(every_value_knows_the_layer_that_set_it)
{
	struct ktstr_checks sched, test;

#define LAYER(_name)	ktstr_layer__name(ktstr_check__layer(row(_name), &sched, &test))
	ktstr_checks__unset(&sched);
	ktstr_checks__unset(&test);
	sched.isolation = KTSTR_ON;
	sched.max_gap_ms = 500;
	test.max_gap_ms = KTSTR_NO_LIMIT;
	EXPECT_STREQ("scheduler", LAYER("isolation"));
	EXPECT_STREQ("test", LAYER("max_gap_ms"));
	EXPECT_STREQ("library", LAYER("max_spread_pct"));
	EXPECT_STREQ("library", LAYER("not_starved"));
	/* the two that come with not_starved come from where it was switched */
	sched.not_starved = KTSTR_OFF;
	EXPECT_STREQ("scheduler", LAYER("max_spread_pct"));
	EXPECT_STREQ("library", LAYER("max_throughput_cv"));
}

FIXTURE(judge) {
	struct ktstr_checks c;
	struct ktstr_worker_report w[2];
	struct ktstr_group_sample s;
	struct ktstr_cpumask cpuset;
	struct ktstr_result *r;
};

/* Two good workers of ten seconds each, everything off. */
FIXTURE_SETUP(judge)
{
	int i;

	ktstr_checks__unset(&self->c);
	for (i = 0; i < 2; i++) {
		self->w[i] = (struct ktstr_worker_report){
			.tid = 71 + i, .work_units = 1000, .iterations = 100, .wall_ns = 10 * S,
			.cpu_ns = 5 * S, .max_gap_ns = 20 * MS, .max_gap_at_ns = 1200 * MS,
			.max_gap_cpu = 1, .completed = 1,
		};
		ktstr_cpumask__set(&self->w[i].cpus_used, i);
	}
	self->s = (struct ktstr_group_sample){
		.cgroup = "cg_a", .reports = self->w, .nr = 2 };
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
}

FIXTURE_TEARDOWN(judge)
{
	ktstr_result__free(self->r);
}

/* "outcome kind text" of the first detail of a fresh judgement. */
static const char *verdict(struct ktstr_result *r, const struct ktstr_checks *c,
			   const struct ktstr_group_sample *s)
{
	static char buf[1024];

	memset(r, 0, sizeof(*r));
	ktstr_checks__judge(c, s, r);
	if (!r->nr_details)
		return "pass";
	snprintf(buf, sizeof(buf), "%s %s %s", ktstr_outcome__name(ktstr_result__outcome(r)),
		 ktstr_kind__name(r->details[0].kind), r->details[0].text);
	return buf;
}

#define VERDICT() verdict(self->r, &self->c, &self->s)

TEST_F(judge, a_worker_without_work_starved)
{
	self->c.not_starved = KTSTR_ON;
	EXPECT_STREQ("pass", VERDICT());
	self->w[1].work_units = 0;
	EXPECT_STREQ("fail starved cg_a:1[72] starved (0 work units, not_starved)", VERDICT());
	self->s.step = 1;
	EXPECT_STREQ("fail starved cg_a:1[72] (step 2) starved (0 work units, not_starved)", VERDICT());
	self->s.group = 1;	/* the second group of the cgroup */
	EXPECT_STREQ("fail starved cg_a.2:1[72] (step 2) starved (0 work units, not_starved)", VERDICT());
	self->c.not_starved = KTSTR_OFF;
	EXPECT_STREQ("pass", VERDICT());
}

TEST_F(judge, a_gap_must_exceed_its_limit)
{
	self->c.max_gap_ms = 2000;
	self->w[0].max_gap_ns = 2000 * MS;
	EXPECT_STREQ("pass", VERDICT());
	self->w[0].max_gap_ns = 3500 * MS;
	EXPECT_STREQ("fail stuck cg_a:0[71] stuck 3500ms on cpu1 at +1200ms (max_gap_ms = 2000)",
		     VERDICT());
	self->w[0].max_gap_cpu = -1;
	EXPECT_STREQ("fail stuck cg_a:0[71] stuck 3500ms before it first ran (max_gap_ms = 2000)",
		     VERDICT());
	self->w[0].max_gap_cpu = 1;
	self->w[0].max_gap_ns = 2000 * MS + MS / 10;
	EXPECT_STREQ("fail stuck cg_a:0[71] stuck 2000.10ms on cpu1 at +1200ms (max_gap_ms = 2000)",
		     VERDICT());
}

TEST_F(judge, spread_is_the_difference_of_off_cpu_shares)
{
	self->c.max_spread_pct = 15;
	self->w[1].cpu_ns = 3500 * MS;	/* 50 % and 65 % */
	EXPECT_STREQ("pass", VERDICT());
	self->w[1].cpu_ns = 1000 * MS;
	EXPECT_STREQ("fail unfair cg_a: unfair cgroup: spread=40% (50-90%) 2 workers on 2 cpus (max_spread_pct = 15)",
		     VERDICT());
	self->w[1].wall_ns = 0;
	EXPECT_STREQ("inconclusive no-data cg_a: max_spread_pct: 1 of 2 workers recorded a time, 2 are needed",
		     VERDICT());
	self->s.nr = 1;			/* nobody to be unfair to */
	EXPECT_STREQ("pass", VERDICT());
}

TEST_F(judge, isolation_needs_a_cpuset_and_cpus)
{
	self->c.isolation = KTSTR_ON;
	EXPECT_STREQ("pass", VERDICT());
	ktstr_cpumask__parse("0-1", &self->cpuset);
	self->s.cpuset = &self->cpuset;
	EXPECT_STREQ("pass", VERDICT());
	ktstr_cpumask__parse("1,4-6", &self->w[1].cpus_used);
	EXPECT_STREQ("fail isolation cg_a:1[72] ran on unexpected CPUs {4-6} (isolation)", VERDICT());
	memset(&self->w[1].cpus_used, 0, sizeof(self->w[1].cpus_used));
	EXPECT_STREQ("inconclusive no-data cg_a:1[72]: isolation: no CPU was recorded", VERDICT());
}

TEST_F(judge, iteration_rate_is_per_wall_clock_second)
{
	self->c.min_iteration_rate = 10;
	EXPECT_STREQ("pass", VERDICT());	/* exactly 100 in 10 s */
	self->c.min_iteration_rate = 50000000;
	EXPECT_STREQ("fail benchmark cg_a:0[71]: iteration rate 10.0/s below min_iteration_rate = 50000000.0",
		     VERDICT());
	EXPECT_EQ(2, self->r->nr_details);
	self->w[0].wall_ns = 0;
	EXPECT_STREQ("fail no-data cg_a:0[71]: min_iteration_rate: no time was recorded", VERDICT());
}

TEST_F(judge, work_rate_is_per_cpu_second)
{
	self->c.min_work_rate = 200;
	EXPECT_STREQ("pass", VERDICT());	/* exactly 1000 in 5 s */
	self->w[0].work_units = 999;
	EXPECT_STREQ("fail benchmark cg_a:0[71]: throughput 199.8 work/cpu_s below min_work_rate = 200.0",
		     VERDICT());
	/* nothing done, and the scheduler is to blame */
	self->w[0].work_units = self->w[0].cpu_ns = 0;
	EXPECT_STREQ("fail benchmark cg_a:0[71]: throughput 0.0 work/cpu_s below min_work_rate = 200.0",
		     VERDICT());
	/* something done, but the instrument shows nothing */
	self->w[0].work_units = 5;
	EXPECT_STREQ("inconclusive no-data cg_a:0[71]: min_work_rate: no CPU time was recorded",
		     VERDICT());
}

TEST_F(judge, throughput_cv_is_population_stddev_over_mean)
{
	self->w[1].work_units = 3000;	/* 200/s and 600/s: mean 400, sigma 200 */
	self->c.max_throughput_cv = 0.5;
	EXPECT_STREQ("pass", VERDICT());
	self->c.max_throughput_cv = 0.35;
	EXPECT_STREQ("fail benchmark cg_a: throughput CV 0.500 exceeds max_throughput_cv = 0.350 (mean=400 work/cpu_s)",
		     VERDICT());
	self->w[0].work_units = self->w[1].work_units = 0;
	EXPECT_STREQ("fail benchmark cg_a: max_throughput_cv: none of 2 workers did any work",
		     VERDICT());
	self->s.nr = 1;
	EXPECT_STREQ("inconclusive no-data cg_a: max_throughput_cv compares workers and there is only one",
		     VERDICT());
}

TEST_F(judge, migration_ratio_is_over_the_whole_cgroup)
{
	self->c.max_migration_ratio = 0.25;
	self->w[0].migrations = 50;
	EXPECT_STREQ("pass", VERDICT());
	self->w[1].migrations = 51;
	EXPECT_STREQ("fail migration cg_a: migration ratio 0.5050 exceeds max_migration_ratio = 0.2500 (101 migrations / 200 iterations)",
		     VERDICT());
	self->w[0].iterations = self->w[1].iterations = 0;
	EXPECT_STREQ("fail migration cg_a: max_migration_ratio: no worker finished an iteration",
		     VERDICT());
	self->w[0].wall_ns = self->w[1].wall_ns = 0;
	EXPECT_STREQ("inconclusive no-data cg_a: max_migration_ratio: no worker finished an iteration",
		     VERDICT());
}

TEST_F(judge, no_enabled_check_passes_without_reports)
{
	unsigned int i;

	self->s.nr = 0;
	for (i = 0; i < ktstr_nr_checks; i++) {
		const struct ktstr_check *k = &ktstr_check_table[i];
		struct ktstr_checks c;
		void *member;

		if (k->scope != KTSTR_SCOPE_CGROUP)
			continue;
		ktstr_checks__unset(&c);
		member = (char *)&c + k->offset;
		if (k->type == KTSTR_CHECK_SWITCH)
			*(enum ktstr_switch *)member = KTSTR_ON;
		else
			*(double *)member = 0.5;
		verdict(self->r, &c, &self->s);
		EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->r))
			TH_LOG("%s", k->name);
	}
}

/* Workers that sleep on purpose for 10 % and 90 % of the time and wait 1 % and 4 % for a CPU. */
static void make_sleepers(struct ktstr_worker_report *w)
{
	w[0].cpu_ns = 9 * S;
	w[1].cpu_ns = 1 * S;
	w[0].run_delay_ns = 100 * MS;
	w[1].run_delay_ns = 400 * MS;
	w[0].schedstat_valid = w[1].schedstat_valid = 1;
	w[1].flags = KTSTR_WORKER_BLOCKS;
}

TEST_F(judge, who_sleeps_on_purpose_is_compared_by_run_delay)
{
	make_sleepers(self->w);
	self->c.max_spread_pct = 3;
	EXPECT_STREQ("pass", VERDICT());
	self->c.max_spread_pct = 2.5;
	EXPECT_STREQ("fail unfair cg_a: unfair cgroup: spread=3% (1-4% run delay) 2 workers on 2 cpus (max_spread_pct = 2.5)",
		     VERDICT());
	self->w[0].schedstat_valid = 0;
	EXPECT_STREQ("inconclusive no-data cg_a: max_spread_pct: 1 of 2 workers recorded a run delay time, 2 are needed",
		     VERDICT());
}

TEST_F(judge, a_messenger_is_compared_with_nobody)
{
	self->w[0].cpu_ns = 10 * S;
	self->w[1].cpu_ns = 1 * S;
	self->c.max_spread_pct = 15;
	self->c.max_throughput_cv = 0.1;
	self->w[0].flags = KTSTR_WORKER_MESSENGER;
	EXPECT_STREQ("inconclusive no-data cg_a: max_throughput_cv compares workers and there is only one",
		     VERDICT());
	self->c.max_throughput_cv = NAN;
	EXPECT_STREQ("pass", VERDICT());
}

/* 100 samples a worker: 1..100 us and 101..200 us, so that of 200 the p99 is the 198th. */
static void make_samples(struct ktstr_worker_samples *s, uint64_t ns[2][100])
{
	int i, k;

	memset(s, 0, 2 * sizeof(*s));
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 100; k++)
			ns[i][k] = (i * 100 + 100 - k) * 1000;
		s[i].kind[KTSTR_SAMPLES_WAKE] =
			(struct ktstr_samples){ .ns = ns[i], .nr = 100, .total = 100 };
	}
}

TEST_F(judge, wake_latencies_are_pooled_over_the_cgroup)
{
	struct ktstr_worker_samples samples[2];
	uint64_t ns[2][100];

	make_samples(samples, ns);
	self->s.samples = samples;
	self->c.max_p99_wake_latency_ns = 198000;
	EXPECT_STREQ("pass", VERDICT());
	self->c.max_p99_wake_latency_ns = 197999;
	EXPECT_STREQ("fail benchmark cg_a: p99 wake latency 198000ns exceeds max_p99_wake_latency_ns = 197999 (200 samples)",
		     VERDICT());
	self->c.max_p99_wake_latency_ns = NAN;

	/* 1..200: mean 100.5, variance (200^2 - 1) / 12 */
	self->c.max_wake_latency_cv = sqrt(39999 / 12.0) / 100.5 + 1e-9;
	EXPECT_STREQ("pass", VERDICT());
	self->c.max_wake_latency_cv = 0.5;
	EXPECT_STREQ("fail benchmark cg_a: wake latency CV 0.574 exceeds max_wake_latency_cv = 0.500 (mean=100500ns)",
		     VERDICT());
}

TEST_F(judge, latencies_without_samples_are_undecided_unless_nothing_was_done)
{
	self->c.max_p99_wake_latency_ns = 1;
	EXPECT_STREQ("inconclusive no-data cg_a: max_p99_wake_latency_ns: 0 wake latency samples, 1 needed; does the work type take them?",
		     VERDICT());
	self->w[0].iterations = self->w[1].iterations = 0;
	EXPECT_STREQ("fail benchmark cg_a: max_p99_wake_latency_ns: no worker finished an iteration",
		     VERDICT());
}

TEST_F(judge, pages_are_compared_with_the_nodes_of_the_cpuset)
{
	struct ktstr_cpumask nodes = { };

	ktstr_cpumask__set(&nodes, 1);
	self->s.nodes = &nodes;
	self->w[0].pages_valid = self->w[1].pages_valid = 1;
	self->w[0].node_pages[1] = 90;
	self->w[0].node_pages[0] = 10;
	self->w[1].node_pages[1] = 75;
	self->w[1].node_pages[63] = 25;

	self->c.min_page_locality = 0.75;
	EXPECT_STREQ("pass", VERDICT());
	self->c.min_page_locality = 0.8;
	EXPECT_STREQ("fail page-locality cg_a:1[72]: page locality 0.7500 below min_page_locality = 0.8000 (75/100 pages local)",
		     VERDICT());
	self->c.min_page_locality = NAN;

	self->c.max_cross_node_migration_ratio = 0.1;
	EXPECT_NE(NULL, strstr(VERDICT(), "inconclusive no-data cg_a: max_cross_node_migration_ratio: NUMA balancing is off"));
	self->s.balancing = true;
	EXPECT_STREQ("inconclusive no-data cg_a: max_cross_node_migration_ratio: the kernel does not count migrated pages",
		     VERDICT());
	self->s.migrated_known = true;
	self->s.pages_migrated = 20;
	EXPECT_STREQ("pass", VERDICT());
	self->s.pages_migrated = 21;
	EXPECT_STREQ("fail cross-node-migration cg_a: cross-node migration ratio 0.1050 exceeds max_cross_node_migration_ratio = 0.1000 (21/200 pages migrated)",
		     VERDICT());
}

TEST_F(judge, the_slow_tier_is_the_nodes_without_cpus_and_needs_no_cpuset)
{
	struct ktstr_cpumask slow = { };

	self->w[0].pages_valid = self->w[1].pages_valid = 1;
	self->w[0].node_pages[0] = 60;		/* two nodes with CPUs, a third without */
	self->w[0].node_pages[1] = 40;
	self->w[1].node_pages[1] = 65;
	self->w[1].node_pages[2] = 35;
	self->c.max_slow_tier_ratio = 0.1;
	EXPECT_STREQ("inconclusive no-data cg_a: max_slow_tier_ratio: the NUMA nodes are not known",
		     VERDICT());
	self->s.slow_nodes = &slow;
	EXPECT_NE(NULL, strstr(VERDICT(), "no NUMA node of this machine is without CPUs"));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->r));
	ktstr_cpumask__set(&slow, 2);
	EXPECT_STREQ("fail slow-tier cg_a: slow-tier page ratio 0.1750 exceeds max_slow_tier_ratio = 0.1000 (35/200 pages on memory-only nodes)",
		     VERDICT());
	self->c.max_slow_tier_ratio = 0.175;
	EXPECT_STREQ("pass", VERDICT());
}

TEST_F(judge, pages_without_a_count_or_a_cpuset_are_undecided)
{
	struct ktstr_cpumask nodes = { };

	self->c.min_page_locality = 0.5;
	EXPECT_STREQ("inconclusive no-data cg_a: min_page_locality: no cpuset with known NUMA nodes",
		     VERDICT());
	self->s.nodes = &nodes;
	EXPECT_STREQ("inconclusive no-data cg_a: min_page_locality: no pages were counted by NUMA node",
		     VERDICT());
	self->w[1].pages_valid = 1;
	self->w[1].node_pages[0] = 1;
	ktstr_cpumask__set(&nodes, 0);
	EXPECT_STREQ("inconclusive no-data cg_a:0[71]: min_page_locality: no pages were counted",
		     VERDICT());
}

TEST(every_check_of_workers_has_a_judge)
{
	unsigned int i;

	for (i = 0; i < ktstr_nr_checks; i++)
		EXPECT_EQ(ktstr_check_table[i].scope == KTSTR_SCOPE_CGROUP,
			  ktstr_check_table[i].judge != NULL)
			TH_LOG("%s", ktstr_check_table[i].name);
}

TEST_F(judge, shared_cpus_get_five_times_the_time_and_owe_a_fifth_of_the_rate)
{
	self->c.max_gap_ms = 10;
	self->c.min_work_rate = 1000;		/* they did 200 */
	self->c.max_spread_pct = 1;
	self->w[0].max_gap_ns = self->w[1].max_gap_ns = 50 * MS;
	self->s.time_scale = KTSTR_SHARED_CPU_SCALE;
	ktstr_checks__judge(&self->c, &self->s, self->r);
	EXPECT_EQ(0, self->r->nr_details) TH_LOG("%s", self->r->details[0].text);
	self->w[0].max_gap_ns++;
	self->w[1].work_units--;
	self->w[1].cpu_ns = 6 * S;		/* shares have no time in them: not scaled */
	self->w[1].wall_ns = 10 * S;
	ktstr_checks__judge(&self->c, &self->s, self->r);
	EXPECT_EQ(3, self->r->nr_details);
	EXPECT_NE(NULL, strstr(self->r->details[0].text, "(max_gap_ms = 50)"));
	EXPECT_NE(NULL, strstr(self->r->details[1].text, "(max_spread_pct = 1)"));
	EXPECT_NE(NULL, strstr(self->r->details[2].text, "below min_work_rate = 200.0"));
	EXPECT_EQ(10, self->c.max_gap_ms);
}

TEST(what_the_host_resolved_reaches_the_guest_unchanged)
{
	char text[KTSTR_CHECK_TEXT_MAX];
	struct ktstr_checks c, copy;
	const struct ktstr_check *k;
	unsigned int i, nr = 0;

	ktstr_checks__resolve(&c, NULL, NULL);
	c.max_gap_ms = 1.0 / 3;
	c.max_spread_pct = KTSTR_NO_LIMIT;
	c.not_starved = KTSTR_OFF;
	c.sustained_samples = KTSTR_MAX_SUSTAINED;
	ktstr_checks__unset(&copy);
	for (i = 0; i < ktstr_nr_checks; i++) {
		k = &ktstr_check_table[i];
		if (!ktstr_check__to_text(k, &c, text, sizeof(text)))
			continue;
		EXPECT_EQ(0, ktstr_checks__from_text(&copy, text)) TH_LOG("%s", text);
		EXPECT_EQ(ktstr_check__value(k, &c), ktstr_check__value(k, &copy));
		nr++;
	}
	EXPECT_LT(5, nr);
	EXPECT_EQ(KTSTR_OFF, copy.not_starved);
	EXPECT_EQ(1.0 / 3, copy.max_gap_ms);
	EXPECT_FALSE(ktstr_check__is_set(&ktstr_check_table[4], &copy));
}

TEST(a_text_that_is_no_check_is_refused)
{
	static const char * const bad[] = {
		"", "max_gap_ms", "max_gap_ms=", "max_gap_ms=1x", "max_gap_ms=nan",
		"max_gap_ms=-1", "max_gap=1", "max_gap_ms2=1", "=1", "isolation=2",
		"isolation=true", "sustained_samples=1.5", "sustained_samples=4294967295",
	};
	struct ktstr_checks c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, ktstr_checks__from_text(&c, bad[i])) TH_LOG("row %u", i);
}

TEST_HARNESS_MAIN

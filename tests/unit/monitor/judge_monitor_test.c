// SPDX-License-Identifier: GPL-2.0
/* Samples that were made by hand, what they come to, and what violates which check. */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/monitor/judge.h"
#include "harness/monitor/live.h"
#include "lib/clock.h"

#define MACHINE_CPUS	4
#define STEP_NS	(100 * NSEC_PER_MSEC)
#define TICK	(4 * NSEC_PER_MSEC)
enum { FALLBACK, KEEP_LAST, NR_EVENTS };

FIXTURE(series) {
	struct ktstr_series all;
	struct ktstr_sample *s;		/* the next one */
	uint64_t vcpu_ns[MACHINE_CPUS];
	bool kvm;
	struct ktstr_judge_ctx j;
	struct ktstr_checks checks;
	struct ktstr_monitor_verdict verdict;
	struct ktstr_monitor_summary sum;
};

static void set(struct ktstr_sample *s, uint32_t cpu, enum ktstr_cpu_figure f, uint64_t v)
{
	s->cpu[cpu].value[f] = v;
	s->cpu[cpu].have |= 1ull << f;
}

FIXTURE_SETUP(series)
{
	self->s = calloc(1, sizeof(*self->s) + MACHINE_CPUS * sizeof(self->s->cpu[0]));
	ASSERT_NE(NULL, self->s);
	self->s->nr_cpus = MACHINE_CPUS;
	self->s->sched_kva = 0x1000;
	self->s->have_events = true;
	for (uint32_t cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		set(self->s, cpu, KTSTR_CPU_NR_RUNNING, 1);
		set(self->s, cpu, KTSTR_CPU_SCX_LOCAL_DSQ, 0);
		set(self->s, cpu, KTSTR_CPU_CLOCK, NSEC_PER_SEC);
		set(self->s, cpu, KTSTR_CPU_RUN_DELAY, 0);
	}
	ktstr_checks__unset(&self->checks);
	self->checks.sustained_samples = 3;
}

FIXTURE_TEARDOWN(series)
{
	ktstr_series__free(&self->all);
	free(self->s);
}

/* Keep the present sample and prepare the next: clocks move on. */
static void keep(struct ktstr_series *all, struct ktstr_sample *s, const uint64_t *vcpu_ns)
{
	ktstr_series__add(all, NSEC_PER_SEC + all->nr * STEP_NS, s, vcpu_ns);
	for (uint32_t cpu = 0; cpu < MACHINE_CPUS; cpu++)
		s->cpu[cpu].value[KTSTR_CPU_CLOCK] += STEP_NS;
}

#define KEEP(_n)								\
	do {									\
		for (int _i = 0; _i < (_n); _i++)				\
			keep(&self->all, self->s, self->kvm ? self->vcpu_ns : NULL); \
	} while (0)

#define JUDGE()									\
	do {									\
		self->j = (struct ktstr_judge_ctx) {				\
			&self->all, { 0, self->all.nr }, TICK, STEP_NS, FALLBACK, KEEP_LAST, \
		};								\
		ktstr_monitor_judge(&self->j, &self->checks, &self->verdict);	\
		ktstr_monitor_summary__make(&self->sum, &self->all, self->j.span, \
					    NR_EVENTS, TICK);			\
	} while (0)

#define LIVE(_text)								\
	do {									\
		char _buf[96];							\
		ktstr_live__format(&self->all, &layout, _buf, sizeof(_buf));	\
		EXPECT_STREQ(_text, _buf);					\
	} while (0)

TEST_F(series, words_for_the_progress_line)
{
	struct ktstr_monitor_layout layout = {
		.nr_events = NR_EVENTS,
		.event = { { KTSTR_EVENT_FALLBACK, 0 }, { KTSTR_EVENT_KEEP_LAST, 0 } },
	};
	struct ktstr_sample *many;
	char cut[8];

	LIVE("");
	set(self->s, 1, KTSTR_CPU_NR_RUNNING, 3);
	set(self->s, 2, KTSTR_CPU_SCX_LOCAL_DSQ, 2);
	KEEP(1);
	LIVE("rq 1 3 1 1, dsq 2");
	/* 20 in 2 s; of the first second 5 are forgotten */
	self->s->event[FALLBACK] += 5;
	KEEP(10);
	self->s->event[FALLBACK] += 15;
	KEEP(10);
	LIVE("rq 1 3 1 1, dsq 2, fallback 15/s");
	ktstr_live__format(&self->all, &layout, cut, sizeof(cut));
	EXPECT_STREQ("rq 1 3 ", cut);
	/* what cannot be read is not 0, and without a scheduler there is no queue of one */
	self->s->cpu[0].have &= ~(1ull << KTSTR_CPU_NR_RUNNING);
	self->s->sched_kva = 0;
	self->s->have_events = false;
	KEEP(1);
	LIVE("rq ? 3 1 1");
	ktstr_series__free(&self->all);
	self->all = (struct ktstr_series){ };
	many = calloc(1, sizeof(*many) + 16 * sizeof(many->cpu[0]));
	ASSERT_NE(NULL, many);
	many->nr_cpus = 16;
	for (uint32_t cpu = 1; cpu < 16; cpu++)
		set(many, cpu, KTSTR_CPU_NR_RUNNING, cpu == 7 ? 5 : 1);
	set(many, 0, KTSTR_CPU_NR_RUNNING, 0);
	ktstr_series__add(&self->all, NSEC_PER_SEC, many, NULL);
	free(many);
	LIVE("rq 0-5 (mean 1.2)");
}

TEST_F(series, imbalance_is_the_longest_queue_over_the_shortest_and_an_empty_one_counts_as_one)
{
	set(self->s, 0, KTSTR_CPU_NR_RUNNING, 6);
	set(self->s, 1, KTSTR_CPU_NR_RUNNING, 2);
	set(self->s, 2, KTSTR_CPU_NR_RUNNING, 3);
	set(self->s, 3, KTSTR_CPU_NR_RUNNING, 2);
	KEEP(1);
	set(self->s, 3, KTSTR_CPU_NR_RUNNING, 0);
	KEEP(1);
	JUDGE();
	EXPECT_EQ(6, self->sum.max_imbalance);
	EXPECT_EQ(4.5, self->sum.avg_imbalance);
	EXPECT_EQ((13 + 11) / 8.0, self->sum.avg_nr_running);
}

TEST_F(series, an_idle_machine_is_not_out_of_balance)
{
	for (uint32_t cpu = 0; cpu < MACHINE_CPUS; cpu++)
		set(self->s, cpu, KTSTR_CPU_NR_RUNNING, 0);
	KEEP(4);
	self->checks.max_imbalance_ratio = 1;
	JUDGE();
	EXPECT_EQ(0, self->sum.max_imbalance);
	EXPECT_EQ(0, self->verdict.nr);
}

TEST_F(series, a_violation_counts_when_it_lasts)
{
	self->checks.max_imbalance_ratio = 2;
	set(self->s, 0, KTSTR_CPU_NR_RUNNING, 3);
	KEEP(2);
	set(self->s, 0, KTSTR_CPU_NR_RUNNING, 2);	/* at the limit is within it */
	KEEP(1);
	set(self->s, 0, KTSTR_CPU_NR_RUNNING, 5);
	KEEP(2);
	JUDGE();
	EXPECT_EQ(0, self->verdict.nr);
	set(self->s, 0, KTSTR_CPU_NR_RUNNING, 4);
	KEEP(1);
	JUDGE();
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_STREQ("imbalance 4.00 exceeds max_imbalance_ratio 2 for 3 samples, until 1.500 s",
		     self->verdict.violation[0].text);
}

TEST_F(series, a_deep_queue_names_its_cpu)
{
	self->checks.max_local_dsq_depth = 10;
	set(self->s, 2, KTSTR_CPU_SCX_LOCAL_DSQ, 11);
	KEEP(3);
	JUDGE();
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_EQ(2, self->verdict.violation[0].cpu);
	EXPECT_STREQ("local DSQ of CPU 2 holds 11 tasks, exceeds max_local_dsq_depth 10 for 3 samples, until 1.200 s",
		     self->verdict.violation[0].text);
	EXPECT_EQ(11, self->sum.max_dsq);
}

/* Let CPU 1's clock stand from now on. */
#define STAND(_n)								\
	do {									\
		for (int _k = 0; _k < (_n); _k++) {				\
			KEEP(1);						\
			self->s->cpu[1].value[KTSTR_CPU_CLOCK] -= STEP_NS;		\
		}								\
	} while (0)

TEST_F(series, a_clock_that_stands_is_a_stall_of_a_cpu_with_something_to_run)
{
	self->checks.fail_on_stall = KTSTR_ON;
	KEEP(2);
	STAND(4);		/* three intervals */
	JUDGE();
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_EQ(3, self->sum.stuck);
	EXPECT_STREQ("CPU 1 is stuck: its runqueue clock stood at 1.200 s for 3 samples, until 1.500 s",
		     self->verdict.violation[0].text);
}

TEST_F(series, a_stall_without_samples_in_between_counts_for_as_long_as_it_lasted)
{
	self->checks.fail_on_stall = KTSTR_ON;
	STAND(2);
	self->all.point[1].time_ns += STEP_NS;
	JUDGE();
	EXPECT_EQ(0, self->verdict.nr);
	self->all.point[1].time_ns += STEP_NS;
	JUDGE();
	EXPECT_EQ(1, self->verdict.nr);
}

TEST_F(series, an_idle_cpu_is_not_stuck)
{
	self->checks.fail_on_stall = KTSTR_ON;
	set(self->s, 1, KTSTR_CPU_NR_RUNNING, 0);
	STAND(8);
	JUDGE();
	EXPECT_EQ(0, self->verdict.nr);
	EXPECT_EQ(0, self->sum.stuck);
}

TEST_F(series, a_vcpu_that_the_host_does_not_run_is_not_stuck)
{
	self->checks.fail_on_stall = KTSTR_ON;
	self->kvm = true;
	STAND(8);		/* vcpu_ns does not grow */
	JUDGE();
	EXPECT_EQ(0, self->verdict.nr);
	for (int i = 0; i < 4; i++) {
		STAND(1);
		self->vcpu_ns[1] += KTSTR_PREEMPTED_TICKS * TICK;
	}
	JUDGE();
	EXPECT_EQ(1, self->verdict.nr);
}

TEST_F(series, rates_are_of_intervals)
{
	self->checks.max_fallback_rate = 200;
	self->checks.max_keep_last_rate = 200;
	for (int i = 0; i < 4; i++) {
		KEEP(1);
		self->s->event[FALLBACK] += 21;
		self->s->event[KEEP_LAST] += 20;
	}
	JUDGE();
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_STREQ("210.0 events/s exceed max_fallback_rate 200 for 3 samples, until 1.300 s",
		     self->verdict.violation[0].text);
	EXPECT_EQ(63, self->sum.event[FALLBACK]);
	EXPECT_EQ(210, ktstr_monitor_summary__rate(&self->sum, self->sum.event[FALLBACK]));
}

TEST_F(series, counters_of_a_new_scheduler_begin_at_zero)
{
	self->s->event[FALLBACK] = 1000;
	KEEP(2);
	self->s->sched_kva = 0x2000;
	self->s->event[FALLBACK] = 7;
	KEEP(1);
	JUDGE();
	EXPECT_EQ(7, self->sum.event[FALLBACK]);
}

TEST_F(series, what_was_not_measured_is_not_judged)
{
	self->checks.max_fallback_rate = 1;
	self->checks.max_keep_last_rate = 1;
	self->checks.max_local_dsq_depth = 1;
	self->checks.max_imbalance_ratio = 1;
	self->checks.fail_on_stall = KTSTR_ON;
	JUDGE();
	EXPECT_EQ(5, self->verdict.nr_unjudged);
	self->s->have_events = false;
	for (uint32_t cpu = 0; cpu < MACHINE_CPUS; cpu++)
		self->s->cpu[cpu].have = 1ull << KTSTR_CPU_NR_RUNNING;
	KEEP(5);
	JUDGE();
	EXPECT_EQ(0, self->verdict.nr);
	ASSERT_EQ(4, self->verdict.nr_unjudged);
	EXPECT_STREQ("max_local_dsq_depth", self->verdict.unjudged[0]);
	EXPECT_STREQ("fail_on_stall", self->verdict.unjudged[1]);
	EXPECT_STREQ("max_fallback_rate", self->verdict.unjudged[2]);
	EXPECT_STREQ("max_keep_last_rate", self->verdict.unjudged[3]);
}

TEST_F(series, a_limit_that_was_taken_away_judges_nothing)
{
	self->checks.max_imbalance_ratio = KTSTR_NO_LIMIT;
	self->checks.fail_on_stall = KTSTR_OFF;
	set(self->s, 0, KTSTR_CPU_NR_RUNNING, 1000);
	KEEP(9);
	JUDGE();
	EXPECT_EQ(0, self->verdict.nr);
	EXPECT_EQ(0, self->verdict.nr_unjudged);
}

/* Twelve samples with an imbalance of 5 from the third to the tenth. */
static void keep_imbalance(struct ktstr_series *all, struct ktstr_sample *s)
{
	for (int i = 0; i < 12; i++) {
		set(s, 0, KTSTR_CPU_NR_RUNNING, i >= 2 && i < 10 ? 5 : 1);
		keep(all, s, NULL);
	}
}

TEST_F(series, the_limit_of_a_set_counts_in_its_time)
{
	struct ktstr_check_change over[2] = { { NSEC_PER_SEC }, { NSEC_PER_SEC + 6 * STEP_NS } };

	keep_imbalance(&self->all, self->s);
	self->j = (struct ktstr_judge_ctx){ .all = &self->all, .span.to = self->all.nr,
					    .tick_ns = TICK, .period_ns = STEP_NS };
	ktstr_checks__unset(&over[0].checks);
	ktstr_checks__unset(&over[1].checks);
	/* nothing declared: the set alone, in which four samples are beyond the limit */
	over[0].checks.max_imbalance_ratio = 4;
	ktstr_monitor_judge__sets(&self->j, &self->checks, over, 2, &self->verdict);
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_EQ(4, self->verdict.violation[0].samples);
	over[0].checks.sustained_samples = 5;
	ktstr_monitor_judge__sets(&self->j, &self->checks, over, 2, &self->verdict);
	EXPECT_EQ(0, self->verdict.nr);
	/* declared too: the set is wider in its time, and the rest is judged by the declared one */
	self->checks.max_imbalance_ratio = 4;
	over[0].checks.max_imbalance_ratio = 6;
	ktstr_monitor_judge__sets(&self->j, &self->checks, over, 2, &self->verdict);
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_EQ(4, self->verdict.violation[0].samples);
	/* a set that names another check leaves the declared one in one piece */
	over[0].checks.max_imbalance_ratio = KTSTR_NAN;
	over[0].checks.max_local_dsq_depth = 1;
	ktstr_monitor_judge__sets(&self->j, &self->checks, over, 2, &self->verdict);
	ASSERT_EQ(1, self->verdict.nr);
	EXPECT_EQ(8, self->verdict.violation[0].samples);
	EXPECT_EQ(0, self->verdict.nr_unjudged);
}

TEST_F(series, a_set_without_samples_in_its_time_is_not_judged)
{
	struct ktstr_check_change over = { .time_ns = 100 * NSEC_PER_SEC };

	keep_imbalance(&self->all, self->s);
	self->j = (struct ktstr_judge_ctx){ .all = &self->all, .span.to = self->all.nr,
					    .tick_ns = TICK, .period_ns = STEP_NS };
	ktstr_checks__unset(&over.checks);
	over.checks.max_imbalance_ratio = 4;
	ktstr_monitor_judge__sets(&self->j, &self->checks, &over, 1, &self->verdict);
	EXPECT_EQ(0, self->verdict.nr);
	ASSERT_EQ(1, self->verdict.nr_unjudged);
	EXPECT_STREQ("max_imbalance_ratio", self->verdict.unjudged[0]);
}

TEST_F(series, stretches_are_found_by_time)
{
	struct ktstr_series_span span;

	KEEP(10);
	span = ktstr_series__between(&self->all, NSEC_PER_SEC + STEP_NS, NSEC_PER_SEC + 3 * STEP_NS);
	EXPECT_EQ(1, span.from);
	EXPECT_EQ(3, span.to);
	span = ktstr_series__between(&self->all, 10 * NSEC_PER_SEC, UINT64_MAX);
	EXPECT_EQ(span.from, span.to);
}

TEST_HARNESS_MAIN

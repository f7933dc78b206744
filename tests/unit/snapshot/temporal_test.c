// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of ktstr/temporal.h: each pattern holds up to its edge and fails behind it, gaps are what
 * the header says, and failures quote the samples. Also when periodic snapshots are due, and what the
 * bridge keeps.
 */
#include <math.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "made_run.h"

#define GAP	NAN	/* in a list of values: a sample that is not there */

FIXTURE(temporal) {
	struct ktstr_result *r;
	struct ktstr_column c, other;
};

FIXTURE_SETUP(temporal)
{
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
}

FIXTURE_TEARDOWN(temporal)
{
	ktstr_result__free(self->r);
}

/* Samples 100 ms apart, the first at 100 ms. */
static struct ktstr_column column(const double *v, size_t nr)
{
	static char tags[64][40];
	struct ktstr_column c = { .label = "count", .nr = nr };

	for (size_t i = 0; i < nr; i++) {
		snprintf(tags[i], sizeof(tags[i]), "periodic_%03zu", i);
		c.sample[i] = (struct ktstr_column_sample){
			.tag = tags[i], .ms = 100.0 * (i + 1), .ok = !isnan(v[i]), .value = v[i],
			.step = i / 2,
		};
		if (isnan(v[i]))
			strcpy(c.sample[i].why, "PlaceholderSample: nobody asked");
	}
	return c;
}

#define COLUMN(...)								\
	column((const double[]){ __VA_ARGS__ }, sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

static const char *last(const struct ktstr_result *r)
{
	return r->nr_details ? r->details[r->nr_details - 1].text : "";
}

static void forget(struct ktstr_result *r)
{
	r->nr_details = 0;
	r->claims_held = 0;
}

/* The pattern was judged and holds; nothing is said. */
#define HOLDS_SILENTLY(_what)							\
	do {									\
		forget(self->r);						\
		EXPECT_TRUE(_what);						\
		EXPECT_EQ(1, self->r->claims_held) TH_LOG("%s", last(self->r));	\
		EXPECT_EQ(0, self->r->nr_details) TH_LOG("%s", last(self->r));	\
	} while (0)
/* It holds, and a note has the words; it was judged or not. */
#define HOLDS_WITH_NOTE(_words, _judged, _what)					\
	do {									\
		forget(self->r);						\
		EXPECT_TRUE(_what);						\
		EXPECT_EQ(_judged, self->r->claims_held);			\
		ASSERT_NE(0, self->r->nr_details);				\
		EXPECT_EQ(KTSTR_NOTE, self->r->details[0].severity);		\
		EXPECT_NE(NULL, strstr(last(self->r), _words)) TH_LOG("%s", last(self->r)); \
	} while (0)
/* It fails so often, as a temporal one, and the last failure has the words. */
#define FAILS(_nr, _words, _what)						\
	do {									\
		unsigned int nr_ = 0;						\
										\
		forget(self->r);						\
		EXPECT_FALSE(_what);						\
		EXPECT_EQ(0, self->r->claims_held);				\
		for (uint32_t i_ = 0; i_ < self->r->nr_details; i_++)		\
			nr_ += self->r->details[i_].severity == KTSTR_FAILS &&	\
			      self->r->details[i_].kind == KTSTR_TEMPORAL;	\
		EXPECT_EQ(_nr, nr_);						\
		EXPECT_NE(NULL, strstr(last(self->r), _words)) TH_LOG("%s", last(self->r)); \
	} while (0)

TEST_F(temporal, order)
{
	self->c = COLUMN(1, 1, 2);
	HOLDS_SILENTLY(temporal_nondecreasing(self->r, &self->c));
	FAILS(1, "count: strictly_increasing: 1 at periodic_001 (+200 ms) after 1 at periodic_000 (+100 ms); samples: 1 at +100 ms, 1 at +200 ms, 2 at +300 ms",
	      temporal_strictly_increasing(self->r, &self->c));
	self->c = COLUMN(1, 2, 3);
	HOLDS_SILENTLY(temporal_strictly_increasing(self->r, &self->c));
	self->c = COLUMN(3, 2, 1);
	FAILS(2, "1 at periodic_002 (+300 ms) after 2", temporal_nondecreasing(self->r, &self->c));
	/* no pair across a gap */
	self->c = COLUMN(5, GAP, 1, 2);
	HOLDS_WITH_NOTE("1 of 4 samples are missing: PlaceholderSample", 1,
			temporal_nondecreasing(self->r, &self->c));
	self->c = COLUMN(5, GAP, 1);
	HOLDS_WITH_NOTE("nothing was judged", 0, temporal_nondecreasing(self->r, &self->c));
	self->c = COLUMN(5);
	HOLDS_WITH_NOTE("nothing was judged", 0, temporal_strictly_increasing(self->r, &self->c));
	self->c.nr = 0;
	HOLDS_WITH_NOTE("nothing was judged", 0, temporal_nondecreasing(self->r, &self->c));
}

TEST_F(temporal, rate)
{
	self->c = COLUMN(0, 100, 300);		/* 1 and 2 per ms */
	HOLDS_SILENTLY(temporal_rate_within(self->r, &self->c, 1, 2));
	FAILS(1, "2 per ms from periodic_001 to periodic_002 (+200 to +300 ms), expected 1 to 1.99",
	      temporal_rate_within(self->r, &self->c, 1, 1.99));
	FAILS(1, "1 per ms", temporal_rate_within(self->r, &self->c, 1.01, 2));
	FAILS(1, "lower bound is above", temporal_rate_within(self->r, &self->c, 2, 1));
	FAILS(1, "no number", temporal_rate_within(self->r, &self->c, NAN, 1));
	self->c = COLUMN(0, INFINITY);
	FAILS(1, "inf per ms", temporal_rate_within(self->r, &self->c, 0, INFINITY));
	self->c = COLUMN(0, GAP, 900);
	HOLDS_WITH_NOTE("nothing was judged", 0, temporal_rate_within(self->r, &self->c, 0, 1));
	self->c = COLUMN(0, 1);
	self->c.sample[1].ms = self->c.sample[0].ms;
	forget(self->r);
	temporal_rate_within(self->r, &self->c, 0, 1);
	ASSERT_EQ(1, self->r->nr_details);
	EXPECT_EQ(KTSTR_UNDECIDED, self->r->details[0].severity);
}

TEST_F(temporal, steady)
{
	self->c = COLUMN(500, 90, 100, 110);	/* mean of the last three: 100 */
	HOLDS_SILENTLY(temporal_steady_within(self->r, &self->c, 200, 0.1));
	FAILS(2, "110 at periodic_003 (+400 ms) is not within 9.9 % of the mean 100",
	      temporal_steady_within(self->r, &self->c, 200, 0.099));
	FAILS(4, "mean 200", temporal_steady_within(self->r, &self->c, 0, 0.1));
	HOLDS_WITH_NOTE("no sample from +500 ms on", 0,
			temporal_steady_within(self->r, &self->c, 500, 0.1));
	self->c = COLUMN(-90, -100, -110);
	HOLDS_SILENTLY(temporal_steady_within(self->r, &self->c, 0, 0.1));
	self->c = COLUMN(90, GAP, 110);
	HOLDS_WITH_NOTE("1 of 3 samples are missing", 1,
			temporal_steady_within(self->r, &self->c, 0, 0.11));
	FAILS(1, "tolerance is negative", temporal_steady_within(self->r, &self->c, 0, -1));
}

TEST_F(temporal, convergence)
{
	self->c = COLUMN(50, 9, 10, 11, 50);
	HOLDS_SILENTLY(temporal_converges_to(self->r, &self->c, 10, 1, 400));
	/* the third witness is too late */
	FAILS(1, "no 3 samples in a row are within 10 +- 1 until +399 ms",
	      temporal_converges_to(self->r, &self->c, 10, 1, 399));
	FAILS(1, "samples: 50 at +100 ms", temporal_converges_to(self->r, &self->c, 10, 0.9, 1000));
	/* a gap ends a row */
	self->c = COLUMN(10, 10, GAP, 10, 10);
	FAILS(1, "none at +300 ms", temporal_converges_to(self->r, &self->c, 10, 1, 1000));
	self->c = COLUMN(10, 10, GAP, 10, 10, 10);
	HOLDS_WITH_NOTE("are missing", 1, temporal_converges_to(self->r, &self->c, 10, 1, 1000));
	self->c = COLUMN(10, 10);
	HOLDS_WITH_NOTE("there are 2 samples until +1000 ms and 3 are needed", 0,
			temporal_converges_to(self->r, &self->c, 10, 1, 1000));
	FAILS(1, "no number", temporal_converges_to(self->r, &self->c, NAN, 1, 1000));
}

TEST_F(temporal, invariants)
{
	self->c = COLUMN(1, 7, -1);
	HOLDS_SILENTLY(temporal_always_true(self->r, &self->c));
	self->c = COLUMN(1, 0, 1);
	FAILS(1, "it is not at periodic_001 (+200 ms)", temporal_always_true(self->r, &self->c));
	self->c = COLUMN(1, GAP);
	FAILS(1, "unknown at periodic_001 (+200 ms): PlaceholderSample", temporal_always_true(self->r, &self->c));
	self->c.nr = 0;
	HOLDS_WITH_NOTE("no sample", 0, temporal_always_true(self->r, &self->c));
	self->c = COLUMN(1, 2, 3);
	HOLDS_SILENTLY(temporal_each_between(self->r, &self->c, 1, 3));
	HOLDS_SILENTLY(temporal_each_between(self->r, &self->c, -INFINITY, 3));
	FAILS(2, "3 at periodic_002 (+300 ms), expected 2 to 2",
	      temporal_each_between(self->r, &self->c, 2, 2));
	self->c = COLUMN(1, GAP);
	FAILS(1, "unknown at periodic_001", temporal_each_between(self->r, &self->c, 0, 3));
	/* not the gap's mark: a value that is none */
	self->c = COLUMN(1, 1);
	self->c.sample[1].value = NAN;
	FAILS(1, "nan at periodic_001", temporal_each_between(self->r, &self->c, 0, 3));
	FAILS(1, "lower bound", temporal_each_between(self->r, &self->c, 3, 0));
}

TEST_F(temporal, ratio)
{
	self->c = COLUMN(10, 20, 30);
	self->other = COLUMN(10, 10, 10);
	HOLDS_SILENTLY(temporal_ratio_within(self->r, &self->c, &self->other, 1, 3));
	FAILS(1, "30 over 10 (count) is 3 at periodic_002 (+300 ms), expected 1 to 2.9",
	      temporal_ratio_within(self->r, &self->c, &self->other, 1, 2.9));
	self->other = COLUMN(10, 10);
	FAILS(1, "different numbers of samples",
	      temporal_ratio_within(self->r, &self->c, &self->other, 0, 9));
	self->other = COLUMN(10, GAP, 10);
	HOLDS_WITH_NOTE("are missing", 1, temporal_ratio_within(self->r, &self->c, &self->other, 1, 3));
	self->other = COLUMN(10, 0, 10);
	forget(self->r);
	temporal_ratio_within(self->r, &self->c, &self->other, 1, 3);
	ASSERT_EQ(1, self->r->nr_details);
	EXPECT_EQ(KTSTR_UNDECIDED, self->r->details[0].severity);
	self->other = COLUMN(GAP, GAP, GAP);
	HOLDS_WITH_NOTE("no snapshot has both", 0,
			temporal_ratio_within(self->r, &self->c, &self->other, 1, 3));
}

TEST_F(temporal, a_long_column_is_quoted_around_the_failure)
{
	double v[64];

	for (int i = 0; i < 64; i++)
		v[i] = i == 40 ? 0 : i;
	self->c = column(v, 64);
	FAILS(1, "samples: ... 34 at +3500 ms", temporal_nondecreasing(self->r, &self->c));
	EXPECT_NE(NULL, strstr(last(self->r), "0 at +4100 ms"));
	EXPECT_EQ(0, strcmp(last(self->r) + strlen(last(self->r)) - 4, " ..."));
}

TEST_F(temporal, parts_and_ends_of_a_column)
{
	struct ktstr_column part;

	self->c = COLUMN(GAP, 3, 5, 9);
	part = column_step(&self->c, 1);
	EXPECT_EQ(2, part.nr);
	EXPECT_STREQ("count in step 2", part.label);
	EXPECT_EQ(4, column_delta(&part));
	EXPECT_EQ(3, column_first(&self->c));
	EXPECT_EQ(9, column_last(&self->c));
	part = column_step(&self->c, 0);
	EXPECT_TRUE(isnan(column_delta(&part)));
	EXPECT_EQ(3, column_last(&part));
	part = column_step(&self->c, 7);
	EXPECT_TRUE(isnan(column_first(&part)));
}

TEST(columns_are_made_of_periodic_snapshots)
{
	static const char one[] = "{\"nr_cpus\":2,\"jiffies\":5,\"maps\":[{\"name\":\"x.bss\",\"value\":"
		"{\"kind\":\"struct\",\"members\":[{\"name\":\"n\",\"value\":{\"kind\":\"uint\",\"value\":4}},"
		"{\"name\":\"t\",\"value\":{\"kind\":\"string\",\"value\":\"a\"}}]}},"
		"{\"name\":\"c\",\"percpu_entries\":[{\"index\":0,\"per_cpu\":["
		"{\"kind\":\"uint\",\"value\":3},{\"kind\":\"uint\",\"value\":8}]}]}]}";
	struct ktstr_column c;
	struct made_run m;

	ASSERT_TRUE(made_run_init(&m));
	made_snapshot(&m, "mine", KTSTR_SNAPSHOT_ASKED, 10, one);
	made_snapshot(&m, "periodic_000", KTSTR_SNAPSHOT_PERIODIC, 100, one);
	made_snapshot(&m, "periodic_001", KTSTR_SNAPSHOT_PERIODIC, 200, NULL);
	c = column_var(m.r, "n");
	ASSERT_EQ(2, c.nr);
	EXPECT_TRUE(c.sample[0].ok);
	EXPECT_EQ(4, c.sample[0].value);
	EXPECT_EQ(100, c.sample[0].ms);
	EXPECT_STREQ("periodic_000", c.sample[0].tag);
	EXPECT_FALSE(c.sample[1].ok);
	EXPECT_EQ(&c.sample[1].why[0], strstr(c.sample[1].why, "PlaceholderSample: periodic_001"));
	c = column_var(m.r, "t");
	EXPECT_EQ(&c.sample[0].why[0], strstr(c.sample[0].why, "TypeMismatch"));
	c = column_kernel(m.r, "jiffies");
	EXPECT_EQ(5, c.sample[0].value);
	c = column_cpus(m.r, "c", "", KTSTR_SNAP_SUM);
	EXPECT_EQ(11, c.sample[0].value) TH_LOG("%s", c.sample[0].why);
	c = column_cpus(m.r, "c", "", KTSTR_SNAP_MIN);
	EXPECT_EQ(3, c.sample[0].value);
	c = column_cpu(m.r, "c", 1, "");
	EXPECT_EQ(8, c.sample[0].value);
	c = column_map(m.r, ".bss", "n");
	EXPECT_EQ(4, c.sample[0].value);
	/* the default callback wants one that has maps */
	EXPECT_EQ(0, ktstr_snapshots__default_check(m.r));
	EXPECT_EQ(0, m.r->nr_details);
	EXPECT_EQ(1, m.r->claims_held);
	made_run_free(&m);
}

TEST(the_default_callback_fails_without_real_captures)
{
	struct made_run m;

	ASSERT_TRUE(made_run_init(&m));
	m.run.opts.monitor = true;
	m.s->target = 2;
	m.s->fired = 1;
	made_snapshot(&m, "mine", KTSTR_SNAPSHOT_ASKED, 10, "{\"maps\":[1]}");
	made_snapshot(&m, "periodic_000", KTSTR_SNAPSHOT_PERIODIC, 100, "{\"maps_unavailable\":\"x\"}");
	EXPECT_EQ(0, ktstr_snapshots__default_check(m.r));
	EXPECT_STREQ("none of the 2 periodic snapshots has a scheduler's BPF maps; 1 were taken",
		     last(m.r));
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(m.r));
	forget(m.r);
	m.run.opts.monitor = false;
	ktstr_snapshots__default_check(m.r);
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(m.r));
	made_run_free(&m);
}

TEST(moments_divide_the_middle_of_the_duration)
{
	const uint64_t s = 1000000000;
	struct ktstr_window w = { .start_ns = 5 * s, .end_ns = 15 * s, .nr = 1 };

	EXPECT_EQ(10 * s, ktstr_window__due(&w, 0));
	EXPECT_EQ(0, ktstr_window__due(&w, 1));
	w.nr = 3;
	EXPECT_EQ(8 * s, ktstr_window__due(&w, 0));
	EXPECT_EQ(10 * s, ktstr_window__due(&w, 1));
	EXPECT_EQ(12 * s, ktstr_window__due(&w, 2));
	w.nr = 64;
	EXPECT_LT(6 * s, ktstr_window__due(&w, 0));
	EXPECT_GT(14 * s, ktstr_window__due(&w, 63));
	w.end_ns = w.start_ns + 70;
	EXPECT_EQ(0, ktstr_window__due(&w, 0));
	w.end_ns = w.start_ns;
	EXPECT_EQ(0, ktstr_window__due(&w, 0));
	w = (struct ktstr_window){ .start_ns = s, .end_ns = s + 86400 * s, .nr = 64 };
	EXPECT_GT(w.end_ns, ktstr_window__due(&w, 63));
	EXPECT_GT(ktstr_window__due(&w, 63), ktstr_window__due(&w, 62));
}

TEST(the_bridge_keeps_the_newest_64_and_tells_what_goes)
{
	struct ktstr_bridge b = { .nr = 0 };
	char name[16];

	for (int i = 0; i < 66; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ASSERT_NE(NULL, ktstr_bridge__add(&b, name));
	}
	EXPECT_EQ(64, b.nr);
	EXPECT_EQ(NULL, ktstr_bridge__find(&b, "n1"));
	EXPECT_STREQ("n2", b.list[0]->name);
	EXPECT_EQ(2, b.nr_events);
	EXPECT_STREQ("n0: dropped for n64, there is room for 64", b.event[0]);
	/* a name that is there: the new one comes last */
	EXPECT_EQ(2, ktstr_bridge__add(&b, "n5")->taken);
	EXPECT_EQ(3, ktstr_bridge__add(&b, "n5")->taken);
	EXPECT_EQ(64, b.nr);
	EXPECT_STREQ("n5", b.list[63]->name);
	EXPECT_EQ(4, b.nr_events);
	for (int i = 0; i < KTSTR_BRIDGE_EVENTS; i++)
		ktstr_bridge__add(&b, "n5");
	EXPECT_EQ(KTSTR_BRIDGE_EVENTS, b.nr_events);
	EXPECT_EQ(4, b.dropped_events);
	ktstr_bridge__free(&b);
}

TEST_HARNESS_MAIN

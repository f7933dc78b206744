// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/runs/noise.c. */
#include <math.h>
#include <stdint.h>

#include "kselftest_harness.h"

#include "harness/runs/noise.h"

static struct ktstr_sample sample(double *v, size_t nr)
{
	struct ktstr_sample s;

	ktstr_sample__of(&s, v, nr);
	return s;
}

#define SAMPLE(...)	sample((double []){ __VA_ARGS__ }, sizeof((double []){ __VA_ARGS__ }) / 8)
#define NEAR(_a, _b)	EXPECT_LT(fabs((_a) - (_b)), 1e-6) TH_LOG("%.9f", _a)

TEST(a_sample_is_described)
{
	struct ktstr_sample s = SAMPLE(4, 1, 3, 2);

	EXPECT_EQ(4, s.nr);
	EXPECT_EQ(2.5, s.mean);
	EXPECT_EQ(2.5, s.median);
	EXPECT_EQ(1, s.min);
	EXPECT_EQ(4, s.max);
	NEAR(s.sd, 1.290994449);
	EXPECT_TRUE(isnan(SAMPLE(7).sd));
}

TEST(equal_values_have_no_spread_whatever_rounding_does)
{
	struct ktstr_sample s = SAMPLE(.1, .1, .1);

	EXPECT_EQ(0, s.sd);
	EXPECT_EQ(.1, s.mean);
}

TEST(welch_gives_the_probability_of_chance)
{
	struct ktstr_sample a = SAMPLE(1, 2, 3, 4, 5), b = SAMPLE(2, 3, 4, 5, 6);
	struct ktstr_sample c = SAMPLE(10.1, 9.9, 10.2), d = SAMPLE(11.5, 12.5, 12.1, 11.9);

	/* t = -1, df = 8 */
	NEAR(ktstr_welch_p(&a, &b), 0.346593507);
	NEAR(ktstr_welch_p(&b, &a), 0.346593507);
	/* t = -8.66897, df = 3.98083 */
	EXPECT_LT(ktstr_welch_p(&c, &d), 0.01);
	EXPECT_GT(ktstr_welch_p(&c, &d), 0.0001);
}

TEST(without_spread_any_difference_is_one)
{
	struct ktstr_sample a = SAMPLE(5, 5), b = SAMPLE(6, 6), one = SAMPLE(5);

	EXPECT_EQ(1, ktstr_welch_p(&a, &a));
	EXPECT_EQ(0, ktstr_welch_p(&a, &b));
	EXPECT_TRUE(isnan(ktstr_welch_p(&a, &one)));
}

TEST(bands_are_disjoint_in_both_directions)
{
	struct ktstr_sample a = SAMPLE(1, 2), b = SAMPLE(3, 4), c = SAMPLE(2, 3);

	EXPECT_TRUE(ktstr_samples__disjoint(&a, &b));
	EXPECT_TRUE(ktstr_samples__disjoint(&b, &a));
	EXPECT_FALSE(ktstr_samples__disjoint(&a, &c));
}

/* 2000 pairs of equal normal populations: with p < 0.01 some 20 of them seem to differ. */
TEST(equal_populations_seldom_seem_to_differ)
{
	unsigned int alarms = 0;
	uint64_t x = 88172645463325252ull;
	double v[2][5];

	for (int pair = 0; pair < 2000; pair++) {
		struct ktstr_sample s[2];

		for (int side = 0; side < 2; side++) {
			for (int i = 0; i < 5; i++) {
				v[side][i] = 0;
				for (int k = 0; k < 12; k++) {	/* the sum of 12 is nearly normal */
					x ^= x << 13;
					x ^= x >> 7;
					x ^= x << 17;
					v[side][i] += (double)(x >> 11) / (1ull << 53);
				}
			}
			ktstr_sample__of(&s[side], v[side], 5);
		}
		alarms += ktstr_welch_p(&s[0], &s[1]) < 0.01;
	}
	/* 20 are expected, with a standard deviation of 4.4 */
	EXPECT_LT(alarms, 40);
	EXPECT_GT(alarms, 4);
}

TEST_HARNESS_MAIN

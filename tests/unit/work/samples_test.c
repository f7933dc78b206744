// SPDX-License-Identifier: GPL-2.0
/*
 * What is promised of samples: of more than fit a uniform choice stays, the same one for the
 * same seed, everything is counted, and nobody pays for room that is not used.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/work/samples.h"

FIXTURE(samples) {
	struct ktstr_sample_store store;
	struct ktstr_sampler s;
	struct ktstr_worker_samples got;
};

FIXTURE_SETUP(samples)
{
	memset(&self->s, 0, sizeof(self->s));
	ASSERT_EQ(0, ktstr_samples__init(&self->store, 2));
	ktstr_sampler__init(&self->s, &self->store, 1, 7);
}

FIXTURE_TEARDOWN(samples)
{
	ktstr_samples__fini(&self->store);
}

static void add_range(struct ktstr_sampler *s, enum ktstr_sample_kind kind, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		ktstr_sampler__add(s, kind, i);
}

TEST_F(samples, few_are_all_kept_in_their_order)
{
	const struct ktstr_samples *w = &self->got.kind[KTSTR_SAMPLES_WAKE];
	uint64_t i;

	add_range(&self->s, KTSTR_SAMPLES_WAKE, KTSTR_SAMPLES_WAKE_MAX);
	ktstr_samples__get(&self->store, 1, &self->got);
	ASSERT_EQ(KTSTR_SAMPLES_WAKE_MAX, w->nr);
	EXPECT_EQ(KTSTR_SAMPLES_WAKE_MAX, w->total);
	for (i = 0; i < w->nr; i++)
		ASSERT_EQ(i, w->ns[i]);
}

TEST_F(samples, kinds_and_workers_do_not_mix)
{
	ktstr_sampler__add(&self->s, KTSTR_SAMPLES_WAKE, 11);
	ktstr_sampler__add(&self->s, KTSTR_SAMPLES_COST, 22);
	ktstr_sampler__add(&self->s, KTSTR_SAMPLES_TIMER, 33);
	ktstr_samples__get(&self->store, 1, &self->got);
	EXPECT_EQ(11, self->got.kind[KTSTR_SAMPLES_WAKE].ns[0]);
	EXPECT_EQ(22, self->got.kind[KTSTR_SAMPLES_COST].ns[0]);
	EXPECT_EQ(33, self->got.kind[KTSTR_SAMPLES_TIMER].ns[0]);
	ktstr_samples__get(&self->store, 0, &self->got);
	EXPECT_EQ(0, self->got.kind[KTSTR_SAMPLES_WAKE].total);
	EXPECT_EQ(0, self->got.kind[KTSTR_SAMPLES_WAKE].nr);
}

/*
 * A million consecutive numbers: the mean of the kept ones is that of a uniform choice. Five
 * standard errors make a false alarm impossible with a fixed seed and unlikely with any.
 */
TEST_F(samples, of_many_a_uniform_choice_is_kept)
{
	const struct ktstr_samples *c = &self->got.kind[KTSTR_SAMPLES_COST];
	const double n = 1000000, error = n / sqrt(12.0 * KTSTR_SAMPLES_OTHER_MAX);
	uint32_t i, tenth[10] = { };
	double mean = 0;

	add_range(&self->s, KTSTR_SAMPLES_COST, n);
	ktstr_samples__get(&self->store, 1, &self->got);
	EXPECT_EQ(n, c->total);
	ASSERT_EQ(KTSTR_SAMPLES_OTHER_MAX, c->nr);
	for (i = 0; i < c->nr; i++) {
		mean += (double)c->ns[i] / c->nr;
		tenth[c->ns[i] / 100000]++;
	}
	EXPECT_LT(fabs(mean - n / 2), 5 * error);
	for (i = 0; i < 10; i++)
		EXPECT_LT(fabs(tenth[i] - c->nr / 10.0), 5 * sqrt(c->nr * 0.09));
}

TEST_F(samples, the_same_seed_keeps_the_same_choice)
{
	struct ktstr_sample_store other;
	struct ktstr_worker_samples got[3];
	size_t size = KTSTR_SAMPLES_OTHER_MAX * sizeof(uint64_t);
	struct ktstr_sampler s = { };

	add_range(&self->s, KTSTR_SAMPLES_TIMER, 50000);
	ktstr_samples__get(&self->store, 1, &got[0]);
	ASSERT_EQ(0, ktstr_samples__init(&other, 3));
	ktstr_sampler__init(&s, &other, 1, 7);
	add_range(&s, KTSTR_SAMPLES_TIMER, 50000);
	ktstr_samples__get(&other, 1, &got[1]);
	EXPECT_EQ(0, memcmp(got[0].kind[KTSTR_SAMPLES_TIMER].ns,
			    got[1].kind[KTSTR_SAMPLES_TIMER].ns, size));
	ktstr_sampler__init(&s, &other, 2, 7);
	add_range(&s, KTSTR_SAMPLES_TIMER, 50000);
	ktstr_samples__get(&other, 2, &got[2]);
	EXPECT_NE(0, memcmp(got[0].kind[KTSTR_SAMPLES_TIMER].ns,
			    got[2].kind[KTSTR_SAMPLES_TIMER].ns, size));
	ktstr_samples__fini(&other);
}

TEST_F(samples, the_histogram_counts_all_by_powers_of_two)
{
	const uint64_t ns[] = { 0, 1, 2, 3, 4, 1023, 1024, UINT64_MAX };
	const uint64_t *h;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ns); i++)
		ktstr_sampler__add(&self->s, KTSTR_SAMPLES_WAKE, ns[i]);
	ktstr_samples__get(&self->store, 1, &self->got);
	h = self->got.kind[KTSTR_SAMPLES_WAKE].log2;
	EXPECT_EQ(2, h[0]);
	EXPECT_EQ(2, h[1]);
	EXPECT_EQ(1, h[2]);
	EXPECT_EQ(1, h[9]);
	EXPECT_EQ(1, h[10]);
	EXPECT_EQ(1, h[63]);
}

TEST_F(samples, room_is_limited_for_all_together_and_given_back)
{
	struct ktstr_sample_store store[40], first;
	uint64_t kept = 0, before;
	int i;

	ASSERT_EQ(0, ktstr_samples__init(&first, 19));
	EXPECT_EQ(KTSTR_SAMPLES_WAKE_MAX, first.max[KTSTR_SAMPLES_WAKE]);
	before = first.max[KTSTR_SAMPLES_WAKE];
	ktstr_samples__fini(&first);
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, ktstr_samples__init(&store[i], 512));
		EXPECT_LE(KTSTR_SAMPLES_MIN, store[i].max[KTSTR_SAMPLES_WAKE]);
		if (store[i].max[KTSTR_SAMPLES_WAKE] > KTSTR_SAMPLES_MIN)
			kept += 512ULL * store[i].max[KTSTR_SAMPLES_WAKE];
	}
	EXPECT_LE(kept, KTSTR_SAMPLES_TOTAL);
	for (i = 0; i < 40; i++)
		ktstr_samples__fini(&store[i]);
	ASSERT_EQ(0, ktstr_samples__init(&first, 19));
	EXPECT_EQ(before, first.max[KTSTR_SAMPLES_WAKE]);
	ktstr_samples__fini(&first);
}

/* Pages of @store that exist. */
static size_t resident(const struct ktstr_sample_store *store)
{
	size_t page = sysconf(_SC_PAGESIZE), n = (store->size + page - 1) / page, i, sum = 0;
	unsigned char *in = calloc(n, 1);

	if (!in || mincore(store->map, store->size, in))
		return SIZE_MAX;
	for (i = 0; i < n; i++)
		sum += in[i] & 1;
	free(in);
	return sum;
}

TEST_F(samples, room_that_is_not_used_costs_nothing)
{
	EXPECT_LT(1u << 20, self->store.size);
	EXPECT_EQ(0, resident(&self->store));
	ktstr_sampler__add(&self->s, KTSTR_SAMPLES_WAKE, 1);
	EXPECT_GE(3, resident(&self->store));
}

TEST(seeds_of_random_sequences_differ_and_are_never_zero)
{
	uint64_t a = ktstr_rand_seed(0, 0, 0), b = ktstr_rand_seed(0, 1, 0), s;
	int i, j, bits = 0;

	EXPECT_NE(0, a);
	EXPECT_NE(a, b);
	EXPECT_NE(a, ktstr_rand_seed(1, 0, 0));
	EXPECT_NE(a, ktstr_rand_seed(0, 0, 1));
	EXPECT_EQ(a, ktstr_rand_seed(0, 0, 0));
	/* Neighbouring workers have unrelated sequences: half of all bits agree. */
	for (i = 0; i < 1000; i++) {
		s = ktstr_rand_next(&a) ^ ktstr_rand_next(&b);
		for (j = 0; j < 64; j++)
			bits += s >> j & 1;
	}
	EXPECT_LT(abs(bits - 32000), 5 * 127);
}

TEST_F(samples, wake_latencies_of_a_phase_are_kept_a_second_time)
{
	struct ktstr_samples got;
	uint64_t log2[64];

	add_range(&self->s, KTSTR_SAMPLES_WAKE, 10);
	ktstr_samples__get_phase(&self->store, 1, log2, &got);
	EXPECT_EQ(0, got.total);

	ktstr_sampler__begin_phase(&self->s);
	add_range(&self->s, KTSTR_SAMPLES_WAKE, KTSTR_SAMPLES_PHASE_MAX + 1);
	add_range(&self->s, KTSTR_SAMPLES_COST, 5);
	ktstr_samples__get_phase(&self->store, 1, log2, &got);
	EXPECT_EQ(KTSTR_SAMPLES_PHASE_MAX + 1, got.total);
	EXPECT_EQ(KTSTR_SAMPLES_PHASE_MAX, got.nr);
	EXPECT_EQ(1, got.log2[13]);

	/* The next one begins with nothing; what is no phase adds nothing to it. */
	ktstr_sampler__begin_phase(&self->s);
	ktstr_sampler__add(&self->s, KTSTR_SAMPLES_WAKE, 77);
	self->s.in_phase = false;
	add_range(&self->s, KTSTR_SAMPLES_WAKE, 10);
	ktstr_samples__get_phase(&self->store, 1, log2, &got);
	ASSERT_EQ(1, got.total);
	EXPECT_EQ(77, got.ns[0]);

	ktstr_samples__get(&self->store, 1, &self->got);
	EXPECT_EQ(KTSTR_SAMPLES_PHASE_MAX + 22, self->got.kind[KTSTR_SAMPLES_WAKE].total);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* What is said of the workers of a cgroup in which there were too many migrations. */
#include <string.h>

#include "kselftest_harness.h"

#include "harness/checks/checks.h"

#define MS 1000000ULL
#define S  1000000000ULL

FIXTURE(migrations) {
	struct ktstr_worker_report w[2];
	struct ktstr_migrations last[2];
	struct ktstr_group_sample s;
	struct ktstr_checks c;
	struct ktstr_result *r;
};

FIXTURE_SETUP(migrations)
{
	int i;

	memset(self, 0, sizeof(*self));
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	for (i = 0; i < 2; i++)
		self->w[i] = (struct ktstr_worker_report){
			.tid = 71 + i, .iterations = 100, .wall_ns = 10 * S, .cpu_ns = 5 * S };
	for (i = 0; i < 8; i++)
		self->last[0].last[self->last[0].nr++] = (struct ktstr_migration){
			(i + 1) * 100 * MS, i & 1, !(i & 1) };
	self->last[1].last[self->last[1].nr++] = (struct ktstr_migration){ 4 * S, 2, 0 };
	self->s = (struct ktstr_group_sample){
		.cgroup = "cg_a", .reports = self->w, .nr = 2, .migrations = self->last };
	ktstr_checks__unset(&self->c);
	self->c.max_migration_ratio = 0.25;
}

FIXTURE_TEARDOWN(migrations)
{
	ktstr_result__free(self->r);
}

/* The details of a fresh judgement. */
static const struct ktstr_detail *judge(struct ktstr_result *r, const struct ktstr_checks *c,
					const struct ktstr_group_sample *s)
{
	memset(r, 0, sizeof(*r));
	ktstr_checks__judge(c, s, r);
	return r->details;
}

#define JUDGE() judge(self->r, &self->c, &self->s)
#define BEGINS(_begin, _text) EXPECT_EQ(0, strncmp(_begin, _text, strlen(_begin))) TH_LOG("%s", _text)

TEST_F(migrations, are_not_listed_where_the_check_holds)
{
	self->w[0].migrations = 49;
	self->w[1].migrations = 1;
	JUDGE();
	EXPECT_EQ(0, self->r->nr_details);
}

TEST_F(migrations, are_listed_where_it_fails_up_to_six_a_worker)
{
	const struct ktstr_detail *d;

	self->w[0].migrations = 90;
	self->w[1].migrations = 1;
	d = JUDGE();
	ASSERT_EQ(3, self->r->nr_details);
	EXPECT_EQ(KTSTR_FAILS, d[0].severity);
	BEGINS("cg_a: migration ratio 0.4550 exceeds ", d[0].text);
	EXPECT_EQ(KTSTR_NOTE, d[1].severity);
	EXPECT_EQ(KTSTR_MIGRATION, d[1].kind);
	EXPECT_STREQ("cg_a:0[71]: 90 migrations, the last: 0.300000 s 0 -> 1, 0.400000 s 1 -> 0, 0.500000 s 0 -> 1, 0.600000 s 1 -> 0, 0.700000 s 0 -> 1, 0.800000 s 1 -> 0",
		     d[1].text);
	EXPECT_STREQ("cg_a:1[72]: 1 migrations, the last: 4.000000 s 2 -> 0", d[2].text);
}

TEST_F(migrations, those_who_moved_most_come_first_and_those_who_stayed_not_at_all)
{
	const struct ktstr_detail *d;

	self->w[0].migrations = 5;
	self->w[1].migrations = 90;
	d = JUDGE();
	ASSERT_EQ(3, self->r->nr_details);
	BEGINS("cg_a:1[72]: 90 ", d[1].text);
	BEGINS("cg_a:0[71]: 5 ", d[2].text);
	self->w[0].migrations = 90;
	d = JUDGE();
	BEGINS("cg_a:0[71]: 90 ", d[1].text);
	BEGINS("cg_a:1[72]: 90 ", d[2].text);
	self->w[0].migrations = 0;
	self->last[1].nr = 0;		/* it crashed, and its list was damaged */
	d = JUDGE();
	ASSERT_EQ(2, self->r->nr_details);
	EXPECT_STREQ("cg_a:1[72]: 90 migrations", d[1].text);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* Promises of the catalogue's table. What its scenarios do is tried in guests. */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>
#include <ktstr/catalogue.h>

#include "harness/model/ctx.h"

TEST(each_scenario_has_a_name_of_its_own_a_reason_and_one_way_to_run)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	unsigned int nr = 0;

	for (c = ktstr_catalogue; c->name; c++) {
		EXPECT_LT(0, strlen(c->about));
		for (row = c->rows; row->name; row++, nr++) {
			EXPECT_EQ(row, ktstr_canned__find(row->name));
			EXPECT_NE(NULL, row->catches);
			EXPECT_EQ(1, !!row->steady + !!row->run);
			/* it completes "a scheduler that ..." */
			EXPECT_NE('.', row->catches[strlen(row->catches) - 1]);
			EXPECT_LE(row->min_llcs, row->min_cpus ? row->min_cpus : row->min_llcs);
			EXPECT_LE(row->min_nodes, row->min_llcs);
		}
	}
	EXPECT_EQ(97, nr);
	EXPECT_EQ(NULL, ktstr_canned__find("cgroup_stead"));
}

TEST(a_batch_needs_what_its_scenarios_need)
{
	static const struct {
		const char *what;
		struct ktstr_batch needs;
	} rows[] = {
		{ "nested", { 6, 4, 0, 0 } },
		{ "numa", { 2, 4, 2, 2 } },
		{ "all", { 97, 8, 2, 2 } },
		{ "nest", { } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ktstr_batch b = ktstr_batch(rows[i].what);

		EXPECT_EQ(0, memcmp(&rows[i].needs, &b, sizeof(b))) TH_LOG("%s", rows[i].what);
	}
}

static struct ktstr_ctx small_machine(void)
{
	return (struct ktstr_ctx){
		.topo = { 1, 1, 2, 1 }, .nr_cpus = 2, .result = ktstr_result__new(),
	};
}

TEST(a_machine_that_is_too_small_is_a_skip_with_the_reason)
{
	static const struct {
		const char *scenario, *why;
	} rows[] = {
		{ "cgroup_cpuset_resize", "not enough CPUs: cgroup_cpuset_resize needs 4, the machine has 2" },
		{ "cgroup_llc_overflow", "not enough LLCs: cgroup_llc_overflow needs 2, the machine has 1" },
		{ "cgroup_cpuset_numa_swap", "not enough CPUs: " },
	};
	struct ktstr_ctx ctx;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ctx = small_machine();
		ASSERT_NE(NULL, ctx.result);
		EXPECT_EQ(0, ktstr_scenario(&ctx, rows[i].scenario));
		EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(ctx.result));
		ASSERT_EQ(1, ctx.result->nr_details);
		EXPECT_EQ(0, strncmp(rows[i].why, ctx.result->details[0].text,
				     strlen(rows[i].why)));
		ktstr_result__free(ctx.result);
	}
}

/* Stands for PID 1, whose scheduler ended in @revived.during; @answer is whether it is back. */
static struct {
	const char *during;
	int answer, asked;
} revived;

static int fake_order(struct ktstr_ctx *ctx, enum ktstr_sched_order order, const char *name,
		      struct ktstr_err *err)
{
	(void)ctx;
	revived.asked++;
	if (order != KTSTR_SCHED_REVIVE)
		return ktstr_err(err, EINVAL, "not asked for");
	if (strcmp(name, revived.during))
		return 0;
	ktstr_err(err, 1, "scheduler x was ejected: bad cpu 7");
	return revived.answer;
}

static struct ktstr_result *run_numa(const char *during, int answer)
{
	struct ktstr_ctx ctx = small_machine();

	revived = (typeof(revived)){ during, answer, 0 };
	ctx.sched_order = fake_order;
	ctx.duration_ns = 2;
	ktstr_scenario_batch(&ctx, "numa");
	return ctx.result;
}

#define LINE(_i, _text) EXPECT_STREQ(_text, r->details[_i].text)

TEST(a_scheduler_that_ends_in_a_batch_costs_one_scenario)
{
	struct ktstr_result *r = run_numa("cgroup_cpuset_numa_swap", 0);

	ASSERT_NE(NULL, r);
	EXPECT_EQ(2, revived.asked);
	ASSERT_EQ(3, r->nr_details);
	LINE(0, "not ok cgroup_cpuset_numa_swap # scheduler x was ejected: bad cpu 7");
	LINE(1, "after cgroup_cpuset_numa_swap the scheduler was started again");
	EXPECT_EQ(0, strncmp("ok numa_sleepers_stay # SKIP not enough ", r->details[2].text, 40));
	ktstr_result__free(r);
}

TEST(a_scheduler_that_does_not_start_again_ends_the_batch)
{
	struct ktstr_result *r = run_numa("cgroup_cpuset_numa_swap", -ESHUTDOWN);

	ASSERT_NE(NULL, r);
	EXPECT_EQ(1, revived.asked);
	ASSERT_EQ(4, r->nr_details);
	LINE(0, "not ok cgroup_cpuset_numa_swap # scheduler x was ejected: bad cpu 7");
	LINE(1, "after cgroup_cpuset_numa_swap nothing more can be run: the scheduler does not start again");
	LINE(2, "not ok numa_sleepers_stay # INCONCLUSIVE not run");
	LINE(3, "1 of 2 cases were not run");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(r));
	ktstr_result__free(r);
}

TEST(an_unknown_scenario_is_an_error_that_names_it)
{
	struct ktstr_ctx ctx = small_machine();

	ASSERT_NE(NULL, ctx.result);
	EXPECT_EQ(-ENOENT, ktstr_scenario(&ctx, "cgroup_stead"));
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(ctx.result));
	EXPECT_NE(NULL, strstr(ctx.result->details[0].text, "no scenario cgroup_stead"));
	ktstr_result__free(ctx.result);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* The presets are what they are named, a VMM takes each of them, and the right ones are picked. */
#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/plan/gauntlet.h"
#include "harness/plan/preset.h"

#define MIB (UINT64_C(1) << 20)

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "plain" };
static const struct ktstr_room unlimited;

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

TEST(every_preset_can_be_booted)
{
	struct ktstr_err err;

	ASSERT_LE(24U, ktstr_nr_presets);
	for (unsigned int i = 0; i < ktstr_nr_presets; i++) {
		const struct ktstr_preset *p = &ktstr_presets[i];

		EXPECT_EQ(p, ktstr_preset__find(p->name));
		EXPECT_NE(0, strlen(p->what));
		ASSERT_EQ(0, vm_topology_check(&p->topo, &err)) TH_LOG("%s: %s", p->name, err.msg);
		ASSERT_EQ(0, vm_topology_check_memory(&p->topo, p->memory_mib * MIB, &err)) {
			TH_LOG("%s: %s", p->name, err.msg);
		}
		EXPECT_LE(512, p->memory_mib);
		EXPECT_LE(8 * ktstr_topology__cpus(&p->topo.count), p->memory_mib);
	}
	EXPECT_EQ(NULL, ktstr_preset__find("tiny"));
}

TEST(a_name_says_what_it_is)
{
	for (unsigned int i = 0; i < ktstr_nr_presets; i++) {
		const char *name = ktstr_presets[i].name;
		const struct vm_topology *t = &ktstr_presets[i].topo;
		const char *llc = strstr(name, "llc"), *number = llc;
		bool memory_only = false, differ = false;

		while (number && number > name && number[-1] >= '0' && number[-1] <= '9')
			number--;
		if (number != llc)
			EXPECT_EQ(t->count.llcs, strtoul(number, NULL, 10));
		for (uint32_t n = 0; n < t->count.numa_nodes; n++) {
			memory_only |= !vm_topology_node_llcs(t, n);
			differ |= vm_topology_node_llcs(t, n) != vm_topology_node_llcs(t, 0);
		}
		if (starts(name, "odd-"))
			EXPECT_EQ(1, t->count.llcs % 2);
		if (starts(name, "smt-") || strstr(name, "-smt"))
			EXPECT_EQ(2, t->count.threads);
		if (strstr(name, "nosmt"))
			EXPECT_EQ(1, t->count.threads);
		if (starts(name, "max-cpu"))
			EXPECT_EQ(252, ktstr_topology__cpus(&t->count));
		if (starts(name, "numa"))
			EXPECT_EQ(strtoul(name + 4, NULL, 10), t->count.numa_nodes);
		if (starts(name, "cxl-"))
			EXPECT_TRUE(memory_only);
		if (starts(name, "asym-"))
			EXPECT_TRUE(differ && !memory_only);
		if (!t->nodes)
			EXPECT_FALSE(differ);
	}
}

TEST(a_test_without_bounds_runs_on_one_node_and_up_to_192_cpus)
{
	struct ktstr_bounds b;
	unsigned int accepted = 0;
	char why[128];

	ktstr_bounds__of(&plain, NULL, &b);
	for (unsigned int i = 0; i < ktstr_nr_presets; i++) {
		const struct vm_topology *t = &ktstr_presets[i].topo;
		bool fits = t->count.numa_nodes == 1 && t->count.llcs <= 12 &&
			    ktstr_topology__cpus(&t->count) <= 192;

		EXPECT_EQ(fits, ktstr_preset__accept(&ktstr_presets[i], &b, &unlimited, why,
						     sizeof(why)));
		accepted += fits;
	}
	EXPECT_EQ(15, accepted);
}

TEST(every_bound_counts_and_says_so)
{
	const struct ktstr_preset *p = ktstr_preset__find("numa2-4llc"), *smt;
	const struct ktstr_bounds fits = { 1, 4, 2, 2, 16, 16, false };
	const struct {
		struct ktstr_bounds b;
		struct ktstr_room room;
		const char *says;
	} row[] = {
		{ { 5, 9, 2, 2, 16, 16, false }, { 0 }, "has 4 LLCs, the test takes 5 to 9" },
		{ { 1, 3, 2, 2, 16, 16, false }, { 0 }, "has 4 LLCs" },
		{ { 1, 4, 3, 4, 16, 16, false }, { 0 }, "has 2 NUMA nodes" },
		{ { 1, 4, 1, 1, 16, 16, false }, { 0 }, "has 2 NUMA nodes" },
		{ { 1, 4, 2, 2, 17, 99, false }, { 0 }, "has 16 CPUs" },
		{ { 1, 4, 2, 2, 1, 15, false }, { 0 }, "has 16 CPUs" },
		{ { 1, 4, 2, 2, 16, 16, true }, { 0 }, "no SMT" },
		{ fits, { .cpus = 15 }, "needs 16 CPUs, the host has 15" },
		{ fits, { .cpus = 16, .llcs = 3 }, "needs 4 LLCs, the host has 3" },
		{ fits, { .cpus_per_llc = 3 }, "needs 4 CPUs in one LLC" },
		{ fits, { .cpus = 16, .service = true },
		  "needs 17 CPUs with that for the host's threads, the host has 16" },
	};
	const struct ktstr_room enough = { 16, 4, 4, true };
	const struct ktstr_bounds any = { 1, 512, 1, 64, 1, 512, false };
	char why[128] = "";

	EXPECT_TRUE(ktstr_preset__accept(p, &fits, &enough, why, sizeof(why)));
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		EXPECT_FALSE(ktstr_preset__accept(p, &row[i].b, &row[i].room, why, sizeof(why)));
		EXPECT_NE(NULL, strstr(why, row[i].says)) TH_LOG("%s: %s", row[i].says, why);
	}
	smt = ktstr_preset__find("smt-2llc");
	EXPECT_TRUE(ktstr_preset__accept(smt, &any, &unlimited, why, sizeof(why)));
	EXPECT_FALSE(ktstr_preset__accept(smt, &any, &enough, why, sizeof(why)));
	EXPECT_NE(NULL, strstr(why, "guests of this architecture"));
}

/* LLCs of the host only count for a test that has them alone, and only where CPUs count at all. */
TEST(performance_mode_needs_llcs_and_one_cpu_more)
{
	const struct ktstr_room small = { .cpus = 4, .llcs = 1, .cpus_per_llc = 4 };
	const struct ktstr_room two = { .cpus = 5, .llcs = 2, .cpus_per_llc = 3 };
	struct ktstr_test t = plain;
	struct ktstr_variant v = { .test = &t, .preset = ktstr_preset__find("tiny-2llc") };
	char why[128] = "";

	EXPECT_TRUE(ktstr_variant__accept(&v, &small, why, sizeof(why))) TH_LOG("%s", why);
	t.performance_mode = KTSTR_ON;
	EXPECT_FALSE(ktstr_variant__accept(&v, &small, why, sizeof(why)));
	EXPECT_NE(NULL, strstr(why, "needs 5 CPUs")) TH_LOG("%s", why);
	EXPECT_TRUE(ktstr_variant__accept(&v, &two, why, sizeof(why))) TH_LOG("%s", why);
	EXPECT_TRUE(ktstr_variant__accept(&v, &unlimited, why, sizeof(why)));
	v.preset = ktstr_preset__find("tiny-1llc");
	EXPECT_FALSE(ktstr_variant__accept(&v, &two, why, sizeof(why)));
	EXPECT_NE(NULL, strstr(why, "needs 4 CPUs in one LLC, the host has 3")) TH_LOG("%s", why);
}

TEST(the_test_wins_over_its_scheduler)
{
	struct ktstr_scheduler s = { KTSTR_SCHEDULER_UNSET, .name = "s" };
	struct ktstr_test t = plain;
	struct ktstr_bounds b;

	s.min_llcs = 2;
	s.max_cpus = 8;
	s.requires_smt = KTSTR_ON;
	t.min_llcs = 3;
	t.requires_smt = KTSTR_OFF;
	ktstr_bounds__of(&t, &s, &b);
	EXPECT_EQ(3, b.min_llcs);
	EXPECT_EQ(12, b.max_llcs);
	EXPECT_EQ(8, b.max_cpus);
	EXPECT_EQ(1, b.max_numa_nodes);
	EXPECT_FALSE(b.requires_smt);
	ktstr_bounds__of(&plain, &s, &b);
	EXPECT_EQ(2, b.min_llcs);
	EXPECT_TRUE(b.requires_smt);
}

TEST_HARNESS_MAIN

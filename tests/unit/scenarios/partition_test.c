// SPDX-License-Identifier: GPL-2.0
/* How the catalogue divides machines of several sizes among cgroups. */
#include <errno.h>
#include <stdio.h>

#include "kselftest_harness.h"

#include "scenarios/catalogue/partition.h"

/* CPUs 0 .. nr-1 in equal LLCs. */
static const struct ktstr_machine *machine(uint32_t nr, uint32_t llcs)
{
	static struct ktstr_machine m;
	uint32_t cpu;

	m = (struct ktstr_machine){ .nr_llcs = llcs, .nr_nodes = 1 };
	for (cpu = 0; cpu < nr; cpu++) {
		ktstr_cpumask__set(&m.online, cpu);
		ktstr_cpumask__set(&m.llcs[cpu / (nr / llcs)], cpu);
	}
	return &m;
}

/* "0-2 3-6", or "too small". */
static const char *divided(enum ktstr_partition_kind kind, double share,
			   const struct ktstr_machine *m, uint32_t nr)
{
	const struct ktstr_partition p = { kind, share };
	struct ktstr_cpumask sets[PARTITION_MAX];
	static char text[512];
	char one[64];
	size_t len = 0;
	uint32_t i;

	if (ktstr_partition__sets(&p, m, sets, nr))
		return "too small";
	for (i = 0; i < nr; i++) {
		ktstr_cpumask__format(&sets[i], one, sizeof(one));
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "", one);
	}
	return text;
}

TEST(partitions_follow_their_formulas)
{
	static const struct {
		enum ktstr_partition_kind kind;
		double share;
		uint32_t cpus, llcs, nr;
		const char *want;
	} rows[] = {
		{ PARTITION_NONE, 0, 4, 1, 2, " " },
		/* the machine's last CPU is left for the runner where the set has another */
		{ PARTITION_LLC_ALIGNED, 0, 4, 2, 2, "0-1 2" },
		{ PARTITION_LLC_ALIGNED, 0, 8, 4, 2, "0-1 2-3" },
		{ PARTITION_LLC_ALIGNED, 0, 2, 2, 2, "0 1" },
		{ PARTITION_LLC_ALIGNED, 0, 4, 1, 2, "too small" },
		{ PARTITION_SPLIT_HALF, 0, 8, 1, 2, "0-2 3-6" },
		{ PARTITION_SPLIT_HALF, 0, 4, 1, 2, "0 1-2" },
		{ PARTITION_SPLIT_HALF, 0, 2, 1, 2, "0 1" },
		{ PARTITION_SPLIT_HALF, 0, 1, 1, 2, "too small" },
		{ PARTITION_SPLIT_MISALIGNED, 0, 8, 2, 2, "0-1 2-6" },
		{ PARTITION_SPLIT_MISALIGNED, 0, 8, 1, 2, "0-2 3-6" },
		{ PARTITION_SPLIT_MISALIGNED, 0, 2, 2, 2, "too small" },
		/* 15 usable: base 5, neighbours 2 apart */
		{ PARTITION_OVERLAP, 0.5, 16, 2, 3, "0-4 2-6 4-8" },
		{ PARTITION_OVERLAP, 0.5, 8, 1, 3, "0-1 1-2 2-3" },
		{ PARTITION_OVERLAP, 0, 8, 1, 3, "0-1 2-3 4-5" },
		{ PARTITION_OVERLAP, 1, 8, 1, 3, "0-1 1-2 2-3" },
		{ PARTITION_OVERLAP, 0.5, 4, 1, 3, "0 1 2" },
		{ PARTITION_OVERLAP, 0.5, 2, 1, 3, "too small" },
		{ PARTITION_UNEVEN, 0.75, 8, 1, 2, "0-4 5-6" },
		{ PARTITION_UNEVEN, 0.75, 4, 1, 2, "0-1 2" },
		{ PARTITION_UNEVEN, 0.1, 4, 1, 2, "0 1-2" },
		{ PARTITION_UNEVEN, 1, 4, 1, 2, "too small" },
		/* a third is nobody's */
		{ PARTITION_HOLDBACK, 0.33, 8, 1, 2, "0-2 3-5" },
		{ PARTITION_HOLDBACK, 0.33, 4, 1, 2, "0 1-2" },
		{ PARTITION_HOLDBACK, 0.33, 2, 1, 2, "0 1" },
		{ PARTITION_HOLDBACK, 0.5, 2, 1, 2, "too small" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_STREQ(rows[i].want, divided(rows[i].kind, rows[i].share,
						   machine(rows[i].cpus, rows[i].llcs),
						   rows[i].nr)) {
			TH_LOG("row %zu", i);
		}
}

TEST(only_some_partitions_have_other_than_two_sets)
{
	const struct ktstr_partition p = { PARTITION_SPLIT_HALF, 0 };
	const struct ktstr_partition none = { PARTITION_NONE, 0 };
	struct ktstr_cpumask sets[PARTITION_MAX];

	EXPECT_EQ(-EINVAL, ktstr_partition__sets(&p, machine(8, 1), sets, 3));
	EXPECT_EQ(-EINVAL, ktstr_partition__sets(&none, machine(8, 1), sets, PARTITION_MAX + 1));
}

TEST_HARNESS_MAIN

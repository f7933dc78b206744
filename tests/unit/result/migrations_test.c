// SPDX-License-Identifier: GPL-2.0
/* The last migrations of workers as text, for people and as a file. */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr/stats.h>

#include "harness/result/migrations.h"

static const struct ktstr_migrations three = {
	.start_ns = 1000000000, .nr = 3,
	.last = { { 1203000000, 2, 5 }, { 1203450000, 5, 2 }, { 2000000000, 2, 511 } },
};

TEST(the_newest_are_printed_oldest_first)
{
	char buf[128];

	ktstr_migrations__format(&three, 6, buf, sizeof(buf));
	EXPECT_STREQ("1.203000 s 2 -> 5, 1.203450 s 5 -> 2, 2.000000 s 2 -> 511", buf);
	ktstr_migrations__format(&three, 2, buf, sizeof(buf));
	EXPECT_STREQ("1.203450 s 5 -> 2, 2.000000 s 2 -> 511", buf);
	/* whole ones only */
	ktstr_migrations__format(&three, 6, buf, sizeof("1.203000 s 2 -> 5, 1.203450 s 5 -> 2"));
	EXPECT_STREQ("1.203000 s 2 -> 5, 1.203450 s 5 -> 2", buf);
	ktstr_migrations__format(&three, 6, buf, sizeof("1.203000 s 2 -> 5, 1.203450 s 5 -> 2") - 1);
	EXPECT_STREQ("1.203000 s 2 -> 5", buf);
	ktstr_migrations__format(&(struct ktstr_migrations){ }, 6, buf, sizeof(buf));
	EXPECT_STREQ("", buf);
}

TEST(only_what_can_be_true_is_valid)
{
	struct ktstr_migrations m = three;

	EXPECT_TRUE(ktstr_migrations__valid(&m));
	m.last[2].to = KTSTR_MAX_CPUS;
	EXPECT_FALSE(ktstr_migrations__valid(&m));
	m.last[2].to = -1;
	EXPECT_FALSE(ktstr_migrations__valid(&m));
	m.last[2].to = m.last[2].from;
	EXPECT_FALSE(ktstr_migrations__valid(&m));
	m.nr = 2;
	EXPECT_TRUE(ktstr_migrations__valid(&m));
	m.nr = KTSTR_LAST_MIGRATIONS + 1;
	EXPECT_FALSE(ktstr_migrations__valid(&m));
}

TEST(the_file_has_a_line_for_each)
{
	struct ktstr_result *r = ktstr_result__new();
	char *csv;

	ASSERT_NE(NULL, r);
	r->nr_cgroups = 2;
	strcpy(r->cgroups[0].name, "a \"b\"");
	strcpy(r->cgroups[1].name, "c");
	r->cgroups[1].step = 1;
	r->cgroups[1].span = KTSTR_SPAN_PHASE;
	r->nr_workers = 3;
	r->workers[0].tid = 71;
	r->workers[1] = (struct ktstr_worker_stats){ .cgroup = 1, .tid = 72 };
	EXPECT_EQ(NULL, ktstr_migrations__csv(r));
	EXPECT_EQ(0, errno);
	r->workers[1].migrations = 9;
	r->workers[1].last_migrations = three;
	r->workers[2] = (struct ktstr_worker_stats){ .cgroup = 0, .tid = 73, .migrations = 3,
						     .last_migrations = three };
	r->workers[2].last_migrations.nr = 1;
	csv = ktstr_migrations__csv(r);
	EXPECT_STREQ("part,cgroup,step,span,worker,tid,number,at_ns,from,to\n"
		     "\"\",\"c\",1,phase,0,72,7,1203000000,2,5\n"
		     "\"\",\"c\",1,phase,0,72,8,1203450000,5,2\n"
		     "\"\",\"c\",1,phase,0,72,9,2000000000,2,511\n"
		     "\"\",\"a \"\"b\"\"\",0,step,1,73,3,1203000000,2,5\n", csv);
	free(csv);
	/* and a body finds them by the same names */
	EXPECT_EQ(3, phase_migrations(r, 1, "c", 0).nr);
	EXPECT_EQ(511, phase_migrations(r, 1, "c", 0).last[2].to);
	EXPECT_EQ(0, phase_migrations(r, 0, "a \"b\"", 0).nr);
	EXPECT_EQ(1, phase_migrations(r, 0, "a \"b\"", 1).nr);
	EXPECT_EQ(0, phase_migrations(r, 0, "c", 0).nr);
	ktstr_result__free(r);
}

TEST_HARNESS_MAIN

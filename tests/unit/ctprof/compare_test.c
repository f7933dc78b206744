// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of ctprof/compare.h: threads are grouped by the patterns of their names, each figure is aggregated
 * by its rule, and the difference of two snapshots of one boot is what happened in between. The same input
 * has the same output.
 */
#include <errno.h>
#include <math.h>

#include "kselftest_harness.h"

#include "procfs.h"
#include "tools-testing-ktstr/ctprof/compare.h"
#include "tools-testing-ktstr/ctprof/file.h"
#include "tools-testing-ktstr/ctprof/name.h"
#include "tools-testing-ktstr/ctprof/print.h"

TEST(names_that_differ_in_numbers_have_one_pattern)
{
	static const struct {
		const char *name, *pattern;
		bool cgroup;
	} rows[] = {
		{ "kworker/u8:7", "kworker/u{N}:{N}" },
		{ "kworker/0:1H-x", "kworker/{N}:{N}H-x" },
		{ "bash", "bash" },
		{ "", "" },
		{ "..", ".." },
		{ "12", "{N}" },
		{ "cafe1", "{H}" },
		{ "cafe", "cafe" },
		{ "CAFE1", "CAFE{N}" },
		{ "x1y2", "x1y2" },
		{ "a b\t3", "a b\t{N}" },
		{ "rcu_exp_par_gp_kthread_worker/0", "rcu_exp_par_gp_kthread_worker/{N}" },
		{ "/user.slice/user-1000.slice/getty@tty1.service",
		  "/user.slice/user-{N}.slice/getty@{I}.service", true },
		{ "/x@a_b.service", "/x@a_b.service", true },
		{ "/x@y.service.d", "/x@y.service.d", true },
		{ "x@y.service", "x@y.service", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *pattern = ctprof_name__pattern(rows[i].name, rows[i].cgroup);

		EXPECT_STREQ(rows[i].pattern, pattern) TH_LOG("%s", rows[i].name);
		free(pattern);
	}
}

TEST(a_label_says_what_the_members_have)
{
	static const struct {
		const char *name[3], *label;
		bool cgroup;
	} rows[] = {
		{ { "w/0", "w/7", "w/3" }, "w/{0-7}" },
		{ { "kworker/0:1H", "kworker/1:1H", "kworker/0:2H" }, "kworker/{0-1}:{1-2}H" },
		{ { "q10-x5", "q12-x5", "q10-x5" }, "q{10-12}-x5" },
		{ { "a0f", "b1e", "a0f" }, "{H}" },
		{ { "99999999999999999999999", "1", "2" }, "{N}" },
		{ { "/g@a.service", "/g@b.service", "/g@a.service" }, "/g@{I}.service", true },
		/* a name that is written like a pattern */
		{ { "w/{N}", "w/1", "w/2" }, "w/{N}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *label = ctprof_name__label((const char * const *)rows[i].name, 3, rows[i].cgroup);

		EXPECT_STREQ(rows[i].label, label);
		free(label);
	}
}

FIXTURE(pair) {
	struct ctprof_snapshot a, b;
	struct ctprof_comparison c;
	struct ctprof_compare_opts o;
	struct ktstr_err err;
};

FIXTURE_SETUP(pair)
{
	ctprof_snapshot__init(&self->a);
	ctprof_snapshot__init(&self->b);
	self->o.all = true;
}

FIXTURE_TEARDOWN(pair)
{
	ctprof_comparison__free(&self->c);
	ctprof_snapshot__free(&self->a);
	ctprof_snapshot__free(&self->b);
}

/* A snapshot of @boot, @s seconds after it, with these threads: the members of objects without braces. */
static void make(struct ctprof_snapshot *snapshot, const char *boot, int s, const char * const *threads)
{
	struct ktstr_err err;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"boot_id\": \"%s\", \"captured_at_boot_ns\": %d000000000, \"threads\": [\n",
		boot, s);
	for (int i = 0; threads[i]; i++)
		fprintf(f, "%s{ %s }", i ? ",\n" : "", threads[i]);
	fprintf(f, "] }");
	fclose(f);
	if (ctprof_file__parse(snapshot, text, len, &err)) {
		fprintf(stderr, "%s\n%s\n", err.msg, text);
		abort();
	}
	free(text);
}

#define MAKE(snapshot, boot, s, ...) make(snapshot, boot, s, (const char * const[]){ __VA_ARGS__, NULL })
#define T(tid, comm, start, more) \
	"\"tid\": " #tid ", \"tgid\": " #tid ", \"comm\": \"" comm "\", \"pcomm\": \"" comm "\", \"cgroup\": \"/c\", \"start_ticks\": " #start ", " more

static const struct ctprof_axis *axis(const char *name)
{
	for (size_t i = 0; i < ctprof_nr_axes; i++)
		if (!strcmp(ctprof_axes[i].name, name))
			return &ctprof_axes[i];
	abort();
}

static const struct ctprof_row *row(const struct ctprof_comparison *c, const char *label, const char *metric)
{
	static const struct ctprof_row none = { .metric = "none", .delta = NAN };

	for (size_t i = 0; i < c->nr; i++)
		if (!strcmp(c->row[i].label, label) && !strcmp(c->row[i].metric, metric))
			return &c->row[i];
	return &none;
}

TEST_F(pair, each_figure_is_aggregated_by_its_rule)
{
	const struct ctprof_row *r;

	MAKE(&self->b, "x", 9,
	     T(1, "w/0", 1, "\"run_time_ns\": 5, \"wait_max\": 7, \"cpu_delay_min_ns\": 0, \"nice\": -5, \"policy\": \"SCHED_FIFO\", \"cpu_affinity\": \"0-3\""),
	     T(2, "w/1", 1, "\"run_time_ns\": 6, \"wait_max\": 3, \"cpu_delay_min_ns\": 8, \"nice\": 19, \"policy\": \"SCHED_OTHER\", \"cpu_affinity\": \"0-3\""),
	     T(3, "w/2", 1, "\"wait_max\": 1, \"cpu_delay_min_ns\": 4, \"nice\": 0, \"policy\": \"SCHED_OTHER\", \"cpu_affinity\": \"0\""));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	r = row(&self->c, "w/{0-2}", "run_time_ns");
	EXPECT_EQ(11, r->value[CTPROF_B]);
	EXPECT_EQ(3, r->threads[CTPROF_B]);
	EXPECT_STREQ("w/{N}", r->group);
	EXPECT_EQ(7, row(&self->c, "w/{0-2}", "wait_max")->value[CTPROF_B]);
	EXPECT_EQ(4, row(&self->c, "w/{0-2}", "cpu_delay_min_ns")->value[CTPROF_B]);
	EXPECT_STREQ("-5..19", row(&self->c, "w/{0-2}", "nice")->text[CTPROF_B]);
	EXPECT_STREQ("SCHED_OTHER (2/3)", row(&self->c, "w/{0-2}", "policy")->text[CTPROF_B]);
	EXPECT_STREQ("1-4 CPUs (mixed)", row(&self->c, "w/{0-2}", "cpu_affinity")->text[CTPROF_B]);
	EXPECT_STREQ("none", row(&self->c, "w/{0-2}", "timeslices")->metric);
}

TEST_F(pair, of_equally_frequent_values_the_first_in_the_alphabet_counts)
{
	MAKE(&self->b, "x", 9, T(1, "w", 1, "\"state\": \"S\""), T(2, "w", 1, "\"state\": \"R\""));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	EXPECT_STREQ("R (1/2)", row(&self->c, "w", "state")->text[CTPROF_B]);
}

TEST_F(pair, sums_do_not_overflow)
{
	MAKE(&self->b, "x", 9, T(1, "w", 1, "\"run_time_ns\": 9223372036854775807"),
	     T(2, "w", 1, "\"run_time_ns\": 9223372036854775807"));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	EXPECT_EQ((double)INT64_MAX, row(&self->c, "w", "run_time_ns")->value[CTPROF_B]);
}

/* 1 lives on, 2 ended, 3 began, 4 is another thread with a number that was used before. */
static void make_lives(struct ctprof_snapshot *a, struct ctprof_snapshot *b, const char *boot_b)
{
	MAKE(a, "boot", 10, T(1, "w/1", 5, "\"run_time_ns\": 1000, \"timeslices\": 10"),
	     T(2, "w/2", 5, "\"run_time_ns\": 50000"), T(4, "w/4", 5, "\"run_time_ns\": 7000"));
	MAKE(b, boot_b, 12, T(1, "w/1", 5, "\"run_time_ns\": 1600, \"timeslices\": 12"),
	     T(3, "w/3", 1100, "\"run_time_ns\": 30"), T(4, "w/4", 1101, "\"run_time_ns\": 4"));
}

TEST_F(pair, of_one_boot_the_difference_is_what_happened_in_between)
{
	const struct ctprof_row *r;

	make_lives(&self->a, &self->b, "boot");
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	EXPECT_TRUE(self->c.joined);
	EXPECT_EQ(2000000000, self->c.elapsed_ns);
	r = row(&self->c, "w/{1-4}", "run_time_ns");
	EXPECT_EQ(1000, r->value[CTPROF_A]);
	EXPECT_EQ(1634, r->value[CTPROF_B]);
	EXPECT_EQ(634, r->delta);
	EXPECT_EQ(317, r->per_s);
	EXPECT_EQ(3, r->threads[CTPROF_A]);
	EXPECT_EQ(3, r->threads[CTPROF_B]);
	EXPECT_EQ(317, row(&self->c, "w/{1-4}", "avg_slice_ns")->interval);
}

TEST_F(pair, of_different_boots_whole_lives_are_compared)
{
	const struct ctprof_row *r;

	make_lives(&self->a, &self->b, "another");
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	EXPECT_FALSE(self->c.joined);
	r = row(&self->c, "w/{1-4}", "run_time_ns");
	EXPECT_EQ(58000, r->value[CTPROF_A]);
	EXPECT_EQ(1634 - 58000, r->delta);
	EXPECT_TRUE(isnan(r->per_s));
	ctprof_comparison__free(&self->c);
	self->o.join = CTPROF_JOIN_THREADS;
	EXPECT_EQ(-EINVAL, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "different boots"));
}

TEST_F(pair, a_figure_that_one_side_lacks_is_no_difference)
{
	MAKE(&self->a, "boot", 1, T(1, "w", 5, "\"run_time_ns\": 1"), T(2, "w", 5, "\"run_time_ns\": 5"));
	MAKE(&self->b, "boot", 2, T(1, "w", 5, "\"run_time_ns\": 2, \"rchar\": 900"), T(2, "w", 5, "\"minflt\": 9"));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	EXPECT_EQ(1, row(&self->c, "w", "run_time_ns")->delta);
	EXPECT_STREQ("none", row(&self->c, "w", "rchar")->metric);
	EXPECT_STREQ("none", row(&self->c, "w", "minflt")->metric);
}

TEST_F(pair, a_thread_that_took_another_name_counts_under_the_new_one)
{
	MAKE(&self->a, "boot", 1, T(1, "sh", 5, "\"run_time_ns\": 100"), T(2, "sh", 5, "\"run_time_ns\": 1"));
	MAKE(&self->b, "boot", 2, T(1, "make", 5, "\"run_time_ns\": 130"), T(2, "sh", 5, "\"run_time_ns\": 2"));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	EXPECT_EQ(30, row(&self->c, "make", "run_time_ns")->delta);
	EXPECT_EQ(1, row(&self->c, "sh", "run_time_ns")->delta);
}

TEST_F(pair, groups_of_one_side_are_listed)
{
	MAKE(&self->a, "boot", 1, T(1, "old", 5, "\"run_time_ns\": 1"), T(3, "x", 1, "\"run_time_ns\": 1"));
	MAKE(&self->b, "boot", 2, T(2, "new", 9, "\"run_time_ns\": 3"), T(3, "x", 1, "\"run_time_ns\": 1"));
	self->o.axis = axis("comm");
	self->o.all = false;
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	ASSERT_EQ(2, self->c.nr_alone);
	EXPECT_STREQ("new", self->c.alone[0].label);
	EXPECT_EQ(CTPROF_B, self->c.alone[0].side);
	EXPECT_STREQ("old", self->c.alone[1].label);
	EXPECT_EQ(CTPROF_A, self->c.alone[1].side);
	/* what began in between counts from 0; what did not change is not shown */
	EXPECT_EQ(3, row(&self->c, "new", "run_time_ns")->delta);
	EXPECT_STREQ("none", row(&self->c, "old", "run_time_ns")->metric);
	EXPECT_STREQ("none", row(&self->c, "x", "run_time_ns")->metric);
}

TEST_F(pair, a_snapshot_does_not_differ_from_itself)
{
	make_lives(&self->a, &self->b, "boot");
	self->o.all = false;
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->a, &self->o, &self->err));
	EXPECT_EQ(0, self->c.nr);
	EXPECT_EQ(0, self->c.nr_alone);
}

TEST_F(pair, of_one_boot_the_older_snapshot_is_the_first)
{
	make_lives(&self->a, &self->b, "boot");
	EXPECT_EQ(-EINVAL, ctprof_compare(&self->c, &self->b, &self->a, &self->o, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "older"));
}

TEST_F(pair, groups_are_ranked_by_what_was_asked_for)
{
	MAKE(&self->b, "x", 9, T(1, "few", 1, "\"run_time_ns\": 5, \"timeslices\": 1, \"nice\": 3"),
	     T(2, "many", 1, "\"run_time_ns\": 9, \"timeslices\": 1, \"nice\": 2"), T(3, "none", 1, "\"nice\": 1"));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	EXPECT_STREQ("many", self->c.row[0].label);
	ctprof_comparison__free(&self->c);
	/* what has no such figure is last, ascending too */
	self->o.nr_sort = 2;
	self->o.sort[0].id = CTPROF_timeslices;
	self->o.sort[1].id = CTPROF_run_time_ns;
	self->o.sort[1].ascending = true;
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	EXPECT_STREQ("few", self->c.row[0].label);
	ctprof_comparison__free(&self->c);
	self->o.nr_sort = 1;
	self->o.sort[0].id = ctprof_metric__find("avg_slice_ns");
	self->o.sort[0].ascending = true;
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	EXPECT_STREQ("few", self->c.row[0].label);
}

TEST_F(pair, rows_by_percent_and_a_limit)
{
	MAKE(&self->a, "boot", 1, T(1, "x", 5, "\"run_time_ns\": 1000, \"timeslices\": 10, \"minflt\": 100"));
	MAKE(&self->b, "boot", 2, T(1, "x", 5, "\"run_time_ns\": 1100, \"timeslices\": 30, \"minflt\": 150"));
	self->o.axis = axis("comm");
	self->o.nr_sort = 1;
	self->o.sort[0].id = CTPROF_SORT_PERCENT;
	self->o.limit = 2;
	self->o.section = (const bool[CTPROF_NR_SECTIONS]){ [CTPROF_PRIMARY] = true };
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	ASSERT_EQ(2, self->c.nr);
	EXPECT_EQ(1, self->c.cut);
	EXPECT_STREQ("timeslices", self->c.row[0].metric);
	EXPECT_EQ(200, self->c.row[0].percent);
	EXPECT_STREQ("minflt", self->c.row[1].metric);
}

#define DELAYS(x) \
	"\"" #x "_delay_count\": 2, \"" #x "_delay_total_ns\": 8, \"" #x "_delay_max_ns\": 6, \"" #x "_delay_min_ns\": 2, "

TEST_F(pair, a_section_has_its_rows_only)
{
	size_t primary = 0;

	MAKE(&self->b, "x", 9, T(1, "x", 5, DELAYS(cpu) DELAYS(blkio) DELAYS(swapin) DELAYS(freepages)
	     DELAYS(thrashing) DELAYS(compact) DELAYS(wpcopy) DELAYS(irq)
	     "\"hiwater_rss_bytes\": 1, \"hiwater_vm_bytes\": 1, \"run_time_ns\": 4, \"wait_time_ns\": 1"));
	self->o.axis = axis("comm");
	self->o.section = (const bool[CTPROF_NR_SECTIONS]){ [CTPROF_DELAYS] = true };
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	for (size_t i = 0; i < self->c.nr; i++)
		primary += self->c.row[i].section == CTPROF_DELAYS;
	EXPECT_EQ(34, primary);
	EXPECT_EQ(34 + 9, self->c.nr);
	EXPECT_EQ(4, row(&self->c, "x", "avg_cpu_delay_ns")->value[CTPROF_B]);
	/* swap-in and thrashing overlap: one of them counts */
	EXPECT_EQ(7 * 8, row(&self->c, "x", "total_offcpu_delay_ns")->value[CTPROF_B]);
}

TEST_F(pair, derived_figures_without_their_parts_are_not_there)
{
	MAKE(&self->b, "x", 9, T(1, "x", 5, "\"run_time_ns\": 30, \"wait_time_ns\": 10, \"timeslices\": 0, \"voluntary_csw\": 1"));
	self->o.axis = axis("comm");
	ASSERT_EQ(0, ctprof_compare(&self->c, NULL, &self->b, &self->o, &self->err));
	EXPECT_EQ(0.75, row(&self->c, "x", "cpu_efficiency")->value[CTPROF_B]);
	EXPECT_STREQ("none", row(&self->c, "x", "avg_slice_ns")->metric);
	EXPECT_STREQ("none", row(&self->c, "x", "involuntary_csw_ratio")->metric);
	EXPECT_STREQ("none", row(&self->c, "x", "total_offcpu_delay_ns")->metric);
}

static const char cgroups[] =
	"{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"boot_id\": \"x\", \"captured_at_boot_ns\": %s000000000,"
	"\"cgroups\": [ { \"path\": \"/a/1\", \"figures\": { \"cpu.stat/usage_usec\": %s, \"memory.max\": 5 } },"
	" { \"path\": \"/a/2\", \"figures\": { \"cpu.stat/usage_usec\": 7, \"memory.max\": -1, \"cpu.pressure/some_avg10\": 3 } },"
	" { \"path\": \"/b\", \"figures\": { \"cpu.stat/usage_usec\": 1 } } ],"
	"\"host\": { \"kernel_release\": \"7.%s\", \"gone\": null, \"map\": { \"k\": 1 } },"
	"\"threads\": [ { \"tid\": 1, \"tgid\": 1, \"comm\": \"x\", \"cgroup\": \"/a/1\" } ] }";

static void make_cgroups(struct ctprof_snapshot *s, const char *n)
{
	struct ktstr_err err;
	char text[1024];

	snprintf(text, sizeof(text), cgroups, n, n, n);
	if (ctprof_file__parse(s, text, strlen(text), &err))
		abort();
}

TEST_F(pair, cgroups_add_up_and_no_limit_is_the_largest)
{
	const struct ctprof_row *r;

	make_cgroups(&self->a, "2");
	make_cgroups(&self->b, "5");
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	r = row(&self->c, "/a/{1-2}", "cpu.stat/usage_usec");
	EXPECT_EQ(9, r->value[CTPROF_A]);
	EXPECT_EQ(3, r->delta);
	EXPECT_EQ(1, r->per_s);
	EXPECT_EQ(2, r->threads[CTPROF_A]);
	EXPECT_STREQ("/a/{N}", r->group);
	EXPECT_STREQ("max", row(&self->c, "/a/{1-2}", "memory.max")->text[CTPROF_B]);
	EXPECT_EQ(0, row(&self->c, "/b", "cpu.stat/usage_usec")->delta);
	EXPECT_STREQ("7.2", row(&self->c, "host", "kernel_release")->text[CTPROF_A]);
	EXPECT_STREQ("differs", row(&self->c, "host", "kernel_release")->verdict);
	EXPECT_STREQ("same", row(&self->c, "host", "map/k")->verdict);
}

TEST_F(pair, globs_make_groups_of_cgroups)
{
	make_cgroups(&self->a, "2");
	make_cgroups(&self->b, "5");
	self->o.group.flatten = (const char * const[]){ "/a/2", "/*" };
	self->o.group.nr_flatten = 2;
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	EXPECT_EQ(7, row(&self->c, "/a/2", "cpu.stat/usage_usec")->value[CTPROF_B]);
	EXPECT_EQ(6, row(&self->c, "/*", "cpu.stat/usage_usec")->value[CTPROF_B]);
	EXPECT_EQ(2, row(&self->c, "/*", "cpu.stat/usage_usec")->threads[CTPROF_B]);
}

TEST_F(pair, every_format_is_the_same_each_time)
{
	make_lives(&self->a, &self->b, "boot");
	ASSERT_EQ(0, ctprof_compare(&self->c, &self->a, &self->b, &self->o, &self->err));
	for (enum sheet_format format = SHEET_TEXT; format <= SHEET_HTML; format++) {
		char *text[2] = { NULL };
		size_t len[2];

		for (int i = 0; i < 2; i++) {
			FILE *f = open_memstream(&text[i], &len[i]);

			ctprof_print(&self->c, format, f);
			fclose(f);
		}
		EXPECT_STREQ(text[0], text[1]);
		EXPECT_NE(NULL, strstr(text[0], "run_time_ns"));
		EXPECT_NE(NULL, strstr(text[0], format == SHEET_TEXT ? "634 ns" : "634"));
		free(text[0]);
		free(text[1]);
	}
}

TEST(numbers_are_scaled)
{
	char buf[CTPROF_SCALED_SIZE];

	EXPECT_STREQ("999 ns", ctprof_scale(999, CTPROF_NS, false, buf));
	EXPECT_STREQ("1.000 us", ctprof_scale(1000, CTPROF_NS, false, buf));
	EXPECT_STREQ("-1.500 s", ctprof_scale(-1.5e9, CTPROF_NS, true, buf));
	EXPECT_STREQ("+2.000 KiB", ctprof_scale(2048, CTPROF_BYTES, true, buf));
	EXPECT_STREQ("9999", ctprof_scale(9999, CTPROF_COUNT, false, buf));
	EXPECT_STREQ("12.345 K", ctprof_scale(12345, CTPROF_COUNT, false, buf));
	EXPECT_STREQ("1.234 M", ctprof_scale(1234000, CTPROF_COUNT, false, buf));
	EXPECT_STREQ("12.50 %", ctprof_scale(1250, CTPROF_PERCENT_100, false, buf));
	EXPECT_STREQ("+0.250", ctprof_scale(0.25, CTPROF_RATIO, true, buf));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/core/report.c (docs/reports.md): verdict first, cgroups by name, the
 * command that repeats the run last, a screenful on the screen and everything in the file.
 */
/* Links: harness/core/report.c harness/core/device_counts.c harness/core/json.c harness/core/schedlog.c harness/core/variant.c harness/core/scheduler.c harness/core/paths.c harness/core/seen.c harness/core/scxlog.c harness/core/console.c harness/core/textbuf.c harness/core/verdict.c harness/core/metrics.c harness/core/wire.c harness/core/cpumask.c harness/chan/chan.c vmm/err.c */
/* Libs: -lz -lm */
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "../../harness/core/report.h"
#include "../../harness/core/seen.h"

static const struct ktstr_scheduler simple = { .name = "simple", .binary = "/x/scx_simple" };

FIXTURE(report) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
};

FIXTURE_SETUP(report)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "my_test" };

	unsetenv("KTSTR_SCHEDULER");
	self->test = unset;
	self->plan.test = &self->test;
	self->plan.topo = (struct ktstr_topology) { 1, 2, 4, 1 };
	self->run.plan = &self->plan;
	self->run.opts.seed = 7;
	self->run.opts.shift = VM_SHIFT_AUTO;
	self->run.accel = VM_ACCEL_TCG;
	self->run.kernel.path = "/boot/my kernel";
	self->run.kernel.release = "7.3.4";
	self->run.dir = "/runs/1/ktstr.my_test";
	self->run.verdict = KTSTR_FAIL;
	self->run.result = ktstr_result__new();
	self->run.seen = ktstr_seen__new();
	ASSERT_NE(NULL, self->run.seen);
}

FIXTURE_TEARDOWN(report)
{
	ktstr_result__free(self->run.result);
	ktstr_seen__free(self->run.seen);
	free(self->run.report);
	free(self->run.brief);
}

#define ADD(_severity, ...) \
	ktstr_result__add(self->run.result, _severity, KTSTR_OTHER, __VA_ARGS__)
#define HAS(_text, _part) \
	EXPECT_NE(NULL, strstr(_text, _part)) TH_LOG("in: %s", _text)
#define LACKS(_text, _part) \
	EXPECT_EQ(NULL, strstr(_text, _part)) TH_LOG("in: %s", _text)

static unsigned int lines(const char *s)
{
	unsigned int nr = 0;

	for (; *s; s++)
		nr += *s == '\n';
	return nr;
}

TEST_F(report, the_verdict_stands_first_and_the_failures_before_all_other_details)
{
	self->plan.scheduler = &simple;
	ADD(KTSTR_NOTE, "by the way");
	ADD(KTSTR_FAILS, "stuck 3500ms on cpu1");
	strcpy(self->run.why, "expected another");
	ktstr_report__make(&self->run, "");
	EXPECT_EQ(self->run.brief,
		  strstr(self->run.brief,
			 "ktstr_test 'my_test' [sched=scx_simple] [topo=1n2l4c1t] failed:\n"
			 "  expected another\n  stuck 3500ms on cpu1\n  note: by the way\n"));
}

TEST_F(report, the_default_scheduler_is_not_worth_a_word)
{
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "ktstr_test 'my_test' [topo=1n2l4c1t] failed:\n");
}

TEST_F(report, cgroups_are_shown_by_name_with_the_totals_above)
{
	struct ktstr_cgroup_stats *c = self->run.result->cgroups;

	self->run.result->nr_cgroups = 2;
	strcpy(c[0].name, "sensitive");
	c[0].workers = 2;
	c[0].spread_pct = 5.1;
	c[0].max_gap_ms = 3500;
	strcpy(c[1].name, "hog");
	c[1].workers = 30;
	c[1].iterations = 14870;
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "--- stats ---\n32 workers, ");
	HAS(self->run.brief, "worst_gap=3500ms\n  sensitive: workers=2 cpus=0 spread=5.1% gap=3500ms");
	HAS(self->run.brief, "  hog: workers=30 cpus=0 spread=0.0% gap=0ms migrations=0 iter=14870\n");
}

TEST_F(report, scenarios_of_a_batch_have_statistics_of_their_own)
{
	struct ktstr_cgroup_stats *c = self->run.result->cgroups;
	struct ktstr_stall *stall = ktstr_result__add_stall(self->run.result);
	int i;

	self->run.result->nr_cgroups = 7;
	for (i = 0; i < 7; i++) {
		strcpy(c[i].name, "cg_0");
		c[i].workers = i + 1;
		snprintf(c[i].part, sizeof(c[i].part), "part_%d", i < 3 ? 1 : i);
	}
	strcpy(stall->cgroup, "cg_0");
	strcpy(stall->part, "part_1");
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "--- stats of part_1 ---\n6 workers, ");
	HAS(self->run.brief, "--- stats of part_3 ---\n4 workers, ");
	HAS(self->run.brief, "--- stats of part_4 ---\n5 workers, ");
	HAS(self->run.brief, "... and those of other scenarios\n");
	LACKS(self->run.brief, "part_5");
	HAS(self->run.brief, "  part_1: cg_0: step 1: worker 0 () stood still");
	HAS(self->run.report, "--- stats of part_6 ---\n7 workers, ");
	LACKS(self->run.report, "--- stats ---");
}

TEST_F(report, latencies_are_shown_where_somebody_sampled_them)
{
	struct ktstr_cgroup_stats *c = self->run.result->cgroups;

	self->run.result->nr_cgroups = 2;
	strcpy(c[0].name, "wakes");
	c[0].workers = 2;
	c[0].blocks = 1;
	c[0].samples[KTSTR_SAMPLES_WAKE] = (struct ktstr_sample_stats){
		.total = 200, .kept = 100, .median_us = 2.25, .p99_us = 8, .max_us = 9.5,
		.mean_us = 3, .cv = 0.5 };
	strcpy(c[1].name, "spins");
	c[1].workers = 2;
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "  wakes: workers=2 cpus=0 spread=0.0% (run delay) gap=0ms migrations=0 iter=0 p99_wake=8.0us\n");
	HAS(self->run.brief, "  spins: workers=2 cpus=0 spread=0.0% gap=0ms migrations=0 iter=0\n");
	HAS(self->run.report, "    wake latency: median=2.2us p99=8.0us max=9.5us cv=0.500 samples=200\n");
	LACKS(self->run.report, "timer lateness");
	LACKS(self->run.report, "run_delay=");
	LACKS(self->run.report, "pages:");
}

TEST_F(report, the_last_line_repeats_the_run)
{
	const char *last;

	self->run.opts.shift = 2;
	setenv("KTSTR_SCHEDULER", "/s/it's", 1);
	ktstr_report__make(&self->run, "");
	last = strstr(self->run.brief, "\nrepeat: ");
	ASSERT_NE(NULL, last);
	HAS(last, "repeat: KTSTR_KERNEL='/boot/my kernel' KTSTR_SCHEDULER='/s/it'\\''s' "
		  "KTSTR_ACCEL=tcg KTSTR_SEED=7 KTSTR_ICOUNT_SHIFT=2 /");
	EXPECT_STREQ(" -t my_test\n", last + strlen(last) - 12);
	self->run.opts.mttcg = true;
	free(self->run.report);
	free(self->run.brief);
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "KTSTR_TCG_THREADS=multi");
	LACKS(self->run.brief, "KTSTR_SEED");
}

TEST_F(report, the_screen_gets_a_screenful_and_the_file_everything)
{
	char log[200 * 24], *p = log;
	int i;

	for (i = 0; i < 200; i++)
		p += sprintf(p, "sched_ext: line %c%c\n", 'A' + i / 20, 'A' + i % 20);
	for (i = 0; i < 100; i++)
		ADD(KTSTR_FAILS, "failure %d", i);
	self->run.result->nr_cgroups = 100;
	self->run.sched_log = log;
	self->run.kmsg = log;
	ktstr_report__make(&self->run, log);
	EXPECT_GE(40U, lines(self->run.brief));
	HAS(self->run.brief, "  ... and 94 more\n");
	HAS(self->run.brief, "--- scheduler log ---\nsched_ext: line JO\n");
	EXPECT_LE(600U, lines(self->run.report));
	HAS(self->run.report, "failure 99\n");
	HAS(self->run.report, "--- scheduler log ---\nsched_ext: line AA\n");
	self->run.sched_log = NULL;
	self->run.kmsg = NULL;
}

TEST_F(report, the_guest_cannot_write_to_the_terminal)
{
	self->run.sched_log = "a\x1b[2Jb\rc\x07\n";
	ADD(KTSTR_FAILS, "two\nlines \x1b]0;x");
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "a?[2Jb?c?\n");
	HAS(self->run.brief, "  two?lines ?]0;x\n");
	self->run.sched_log = NULL;
}

#define RULER	"================================================================================\n"

TEST_F(report, the_exit_dump_is_a_section_and_the_log_goes_on_behind_it)
{
	self->run.sched_log = "hello\nDEBUG DUMP\n" RULER "\nktstr: root\nkworker[7] triggered exit kind 1026:\n  runnable task stall\n" RULER "EXIT: stalled\n";
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "--- scheduler log ---\nhello\nEXIT: stalled\n--- sched_ext dump ---\nktstr: root\nkworker[7] triggered");
	HAS(self->run.report, "--- sched_ext dump ---\nktstr: root\n");
	LACKS(self->run.report, "====");
	self->run.sched_log = NULL;
}

TEST_F(report, what_a_scheduler_repeats_is_collapsed)
{
	self->run.sched_log = "start\nlocal=1\nglobal=2\nlocal=10\nglobal=2\nlocal=20\nglobal=2\nlocal=30\nglobal=2\nend\n";
	ktstr_report__make(&self->run, "");
	HAS(self->run.report, "--- scheduler log ---\nstart\n--- 4 x the following 2 lines ---\nlocal=1\nglobal=2\n--- 2 more like this ---\nlocal=30\nglobal=2\nend\n");
	self->run.sched_log = NULL;
}

TEST_F(report, empty_sections_are_left_out)
{
	self->run.exited = true;
	ktstr_report__make(&self->run, "[ 1.0] nothing to see\n");
	LACKS(self->run.brief, "--- stats");
	LACKS(self->run.brief, "--- scheduler log");
	LACKS(self->run.brief, "--- kernel log");
	LACKS(self->run.brief, "--- console");
	HAS(self->run.brief, "--- diagnostics ---\nstage: ");
}

TEST_F(report, a_guest_that_did_not_come_to_its_end_shows_its_console)
{
	ktstr_report__make(&self->run, "[ 1.0] first\n[ 1.1] last words\n");
	HAS(self->run.brief, "--- console ---\n[ 1.0] first\n[ 1.1] last words\n");
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/report/report.c (docs/reports.md): verdict first, cgroups by name, the
 * command that repeats the run last, a screenful on the screen and everything in the file.
 */
#include <signal.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/report/report.h"
#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"

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
	ASSERT_EQ(0, ktstr_parts__init(&self->run));
}

FIXTURE_TEARDOWN(report)
{
	ktstr_parts__free(&self->run);
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

TEST_F(report, what_the_first_sentence_quotes_is_not_told_twice)
{
	strcpy(self->run.why, "post_vm: 1 is not 2");
	ADD(KTSTR_FAILS, "1 is not 2");
	ADD(KTSTR_FAILS, "another");
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, " failed:\n  post_vm: 1 is not 2\n  another\n");
	HAS(self->run.report, " failed:\n  post_vm: 1 is not 2\n  another\n");
}

TEST_F(report, a_guest_time_that_nobody_knows_is_not_zero)
{
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "accel: tcg  seed: 7\n");
	LACKS(self->run.brief, "guest time");
	free(self->run.report);
	free(self->run.brief);
	self->run.guest_total_ns = 1500000000;
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "accel: tcg  seed: 7  guest time: 1.500 s\n");
}

TEST_F(report, the_scheduler_that_ran_is_the_one_that_is_named)
{
	const struct ktstr_scheduler s = {
		.name = "simple", .binary = "scx_simple", .args = KTSTR_STRS("-v"),
	};
	struct ktstr_program ran = {
		.of = &s, .name = "simple", .declared = "scx_simple", .path = "/x/scx_mine",
		.build_id = "01ab",
	};

	self->plan.scheduler = &s;
	self->run.programs = &ran;
	self->run.nr_programs = 1;
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "[sched=scx_mine]");
	HAS(self->run.brief, "\nscheduler: /x/scx_mine -v, in place of scx_simple, build id 01ab\n");
}

TEST_F(report, only_an_end_that_we_brought_about_is_said_to_be_ours)
{
	static const struct { int status, planned, outlived; const char *want; } c[] = {
		{ 0, 1, 0, "\nscheduler (stopped by us) exited with status 0\n" },
		{ SIGINT, 1, 0, "\nscheduler (stopped by us) killed by SIGINT\n" },
		{ 3 << 8, 1, 0, "\nscheduler, asked to end by us, exited with status 3\n" },
		{ SIGKILL, 1, 0, "\nscheduler, asked to end by us, killed by SIGKILL\n" },
		{ SIGKILL, 0, 0, "\nscheduler killed by SIGKILL\n" },
		{ SIGINT, 0, 1, "\nscheduler, gone before, then asked to end by us, killed by SIGINT\n" },
	};
	size_t i;

	self->run.seen->sched_exited = true;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		self->run.seen->sched_status = c[i].status;
		self->run.seen->sched_planned = c[i].planned;
		self->run.seen->sched_outlived = c[i].outlived;
		free(self->run.report);
		free(self->run.brief);
		ktstr_report__make(&self->run, "");
		HAS(self->run.brief, c[i].want);
	}
}

TEST_F(report, what_a_payload_printed_is_shown_when_a_check_of_it_failed)
{
	struct ktstr_msg_output m = { .run = 0, .step = 1, .source = "bench", .cgroup = "cg_a" };
	struct ktstr_outputs *all = &self->run.seen->outputs;

	ktstr_outputs__add(all, &m, "1\n2\n3\n4\n5\n6\nnot ok 7\n", 21);
	ktstr_report__make(&self->run, "");
	LACKS(self->run.brief, "output of payloads");
	HAS(self->run.report, "\nbench in cg_a, step 2: 21 bytes of output, 0 of errors\n");
	LACKS(self->run.report, "not ok 7");
	free(self->run.report);
	free(self->run.brief);
	m.stream = KTSTR_CHECK_FAILED;
	ktstr_outputs__add(all, &m, NULL, 0);
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "--- output of payloads ---\n"
	    "bench in cg_a, step 2: 21 bytes of output, 0 of errors, a check of it failed\n"
	    "  payload.bench.stdout:\n    2\n    3\n    4\n    5\n    6\n    not ok 7\n");
	LACKS(self->run.brief, "payload.bench.stderr");
	HAS(self->run.report, "  payload.bench.stdout:\n    1\n    2\n");
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

/* A run that ended in a step has statistics of phases only: they are no totals. */
TEST_F(report, what_was_not_judged_is_no_number)
{
	struct ktstr_cgroup_stats *c = self->run.result->cgroups;

	self->run.result->nr_cgroups = 1;
	strcpy(c[0].name, "hog");
	c[0].workers = 30;
	c[0].span = KTSTR_SPAN_PHASE;
	ktstr_report__make(&self->run, "");
	HAS(self->run.brief, "--- stats ---\nno step ended with its workers judged\n  ... and 1 more\n");
	LACKS(self->run.report, "nan");
	HAS(self->run.report, "  hog: workers=30 cpus=0");
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
	HAS(self->run.brief, "  part_1: cg_0: step 1: [0] stood still");
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
	self->run.booted = true;
	setenv("KTSTR_SCHEDULER", "/s/it's", 1);
	ktstr_report__make(&self->run, "");
	last = strstr(self->run.brief, "\nrepeat: ");
	ASSERT_NE(NULL, last);
	HAS(last, "repeat: KTSTR_SCHEDULER='/s/it'\\''s' KTSTR_TEST_KERNEL='/boot/my kernel' "
		  "KTSTR_ACCEL=tcg KTSTR_SEED=7 KTSTR_COLD=1 KTSTR_ICOUNT_SHIFT=2 /");
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

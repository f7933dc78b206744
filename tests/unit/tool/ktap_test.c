// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of test programs' output (tools-testing-ktstr/run/ktap.h): what it believes, what it
 * keeps, and that no text whatsoever breaks it.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "tools-testing-ktstr/run/ktap.h"

#include <kselftest_harness.h>

#define EXITED(code)	((code) << 8)	/* as waitpid() encodes it */
#define KILLED(sig)	(sig)

FIXTURE(ktap) {
	struct ktap_reader r;
	struct ktap_verdict v;
};

FIXTURE_SETUP(ktap)
{
	ktap_reader__init(&self->r, KTAP_STDOUT, "ktstr", "smt");
}

FIXTURE_TEARDOWN(ktap)
{
	ktap_reader__free(&self->r);
}

static void feed(struct ktap_reader *r, const char *text)
{
	ktap_reader__feed(r, text, strlen(text));
}

static enum ktap_status judge(struct ktap_reader *r, const char *text, int status,
			      struct ktap_verdict *v)
{
	feed(r, text);
	ktap_reader__finish(r);
	ktap_judge(r, status, v);
	return v->status;
}

static const char a_pass[] =
	"TAP version 13\n"
	"1..1\n"
	"# kernel under test: 7.3.4, /boot/bzImage (cache entry 7.3.4)\n"
	"# Starting 1 tests from 1 test cases.\n"
	"#  RUN           ktstr.smt ...\n"
	"#            OK  ktstr.smt\n"
	"ok 1 ktstr.smt\n"
	"# PASSED: 1 / 1 tests passed.\n"
	"# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\n";

TEST_F(ktap, a_harness_pass_is_a_pass_and_leaves_no_chatter)
{
	EXPECT_EQ(KTAP_PASS, judge(&self->r, a_pass, EXITED(0), &self->v));
	EXPECT_STREQ("", self->v.note);
	EXPECT_EQ(0, self->r.nr_diag);
	EXPECT_EQ(0, self->r.nr_noise);
}

TEST_F(ktap, bytes_may_arrive_one_at_a_time)
{
	const char *p;

	for (p = a_pass; *p; p++)
		ktap_reader__feed(&self->r, p, 1);
	EXPECT_EQ(KTAP_PASS, judge(&self->r, "", EXITED(0), &self->v));
	EXPECT_EQ(0, self->r.nr_diag);
}

TEST_F(ktap, the_finding_is_what_follows_the_head_of_the_report)
{
	judge(&self->r, "# ktstr_test 'smt' [topo=1n1l2c1t] failed:\n#   cg_a starved\n#   more\n"
	      "not ok 1 ktstr.smt\n", EXITED(1), &self->v);
	EXPECT_STREQ("", self->v.note);
	EXPECT_STREQ("cg_a starved", ktap_reader__finding(&self->r));
}

TEST_F(ktap, without_a_report_the_finding_is_the_first_line)
{
	EXPECT_STREQ("", ktap_reader__finding(&self->r));
	judge(&self->r, "# smt: .llcs does not divide\n# more\nnot ok 1 ktstr.smt\n", EXITED(1),
	      &self->v);
	EXPECT_STREQ("smt: .llcs does not divide", ktap_reader__finding(&self->r));
}

TEST_F(ktap, the_report_of_a_failure_is_kept_in_order)
{
	EXPECT_EQ(KTAP_FAIL, judge(&self->r,
				   "#  RUN           ktstr.smt ...\n"
				   "# FAIL smt: cg_a starved\n"
				   "#   3500 ms\n"
				   "#\n"
				   "#          FAIL  ktstr.smt\n"
				   "# smt: Test failed\n"
				   "not ok 1 ktstr.smt\n"
				   "# FAILED: 0 / 1 tests passed.\n", EXITED(1), &self->v));
	ASSERT_EQ(3, self->r.nr_diag);
	EXPECT_STREQ("FAIL smt: cg_a starved", self->r.diag[0]);
	EXPECT_STREQ("  3500 ms", self->r.diag[1]);
	EXPECT_STREQ("", self->r.diag[2]);
}

TEST_F(ktap, a_report_line_that_resembles_chatter_is_kept)
{
	feed(&self->r, "# RUN out of DSQs\n# OK ktstr.smt2\n# FAILED: worst_gap\n"
		       "# other: Test failed\n");
	EXPECT_EQ(4, self->r.nr_diag);
}

TEST_F(ktap, a_skip_carries_its_reason)
{
	EXPECT_EQ(KTAP_SKIP, judge(&self->r, "ok 1 ktstr.smt # SKIP no KVM # here\n", EXITED(0),
				   &self->v));
	EXPECT_STREQ("no KVM # here", self->v.note);
}

TEST_F(ktap, not_ok_with_skip_is_a_skip_as_KTAP_says)
{
	EXPECT_EQ(KTAP_SKIP, judge(&self->r, "not ok 1 ktstr.smt # SKIP x\n", EXITED(4),
				   &self->v));
}

TEST_F(ktap, a_remark_is_no_directive)
{
	EXPECT_EQ(KTAP_PASS, judge(&self->r, "ok 1 ktstr.smt #  SKIPPED nothing\n", EXITED(0),
				   &self->v));
	EXPECT_STREQ("SKIPPED nothing", self->v.note);
}

TEST_F(ktap, not_ok_never_becomes_good_by_an_xpass)
{
	EXPECT_EQ(KTAP_FAIL, judge(&self->r, "not ok 1 ktstr.smt # XPASS\n", EXITED(1),
				   &self->v));
}

TEST_F(ktap, inconclusive_is_a_verdict_of_its_own_behind_not_ok_only)
{
	EXPECT_EQ(KTAP_INCONCLUSIVE, judge(&self->r, "not ok 1 ktstr.smt #  INCONCLUSIVE no data\n",
					   EXITED(1), &self->v));
	EXPECT_STREQ("no data", self->v.note);
	EXPECT_STREQ("inconclusive", ktap_status__name(self->v.status));
}

TEST_F(ktap, ok_is_ok_whatever_it_says_of_being_inconclusive)
{
	EXPECT_EQ(KTAP_PASS, judge(&self->r, "ok 1 ktstr.smt # INCONCLUSIVE\n", EXITED(0),
				   &self->v));
}

TEST_F(ktap, a_last_line_without_newline_counts)
{
	EXPECT_EQ(KTAP_PASS, judge(&self->r, "ok 1 ktstr.smt", EXITED(0), &self->v));
}

TEST_F(ktap, silence_is_an_error)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, "", EXITED(0), &self->v));
	EXPECT_STREQ("the program printed no result (exit status 0)", self->v.note);
}

TEST_F(ktap, the_result_of_another_test_is_none)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, "ok 1 ktstr.smt2\nok 2 xktstr.smt\n", EXITED(0),
				    &self->v));
	EXPECT_EQ(2, self->r.foreign);
}

TEST_F(ktap, two_results_are_an_error_even_if_both_are_ok)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, "ok 1 ktstr.smt\nok 2 ktstr.smt\n", EXITED(0),
				    &self->v));
}

TEST_F(ktap, a_pass_with_a_bad_exit_status_is_an_error)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, a_pass, EXITED(3), &self->v));
	EXPECT_STREQ("the program printed \"pass\" but its exit status is 3", self->v.note);
}

TEST_F(ktap, a_death_by_signal_beats_a_printed_pass)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, a_pass, KILLED(9), &self->v));
	EXPECT_NE(NULL, strstr(self->v.note, "SIGKILL"));
}

TEST_F(ktap, a_bail_out_is_an_error_with_its_text)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, "Bail out! no memory\n", EXITED(1), &self->v));
	EXPECT_STREQ("the program bailed out: no memory", self->v.note);
}

TEST_F(ktap, a_bail_out_after_a_pass_is_an_error_too)
{
	EXPECT_EQ(KTAP_ERROR, judge(&self->r, "ok 1 ktstr.smt\nBail out!\n", EXITED(0),
				    &self->v));
}

TEST_F(ktap, stderr_cannot_deliver_results)
{
	struct ktap_reader err;

	ktap_reader__init(&err, KTAP_STDERR, "ktstr", "smt");
	EXPECT_EQ(KTAP_ERROR, judge(&err, "ok 1 ktstr.smt\n# smt: Test terminated by timeout\n",
				    EXITED(0), &self->v));
	EXPECT_EQ(1, err.nr_noise);
	ASSERT_EQ(1, err.nr_diag);
	EXPECT_STREQ("smt: Test terminated by timeout", err.diag[0]);
	ktap_reader__free(&err);
}

TEST_F(ktap, a_long_line_is_cut_and_marked)
{
	int i;

	feed(&self->r, "# ");
	for (i = 0; i < 5000; i++)
		feed(&self->r, "x");
	feed(&self->r, "\nok 1 ktstr.smt\n");
	EXPECT_EQ(KTAP_PASS, judge(&self->r, "", EXITED(0), &self->v));
	ASSERT_EQ(1, self->r.nr_diag);
	EXPECT_GT(KTAP_LINE_LEN, strlen(self->r.diag[0]));
	EXPECT_STREQ("...", self->r.diag[0] + strlen(self->r.diag[0]) - 3);
}

TEST_F(ktap, memory_is_bounded_and_what_is_dropped_is_counted)
{
	unsigned int i;

	for (i = 0; i < KTAP_MAX_LINES + 7; i++)
		feed(&self->r, "# line\n");
	EXPECT_EQ(KTAP_MAX_LINES, self->r.nr_diag);
	EXPECT_EQ(7, self->r.dropped_diag);
}

TEST_F(ktap, of_noise_the_last_lines_are_kept)
{
	char line[32];
	int i;

	for (i = 0; i < 3 * KTAP_MAX_NOISE + 1; i++) {
		snprintf(line, sizeof(line), "noise %d\n", i);
		feed(&self->r, line);
	}
	snprintf(line, sizeof(line), "noise %d", 2 * KTAP_MAX_NOISE + 1);
	EXPECT_STREQ(line, ktap_reader__noise(&self->r, 0));
	snprintf(line, sizeof(line), "noise %d", 3 * KTAP_MAX_NOISE);
	EXPECT_STREQ(line, ktap_reader__noise(&self->r, KTAP_MAX_NOISE - 1));
	EXPECT_EQ(NULL, ktap_reader__noise(&self->r, KTAP_MAX_NOISE));
}

/* ktap_clean(): one line of UTF-8 that a terminal shows and does not obey. */
TEST(cleaning_keeps_text_and_disarms_the_rest)
{
	static const struct {
		const char *in;
		const char *out;
	} t[] = {
		{ "plain\ttab", "plain\ttab" },
		{ "esc\033[2J", "esc?[2J" },
		{ "cr\r lf\n", "cr? lf?" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7" },
		{ "C1 \xc2\x9b", "C1 ??" },
		{ "overlong \xc0\xaf \xe0\x80\xaf", "overlong ?? ???" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "beyond \xf4\x90\x80\x80", "beyond ????" },
		{ "cut \xe2\x82", "cut ??" },
		{ "del \x7f", "del ?" },
	};
	char buf[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		ktap_clean(buf, sizeof(buf), t[i].in, strlen(t[i].in));
		EXPECT_STREQ(t[i].out, buf);
	}
}

TEST(cleaning_never_cuts_a_character_in_two)
{
	char buf[4];

	EXPECT_EQ(2, ktap_clean(buf, sizeof(buf), "ab\xe2\x82\xac", 5));
	EXPECT_STREQ("ab", buf);
}

static char *printed(void (*print)(FILE *f, const void *arg), const void *arg)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	print(f, arg);
	fclose(f);
	return text;
}

static void print_diag(FILE *f, const void *arg)
{
	ktap_print_diag(f, arg);
}

TEST(diagnostics_cannot_end_or_nest_the_document)
{
	static const struct {
		const char *in;
		const char *out;
	} t[] = {
		{ "", "#\n" },
		{ "text", "# text\n" },
		{ "Subtest: x", "#  Subtest: x\n" },
		{ "[ 1.0] reboot: System halted.", "# [ 1.0] reboot: System  halted.\n" },
		{ "List of all partitions: List of all partitions:",
		  "# List of all  partitions: List of all  partitions:\n" },
	};
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		text = printed(print_diag, t[i].in);
		EXPECT_STREQ(t[i].out, text);
		free(text);
	}
}

static void print_skip(FILE *f, const void *arg)
{
	const struct ktap_verdict v = { KTAP_SKIP, "no KVM" };

	ktap_print_result(f, 7, arg, &v, "repeat 1/2");
}

static void print_plain(FILE *f, const void *arg)
{
	const struct ktap_verdict v = { KTAP_FAIL, "" };

	ktap_print_result(f, 1, arg, &v, "");
}

TEST(results_are_printed_in_KTAP)
{
	char *text = printed(print_skip, "ktstr/a#b");

	EXPECT_STREQ("ok 7 ktstr/a_b # SKIP no KVM; repeat 1/2\n", text);
	free(text);
	text = printed(print_plain, "ktstr/x\n");
	EXPECT_STREQ("not ok 1 ktstr/x?\n", text);
	free(text);
}

/* Mutations of good output: never a crash (ASan), never a pass that does not stand there. */
TEST(no_mutation_crashes_the_reader_or_forges_a_pass)
{
	static const char alphabet[] = "ok not1 #\n\r%\0\377SKIP.ktstr";
	char text[sizeof(a_pass) + 8];
	regex_t pass_line;
	struct ktap_reader r;
	struct ktap_verdict v;
	unsigned int round, i, n, len, passes = 0;

	ASSERT_EQ(0, regcomp(&pass_line, "(^|\n)ok [0-9]+ *(- )?ktstr\\.smt *(#[^\n]*)?\r?(\n|$)",
			     REG_EXTENDED | REG_NOSUB));
	srandom(1);
	for (round = 0; round < 20000; round++) {
		memcpy(text, a_pass, sizeof(a_pass));
		len = sizeof(a_pass) - 1;
		n = 1 + random() % 8;
		for (i = 0; i < n; i++) {
			unsigned int at = random() % len;

			switch (random() % 3) {
			case 0:
				text[at] = alphabet[random() % sizeof(alphabet)];
				break;
			case 1:
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			default:
				text[at] ^= 1 << (random() % 8);
			}
		}
		ktap_reader__init(&r, KTAP_STDOUT, "ktstr", "smt");
		for (i = 0; i < len; i += n) {
			n = 1 + random() % 40;
			ktap_reader__feed(&r, text + i, i + n < len ? n : len - i);
		}
		ktap_reader__finish(&r);
		ktap_judge(&r, EXITED(0), &v);
		for (i = 0; i < len; i++)
			text[i] = text[i] ?: '?';
		text[len] = '\0';
		passes += v.status == KTAP_PASS;
		if (v.status == KTAP_PASS)
			EXPECT_EQ(0, regexec(&pass_line, text, 0, NULL, 0));
		EXPECT_NE(KTAP_NONE, v.status);
		ktap_reader__free(&r);
	}
	regfree(&pass_line);
	/* Both kinds of mutations occurred, or the loop proves nothing. */
	EXPECT_LT(1000, passes);
	EXPECT_GT(19000, passes);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads that a body runs itself: arguments and checks of a run, handles, what is kept of a metric,
 * and figures from a text. Real processes, fake cgroups.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>

#include "harness/guest/engine/hand/hand.h"
#include "harness/guest/payload/payload.h"
#include "harness/model/output.h"
#include "tests/unit/engine/ops_fixture.h"

#define SH(_name, _script, ...)							\
	KTSTR_PAYLOAD(_name, .binary = "/bin/sh", .args = KTSTR_STRS("-c", _script), ##__VA_ARGS__)

SH(counter, "echo ops: 10; echo ops: 42.5; echo noise",
	METRIC_RULES({ "ops", "^ops: ([0-9.]+)$", "1/s", KTSTR_HIGHER_IS_BETTER }),
	PAYLOAD_CHECKS(METRIC_MIN("ops", 42), METRIC_MAX("ops", 43), METRIC_RANGE("ops", 42.5, 42.5),
		       METRIC_EXISTS("ops")));
SH(slow_counter, "echo ops: 3; sleep 1000",
	METRIC_RULES({ "ops", "^ops: ([0-9.]+)$" }), PAYLOAD_CHECKS(METRIC_MIN("ops", 5)));
SH(on_stderr, "echo nothing here; echo 'lat=7 us' >&2",
	METRIC_RULES({ "lat", "lat=([0-9]+)", "us", KTSTR_LOWER_IS_BETTER }));
SH(fails, "echo ops: 1; echo first >&2; echo 'no such device' >&2; exit 3",
	METRIC_RULES({ "ops", "ops: ([0-9]+)" }), PAYLOAD_CHECKS(METRIC_MIN("ops", 100)));
SH(fails_as_told, "exit 3", PAYLOAD_CHECKS(EXIT_CODE(3)));
SH(with_flags, "exit 0", .known_flags = KTSTR_STRS("--fast", "--size"));
SH(args, "echo v=$0$1", METRIC_RULES({ "v", "v=([0-9]+)" }));
SH(json, "echo starting [1] now; echo '{\"jobs\":[{\"iops\":12.5,\"name\":\"x 9\"},{\"iops\":-3}],\"ok\":true}'; echo done",
	.output = KTSTR_OUTPUT_JSON,
	METRIC_RULES({ "jobs.0.iops", .unit = "1/s", .polarity = KTSTR_HIGHER_IS_BETTER }),
	METRIC_BOUNDS(3, 0, 10), PAYLOAD_CHECKS(METRIC_MIN("jobs.1.iops", -3)));
SH(ktap, "echo TAP version 13; echo 1..4; echo '===== START ====='; echo ok 1 minimal '# '; "
	 "echo '    not ok 1 nested'; echo 'not ok 2 - local on'; echo ok 3 nohz '# SKIP no such CPU'; exit 1",
	.output = KTSTR_OUTPUT_KTAP, PAYLOAD_CHECKS(METRIC_MIN("passed", 1), METRIC_MAX("skipped", 0)));
SH(good_ktap, "echo ok 1 a; echo not ok 2 b '# TODO later'",
	.output = KTSTR_OUTPUT_KTAP, PAYLOAD_CHECKS(METRIC_RANGE("passed", 2, 2)));
SH(near_60, "echo fps: 58; echo lat: 3 >&2",
	METRIC_RULES({ "fps", "fps: ([0-9]+)", "1/s", KTSTR_TARGET_IS_BETTER, 60 }));
SH(no_target, "exit 0", METRIC_RULES({ "v", "v=([0-9]+)", "", KTSTR_LOWER_IS_BETTER, 60 }));
SH(sleeper, "sleep 1000");
KTSTR_PAYLOAD(missing, .binary = "/nonexistent/program");

TEST_F(ops, a_body_runs_a_payload_with_its_own_arguments_and_checks)
{
	struct ktstr_ctx *ctx = &self->ctx;

	ASSERT_NE(NULL, ktstr_hand__open(ctx, &self->env));
	/* args are "-c SCRIPT": two more are $0 and $1 */
	EXPECT_EQ(0, run_payload(ctx, &args, .args = KTSTR_STRS("4", "2"),
				 PAYLOAD_CHECKS(METRIC_RANGE("v", 42, 42))));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(ctx->result)) print_details(ctx->result);
	EXPECT_EQ(1, ctx->result->claims_held);
	EXPECT_EQ(0, run_payload(ctx, &args, .replace_args = true,
				 .args = KTSTR_STRS("-c", "echo v=5; exit 2"),
				 PAYLOAD_CHECKS(METRIC_MAX("v", 5), EXIT_CODE(2))));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(ctx->result)) print_details(ctx->result);
	EXPECT_EQ(0, run_payload(ctx, &args, .args = KTSTR_STRS("4", "2"),
				 PAYLOAD_CHECKS(METRIC_MAX("v", 5))));
	EXPECT_DETAIL(KTSTR_FAILS, "payload args in (runner's cgroup): v: expected at most 5, was 42");
	ktstr_hand__close(ctx);
}

TEST_F(ops, a_handle_has_exit_code_and_figures_and_can_be_killed)
{
	struct ktstr_payload_handle *h, *k;
	struct ktstr_ctx *ctx = &self->ctx;

	ASSERT_NE(NULL, ktstr_hand__open(ctx, &self->env));
	h = spawn_payload(ctx, &fails, .replace_checks = true, PAYLOAD_CHECKS(EXIT_CODE(3)));
	k = spawn_payload(ctx, &slow_counter, .replace_checks = true);
	EXPECT_EQ(0, ktstr_payload_try_wait(k));
	EXPECT_EQ(0, ktstr_payload_wait(h, 10 * NSEC_PER_SEC));
	EXPECT_EQ(3, ktstr_payload_exit_code(h));
	EXPECT_EQ(1, ktstr_payload_metric(h, "ops"));
	EXPECT_TRUE(isnan(ktstr_payload_metric(h, "other")));
	EXPECT_EQ(1, ktstr_payload_try_wait(h));
	EXPECT_EQ(0, ktstr_payload_kill(k));
	EXPECT_EQ(-1, ktstr_payload_exit_code(k));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(ctx->result)) print_details(ctx->result);
	ktstr_payload_drop(h);
	k = spawn_payload(ctx, &sleeper);
	ktstr_payload_drop(k);
	EXPECT_DETAIL(KTSTR_NOTE, "payload sleeper was dropped while it ran");
	EXPECT_NE(NULL, spawn_payload(ctx, &sleeper));	/* ends with the body */
	ktstr_hand__close(ctx);
}

TEST_F(ops, a_payload_by_hand_that_is_late_or_wrong_fails)
{
	struct ktstr_ctx *ctx = &self->ctx;

	ASSERT_NE(NULL, ktstr_hand__open(ctx, &self->env));
	EXPECT_EQ(0, run_payload(ctx, &sleeper, .timeout_ns = 50 * NSEC_PER_MSEC));
	EXPECT_DETAIL(KTSTR_FAILS, "it did not end within 50 ms and was killed");
	EXPECT_EQ(NULL, spawn_payload(ctx, &missing));
	EXPECT_DETAIL(KTSTR_FAILS, "start payload missing: exec /nonexistent/program");
	EXPECT_EQ(NULL, spawn_payload(ctx, &counter, PAYLOAD_CHECKS(METRIC_MIN("typo", 1))));
	EXPECT_DETAIL(KTSTR_FAILS, "payload counter, as it is to run: a check wants metric typo");
	EXPECT_EQ(NULL, spawn_payload(ctx, &with_flags, .args = KTSTR_STRS("--slow")));
	EXPECT_DETAIL(KTSTR_FAILS, "payload with_flags does not know \"--slow\"");
	EXPECT_EQ(NULL, spawn_payload(ctx, &counter, .cgroup = "none"));
	EXPECT_DETAIL(KTSTR_FAILS, "start payload counter: there is no cgroup none");
	EXPECT_EQ(-EINVAL, ktstr_payload_wait(NULL, 1));
	EXPECT_EQ(-1, ktstr_payload_exit_code(NULL));
	ktstr_hand__close(ctx);
}

static struct ktstr_outputs taken;

static void took(struct ktstr_ctx *ctx, const struct ktstr_msg_output *o, const char *text,
		 size_t len)
{
	(void)ctx;
	ktstr_outputs__add(&taken, o, text, len);
}

TEST_F(ops, stream_target_and_exit_status_are_kept)
{
	const struct ktstr_ext_metric *m = self->ctx.result->ext_metrics;
	struct ktstr_ctx *ctx = &self->ctx;

	ctx->output = took;
	ASSERT_NE(NULL, ktstr_hand__open(ctx, &self->env));
	EXPECT_EQ(0, run_payload(ctx, &near_60));
	EXPECT_EQ(0, run_payload(ctx, &on_stderr));
	EXPECT_EQ(0, run_payload(ctx, &good_ktap));
	EXPECT_EQ(0, run_payload(ctx, &fails_as_told));
	EXPECT_EQ(KTSTR_TARGET_IS_BETTER, m[0].polarity);
	EXPECT_EQ(60, m[0].target);
	EXPECT_EQ(KTSTR_METRIC_STDOUT, m[0].stream);
	EXPECT_EQ(KTSTR_METRIC_STDERR, m[1].stream);
	EXPECT_EQ(1, m[1].run);
	EXPECT_STREQ("passed", m[2].name);
	EXPECT_EQ(KTSTR_METRIC_SYNTHESIZED, m[2].stream);
	ASSERT_EQ(4, taken.nr);
	EXPECT_TRUE(taken.list[0].ended);
	EXPECT_EQ(0, WEXITSTATUS(taken.list[0].status));
	EXPECT_EQ(3, WEXITSTATUS(taken.list[3].status));
	ktstr_outputs__free(&taken);
	ktstr_hand__close(ctx);
}

TEST_F(ops, metrics_of_a_text_are_extracted_without_a_run)
{
	static const char out[] = "{\"jobs\":[{\"iops\":12.5},{\"iops\":-3}]}";
	static const char tap[] = "ok 1 a\nnot ok 2 b\nok 3 c # SKIP no\n";
	struct ktstr_found m[4];

	EXPECT_EQ(2, ktstr_extract_metrics(&json, out, strlen(out), m, 4));
	EXPECT_STREQ("jobs.0.iops", m[0].name);
	EXPECT_STREQ("1/s", m[0].unit);
	EXPECT_EQ(KTSTR_HIGHER_IS_BETTER, m[0].polarity);
	EXPECT_EQ(12.5, m[0].value);
	EXPECT_EQ(-3, m[1].value);
	EXPECT_EQ(2, ktstr_extract_metrics(&json, out, strlen(out), m, 1));
	EXPECT_EQ(1, ktstr_extract_metrics(&near_60, "fps: 59\n", 8, m, 4));
	EXPECT_EQ(60, m[0].target);
	EXPECT_EQ(0, ktstr_extract_metrics(&near_60, "", 0, m, 4));
	EXPECT_EQ(3, ktstr_extract_metrics(&ktap, tap, strlen(tap), m, 4));
	EXPECT_STREQ("failed", m[1].name);
	EXPECT_EQ(1, m[1].value);
	EXPECT_EQ(-EINVAL, ktstr_extract_metrics(&no_target, "v=1", 3, m, 4));
}

TEST_HARNESS_MAIN

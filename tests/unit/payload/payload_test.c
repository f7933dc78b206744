// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads: real processes (the machine's own shell), fake cgroups. How they are started and
 * ended, what is kept of their output, which metrics are found in it and how they are judged.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>

#include "harness/guest/payload/payload.h"
#include "harness/model/output.h"
#include "tests/unit/engine/ops_fixture.h"

#define FLOOD_BYTES	(7 + 20000000 + 8)

#define SH(_name, _script, ...)							\
	KTSTR_PAYLOAD(_name, .binary = "/bin/sh", .args = KTSTR_STRS("-c", _script), ##__VA_ARGS__)

SH(counter, "echo ops: 10; echo ops: 42.5; echo noise",
	METRIC_RULES({ "ops", "^ops: ([0-9.]+)$", "1/s", KTSTR_HIGHER_IS_BETTER }),
	PAYLOAD_CHECKS(METRIC_MIN("ops", 42), METRIC_MAX("ops", 43), METRIC_RANGE("ops", 42.5, 42.5),
		       METRIC_EXISTS("ops")));
SH(far_off, "echo ops: 10", METRIC_RULES({ "ops", "^ops: ([0-9.]+)$", "1/s" }),
	PAYLOAD_CHECKS(METRIC_MIN("ops", 1e6), METRIC_MAX("ops", 5), METRIC_RANGE("ops", 1, 2)));
SH(slow_counter, "echo ops: 3; sleep 1000",
	METRIC_RULES({ "ops", "^ops: ([0-9.]+)$" }), PAYLOAD_CHECKS(METRIC_MIN("ops", 5)));
SH(on_stderr, "echo nothing here; echo 'lat=7 us' >&2",
	METRIC_RULES({ "lat", "lat=([0-9]+)", "us", KTSTR_LOWER_IS_BETTER }));
SH(says_nothing, "exit 0",
	METRIC_RULES({ "ops", "ops: ([0-9]+)" }), PAYLOAD_CHECKS(METRIC_EXISTS("ops")));
SH(fails, "echo ops: 1; echo first >&2; echo 'no such device' >&2; exit 3",
	METRIC_RULES({ "ops", "ops: ([0-9]+)" }), PAYLOAD_CHECKS(METRIC_MIN("ops", 100)));
SH(fails_as_told, "exit 3", PAYLOAD_CHECKS(EXIT_CODE(3)));
SH(killed, "kill -SEGV $$");
SH(with_flags, "exit 0", .known_flags = KTSTR_STRS("--fast", "--size"));
SH(args, "echo v=$0$1", METRIC_RULES({ "v", "v=([0-9]+)" }));
SH(json, "echo starting [1] now; echo '{\"jobs\":[{\"iops\":12.5,\"name\":\"x 9\"},{\"iops\":-3}],\"ok\":true}'; echo done",
	.output = KTSTR_OUTPUT_JSON,
	METRIC_RULES({ "jobs.0.iops", .unit = "1/s", .polarity = KTSTR_HIGHER_IS_BETTER }),
	METRIC_BOUNDS(3, 0, 10), PAYLOAD_CHECKS(METRIC_MIN("jobs.1.iops", -3)));
SH(sound, "echo v=1; echo w=2", METRIC_RULES({ "v", "v=([0-9]+)" }, { "w", "w=([0-9]+)" }),
	METRIC_BOUNDS(2, 1, 2));
SH(flood, "echo begins; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo ops: 9",
	METRIC_RULES({ "ops", "^ops: ([0-9]+)$" }), PAYLOAD_CHECKS(METRIC_MIN("ops", 9)));
SH(ktap, "echo TAP version 13; echo 1..4; echo '===== START ====='; echo ok 1 minimal '# '; "
	 "echo '    not ok 1 nested'; echo 'not ok 2 - local on'; echo ok 3 nohz '# SKIP no such CPU'; exit 1",
	.output = KTSTR_OUTPUT_KTAP, PAYLOAD_CHECKS(METRIC_MIN("passed", 1), METRIC_MAX("skipped", 0)));
SH(good_ktap, "echo ok 1 a; echo not ok 2 b '# TODO later'",
	.output = KTSTR_OUTPUT_KTAP, PAYLOAD_CHECKS(METRIC_RANGE("passed", 2, 2)));
SH(no_ktap, "echo hello", .output = KTSTR_OUTPUT_KTAP);
SH(sleeper, "sleep 1000");
KTSTR_PAYLOAD(missing, .binary = "/nonexistent/program");

static const struct ktstr_payload * const all[] = {
	&counter, &far_off, &slow_counter, &on_stderr, &says_nothing, &fails, &fails_as_told, &killed,
	&with_flags, &args, &json, &sound, &sleeper, &missing, &flood, &ktap,
	&good_ktap, &no_ktap, NULL
};
KTSTR_DEFAULTS_BEGIN
static const struct ktstr_test test = { KTSTR_TEST_UNSET, .name = "t", .workloads = all };
KTSTR_DEFAULTS_END

static double metric(const struct ktstr_result *r, const char *payload, const char *name)
{
	return ktstr_stats__ext_metric(r, payload, name);
}

static uint32_t failures(const struct ktstr_result *r)
{
	uint32_t i, nr = 0;

	for (i = 0; i < r->nr_details; i++)
		nr += r->details[i].severity == KTSTR_FAILS;
	return nr;
}

#define WAIT(_payload)								\
	(self->ctx.test = &test, RUN(STEP(OPS(RUN_PAYLOAD(&_payload, NULL),	\
					      WAIT_PAYLOAD(&_payload, NULL)), HOLD_NONE)))

TEST_F(ops, the_last_match_is_the_figure_and_its_checks_hold)
{
	const struct ktstr_result *r = self->ctx.result;

	EXPECT_EQ(0, WAIT(counter));
	EXPECT_EQ(0, failures(r)) print_details(r);
	ASSERT_EQ(1, r->nr_ext_metrics);
	EXPECT_EQ(42.5, r->ext_metrics[0].value);
	EXPECT_STREQ("1/s", r->ext_metrics[0].unit);
	EXPECT_EQ(KTSTR_HIGHER_IS_BETTER, (int)r->ext_metrics[0].polarity);
	EXPECT_TRUE(isnan(metric(r, "counter", "other")));
	EXPECT_TRUE(isnan(metric(r, "other", "ops")));
}

TEST_F(ops, json_gives_all_its_numbers_and_rules_say_what_they_mean)
{
	const struct ktstr_result *r = self->ctx.result;

	EXPECT_EQ(0, WAIT(json));
	ASSERT_EQ(2, r->nr_ext_metrics);
	EXPECT_STREQ("jobs.0.iops", r->ext_metrics[0].name);
	EXPECT_EQ(12.5, r->ext_metrics[0].value);
	EXPECT_STREQ("1/s", r->ext_metrics[0].unit);
	EXPECT_EQ(-3, metric(r, "json", "jobs.1.iops"));
}

TEST_F(ops, each_test_in_ktap_is_a_result_of_its_own)
{
	const struct ktstr_result *r = self->ctx.result;

	EXPECT_EQ(0, WAIT(ktap));
	EXPECT_DETAIL(KTSTR_NOTE, "ok ktap.minimal");
	EXPECT_DETAIL(KTSTR_NOTE, "not ok ktap.local on");
	EXPECT_DETAIL(KTSTR_NOTE, "ok ktap.nohz # SKIP no such CPU");
	EXPECT_EQ(KTSTR_PART, detail(r, "ok ktap.nohz")->kind);
	EXPECT_DETAIL(KTSTR_FAILS, "payload ktap in (runner's cgroup): test local on failed");
	EXPECT_DETAIL(KTSTR_FAILS, "1 of 4 planned tests have no result");
	EXPECT_DETAIL(KTSTR_FAILS, "skipped: expected at most 0, was 1");
	EXPECT_EQ(3, failures(r)) print_details(r);	/* and not its exit code */
	EXPECT_EQ(1, metric(r, "ktap", "passed"));
	EXPECT_EQ(1, metric(r, "ktap", "failed"));
}

TEST_F(ops, ktap_without_failures_passes_and_without_results_fails)
{
	EXPECT_EQ(0, WAIT(good_ktap));
	EXPECT_EQ(0, failures(self->ctx.result)) print_details(self->ctx.result);
	EXPECT_EQ(1, self->ctx.result->claims_held);
	EXPECT_EQ(0, WAIT(no_ktap));
	EXPECT_DETAIL(KTSTR_FAILS, "there is no test result in its output");
}

TEST_F(ops, a_payload_alone_is_something_to_judge)
{
	const struct ktstr_result *r = self->ctx.result;

	EXPECT_EQ(0, WAIT(counter));
	EXPECT_EQ(KTSTR_PASS, (int)ktstr_result__outcome(r)) print_details(r);
	EXPECT_TRUE(ktstr_result__judged(r));
	/* ended by the test, and nothing is asked of it */
	EXPECT_EQ(0, RUN_WITH(BACKDROP(.payloads = PAYLOADS(&sleeper)), STEP(HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_UNDECIDED, "no step has workers, and no payload was judged");
}

TEST_F(ops, bounds_hold_for_all_metrics_of_a_run)
{
	EXPECT_EQ(0, WAIT(sound));
	EXPECT_EQ(0, failures(self->ctx.result)) print_details(self->ctx.result);
	EXPECT_EQ(0, WAIT(json));
	EXPECT_DETAIL(KTSTR_FAILS, "2 metrics were found in its output, expected 3 at least");
	EXPECT_DETAIL(KTSTR_FAILS, "jobs.0.iops: expected 0 to 10 like all its metrics, was 12.5");
	EXPECT_DETAIL(KTSTR_FAILS, "jobs.1.iops: expected 0 to 10 like all its metrics, was -3");
	EXPECT_EQ(3, failures(self->ctx.result));
}

TEST_F(ops, payloads_move_with_all_tasks_and_belong_where_they_went)
{
	self->ctx.test = &test;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b"))),
			      STEP(OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&sleeper, "a"),
				       MOVE_ALL_TASKS("a", "b")), HOLD_NONE),
			      STEP(OPS(KILL_PAYLOAD(&sleeper, "b")), HOLD_NONE)));
	EXPECT_EQ(0, failures(self->ctx.result)) print_details(self->ctx.result);
	EXPECT_NE(NULL, strstr(fake.log, "/b/cgroup.procs="));
	EXPECT_EQ(-EEXIST, RUN(STEP(OPS(ADD_CGROUP("a"), ADD_CGROUP("b"),
					RUN_PAYLOAD(&sleeper, "a"), RUN_PAYLOAD(&sleeper, "b"),
					MOVE_ALL_TASKS("a", "b")), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "MOVE_ALL_TASKS a: payload sleeper runs in b already");
}

TEST_F(ops, standard_error_is_searched_when_the_output_has_nothing)
{
	EXPECT_EQ(0, WAIT(on_stderr));
	EXPECT_EQ(7, metric(self->ctx.result, "on_stderr", "lat"));
}

TEST_F(ops, a_metric_that_is_not_there_fails_its_check)
{
	EXPECT_EQ(0, WAIT(says_nothing));
	EXPECT_DETAIL(KTSTR_FAILS, "payload says_nothing in (runner's cgroup): metric ops was not found in its output");
}

TEST_F(ops, a_wrong_exit_code_comes_first_and_shows_the_last_words)
{
	EXPECT_EQ(0, WAIT(fails));
	EXPECT_DETAIL(KTSTR_FAILS, "exit code 3, expected 0; its standard error ends: first no such device");
	EXPECT_EQ(1, failures(self->ctx.result));
	EXPECT_EQ(KTSTR_BENCHMARK, self->ctx.result->details[0].kind);
	EXPECT_EQ(0, WAIT(fails_as_told));
	EXPECT_EQ(1, failures(self->ctx.result));
	EXPECT_EQ(0, WAIT(killed));
	EXPECT_DETAIL(KTSTR_FAILS, "killed by SIGSEGV, expected exit code 0");
}

TEST_F(ops, a_wait_is_bounded_and_what_was_printed_counts)
{
	self->ctx.test = &test;
	EXPECT_EQ(0, RUN(STEP(OPS(RUN_PAYLOAD(&slow_counter, NULL),
				  WAIT_PAYLOAD(&slow_counter, NULL,
					       .timeout_ns = 200 * NSEC_PER_MSEC)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "it did not end within 200 ms and was killed");
	EXPECT_DETAIL(KTSTR_FAILS, "ops: expected at least 5, was 3");
}

TEST_F(ops, a_unit_stands_apart_from_its_number)
{
	EXPECT_EQ(0, WAIT(far_off));
	EXPECT_DETAIL(KTSTR_FAILS, "ops: expected at least 1e+06 1/s, was 10");
	EXPECT_DETAIL(KTSTR_FAILS, "ops: expected at most 5 1/s, was 10");
	EXPECT_DETAIL(KTSTR_FAILS, "ops: expected 1 to 2 1/s, was 10");
}

TEST_F(ops, the_end_of_a_step_ends_its_payloads_and_asks_for_no_exit_code)
{
	self->ctx.test = &test;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .payload = &sleeper)), HOLD_MS(20)),
			 STEP(OPS(RUN_PAYLOAD(&sleeper, NULL)), CGROUPS(CGROUP("a")),
			      HOLD_MS(20))));
	EXPECT_EQ(0, failures(self->ctx.result)) print_details(self->ctx.result);
	EXPECT_NE(NULL, strstr(fake.log, "a/cgroup.procs="));
}

TEST_F(ops, payloads_of_the_backdrop_live_through_the_steps_and_can_be_killed)
{
	self->ctx.test = &test;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(.payloads = PAYLOADS(&sleeper)),
			      STEP(CGROUPS(CGROUP("a")), HOLD_MS(10)),
			      STEP(OPS(KILL_PAYLOAD(&sleeper, NULL)), HOLD_NONE)));
	EXPECT_EQ(0, failures(self->ctx.result)) print_details(self->ctx.result);
	EXPECT_EQ(-ESRCH, RUN(STEP(OPS(KILL_PAYLOAD(&sleeper, NULL)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "payload sleeper does not run; there is none");
}

TEST_F(ops, a_name_that_is_not_unique_needs_its_cgroup)
{
	self->ctx.test = &test;
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&sleeper, "a"),
					RUN_PAYLOAD(&sleeper, NULL),
					WAIT_PAYLOAD(&sleeper, NULL)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "payload sleeper runs 2 times, name the cgroup: sleeper in a, sleeper in (runner's cgroup)");
	EXPECT_EQ(-EEXIST, RUN(STEP(OPS(RUN_PAYLOAD(&sleeper, NULL),
					RUN_PAYLOAD(&sleeper, NULL)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "payload sleeper was started in (runner's cgroup) already");
	EXPECT_EQ(0, RUN(STEP(OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&sleeper, "a"),
				  RUN_PAYLOAD(&sleeper, NULL), KILL_PAYLOAD(&sleeper, "a"),
				  KILL_PAYLOAD(&sleeper, NULL)), HOLD_NONE)));
}

TEST_F(ops, stopping_a_cgroup_ends_what_runs_there_and_nothing_else)
{
	self->ctx.test = &test;
	EXPECT_EQ(0, RUN(STEP(OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&sleeper, "a"),
				  RUN_PAYLOAD(&sleeper, NULL), STOP_CGROUP("a"),
				  KILL_PAYLOAD(&sleeper, NULL)), HOLD_NONE)));
	EXPECT_EQ(-ESRCH, RUN(STEP(OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&sleeper, "a"),
				       REMOVE_CGROUP("a"), KILL_PAYLOAD(&sleeper, "a")),
				   HOLD_NONE)));
}

TEST_F(ops, arguments_come_behind_its_own_and_only_known_flags_are_passed)
{
	self->ctx.test = &test;
	EXPECT_EQ(0, RUN(STEP(OPS(RUN_PAYLOAD(&args, NULL, .args = KTSTR_STRS("12", "34")),
				  WAIT_PAYLOAD(&args, NULL)), HOLD_NONE)));
	EXPECT_EQ(1234, metric(self->ctx.result, "args", "v"));
	EXPECT_EQ(0, RUN(STEP(OPS(RUN_PAYLOAD(&with_flags, NULL,
					      .args = KTSTR_STRS("--fast", "--size=3", "x")),
				  WAIT_PAYLOAD(&with_flags, NULL)), HOLD_NONE)));
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(RUN_PAYLOAD(&with_flags, NULL,
						    .args = KTSTR_STRS("--faster"))),
				    HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "payload with_flags does not know \"--faster\"");
}

TEST_F(ops, what_cannot_be_executed_fails_the_step_by_its_name)
{
	self->ctx.test = &test;
	EXPECT_EQ(-ENOENT, RUN(STEP(OPS(RUN_PAYLOAD(&missing, NULL)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "RUN_PAYLOAD: exec /nonexistent/program: No such file or directory");
}

TEST_F(ops, a_payload_that_the_test_does_not_name_is_not_in_the_guest)
{
	static const struct ktstr_payload stranger = { .name = "stranger", .binary = "x" };

	self->ctx.test = &test;
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(RUN_PAYLOAD(&stranger, NULL)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "stranger is neither the test's payload nor in its workloads");
	EXPECT_EQ(-EINVAL, RUN(STEP(CGROUPS(CGROUP("a", .payload = &stranger)), HOLD_MS(5))));
}

SH(forks, "sleep 1000 & echo $! > $0; sleep 1000");

static struct ktstr_payload_proc *start(const struct ktstr_payload *p, const char *arg)
{
	const char * const list[] = { arg, NULL };
	struct ktstr_payload_start s = { .payload = p, .args = arg ? list : NULL };
	struct ktstr_payload_proc *proc = NULL;

	return ktstr_payload__start(&proc, &s, NULL) ? NULL : proc;
}

TEST(a_flood_is_cut_in_the_middle_and_does_not_block_the_program)
{
	struct ktstr_payload_proc *p = start(&flood, NULL);
	uint64_t dropped;
	const char *text;
	size_t len;

	ASSERT_NE(NULL, p);
	ASSERT_TRUE(ktstr_payload__wait(p, 20000));
	text = ktstr_payload__output(p, KTSTR_STDOUT, &len, &dropped);
	ASSERT_EQ(KTSTR_PAYLOAD_OUTPUT, len);
	EXPECT_EQ(FLOOD_BYTES - KTSTR_PAYLOAD_OUTPUT, dropped);
	EXPECT_EQ(0, memcmp(text, "begins\nxxx", 10));
	EXPECT_EQ(0, memcmp(text + len - 9, "x\nops: 9\n", 9));
	EXPECT_EQ(text + len - 7, memchr(text + 7, 'o', len - 7));
	EXPECT_EQ(0, ktstr_payload__status(p));
	ktstr_payload__free(p);
}

/* What the keeper delivers, in memory that it shares with the test. */
static struct { struct ktstr_output o; char text[2][KTSTR_OUTPUT_HEAD + KTSTR_OUTPUT_TAIL + 1]; } *got;
static size_t got_len[2];

static void take_output(struct ktstr_ctx *ctx, const struct ktstr_msg_output *o, const char *text,
			size_t len)
{
	(void)ctx;
	if (o->stream == KTSTR_CHECK_FAILED) {
		got->o.failed = true;
		return;
	}
	if (o->stream >= KTSTR_NR_STREAMS)
		return;
	got->o.run = o->run;
	got->o.step = o->step;
	memcpy(got->o.source, o->source, KTSTR_NAME_LEN);
	memcpy(got->o.cgroup, o->cgroup, KTSTR_NAME_LEN);
	got->o.text[o->stream].total += o->cut + len;
	if (len <= KTSTR_OUTPUT_PIECE && got_len[o->stream] + len < sizeof(got->text[0]))
		memcpy(got->text[o->stream] + got_len[o->stream], text, len);
	got_len[o->stream] += len;
}

#define TAKE_OUTPUT() do {							\
	self->ctx.output = take_output;						\
	memset(got_len, 0, sizeof(got_len));					\
	got = mmap(NULL, sizeof(*got), PROT_READ | PROT_WRITE,			\
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);				\
	ASSERT_NE(MAP_FAILED, (void *)got);					\
} while (0)

TEST_F(ops, the_host_gets_what_was_printed_and_hears_of_a_failed_check)
{
	TAKE_OUTPUT();
	EXPECT_EQ(0, WAIT(says_nothing));
	EXPECT_TRUE(got->o.failed);
	EXPECT_EQ(0, got->o.text[KTSTR_STDOUT].total);
	got->o.failed = false;
	EXPECT_EQ(0, RUN(STEP(HOLD_MS(1)), STEP(OPS(ADD_CGROUP("a"), RUN_PAYLOAD(&on_stderr, "a"),
						   WAIT_PAYLOAD(&on_stderr, "a")), HOLD_NONE)));
	EXPECT_FALSE(got->o.failed);
	EXPECT_EQ(1, got->o.run);
	EXPECT_EQ(1, got->o.step);
	EXPECT_STREQ("on_stderr", got->o.source);
	EXPECT_STREQ("a", got->o.cgroup);
	EXPECT_STREQ("nothing here\n", got->text[KTSTR_STDOUT]);
	EXPECT_STREQ("lat=7 us\n", got->text[KTSTR_STDERR]);
}

TEST_F(ops, of_a_flood_the_host_gets_both_ends_and_its_last_figure_counts)
{
	const char *text;

	TAKE_OUTPUT();
	EXPECT_EQ(0, WAIT(flood));
	EXPECT_EQ(0, failures(self->ctx.result)) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_NOTE, "bytes in the middle of its standard output were not searched, 8 MiB at each end were kept");
	EXPECT_EQ(FLOOD_BYTES, got->o.text[KTSTR_STDOUT].total);
	text = got->text[KTSTR_STDOUT];
	ASSERT_EQ(KTSTR_OUTPUT_HEAD + KTSTR_OUTPUT_TAIL, strlen(text));
	EXPECT_EQ(text, strstr(text, "begins\nxxx"));
	EXPECT_STREQ("x\nops: 9\n", text + strlen(text) - 9);
}

/* The runner dies: its keeper kills the program, and still delivers. */
TEST_F(ops, what_a_program_printed_is_delivered_when_the_runner_dies)
{
	int fds[2];
	char byte;
	pid_t pid;

	TAKE_OUTPUT();
	self->ctx.test = &test;
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid) {
		RUN(STEP(OPS(RUN_PAYLOAD(&slow_counter, NULL)), HOLD_MS(100)), STEP(HOLD_MS(60000)));
		_exit(1);
	}
	close(fds[1]);
	usleep(50000);
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	/* its keeper has the other end */
	EXPECT_EQ(0, read(fds[0], &byte, 1));
	close(fds[0]);
	EXPECT_STREQ("ops: 3\n", got->text[KTSTR_STDOUT]);
}

TEST(its_children_die_with_it)
{
	char file[] = "/tmp/ktstr-payload-XXXXXX";
	int fd = mkstemp(file), i;
	struct ktstr_payload_proc *p;
	char text[32] = "";

	ASSERT_LE(0, fd);
	p = start(&forks, file);
	ASSERT_NE(NULL, p);
	for (i = 0; i < 1000 && pread(fd, text, 31, 0) <= 0; i++)
		usleep(10000);
	ASSERT_LT(0, atoi(text));
	ktstr_payload__free(p);
	for (i = 0; i < 1000 && !kill(atoi(text), 0); i++)
		usleep(10000);
	EXPECT_EQ(-1, kill(atoi(text), 0));
	close(fd);
	unlink(file);
}

TEST(declarations_that_cannot_be_meant_have_their_sentence)
{
	const struct {
		struct ktstr_payload p;
		const char *want;
	} bad[] = {
		{ { .binary = "x" }, "no name" },
		{ { .name = "x" }, "no binary" },
		{ { .name = "x", .binary = "x", METRIC_RULES({ "m", "(" }) },
		  "metric m: \"(\" is no extended regular expression" },
		{ { .name = "x", .binary = "x", METRIC_RULES({ "m", "a+" }) },
		  "has no group (...) around the number" },
		{ { .name = "x", .binary = "x", METRIC_RULES({ "m", "(a)" }, { "m", "(b)" }) },
		  "stands there twice" },
		{ { .name = "x", .binary = "x", PAYLOAD_CHECKS(METRIC_MIN("m", 1)) },
		  "wants metric m, which no rule finds" },
		{ { .name = "x", .binary = "x", METRIC_RULES({ "m", "(a)" }),
		    PAYLOAD_CHECKS(METRIC_RANGE("m", 2, 1)) }, "are no interval" },
		{ { .name = "x", .binary = "x", .output = KTSTR_OUTPUT_JSON,
		    METRIC_RULES({ "m", "(a)" }) }, "needs a name, and no regex" },
		{ { .name = "x", .binary = "x", .output = KTSTR_OUTPUT_KTAP,
		    METRIC_RULES({ "m", "(a)" }) }, "and no rules" },
		{ { .name = "x", .binary = "x", .output = KTSTR_OUTPUT_KTAP,
		    PAYLOAD_CHECKS(METRIC_MIN("ops", 1)) }, "which no rule finds" },
		{ { .name = "x", .binary = "x", METRIC_BOUNDS(0, 2, 1) },
		  "metric_bounds are no interval" },
		{ { .name = "x", .binary = "x", PAYLOAD_CHECKS(EXIT_CODE(300)) },
		  "0 to 255" },
		{ { .name = "x", .binary = "x", .args = KTSTR_STRS("--a"),
		    .known_flags = KTSTR_STRS("--b") }, "not among its known_flags" },
	};
	const char *got;
	char why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		got = ktstr_payload__problem(&bad[i].p, why, sizeof(why));
		ASSERT_NE(NULL, got) TH_LOG("%s was accepted", bad[i].want);
		EXPECT_NE(NULL, strstr(got, bad[i].want)) TH_LOG("%s", got);
	}
}

static char leaves[512];

static void note_leaf(void *arg, const char *path, double v)
{
	size_t n = strlen(leaves);

	(void)arg;
	snprintf(leaves + n, sizeof(leaves) - n, "%s=%g ", path, v);
}

TEST(json_is_found_among_other_words)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "{\"a\":1}", "a=1 " },
		{ " [1, [2, {\"b\": -3e2}]]\n", "0=1 1.0=2 1.1.b=-300 " },
		{ "[12] hello {\"a\": {\"b c\": 1.5}} [", "a.b_c=1.5 " },
		{ "took [7] s", "0=7 " },
		{ "{\"a\":1,} {\"a\":2}", "a=2 " },
		{ "{\"a\":[true,false,null,\"5\",6],\"e\":{},\"\\\"\":[]}", "a.4=6 " },
		{ "{\"a\":123456789012345678901234567890}", "a=1.23457e+29 " },
		{ "{\"a\":1e999}", NULL },	/* no number for a double */
		{ "{\"b\":1,\"a\":2,\"b\":3}", "b=3 a=2 " },
		{ "\xff{\"a\xff\":1,\"b\":\"\xc3\x28\"}\xc3", "a_=1 " },
		{ "{\"\\u00fc\\n\":1,\"b\":\"\\u0000\"}", "___=1 " },
		{ "{\"0123456789012345678901234567890123456789012345678901234567890123456\":1}", "" },
		{ "{\"a\":01x}", NULL }, { "{\"a\" 1}", NULL }, { "{a:1}", NULL }, { "{", NULL },
		{ "{\"a", NULL }, { "{\"a\\", NULL }, { "5", NULL }, { "", NULL }, { "[+1]", NULL },
		{ "[nan]", NULL }, { "{\"a\":\"line\nbreak\"}", NULL },
	};
	size_t i;
	bool got;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		/* a block of its exact size: reading behind it is an error */
		size_t len = strlen(rows[i].text);
		char *text = malloc(len ? len : 1);

		ASSERT_NE(NULL, text);
		memcpy(text, rows[i].text, len);
		leaves[0] = '\0';
		got = ktstr_json_leaves(text, len, note_leaf, NULL);
		EXPECT_EQ(!!rows[i].want, got) TH_LOG("%s", rows[i].text);
		EXPECT_STREQ(rows[i].want ?: "", leaves) TH_LOG("%s", rows[i].text);
		free(text);
	}
}

TEST(json_of_ill_will_ends_soon)
{
	size_t len = 4 << 20;
	char *text = malloc(len);

	ASSERT_NE(NULL, text);
	memset(text, '[', len);
	EXPECT_FALSE(ktstr_json_leaves(text, len, note_leaf, NULL));
	memset(text, '{', len);
	EXPECT_FALSE(ktstr_json_leaves(text, len, note_leaf, NULL));
	for (size_t i = 0; i + 2 < len; i += 2)
		memcpy(text + i, "{\"", 2);
	EXPECT_FALSE(ktstr_json_leaves(text, len, note_leaf, NULL));
	/* sound, but it would need a gigabyte */
	memset(text, ' ', len);
	text[0] = '[';
	text[1] = '1';
	for (size_t i = 2; i + 4 < len; i += 3)
		memcpy(text + i, ",{}", 3);
	text[len - 1] = ']';
	EXPECT_FALSE(ktstr_json_leaves(text, len, note_leaf, NULL));
	free(text);
}

/* Is an array that goes so many levels deep JSON? The 7 is in the outermost. */
static bool levels_are_json(unsigned int levels)
{
	char text[256] = "[7,";
	size_t len = 3;

	memset(text + len, '[', levels - 1);
	len += levels - 1;
	memset(text + len, ']', levels);
	len += levels;
	leaves[0] = '\0';
	return ktstr_json_leaves(text, len, note_leaf, NULL) && !strcmp(leaves, "0=7 ");
}

TEST(json_has_64_levels_at_most)
{
	EXPECT_TRUE(levels_are_json(64));
	EXPECT_FALSE(levels_are_json(65));
}

TEST(numbers_are_found_in_text_of_any_kind)
{
	static const struct ktstr_metric_rule rule = { "m", "m=([-+0-9.einf]+)" };
	static const char zeros[] = "\0\0m=5\0m=6\0";
	double v = -1;

	EXPECT_TRUE(ktstr_metric_rule__find(&rule, zeros, sizeof(zeros), &v));
	EXPECT_EQ(6, v);
	EXPECT_TRUE(ktstr_metric_rule__find(&rule, "m=-1.5e3", 8, &v));
	EXPECT_EQ(-1500, v);
	EXPECT_FALSE(ktstr_metric_rule__find(&rule, "m=inf", 5, &v));
	EXPECT_FALSE(ktstr_metric_rule__find(&rule, "m=..", 4, &v));
	EXPECT_FALSE(ktstr_metric_rule__find(&rule, "", 0, &v));
}

TEST_HARNESS_MAIN

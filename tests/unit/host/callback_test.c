// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/callback.c: when host callbacks are called, what their end means,
 * and that nothing they do to themselves takes the test's own findings along.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>
#include <ktstr/inspect.h>

#include "harness/host/callback.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "harness/result/result.h"

FIXTURE(callback) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
};

FIXTURE_SETUP(callback)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };

	self->test = unset;
	self->plan.test = &self->test;
	self->run.plan = &self->plan;
	self->run.result = ktstr_result__new();
	ASSERT_NE(NULL, self->run.result);
	self->run.raw = KTSTR_PASS;
	self->run.verdict = KTSTR_PASS;
}

FIXTURE_TEARDOWN(callback)
{
	ktstr_result__free(self->run.result);
}

static int contented(struct ktstr_result *r)
{
	(void)r;
	return 0;
}

static int returns_errno(struct ktstr_result *r)
{
	(void)r;
	return -ENODATA;
}

static int returns_one(struct ktstr_result *r)
{
	(void)r;
	return 1;
}

static int crashes(struct ktstr_result *r)
{
	ktstr_result__add(r, KTSTR_NOTE, KTSTR_KIND_NONE, "seen before the crash");
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int leaves(struct ktstr_result *r)
{
	(void)r;
	_exit(0);
}

static int claims(struct ktstr_result *r)
{
	ktstr_result__add(r, KTSTR_FAILS, KTSTR_CLAIM, "1 is not 2");
	return 0;
}

static int has_no_data(struct ktstr_result *r)
{
	ktstr_result__add(r, KTSTR_UNDECIDED, KTSTR_NO_DATA, "no samples");
	return 0;
}

static int skips(struct ktstr_result *r)
{
	ktstr_result__add(r, KTSTR_SKIPS, KTSTR_SKIPPED, "not on this machine");
	return 0;
}

/* What only a vandal does: the guest's failure disappears, and everything else is garbage. */
static int destroys(struct ktstr_result *r)
{
	memset(r, 0xff, sizeof(*r));
	r->nr_details = 0;
	return 0;
}

static int looks_for_cgroup(struct ktstr_result *r)
{
	return r->nr_cgroups == 1 && r->cgroups[0].iterations == 7 ? 0 : -ENOENT;
}

static const char *last(const struct ktstr_result *r)
{
	return r->nr_details ? r->details[r->nr_details - 1].text : "";
}

TEST_F(callback, none_is_declared_and_nothing_happens)
{
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict);
	EXPECT_EQ(0, self->run.result->nr_details);
}

TEST_F(callback, a_good_one_leaves_a_pass_a_pass_and_sees_the_figures)
{
	self->test.post_vm = looks_for_cgroup;
	self->test.post_vm_unconditional = contented;
	self->run.result->nr_cgroups = 1;
	self->run.result->cgroups[0].iterations = 7;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict);
	EXPECT_EQ(0, self->run.result->nr_details);
}

TEST_F(callback, only_the_unconditional_one_is_called_after_a_failure)
{
	self->test.post_vm = claims;
	self->run.raw = KTSTR_FAIL;
	self->run.verdict = KTSTR_FAIL;
	ktstr_callbacks__run(&self->run);
	EXPECT_STREQ("post_vm was not called, because the guest's run failed",
		     last(self->run.result));
	self->test.post_vm_unconditional = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_STREQ("1 is not 2", last(self->run.result));
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
}

TEST_F(callback, a_failure_in_it_fails_the_test)
{
	self->test.post_vm = returns_errno;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	EXPECT_STREQ("post_vm returned -61 (No data available)", last(self->run.result));
	EXPECT_STREQ(last(self->run.result), self->run.why);	/* which names it already */
	EXPECT_EQ(KTSTR_CLAIM, self->run.result->details[0].kind);

	self->run.verdict = KTSTR_PASS;
	self->test.post_vm = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	EXPECT_STREQ("post_vm: 1 is not 2", self->run.why);
	EXPECT_STREQ("1 is not 2", last(self->run.result));

	self->run.verdict = KTSTR_PASS;
	self->test.post_vm = returns_one;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
}

TEST_F(callback, no_failure_in_it_satisfies_expect_err)
{
	/* the guest did not fail although it should have */
	self->plan.expect_err = true;
	self->run.verdict = KTSTR_FAIL;
	self->test.post_vm = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	/* it did, and the callback fails besides */
	self->run.raw = KTSTR_FAIL;
	self->run.verdict = KTSTR_PASS;
	self->test.post_vm_unconditional = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
}

TEST_F(callback, a_crash_in_it_is_a_failure_and_nothing_else_is_lost)
{
	ktstr_result__add(self->run.result, KTSTR_NOTE, KTSTR_KIND_NONE, "of the guest");
	self->test.post_vm = crashes;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	ASSERT_EQ(3, self->run.result->nr_details);
	EXPECT_STREQ("of the guest", self->run.result->details[0].text);
	EXPECT_STREQ("seen before the crash", self->run.result->details[1].text);
	EXPECT_STREQ("post_vm was killed by SIGSEGV", self->run.result->details[2].text);
}

TEST_F(callback, one_that_ends_the_process_did_not_pass)
{
	self->test.post_vm = leaves;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	EXPECT_NE(NULL, strstr(last(self->run.result), "instead of returning"));
}

TEST_F(callback, it_never_makes_a_failure_better)
{
	ktstr_result__add(self->run.result, KTSTR_FAILS, KTSTR_STARVED, "cg_a starved");
	self->run.result->nr_cgroups = 2;
	self->run.raw = KTSTR_FAIL;
	self->run.verdict = KTSTR_FAIL;
	self->test.post_vm_unconditional = destroys;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	EXPECT_EQ(1, self->run.result->nr_details);
	EXPECT_EQ(2, self->run.result->nr_cgroups);
	EXPECT_STREQ("cg_a starved", self->run.result->details[0].text);
	self->test.post_vm_unconditional = skips;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
}

TEST_F(callback, no_data_and_skips_are_what_they_are_in_a_body)
{
	self->test.post_vm = has_no_data;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_INCONCLUSIVE, self->run.verdict);

	self->run.verdict = KTSTR_PASS;
	self->plan.allow_inconclusive = true;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict);

	self->test.post_vm = skips;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_SKIP, self->run.verdict);
	EXPECT_STREQ("not on this machine", self->run.skip_reason);
}

TEST_F(callback, a_full_list_of_details_hides_no_failure)
{
	int i;

	for (i = 0; i < KTSTR_MAX_DETAILS; i++)
		ktstr_result__add(self->run.result, KTSTR_NOTE, KTSTR_KIND_NONE, "%d", i);
	self->test.post_vm = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->run.result));
}


static int asks_for_everything(struct ktstr_result *r)
{
	struct ktstr_stimulus_event e;
	struct ktstr_stall_report s;
	char dir[64], tiny[4];

	claim_equals(r, ktstr_nr_stimuli(r), 2);
	claim_true(r, ktstr_stimulus(r, 1, &e));
	claim_equals(r, e.elapsed_ms, 1500);
	claim_equals(r, e.step, 1);
	claim_equals(r, e.workers, 6);
	claim_equals(r, e.op_kinds, 1 << KTSTR_OP_SET_CPUSET);
	claim_equals(r, e.iterations, 77);
	claim_true(r, !strcmp(e.part, "p"));
	claim_true(r, !ktstr_stimulus(r, 2, &e));
	claim_equals(r, ktstr_nr_stalls(r), 1);
	claim_true(r, ktstr_stall_report(r, 0, &s));
	claim_true(r, !strcmp(s.why, "forgotten") && !strcmp(s.cgroup, "cg_a"));
	claim_true(r, !strcmp(s.stack, "do_wait"));
	claim_equals(r, s.for_ns, 3000);
	claim_true(r, !ktstr_stall_report(r, 1, &s));
	claim_true(r, !strcmp(ktstr_guest_kmsg(r), "sent by the body"));
	claim_equals(r, ktstr_sidecar_dir(r, dir, sizeof(dir)), 0);
	claim_true(r, !strcmp(dir, "/runs/x"));
	claim_equals(r, ktstr_sidecar_dir(r, tiny, sizeof(tiny)), -ENAMETOOLONG);
	setenv("KTSTR_SIDECAR_DIR", "/side", 1);
	claim_equals(r, ktstr_sidecar_dir(r, dir, sizeof(dir)), 0);
	claim_true(r, !strcmp(dir, "/side"));
	return 0;
}

static int asks_for_the_log(struct ktstr_result *r)
{
	claim_true(r, !strcmp(ktstr_guest_kmsg(r), "[ 1.0] forwarded\n"));
	return 0;
}

TEST_F(callback, all_that_is_known_of_the_run_can_be_asked_for)
{
	struct ktstr_seen *seen = ktstr_seen__new();
	static struct ktstr_stimulus steps[2] = {
		{ .time_ns = 100000000 },
		{ .time_ns = 1600000000, .what = { .step = 1, .workers = 6, .iterations = 77,
						   .op_kinds = 1 << KTSTR_OP_SET_CPUSET,
						   .part = "p" } },
	};
	const struct ktstr_msg_output m = { .stream = KTSTR_FROM_BODY };
	struct ktstr_result *r = self->run.result;
	struct ktstr_stall *s;
	char buf[8];

	ASSERT_NE(NULL, seen);
	unsetenv("KTSTR_SIDECAR_DIR");
	/* in a body none of it is there */
	EXPECT_EQ(0, ktstr_nr_stimuli(r));
	EXPECT_STREQ("", ktstr_guest_kmsg(r));
	EXPECT_EQ(-ENOENT, ktstr_sidecar_dir(r, buf, sizeof(buf)));
	seen->stimuli = steps;
	seen->nr_stimuli = 2;
	seen->body_ns = 100000000;
	s = ktstr_result__add_stall(r);
	*s = (struct ktstr_stall){ .why = KTSTR_STALL_FORGOTTEN, .for_ns = 3000,
				   .cgroup = "cg_a", .stack = "do_wait" };
	self->run.seen = seen;
	self->run.dir = "/runs/x";
	self->run.kmsg = "[ 1.0] forwarded\n";
	self->test.post_vm = asks_for_the_log;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict) TH_LOG("%s", last(r));
	EXPECT_TRUE(ktstr_outputs__add(&seen->outputs, &m, "sent by ", 8));
	EXPECT_TRUE(ktstr_outputs__add(&seen->outputs, &m, "the body", 8));
	EXPECT_EQ(0, seen->outputs.nr);
	self->test.post_vm = asks_for_everything;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict) TH_LOG("%s", last(r));
	EXPECT_EQ(NULL, r->run);
	seen->stimuli = NULL;
	ktstr_seen__free(seen);
}

static int claims_of_the_monitor(struct ktstr_result *r)
{
	claim_between(r, ktstr_monitor_figure(r, "max_imbalance"), 1, 4);
	return 0;
}

/* Of a test that was written for a guest (plan/here.h): no failure without data, and no pass. */
TEST_F(callback, without_a_guest_a_claim_about_the_monitor_has_no_verdict)
{
	self->plan.host_only = true;
	self->plan.here = true;
	self->test.post_vm = claims_of_the_monitor;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_INCONCLUSIVE, self->run.verdict);
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->run.result));
	/* other claims count */
	self->run.verdict = KTSTR_PASS;
	self->test.post_vm = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
}

TEST_F(callback, without_a_guest_nobody_looks_at_a_body_that_could_not_be_run)
{
	self->plan.here = true;
	self->run.raw = self->run.verdict = KTSTR_SKIP;
	self->test.post_vm = self->test.post_vm_unconditional = claims;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_SKIP, self->run.verdict);
	self->run.raw = self->run.verdict = KTSTR_PASS;
	self->plan.no_callbacks = true;
	ktstr_callbacks__run(&self->run);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict);
}

TEST_HARNESS_MAIN

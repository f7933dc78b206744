// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/expect.c: an expected failure is one that the guest made, of the
 * kind and with the texts that were asked for; everything else stays a failure.
 */
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/expect.h"

FIXTURE(expect) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_evidence e;
	struct ktstr_result *r;
	char why[512];
};

FIXTURE_SETUP(expect)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };

	self->test = unset;
	self->plan.test = &self->test;
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	self->e.result = self->r;
}

FIXTURE_TEARDOWN(expect)
{
	ktstr_result__free(self->r);
}

#define JUDGE()	(int)ktstr_expect__judge(&self->plan, &self->e, self->why, sizeof(self->why))
#define FAILED(_kind, _text) \
	ktstr_result__add(self->r, KTSTR_FAILS, _kind, "%s", _text)

TEST_F(expect, without_expectation_the_outcome_is_the_verdict)
{
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	FAILED(KTSTR_STARVED, "worker 3 did nothing");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_STREQ("", self->why);
}

TEST_F(expect, an_expected_error_that_does_not_come_is_a_failure)
{
	self->plan.expect_err = true;
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_STREQ("expected error but test passed", self->why);
	ktstr_result__add(self->r, KTSTR_UNDECIDED, KTSTR_NO_DATA, "no samples");
	self->plan.allow_inconclusive = true;
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_STREQ("expected error but test was inconclusive", self->why);
}

TEST_F(expect, an_expected_error_passes_and_says_which_it_was)
{
	self->plan.expect_err = true;
	FAILED(KTSTR_SCHED_EXITED, "scheduler left");
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	EXPECT_STREQ("failed as expected: scheduler left", self->why);
}

TEST_F(expect, an_infrastructure_error_never_satisfies)
{
	self->plan.expect_err = true;
	FAILED(KTSTR_INFRASTRUCTURE, "VMM: gone");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_NE(NULL, strstr(self->why, "only what happens in the guest counts"));
	/* but it does not hide what the guest did */
	FAILED(KTSTR_GUEST_PANIC, "panic");
	EXPECT_EQ(KTSTR_PASS, JUDGE());
}

TEST_F(expect, a_scenario_that_fails_in_the_guest_is_an_expected_error)
{
	self->plan.expect_err = true;
	FAILED(KTSTR_STEP_FAILED, "step 1 failed: ADD_CGROUP a: no space");
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	self->test.expect_kind = KTSTR_BODY_ERROR;
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_STREQ("expected a failure of kind body-error, got kind step-failed", self->why);
	FAILED(KTSTR_BODY_ERROR, "body returned -28");
	EXPECT_EQ(KTSTR_PASS, JUDGE());
}

TEST_F(expect, the_errno_of_a_body_that_met_trouble_of_the_machine_is_that_trouble)
{
	EXPECT_EQ(KTSTR_BODY_ERROR, (int)ktstr_result__errno_kind(self->r));
	ktstr_result__add(self->r, KTSTR_NOTE, KTSTR_INFRASTRUCTURE, "a note");
	FAILED(KTSTR_STEP_FAILED, "step 1 failed");
	EXPECT_EQ(KTSTR_BODY_ERROR, (int)ktstr_result__errno_kind(self->r));
	FAILED(KTSTR_INFRASTRUCTURE, "no cgroup2");
	EXPECT_EQ(KTSTR_INFRASTRUCTURE, (int)ktstr_result__errno_kind(self->r));
}

TEST_F(expect, the_error_may_stand_in_what_the_scheduler_wrote)
{
	self->plan.expect_err = true;
	self->test.expect_scx_bpf_error_contains = "bad cpu 7";
	self->e.sched_log = "starting\nDEBUG DUMP\nEXIT: scx_bpf_error (bad cpu 7)\n";
	FAILED(KTSTR_STARVED, "starved");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());		/* nothing happened to the scheduler */
	EXPECT_STREQ("expected an scx_bpf_error text that contains \"bad cpu 7\", captured none",
		     self->why);
	FAILED(KTSTR_SCHED_EXITED, "left");
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	self->test.expect_scx_bpf_error_matches = "^bad cpu";
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	self->e.scx_error = "bad cpu";
	EXPECT_EQ(KTSTR_PASS, JUDGE());		/* each of them in one of the texts */
	self->test.expect_scx_bpf_error_contains = "bad cpu 8";
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_NE(NULL, strstr(self->why, "the scheduler's output has no such text either"));
}

TEST_F(expect, the_wall_clock_satisfies_only_who_names_it)
{
	self->plan.expect_err = true;
	self->e.host_timeout = true;
	FAILED(KTSTR_BODY_TIMEOUT, "timed out");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	self->test.expect_kind = KTSTR_BODY_TIMEOUT;
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	self->test.expect_kind = KTSTR_KIND_NONE;
	self->e.host_timeout = false;	/* the guest's own deadline */
	EXPECT_EQ(KTSTR_PASS, JUDGE());
}

TEST_F(expect, the_kind_must_be_the_one_that_was_named)
{
	self->plan.expect_err = true;
	self->test.expect_kind = KTSTR_SCHED_STALLED;
	FAILED(KTSTR_SCHED_ERROR, "ejected");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_NE(NULL, strstr(self->why, "expected a failure of kind"));
	FAILED(KTSTR_SCHED_STALLED, "stalled");
	EXPECT_EQ(KTSTR_PASS, JUDGE());
}

TEST_F(expect, all_matchers_must_hold_together)
{
	self->plan.expect_err = true;
	self->test.expect_text = "ejected";
	self->test.expect_scx_bpf_error_contains = "cpu 7";
	self->test.expect_scx_bpf_error_matches = "bad cpu [0-9]+$";
	FAILED(KTSTR_SCHED_ERROR, "ejected");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());		/* nothing was captured */
	EXPECT_NE(NULL, strstr(self->why, "contains \"cpu 7\", captured none"));
	self->e.scx_error = "bad cpu 7";
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	self->e.scx_error = "bad cpu 7 again";
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_NE(NULL, strstr(self->why,
			       "matches \"bad cpu [0-9]+$\", captured \"bad cpu 7 again\""));
	self->e.scx_error = "bad cpu 8";
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	self->e.scx_error = "bad cpu 7";
	self->test.expect_text = "another text";
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
}

TEST_F(expect, inconclusive_passes_only_where_it_is_allowed)
{
	ktstr_result__add(self->r, KTSTR_UNDECIDED, KTSTR_NO_DATA, "no samples");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, JUDGE());
	self->plan.allow_inconclusive = true;
	EXPECT_EQ(KTSTR_PASS, JUDGE());
	FAILED(KTSTR_STARVED, "starved");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
}

TEST_F(expect, a_scheduler_that_does_not_survive_is_explained)
{
	self->plan.survives_storm = true;
	self->e.scx_error = "runnable task stall";
	FAILED(KTSTR_SCHED_STALLED, "stalled");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_NE(NULL, strstr(self->why, "survives_storm"));
}

TEST_F(expect, survival_is_explained_whatever_ended_the_scheduler)
{
	self->plan.survives_storm = true;
	FAILED(KTSTR_STARVED, "starved");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_STREQ("", self->why);	/* the scheduler survived, it only did badly */
	FAILED(KTSTR_SCHED_EXITED, "scheduler died during the test: exited with status 0");
	EXPECT_EQ(KTSTR_FAIL, JUDGE());
	EXPECT_STREQ("survives_storm: the scheduler must stay attached and alive through every hold, but it did not: scheduler died during the test: exited with status 0",
		     self->why);
}

/*
 * Every outcome under every expectation: verdict, exit status of --exact, status in
 * kselftest_harness.h.
 */
TEST(all_combinations)
{
	enum { P, F, INFRA, U, S, NR_RAW };
	enum { PLAIN, EXPECT_ERR, ALLOW, STORM, NR_MODES };
	static const struct { int verdict, native, ksft; } pass = { KTSTR_PASS, 0, 0 },
		fail = { KTSTR_FAIL, 1, 1 }, undecided = { KTSTR_INCONCLUSIVE, 2, 1 },
		skip = { KTSTR_SKIP, 0, 4 };
	const typeof(pass) *want[NR_RAW][NR_MODES] = {
		[P]	= { &pass, &fail, &pass, &pass },
		[F]	= { &fail, &pass, &fail, &fail },
		[INFRA]	= { &fail, &fail, &fail, &fail },
		[U]	= { &undecided, &fail, &pass, &undecided },
		[S]	= { &skip, &skip, &skip, &skip },
	};
	static const struct ktstr_test t = { KTSTR_TEST_UNSET, .name = "t" };
	struct ktstr_evidence e;
	struct ktstr_result *r;
	struct ktstr_plan plan;
	char why[512];
	int raw, mode, got;

	for (raw = 0; raw < NR_RAW; raw++)
		for (mode = 0; mode < NR_MODES; mode++) {
			r = ktstr_result__new();
			/* what is less severe never decides */
			ktstr_result__add(r, KTSTR_NOTE, KTSTR_OTHER, "note");
			if (raw != P)
				ktstr_result__add(r, KTSTR_SKIPS, KTSTR_SKIPPED, "skip");
			if (raw == F || raw == INFRA || raw == U)
				ktstr_result__add(r, KTSTR_UNDECIDED, KTSTR_NO_DATA, "no data");
			if (raw == F)
				ktstr_result__add(r, KTSTR_FAILS, KTSTR_STARVED, "starved");
			if (raw == INFRA)
				ktstr_result__add(r, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "VMM");
			plan = (struct ktstr_plan){
				.test = &t, .expect_err = mode == EXPECT_ERR,
				.allow_inconclusive = mode == ALLOW,
				.survives_storm = mode == STORM };
			e = (struct ktstr_evidence){ .result = r };
			got = ktstr_expect__judge(&plan, &e, why, sizeof(why));
			EXPECT_EQ(want[raw][mode]->verdict, got)
				TH_LOG("outcome %d, mode %d: %s", raw, mode, why);
			EXPECT_EQ(want[raw][mode]->native, (int)ktstr_exit__native(got));
			EXPECT_EQ(want[raw][mode]->ksft, ktstr_exit__kselftest(got));
			ktstr_result__free(r);
		}
}

/* One skip beside something that was measured is no skip. */
TEST_F(expect, a_skip_beside_a_measurement_is_a_pass)
{
	ktstr_result__add(self->r, KTSTR_SKIPS, KTSTR_SKIPPED, "half of it");
	EXPECT_EQ(KTSTR_SKIP, JUDGE());
	self->r->nr_cgroups = 1;
	EXPECT_EQ(KTSTR_PASS, JUDGE());
}

TEST_HARNESS_MAIN

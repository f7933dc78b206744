// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/guest/init/body.h: what a body gets as its context, in a guest and on the
 * host alike, and what its end leaves behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/checks/checks.h"
#include "harness/guest/init/body.h"
#include "harness/host/pack.h"
#include "harness/plan/plan.h"

static int finds_something(struct ktstr_ctx *ctx)
{
	ktstr_fail(ctx, "found");
	return -ENOSPC;
}

FIXTURE(body) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_deadlines d;
	struct ktstr_guest_args args;
	struct guest_shared *shared;
	struct guest_context *c;
	struct ktstr_err err;
};

FIXTURE_SETUP(body)
{
	static const struct ktstr_test unset = {
		KTSTR_TEST_UNSET, .name = "t", .body = finds_something,
	};

	unsetenv("KTSTR_LOG_PASSES");
	self->test = unset;
	self->test.max_gap_ms = 123;
	self->test.duration_s = 7;
	self->test.llcs = 3;
	self->run.plan = &self->plan;
	self->run.opts = (struct ktstr_run_opts){ .seed = 42, .stall_poll_ms = 250 };
	self->d.run_grace_s = 9;
	self->c = calloc(1, sizeof(*self->c));
	self->shared = guest_shared__new();
	ASSERT_NE(NULL, self->c);
	ASSERT_NE(NULL, self->shared);
}

FIXTURE_TEARDOWN(body)
{
	ktstr_guest_args__free(&self->args);
	guest_shared__free(self->shared);
	free(self->c);
}

#define CONTEXT() ({								\
	ASSERT_EQ(0, ktstr_plan__for(&self->plan, &self->test, &self->err))	\
		TH_LOG("%s", self->err.msg);					\
	ASSERT_EQ(0, ktstr_body_args__make(&self->run, &self->d, "/x/y", &self->args)); \
	guest_context__init(self->c, &self->test, &self->args, self->shared, &self->err); \
})

TEST_F(body, what_the_plan_says_is_what_the_body_gets)
{
	const struct ktstr_ctx *ctx = &self->c->ctx;

	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(&self->test, ctx->test);
	EXPECT_EQ(3, ctx->topo.llcs);
	EXPECT_EQ(7000000000ull, ctx->duration_ns);
	EXPECT_EQ(2, ctx->workers_per_cgroup);
	EXPECT_EQ(42, ctx->seed);
	EXPECT_EQ(250, ctx->stall_poll_ms);
	EXPECT_STREQ("/sys/fs/cgroup/x/y", ctx->cgroup_root);
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), ctx->nr_cpus);
	EXPECT_EQ(NULL, ctx->work_override);
	EXPECT_EQ(0, ctx->time_scale);
	EXPECT_EQ(0, ctx->sched_pid);
	EXPECT_EQ(-1, ctx->sched_pidfd);
	EXPECT_EQ(NULL, ctx->sched_order);
}

TEST_F(body, holds_that_settle_settle_for_half_a_second)
{
	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(500000000ull, self->c->ctx.settle_ns);
}

TEST_F(body, checks_are_those_of_the_plan)
{
	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	for (unsigned int i = 0; i < ktstr_nr_checks; i++) {
		const struct ktstr_check *k = &ktstr_check_table[i];
		bool is_set = ktstr_check__is_set(k, &self->plan.checks);

		EXPECT_EQ(is_set, ktstr_check__is_set(k, &self->c->ctx.checks));
		if (is_set)
			EXPECT_EQ(ktstr_check__value(k, &self->plan.checks),
				  ktstr_check__value(k, &self->c->ctx.checks));
	}
	EXPECT_EQ(123, self->c->ctx.checks.max_gap_ms);
}

TEST_F(body, another_work_type_replaces_that_of_swappable_cgroups)
{
	enum ktstr_work_type type;

	setenv("KTSTR_WORK_TYPE", "PipeIo", 1);
	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	unsetenv("KTSTR_WORK_TYPE");
	ASSERT_NE(NULL, self->c->ctx.work_override);
	ASSERT_EQ(0, ktstr_work__find_type("PipeIo", &type));
	EXPECT_EQ(type, self->c->ctx.work_override->type);
}

TEST_F(body, claims_that_hold_are_notes_when_the_user_says_so)
{
	setenv("KTSTR_LOG_PASSES", "0", 1);
	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, self->args.log_passes);
	setenv("KTSTR_LOG_PASSES", "1", 1);
	ktstr_guest_args__free(&self->args);
	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(1, self->args.log_passes);
	EXPECT_STREQ("1", getenv("KTSTR_LOG_PASSES"));
}

TEST_F(body, arguments_of_another_program_are_refused)
{
	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, ktstr_guest_args__add(&self->args.checks, "max_gap=1"));
	EXPECT_EQ(-EINVAL, guest_context__init(self->c, &self->test, &self->args, self->shared,
					       &self->err));
	EXPECT_STREQ("\"max_gap=1\" is no check", self->err.msg);
	ASSERT_EQ(0, ktstr_guest_args__set(&self->args.work_type, "Nonsense"));
	EXPECT_EQ(-EINVAL, guest_context__init(self->c, &self->test, &self->args, self->shared,
					       &self->err));
	EXPECT_STREQ("there is no work type Nonsense", self->err.msg);
}

TEST_F(body, what_it_found_and_returned_is_in_the_result)
{
	struct ktstr_result *r;
	int status;
	pid_t pid;

	ASSERT_EQ(0, CONTEXT()) TH_LOG("%s", self->err.msg);
	EXPECT_FALSE(guest_shared__complete(self->shared));
	pid = fork();
	if (!pid) {
		guest_context__run(self->c, self->shared);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(guest_shared__complete(self->shared));
	EXPECT_EQ(-ENOSPC, self->shared->ret);
	r = guest_shared__result(self->shared);
	ASSERT_NE(NULL, r);
	ASSERT_EQ(2, r->nr_details);
	EXPECT_STREQ("found", r->details[0].text);
	EXPECT_EQ(0, strncmp("body returned -28 ", r->details[1].text, 18));
	EXPECT_EQ(KTSTR_BODY_ERROR, r->details[1].kind);
	ktstr_result__free(r);
}

TEST_HARNESS_MAIN

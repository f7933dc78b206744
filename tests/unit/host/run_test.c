// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/host_run.c: where host_only tests make their cgroups, how a body's
 * end is told, and that a machine without a cgroup2 of ours is a reason to skip.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/model/ctx.h"
#include "harness/host/host_run.h"
#include "harness/model/seen.h"

static int parent(const char *env, char *buf, size_t size, struct ktstr_err *err)
{
	if (env)
		setenv("KTSTR_HOST_CGROUP_PARENT", env, 1);
	else
		unsetenv("KTSTR_HOST_CGROUP_PARENT");
	return ktstr_host__cgroup_parent(buf, size, err);
}

TEST(the_parent_lies_below_the_mount_and_is_not_its_root)
{
	static const char * const bad[] = {
		"/sys/fs/cgroup", "/sys/fs/cgroup/", "/sys/fs/cgroup//", "/tmp/x", "ktstr",
		"/sys/fs/cgroup/../x", "/sys/fs/cgroup/a/../..", "/sys/fs/cgroupx/y",
	};
	struct ktstr_err err;
	char buf[256];
	size_t i;

	ASSERT_EQ(0, parent(NULL, buf, sizeof(buf), &err));
	EXPECT_STREQ("/ktstr", buf);
	ASSERT_EQ(0, parent("", buf, sizeof(buf), &err));
	EXPECT_STREQ("/ktstr", buf);
	ASSERT_EQ(0, parent("/sys/fs/cgroup/user.slice/me", buf, sizeof(buf), &err));
	EXPECT_STREQ("/user.slice/me", buf);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, parent(bad[i], buf, sizeof(buf), &err)) TH_LOG("%s", bad[i]);
		EXPECT_NE(NULL, strstr(err.msg, "KTSTR_HOST_CGROUP_PARENT="));
	}
}

static int walk(const char *env, char *buf, size_t size, struct ktstr_err *err)
{
	int ret;

	setenv("KTSTR_CGROUP_WALK_ROOT", env, 1);
	ret = ktstr_host__cgroup_walk("/user.slice/me/ktstr", buf, size, err);
	unsetenv("KTSTR_CGROUP_WALK_ROOT");
	return ret;
}

TEST(controllers_are_enabled_from_the_delegated_folder_down)
{
	static const char * const bad[] = {
		"/user.slice", "/sys/fs/cgroup/user", "/sys/fs/cgroup/user.slice/me/other",
		"/sys/fs/cgroup/user.slice/me/ktstr/below", "/sys/fs/cgroupx", "relative", "/",
	};
	struct ktstr_err err;
	char buf[64];
	size_t i;

	ASSERT_EQ(0, walk("", buf, sizeof(buf), &err));
	EXPECT_STREQ("", buf);
	ASSERT_EQ(0, walk("/sys/fs/cgroup", buf, sizeof(buf), &err));
	EXPECT_STREQ("", buf);
	ASSERT_EQ(0, walk("/sys/fs/cgroup/user.slice/me/", buf, sizeof(buf), &err));
	EXPECT_STREQ("/user.slice/me", buf);
	ASSERT_EQ(0, walk("/sys/fs/cgroup/user.slice/me/ktstr", buf, sizeof(buf), &err));
	EXPECT_STREQ("/user.slice/me/ktstr", buf);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, walk(bad[i], buf, sizeof(buf), &err)) TH_LOG("%s", bad[i]);
		EXPECT_NE(NULL, strstr(err.msg, "KTSTR_CGROUP_WALK_ROOT="));
	}
}

FIXTURE(host) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_deadlines d;
	struct ktstr_err err;
	char output[64];
};

FIXTURE_SETUP(host)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t" };
	int fd;

	self->test = unset;
	self->plan = (struct ktstr_plan){
		.test = &self->test, .topo = { 1, 1, 1, 1 }, .duration_s = 1, .nr_cpus = 1,
		.workers_per_cgroup = 1, .host_only = true,
	};
	self->d.run_grace_s = 1;
	self->run.plan = &self->plan;
	self->run.result = ktstr_result__new();
	self->run.seen = ktstr_seen__new();
	setenv("KTSTR_HOST_CGROUP_PARENT", "/sys/fs/cgroup/ktstr-host-test", 1);
	strcpy(self->output, "/tmp/ktstr-host-XXXXXX");
	fd = mkstemp(self->output);
	ASSERT_LE(0, fd);
	close(fd);
}

FIXTURE_TEARDOWN(host)
{
	unlink(self->output);
	ktstr_result__free(self->run.result);
	ktstr_seen__free(self->run.seen);
	EXPECT_NE(0, access("/sys/fs/cgroup/ktstr-host-test", F_OK));
}

/* Runs @body; false on a machine that has no cgroup2 for us, which must be said so. */
static bool run(struct __test_metadata *_metadata, FIXTURE_DATA(host) *self,
		int (*body)(struct ktstr_ctx *ctx))
{
	self->test.body = body;
	if (!ktstr_host__run(&self->run, &self->d, self->output, &self->err))
		return true;
	EXPECT_TRUE(self->err.missing) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, strncmp(self->err.msg, "host_only: ", 11));
	return false;
}

static int claims_and_prints(struct ktstr_ctx *ctx)
{
	printf("said by the body\n");
	ktstr_fail(ctx, "seed %llu, %u workers", (unsigned long long)ctx->seed,
		   ctx->workers_per_cgroup);
	return ktstr_sched_pid(ctx) || ctx->sched_order ? -EEXIST : 0;
}

/* Settled holds, the work type and the cgroup root are those that a guest would have. */
static int settles(struct ktstr_ctx *ctx)
{
	ktstr_fail(ctx, "settle %llu ms, %s, below %s",
		   (unsigned long long)(ctx->settle_ns / 1000000),
		   ctx->work_override ? "another work type" : "its own",
		   ctx->cgroup_root);
	return access(ctx->cgroup_root, W_OK) ? -errno :
	       ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 1)), HOLD_SETTLE),
			 STEP(HOLD_MS(1)));
}

static int crashes(struct ktstr_ctx *ctx)
{
	ktstr_fail(ctx, "before the crash");
	raise(SIGKILL);
	return 0;
}

static int hangs(struct ktstr_ctx *ctx)
{
	(void)ctx;
	for (;;)
		pause();
	return 0;
}

TEST_F(host, what_the_body_finds_arrives_and_stdout_stays_ours)
{
	char text[32] = "";
	FILE *f;

	if (!run(_metadata, self, claims_and_prints))
		SKIP(return, "%s", self->err.msg);
	ASSERT_EQ(1, self->run.seen->result->nr_details);
	EXPECT_STREQ("seed 0, 1 workers", self->run.seen->result->details[0].text);
	EXPECT_EQ(0, self->run.result->nr_details);
	EXPECT_TRUE(self->run.seen->exited);
	f = fopen(self->output, "r");
	ASSERT_NE(NULL, f);
	EXPECT_NE(NULL, fgets(text, sizeof(text), f));
	EXPECT_STREQ("said by the body\n", text);
	fclose(f);
}

TEST_F(host, the_context_is_that_of_a_guest)
{
	self->plan.work_type = "PipeIo";
	self->plan.cgroup_root = "/below/here";
	if (!run(_metadata, self, settles))
		SKIP(return, "%s", self->err.msg);
	ASSERT_LE(1, self->run.seen->result->nr_details);
	EXPECT_STREQ("settle 500 ms, another work type, below /sys/fs/cgroup/ktstr-host-test/below/here",
		     self->run.seen->result->details[0].text);
	EXPECT_EQ(1, self->run.seen->result->nr_details)
		TH_LOG("%s", self->run.seen->result->details[1].text);
}

TEST_F(host, a_crash_is_told_and_takes_no_finding_along)
{
	if (!run(_metadata, self, crashes))
		SKIP(return, "%s", self->err.msg);
	EXPECT_STREQ("before the crash", self->run.seen->result->details[0].text);
	ASSERT_EQ(1, self->run.result->nr_details);
	EXPECT_STREQ("the test body was killed by SIGKILL", self->run.result->details[0].text);
	EXPECT_EQ(KTSTR_BODY_CRASHED, self->run.result->details[0].kind);
}

TEST_F(host, a_body_that_hangs_is_ended)
{
	if (!run(_metadata, self, hangs))
		SKIP(return, "%s", self->err.msg);
	ASSERT_EQ(1, self->run.result->nr_details);
	EXPECT_EQ(KTSTR_BODY_TIMEOUT, self->run.result->details[0].kind);
}

TEST_HARNESS_MAIN

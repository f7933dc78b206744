/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small machine for tests of ops: fake cgroups, fake sysfs, real workers. The program links
 * libktstr.a and includes this once.
 */
#ifndef KTSTR_TESTS_UNIT_ENGINE_OPS_FIXTURE_H
#define KTSTR_TESTS_UNIT_ENGINE_OPS_FIXTURE_H

#include <sys/wait.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/chan/chan.h"
#include "harness/checks/checks.h"
#include "harness/guest/engine/engine.h"
#include "harness/guest/engine/ops/ops.h"
#include "tests/unit/cgroup/fake_cgroup.h"

FIXTURE(ops) {
	struct ktstr_ctx ctx;
	struct ktstr_engine_env env;
	char root[80], sysfs[64];
};

static struct ktstr_msg_stimulus told[8];
static unsigned int nr_told;
static void (*when_told)(unsigned int step);

static void on_stimulus(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	(void)ctx;
	if (nr_told < ARRAY_SIZE(told))
		told[nr_told++] = *s;
	if (when_told)
		when_told(s->step + 1);
}

/* A machine of eight CPUs on two nodes, one second of test, no checks. */
FIXTURE_SETUP(ops)
{
	nr_told = 0;
	when_told = NULL;
	ASSERT_EQ(0, fake_mount());
	snprintf(self->root, sizeof(self->root), "%s/t", fake.fs);
	strcpy(self->sysfs, "/tmp/ktstr-sysfs-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->sysfs));
	fake_tree_put(self->sysfs, "devices/system/cpu", "online", "0-7\n");
	fake_tree_put(self->sysfs, "devices/system/node", "has_memory", "0-1\n");
	fake_tree_put(self->sysfs, "devices/system/node/node0", "cpulist", "0-3\n");
	fake_tree_put(self->sysfs, "devices/system/node/node1", "cpulist", "4-7\n");
	self->env = (struct ktstr_engine_env){
		.cgroupfs = fake.fs, .sysfs = self->sysfs, .procfs = self->sysfs, .io = &fake_io,
		.ready_ns = 10 * NSEC_PER_SEC, .stop_ns = 10 * NSEC_PER_SEC,
		.kill_ns = 10 * NSEC_PER_SEC,
	};
	self->ctx = (struct ktstr_ctx){
		.duration_ns = NSEC_PER_SEC, .workers_per_cgroup = 1, .sched_pidfd = -1,
		.cgroup_root = self->root, .result = ktstr_result__new(),
		.stimulus = on_stimulus,
	};
	ASSERT_NE(NULL, self->ctx.result);
	ktstr_checks__unset(&self->ctx.checks);
}

FIXTURE_TEARDOWN(ops)
{
	char cmd[128];

	ktstr_captures__free(&self->ctx);
	ktstr_result__free(self->ctx.result);
	snprintf(cmd, sizeof(cmd), "rm -r %s", self->sysfs);
	EXPECT_EQ(0, system(cmd));
	EXPECT_TRUE(fake_umount()) TH_LOG("cgroups were left behind");
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

#define RUN_WITH(_backdrop, ...)						\
	ktstr_engine__run_def(&self->ctx, KTSTR_SCENARIO_DEF(_backdrop, NULL, __VA_ARGS__), \
			       &self->env)
#define RUN(...)	RUN_WITH(NULL, __VA_ARGS__)

static const struct ktstr_detail *detail(const struct ktstr_result *r, const char *text)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (strstr(r->details[i].text, text))
			return &r->details[i];
	return NULL;
}

static void print_details(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		fprintf(stderr, "# %s\n", r->details[i].text);
}

#define EXPECT_DETAIL(_severity, _text) do {					\
	const struct ktstr_detail *d = detail(self->ctx.result, _text);		\
										\
	EXPECT_NE(NULL, d) {							\
		TH_LOG("no detail contains: %s", _text);			\
		print_details(self->ctx.result);				\
	}									\
	if (d)									\
		EXPECT_EQ(_severity, d->severity);				\
} while (0)

/* One scenario with one problem each: the sentence, and that nothing was made. */
#define EXPECT_REFUSED(_text, ...) do {						\
	self->ctx.result->nr_details = 0;					\
	EXPECT_EQ(-EINVAL, RUN(__VA_ARGS__)) TH_LOG("%s", _text);		\
	EXPECT_EQ(1, self->ctx.result->nr_details)				\
		print_details(self->ctx.result);				\
	EXPECT_STREQ("step 1 " _text, self->ctx.result->details[0].text);	\
	EXPECT_STREQ("", fake.log);						\
} while (0)

#define REFUSED_CGROUP(_text, ...)						\
	EXPECT_REFUSED("cgroup a: " _text, STEP(CGROUPS(CGROUP("a", __VA_ARGS__)), HOLD_MS(5)))
#define REFUSED_OP(_text, ...)	EXPECT_REFUSED(_text, STEP(OPS(__VA_ARGS__), HOLD_MS(5)))

#endif

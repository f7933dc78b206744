// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/host/direct.h: PROGRAM --exact TEST runs what the harness would run, with all
 * that the environment asks for. A part of the run's sees the plan and ends the run before it needs
 * a kernel.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/direct.h"
#include "harness/host/expect.h"
#include "harness/model/part.h"
#include "lib/paths.h"

static struct ktstr_plan seen;
static char seen_arg[16];

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	const struct ktstr_scheduler *s = run->plan->scheduler;

	(void)state;
	seen = *run->plan;
	if (s && s->args)
		snprintf(seen_arg, sizeof(seen_arg), "%s", s->args[0]);
	return ktstr_err_missing(err, ENOENT, "this is far enough");
}

static const struct ktstr_run_part part = { .name = "spy", .prepare = prepare };
const struct ktstr_run_part * const ktstr_run_parts[] = { &part, NULL };

KTSTR_TEST(probed, .max_gap_ms = 77)
{
	(void)ctx;
	return 0;
}

FIXTURE(direct) {
	char dir[64];
	int status;
};

FIXTURE_SETUP(direct)
{
	char plugin[128];

	strcpy(self->dir, "/tmp/ktstr-direct-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	setenv("KTSTR_RUNS_ROOT", self->dir, 1);
	setenv("KTSTR_SIDECAR_DIR", self->dir, 1);
	setenv("KTSTR_ACCEL", "tcg", 1);
	/* the accelerator is picked first, and wants to see the plugin */
	setenv("KTSTR_LIBDIR", self->dir, 1);
	snprintf(plugin, sizeof(plugin), "%s/hostcall.so", self->dir);
	ASSERT_EQ(0, ktstr_paths__write(plugin, "", 0));
}

FIXTURE_TEARDOWN(direct)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

static bool direct(FIXTURE_DATA(direct) *self, const char *verb)
{
	char *argv[] = { (char []){ "program" }, (char *)verb, (char []){ "probed" }, NULL };
	struct ktstr_registry registry;

	ktstr_registry__get(&registry);
	return ktstr_direct(3, argv, &registry, &self->status);
}

TEST_F(direct, exact_runs_what_the_environment_asks_for)
{
	char binary[128];

	setenv("KTSTR_TOPOLOGY", "1n2l3c1t", 1);
	setenv("KTSTR_DURATION_S", "3", 1);
	setenv("KTSTR_WORK_TYPE", "PipeIo", 1);
	snprintf(binary, sizeof(binary), "%s/scx_mine", self->dir);
	ASSERT_EQ(0, ktstr_paths__write(binary, "", 0));
	ASSERT_EQ(0, chmod(binary, 0755));
	setenv("KTSTR_DEFAULT_SCHEDULER", binary, 1);
	setenv("KTSTR_DEFAULT_SCHEDULER_ARGS", "--fast", 1);
	ASSERT_TRUE(direct(self, "--exact"));
	EXPECT_EQ(2, seen.topo.llcs);
	EXPECT_EQ(6, seen.nr_cpus);
	EXPECT_EQ(3, seen.duration_s);
	EXPECT_STREQ("PipeIo", seen.work_type);
	ASSERT_NE(NULL, seen.scheduler);
	EXPECT_STREQ(binary, seen.scheduler->binary);
	EXPECT_STREQ("--fast", seen_arg);
	EXPECT_EQ(77, seen.checks.max_gap_ms);
}

TEST_F(direct, exact_fails_when_the_environment_makes_no_sense)
{
	setenv("KTSTR_DURATION_S", "soon", 1);
	ASSERT_TRUE(direct(self, "--exact"));
	EXPECT_EQ(KTSTR_EXIT_FAIL, self->status);
	EXPECT_EQ(NULL, seen.test);
	ASSERT_TRUE(direct(self, "--show-thresholds"));
	EXPECT_EQ(KTSTR_EXIT_FAIL, self->status);
}

/* What the call prints, in @buf. */
static void capture(struct __test_metadata *_metadata, FIXTURE_DATA(direct) *self, char *buf,
		    size_t size)
{
	FILE *f = tmpfile();
	int out = dup(STDOUT_FILENO);
	size_t n;

	ASSERT_NE(NULL, f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	EXPECT_TRUE(direct(self, "--exact"));
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

TEST_F(direct, exact_prints_the_report_of_any_verdict_when_it_is_asked_to)
{
	char text[8192];

	capture(_metadata, self, text, sizeof(text));
	EXPECT_EQ(NULL, strstr(text, "ktstr_test 'probed'"));
	EXPECT_NE(NULL, strstr(text, "\nok 1 ktstr/probed # SKIP this is far enough\n"));
	setenv("KTSTR_VERBOSE", "1", 1);
	capture(_metadata, self, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "ktstr_test 'probed'"));
}

TEST_F(direct, thresholds_are_shown_without_a_run)
{
	ASSERT_TRUE(direct(self, "--show-thresholds"));
	EXPECT_EQ(KTSTR_EXIT_PASS, self->status);
	EXPECT_EQ(NULL, seen.test);
}

TEST_HARNESS_MAIN

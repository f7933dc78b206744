// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/plan/opts.c (docs/environment.md): unset and empty are the default,
 * anything else is exactly right or one clear error.
 */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/plan/gauntlet.h"
#include "harness/plan/opts.h"

static const char * const names[] = {
	"KTSTR_ACCEL", "KTSTR_SEED", "KTSTR_TCG_THREADS", "KTSTR_ICOUNT_SHIFT",
	"KTSTR_RUNS_ROOT", "KTSTR_RUN_ID", "KTSTR_STALL_POLL_MS",
	"KTSTR_CONSOLE", "KTSTR_TERMINAL", "KTSTR_NO_PERF_MODE", "KTSTR_PERF_ONLY", "KTSTR_CPU_CAP",
	"KTSTR_BYPASS_LLC_LOCKS", "KTSTR_LOCK_DIR", "KTSTR_CACHE_DIR", "KTSTR_SIDECAR_DIR",
};

FIXTURE(opts) {
	struct ktstr_run_opts o;
	struct ktstr_err err;
};

FIXTURE_SETUP(opts)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
}

FIXTURE_TEARDOWN(opts)
{
	free((char *)self->o.runs_root);
	free((char *)self->o.run_id);
}

#define PARSE()	ktstr_run_opts__from_env(&self->o, &self->err)
#define REJECTS(_name, _value, _text)	REJECTS_AS(-EINVAL, _name, _value, _text)
#define REJECTS_AS(_ret, _name, _value, _text) do {					\
	setenv(_name, _value, 1);						\
	EXPECT_EQ(_ret, PARSE());						\
	EXPECT_NE(NULL, strstr(self->err.msg, _text))				\
		TH_LOG("%s=%s: \"%s\"", _name, _value, self->err.msg);		\
	unsetenv(_name);							\
} while (0)

TEST_F(opts, a_cap_is_a_number_that_fits_and_no_bypass)
{
	char beyond[16];

	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(0, self->o.cpu_cap);
	EXPECT_FALSE(self->o.no_perf_mode);
	setenv("KTSTR_NO_PERF_MODE", "", 1);
	setenv("KTSTR_PERF_ONLY", "", 1);
	setenv("KTSTR_CPU_CAP", "", 1);
	free((char *)self->o.runs_root);
	free((char *)self->o.run_id);
	ASSERT_EQ(0, PARSE());
	EXPECT_TRUE(self->o.no_perf_mode);
	EXPECT_FALSE(self->o.perf_only);
	EXPECT_EQ(0, self->o.cpu_cap);
	REJECTS("KTSTR_CPU_CAP", "0", "from 1 to 8192");
	REJECTS("KTSTR_CPU_CAP", "all", "KTSTR_CPU_CAP=all");
	REJECTS("KTSTR_CPU_CAP", "8193", "from 1 to 8192");
	snprintf(beyond, sizeof(beyond), "%u", ktstr_usable_cpus_here() + 1);
	REJECTS("KTSTR_CPU_CAP", beyond, "a larger budget never fits");
	setenv("KTSTR_BYPASS_LLC_LOCKS", "0", 1);
	REJECTS("KTSTR_CPU_CAP", "1", "resource contract");
	free((char *)self->o.runs_root);
	free((char *)self->o.run_id);
	ASSERT_EQ(0, PARSE());
	EXPECT_TRUE(self->o.bypass_locks);
}

TEST_F(opts, coverage_needs_a_deterministic_run_and_the_monitor)
{
	setenv("KTSTR_COVERAGE", "cover.info", 1);
	ASSERT_EQ(0, PARSE());
	EXPECT_STREQ("cover.info", self->o.coverage);
	REJECTS("KTSTR_ACCEL", "kvm", "KTSTR_COVERAGE needs a deterministic run: it excludes KTSTR_ACCEL=kvm");
	REJECTS("KTSTR_TCG_THREADS", "multi", "it excludes KTSTR_TCG_THREADS=multi");
	REJECTS("KTSTR_MONITOR", "off", "KTSTR_COVERAGE reads guest memory: it excludes KTSTR_MONITOR=off");
	unsetenv("KTSTR_COVERAGE");
}

TEST_F(opts, folders_that_cannot_be_used_are_found_before_the_run)
{
	REJECTS_AS(-ENOTDIR, "KTSTR_LOCK_DIR", "/no/such/folder", "KTSTR_LOCK_DIR=/no/such/folder: there is no such folder");
	REJECTS("KTSTR_CACHE_DIR", "here", "KTSTR_CACHE_DIR=here: must be an absolute path");
	REJECTS_AS(-ENOTDIR, "KTSTR_SIDECAR_DIR", "/dev/null/x", "KTSTR_SIDECAR_DIR=/dev/null/x: Not a directory");
}

TEST_F(opts, a_run_is_named_after_kernel_and_commit_unless_the_user_names_it)
{
	struct ktstr_err err;

	setenv("KTSTR_PROJECT_COMMIT", "1234567-dirty", 1);
	ASSERT_EQ(0, ktstr_run_opts__from_env(&self->o, &err));
	ktstr_run_opts__name_run(&self->o, "7.3.4+x/y z");
	EXPECT_EQ(self->o.run_id, strstr(self->o.run_id, "7.3.4+x_y_z-1234567-dirty-20"))
		TH_LOG("%s", self->o.run_id);
	free((char *)self->o.run_id);
	free((char *)self->o.runs_root);
	setenv("KTSTR_RUN_ID", "night-7", 1);
	ASSERT_EQ(0, ktstr_run_opts__from_env(&self->o, &err));
	ktstr_run_opts__name_run(&self->o, "7.3.4");
	EXPECT_STREQ("night-7", self->o.run_id);
	unsetenv("KTSTR_RUN_ID");
	unsetenv("KTSTR_PROJECT_COMMIT");
}

TEST_F(opts, nothing_set_means_the_defaults)
{
	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(VM_ACCEL_AUTO, (int)self->o.accel);
	EXPECT_FALSE(self->o.seeded);
	EXPECT_EQ(1UL, self->o.seed);
	EXPECT_FALSE(self->o.mttcg);
	EXPECT_EQ(VM_SHIFT_AUTO, self->o.shift);
	EXPECT_EQ(500, self->o.stall_poll_ms);
	EXPECT_EQ('/', self->o.runs_root[0]);
	EXPECT_NE(0, self->o.run_id[0]);
}

TEST_F(opts, a_descriptor_is_a_number_of_one_that_is_open)
{
	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(0, self->o.console_fd);
	EXPECT_EQ(0, self->o.terminal_fd);
	setenv("KTSTR_CONSOLE", "2", 1);
	setenv("KTSTR_TERMINAL", "1", 1);
	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(2, self->o.console_fd);
	EXPECT_EQ(1, self->o.terminal_fd);
	unsetenv("KTSTR_TERMINAL");
	REJECTS("KTSTR_CONSOLE", "stderr", "KTSTR_CONSOLE=stderr: must be a number");
	REJECTS("KTSTR_CONSOLE", "0", "must be a number from 1");
	REJECTS("KTSTR_TERMINAL", "9999", "KTSTR_TERMINAL=9999: no such file descriptor is open");
}

TEST_F(opts, empty_is_the_same_as_unset)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		setenv(names[i], "", 1);
	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(VM_ACCEL_AUTO, (int)self->o.accel);
	EXPECT_FALSE(self->o.seeded);
	EXPECT_EQ('/', self->o.runs_root[0]);
}

TEST_F(opts, a_seed_asks_for_a_deterministic_run_and_so_for_emulation)
{
	setenv("KTSTR_SEED", "18446744073709551615", 1);
	ASSERT_EQ(0, PARSE());
	EXPECT_TRUE(self->o.seeded);
	EXPECT_EQ(UINT64_MAX, self->o.seed);
	EXPECT_EQ(VM_ACCEL_TCG, (int)self->o.accel);
}

TEST_F(opts, what_is_about_emulation_is_refused_for_kvm)
{
	static const char * const emulation[][2] = {
		{ "KTSTR_SEED", "7" }, { "KTSTR_TCG_THREADS", "multi" }, { "KTSTR_ICOUNT_SHIFT", "2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(emulation); i++) {
		setenv("KTSTR_ACCEL", "kvm", 1);
		REJECTS(emulation[i][0], emulation[i][1], emulation[i][0]);
		setenv("KTSTR_ACCEL", "tcg", 1);
		setenv(emulation[i][0], emulation[i][1], 1);
		EXPECT_EQ(0, PARSE()) TH_LOG("%s", self->err.msg);
		free((char *)self->o.runs_root);
		free((char *)self->o.run_id);
		self->o = (struct ktstr_run_opts){ 0 };
		unsetenv(emulation[i][0]);
	}
}

TEST_F(opts, contradictions_are_errors)
{
	setenv("KTSTR_SEED", "3", 1);
	REJECTS("KTSTR_ACCEL", "kvm", "excludes KTSTR_ACCEL=kvm");
	REJECTS("KTSTR_TCG_THREADS", "multi", "excludes KTSTR_SEED");
	unsetenv("KTSTR_SEED");
	setenv("KTSTR_TCG_THREADS", "multi", 1);
	REJECTS("KTSTR_ICOUNT_SHIFT", "2", "excludes KTSTR_TCG_THREADS=multi");
}

TEST_F(opts, bad_values_are_one_clear_error)
{
	REJECTS("KTSTR_ACCEL", "KVM", "must be kvm, tcg or auto");
	REJECTS("KTSTR_SEED", "-1", "KTSTR_SEED=-1: must be a number");
	REJECTS("KTSTR_SEED", " 1", "must be a number");
	REJECTS("KTSTR_SEED", "1x", "must be a number");
	REJECTS("KTSTR_SEED", "18446744073709551616", "must be a number");
	REJECTS("KTSTR_ICOUNT_SHIFT", "11", "must be a number from 0 to 10");
	REJECTS("KTSTR_TCG_THREADS", "2", "must be single or multi");
	REJECTS("KTSTR_KERNEL_COMMIT", "1234567", "must be DIR=COMMIT");
	REJECTS("KTSTR_KERNEL_COMMIT", "/linux=1234567;/other=", "must be DIR=COMMIT");
	REJECTS("KTSTR_RUNS_ROOT", "runs", "must be an absolute path");
	REJECTS("KTSTR_RUN_ID", "a/b", "must be a plain file name");
	REJECTS("KTSTR_STALL_POLL_MS", "60001", "must be a number from 0 to 60000");
	REJECTS("KTSTR_RUN_ID", "..", "must be a plain file name");
}

TEST_F(opts, what_is_given_is_taken)
{
	setenv("KTSTR_ACCEL", "tcg", 1);
	setenv("KTSTR_ICOUNT_SHIFT", "3", 1);
	setenv("KTSTR_RUNS_ROOT", "/x/y", 1);
	setenv("KTSTR_RUN_ID", "night-7", 1);
	setenv("KTSTR_STALL_POLL_MS", "0", 1);
	ASSERT_EQ(0, PARSE());
	EXPECT_EQ(VM_ACCEL_TCG, (int)self->o.accel);
	EXPECT_EQ(3, self->o.shift);
	EXPECT_EQ(0, self->o.stall_poll_ms);
	EXPECT_STREQ("/x/y", self->o.runs_root);
	EXPECT_STREQ("night-7", self->o.run_id);
}

TEST_HARNESS_MAIN

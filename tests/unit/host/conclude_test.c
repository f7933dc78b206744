// SPDX-License-Identifier: GPL-2.0
/*
 * How a run ends: a body that judged nothing is no pass, and nothing that a run has to leave behind
 * is lost without a word or replaced. The guest is played by a machine without a CPU.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "fake_vm.h"
#include "harness/host/run.h"
#include "harness/model/ctx.h"
#include "harness/report/sidecar.h"
#include "lib/paths.h"
#include "tests/unit/kvm/tiny_guest.h"

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

FIXTURE(end) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run_opts opts;
	struct ktstr_run run;
	struct ktstr_err err;
	char dir[64], kernel[96], path[PATH_MAX];
};

FIXTURE_SETUP(end)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t", .body = body };
	static const uint8_t code[] = { HLT };

	strcpy(self->dir, "/tmp/ktstr-end-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->kernel, sizeof(self->kernel), "%s/vmlinux", self->dir);
	ASSERT_EQ(0, tiny_kernel(self->kernel, code, sizeof(code)));
	setenv("KTSTR_TEST_KERNEL", self->kernel, 1);
	setenv("KTSTR_CACHE_DIR", self->dir, 1);
	unsetenv("KTSTR_SIDECAR_DIR");
	self->test = unset;
	self->test.cores = 1;
	self->opts = (struct ktstr_run_opts){
		.accel = VM_ACCEL_KVM, .shift = VM_SHIFT_AUTO, .runs_root = self->dir,
		.run_id = "r",
	};
}

FIXTURE_TEARDOWN(end)
{
	char cmd[256];

	ktstr_run__free(&self->run);
	snprintf(cmd, sizeof(cmd), "chmod -R u+w %s; rm -rf %s", self->dir, self->dir);
	EXPECT_EQ(0, system(cmd));
}

#define EXEC()	({								\
	ktstr_run__free(&self->run);						\
	ASSERT_EQ(0, ktstr_plan__for(&self->plan, &self->test, &self->err));	\
	ASSERT_EQ(0, ktstr_run__exec(&self->run, &self->plan, &self->opts, &self->err)) \
		TH_LOG("%s", self->err.msg);					\
	self->run.verdict;							\
})

static void only_a_note(struct ktstr_result *r)
{
	ktstr_result__add(r, KTSTR_NOTE, KTSTR_OTHER, "I was here");
}

static void one_cgroup(struct ktstr_result *r)
{
	r->nr_cgroups = 1;
	strcpy(r->cgroups[0].name, "cg_a");
}

static void says_pass(struct ktstr_result *r)
{
	struct ktstr_ctx ctx = { .result = r };

	ktstr_pass(&ctx);
}

static void fails(struct ktstr_result *r)
{
	ktstr_result__add(r, KTSTR_FAILS, KTSTR_CLAIM, "no");
}

static int claims(struct ktstr_result *r)
{
	claim_true(r, true);
	return 0;
}

static int looks(struct ktstr_result *r)
{
	(void)r;
	return 0;
}

TEST_F(end, a_body_that_judges_nothing_is_inconclusive)
{
	fake_vm_script.find = only_a_note;
	EXPECT_EQ(KTSTR_INCONCLUSIVE, EXEC());
	EXPECT_EQ(0, strncmp("nothing was judged: ", ktstr_result__undecided(self->run.result), 20));
	EXPECT_NE(NULL, strstr(self->run.brief, "INCONCLUSIVE: nothing was judged"));
	self->test.post_vm = looks;
	EXPECT_EQ(KTSTR_INCONCLUSIVE, EXEC());
	self->test.allow_inconclusive = KTSTR_ON;
	EXPECT_EQ(KTSTR_PASS, EXEC());
}

TEST_F(end, workers_claims_callbacks_and_ktstr_pass_are_something)
{
	fake_vm_script.find = one_cgroup;
	EXPECT_EQ(KTSTR_PASS, EXEC());
	fake_vm_script.find = says_pass;
	EXPECT_EQ(KTSTR_PASS, EXEC());
	fake_vm_script.find = only_a_note;
	self->test.post_vm = claims;
	EXPECT_EQ(KTSTR_PASS, EXEC());
	fake_vm_script.find = fails;
	EXPECT_EQ(KTSTR_FAIL, EXEC());
}

TEST_F(end, an_expected_failure_is_not_made_of_nothing)
{
	fake_vm_script.find = only_a_note;
	self->test.expect_err = KTSTR_ON;
	EXPECT_EQ(KTSTR_FAIL, EXEC());
	fake_vm_script.find = fails;
	EXPECT_EQ(KTSTR_PASS, EXEC());
}

TEST_F(end, a_run_that_is_recorded_says_nothing)
{
	EXPECT_EQ(KTSTR_PASS, EXEC());
	EXPECT_STREQ("", self->run.unrecorded);
}

TEST_F(end, a_sidecar_that_cannot_be_written_is_said_and_the_verdict_stays)
{
	snprintf(self->path, sizeof(self->path), "%s/vmlinux/below", self->dir);
	setenv("KTSTR_SIDECAR_DIR", self->path, 1);
	EXPECT_EQ(KTSTR_PASS, EXEC());
	EXPECT_EQ(0, strncmp("sidecar folder ", self->run.unrecorded, 15));
	EXPECT_NE(NULL, strstr(self->run.unrecorded, "/vmlinux/below: Not a directory"));
}

static char victim[128];

/* The folder of the run goes while the guest runs. */
static void lose_the_folder(struct ktstr_result *r)
{
	r->claims_held = 1;
	rename(victim, "/tmp/ktstr-end-test-gone");
}

TEST_F(end, a_folder_that_takes_no_files_is_said_too)
{
	snprintf(victim, sizeof(victim), "%s/r", self->dir);
	setenv("KTSTR_SIDECAR_DIR", self->dir, 1);
	fake_vm_script.find = lose_the_folder;
	EXPECT_EQ(KTSTR_PASS, EXEC());
	EXPECT_NE(NULL, strstr(self->run.unrecorded, "report.txt: No such file"))
		TH_LOG("%s", self->run.unrecorded);
	EXPECT_EQ(0, system("rm -r /tmp/ktstr-end-test-gone"));
}

TEST_F(end, a_second_run_under_the_same_id_gets_a_folder_of_its_own)
{
	struct stat before, after;

	EXPECT_EQ(KTSTR_PASS, EXEC());
	snprintf(self->path, sizeof(self->path), "%s/r/ktstr.t", self->dir);
	EXPECT_STREQ(self->path, self->run.dir);
	strcat(self->path, "/report.txt");
	ASSERT_EQ(0, stat(self->path, &before));
	EXPECT_EQ(KTSTR_PASS, EXEC());
	snprintf(self->path, sizeof(self->path), "%s/r/ktstr.t.2", self->dir);
	EXPECT_STREQ(self->path, self->run.dir);
	EXPECT_EQ(KTSTR_PASS, EXEC());
	self->path[strlen(self->path) - 1] = '3';
	EXPECT_STREQ(self->path, self->run.dir);
	snprintf(self->path, sizeof(self->path), "%s/r/ktstr.t/report.txt", self->dir);
	ASSERT_EQ(0, stat(self->path, &after));
	EXPECT_EQ(before.st_ino, after.st_ino);
	EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST_F(end, sidecars_of_one_variant_stand_side_by_side)
{
	char name[256];

	snprintf(self->path, sizeof(self->path), "%s/sidecars", self->dir);
	setenv("KTSTR_SIDECAR_DIR", self->path, 1);
	EXPECT_EQ(KTSTR_PASS, EXEC());
	EXPECT_EQ(KTSTR_PASS, EXEC());
	ktstr_sidecar__name(&self->run, name, sizeof(name));
	snprintf(self->path, sizeof(self->path), "%s/sidecars/%s", self->dir, name);
	EXPECT_EQ(0, access(self->path, F_OK));
	strcpy(strstr(self->path, ".ktstr.json"), "-2.ktstr.json");
	EXPECT_EQ(0, access(self->path, F_OK)) TH_LOG("%s", self->path);
}

TEST_HARNESS_MAIN

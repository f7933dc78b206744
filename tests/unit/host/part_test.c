// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/model/part.h: which hooks of a run's parts are called, and in which order,
 * also when the run does not get far. Two parts of the test's own stand in the table.
 */
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "fake_vm.h"
#include "harness/host/run.h"
#include "harness/model/guest_args.h"
#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/plan/validate.h"
#include "harness/report/sidecar.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "tests/unit/kvm/tiny_guest.h"

struct state {
	char letter;
	unsigned int syncs;
	bool silent;
};

static char calls[1024];		/* "a.prepare b.prepare ..." */
static const char *fails;		/* this call returns an error */

static int called(char letter, const char *hook, struct ktstr_err *err)
{
	size_t len = strlen(calls);

	snprintf(calls + len, sizeof(calls) - len, "%s%c.%s", len ? " " : "", letter, hook);
	if (fails && !strcmp(fails, calls + len + !!len))
		return ktstr_err(err, EIO, "%s: cannot", fails);
	return 0;
}

static void destroyed(void)
{
	called('-', "destroy", NULL);
}

/* The hooks of one part: its letter is all that tells it from another. */
#define PART(_l)								\
static int _l##_check(const struct ktstr_test *t, struct ktstr_err *err)	\
{										\
	if (called(#_l[0], "check", NULL))					\
		return ktstr_part__bad(err, t, "disk", "not with %s", #_l);	\
	return 0;								\
}										\
static int _l##_prepare(struct ktstr_run *run, void *state, struct ktstr_err *err) \
{										\
	struct state *s = state;						\
										\
	(void)run;								\
	s->letter = #_l[0];							\
	return called(s->letter, "prepare", err);				\
}										\
static int _l##_pack(const struct ktstr_run *run, void *state, struct initramfs *fs, \
		     struct ktstr_err *err)					\
{										\
	(void)run;								\
	(void)fs;								\
	return called(((struct state *)state)->letter, "pack", err);		\
}										\
static int _l##_args(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a) \
{										\
	(void)run;								\
	called(((struct state *)state)->letter, "args", NULL);			\
	return ktstr_guest_args__add(&a->modules, "/" #_l);			\
}										\
static void _l##_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec) \
{										\
	(void)run;								\
	(void)spec;								\
	called(((struct state *)state)->letter, "spec", NULL);			\
}										\
static int _l##_attach(struct ktstr_run *run, void *state, struct vm *vm,	\
		       struct ktstr_err *err)					\
{										\
	(void)run;								\
	(void)vm;								\
	return called(((struct state *)state)->letter, "attach", err);		\
}										\
static void _l##_sync(struct ktstr_run *run, void *state, struct vm *vm)	\
{										\
	struct state *s = state;						\
										\
	(void)vm;								\
	s->syncs += run->seen->lifecycle == KTSTR_LIFECYCLE_BODY;		\
	called(s->letter, "sync", NULL);					\
}										\
static void _l##_live(const struct ktstr_run *run, const void *state, char *buf, size_t size) \
{										\
	(void)run;								\
	snprintf(buf, size, ((const struct state *)state)->silent ? "" : #_l " lives"); \
}										\
static void _l##_detach(struct ktstr_run *run, void *state, struct vm *vm)	\
{										\
	(void)run;								\
	(void)vm;								\
	called(((struct state *)state)->letter, "detach", NULL);		\
}										\
static void _l##_fold(struct ktstr_run *run, void *state)			\
{										\
	ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_MONITOR, "note of " #_l); \
	called(((struct state *)state)->letter, "fold", NULL);			\
}										\
static void _l##_json(const struct ktstr_run *run, const void *state, const char *key, \
		      struct ktstr_json *j)					\
{										\
	(void)run;								\
	ktstr_json__object(j, key);						\
	ktstr_json__u64(j, "syncs", ((const struct state *)state)->syncs);	\
	ktstr_json__end(j);							\
	called(#_l[0], "json", NULL);						\
}										\
static void _l##_report(const struct ktstr_run *run, const void *state, bool brief, FILE *f) \
{										\
	(void)run;								\
	(void)state;								\
	if (brief)								\
		return;								\
	fprintf(f, "line of " #_l "\n");					\
	called(#_l[0], "report", NULL);						\
}										\
static void _l##_release(void *state)						\
{										\
	(void)state;								\
	called(#_l[0], "release", NULL);					\
}

#define HOOKS(_l) \
	.state_size = sizeof(struct state),					\
	.check = _l##_check, .prepare = _l##_prepare, .pack = _l##_pack, .args = _l##_args, \
	.spec = _l##_spec, .attach = _l##_attach, .sync = _l##_sync, .live = _l##_live, .detach = _l##_detach, \
	.fold = _l##_fold, .json = _l##_json, .report = _l##_report, .release = _l##_release

PART(a)
PART(b)

static const struct ktstr_run_part part_a = { .name = "monitor", .title = "part a", HOOKS(a) };
static const struct ktstr_run_part bare = { .name = "bare" };
static const struct ktstr_run_part part_b = { .name = "b", HOOKS(b) };

const struct ktstr_run_part * const ktstr_run_parts[] = { &part_a, &bare, &part_b, NULL };

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

FIXTURE(part) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run_opts opts;
	struct ktstr_run run;
	struct ktstr_err err;
	char dir[64], kernel[96];
	char *sidecar;
};

FIXTURE_SETUP(part)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "t", .body = body };
	static const uint8_t code[] = { HLT };

	strcpy(self->dir, "/tmp/ktstr-part-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->kernel, sizeof(self->kernel), "%s/vmlinux", self->dir);
	ASSERT_EQ(0, tiny_kernel(self->kernel, code, sizeof(code)));
	setenv("KTSTR_TEST_KERNEL", self->kernel, 1);
	setenv("KTSTR_CACHE_DIR", self->dir, 1);
	setenv("KTSTR_SIDECAR_DIR", self->dir, 1);
	self->test = unset;
	self->test.cores = 1;
	self->opts = (struct ktstr_run_opts){
		.accel = VM_ACCEL_KVM, .shift = VM_SHIFT_AUTO, .runs_root = self->dir,
		.run_id = "r",
	};
	fake_vm_script.nr_syncs = 2;
	fake_vm_script.destroyed = destroyed;
}

FIXTURE_TEARDOWN(part)
{
	char cmd[128];

	ktstr_run__free(&self->run);
	free(self->sidecar);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

#define EXEC()	({								\
	ASSERT_EQ(0, ktstr_plan__for(&self->plan, &self->test, &self->err));	\
	calls[0] = '\0';							\
	ktstr_run__exec(&self->run, &self->plan, &self->opts, &self->err);	\
})

#define BEFORE_THE_MACHINE							\
	"a.prepare b.prepare a.pack b.pack a.args b.args a.spec b.spec"
#define AFTERWARDS	"a.json b.json a.report b.report"

TEST_F(part, hooks_of_a_run_in_the_order_of_the_table_and_back)
{
	ASSERT_EQ(0, EXEC()) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ(BEFORE_THE_MACHINE
		     " a.attach b.attach a.sync b.sync a.sync b.sync b.detach a.detach"
		     " -.destroy a.fold b.fold " AFTERWARDS, calls);
	EXPECT_EQ(KTSTR_PASS, self->run.verdict);
	calls[0] = '\0';
	ktstr_run__free(&self->run);
	EXPECT_STREQ("b.release a.release", calls);
}

TEST_F(part, words_for_the_progress_line)
{
	struct state a = { .letter = 'a' }, b = { .letter = 'b' };
	char text[32];

	self->run.part_state[0] = &a;
	self->run.part_state[2] = &b;
	ktstr_parts__live(&self->run, text, sizeof(text));
	EXPECT_STREQ("a lives, b lives", text);
	ktstr_parts__live(&self->run, text, 12);
	EXPECT_STREQ("a lives, b ", text);
	ktstr_parts__live(&self->run, text, 9);
	EXPECT_STREQ("a lives", text);
	b.silent = true;
	ktstr_parts__live(&self->run, text, sizeof(text));
	EXPECT_STREQ("a lives", text);
	a.silent = true;
	ktstr_parts__live(&self->run, text, sizeof(text));
	EXPECT_STREQ("", text);
	self->run.part_state[0] = self->run.part_state[2] = NULL;
}

TEST_F(part, a_sync_point_comes_after_the_messages_before_it)
{
	const struct state *s;

	ASSERT_EQ(0, EXEC()) TH_LOG("%s", self->err.msg);
	s = ktstr_part__state(&self->run, &part_b);
	ASSERT_NE(NULL, s);
	EXPECT_EQ('b', s->letter);
	EXPECT_EQ(2, s->syncs);
	EXPECT_EQ(NULL, ktstr_part__state(&self->run, &bare));
}

TEST_F(part, sections_of_the_report_and_of_the_sidecar)
{
	char path[PATH_MAX], name[256];

	ASSERT_EQ(0, EXEC()) TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->run.report, "--- part a ---\nline of a\n"));
	EXPECT_NE(NULL, strstr(self->run.report, "--- diagnostics ---\n"));
	EXPECT_NE(NULL, strstr(strstr(self->run.report, "--- diagnostics ---\n"), "line of b\n"));
	EXPECT_EQ(NULL, strstr(self->run.brief, "part a"));
	ktstr_sidecar__name(&self->run, name, sizeof(name));
	ASSERT_EQ(0, ktstr_paths__fmt(path, sizeof(path), "%s/%s", self->dir, name));
	self->sidecar = ktstr_paths__read(path, 1 << 20, NULL);
	ASSERT_NE(NULL, self->sidecar);
	EXPECT_NE(NULL, strstr(self->sidecar, "\"monitor\": {\n    \"syncs\": 2\n  }"));
	EXPECT_NE(NULL, strstr(self->sidecar, "\"devices\": null"));
	EXPECT_NE(NULL, strstr(self->sidecar, "\"b\": {\n    \"syncs\": 2\n  }"));
	EXPECT_NE(NULL, strstr(self->sidecar, "note of a"));
	EXPECT_NE(NULL, strstr(self->sidecar, "note of b"));
}

TEST_F(part, a_machine_that_cannot_be_created_or_started_is_not_attached)
{
	fake_vm_script.cannot_create = true;
	EXPECT_EQ(-ENOMEM, EXEC());
	EXPECT_STREQ(BEFORE_THE_MACHINE " " AFTERWARDS, calls);
	ktstr_run__free(&self->run);
	calls[0] = '\0';
	fake_vm_script.cannot_create = false;
	fake_vm_script.cannot_start = true;
	EXPECT_EQ(-EIO, EXEC());
	EXPECT_STREQ(BEFORE_THE_MACHINE " -.destroy " AFTERWARDS, calls);
}

TEST_F(part, a_part_that_cannot_attach_ends_the_run_and_the_others_detach)
{
	fails = "b.attach";
	EXPECT_EQ(-EIO, EXEC());
	EXPECT_STREQ("b.attach: cannot", self->err.msg);
	EXPECT_STREQ(BEFORE_THE_MACHINE " a.attach b.attach a.detach -.destroy " AFTERWARDS,
		     calls);
	EXPECT_EQ(KTSTR_FAIL, self->run.verdict);
}

TEST_F(part, the_first_error_before_the_machine_is_the_last_call)
{
	fails = "a.prepare";
	EXPECT_EQ(-EIO, EXEC());
	EXPECT_STREQ("a.prepare a.json b.json a.report", calls);
	ktstr_run__free(&self->run);
	calls[0] = '\0';
	fails = "b.pack";
	EXPECT_EQ(-EIO, EXEC());
	EXPECT_STREQ("a.prepare b.prepare a.pack b.pack " AFTERWARDS, calls);
}

TEST_F(part, a_declaration_is_checked_by_all_parts_until_one_refuses_it)
{
	EXPECT_EQ(0, ktstr_validate(&self->test, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("a.check b.check", calls);
	calls[0] = '\0';
	fails = "a.check";
	EXPECT_EQ(-EINVAL, ktstr_validate(&self->test, &self->err));
	EXPECT_STREQ("test t: disk: not with a", self->err.msg);
	EXPECT_STREQ("a.check", calls);
}

TEST_HARNESS_MAIN

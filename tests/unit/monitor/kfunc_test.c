// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/view/kfunc.h on made BTF, and those of loadable.c: which schedulers of
 * a run are checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/monitor/monitor.h"
#include "harness/monitor/view/kfunc.h"
#include "harness/plan/plan.h"
#include "made_btf.h"

FIXTURE(kfunc) {
	struct made_btf *b;
	struct ktstr_btf *btf;
	struct ktstr_err err;
	uint32_t with, without;
};

/* A prototype with these parameters; @second NULL: one. */
static uint32_t made_proto(struct made_btf *b, uint32_t type, const char *first, const char *second)
{
	struct btf_param p[2] = {
		{ made_str(b, first), type }, { second ? made_str(b, second) : 0, type },
	};
	uint32_t id = made_type(b, "", BTF_KIND_FUNC_PROTO, second ? 2 : 1, 0, type);

	made_put(b, p, (second ? 2 : 1) * sizeof(p[0]));
	return id;
}

FIXTURE_SETUP(kfunc)
{
	uint32_t u64;

	self->b = calloc(1, sizeof(*self->b));
	u64 = made_int(self->b, "u64", 8, 0);
	self->without = made_proto(self->b, u64, "dsq_id", NULL);
	self->with = made_proto(self->b, u64, "dsq_id", "aux");
}

FIXTURE_TEARDOWN(kfunc)
{
	ktstr_btf__free(self->btf);
	free(self->b);
}

static bool all(const void *arg, const char *name)
{
	return !arg || !strcmp(arg, name);
}

#define FUNC(_name, _proto)	made_type(self->b, _name, BTF_KIND_FUNC, 0, 0, _proto)
#define OPEN() \
	ASSERT_EQ(0, ktstr_btf__open(&self->btf, self->b->out, made_finish(self->b), &self->err))

TEST_F(kfunc, one_that_is_listed_twice_can_be_called)
{
	FUNC("scx_bpf_a", self->without);
	FUNC("scx_bpf_a_impl", self->with);
	FUNC("scx_bpf_b", self->without);
	FUNC("other", self->with);
	OPEN();
	EXPECT_EQ(NULL, ktstr_kfunc__unusable(self->btf, all, NULL));
}

TEST_F(kfunc, one_that_is_listed_with_the_argument_only_cannot)
{
	FUNC("scx_bpf_a", self->with);
	FUNC("scx_bpf_a_impl_of_another", self->with);
	OPEN();
	EXPECT_STREQ("scx_bpf_a", ktstr_kfunc__unusable(self->btf, all, "scx_bpf_a"));
	EXPECT_EQ(NULL, ktstr_kfunc__unusable(self->btf, all, "scx_bpf_b"));
}

TEST_F(kfunc, a_function_without_a_prototype_does_no_harm)
{
	FUNC("scx_bpf_a", 9999);
	FUNC("scx_bpf_b", 0);
	FUNC("scx_bpf_c", 1);
	FUNC("scx_bpf_", made_type(self->b, "", BTF_KIND_FUNC_PROTO, 0, 0, 1));
	OPEN();
	EXPECT_EQ(NULL, ktstr_kfunc__unusable(self->btf, all, NULL));
}

/* The kernel of the run, instead of an image on disk. */
static struct ktstr_btf *kernel_btf;
static int images;

struct ktstr_kimage *ktstr_monitor__open_image(const struct ktstr_run *run, struct ktstr_err *err)
{
	struct ktstr_kimage *img = calloc(1, sizeof(*img));

	(void)run;
	(void)err;
	images++;
	if (img)
		img->btf = kernel_btf;
	kernel_btf = NULL;
	return img;
}

/* A program that has @calls among its strings: "scx_bpf_a", with a NUL before and after it. */
static int program(const char *calls, char path[32])
{
	int fd = memfd_create("scheduler", MFD_CLOEXEC);

	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return write(fd, "", 1) == 1 && write(fd, calls, strlen(calls) + 1) > 0 ? fd : -1;
}

TEST_F(kfunc, each_scheduler_that_the_test_may_attach_is_checked)
{
	static const struct ktstr_scheduler own = { .name = "own", .binary = "scx_own" },
		first = { .name = "first", .binary = "scx_first" },
		second = { .name = "second", .binary = "scx_second" };
	const struct ktstr_scheduler * const staged[] = { &first, &second, NULL };
	const struct ktstr_test test = { .name = "t", .staged_schedulers = staged };
	struct ktstr_plan plan = { .test = &test, .scheduler = &own };
	char path[3][32];
	struct ktstr_program programs[] = {
		{ .of = &own, .path = path[0] }, { .of = &first, .path = path[1] },
		{ .of = &second, .path = path[2] },
	};
	struct ktstr_run run = {
		.plan = &plan, .programs = programs, .nr_programs = 3, .kernel.release = "7.2.12",
	};
	int fds[] = { program("scx_bpf_b", path[0]), program("scx_bpf_b", path[1]),
		      program("scx_bpf_a", path[2]) };
	int i;

	FUNC("scx_bpf_a", self->with);
	OPEN();
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, fds[i]);
	kernel_btf = self->btf;
	self->btf = NULL;	/* goes with the image */
	images = 0;
	EXPECT_EQ(-ENOTSUP, ktstr_monitor__check_loadable(&run, &self->err));
	EXPECT_TRUE(self->err.missing);
	EXPECT_NE(NULL, strstr(self->err.msg, "scheduler second is built for scx_bpf_a() without"))
		TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->err.msg, "(7.2.12)"));
	EXPECT_EQ(1, images);
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

TEST_F(kfunc, a_test_without_a_scheduler_asks_nothing_of_the_kernel)
{
	const struct ktstr_test test = { .name = "t" };
	struct ktstr_plan plan = { .test = &test };
	struct ktstr_run run = { .plan = &plan };

	images = 0;
	EXPECT_EQ(0, ktstr_monitor__check_loadable(&run, &self->err));
	EXPECT_EQ(0, images);
}

TEST_HARNESS_MAIN

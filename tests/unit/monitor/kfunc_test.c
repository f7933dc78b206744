// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/monitor/view/kfunc.h on made BTF. */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/monitor/view/kfunc.h"
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

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/probe/func.h and vmm/probe.h: words become chains of offsets, or an error. */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/probe/func.h"
#include "tests/unit/monitor/made_btf.h"

FIXTURE(func) {
	struct made_btf m;
	struct ktstr_btf *btf;
	struct ktstr_func f;
	struct vm_fetch fetch;
	struct ktstr_btf_field field;
	struct ktstr_err err;
};

static void param(struct made_btf *m, const char *name, uint32_t type)
{
	struct btf_param p = { .name_off = made_str(m, name), .type = type };

	made_put(m, &p, sizeof(p));
}

/* struct mask { u64 bits[2]; }; struct task { u32 pid; struct mask *cpus; s8 nice; char comm[16]; };
 * void wake(struct task *p, int cpu, void *any); struct sched_ext_ops { void (*enqueue)(struct task *, u64); };
 */
FIXTURE_SETUP(func)
{
	struct made_btf *m = &self->m;
	uint32_t u32 = made_int(m, "unsigned int", 4, 0), s32 = made_int(m, "int", 4, 1);
	uint32_t u64 = made_int(m, "u64", 8, 0), s8 = made_int(m, "signed char", 1, 1);
	uint32_t bits = made_array(m, u64, 2), comm = made_array(m, s8, 16);
	uint32_t mask, pmask, task, ptask, pvoid, proto, op, pop;

	mask = made_type(m, "mask", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(m, "bits", bits, 0, 0);
	pmask = made_type(m, "", BTF_KIND_PTR, 0, 0, mask);
	task = made_type(m, "task", BTF_KIND_STRUCT, 4, 0, 40);
	made_member(m, "pid", u32, 0, 0);
	made_member(m, "cpus", pmask, 64, 0);
	made_member(m, "nice", s8, 128, 0);
	made_member(m, "comm", comm, 136, 0);
	ptask = made_type(m, "", BTF_KIND_PTR, 0, 0, task);
	pvoid = made_type(m, "", BTF_KIND_PTR, 0, 0, 0);
	proto = made_type(m, "", BTF_KIND_FUNC_PROTO, 3, 0, 0);
	param(m, "p", ptask);
	param(m, "cpu", s32);
	param(m, "any", pvoid);
	made_type(m, "wake", BTF_KIND_FUNC, 0, 0, proto);
	proto = made_type(m, "", BTF_KIND_FUNC_PROTO, 0, 0, s8);
	made_type(m, "nice_of", BTF_KIND_FUNC, 0, 0, proto);
	op = made_type(m, "", BTF_KIND_FUNC_PROTO, 2, 0, 0);
	param(m, "", ptask);
	param(m, "", u64);
	pop = made_type(m, "", BTF_KIND_PTR, 0, 0, op);
	made_type(m, "sched_ext_ops", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(m, "enqueue", pop, 0, 0);
	ASSERT_EQ(0, ktstr_btf__open(&self->btf, m->out, made_finish(m), &self->err)) {
		TH_LOG("%s", self->err.msg);
	}
}

FIXTURE_TEARDOWN(func)
{
	ktstr_btf__free(self->btf);
}

static int fetch(FIXTURE_DATA(func) *self, const char *words)
{
	return ktstr_func__fetch(&self->f, words, &self->fetch, &self->field);
}

TEST_F(func, parameters_are_found_by_name)
{
	ASSERT_EQ(0, ktstr_func__find(&self->f, self->btf, "wake"));
	EXPECT_EQ(3, self->f.nr_params);
	ASSERT_EQ(0, fetch(self, "cpu"));
	EXPECT_EQ(VM_REG_ARG1, self->fetch.reg);
	EXPECT_EQ(0, self->fetch.nr_steps);
	EXPECT_EQ(4, self->fetch.size);
	EXPECT_EQ(-ENOENT, fetch(self, "cp"));
	EXPECT_EQ(-ENOENT, fetch(self, "cpus"));
	EXPECT_EQ(-ENOENT, ktstr_func__find(&self->f, self->btf, "sleep"));
}

TEST_F(func, fields_are_loads_behind_the_pointer)
{
	ASSERT_EQ(0, ktstr_func__find(&self->f, self->btf, "wake"));
	ASSERT_EQ(0, fetch(self, "p:comm"));
	EXPECT_EQ(VM_REG_ARG0, self->fetch.reg);
	EXPECT_EQ(1, self->fetch.nr_steps);
	EXPECT_EQ(17, self->fetch.step[0]);
	EXPECT_EQ(16, self->fetch.size);
	ASSERT_EQ(0, fetch(self, "p:cpus->bits[1]"));
	EXPECT_EQ(2, self->fetch.nr_steps);
	EXPECT_EQ(8, self->fetch.step[0]);
	EXPECT_EQ(8, self->fetch.step[1]);
	EXPECT_EQ(8, self->fetch.size);
	EXPECT_EQ(-ENOENT, fetch(self, "p:tgid"));
	EXPECT_EQ(-ENOENT, fetch(self, "any:pid"));
	EXPECT_EQ(-ENOENT, fetch(self, "cpu:pid"));
	EXPECT_EQ(-ENOENT, fetch(self, "p:pid->x"));
}

TEST_F(func, arguments_of_a_program_are_behind_its_context)
{
	ASSERT_EQ(0, ktstr_func__find_op(&self->f, self->btf, "enqueue"));
	ASSERT_EQ(0, fetch(self, "#1"));
	EXPECT_EQ(VM_REG_ARG0, self->fetch.reg);
	EXPECT_EQ(1, self->fetch.nr_steps);
	EXPECT_EQ(8, self->fetch.step[0]);
	ASSERT_EQ(0, fetch(self, "#0:nice"));
	EXPECT_EQ(2, self->fetch.nr_steps);
	EXPECT_EQ(16, self->fetch.step[1]);
	EXPECT_EQ(1, self->fetch.size);
	EXPECT_EQ(-ENOENT, fetch(self, "#2"));
	EXPECT_EQ(-ENOENT, ktstr_func__find_op(&self->f, self->btf, "dispatch"));
}

TEST_F(func, what_is_returned_is_a_number_or_nothing)
{
	const uint64_t word = 0xff;

	ASSERT_EQ(0, ktstr_func__find(&self->f, self->btf, "wake"));
	EXPECT_EQ(-ENOENT, ktstr_func__returns(&self->f, &self->fetch, &self->field));
	ASSERT_EQ(0, ktstr_func__find(&self->f, self->btf, "nice_of"));
	ASSERT_EQ(0, ktstr_func__returns(&self->f, &self->fetch, &self->field));
	EXPECT_EQ(VM_REG_RET, self->fetch.reg);
	EXPECT_EQ(1, self->fetch.size);
	EXPECT_EQ(UINT64_MAX, ktstr_fetched__number(&self->field, &word));
}

TEST_F(func, numbers_are_extended_by_their_sign)
{
	uint64_t word = 0xfd;

	ASSERT_EQ(0, ktstr_func__find(&self->f, self->btf, "wake"));
	ASSERT_EQ(0, fetch(self, "p:nice"));
	EXPECT_EQ(-3, (int64_t)ktstr_fetched__number(&self->field, &word));
	ASSERT_EQ(0, fetch(self, "p:pid"));
	EXPECT_EQ(0xfd, ktstr_fetched__number(&self->field, &word));
}

TEST(a_probe_is_checked)
{
	struct vm_probe p = { .kva = 1, .nr_fetches = 1, .fetch[0] = { .size = 8 } };

	EXPECT_TRUE(vm_probe_check(&p));
	EXPECT_EQ(1, vm_probe_words(&p));
	p.fetch[0].size = 16;			/* of a register */
	EXPECT_FALSE(vm_probe_check(&p));
	p.fetch[0].nr_steps = 1;
	EXPECT_TRUE(vm_probe_check(&p));
	EXPECT_EQ(2, vm_probe_words(&p));
	p.fetch[0].nr_steps = VM_FETCH_STEPS + 1;
	EXPECT_FALSE(vm_probe_check(&p));
	p.fetch[0] = (struct vm_fetch){ .size = 4, .reg = VM_NR_REGS };
	EXPECT_FALSE(vm_probe_check(&p));
	p = (struct vm_probe){ .kva = 1, .nr_fetches = VM_MAX_FETCHES + 1 };
	EXPECT_FALSE(vm_probe_check(&p));
	p = (struct vm_probe){ .nr_fetches = 0 };
	EXPECT_FALSE(vm_probe_check(&p));
}

TEST_HARNESS_MAIN

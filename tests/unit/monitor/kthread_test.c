// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/kthread.h on a made guest: a kthread that waits is found on the list
 * of its CPU, other tasks are not, and a list that leads nowhere does no harm.
 */
#include "kselftest_harness.h"

#include "harness/monitor/kthread.h"
#include "made_x86.h"

#define TICK_NS		4000000ull
#define NOW		100000ull		/* jiffies */
#define KTHREAD		0x00200000

enum { RQ_LIST = 24, TASK_FLAGS = 0, TASK_PID = 4, TASK_COMM = 8, TASK_NODE = 24, TASK_AT = 40 };

FIXTURE(kthread) {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_monitor m;
	struct ktstr_sample *s;
	struct ktstr_kthreads k;
	struct ktstr_err err;
};

static size_t make_btf(struct made_btf *b)
{
	uint32_t u32 = made_int(b, "unsigned int", 4, 0), u64 = made_int(b, "u64", 8, 0);
	uint32_t chr = made_int(b, "char", 1, 1), comm = made_array(b, chr, 16), list, in;

	list = made_type(b, "list_head", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(b, "next", u64, 0, 0);
	made_member(b, "prev", u64, 64, 0);
	in = made_type(b, "scx_rq", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(b, "runnable_list", list, 0, 0);
	made_type(b, "rq", BTF_KIND_STRUCT, 2, 0, 64);
	made_member(b, "cpu", u32, RQ_CPU * 8, 0);
	made_member(b, "scx", in, RQ_LIST * 8, 0);
	in = made_type(b, "sched_ext_entity", BTF_KIND_STRUCT, 2, 0, 24);
	made_member(b, "runnable_node", list, 0, 0);
	made_member(b, "runnable_at", u64, 128, 0);
	made_type(b, "task_struct", BTF_KIND_STRUCT, 4, 0, 64);
	made_member(b, "flags", u32, TASK_FLAGS * 8, 0);
	made_member(b, "pid", u32, TASK_PID * 8, 0);
	made_member(b, "comm", comm, TASK_COMM * 8, 0);
	made_member(b, "scx", in, TASK_NODE * 8, 0);
	return made_finish(b);
}

static uint64_t head_of(uint32_t cpu)
{
	return AREA + cpu * AREA_STRIDE + RQ_LIST;
}

/* Task @nr, the only one on the list of @cpu, or behind the one that is there. */
static void put_task(FIXTURE_DATA(kthread) *self, uint32_t cpu, uint32_t nr, uint32_t flags,
		     uint64_t since, const char *comm)
{
	uint64_t task = 0xa0000 + nr * 0x100, next = made_load(&self->g, head_of(cpu));

	made_store(&self->g, task + TASK_FLAGS, flags | (uint64_t)(100 + nr) << 32);
	strcpy((char *)self->g.ram + task + TASK_COMM, comm);
	made_store(&self->g, task + TASK_AT, since);
	made_store(&self->g, task + TASK_NODE, next);
	made_store(&self->g, head_of(cpu), DIRECT + task + TASK_NODE);
}

FIXTURE_SETUP(kthread)
{
	static const struct made_symbol more = { "Djiffies_64", MADE_TEXT + 0x2018 };
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = make_btf(b);
	uint64_t kva, rq;

	ASSERT_EQ(0, made_open_x86(&self->img, &more, 1, b, len, &self->err)) {
		TH_LOG("%s", self->err.msg);
	}
	ASSERT_EQ(0, made_boot_x86(&self->g, self->img));
	ASSERT_EQ(0, ktstr_monitor__init(&self->m, self->img, &self->g.mem, MADE_CPUS, &self->err));
	self->s = ktstr_sample__new(&self->m);
	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++) {
		ASSERT_EQ(0, ktstr_kview__symbol(&self->m.view, "runqueues", &kva));
		ASSERT_EQ(0, ktstr_kview__per_cpu(&self->m.view, kva, cpu, &rq));
		made_store(&self->g, head_of(cpu), rq + RQ_LIST);	/* empty */
	}
	ktstr_kthreads__resolve(&self->k, self->img->btf);
	EXPECT_TRUE(self->k.list.found);
}

FIXTURE_TEARDOWN(kthread)
{
	ktstr_kimage__free(self->img);
	free(self->g.ram);
	free(self->s);
}

#define LOOK(_jiffies) \
	ktstr_kthreads__look(&self->k, &self->m, _jiffies, TICK_NS, 2000000000ull, 77)

TEST_F(kthread, one_that_waits_is_named_with_its_cpu)
{
	put_task(self, 1, 1, KTHREAD, NOW - 1000, "kworker/1:0");
	put_task(self, 1, 2, 0, NOW - 2000, "cg_a");
	put_task(self, 0, 3, KTHREAD, NOW - 499, "ksoftirqd/0");
	put_task(self, 0, 4, KTHREAD, NOW + 1, "kworker/0:0");
	LOOK(NOW);
	ASSERT_EQ(1, self->k.nr);
	EXPECT_STREQ("kworker/1:0", self->k.wait[0].comm);
	EXPECT_EQ(101, self->k.wait[0].pid);
	EXPECT_EQ(1, self->k.wait[0].cpu);
	EXPECT_EQ(4000000000ull, self->k.wait[0].for_ns);
	LOOK(NOW + 250);
	ASSERT_EQ(2, self->k.nr);
	EXPECT_EQ(5000000000ull, self->k.wait[self->k.wait[0].pid != 101].for_ns);
}

TEST_F(kthread, a_list_that_leads_nowhere_ends)
{
	put_task(self, 0, 1, KTHREAD, NOW - 1000, "kworker/0:0");
	made_store(&self->g, 0xa0000 + 0x100 + TASK_NODE, DIRECT + 0xa0000 + 0x100 + TASK_NODE);
	LOOK(NOW);
	EXPECT_EQ(1, self->k.nr);
	made_store(&self->g, head_of(0), 0xdead000000000100ull);
	made_store(&self->g, head_of(1), 0);
	LOOK(NOW);
	EXPECT_EQ(1, self->k.nr);
}

TEST_F(kthread, their_number_is_bounded)
{
	for (uint32_t i = 0; i < 20; i++)
		put_task(self, 0, i, KTHREAD, NOW - 1000, "k");
	LOOK(NOW);
	EXPECT_EQ(KTSTR_MAX_KTHREADS, self->k.nr);
	EXPECT_EQ(20 - KTSTR_MAX_KTHREADS, self->k.dropped);
}

TEST_F(kthread, a_kernel_without_such_lists_has_none)
{
	ktstr_kthreads__resolve(&self->k, NULL);
	put_task(self, 0, 1, KTHREAD, NOW - 1000, "kworker/0:0");
	LOOK(NOW);
	EXPECT_EQ(0, self->k.nr);
}

TEST_HARNESS_MAIN

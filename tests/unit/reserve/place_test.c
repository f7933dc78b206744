// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/reserve/place.h and walk.h, on faked hosts. */
#include <errno.h>

#include "kselftest_harness.h"

#include "fake_host.h"
#include "harness/reserve/place.h"
#include "harness/reserve/walk.h"

static const struct fake_host big = { .nodes = 2, .llcs = 8, .cores = 8, .threads = 2 };

FIXTURE(host) {
	struct fake_host f;
	struct host_topology t;
	struct placement p;
	struct ktstr_err err;
};

FIXTURE_SETUP(host)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(host)
{
	placement__free(&self->p);
	host_topology__free(&self->t);
	fake_remove(&self->f);
}

static void make(struct fake_host *f, struct host_topology *t, struct fake_host what,
		 const char *without)
{
	struct hostcpus allowed;
	struct ktstr_err err;

	*f = what;
	fake_make(f);
	allowed = fake_allowed(f, without);
	if (host_topology__read(t, f->root, &allowed, &err))
		abort();
}

static struct vm_topology guest(uint32_t nodes, uint32_t llcs, uint32_t cores, uint32_t threads)
{
	return (struct vm_topology){ .count = { nodes, llcs, cores, threads } };
}

static const struct host_cpu *cpu_of(const struct host_topology *t, uint32_t id)
{
	for (uint32_t i = 0; i < t->nr_cpus; i++)
		if (t->cpu[i].id == id)
			return &t->cpu[i];
	return NULL;
}

/* What holds of every placement. */
static void expect_sound(struct __test_metadata *_metadata, const struct placement *p,
			 const struct host_topology *t, const struct vm_topology *g)
{
	uint32_t per_llc = g->count.cores * g->count.threads;
	struct hostcpus seen = { { 0 } };
	const struct host_cpu *c;

	ASSERT_EQ(ktstr_topology__cpus(&g->count), p->nr);
	for (uint32_t i = 0; i < p->nr; i++) {
		EXPECT_FALSE(hostcpus__test(&seen, p->cpu[i])) TH_LOG("CPU %u twice", p->cpu[i]);
		hostcpus__set(&seen, p->cpu[i]);
		c = cpu_of(t, p->cpu[i]);
		ASSERT_NE(NULL, c);
		EXPECT_TRUE(c->allowed);
		EXPECT_EQ(p->llc[i / per_llc], c->llc);
	}
	for (uint32_t i = 0; i < p->nr_llcs; i++)
		for (uint32_t k = 0; k < i; k++)
			EXPECT_NE(p->llc[i], p->llc[k]);
	EXPECT_FALSE(hostcpus__test(&seen, p->service_cpu));
	EXPECT_TRUE(cpu_of(t, p->service_cpu)->allowed);
	EXPECT_EQ(p->service_llc, cpu_of(t, p->service_cpu)->llc);
	EXPECT_TRUE(hostcpus__equal(&seen, &p->vcpus));
}

TEST_F(host, each_llc_of_the_guest_has_one_of_the_host)
{
	struct vm_topology g = guest(1, 3, 4, 1);

	make(&self->f, &self->t, big, "");
	ASSERT_EQ(8, placement__choices(&self->t, &g));
	for (uint32_t i = 0; i < 8; i++) {
		ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, i, &self->err));
		expect_sound(_metadata, &self->p, &self->t, &g);
		EXPECT_EQ(i, self->p.llc[0]);
		EXPECT_FALSE(self->p.service_apart);
		placement__free(&self->p);
	}
}

TEST_F(host, one_thread_a_core_is_on_one_core_each)
{
	struct vm_topology g = guest(1, 1, 8, 1);

	make(&self->f, &self->t, big, "");
	ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, 2, &self->err));
	for (uint32_t i = 0; i < 8; i++)
		EXPECT_EQ(16 + i, self->p.cpu[i]);
	EXPECT_TRUE(self->p.siblings);
}

TEST_F(host, siblings_of_the_guest_are_siblings_of_the_host)
{
	struct vm_topology g = guest(1, 2, 4, 2);

	make(&self->f, &self->t, big, "");
	ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, 0, &self->err));
	expect_sound(_metadata, &self->p, &self->t, &g);
	EXPECT_TRUE(self->p.siblings);
	for (uint32_t i = 0; i < self->p.nr; i += 2) {
		EXPECT_EQ(cpu_of(&self->t, self->p.cpu[i])->core,
			  cpu_of(&self->t, self->p.cpu[i + 1])->core);
	}
	/* a core of which no vCPU has a thread */
	EXPECT_EQ(4, self->p.service_cpu);
}

TEST_F(host, a_host_without_smt_says_that_siblings_are_none)
{
	struct vm_topology g = guest(1, 1, 2, 2);

	make(&self->f, &self->t, (struct fake_host){ .nodes = 1, .llcs = 2, .cores = 8, .threads = 1 }, "");
	ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, 0, &self->err));
	expect_sound(_metadata, &self->p, &self->t, &g);
	EXPECT_FALSE(self->p.siblings);
}

TEST_F(host, nodes_of_the_guest_are_nodes_of_the_host)
{
	struct vm_topology g = guest(2, 4, 4, 1);

	make(&self->f, &self->t, big, "");
	for (uint32_t i = 0; i < placement__choices(&self->t, &g); i++) {
		ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, i, &self->err));
		expect_sound(_metadata, &self->p, &self->t, &g);
		EXPECT_TRUE(self->p.nodes);
		EXPECT_EQ(i < 4 ? 1 : 2, self->p.host_nodes[0]);
		EXPECT_EQ(i < 4 ? 2 : 1, self->p.host_nodes[1]);
		placement__free(&self->p);
	}
}

TEST_F(host, a_guest_with_more_nodes_than_the_host_is_placed_all_the_same)
{
	struct vm_topology g = guest(4, 4, 4, 1);

	make(&self->f, &self->t, big, "");
	ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, 2, &self->err));
	expect_sound(_metadata, &self->p, &self->t, &g);
	EXPECT_FALSE(self->p.nodes);
	EXPECT_EQ(1, self->p.host_nodes[0]);
	EXPECT_EQ(2, self->p.host_nodes[3]);
}

TEST_F(host, memory_only_nodes_of_the_guest_have_no_cpus_to_follow)
{
	static const struct ktstr_numa_node nodes[] = { { .llcs = 1 }, { .llcs = 1 }, { .mem_bytes = 1ull << 30 } };
	struct vm_topology g = { .count = { 3, 2, 4, 1 }, .nodes = nodes };

	make(&self->f, &self->t, big, "");
	ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, 0, &self->err));
	expect_sound(_metadata, &self->p, &self->t, &g);
	EXPECT_TRUE(self->p.nodes);
	EXPECT_EQ(0, self->p.host_nodes[2]);
}

TEST_F(host, only_cpus_that_this_process_may_use_are_taken)
{
	struct vm_topology g = guest(1, 2, 4, 2);

	/* LLCs 0 and 1 have 7 and 8 CPUs left; 2 has none; 3 to 7 all */
	make(&self->f, &self->t, big, "0-7,64,8-15,16-23,80-87");
	ASSERT_EQ(6, placement__choices(&self->t, &g));
	for (uint32_t i = 0; i < 6; i++) {
		ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, i, &self->err));
		expect_sound(_metadata, &self->p, &self->t, &g);
		EXPECT_NE(2, self->p.llc[0]);
		/* only second threads are left in LLC 1 */
		EXPECT_EQ(self->p.llc[0] != 1 && self->p.llc[1] != 1, self->p.siblings);
		placement__free(&self->p);
	}
}

TEST_F(host, the_service_cpu_may_lie_in_another_llc)
{
	struct vm_topology g = guest(1, 1, 8, 2);

	make(&self->f, &self->t, big, "");
	ASSERT_EQ(0, placement__make(&self->p, &self->t, &g, 1, &self->err));
	expect_sound(_metadata, &self->p, &self->t, &g);
	EXPECT_TRUE(self->p.service_apart);
	EXPECT_EQ(0, self->p.service_cpu);
}

TEST_F(host, what_does_not_fit_says_what_is_missing)
{
	struct vm_topology all = guest(1, 8, 8, 2), wide = guest(1, 2, 9, 2), many = guest(1, 9, 1, 1);

	make(&self->f, &self->t, big, "");
	EXPECT_EQ(0, placement__choices(&self->t, &all));
	EXPECT_EQ(-ERANGE, placement__make(&self->p, &self->t, &all, 0, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "needs 129 CPUs")) TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->err.msg, "may use 128"));
	EXPECT_EQ(-ERANGE, placement__fits(&self->t, &wide, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "2 LLCs with 18 usable CPUs each, and this host has 0"))
		TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-ERANGE, placement__fits(&self->t, &many, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "9 LLCs")) TH_LOG("%s", self->err.msg);
}

TEST(the_default_budget_is_30_percent_and_at_least_one)
{
	EXPECT_EQ(1, llc_walk__default(1));
	EXPECT_EQ(1, llc_walk__default(2));
	EXPECT_EQ(1, llc_walk__default(3));
	EXPECT_EQ(2, llc_walk__default(4));
	EXPECT_EQ(3, llc_walk__default(10));
	EXPECT_EQ(39, llc_walk__default(128));
	EXPECT_EQ(2458, llc_walk__default(8192));
}

/* Four nodes in a row: 10, 20, 30, 40 apart. */
FIXTURE(walk) {
	struct fake_host f;
	struct host_topology t;
	uint32_t holders[8], llc[8];
};

FIXTURE_SETUP(walk)
{
	memset(self, 0, sizeof(*self));
	make(&self->f, &self->t, (struct fake_host){ .nodes = 4, .llcs = 8, .cores = 4, .threads = 1 }, "");
}

FIXTURE_TEARDOWN(walk)
{
	host_topology__free(&self->t);
	fake_remove(&self->f);
}

TEST_F(walk, a_free_host_is_filled_from_its_first_llc)
{
	EXPECT_EQ(1, llc_walk__choose(&self->t, self->holders, 1, self->llc));
	EXPECT_EQ(0, self->llc[0]);
	EXPECT_EQ(3, llc_walk__choose(&self->t, self->holders, 9, self->llc));
	EXPECT_EQ(2, self->llc[2]);
	EXPECT_EQ(8, llc_walk__choose(&self->t, self->holders, 32, self->llc));
	EXPECT_EQ(8, llc_walk__choose(&self->t, self->holders, 99, self->llc));
}

TEST_F(walk, it_begins_where_others_are_and_stays_near)
{
	self->holders[5] = 2;
	self->holders[1] = 1;
	EXPECT_EQ(1, llc_walk__choose(&self->t, self->holders, 4, self->llc));
	EXPECT_EQ(5, self->llc[0]);
	/* its node first, then the nodes at its sides, of equals the lower one: node 1 */
	EXPECT_EQ(4, llc_walk__choose(&self->t, self->holders, 16, self->llc));
	EXPECT_EQ(2, self->llc[0]);
	EXPECT_EQ(3, self->llc[1]);
	EXPECT_EQ(4, self->llc[2]);
	EXPECT_EQ(5, self->llc[3]);
}

TEST_F(walk, llcs_that_somebody_has_alone_are_left_out)
{
	self->holders[0] = LLC_WALK_TAKEN;
	self->holders[3] = LLC_WALK_TAKEN;
	EXPECT_EQ(6, llc_walk__choose(&self->t, self->holders, 32, self->llc));
	EXPECT_EQ(1, self->llc[0]);
	EXPECT_EQ(4, self->llc[2]);
	memset(self->holders, 0xff, sizeof(self->holders));
	EXPECT_EQ(0, llc_walk__choose(&self->t, self->holders, 1, self->llc));
}

TEST_F(walk, llcs_without_a_usable_cpu_are_left_out)
{
	host_topology__free(&self->t);
	fake_remove(&self->f);
	make(&self->f, &self->t, (struct fake_host){ .nodes = 4, .llcs = 8, .cores = 4, .threads = 1 },
	     "0-7,13-31");
	EXPECT_EQ(2, llc_walk__choose(&self->t, self->holders, 5, self->llc));
	EXPECT_EQ(2, self->llc[0]);
	EXPECT_EQ(3, self->llc[1]);
	EXPECT_EQ(1, llc_walk__choose(&self->t, self->holders, 4, self->llc));
}

TEST_F(walk, an_unreachable_node_comes_last)
{
	self->t.distance[0][1] = 255;
	EXPECT_EQ(4, llc_walk__choose(&self->t, self->holders, 16, self->llc));
	EXPECT_EQ(4, self->llc[2]);
	EXPECT_EQ(8, llc_walk__choose(&self->t, self->holders, 32, self->llc));
}

TEST_F(walk, of_an_llc_the_cpus_with_the_fewest_users_are_taken)
{
	uint32_t users[32] = { 2, 0, 1, 0, 1 }, cpu[32];

	EXPECT_EQ(2, llc_walk__choose(&self->t, self->holders, 6, self->llc));
	EXPECT_EQ(3, llc_walk__cpus(&self->t, self->llc, 2, users, 3, cpu));
	EXPECT_EQ(1, cpu[0]);
	EXPECT_EQ(3, cpu[1]);
	EXPECT_EQ(2, cpu[2]);
	/* exactly as many as are wanted, and LLC by LLC */
	EXPECT_EQ(6, llc_walk__cpus(&self->t, self->llc, 2, users, 6, cpu));
	EXPECT_EQ(0, cpu[3]);
	EXPECT_EQ(5, cpu[4]);
	EXPECT_EQ(6, cpu[5]);
	EXPECT_EQ(8, llc_walk__cpus(&self->t, self->llc, 2, users, 99, cpu));
}

TEST_HARNESS_MAIN

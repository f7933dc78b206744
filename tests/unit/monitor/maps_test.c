// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/bpf/{idr,map,prog,target,write}.h on a made guest: maps are found by the end
 * of their name and by the scheduler that they belong to, values are read by type and path, writes
 * are confirmed, and no damage makes the host hang.
 */
#include "kselftest_harness.h"

#include "harness/monitor/bpf/prog.h"
#include "harness/monitor/bpf/write.h"
#include "made_maps.h"

FIXTURE(maps) {
	struct made_maps m;
};

FIXTURE_SETUP(maps)
{
	ASSERT_EQ(0, made_maps_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
}

FIXTURE_TEARDOWN(maps)
{
	made_maps_free(&self->m);
}

static int find(struct made_maps *m, struct ktstr_map_target *t, const char *map,
		const char *field)
{
	return ktstr_map_target__find(t, &m->v, &m->l, m->maps, "mine", map, field,
				      &m->err);
}

TEST_F(maps, all_are_listed_in_order_of_their_ids)
{
	ASSERT_EQ(0, ktstr_maps__read(self->m.maps, &self->m.v, &self->m.l));
	EXPECT_TRUE(self->m.maps->complete);
	ASSERT_EQ(self->m.nr_maps, self->m.maps->nr);
	for (uint32_t i = 0; i < self->m.maps->nr; i++)
		EXPECT_EQ(i + 1, self->m.maps->map[i].id);
	EXPECT_STREQ("cpu_ctx_stor", self->m.maps->map[4].name);
	EXPECT_EQ(KTSTR_MAP_PERCPU_ARRAY, self->m.maps->map[4].type);
}

TEST_F(maps, a_map_of_the_scheduler_comes_before_others)
{
	struct ktstr_map_target t;

	ASSERT_EQ(0, find(&self->m, &t, ".bss", "nr"));
	EXPECT_EQ(DIRECT + self->m.bss, t.map.kva);
	EXPECT_STREQ("scx_mine", t.object);
	EXPECT_EQ(8, t.field.offset);
	/* an attached scheduler of another name is not the one that is looked for */
	EXPECT_EQ(-ENOENT, find(&self->m, &t, "scx_mine.rodatum_of_it", "nr"));
	ASSERT_EQ(0, find(&self->m, &t, "scx_mine.rodatas", "nr"));
	EXPECT_STREQ("scx_mine.rodata", t.map.name);
	ASSERT_EQ(0, ktstr_map_target__find(&t, &self->m.v, &self->m.l, self->m.maps, "yours", ".bss",
					    "nr", &self->m.err));
	EXPECT_STREQ("probe.bss", t.map.name);
}

TEST_F(maps, what_cannot_be_found_is_said)
{
	struct ktstr_map_target t;

	EXPECT_EQ(-ENOENT, find(&self->m, &t, "no_such", "nr"));
	EXPECT_NE(NULL, strstr(self->m.err.msg, "none of 7 BPF maps"));
	EXPECT_EQ(-ENOENT, find(&self->m, &t, ".bss", "nrs"));
	EXPECT_EQ(-EINVAL, find(&self->m, &t, ".bss", ""));
	EXPECT_EQ(-EINVAL, find(&self->m, &t, ".bss", "in"));
	EXPECT_EQ(-EINVAL, find(&self->m, &t, ".bss", "in."));
	EXPECT_EQ(-ENOENT, find(&self->m, &t, ".bss", "[1].nr"));
	EXPECT_EQ(-EINVAL, find(&self->m, &t, ".bss", "[-1].nr"));
	EXPECT_EQ(-EINVAL, find(&self->m, &t, ".bss", "[0"));
	EXPECT_EQ(0, find(&self->m, &t, ".bss", "[0].in.small"));
	EXPECT_EQ(0, find(&self->m, &t, "by_pid", ""));
	EXPECT_EQ(-EOPNOTSUPP, find(&self->m, &t, "ops", ""));
}

struct sums {
	uint64_t nr, sum, keys;
	struct ktstr_kview *v;
};

static int add_up(void *arg, const struct ktstr_map_value *value)
{
	struct sums *s = arg;
	uint64_t word;
	int ret = ktstr_kview__load(s->v, value->kva, 8, &word);

	s->nr++;
	s->sum += word;
	if (!ret && value->key_kva)
		ret = ktstr_kview__load(s->v, value->key_kva, 4, &word);
	s->keys += value->key_kva ? word : 0;
	return ret;
}

TEST_F(maps, values_of_every_shape_are_visited)
{
	const struct {
		const char *map;
		uint64_t nr, sum, keys;
	} all[] = {
		{ "cpu_ctx_stor", 2, 5 + 7, 0 }, { "by_pid", 5, 150, 15 },
		{ "task_ctx", 9, 936, 0 },
	};
	const struct ktstr_map *map;

	ASSERT_EQ(0, ktstr_maps__read(self->m.maps, &self->m.v, &self->m.l));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct sums s = { .v = &self->m.v };

		map = ktstr_maps__find(self->m.maps, 0, all[i].map);
		ASSERT_NE(NULL, map);
		EXPECT_EQ(0, ktstr_map__each_value(map, &self->m.v, &self->m.l, add_up, &s));
		EXPECT_EQ(all[i].nr, s.nr);
		EXPECT_EQ(all[i].sum, s.sum);
		EXPECT_EQ(all[i].keys, s.keys);
	}
}

TEST_F(maps, chains_that_do_not_end_are_given_up)
{
	uint64_t buckets = made_load(&self->m.g, self->m.htab + HTAB_BUCKETS) - DIRECT;
	uint64_t first = made_load(&self->m.g, buckets) - DIRECT;
	struct sums s = { .v = &self->m.v };
	const struct ktstr_map *map;

	ASSERT_EQ(0, ktstr_maps__read(self->m.maps, &self->m.v, &self->m.l));
	map = ktstr_maps__find(self->m.maps, 0, "by_pid");
	ASSERT_NE(NULL, map);
	/* the end of another bucket's chain: an element has moved */
	made_store(&self->m.g, first, 1 << 1 | 1);
	EXPECT_EQ(-EBADMSG, ktstr_map__each_value(map, &self->m.v, &self->m.l, add_up, &s));
	made_store(&self->m.g, first, DIRECT + first);
	EXPECT_EQ(-EBADMSG, ktstr_map__each_value(map, &self->m.v, &self->m.l, add_up, &s));
	EXPECT_EQ(0, s.nr);
	made_put_u32(&self->m, self->m.htab + HTAB_N, UINT32_MAX);
	EXPECT_EQ(-EBADMSG, ktstr_map__each_value(map, &self->m.v, &self->m.l, add_up, &s));
}

TEST_F(maps, a_circle_of_nodes_is_given_up)
{
	made_store(&self->m.g, self->m.node + NODE_SLOTS + 8 * 3, (DIRECT + self->m.node) | 2);
	EXPECT_EQ(0, ktstr_maps__read(self->m.maps, &self->m.v, &self->m.l));
	EXPECT_FALSE(self->m.maps->complete);
	EXPECT_EQ(self->m.nr_maps, self->m.maps->nr);
	made_store(&self->m.g, self->m.node + NODE_SLOTS, (DIRECT + self->m.node) | 2);
	EXPECT_EQ(-EBADMSG, ktstr_maps__read(self->m.maps, &self->m.v, &self->m.l));
}

static int write_to(struct made_maps *m, struct ktstr_map_written *w, const char *map,
		    const char *field, int64_t value)
{
	static struct ktstr_map_write what;

	what = (struct ktstr_map_write){ map, field, value };
	return ktstr_map_write__apply(w, &m->v, &m->l, m->maps, "mine", &what);
}

TEST_F(maps, a_write_has_the_width_of_its_field)
{
	struct ktstr_map_written w;

	ASSERT_EQ(0, write_to(&self->m, &w, ".bss", "crash", 1));
	EXPECT_TRUE(w.done);
	EXPECT_EQ(4, w.size);
	EXPECT_EQ(-7, w.before);
	EXPECT_EQ(1, made_load(&self->m.g, self->m.bss + ARRAY_VALUE));
	EXPECT_EQ(0, write_to(&self->m, &w, ".bss", "nr", INT64_MAX));
	EXPECT_EQ(INT64_MAX, made_load(&self->m.g, self->m.bss + ARRAY_VALUE + 8));
	EXPECT_EQ(0, write_to(&self->m, &w, ".bss", "in.small", -128));
	EXPECT_EQ(0x80, made_load(&self->m.g, self->m.bss + ARRAY_VALUE + 16));
}

TEST_F(maps, a_write_that_makes_no_sense_is_refused)
{
	struct ktstr_map_written w;

	EXPECT_EQ(-ERANGE, write_to(&self->m, &w, ".bss", "crash", INT64_C(1) << 31));
	EXPECT_EQ(-ERANGE, write_to(&self->m, &w, ".bss", "in.small", 128));
	EXPECT_EQ(-EINVAL, write_to(&self->m, &w, ".bss", "in.bits", 1));
	EXPECT_EQ(-EINVAL, write_to(&self->m, &w, "cpu_ctx_stor", "load", 1));
	EXPECT_FALSE(w.done);
	EXPECT_NE(NULL, strstr(w.why_not, "only arrays"));
	self->m.g.ram[self->m.bss + BM_FROZEN] = 1;
	EXPECT_EQ(-EPERM, write_to(&self->m, &w, ".bss", "crash", 1));
	self->m.g.ram[self->m.bss + BM_FROZEN] = 0;
	self->m.v.mem.writable = NULL;
	EXPECT_EQ(-EROFS, write_to(&self->m, &w, ".bss", "crash", 1));
	EXPECT_EQ((uint32_t)-7, made_load(&self->m.g, self->m.bss + ARRAY_VALUE));
}

TEST_F(maps, programs_are_listed_with_what_they_cost)
{
	struct ktstr_progs *p = malloc(sizeof(*p));
	struct ktstr_prog_layout l;

	ktstr_prog_layout__resolve(&l, self->m.img->btf);
	ASSERT_EQ(0, ktstr_progs__read(p, &self->m.v, &l));
	EXPECT_TRUE(p->complete);
	ASSERT_EQ(1, p->nr);
	EXPECT_STREQ("mine_dispatch", p->prog[0].name);
	EXPECT_EQ(1234, p->prog[0].value[KTSTR_PROG_VERIFIED]);
	EXPECT_EQ(50, p->prog[0].value[KTSTR_PROG_LEN]);
	EXPECT_EQ(400, p->prog[0].value[KTSTR_PROG_JITED_LEN]);
	EXPECT_EQ(DIRECT + self->m.object, p->prog[0].value[KTSTR_PROG_BTF]);
	EXPECT_TRUE(p->prog[0].have_runs);
	EXPECT_EQ(21, p->prog[0].runs);
	EXPECT_EQ(2000, p->prog[0].run_ns);
	/* they count only while somebody has switched that on */
	EXPECT_FALSE(ktstr_progs__counted(&self->m.v));
	made_put_u32(&self->m, TEXT + AT_STATS_KEY, 1);
	EXPECT_TRUE(ktstr_progs__counted(&self->m.v));
	/* a kernel whose BTF lacks a field lacks that one figure */
	l.field[KTSTR_PROG_VERIFIED].found = false;
	l.runs.found = false;
	ASSERT_EQ(0, ktstr_progs__read(p, &self->m.v, &l));
	EXPECT_EQ(0, p->prog[0].have >> KTSTR_PROG_VERIFIED & 1);
	EXPECT_FALSE(p->prog[0].have_runs);
	l.aux.found = false;
	EXPECT_EQ(-ENOENT, ktstr_progs__read(p, &self->m.v, &l));
	free(p);
}

TEST_HARNESS_MAIN

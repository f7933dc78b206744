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
	EXPECT_NE(NULL, strstr(self->m.err.msg, "none of 9 BPF maps"));
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

static bool still = true;

static int write_to(struct made_maps *m, struct ktstr_map_written *w, const char *map,
		    const char *field, int64_t value)
{
	static struct ktstr_map_write what;

	what = (struct ktstr_map_write){ map, field, value };
	return ktstr_map_write__apply(w, &m->v, &m->l, m->maps, "mine", &what, still);
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

/* The u64 at the start of each value of @map: of which element and CPU, summed with weights. */
static int64_t sum_of(struct made_maps *m, const char *map)
{
	struct sums s = { .v = &m->v };
	const struct ktstr_map *found;

	if (ktstr_maps__read(m->maps, &m->v, &m->l))
		return -1;
	found = ktstr_maps__find(m->maps, 0, map);
	return !found || ktstr_map__each_value(found, &m->v, &m->l, add_up, &s) ? -1 :
	       (int64_t)s.sum;
}

TEST_F(maps, a_write_reaches_the_values_of_a_hash)
{
	struct ktstr_map_written w;

	/* the value of one key */
	ASSERT_EQ(0, write_to(&self->m, &w, "by_pid", "[3]", 1000));
	EXPECT_EQ(1, w.values);
	EXPECT_EQ(8, w.size);
	EXPECT_EQ(30, w.before);
	EXPECT_EQ(10 + 20 + 1000 + 40 + 50, sum_of(&self->m, "by_pid"));
	/* those of all keys */
	ASSERT_EQ(0, write_to(&self->m, &w, "by_pid", "", -1));
	EXPECT_EQ(5, w.values);
	EXPECT_EQ(-5, sum_of(&self->m, "by_pid"));
	EXPECT_EQ(-ENOENT, write_to(&self->m, &w, "by_pid", "[6]", 1));
	EXPECT_STREQ("by_pid has no key 6", w.why_not);
	EXPECT_FALSE(w.done);
	still = false;
	EXPECT_EQ(-EBUSY, write_to(&self->m, &w, "by_pid", "[3]", 1));
	still = true;
	EXPECT_EQ(-5, sum_of(&self->m, "by_pid"));
	made_put_u32(&self->m, self->m.htab + BM_KEY, 12);
	EXPECT_EQ(-EINVAL, write_to(&self->m, &w, "by_pid", "[3]", 1));
	EXPECT_NE(NULL, strstr(w.why_not, "no number"));
}

TEST_F(maps, a_write_reaches_all_cpus)
{
	struct ktstr_map_written w;

	ASSERT_EQ(0, write_to(&self->m, &w, "cpu_ctx_stor", "load", 9));
	EXPECT_EQ(MADE_CPUS, w.values);
	EXPECT_EQ(5, w.before);
	EXPECT_EQ(2 * 9, sum_of(&self->m, "cpu_ctx_stor"));
	ASSERT_EQ(0, write_to(&self->m, &w, "cpu_ctx_stor", "[0].delta", -3));
	EXPECT_EQ(4, w.size);
	EXPECT_EQ(2 * 9, sum_of(&self->m, "cpu_ctx_stor"));
	EXPECT_EQ(-ENOENT, write_to(&self->m, &w, "cpu_ctx_stor", "[1].load", 1));
	/* of a per-CPU hash: one key, then all */
	ASSERT_EQ(0, write_to(&self->m, &w, "by_cpu_pid", "[2].load", 7));
	EXPECT_EQ(MADE_CPUS, w.values);
	EXPECT_EQ(100 + 101 + 7 + 7 + 300 + 301, sum_of(&self->m, "by_cpu_pid"));
	ASSERT_EQ(0, write_to(&self->m, &w, "by_cpu_pid", "load", 1));
	EXPECT_EQ(3 * MADE_CPUS, w.values);
	EXPECT_EQ(3 * MADE_CPUS, sum_of(&self->m, "by_cpu_pid"));
}

static int64_t in_arena(struct made_maps *m, const char *field)
{
	struct ktstr_map_target t;
	uint64_t kva, value;

	if (find(m, &t, "arena", field) ||
	    ktstr_map__element(&t.map, &m->v, &m->l, 0, &kva) ||
	    ktstr_map_target__load(&t, &m->v, kva, &value))
		return INT64_MIN;
	return (int64_t)value;
}

/* Instruction @i of the only program loads @address. */
static void load_address(struct made_maps *m, uint32_t i, uint64_t address)
{
	uint64_t at = m->prog + PROG_INSNS + i * 8;

	made_store(&m->g, at, 0x18 | address << 32);
	made_store(&m->g, at + 8, address >> 32 << 32);
}

TEST_F(maps, variables_of_an_arena_are_read_where_the_loader_put_them)
{
	EXPECT_EQ((int8_t)0x85, in_arena(&self->m, "shared.small"));
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.big"));
	/* a page at the start may be of the variables too: the programs know their address */
	made_arena_page(&self->m, 0, 0x301000);
	self->m.g.ram[0x301010] = 0x11;
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.small"));
	EXPECT_NE(NULL, strstr(self->m.err.msg, "cannot be told"));
	load_address(&self->m, 7, ARENA_USER + 16);
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.small"));
	load_address(&self->m, 40, ARENA_USER + (ARENA_PAGES - 1) * 4096 + 16);
	EXPECT_EQ((int8_t)0x85, in_arena(&self->m, "shared.small"));
	/* libbpf before 7.0: only the start is there */
	made_arena_page(&self->m, ARENA_PAGES - 1, self->m.scratch);
	EXPECT_EQ(0x11, in_arena(&self->m, "shared.small"));
}

TEST_F(maps, an_arena_without_its_pages_is_not_read)
{
	made_arena_page(&self->m, ARENA_PAGES - 1, self->m.scratch);
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.small"));
	EXPECT_NE(NULL, strstr(self->m.err.msg, "not there yet"));
	made_store(&self->m.g, self->m.arena + ARENA_START, 0);
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.small"));
	EXPECT_NE(NULL, strstr(self->m.err.msg, "no process has mapped"));
	made_store(&self->m.g, self->m.arena + ARENA_START, ARENA_USER);
	made_put_u32(&self->m, self->m.arena + BM_MAX, UINT32_MAX);
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.small"));
	EXPECT_NE(NULL, strstr(self->m.err.msg, "impossible size"));
	self->m.l.arena.kern_vm.found = false;
	EXPECT_EQ(INT64_MIN, in_arena(&self->m, "shared.small"));
	EXPECT_NE(NULL, strstr(self->m.err.msg, "does not say where an arena is"));
}

TEST_F(maps, a_write_reaches_a_variable_of_an_arena)
{
	struct ktstr_map_written w;

	ASSERT_EQ(0, write_to(&self->m, &w, "arena", "shared.small", 5));
	EXPECT_EQ(1, w.values);
	EXPECT_EQ(1, w.size);
	EXPECT_EQ(5, in_arena(&self->m, "shared.small"));
}

TEST_F(maps, a_write_that_makes_no_sense_is_refused)
{
	struct ktstr_map_written w;

	EXPECT_EQ(-ERANGE, write_to(&self->m, &w, ".bss", "crash", INT64_C(1) << 31));
	EXPECT_EQ(-ERANGE, write_to(&self->m, &w, ".bss", "in.small", 128));
	EXPECT_EQ(-EINVAL, write_to(&self->m, &w, ".bss", "in.bits", 1));
	EXPECT_EQ(-EINVAL, write_to(&self->m, &w, "task_ctx", "", 1));
	EXPECT_FALSE(w.done);
	EXPECT_STREQ("task_ctx is a task_storage: arrays, hashes and arenas can be written", w.why_not);
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

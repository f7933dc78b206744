// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/bpf/{map,other}.h about the less common types: tries, queues, stacks,
 * ring buffers, stack traces, arrays of objects, the owners of storages.
 */
#include "kselftest_harness.h"

#include "harness/monitor/bpf/other.h"
#include "made_maps.h"

FIXTURE(more) {
	struct made_maps m;
	struct ktstr_map map;
	uint64_t at;			/* gpa of a map that a test makes */
};

FIXTURE_SETUP(more)
{
	ASSERT_EQ(0, made_maps_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
	self->at = made_room(&self->m, 4096);
	self->map = (struct ktstr_map) {
		.kva = DIRECT + self->at, .key_size = 8, .value_size = 4, .max_entries = 3,
	};
}

FIXTURE_TEARDOWN(more)
{
	made_maps_free(&self->m);
}

struct seen {
	struct ktstr_kview *v;
	unsigned int nr;
	uint64_t value[8], key[8], owner[8];
};

static int note(void *arg, const struct ktstr_map_value *value)
{
	struct seen *s = arg;

	if (s->nr == 8)
		return 1;
	s->owner[s->nr] = value->owner_kva;
	if (value->key_kva)
		ktstr_kview__load(s->v, value->key_kva, 4, &s->key[s->nr]);
	return ktstr_kview__load(s->v, value->kva, 4, &s->value[s->nr++]);
}

static int visit(FIXTURE_DATA(more) *self, uint32_t type, struct seen *s)
{
	*s = (struct seen){ .v = &self->m.v };
	self->map.type = type;
	return ktstr_map__each_value(&self->map, &self->m.v, &self->m.l, note, s);
}

/* A node of a trie with keys of 4 bytes: its value is 10 times its number. */
static uint64_t put_node(struct made_maps *m, uint32_t nr, uint32_t flags, uint64_t left,
			 uint64_t right)
{
	uint64_t at = made_room(m, TNODE_DATA + 8);

	made_store(&m->g, at + TNODE_CHILD, left);
	made_store(&m->g, at + TNODE_CHILD + 8, right);
	made_put_u32(m, at + TNODE_PREFIX, nr);
	made_put_u32(m, at + TNODE_FLAGS, flags);
	made_put_u32(m, at + TNODE_DATA, nr);
	made_put_u32(m, at + TNODE_DATA + 4, 10 * nr);
	return DIRECT + at;
}

TEST_F(more, a_trie_has_the_values_of_its_real_nodes)
{
	struct made_maps *m = &self->m;
	uint64_t a = put_node(m, 1, 0, 0, 0), b = put_node(m, 2, 0, 0, 0), top;
	struct seen s;

	top = put_node(m, 3, 1, a, b);		/* an intermediate one */
	made_store(&m->g, self->at + TRIE_ROOT, top);
	made_store(&m->g, self->at + TRIE_SIZE, 4);
	ASSERT_EQ(0, visit(self, KTSTR_MAP_LPM_TRIE, &s));
	ASSERT_EQ(2, s.nr);
	EXPECT_EQ(1, s.key[0]);
	EXPECT_EQ(10, s.value[0]);
	EXPECT_EQ(20, s.value[1]);
	/* a circle, and a key of another size */
	made_store(&m->g, a - DIRECT + TNODE_CHILD, top);
	made_put_u32(m, a - DIRECT + TNODE_FLAGS, 1);
	EXPECT_EQ(-EBADMSG, visit(self, KTSTR_MAP_LPM_TRIE, &s));
	made_store(&m->g, self->at + TRIE_SIZE, 5);
	EXPECT_EQ(-EBADMSG, visit(self, KTSTR_MAP_LPM_TRIE, &s));
}

TEST_F(more, queues_and_stacks_begin_with_what_is_taken_next)
{
	struct made_maps *m = &self->m;
	struct seen s;

	for (uint32_t i = 0; i < 4; i++)
		made_put_u32(m, self->at + QS_ELEMENTS + i * 4, 100 + i);
	made_put_u32(m, self->at + QS_SIZE, 4);
	/* three elements, of which the last has gone round */
	made_put_u32(m, self->at + QS_TAIL, 2);
	made_put_u32(m, self->at + QS_HEAD, 1);
	ASSERT_EQ(0, visit(self, KTSTR_MAP_QUEUE, &s));
	ASSERT_EQ(3, s.nr);
	EXPECT_EQ(102, s.value[0]);
	EXPECT_EQ(103, s.value[1]);
	EXPECT_EQ(100, s.value[2]);
	made_put_u32(m, self->at + QS_TAIL, 0);
	made_put_u32(m, self->at + QS_HEAD, 2);
	ASSERT_EQ(0, visit(self, KTSTR_MAP_STACK, &s));
	ASSERT_EQ(2, s.nr);
	EXPECT_EQ(101, s.value[0]);
	EXPECT_EQ(100, s.value[1]);
	made_put_u32(m, self->at + QS_HEAD, 4);
	EXPECT_EQ(-EBADMSG, visit(self, KTSTR_MAP_QUEUE, &s));
}

TEST_F(more, a_ring_buffer_tells_how_full_it_is)
{
	struct made_maps *m = &self->m;
	uint64_t rb = made_room(m, 64);
	struct ktstr_ringbuf r;

	self->map.type = KTSTR_MAP_RINGBUF;
	made_store(&m->g, self->at + RB_PTR, DIRECT + rb);
	made_store(&m->g, rb + RB_MASK, 4095);
	made_store(&m->g, rb + RB_CONSUMER, 100);
	made_store(&m->g, rb + RB_PRODUCER, 348);
	made_store(&m->g, rb + RB_PENDING, 300);
	ASSERT_EQ(0, ktstr_ringbuf__read(&r, &m->v, &self->map));
	EXPECT_EQ(4096, r.capacity);
	EXPECT_EQ(248, r.producer_pos - r.consumer_pos);
	EXPECT_TRUE(r.has_pending);
	EXPECT_EQ(300, r.pending_pos);
	made_store(&m->g, rb + RB_MASK, 4096);
	EXPECT_EQ(-EBADMSG, ktstr_ringbuf__read(&r, &m->v, &self->map));
	self->map.type = KTSTR_MAP_ARRAY;
	EXPECT_EQ(-ENOENT, ktstr_ringbuf__read(&r, &m->v, &self->map));
}

static int count_stack(void *arg, const struct ktstr_stack *stack)
{
	struct ktstr_stack *last = arg;

	*last = *stack;
	return 0;
}

TEST_F(more, stacks_have_their_frames)
{
	struct made_maps *m = &self->m;
	struct ktstr_stack last = { .nr = 0 };
	uint64_t bucket = made_room(m, 64);

	self->map.type = KTSTR_MAP_STACK_TRACE;
	self->map.value_size = 3 * 8;
	made_put_u32(m, self->at + ST_N, 4);
	made_store(&m->g, self->at + ST_BUCKETS + 2 * 8, DIRECT + bucket);
	made_put_u32(m, bucket + STB_NR, 2);
	made_store(&m->g, bucket + STB_DATA, 0x1111);
	made_store(&m->g, bucket + STB_DATA + 8, 0x2222);
	ASSERT_EQ(0, ktstr_stacks__each(&m->v, &self->map, count_stack, &last));
	EXPECT_EQ(2, last.bucket);
	EXPECT_EQ(2, last.nr);
	EXPECT_EQ(0x2222, last.pc[1]);
	made_put_u32(m, bucket + STB_NR, 4);	/* a value has room for 3 */
	EXPECT_EQ(-EBADMSG, ktstr_stacks__each(&m->v, &self->map, count_stack, &last));
	self->map.flags = 1 << 5;
	EXPECT_EQ(-EOPNOTSUPP, ktstr_stacks__each(&m->v, &self->map, count_stack, &last));
}

static int sum_slot(void *arg, uint32_t index)
{
	*(uint32_t *)arg += index;
	return 0;
}

TEST_F(more, slots_that_are_taken_are_listed)
{
	uint32_t sum = 0;

	self->map.type = KTSTR_MAP_PROG_ARRAY;
	self->map.max_entries = 8;
	made_store(&self->m.g, self->at + ARRAY_PTRS + 3 * 8, DIRECT);
	made_store(&self->m.g, self->at + ARRAY_PTRS + 7 * 8, DIRECT);
	ASSERT_EQ(0, ktstr_slots__each(&self->m.v, &self->map, sum_slot, &sum));
	EXPECT_EQ(10, sum);
	self->map.type = KTSTR_MAP_HASH;
	EXPECT_EQ(-ENOENT, ktstr_slots__each(&self->m.v, &self->map, sum_slot, &sum));
}

TEST_F(more, values_of_a_storage_know_their_owner)
{
	struct made_maps *m = &self->m;
	uint64_t buckets, elem, storage = made_room(m, 64);
	struct ktstr_map *map;
	struct seen s = { .v = &m->v };

	ASSERT_EQ(0, ktstr_maps__read(m->maps, &m->v, &m->l));
	map = (struct ktstr_map *)ktstr_maps__find(m->maps, 0, "task_ctx");
	ASSERT_NE(NULL, map);
	buckets = made_load(&m->g, m->smap + SMAP_BUCKETS) - DIRECT;
	elem = made_load(&m->g, buckets) - DIRECT - SELEM_NODE;
	made_store(&m->g, elem + SELEM_OF, DIRECT + storage);
	made_store(&m->g, storage + STORAGE_OWNER, 0x1234);
	EXPECT_EQ(1, ktstr_map__each_value(map, &m->v, &m->l, note, &s));
	EXPECT_EQ(0x1234, s.owner[0]);
	EXPECT_EQ(0, s.owner[1]);
	EXPECT_TRUE(ktstr_map__owned(map));
}

TEST_F(more, types_that_have_no_fields_are_not_watched)
{
	static const uint32_t types[] = {
		KTSTR_MAP_RINGBUF, KTSTR_MAP_QUEUE, KTSTR_MAP_LPM_TRIE, KTSTR_MAP_STRUCT_OPS,
		KTSTR_MAP_STACK_TRACE, KTSTR_MAP_INODE_STORAGE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		self->map.type = types[i];
		EXPECT_NE(NULL, ktstr_map__kind(&self->map));
		EXPECT_EQ(NULL, ktstr_map__type_name(&self->map));
	}
	self->map.type = 99;
	EXPECT_EQ(NULL, ktstr_map__kind(&self->map));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/slots.h on a made guest: leaves of the allocator are found and have the
 * type that only one structure can be, pointers lead to them, and a damaged tree is bounded.
 */
#include "kselftest_harness.h"

#include <stdlib.h>

#include "harness/dump/dump.h"
#include "harness/dump/text.h"
#include "harness/dump/value_text.h"
#include "tests/unit/monitor/made_maps.h"

#define PAGES_GPA	0x310000u	/* of the arena's first pages */
#define LEAF_BYTES	32u		/* header and a task_ctx of 20 bytes, rounded up */
#define AT_ALLOCATOR	8u		/* in .bss, behind the pointer "current" */
#define BSS_BYTES	48u

/* Where things are in the arena. */
enum { DESC0 = 0, DESC1 = 128, DESC2 = 256, CHUNK0 = 4096, CHUNK1 = 8192, CHUNK2 = 12288, LEAVES = 16384 };

FIXTURE(slots) {
	struct made_maps m;
	struct ktstr_monitor mon;
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;
	char *text;
	bool two_types;			/* another structure has the same size */
	uint32_t bss_type;
};

static size_t object_btf(FIXTURE_DATA(slots) *self, struct made_btf *b)
{
	struct btf_var_secinfo si[2] = { { .offset = 0, .size = 8 },
					 { .offset = AT_ALLOCATOR, .size = 40 } };
	uint32_t u32 = made_int(b, "u32", 4, 0), u64 = made_int(b, "u64", 8, 0), global = 1;
	uint32_t bits = made_array(b, u64, 8), four = made_array(b, u32, 4), fwd, ptr, in, pool;

	fwd = made_type(b, "sdt_chunk", BTF_KIND_FWD, 0, 0, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, fwd);
	in = made_type(b, "sdt_desc", BTF_KIND_STRUCT, 3, 0, 80);
	made_member(b, "allocated", bits, 0, 0);
	made_member(b, "nr_free", u64, 512, 0);
	made_member(b, "chunk", ptr, 576, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, in);
	pool = made_type(b, "sdt_pool", BTF_KIND_STRUCT, 2, 0, 32);
	made_member(b, "slab", ptr, 0, 0);
	made_member(b, "elem_size", u64, 64, 0);
	in = made_type(b, "scx_allocator", BTF_KIND_STRUCT, 2, 0, 40);
	made_member(b, "pool", pool, 0, 0);
	made_member(b, "root", ptr, 256, 0);
	si[1].type = made_type(b, "allocator", BTF_KIND_VAR, 0, 0, in);
	made_put(b, &global, sizeof(global));
	fwd = made_type(b, "sdt_data", BTF_KIND_FWD, 0, 0, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, fwd);
	si[0].type = made_type(b, "current", BTF_KIND_VAR, 0, 0, ptr);
	made_put(b, &global, sizeof(global));
	self->bss_type = made_type(b, ".bss", BTF_KIND_DATASEC, 2, 0, BSS_BYTES);
	made_put(b, si, sizeof(si));
	made_type(b, "task_ctx", BTF_KIND_STRUCT, 2, 0, 20);
	made_member(b, "pid", u32, 0, 0);
	made_member(b, "rest", four, 32, 0);
	if (self->two_types) {
		made_type(b, "other_ctx", BTF_KIND_STRUCT, 1, 0, 24);
		made_member(b, "x", u64, 0, 0);
	}
	return made_finish(b);
}

static void put_object(FIXTURE_DATA(slots) *self)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = object_btf(self, b);
	uint64_t data = made_room(&self->m, len);

	memcpy(self->m.g.ram + data, b->out, len);
	free(b);
	made_store(&self->m.g, self->m.object, DIRECT + data);
	made_store(&self->m.g, self->m.object + 8, len);
	made_put_u32(&self->m, self->m.bss + BM_VTYPE, self->bss_type);
	made_put_u32(&self->m, self->m.bss + BM_VALUE, BSS_BYTES);
}

static void put(FIXTURE_DATA(slots) *self, uint32_t at, uint64_t value)
{
	made_store(&self->m.g, PAGES_GPA + at, value);
}

static void put_leaf(FIXTURE_DATA(slots) *self, uint32_t nr, uint32_t pid, bool allocated)
{
	uint32_t at = LEAVES + nr * LEAF_BYTES;

	put(self, CHUNK2 + 8 * nr, ARENA_USER + at);
	if (allocated)
		self->m.g.ram[PAGES_GPA + DESC2 + nr / 8] |= (uint8_t)(1u << nr % 8);
	put(self, at, (uint64_t)7 << 32 | nr);
	made_put_u32(&self->m, PAGES_GPA + at + 8, pid);
}

FIXTURE_SETUP(slots)
{
	struct made_maps *m = &self->m;

	ASSERT_EQ(0, made_maps_init(m)) {
		TH_LOG("%s", m->err.msg);
	}
	ktstr_monitor_layout__resolve(&self->mon.layout, m->img);
	put_object(self);
	for (uint32_t i = 0; i < 5; i++)
		made_arena_page(m, i, PAGES_GPA + i * 4096);
	made_store(&m->g, m->bss + ARRAY_VALUE, ARENA_USER + LEAVES + LEAF_BYTES);
	made_store(&m->g, m->bss + ARRAY_VALUE + AT_ALLOCATOR + 8, LEAF_BYTES);
	made_store(&m->g, m->bss + ARRAY_VALUE + AT_ALLOCATOR + 32, ARENA_USER + DESC0);
	put(self, DESC0 + 72, ARENA_USER + CHUNK0);
	/* the same as a program has it that did not cast it */
	put(self, DESC1 + 72, (uint32_t)(ARENA_USER + CHUNK1));
	put(self, DESC2 + 72, ARENA_USER + CHUNK2);
	/* inner bits say that all is taken, so they are 0 */
	put(self, CHUNK0, ARENA_USER + DESC1);
	put(self, CHUNK1, ARENA_USER + DESC2);
	put_leaf(self, 0, 100, true);
	put_leaf(self, 1, 101, true);
	put_leaf(self, 2, 102, false);
}

FIXTURE_TEARDOWN(slots)
{
	free(self->text);
	ktstr_jtree__free(&self->tree);
	made_maps_free(&self->m);
}

/* The allocator in a new dump. */
static const struct ktstr_jnode *take(FIXTURE_DATA(slots) *self)
{
	struct ktstr_dump_input in = { .mon = &self->mon, .trigger = "request", .ops = "mine" };

	self->mon.view = self->m.v;
	ktstr_jtree__free(&self->tree);
	ktstr_jtree__init(&self->tree, 8 << 20);
	self->report = ktstr_jtree__object(&self->tree, NULL, NULL);
	ktstr_dump__take(&self->tree, self->report, &in);
	return ktstr_jnode__list(self->report, "sdt_allocations");
}

static const char *map_text(FIXTURE_DATA(slots) *self, const char *name)
{
	size_t len;
	FILE *f;

	free(self->text);
	self->text = NULL;
	f = open_memstream(&self->text, &len);
	ktstr_dump_text__map(self->report, name, f);
	fclose(f);
	return self->text;
}

TEST_F(slots, leaves_in_use_have_the_only_type_that_they_can_have)
{
	const struct ktstr_jnode *a = take(self), *e;

	ASSERT_NE(NULL, a);
	EXPECT_STREQ("allocator", ktstr_jnode__str(a, "name", ""));
	EXPECT_STREQ("task_ctx", ktstr_jnode__str(a, "payload_type", ""));
	EXPECT_EQ(0, ktstr_jnode__u64(a, "skipped", 9));
	e = ktstr_jnode__list(a, "entries");
	for (uint64_t i = 0; i < 2; i++, e = e->next) {
		ASSERT_NE(NULL, e);
		EXPECT_EQ(i, ktstr_jnode__u64(e, "index", 9));
		EXPECT_EQ(7, ktstr_jnode__u64(e, "genn", 9));
		EXPECT_EQ(ARENA_USER + LEAVES + i * LEAF_BYTES, ktstr_jnode__u64(e, "user_addr", 0));
	}
	EXPECT_EQ(NULL, e);
	EXPECT_NE(NULL, strstr(map_text(self, "allocator"), "[1] = {pid=101"))
		TH_LOG("%s", self->text);
}

TEST_F(slots, a_pointer_to_a_leaf_shows_what_is_behind_the_header)
{
	take(self);
	EXPECT_NE(NULL, strstr(map_text(self, ".bss"), "pid=101")) TH_LOG("%s", self->text);
	EXPECT_NE(NULL, strstr(self->text, "(sdt_alloc)"));
	/* one that has stepped over the header */
	made_store(&self->m.g, self->m.bss + ARRAY_VALUE, ARENA_USER + LEAVES + 8);
	take(self);
	EXPECT_NE(NULL, strstr(map_text(self, ".bss"), "pid=100")) TH_LOG("%s", self->text);
	/* into the middle, and to a leaf that is free */
	made_store(&self->m.g, self->m.bss + ARRAY_VALUE, ARENA_USER + LEAVES + 12);
	take(self);
	EXPECT_EQ(NULL, strstr(map_text(self, ".bss"), "pid=")) TH_LOG("%s", self->text);
	made_store(&self->m.g, self->m.bss + ARRAY_VALUE, ARENA_USER + LEAVES + 2 * LEAF_BYTES);
	take(self);
	EXPECT_EQ(NULL, strstr(map_text(self, ".bss"), "pid=")) TH_LOG("%s", self->text);
}

TEST_F(slots, two_types_of_the_size_are_none)
{
	const struct ktstr_jnode *a;

	self->two_types = true;
	put_object(self);
	a = take(self);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(NULL, ktstr_jnode__str(a, "payload_type", NULL));
	EXPECT_STREQ("task_ctx, other_ctx", ktstr_jnode__str(a, "payload_may_be", ""));
	EXPECT_NE(NULL, strstr(map_text(self, "allocator"), "hex 65000000")) TH_LOG("%s", self->text);
	EXPECT_EQ(NULL, strstr(map_text(self, ".bss"), "pid=")) TH_LOG("%s", self->text);
}

TEST_F(slots, damage_costs_what_is_damaged)
{
	uint64_t allocator = self->m.bss + ARRAY_VALUE + AT_ALLOCATOR;
	const struct ktstr_jnode *a;

	/* a leaf outside of the arena */
	put(self, CHUNK2 + 8, ARENA_USER + 8 * 4096);
	a = take(self);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(1, ktstr_jnode__u64(a, "skipped", 9));
	EXPECT_EQ(0, ktstr_jnode__u64(ktstr_jnode__list(a, "entries"), "index", 9));
	/* a tree that is its own child */
	for (uint32_t i = 0; i < 512; i++)
		put(self, CHUNK0 + 8 * i, ARENA_USER + DESC0);
	a = take(self);
	ASSERT_NE(NULL, a);
	EXPECT_LT(100, ktstr_jnode__u64(a, "skipped", 0));
	made_store(&self->m.g, allocator + 8, 1ull << 40);
	EXPECT_STREQ("damaged", ktstr_jnode__str(take(self), "error", ""));
	made_store(&self->m.g, allocator + 8, LEAF_BYTES);
	made_store(&self->m.g, allocator + 32, DIRECT);
	EXPECT_STREQ("damaged", ktstr_jnode__str(take(self), "error", ""));
	made_store(&self->m.g, allocator + 32, 0);
	EXPECT_STREQ("not initialised, or it cannot be read", ktstr_jnode__str(take(self), "error", ""));
}

TEST_HARNESS_MAIN

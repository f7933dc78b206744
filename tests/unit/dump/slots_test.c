// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/slots.h on a made guest: leaves of the allocator are found and have the
 * type that only one structure can be, pointers lead to them, and a damaged tree is bounded.
 */
#include "kselftest_harness.h"

#include "harness/dump/dump.h"
#include "harness/dump/text.h"
#include "harness/dump/value_text.h"
#include "made_slots.h"

FIXTURE(slots) {
	struct made_slots s;
	struct ktstr_monitor mon;
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;
	char *text;
};

FIXTURE_SETUP(slots)
{
	ASSERT_EQ(0, made_slots_init(&self->s)) {
		TH_LOG("%s", self->s.m.err.msg);
	}
	ktstr_monitor_layout__resolve(&self->mon.layout, self->s.m.img);
}

FIXTURE_TEARDOWN(slots)
{
	free(self->text);
	ktstr_jtree__free(&self->tree);
	made_maps_free(&self->s.m);
}

/* The allocator in a new dump. */
static const struct ktstr_jnode *take(FIXTURE_DATA(slots) *self)
{
	struct ktstr_dump_input in = { .mon = &self->mon, .trigger = "request", .ops = "mine" };

	self->mon.view = self->s.m.v;
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
	made_store(&self->s.m.g, self->s.m.bss + ARRAY_VALUE, ARENA_USER + LEAVES + 8);
	take(self);
	EXPECT_NE(NULL, strstr(map_text(self, ".bss"), "pid=100")) TH_LOG("%s", self->text);
	/* into the middle, and to a leaf that is free */
	made_store(&self->s.m.g, self->s.m.bss + ARRAY_VALUE, ARENA_USER + LEAVES + 12);
	take(self);
	EXPECT_EQ(NULL, strstr(map_text(self, ".bss"), "pid=")) TH_LOG("%s", self->text);
	made_store(&self->s.m.g, self->s.m.bss + ARRAY_VALUE, ARENA_USER + LEAVES + 2 * LEAF_BYTES);
	take(self);
	EXPECT_EQ(NULL, strstr(map_text(self, ".bss"), "pid=")) TH_LOG("%s", self->text);
}

TEST_F(slots, two_types_of_the_size_are_none)
{
	const struct ktstr_jnode *a;

	self->s.two_types = true;
	made_slots_object(&self->s);
	a = take(self);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(NULL, ktstr_jnode__str(a, "payload_type", NULL));
	EXPECT_STREQ("task_ctx, other_ctx", ktstr_jnode__str(a, "payload_may_be", ""));
	EXPECT_NE(NULL, strstr(map_text(self, "allocator"), "hex 65000000")) TH_LOG("%s", self->text);
	EXPECT_EQ(NULL, strstr(map_text(self, ".bss"), "pid=")) TH_LOG("%s", self->text);
}

TEST_F(slots, damage_costs_what_is_damaged)
{
	uint64_t allocator = self->s.m.bss + ARRAY_VALUE + AT_ALLOCATOR;
	const struct ktstr_jnode *a;

	/* a leaf outside of the arena */
	made_slots_put(&self->s, CHUNK2 + 8, ARENA_USER + 8 * 4096);
	a = take(self);
	ASSERT_NE(NULL, a);
	EXPECT_EQ(1, ktstr_jnode__u64(a, "skipped", 9));
	EXPECT_EQ(0, ktstr_jnode__u64(ktstr_jnode__list(a, "entries"), "index", 9));
	/* a tree that is its own child */
	for (uint32_t i = 0; i < 512; i++)
		made_slots_put(&self->s, CHUNK0 + 8 * i, ARENA_USER + DESC0);
	a = take(self);
	ASSERT_NE(NULL, a);
	EXPECT_LT(100, ktstr_jnode__u64(a, "skipped", 0));
	made_store(&self->s.m.g, allocator + 8, 1ull << 40);
	EXPECT_STREQ("damaged", ktstr_jnode__str(take(self), "error", ""));
	made_store(&self->s.m.g, allocator + 8, LEAF_BYTES);
	made_store(&self->s.m.g, allocator + 32, DIRECT);
	EXPECT_STREQ("damaged", ktstr_jnode__str(take(self), "error", ""));
	made_store(&self->s.m.g, allocator + 32, 0);
	EXPECT_STREQ("not initialised, or it cannot be read", ktstr_jnode__str(take(self), "error", ""));
}

TEST_HARNESS_MAIN

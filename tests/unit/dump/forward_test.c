// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/forward.h: a forward declaration means the type of its name and kind, its
 * own object's before that of another one, and nothing where two objects do not agree.
 */
#include "kselftest_harness.h"

#include <stdlib.h>

#include "harness/dump/cast/cast.h"
#include "harness/dump/forward.h"
#include "tests/unit/monitor/made_btf.h"

#define OBJECTS	3

FIXTURE(forward) {
	struct made_btf made[OBJECTS];
	struct ktstr_casts object[OBJECTS];
	uint32_t fwd, of_union;		/* in object 0 */
};

/* Every object begins with a number; the first one knows "ctx" and "either" by name only. */
FIXTURE_SETUP(forward)
{
	for (int i = 0; i < OBJECTS; i++)
		made_int(&self->made[i], "u64", 8, 0);
	self->fwd = made_type(&self->made[0], "ctx", BTF_KIND_FWD, 0, 0, 0);
	self->of_union = made_type(&self->made[0], "either", BTF_KIND_FWD, 0, 1, 0);
}

FIXTURE_TEARDOWN(forward)
{
	for (int i = 0; i < OBJECTS; i++)
		ktstr_btf__free(self->object[i].btf);
}

/* A structure or union @name of object @i, of @size bytes, with one number @member. */
static uint32_t add(FIXTURE_DATA(forward) *self, int i, const char *name, uint32_t kind,
		    uint32_t size, const char *member)
{
	uint32_t id = made_type(&self->made[i], name, kind, 1, 0, size);

	made_member(&self->made[i], member, 1, 0, 0);
	return id;
}

static struct ktstr_complete find(FIXTURE_DATA(forward) *self, uint32_t fwd)
{
	for (int i = 0; i < OBJECTS; i++) {
		size_t len = made_finish(&self->made[i]);

		ktstr_btf__free(self->object[i].btf);
		self->object[i].btf = NULL;
		if (ktstr_btf__open(&self->object[i].btf, self->made[i].out, len, NULL))
			return (struct ktstr_complete){ .btf = NULL };
	}
	return ktstr_forward__find(self->object[0].btf, fwd, self->object, OBJECTS);
}

TEST_F(forward, another_object_has_it)
{
	uint32_t id = add(self, 1, "ctx", BTF_KIND_STRUCT, 8, "load");
	struct ktstr_complete c = find(self, self->fwd);

	EXPECT_EQ(self->object[1].btf, c.btf);
	EXPECT_EQ(id, c.type);
}

TEST_F(forward, its_own_object_comes_first)
{
	uint32_t id = add(self, 0, "ctx", BTF_KIND_STRUCT, 8, "own");
	struct ktstr_complete c;

	add(self, 1, "ctx", BTF_KIND_STRUCT, 16, "other");
	c = find(self, self->fwd);
	EXPECT_EQ(self->object[0].btf, c.btf);
	EXPECT_EQ(id, c.type);
}

TEST_F(forward, objects_that_agree_are_one)
{
	struct ktstr_complete c;

	add(self, 1, "ctx", BTF_KIND_STRUCT, 8, "load");
	made_int(&self->made[2], "u32", 4, 0);		/* other numbers of types */
	add(self, 2, "ctx", BTF_KIND_STRUCT, 8, "load");
	c = find(self, self->fwd);
	EXPECT_EQ(self->object[1].btf, c.btf);
}

TEST_F(forward, objects_that_differ_say_nothing)
{
	add(self, 1, "ctx", BTF_KIND_STRUCT, 8, "load");
	add(self, 2, "ctx", BTF_KIND_STRUCT, 16, "load");
	EXPECT_EQ(NULL, find(self, self->fwd).btf);
}

TEST_F(forward, the_same_size_is_not_enough)
{
	add(self, 1, "ctx", BTF_KIND_STRUCT, 8, "load");
	add(self, 2, "ctx", BTF_KIND_STRUCT, 8, "runtime");
	EXPECT_EQ(NULL, find(self, self->fwd).btf);
}

TEST_F(forward, a_member_of_another_type_is_a_difference)
{
	uint32_t u32 = made_int(&self->made[2], "u32", 4, 0);

	add(self, 1, "ctx", BTF_KIND_STRUCT, 8, "load");
	made_type(&self->made[2], "ctx", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(&self->made[2], "load", u32, 0, 0);
	EXPECT_EQ(NULL, find(self, self->fwd).btf);
}

TEST_F(forward, a_union_is_no_structure)
{
	struct ktstr_complete c;

	add(self, 1, "ctx", BTF_KIND_UNION, 8, "load");
	add(self, 2, "either", BTF_KIND_STRUCT, 8, "load");
	EXPECT_EQ(NULL, find(self, self->fwd).btf);
	EXPECT_EQ(NULL, find(self, self->of_union).btf);
	add(self, 1, "either", BTF_KIND_UNION, 8, "load");
	c = find(self, self->of_union);
	EXPECT_EQ(self->object[1].btf, c.btf);
}

TEST_F(forward, what_nobody_has_means_nothing)
{
	add(self, 1, "ctx_of_cpu", BTF_KIND_STRUCT, 8, "load");
	made_type(&self->made[2], "ctx", BTF_KIND_FWD, 0, 0, 0);
	EXPECT_EQ(NULL, find(self, self->fwd).btf);
	/* a type that is no forward declaration, and none at all */
	EXPECT_EQ(NULL, find(self, 1).btf);
	EXPECT_EQ(NULL, find(self, 9999).btf);
	/* without a name */
	self->fwd = made_type(&self->made[0], "", BTF_KIND_FWD, 0, 0, 0);
	EXPECT_EQ(NULL, find(self, self->fwd).btf);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/monitor/view/btf.h: where fields are, and that no BTF leads astray. */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/monitor/view/btf.h"
#include "made_btf.h"

FIXTURE(btf) {
	struct made_btf m;
	struct ktstr_btf *btf;
	struct ktstr_err err;
	uint32_t u32, s64, u8;
	void *copy;		/* exactly as long as the BTF, for ASan */
};

FIXTURE_SETUP(btf)
{
	self->u32 = made_int(&self->m, "unsigned int", 4, 0);
	self->s64 = made_int(&self->m, "long long", 8, 1);
	self->u8 = made_int(&self->m, "unsigned char", 1, 0);
}

FIXTURE_TEARDOWN(btf)
{
	ktstr_btf__free(self->btf);
	free(self->copy);
}

static int open_bytes(FIXTURE_DATA(btf) *self, size_t len)
{
	int ret;

	free(self->copy);
	self->copy = malloc(len ?: 1);
	memcpy(self->copy, self->m.out, len);
	ret = ktstr_btf__open(&self->btf, self->copy, len, &self->err);
	if (ret)
		self->btf = NULL;
	return ret;
}

static int open_made(FIXTURE_DATA(btf) *self)
{
	return open_bytes(self, made_finish(&self->m));
}

/* struct inner { u32 nr; s64 when; }; */
static uint32_t put_inner(FIXTURE_DATA(btf) *self)
{
	uint32_t id = made_type(&self->m, "inner", BTF_KIND_STRUCT, 2, 0, 16);

	made_member(&self->m, "nr", self->u32, 0, 0);
	made_member(&self->m, "when", self->s64, 64, 0);
	return id;
}

TEST_F(btf, nested_member_has_sum_of_offsets)
{
	struct ktstr_btf_field f;
	uint32_t inner = put_inner(self);

	made_type(&self->m, "outer", BTF_KIND_STRUCT, 2, 0, 32);
	made_member(&self->m, "first", self->u32, 0, 0);
	made_member(&self->m, "in", inner, 128, 0);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "outer", "in.when", &f));
	EXPECT_EQ(24, f.offset);
	EXPECT_EQ(8, f.size);
	EXPECT_EQ(KTSTR_BTF_SIGNED, f.class);
	EXPECT_EQ(0, f.bits);
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "outer", "in", &f));
	EXPECT_EQ(16, f.offset);
	EXPECT_EQ(16, f.size);
	EXPECT_EQ(KTSTR_BTF_OTHER, f.class);
	EXPECT_EQ(32, ktstr_btf__size(self->btf, "outer"));
}

TEST_F(btf, member_of_anonymous_union_is_found_by_its_own_name)
{
	struct ktstr_btf_field f;
	uint32_t anon = made_type(&self->m, "", BTF_KIND_UNION, 2, 0, 8);

	made_member(&self->m, "curr", self->u32, 0, 0);
	made_member(&self->m, "donor", self->s64, 0, 0);
	made_type(&self->m, "rq", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(&self->m, "nr", self->u32, 0, 0);
	made_member(&self->m, "", anon, 64, 0);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "rq", "donor", &f));
	EXPECT_EQ(8, f.offset);
	EXPECT_EQ(8, f.size);
}

TEST_F(btf, missing_is_enoent_and_malformed_path_is_einval)
{
	struct ktstr_btf_field f;

	put_inner(self);
	ASSERT_EQ(0, open_made(self));
	EXPECT_EQ(-ENOENT, ktstr_btf__field(self->btf, "inner", "gone", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__field(self->btf, "none", "nr", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__field(self->btf, "inner", "nr.deeper", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__field(self->btf, "inner", "nr[0]", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field(self->btf, "inner", "", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field(self->btf, "inner", ".nr", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field(self->btf, "inner", "nr.", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field(self->btf, "inner", "[x]", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__size(self->btf, "none"));
}

TEST_F(btf, array_element_is_bounded_by_the_array)
{
	struct ktstr_btf_field f;
	uint32_t a = made_array(&self->m, self->u32, 3);

	made_type(&self->m, "sd", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(&self->m, "lb", a, 32, 0);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "sd", "lb[2]", &f));
	EXPECT_EQ(12, f.offset);
	EXPECT_EQ(4, f.size);
	EXPECT_EQ(-ENOENT, ktstr_btf__field(self->btf, "sd", "lb[3]", &f));
}

TEST_F(btf, bitfield_has_the_unit_of_its_base_type)
{
	struct ktstr_btf_field f;

	made_type(&self->m, "flags", BTF_KIND_STRUCT, 2, 1, 8);
	made_member(&self->m, "plain", self->u32, 0, 0);
	made_member(&self->m, "three", self->u32, 37, 3);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "flags", "three", &f));
	EXPECT_EQ(4, f.offset);
	EXPECT_EQ(4, f.size);
	EXPECT_EQ(5, f.bit_offset);
	EXPECT_EQ(3, f.bits);
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "flags", "plain", &f));
	EXPECT_EQ(0, f.bits);
}

TEST_F(btf, of_two_structs_of_a_name_the_one_with_the_field_counts)
{
	struct ktstr_btf_field f;

	made_type(&self->m, "bucket", BTF_KIND_STRUCT, 1, 0, 4);
	made_member(&self->m, "prio", self->u32, 0, 0);
	made_type(&self->m, "bucket", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(&self->m, "head", self->s64, 64, 0);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "bucket", "head", &f));
	EXPECT_EQ(8, f.offset);
	EXPECT_EQ(4, ktstr_btf__size(self->btf, "bucket"));
}

TEST_F(btf, field_of_a_section_begins_with_a_variable)
{
	struct btf_var_secinfo si[2] = { { .offset = 8, .size = 16 }, { .offset = 24, .size = 12 } };
	uint32_t in = put_inner(self), a = made_array(&self->m, self->u32, 3), one = 1, bss;
	struct ktstr_btf_field f;

	si[0].type = made_type(&self->m, "state", BTF_KIND_VAR, 0, 0, in);
	made_put(&self->m, &one, sizeof(one));
	si[1].type = made_type(&self->m, "list", BTF_KIND_VAR, 0, 0, a);
	made_put(&self->m, &one, sizeof(one));
	bss = made_type(&self->m, ".bss", BTF_KIND_DATASEC, 2, 0, 36);
	made_put(&self->m, si, sizeof(si));
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field_in(self->btf, bss, "state.when", &f));
	EXPECT_EQ(16, f.offset);
	EXPECT_EQ(8, f.size);
	ASSERT_EQ(0, ktstr_btf__field_in(self->btf, bss, "list[2]", &f));
	EXPECT_EQ(32, f.offset);
	EXPECT_EQ(KTSTR_BTF_UNSIGNED, f.class);
	EXPECT_EQ(-ENOENT, ktstr_btf__field_in(self->btf, bss, "lis", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__field_in(self->btf, bss, "list[3]", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field_in(self->btf, bss, "", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field_in(self->btf, bss, ".state", &f));
	EXPECT_EQ(-EINVAL, ktstr_btf__field_in(self->btf, bss, "state.", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__field_in(self->btf, 9999, "state", &f));
	/* an empty path is all of a type that is no section */
	ASSERT_EQ(0, ktstr_btf__field_in(self->btf, self->s64, "", &f));
	EXPECT_EQ(8, f.size);
	EXPECT_EQ(KTSTR_BTF_SIGNED, f.class);
	ASSERT_EQ(0, ktstr_btf__field_in(self->btf, in, "when", &f));
	EXPECT_EQ(8, f.offset);
}

TEST_F(btf, a_pointer_leads_to_the_size_of_its_target)
{
	uint32_t in = put_inner(self), ptr = made_type(&self->m, "", BTF_KIND_PTR, 0, 0, in);
	struct ktstr_btf_field f, target;

	made_type(&self->m, "holder", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(&self->m, "p", ptr, 0, 0);
	made_member(&self->m, "n", self->u32, 64, 0);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "holder", "p", &f));
	ASSERT_EQ(0, ktstr_btf__pointee(self->btf, &f, &target));
	EXPECT_EQ(16, target.size);
	EXPECT_STREQ("inner", ktstr_btf__type_name(self->btf, target.type));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "holder", "n", &f));
	EXPECT_EQ(-ENOENT, ktstr_btf__pointee(self->btf, &f, &target));
}

TEST_F(btf, modifiers_typedefs_and_tags_are_peeled)
{
	struct ktstr_btf_field f;
	uint32_t id, ptr;

	id = made_type(&self->m, "u32", BTF_KIND_TYPEDEF, 0, 0, self->u32);
	id = made_type(&self->m, "", BTF_KIND_VOLATILE, 0, 0, id);
	id = made_type(&self->m, "percpu", 18, 0, 0, id);
	ptr = made_type(&self->m, "", BTF_KIND_PTR, 0, 0, id);
	made_type(&self->m, "s", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(&self->m, "v", id, 0, 0);
	made_member(&self->m, "p", ptr, 64, 0);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "s", "p", &f));
	EXPECT_EQ(KTSTR_BTF_POINTER, f.class);
	EXPECT_EQ(8, f.size);
	ASSERT_EQ(0, ktstr_btf__field(self->btf, "s", "v", &f));
	EXPECT_EQ(KTSTR_BTF_UNSIGNED, f.class);
	EXPECT_EQ(4, f.size);
}

TEST_F(btf, enums_of_both_widths)
{
	int64_t v;
	struct { uint32_t name, lo, hi; } e64 = { .lo = 5, .hi = 1 };

	made_type(&self->m, "kind", BTF_KIND_ENUM, 2, 0, 4);
	made_enumerator(&self->m, "NONE", 0);
	made_enumerator(&self->m, "ERROR", 1024);
	made_type(&self->m, "neg", BTF_KIND_ENUM, 1, 1, 4);
	made_enumerator(&self->m, "MINUS", -1);
	made_type(&self->m, "wide", 19, 1, 0, 8);
	e64.name = made_str(&self->m, "BIG");
	made_put(&self->m, &e64, sizeof(e64));
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(0, ktstr_btf__enumerator(self->btf, "kind", "ERROR", &v));
	EXPECT_EQ(1024, v);
	ASSERT_EQ(0, ktstr_btf__enumerator(self->btf, "neg", "MINUS", &v));
	EXPECT_EQ(-1, v);
	ASSERT_EQ(0, ktstr_btf__enumerator(self->btf, "wide", "BIG", &v));
	EXPECT_EQ(0x100000005, v);
	EXPECT_EQ(-ENOENT, ktstr_btf__enumerator(self->btf, "kind", "MINUS", &v));
	EXPECT_STREQ("ERROR", ktstr_btf__enum_name(self->btf, "kind", 1024));
	EXPECT_EQ(NULL, ktstr_btf__enum_name(self->btf, "kind", 7));
}

static int count_member(void *arg, const char *name, const struct ktstr_btf_field *f)
{
	char *list = arg;

	sprintf(list + strlen(list), "%s@%u ", name, f->offset);
	return 0;
}

TEST_F(btf, members_are_enumerated_in_order)
{
	char list[64] = "";

	put_inner(self);
	ASSERT_EQ(0, open_made(self));
	EXPECT_EQ(0, ktstr_btf__each_member(self->btf, "inner", count_member, list));
	EXPECT_STREQ("nr@0 when@8 ", list);
	EXPECT_EQ(-ENOENT, ktstr_btf__each_member(self->btf, "none", count_member, list));
}

TEST_F(btf, variable_of_a_section)
{
	struct btf_var_secinfo si = { .offset = 206272, .size = 4 };
	struct btf_var var = { .linkage = 1 };

	si.type = made_type(&self->m, "runqueues", BTF_KIND_VAR, 0, 0, self->u32);
	made_put(&self->m, &var, sizeof(var));
	made_type(&self->m, ".data..percpu", BTF_KIND_DATASEC, 1, 0, 4);
	made_put(&self->m, &si, sizeof(si));
	ASSERT_EQ(0, open_made(self));
	EXPECT_EQ(206272, ktstr_btf__var_offset(self->btf, ".data..percpu", "runqueues"));
	EXPECT_EQ(-ENOENT, ktstr_btf__var_offset(self->btf, ".data..percpu", "other"));
	EXPECT_EQ(-ENOENT, ktstr_btf__var_offset(self->btf, ".bss", "runqueues"));
}

TEST_F(btf, every_cut_is_refused)
{
	struct ktstr_btf_field f;
	size_t len, cut;

	put_inner(self);
	len = made_finish(&self->m);
	for (cut = 0; cut < len; cut++)
		EXPECT_NE(0, open_bytes(self, cut));
	ASSERT_EQ(0, open_bytes(self, len));
	EXPECT_EQ(0, ktstr_btf__field(self->btf, "inner", "nr", &f));
}

TEST_F(btf, circles_end)
{
	struct ktstr_btf_field f;
	uint32_t self_id = self->m.nr + 3;

	/* a typedef of itself, and a struct that holds itself anonymously, many times */
	made_type(&self->m, "t", BTF_KIND_TYPEDEF, 0, 0, self->m.nr + 1);
	made_type(&self->m, "s", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(&self->m, "x", self->m.nr - 1, 0, 0);
	made_type(&self->m, "deep", BTF_KIND_STRUCT, 64, 0, 8);
	for (int i = 0; i < 64; i++)
		made_member(&self->m, "", self_id, 0, 0);
	ASSERT_EQ(0, open_made(self));
	EXPECT_EQ(-EBADMSG, ktstr_btf__field(self->btf, "s", "x", &f));
	EXPECT_EQ(-EBADMSG, ktstr_btf__field(self->btf, "deep", "x", &f));
}

TEST_F(btf, unknown_kind_is_named)
{
	made_type(&self->m, "future", 20, 0, 0, 0);
	EXPECT_EQ(-EOPNOTSUPP, open_made(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "kind 20"));
}

TEST_HARNESS_MAIN

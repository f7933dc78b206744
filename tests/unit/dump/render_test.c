// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/render.h and value_text.h: each kind of type is shown as what it is, as
 * JSON and as a line from the same tree, and damaged types and short data cost nothing but their value.
 */
#include "kselftest_harness.h"

#include <stdlib.h>

#include "harness/dump/render.h"
#include "harness/dump/value_text.h"
#include "tests/unit/monitor/made_btf.h"

#define KIND_FLOAT	16
#define KIND_TYPE_TAG	18
#define KIND_ENUM64	19

FIXTURE(render) {
	struct made_btf m;
	struct ktstr_btf *btf;
	struct ktstr_jtree tree;
	struct ktstr_jnode *root;
	struct ktstr_render r;
	struct ktstr_err err;
	char *line;
	uint32_t u8, u32, s32, u64, s8, chr, boolean;
};

FIXTURE_SETUP(render)
{
	uint32_t info = 4u << 24 | 8;

	self->u8 = made_int(&self->m, "unsigned char", 1, 0);
	self->u32 = made_int(&self->m, "unsigned int", 4, 0);
	self->s32 = made_int(&self->m, "int", 4, 1);
	self->u64 = made_int(&self->m, "u64", 8, 0);
	self->s8 = made_int(&self->m, "signed char", 1, 1);
	self->chr = made_int(&self->m, "char", 1, 1);
	self->boolean = made_type(&self->m, "_Bool", BTF_KIND_INT, 0, 0, 1);
	made_put(&self->m, &info, sizeof(info));
	ktstr_jtree__init(&self->tree, 4 << 20);
	self->root = ktstr_jtree__object(&self->tree, NULL, NULL);
	self->r.tree = &self->tree;
}

FIXTURE_TEARDOWN(render)
{
	ktstr_btf__free(self->btf);
	ktstr_jtree__free(&self->tree);
	free(self->line);
}

/* The line for the value of @type at @data; NULL: the BTF is not accepted. */
static const char *show(FIXTURE_DATA(render) *self, uint32_t type, const void *data, size_t len)
{
	size_t out;
	FILE *f;

	if (!self->btf && ktstr_btf__open(&self->btf, self->m.out, made_finish(&self->m), &self->err))
		return NULL;
	self->root->first = self->root->last = NULL;
	self->root->nr = 0;
	ktstr_render__value(&self->r, self->root, "v", self->btf, type, data, len);
	free(self->line);
	f = open_memstream(&self->line, &out);
	ktstr_value_text__line(ktstr_jnode__get(self->root, "v"), f);
	fclose(f);
	return self->line;
}

static const char *kind(FIXTURE_DATA(render) *self)
{
	return ktstr_jnode__str(ktstr_jnode__get(self->root, "v"), "kind", "none");
}

static const struct ktstr_btf *cast_btf;

/* The member at 8 of "holder" is a pointer to "u64"s. */
static bool is_cast(void *arg, const struct ktstr_btf *btf, uint32_t type, uint32_t offset,
		    uint64_t value, struct ktstr_render_cast *c)
{
	cast_btf = btf;
	c->target = "worker";
	c->annotation = value >> 63 ? KTSTR_CAST_TO_KERNEL : KTSTR_CAST_TO_ARENA;
	snprintf(c->to.note, sizeof(c->to.note), "w[7]");
	return type == *(uint32_t *)arg && offset == 8;
}

TEST_F(render, a_number_that_is_a_pointer_is_shown_as_one)
{
	uint64_t data[2] = { 5, 0xffff888000001000 };
	uint32_t holder;

	holder = made_type(&self->m, "holder", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(&self->m, "nr", self->u64, 0, 0);
	made_member(&self->m, "task", self->u64, 64, 0);
	self->r.cast = is_cast;
	self->r.arg = &holder;
	EXPECT_STREQ("{nr=5, task=0xffff888000001000 (worker w[7]) (cast\u2192kernel)}",
		     show(self, holder, data, sizeof(data)));
	EXPECT_EQ(self->btf, cast_btf);
	data[1] = 0x1000;
	EXPECT_STREQ("{nr=5, task=0x1000 (worker w[7]) (cast\u2192arena)}",
		     show(self, holder, data, sizeof(data)));
	/* 0 points nowhere, and half a member is none */
	data[1] = 0;
	EXPECT_EQ(NULL, strstr(show(self, holder, data, sizeof(data)), "cast"));
	EXPECT_EQ(NULL, strstr(show(self, holder, data, 12), "cast"));
	self->r.cast = NULL;
	data[1] = 0x1000;
	EXPECT_STREQ("{nr=5, task=4096}", show(self, holder, data, sizeof(data)));
}

TEST_F(render, numbers_are_what_their_type_says)
{
	static const uint8_t data[8] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t one[] = { 1 }, letter[] = { 'x' }, odd[] = { 7 };

	EXPECT_STREQ("4294967294", show(self, self->u32, data, sizeof(data)));
	EXPECT_STREQ("uint", kind(self));
	EXPECT_EQ(32, ktstr_jnode__u64(ktstr_jnode__get(self->root, "v"), "bits", 0));
	EXPECT_STREQ("-2", show(self, self->s32, data, sizeof(data)));
	EXPECT_STREQ("int", kind(self));
	EXPECT_STREQ("0xfffffffffffffffe", show(self, self->u64, data, sizeof(data)));
	EXPECT_STREQ("-2", show(self, self->s8, data, 1));
	EXPECT_STREQ("true", show(self, self->boolean, one, 1));
	EXPECT_STREQ("bool", kind(self));
	EXPECT_STREQ("7", show(self, self->boolean, odd, 1));
	EXPECT_STREQ("'x'", show(self, self->chr, letter, 1));
	EXPECT_STREQ("char", kind(self));
	EXPECT_STREQ("<cut: 3 of 4 bytes>", show(self, self->u32, data, 3));
	EXPECT_STREQ("truncated", kind(self));
}

TEST_F(render, enumerators_have_their_names)
{
	struct { uint32_t name, lo, hi; } big = { 0, 1, 0x80000000 };
	static const int32_t minus = -5, other = 9;
	static const uint64_t wide = 0x8000000000000001;
	uint32_t e = made_type(&self->m, "e", BTF_KIND_ENUM, 2, 1, 4), e64, u;
	static const uint32_t top = 0xffffffff;

	made_enumerator(&self->m, "MINUS", -5);
	made_enumerator(&self->m, "TWO", 2);
	u = made_type(&self->m, "u", BTF_KIND_ENUM, 1, 0, 4);
	made_enumerator(&self->m, "TOP", -1);
	e64 = made_type(&self->m, "e64", KIND_ENUM64, 1, 0, 8);
	big.name = made_str(&self->m, "BIG");
	made_put(&self->m, &big, sizeof(big));
	EXPECT_STREQ("MINUS (-5)", show(self, e, &minus, 4));
	EXPECT_STREQ("9", show(self, e, &other, 4));
	EXPECT_STREQ("TOP (4294967295)", show(self, u, &top, 4));
	EXPECT_STREQ("BIG (0x8000000000000001)", show(self, e64, &wide, 8));
}

TEST_F(render, bitfields_are_cut_out)
{
	/* u32 a:3; int b:5; u64 c:40 from bit 20 on */
	uint32_t s = made_type(&self->m, "bits", BTF_KIND_STRUCT, 4, 1, 8);
	uint64_t data = 5 | (uint64_t)(-3 & 0x1f) << 3 | 0xabcdef0123ull << 20;

	made_member(&self->m, "a", self->u32, 0, 3);
	made_member(&self->m, "b", self->s32, 3, 5);
	made_member(&self->m, "c", self->u64, 20, 40);
	made_member(&self->m, "beyond", self->u64, 60, 8);
	EXPECT_STREQ("{a=5, b=-3, c=737894400291, beyond=<cut: 8 of 9 bytes>}",
		     show(self, s, &data, sizeof(data)));
}

TEST_F(render, structures_nest_and_zeros_are_left_out)
{
	uint32_t in = made_type(&self->m, "", BTF_KIND_UNION, 2, 0, 4), s, constant;
	uint32_t data[4] = { 0, 0x41, 0, 3 };

	made_member(&self->m, "number", self->u32, 0, 0);
	made_member(&self->m, "letter", self->chr, 0, 0);
	constant = made_type(&self->m, "", BTF_KIND_CONST, 0, 0, in);
	constant = made_type(&self->m, "both_t", BTF_KIND_TYPEDEF, 0, 0, constant);
	s = made_type(&self->m, "outer", BTF_KIND_STRUCT, 4, 0, 16);
	made_member(&self->m, "nothing", self->u32, 0, 0);
	made_member(&self->m, "both", constant, 32, 0);
	made_member(&self->m, "gone", in, 64, 0);
	made_member(&self->m, "last", self->u32, 96, 0);
	EXPECT_STREQ("{both={number=65, letter='A'}, last=3}", show(self, s, data, sizeof(data)));
	EXPECT_STREQ("struct", kind(self));
	EXPECT_STREQ("outer", ktstr_jnode__str(ktstr_jnode__get(self->root, "v"), "type_name", ""));
	EXPECT_EQ(4, ktstr_jnode__get(ktstr_jnode__get(self->root, "v"), "members")->nr);
	/* what is there of a structure that is cut is shown */
	EXPECT_STREQ("{both={number=65, letter='A'}, gone={number=<cut: 0 of 4 bytes>, letter=<cut: 0 of 1 bytes>}, last=<cut: 0 of 4 bytes>}",
		     show(self, s, data, 8));
	memset(data, 0, sizeof(data));
	EXPECT_STREQ("{all 0}", show(self, s, data, sizeof(data)));
}

TEST_F(render, arrays_are_collapsed_and_texts_recognised)
{
	uint32_t a = made_array(&self->m, self->u32, 6), name = made_array(&self->m, self->chr, 8);
	uint32_t bytes = made_array(&self->m, self->u8, 4), none = made_array(&self->m, self->u32, 0);
	static const uint32_t data[6] = { 7, 7, 7, 0, 0, 9 };

	EXPECT_STREQ("[[0..2]=7, [5]=9, rest 0]", show(self, a, data, sizeof(data)));
	EXPECT_EQ(3, ktstr_jnode__get(ktstr_jnode__get(self->root, "v"), "elements")->nr);
	EXPECT_STREQ("\"worker\"", show(self, name, "worker\0", 8));
	EXPECT_STREQ("string", kind(self));
	EXPECT_STREQ("\"\"", show(self, name, "\0\0\0\0\0\0\0", 8));
	/* no text: it does not end, or something stands behind its end, or bytes that no text has */
	show(self, name, "worker12", 8);
	EXPECT_STREQ("array", kind(self));
	show(self, name, "ab\0c\0\0\0", 8);
	EXPECT_STREQ("array", kind(self));
	show(self, name, "\x01" "b\0\0\0\0\0", 8);
	EXPECT_STREQ("array", kind(self));
	show(self, bytes, "abc", 4);
	EXPECT_STREQ("array", kind(self));
	EXPECT_STREQ("[]", show(self, none, data, 0));
}

TEST_F(render, cpu_masks_are_lists)
{
	uint32_t words = made_array(&self->m, self->u64, 2);
	uint32_t mask = made_type(&self->m, "cpumask", BTF_KIND_STRUCT, 1, 0, 16);
	uint64_t bits[2] = { 0x8000000000000027, 1 };

	made_member(&self->m, "bits", words, 0, 0);
	EXPECT_STREQ("{0-2,5,63-64}", show(self, mask, bits, sizeof(bits)));
	EXPECT_STREQ("cpu_list", kind(self));
}

TEST_F(render, sections_have_their_variables)
{
	struct btf_var_secinfo si[2] = { { .offset = 0, .size = 4 }, { .offset = 4, .size = 4 } };
	static const uint32_t data[2] = { 1, 2 };
	uint32_t global = 1, section;

	si[0].type = made_type(&self->m, "nr_enqueued", BTF_KIND_VAR, 0, 0, self->u32);
	made_put(&self->m, &global, sizeof(global));
	si[1].type = made_type(&self->m, "nr_lost", BTF_KIND_VAR, 0, 0, self->u32);
	made_put(&self->m, &global, sizeof(global));
	section = made_type(&self->m, ".bss", BTF_KIND_DATASEC, 2, 0, 8);
	made_put(&self->m, si, sizeof(si));
	EXPECT_STREQ("{nr_enqueued=1, nr_lost=2}", show(self, section, data, sizeof(data)));
}

static uint64_t node[2] = { 0x1000, 42 };

static int read_node(void *arg, uint64_t addr, void *buf, size_t len)
{
	(void)arg;
	if (addr != 0x1000 || len != sizeof(node))
		return -1;
	memcpy(buf, node, sizeof(node));
	return 0;
}

static void follow(void *arg, const struct ktstr_btf *btf, const struct ktstr_btf_type *p,
		   uint64_t addr, struct ktstr_render_target *t)
{
	(void)arg;
	strcpy(t->note, "here");
	t->btf = btf;
	t->type = p->target;
	t->addr = addr;
}

TEST_F(render, pointers_are_followed_and_cycles_end)
{
	/* struct node { struct node *next; u64 value; }, the pointer is type id + 1 */
	uint32_t s = made_type(&self->m, "node", BTF_KIND_STRUCT, 2, 0, 16);
	uint32_t ptr = s + 1;
	uint64_t addr = 0x1000;

	made_member(&self->m, "next", ptr, 0, 0);
	made_member(&self->m, "value", self->u64, 64, 0);
	made_type(&self->m, "", BTF_KIND_PTR, 0, 0, s);
	EXPECT_STREQ("0x1000 (node)", show(self, ptr, &addr, sizeof(addr)));
	self->r.pointer = follow;
	self->r.read = read_node;
	EXPECT_STREQ("0x1000 (node here) -> {next=0x1000 (node here), value=42}",
		     show(self, ptr, &addr, sizeof(addr)));
	addr = 0x2000;
	EXPECT_STREQ("0x2000 (node here)", show(self, ptr, &addr, sizeof(addr)));
	EXPECT_STREQ("it cannot be read", ktstr_jnode__str(ktstr_jnode__get(self->root, "v"),
							   "deref_skipped_reason", ""));
	addr = 0;
	EXPECT_STREQ("NULL", show(self, ptr, &addr, sizeof(addr)));
}

TEST_F(render, floats_are_shown)
{
	uint32_t f = made_type(&self->m, "float", KIND_FLOAT, 0, 0, 4);
	uint32_t d = made_type(&self->m, "double", KIND_FLOAT, 0, 0, 8);
	uint32_t l = made_type(&self->m, "long double", KIND_FLOAT, 0, 0, 16);
	static const float half = 0.5f;
	static const double third = -0.25;
	static const uint8_t raw[16] = { 1, 2 };

	EXPECT_STREQ("0.5", show(self, f, &half, 4));
	EXPECT_STREQ("-0.25", show(self, d, &third, 8));
	EXPECT_STREQ("01020000000000000000000000000000", show(self, l, raw, 16));
}

TEST_F(render, damage_costs_its_value_only)
{
	uint32_t loop = self->m.nr + 1, array, fwd, s, deep;
	static const uint8_t data[64] = { 1 };

	made_type(&self->m, "loop", BTF_KIND_TYPEDEF, 0, 0, loop);
	array = made_array(&self->m, loop, 4);
	fwd = made_type(&self->m, "unknown", BTF_KIND_FWD, 0, 0, 0);
	s = made_type(&self->m, "damaged", BTF_KIND_STRUCT, 3, 0, 64);
	made_member(&self->m, "far", self->u32, 0x7fffff00, 0);
	made_member(&self->m, "no_type", 9999, 0, 0);
	made_member(&self->m, "good", self->u8, 0, 0);
	/* a structure that contains itself */
	deep = made_type(&self->m, "deep", BTF_KIND_STRUCT, 1, 0, 64);
	made_member(&self->m, "in", deep, 0, 0);
	EXPECT_STREQ("<a type without a value>", show(self, loop, data, sizeof(data)));
	EXPECT_STREQ("<an array of elements without a size>", show(self, array, data, sizeof(data)));
	EXPECT_STREQ("<a type without a value>", show(self, fwd, data, sizeof(data)));
	EXPECT_STREQ("<a type without a value>", show(self, 0, data, sizeof(data)));
	EXPECT_STREQ("{far=<cut: 0 of 4 bytes>, no_type=<a type without a value>, good=1}",
		     show(self, s, data, sizeof(data)));
	EXPECT_NE(NULL, strstr(show(self, deep, data, sizeof(data)), "<nested too deeply>"));
}

TEST_F(render, the_tree_bounds_what_is_shown)
{
	uint32_t a = made_array(&self->m, self->u8, 60000);
	uint8_t *data = malloc(60000);

	for (int i = 0; i < 60000; i++)
		data[i] = (uint8_t)(i * 7);
	show(self, a, data, 60000);
	EXPECT_EQ(KTSTR_RENDER_ELEMENTS + 1,
		  ktstr_jnode__get(ktstr_jnode__get(self->root, "v"), "elements")->nr);
	EXPECT_LE(self->tree.bytes, self->tree.max);
	for (int i = 0; i < 10 && !self->tree.error; i++)
		show(self, a, data, 60000);
	EXPECT_NE(0, self->tree.error);
	EXPECT_LE(self->tree.bytes, self->tree.max);
	free(data);
}

TEST_F(render, long_values_take_a_line_a_member)
{
	uint32_t name = made_array(&self->m, self->chr, 64), s;
	char data[136] = { 0 }, *text = NULL;
	size_t len;
	FILE *f;

	s = made_type(&self->m, "two", BTF_KIND_STRUCT, 3, 0, 136);
	made_member(&self->m, "first", name, 0, 0);
	made_member(&self->m, "second", name, 512, 0);
	made_member(&self->m, "zero", self->u64, 1024, 0);
	memset(data, 'a', 60);
	memset(data + 64, 'b', 60);
	show(self, s, data, sizeof(data));
	f = open_memstream(&text, &len);
	ktstr_value_text__put(ktstr_jnode__get(self->root, "v"), "x", 2, false, f);
	fclose(f);
	EXPECT_STREQ("  x = {\n    first=\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n"
		     "    second=\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\n"
		     "    (1 more is 0)\n  }\n", text);
	free(text);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Values by their types, both of a guest: the input is a length, so many bytes of BTF, and the bytes
 * of a value. Whatever they are, rendering ends, the tree stays within its limit and what is written
 * is read back.
 */
#include "tests/fuzz/fuzz.h"
#include "harness/dump/render.h"
#include "harness/dump/value_text.h"
#include "tests/unit/monitor/made_btf.h"

#define TREE_MAX	(1u << 20)
#define MAX_TYPES	24

static void seeds(void)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	uint32_t u32 = made_int(b, "u32", 4, 0), chr = made_int(b, "char", 1, 1);
	uint32_t name = made_array(b, chr, 16), arr = made_array(b, u32, 5), s, e;
	uint8_t in[4096] = { };
	uint16_t len;

	e = made_type(b, "state", BTF_KIND_ENUM, 2, 0, 4);
	made_enumerator(b, "OFF", 0);
	made_enumerator(b, "ON", 1);
	s = b->nr + 1;
	made_type(b, "node", BTF_KIND_STRUCT, 6, 1, 64);
	made_member(b, "next", s + 1, 0, 0);
	made_member(b, "name", name, 64, 0);
	made_member(b, "numbers", arr, 192, 0);
	made_member(b, "bits", u32, 352, 3);
	made_member(b, "state", e, 384, 0);
	made_member(b, "", s + 2, 416, 0);
	made_type(b, "", BTF_KIND_PTR, 0, 0, s);
	made_type(b, "cpumask", BTF_KIND_UNION, 1, 0, 8);
	made_member(b, "bits", u32, 0, 0);
	len = (uint16_t)made_finish(b);
	memcpy(in, &len, sizeof(len));
	memcpy(in + sizeof(len), b->out, len);
	in[sizeof(len) + len] = 1;
	memcpy(in + sizeof(len) + len + 8, "worker", 6);
	seed("made", in, sizeof(len) + len + 64);
	free(b);
}

struct value {
	const uint8_t *data;
	size_t len;
};

static int read_value(void *arg, uint64_t addr, void *buf, size_t len)
{
	const struct value *v = arg;

	if (addr > v->len || len > v->len - addr)
		return -1;
	memcpy(buf, v->data + addr, len);
	return 0;
}

static void follow(void *arg, const struct ktstr_btf *btf, const struct ktstr_btf_type *p,
		   uint64_t addr, struct ktstr_render_target *t)
{
	(void)arg;
	t->btf = btf;
	t->type = p->target;
	t->addr = addr % 64;
}

static void check_text(const struct ktstr_jnode *root)
{
	struct ktstr_jtree back;
	const struct ktstr_jnode *again;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	must(f != NULL);
	ktstr_jtree__write(root, f);
	fclose(f);
	ktstr_jtree__init(&back, 8 * TREE_MAX);
	again = ktstr_jtree__parse(&back, text, len, NULL);
	must(again != NULL);
	ktstr_jtree__free(&back);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_render r = { .pointer = follow, .read = read_value };
	struct ktstr_jtree tree;
	struct ktstr_jnode *root;
	struct ktstr_btf *btf;
	struct value value;
	uint16_t len;
	FILE *null;

	if (size < sizeof(len))
		return 0;
	memcpy(&len, data, sizeof(len));
	if (len > size - sizeof(len) || ktstr_btf__open(&btf, data + sizeof(len), len, NULL))
		return 0;
	value = (struct value){ data + sizeof(len) + len, size - sizeof(len) - len };
	ktstr_jtree__init(&tree, TREE_MAX);
	root = ktstr_jtree__array(&tree, NULL, NULL);
	r.tree = &tree;
	r.arg = &value;
	for (uint32_t id = 0; id < MAX_TYPES; id++)
		ktstr_render__value(&r, root, NULL, btf, id, value.data, value.len);
	must(tree.bytes <= TREE_MAX);
	null = fopen("/dev/null", "w");
	for (const struct ktstr_jnode *n = root->first; n && null; n = n->next) {
		ktstr_value_text__line(n, null);
		ktstr_value_text__is_zero(n);
	}
	if (null)
		fclose(null);
	check_text(root);
	ktstr_jtree__free(&tree);
	ktstr_btf__free(btf);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Forward declarations across the BTF of three BPF objects: the input is two lengths, and three pieces
 * of BTF. What is found has the name and the kind of the declaration, has members or a size, and is
 * the same whenever it is asked for; objects in another order do not change whether something is
 * found.
 */
#include "tests/fuzz/fuzz.h"
#include "harness/dump/cast/cast.h"
#include "harness/dump/forward.h"
#include "tests/unit/monitor/made_btf.h"

#define OBJECTS	3
#define MAX_IDS	256

static size_t put_object(uint8_t *to, int i, const char *member, uint32_t size)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	uint32_t u64 = made_int(b, "u64", 8, 0);
	size_t len;

	must(b != NULL);
	if (i) {
		made_type(b, "ctx", BTF_KIND_STRUCT, 1, 0, size);
		made_member(b, member, u64, 0, 0);
		made_type(b, "either", i == 1 ? BTF_KIND_UNION : BTF_KIND_STRUCT, 1, 0, 8);
		made_member(b, "u", u64, 0, 0);
	} else {
		made_type(b, "ctx", BTF_KIND_FWD, 0, 0, 0);
		made_type(b, "either", BTF_KIND_FWD, 0, 1, 0);
		made_type(b, "lost", BTF_KIND_FWD, 0, 0, 0);
	}
	len = made_finish(b);
	memcpy(to, b->out, len);
	free(b);
	return len;
}

static void put_seed(const char *name, const char *member, uint32_t size)
{
	uint8_t in[4096];
	uint16_t len;
	size_t at = 2 * sizeof(len);

	for (int i = 0; i < OBJECTS; i++) {
		len = (uint16_t)put_object(in + at, i, i == 2 ? member : "load", i == 2 ? size : 8);
		if (i < 2)
			memcpy(in + i * sizeof(len), &len, sizeof(len));
		at += len;
	}
	seed(name, in, at);
}

static void seeds(void)
{
	put_seed("agree", "load", 8);
	put_seed("member", "runtime", 8);
	put_seed("size", "load", 16);
}

static void check(const struct ktstr_casts *o, uint32_t id)
{
	const struct ktstr_casts other[2] = { o[2], o[1] };
	struct ktstr_complete c, again, turned;
	struct ktstr_btf_type f, t;

	ktstr_btf__type(o[0].btf, id, &f);
	c = ktstr_forward__find(o[0].btf, id, o + 1, 2);
	again = ktstr_forward__find(o[0].btf, id, o + 1, 2);
	must(c.btf == again.btf && c.type == again.type);
	turned = ktstr_forward__find(o[0].btf, id, other, 2);
	must(!c.btf == !turned.btf);
	if (!c.btf)
		return;
	must(f.kind == KTSTR_BTF_FWD && *f.name);
	ktstr_btf__type(c.btf, c.type, &t);
	must(t.size && !strcmp(t.name, f.name));
	must(t.kind == (f.of_union ? KTSTR_BTF_UNION : KTSTR_BTF_STRUCT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_casts o[OBJECTS] = { };
	uint16_t len[2];
	size_t left;

	if (size < sizeof(len))
		return 0;
	memcpy(len, data, sizeof(len));
	data += sizeof(len);
	left = size - sizeof(len);
	for (int i = 0; i < OBJECTS; i++) {
		size_t n = i < 2 && len[i] < left ? len[i] : left;

		ktstr_btf__open(&o[i].btf, data, n, NULL);
		data += n;
		left -= n;
	}
	/* an object may have none */
	for (uint32_t id = 0; o[0].btf && id < MAX_IDS; id++)
		check(o, id);
	for (int i = 0; i < OBJECTS; i++)
		ktstr_btf__free(o[i].btf);
	return 0;
}

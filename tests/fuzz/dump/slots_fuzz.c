// SPDX-License-Identifier: GPL-2.0
/*
 * A scheduler whose allocator (sdt_alloc) is damaged: the input is a list of places in the arena, in
 * the scheduler's .bss and in its BTF, two bytes each, and of the eight bytes that are stored there.
 * Whatever they are, a dump comes to an end and stays within its limit, and what it lists is what it
 * says of the arena.
 */
#include <linux/kernel.h>
#include "tests/fuzz/fuzz.h"
#include "harness/dump/dump.h"
#include "tests/unit/dump/made_slots.h"

#define PATCH		10	/* bytes of the input for one store */
#define ARENA_BYTES	(5 * 4096u)
#define MAX_SLOTS	4096	/* harness/dump/slots.h */

/* What the input reaches: pages of the arena, then the rest. */
static struct stretch {
	uint64_t gpa, len;
} stretch[3];

static struct made_slots *guest(void)
{
	static struct made_slots s;
	static bool made;

	if (!made) {
		must(!made_slots_init(&s));
		stretch[0] = (struct stretch){ PAGES_GPA, ARENA_BYTES };
		stretch[1] = (struct stretch){ s.m.bss + ARRAY_VALUE, BSS_BYTES };
		stretch[2] = (struct stretch){ made_load(&s.m.g, s.m.object) - DIRECT,
					       made_load(&s.m.g, s.m.object + 8) & ~7ull };
	}
	made = true;
	return &s;
}

/* Of byte @at of all stretches; 0: behind the last one. */
static uint64_t gpa_of(uint64_t at)
{
	for (size_t i = 0; i < ARRAY_SIZE(stretch); at -= stretch[i++].len)
		if (at < stretch[i].len)
			return stretch[i].gpa + at;
	return 0;
}

static void put_patch(uint8_t *to, uint32_t at, uint64_t value)
{
	uint16_t word = (uint16_t)(at / 8);

	memcpy(to, &word, sizeof(word));
	memcpy(to + sizeof(word), &value, sizeof(value));
}

static void seeds(void)
{
	uint8_t in[3 * PATCH] = { };

	guest();
	seed("none", in, 0);
	/* a tree that is its own child, a leaf outside, one that is behind the end */
	put_patch(in, CHUNK0, ARENA_USER + DESC0);
	put_patch(in + PATCH, CHUNK2 + 8, ARENA_USER + 8 * 4096);
	put_patch(in + 2 * PATCH, CHUNK2 + 16, ARENA_USER + ARENA_PAGES * 4096 - 8);
	seed("tree", in, sizeof(in));
	/* leaves of another size, a root elsewhere */
	put_patch(in, ARENA_BYTES + AT_ALLOCATOR + 8, 4096);
	put_patch(in + PATCH, ARENA_BYTES + AT_ALLOCATOR + 32, (uint32_t)ARENA_USER);
	seed("allocator", in, 2 * PATCH);
	/* all leaves are in use */
	for (uint32_t i = 0; i < 3; i++)
		put_patch(in + i * PATCH, DESC2 + 8 * i, UINT64_MAX);
	seed("full", in, sizeof(in));
}

static void check(const struct ktstr_jnode *report)
{
	const struct ktstr_jnode *a = ktstr_jnode__list(report, "sdt_allocations"), *e;
	uint64_t bytes, user;
	unsigned int nr = 0;

	for (; a; a = a->next) {
		bytes = ktstr_jnode__u64(a, "elem_size", 0);
		for (e = ktstr_jnode__list(a, "entries"); e; e = e->next, nr++) {
			user = ktstr_jnode__u64(e, "user_addr", 0);
			must(user >= ARENA_USER);
			must(user - ARENA_USER + bytes <= ARENA_PAGES * 4096);
		}
	}
	must(nr <= MAX_SLOTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *pristine;
	struct made_slots *s = guest();
	struct ktstr_monitor mon = { .view = s->m.v };
	struct ktstr_dump_input in = { .mon = &mon, .trigger = "fuzz", .ops = "mine" };
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;

	if (!pristine) {
		pristine = malloc(GUEST_RAM);
		must(pristine != NULL);
		memcpy(pristine, s->m.g.ram, GUEST_RAM);
	}
	for (; size >= PATCH; data += PATCH, size -= PATCH) {
		uint64_t gpa;
		uint16_t word;

		memcpy(&word, data, sizeof(word));
		gpa = gpa_of(8ull * word);
		if (gpa)
			memcpy(s->m.g.ram + gpa, data + sizeof(word), 8);
	}
	ktstr_jtree__init(&tree, 4 << 20);
	report = ktstr_jtree__object(&tree, NULL, NULL);
	ktstr_dump__take(&tree, report, &in);
	must(tree.bytes <= tree.max);
	check(report);
	ktstr_jtree__free(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(stretch); i++)
		memcpy(s->m.g.ram + stretch[i].gpa, pristine + stretch[i].gpa, stretch[i].len);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage of a guest that scribbles over its BPF programs and their line info: the input is a list of places in
 * the memory that holds them, two bytes each, and of the eight bytes that are stored there. Whatever
 * they are, the pieces to be counted are sound, what is folded can be written as a tracefile, and reads
 * back as what it was.
 */
#include <linux/kernel.h>
#include "fuzz.h"
#include "harness/coverage/lcov.h"
#include "tests/unit/coverage/made_loads.h"

#define PATCH	10	/* bytes of the input for one store */

static void put_patch(uint8_t *to, uint64_t gpa, uint64_t value)
{
	uint16_t at = (uint16_t)((gpa - HEAP) / 8);

	memcpy(to, &at, sizeof(at));
	memcpy(to + sizeof(at), &value, sizeof(value));
}

static struct made_loads *guest(void)
{
	static struct made_loads m;
	static bool made;

	if (!made)
		must(!made_loads_init(&m));
	made = true;
	return &m;
}

static void seeds(void)
{
	static const char tracefile[] = "TN:\nSF:/a.c\nFN:1,f\nFNDA:2,f\nDA:1,2\nDA:3,0\nend_of_record\n";
	struct made_loads *m = guest();
	uint64_t aux = made_loads_aux(m, m->op);
	uint8_t in[2 * PATCH] = { };

	seed("none", in, 0);
	put_patch(in, m->linfo + 16, UINT64_MAX);
	put_patch(in + PATCH, m->jited + 8, CODE + 1);
	seed("lines", in, sizeof(in));
	put_patch(in, aux + AUX_NR_FUNCS, UINT32_MAX);
	put_patch(in + PATCH, aux, UINT64_MAX);
	seed("numbers", in, sizeof(in));
	put_patch(in, m->node + NODE_SLOTS + 8, (DIRECT + m->node) | 2);
	put_patch(in + PATCH, m->op, UINT64_MAX);
	seed("programs", in, sizeof(in));
	seed("tracefile", tracefile, sizeof(tracefile) - 1);
}

static int numbers(void *arg, uint32_t first, uint32_t nr, uint64_t *count)
{
	const struct ktstr_loads *l = arg;

	must(first <= l->nr_counters && nr <= l->nr_counters - first);
	for (uint32_t i = 0; i < nr; i++)
		count[i] = UINT64_MAX - i;
	return 0;
}

static void check_pieces(struct ktstr_loads *l)
{
	static struct vm_counted piece[VM_MAX_COUNTED];
	unsigned int nr = ktstr_loads__counted(l, piece);

	must(nr <= VM_MAX_COUNTED);
	for (unsigned int i = 0; i < nr; i++) {
		must(piece[i].len && piece[i].first < VM_COUNT_BYTES);
		must(piece[i].len <= VM_COUNT_BYTES - piece[i].first);
		must(!i || piece[i].kva - piece[i - 1].kva >= piece[i - 1].len);
	}
}

static void check_tracefile(const struct ktstr_cover *c)
{
	struct ktstr_cover again = { .nr = 0 };
	struct ktstr_err err;
	size_t len, len2;
	char *text = ktstr_lcov__text(c, &len), *text2;

	must(text && !ktstr_lcov__parse(&again, text, len, &err));
	ktstr_cover__sort(&again);
	text2 = ktstr_lcov__text(&again, &len2);
	must(text2 && len == len2 && !memcmp(text, text2, len));
	ktstr_cover__free(&again);
	free(text2);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct made_loads *m = guest();
	struct ktstr_loads l = { .nr_progs = 0 };
	struct ktstr_cover c = { .nr = 0 }, any = { .nr = 0 };
	struct ktstr_err err;
	uint8_t *before = malloc(HEAP_BYTES);

	must(before);
	memcpy(before, m->g.ram + HEAP, HEAP_BYTES);
	for (int i = 0; i < 2; i++) {		/* two looks, the second one behind the damage */
		ktstr_loads__look(&l, &m->v, i);
		check_pieces(&l);
		for (size_t at = 0; !i && at + PATCH <= size; at += PATCH) {
			uint16_t word;

			memcpy(&word, data + at, sizeof(word));
			memcpy(m->g.ram + HEAP + word % (HEAP_BYTES / 8) * 8, data + at + sizeof(word), 8);
		}
	}
	ktstr_loads__free(&l);
	ktstr_loads__look(&l, &m->v, true);
	check_pieces(&l);
	must(!ktstr_loads__fold(&l, &c, numbers, &l));
	check_tracefile(&c);
	memcpy(m->g.ram + HEAP, before, HEAP_BYTES);
	/* the same bytes as a tracefile */
	if (!ktstr_lcov__parse(&any, (const char *)data, size, &err)) {
		ktstr_cover__sort(&any);
		check_tracefile(&any);
	}
	ktstr_cover__free(&any);
	ktstr_cover__free(&c);
	ktstr_loads__free(&l);
	free(before);
	return 0;
}

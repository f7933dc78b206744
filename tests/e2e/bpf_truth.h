/* SPDX-License-Identifier: GPL-2.0 */
/* The host's half of guest/bpf_guest.c: what it reads in the guest's memory of maps and programs. */
#ifndef KTSTR_TESTS_BPF_TRUTH_H
#define KTSTR_TESTS_BPF_TRUTH_H

#include <linux/kernel.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/bpf_digest.h"
#include "harness/monitor/bpf/map.h"
#include "harness/monitor/bpf/prog.h"
#include "harness/monitor/bpf/write.h"

#define MAX_VALUE	65536

struct summing {
	struct ktstr_kview *v;
	const struct ktstr_map *map;
	uint32_t nr;
	uint64_t sum;
};

static int add_value(void *arg, const struct ktstr_map_value *value)
{
	static uint8_t bytes[MAX_VALUE];
	uint8_t key[64];
	struct summing *s = arg;
	uint32_t index = (uint32_t)value->index;
	int ret = 0;

	if (s->map->key_size > sizeof(key) || s->map->value_size > sizeof(bytes))
		return -1;
	if (value->key_kva)
		ret = ktstr_kview__read(s->v, value->key_kva, key, s->map->key_size);
	else
		memcpy(key, &index, sizeof(index));
	if (!ret)
		ret = ktstr_kview__read(s->v, value->kva, bytes, s->map->value_size);
	s->sum += bpf_digest(key, s->map->key_size, value->cpu, bytes, s->map->value_size);
	s->nr++;
	return ret;
}

static void put_map(struct ktstr_kview *v, const struct ktstr_map_layout *l,
		    const struct ktstr_map *map, FILE *f)
{
	struct summing s = { .v = v, .map = map };

	fprintf(f, "map%u.name %s\n", map->id, map->name[0] ? map->name : "-");
	fprintf(f, "map%u.shape %u,%u,%u,%u\n", map->id, map->type, map->key_size, map->value_size,
		map->max_entries);
	/* storages cannot be listed by a syscall */
	if (!ktstr_map__type_name(map) || map->type == KTSTR_MAP_ARENA ||
	    strstr(ktstr_map__type_name(map), "storage"))
		return;
	if (ktstr_map__each_value(map, v, l, add_value, &s))
		fprintf(f, "map%u.values unreadable\n", map->id);
	else
		fprintf(f, "map%u.values %u:%016" PRIx64 "\n", map->id, s.nr, s.sum);
}

/* Variables in the arena of guest/truth.bpf.c. */
static void put_arena(struct ktstr_kview *v, const struct ktstr_map_layout *l,
		      struct ktstr_maps *maps, FILE *f)
{
	static const char * const field[] = { "u64", "u32", "u16", "s8" };
	struct ktstr_map_target t;
	struct ktstr_err err;
	uint64_t kva, value;
	char path[32];

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		snprintf(path, sizeof(path), "in_arena.%s", field[i]);
		if (ktstr_map_target__find(&t, v, l, maps, "truth", "truth_arena", path, &err))
			fprintf(f, "arena.%s unreadable: %s\n", field[i], err.msg);
		else if (ktstr_map__element(&t.map, v, l, 0, &kva) ||
			 ktstr_map_target__load(&t, v, kva, &value))
			fprintf(f, "arena.%s unreadable\n", field[i]);
		else
			fprintf(f, "arena.%s %" PRId64 "\n", field[i], (int64_t)value);
	}
}

static const struct bpf_truth_write {
	struct ktstr_map_write what;
	const char *lines[3];		/* of the guest, in the next round */
} bpf_truth_writes[] = {
	{ { "truth_hash", "[3].u64", INT64_C(1) << 40 }, { "truth_hash.3.0.u64 1099511627776",
	    "truth_hash.2.0.u64 1000" } },
	{ { "truth_hash", "u32", 12345 }, { "truth_hash.1.0.u32 12345",
	    "truth_hash.4.0.u32 12345" } },
	{ { "truth_hash", "[1].s8", -128 }, { "truth_hash.1.0.s8 -128", "truth_hash.2.0.s8 -1" } },
	{ { "truth_pc_hash", "[2].u16", 65535 }, { "truth_pc_hash.2.0.u16 65535",
	    "truth_pc_hash.2.3.u16 65535", "truth_pc_hash.1.3.u16 10" } },
	{ { "truth_pc_array", "[2].u8", 200 }, { "truth_pc_array.2.0.u8 200",
	    "truth_pc_array.2.3.u8 200", "truth_pc_array.1.3.u8 0" } },
	{ { "truth_arena", "in_arena.u16", 99 }, { "arena.u16 99" } },
};

#define BPF_TRUTH_WRITES	ARRAY_SIZE(bpf_truth_writes)

/* Write all of them into the maps of the guest, which stands still. Returns how many failed. */
static unsigned int bpf_truth_write(struct ktstr_kview *v)
{
	struct ktstr_maps *maps = malloc(sizeof(*maps));
	struct ktstr_map_layout layout;
	struct ktstr_map_written w;
	unsigned int failed = 0;

	ktstr_map_layout__resolve(&layout, v->img->btf);
	for (size_t i = 0; maps && i < BPF_TRUTH_WRITES; i++) {
		if (!ktstr_map_write__apply(&w, v, &layout, maps, "truth",
					    &bpf_truth_writes[i].what, true))
			continue;
		failed++;
		printf("# %s %s: not written: %s\n", bpf_truth_writes[i].what.map,
		       bpf_truth_writes[i].what.field, w.why_not);
	}
	free(maps);
	return maps ? failed : 1;
}

static void put_maps(struct ktstr_kview *v, FILE *f)
{
	struct ktstr_maps *maps = malloc(sizeof(*maps));
	struct ktstr_map_layout layout;

	ktstr_map_layout__resolve(&layout, v->img->btf);
	if (maps && !ktstr_maps__read(maps, v, &layout))
		for (unsigned int i = 0; i < maps->nr; i++)
			put_map(v, &layout, &maps->map[i], f);
	if (maps && ktstr_maps__find(maps, 0, "truth_arena"))
		put_arena(v, &layout, maps, f);
	fprintf(f, "maps %u\n", maps ? maps->nr : 0);
	free(maps);
}

static void put_progs(struct ktstr_kview *v, FILE *f)
{
	struct ktstr_progs *progs = malloc(sizeof(*progs));
	struct ktstr_prog_layout layout;

	ktstr_prog_layout__resolve(&layout, v->img->btf);
	if (progs)
		ktstr_progs__read(progs, v, &layout);
	for (unsigned int i = 0; progs && i < progs->nr; i++) {
		const struct ktstr_prog *p = &progs->prog[i];
		uint64_t id = p->value[KTSTR_PROG_ID];

		fprintf(f, "prog%" PRIu64 ".name %s\n", id, p->name[0] ? p->name : "-");
		fprintf(f, "prog%" PRIu64 ".verified %" PRIu64 "\n", id,
			p->value[KTSTR_PROG_VERIFIED]);
		fprintf(f, "prog%" PRIu64 ".jited %" PRIu64 "\n", id,
			p->value[KTSTR_PROG_JITED_LEN]);
		if (!p->have_runs || !ktstr_progs__counted(v))
			continue;
		fprintf(f, "prog%" PRIu64 ".runs %" PRIu64 "\n", id, p->runs);
		fprintf(f, "prog%" PRIu64 ".run_ns %" PRIu64 "\n", id, p->run_ns);
	}
	fprintf(f, "programs %u\n", progs ? progs->nr : 0);
	free(progs);
}

/* Lines "KEY VALUE" as the guest has them, malloc()ed; NULL: no memory. */
static char *bpf_truth_read(struct ktstr_kview *v)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	put_maps(v, f);
	put_progs(v, f);
	if (!fclose(f))
		return text;
	free(text);
	return NULL;
}

#endif

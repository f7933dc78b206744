/* SPDX-License-Identifier: GPL-2.0 */
/* The host's half of guest/bpf_guest.c: what it reads in the guest's memory of maps and programs. */
#ifndef KTSTR_TESTS_BPF_TRUTH_H
#define KTSTR_TESTS_BPF_TRUTH_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/bpf_digest.h"
#include "harness/monitor/bpf/map.h"
#include "harness/monitor/bpf/prog.h"

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
	if (!ktstr_map__type_name(map) || strstr(ktstr_map__type_name(map), "storage"))
		return;
	if (ktstr_map__each_value(map, v, l, add_value, &s))
		fprintf(f, "map%u.values unreadable\n", map->id);
	else
		fprintf(f, "map%u.values %u:%016" PRIx64 "\n", map->id, s.nr, s.sum);
}

static void put_maps(struct ktstr_kview *v, FILE *f)
{
	struct ktstr_maps *maps = malloc(sizeof(*maps));
	struct ktstr_map_layout layout;

	ktstr_map_layout__resolve(&layout, v->img->btf);
	if (maps && !ktstr_maps__read(maps, v, &layout))
		for (unsigned int i = 0; i < maps->nr; i++)
			put_map(v, &layout, &maps->map[i], f);
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

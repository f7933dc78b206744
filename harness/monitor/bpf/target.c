// SPDX-License-Identifier: GPL-2.0
/* Finding the field of a map: see target.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "prog.h"
#include "target.h"

/* "[3].load" begins with the element of an array or a key. False: no number, or no closing bracket. */
static bool take_index(struct ktstr_map_target *t, const char **path)
{
	char *end;

	if (**path != '[' || (t->map.type != KTSTR_MAP_ARRAY &&
			      t->map.type != KTSTR_MAP_PERCPU_ARRAY && !ktstr_map__keyed(&t->map)))
		return true;
	if ((*path)[1] < '0' || (*path)[1] > '9')
		return false;
	t->index = strtoull(*path + 1, &end, 10);
	t->indexed = true;
	if (*end != ']')
		return false;
	*path = end + 1;
	if (**path == '.')
		++*path;
	return true;
}

/* Of an arena, @t->field is in the section of its variables: find where in the arena that is. */
static int place_in_arena(struct ktstr_map_target *t, struct ktstr_kview *v,
			  const struct ktstr_map_layout *l, uint64_t section, struct ktstr_err *err)
{
	uint64_t offset, kva;
	struct ktstr_arena a;
	int ret;

	ret = ktstr_arena__open(&a, v, &l->arena, t->map.kva, t->map.max_entries, err);
	if (!ret)
		ret = ktstr_arena__globals(&a, v, t->map.btf_kva, section, &offset, err);
	if (ret)
		return ret;
	if (!ktstr_arena__page(&a, v, (offset + t->field.offset) >> v->page_shift, &kva))
		return ktstr_err(err, ENOENT, "the field's page of the arena is not there yet");
	t->field.offset += (uint32_t)offset;
	return 0;
}

/* The type of a value, and its bytes. 0: there is none. */
static uint32_t value_type(const struct ktstr_map *map, const struct ktstr_btf *btf,
			   uint64_t *bytes)
{
	*bytes = map->value_size;
	return map->type == KTSTR_MAP_ARENA ?
	       ktstr_btf__section(btf, KTSTR_ARENA_SECTION, bytes) : map->value_type;
}

static int find_field(struct ktstr_map_target *t, struct ktstr_kview *v,
		      const struct ktstr_map_layout *l, const char *path, struct ktstr_err *err)
{
	const struct ktstr_btf_field *f = &t->field;
	struct ktstr_map_btf btf;
	uint64_t bytes;
	uint32_t type;
	int ret;

	if (!take_index(t, &path))
		return ktstr_err(err, EINVAL, "the path is malformed");
	if (t->indexed && ktstr_map__keyed(&t->map) && t->map.key_size > sizeof(t->index))
		return ktstr_err(err, EINVAL, "the map has keys of %u bytes, which are no number",
				 t->map.key_size);
	if (t->indexed && !ktstr_map__keyed(&t->map) && t->index >= t->map.max_entries)
		return ktstr_err(err, ENOENT, "the map has %u elements only", t->map.max_entries);
	ret = ktstr_map_btf__open(&btf, v, l, t->map.btf_kva, err);
	if (ret)
		return ret;
	type = value_type(&t->map, btf.btf, &bytes);
	ret = type ? ktstr_btf__field_in(btf.btf, type, path, &t->field) : -ENOENT;
	if (!type)
		ktstr_err(err, ENOENT, t->map.type == KTSTR_MAP_ARENA ?
			  "the BPF object has no variables in its arena" :
			  "the map says nothing about the type of its values");
	else if (ret)
		ktstr_err(err, -ret, ret == -EINVAL ? "the path is malformed" :
			  ret == -ENOENT ? "no such field in the BTF of the BPF object" :
			  "the BTF of the BPF object is malformed");
	else if (f->class == KTSTR_BTF_OTHER || !f->size || f->size > 8 || f->size & (f->size - 1))
		ret = ktstr_err(err, EINVAL, "the field is no whole number");
	else if (f->offset > bytes || f->size > bytes - f->offset)
		ret = ktstr_err(err, EBADMSG, "the field lies beyond the %" PRIu64 " bytes of a value",
				bytes);
	else if (t->map.type == KTSTR_MAP_ARENA)
		ret = place_in_arena(t, v, l, bytes, err);
	ktstr_map_btf__close(&btf);
	return ret;
}

/* A map that the program uses and that has no BTF is of the program's object. */
static void join_used(struct ktstr_maps *maps, struct ktstr_kview *v, const struct ktstr_prog *prog)
{
	uint64_t nr = prog->value[KTSTR_PROG_NR_USED_MAPS], kva;

	for (uint64_t k = 0; k < nr && k < KTSTR_MAX_BPF_OBJECTS; k++) {
		if (ktstr_kview__load(v, prog->value[KTSTR_PROG_USED_MAPS] + k * 8, 8, &kva))
			return;
		for (unsigned int i = 0; i < maps->nr; i++)
			if (maps->map[i].kva == kva && !maps->map[i].btf_kva)
				maps->map[i].btf_kva = prog->value[KTSTR_PROG_BTF];
	}
}

void ktstr_maps__join(struct ktstr_maps *maps, struct ktstr_kview *v)
{
	struct ktstr_progs *progs = NULL;
	struct ktstr_prog_layout layout;

	for (unsigned int i = 0; i < maps->nr && !progs; i++)
		if (!maps->map[i].btf_kva)
			progs = malloc(sizeof(*progs));
	ktstr_prog_layout__resolve(&layout, v->img->btf);
	if (!progs || ktstr_progs__read(progs, v, &layout)) {
		free(progs);
		return;
	}
	for (unsigned int k = 0; k < progs->nr; k++) {
		const struct ktstr_prog *prog = &progs->prog[k];

		for (unsigned int i = 0; i < maps->nr; i++)
			if (maps->map[i].type == KTSTR_MAP_ARENA && !maps->map[i].btf_kva &&
			    prog->value[KTSTR_PROG_ARENA] == maps->map[i].kva)
				maps->map[i].btf_kva = prog->value[KTSTR_PROG_BTF];
		join_used(maps, v, prog);
	}
	free(progs);
}

int ktstr_map_target__find(struct ktstr_map_target *t, struct ktstr_kview *v,
			   const struct ktstr_map_layout *l, struct ktstr_maps *maps,
			   const char *ops, const char *suffix, const char *path,
			   struct ktstr_err *err)
{
	const struct ktstr_map *map;
	uint64_t object;
	int ret;

	*t = (struct ktstr_map_target){ .indexed = false };
	ret = ktstr_maps__read(maps, v, l);
	if (ret)
		return ktstr_err(err, -ret, ret == -ENOENT ?
				 "this kernel's BTF or symbols do not say where BPF maps are" :
				 "the list of BPF maps cannot be read");
	ktstr_maps__join(maps, v);
	object = ktstr_maps__object(maps, v, l, ops);
	map = ktstr_maps__find(maps, object, suffix);
	if (!map)
		return ktstr_err(err, ENOENT, "none of %u BPF maps has this name", maps->nr);
	t->map = *map;
	if (!ktstr_map__type_name(map))
		return ktstr_err(err, EOPNOTSUPP, "%s is a map of type %u, which has no values to read",
				 map->name, map->type);
	ktstr_maps__object_name(maps, map->btf_kva, t->object);
	return find_field(t, v, l, path, err);
}

int ktstr_map_target__takes(const struct ktstr_map_target *t, struct ktstr_kview *v,
			    const struct ktstr_map_value *value)
{
	uint64_t key = 0;

	if (!t->indexed)
		return 1;
	if (!ktstr_map__keyed(&t->map))
		return value->index == t->index;
	if (ktstr_kview__read(v, value->key_kva, &key, t->map.key_size))
		return -EFAULT;
	return key == t->index;
}

int ktstr_map_target__load(const struct ktstr_map_target *t, struct ktstr_kview *v, uint64_t kva,
			   uint64_t *value)
{
	return ktstr_field__load(v, &t->field, kva, value);
}

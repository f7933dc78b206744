// SPDX-License-Identifier: GPL-2.0
/* Finding the field of a map: see target.h. */
#include <errno.h>
#include <stdlib.h>

#include "target.h"

/* "[3].load" of an array begins with the element. False: no number, or no closing bracket. */
static bool take_index(struct ktstr_map_target *t, const char **path)
{
	char *end;

	if (**path != '[' || (t->map.type != KTSTR_MAP_ARRAY &&
			      t->map.type != KTSTR_MAP_PERCPU_ARRAY))
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

static int find_field(struct ktstr_map_target *t, struct ktstr_kview *v,
		      const struct ktstr_map_layout *l, const char *path, struct ktstr_err *err)
{
	const struct ktstr_btf_field *f = &t->field;
	struct ktstr_map_btf btf;
	int ret;

	if (!take_index(t, &path))
		return ktstr_err(err, EINVAL, "the path is malformed");
	if (t->indexed && t->index >= t->map.max_entries)
		return ktstr_err(err, ENOENT, "the map has %u elements only", t->map.max_entries);
	if (!t->map.value_type)
		return ktstr_err(err, ENOENT, "the map says nothing about the type of its values");
	ret = ktstr_map_btf__open(&btf, v, l, t->map.btf_kva, err);
	if (ret)
		return ret;
	ret = ktstr_btf__field_in(btf.btf, t->map.value_type, path, &t->field);
	if (ret)
		ktstr_err(err, -ret, ret == -EINVAL ? "the path is malformed" :
			  ret == -ENOENT ? "no such field in the BTF of the BPF object" :
			  "the BTF of the BPF object is malformed");
	else if (f->class == KTSTR_BTF_OTHER || !f->size || f->size > 8 || f->size & (f->size - 1))
		ret = ktstr_err(err, EINVAL, "the field is no whole number");
	else if (f->offset > t->map.value_size || f->size > t->map.value_size - f->offset)
		ret = ktstr_err(err, EBADMSG, "the field lies beyond the %u bytes of a value",
				t->map.value_size);
	ktstr_map_btf__close(&btf);
	return ret;
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

int ktstr_map_target__load(const struct ktstr_map_target *t, struct ktstr_kview *v, uint64_t kva,
			   uint64_t *value)
{
	return ktstr_field__load(v, &t->field, kva, value);
}

// SPDX-License-Identifier: GPL-2.0
/* Writing into BPF maps: see write.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "write.h"

/* Is @value one of those that @f can hold? */
static bool fits(const struct ktstr_btf_field *f, int64_t value)
{
	unsigned int bits = f->size * 8;

	if (bits == 64)
		return true;		/* an u64 may be written as a negative number */
	if (f->class == KTSTR_BTF_SIGNED)
		return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
	return value >= 0 && value < INT64_C(1) << bits;
}

static int check(const struct ktstr_map_target *t, int64_t value, struct ktstr_err *err)
{
	if (t->map.type != KTSTR_MAP_ARRAY)
		return ktstr_err(err, EINVAL, "%s is a %s, but only arrays can be written",
				 t->map.name, ktstr_map__type_name(&t->map));
	if (t->map.frozen)
		return ktstr_err(err, EPERM,
				 "%s is read-only: the verifier has built its values into the programs",
				 t->map.name);
	if (t->field.bits)
		return ktstr_err(err, EINVAL, "the field is a bit field");
	if (!fits(&t->field, value))
		return ktstr_err(err, ERANGE, "%" PRId64 " does not fit into %u bytes, %s", value,
				 t->field.size, t->field.class == KTSTR_BTF_SIGNED ? "signed" :
				 "unsigned");
	return 0;
}

static int store(struct ktstr_map_written *w, const struct ktstr_map_target *t,
		 struct ktstr_kview *v, const struct ktstr_map_layout *l, struct ktstr_err *err)
{
	uint64_t kva, value;
	int ret;

	ret = ktstr_map__element(&t->map, l, t->index, &kva);
	if (ret)
		return ktstr_err(err, -ret, "this kernel's BTF does not say where its values are");
	ret = ktstr_map_target__load(t, v, kva, &value);
	if (ret)
		return ktstr_err(err, -ret, "the value cannot be read");
	w->before = (int64_t)value;
	ret = ktstr_kview__store(v, kva + t->field.offset, t->field.size, (uint64_t)w->what->value);
	if (ret)
		return ktstr_err(err, -ret, "cannot be written: %s", strerror(-ret));
	ret = ktstr_map_target__load(t, v, kva, &value);
	if (ret || (int64_t)value != w->what->value)
		return ktstr_err(err, EIO, "%" PRId64 " was written, but %" PRId64 " is there",
				 w->what->value, (int64_t)value);
	return 0;
}

int ktstr_map_write__apply(struct ktstr_map_written *w, struct ktstr_kview *v,
			   const struct ktstr_map_layout *l, struct ktstr_maps *maps,
			   const char *ops, const struct ktstr_map_write *what)
{
	struct ktstr_err err = { .msg = "" };
	struct ktstr_map_target t;
	int ret;

	*w = (struct ktstr_map_written){ .what = what };
	ret = ktstr_map_target__find(&t, v, l, maps, ops, what->map, what->field, &err);
	if (!ret)
		ret = check(&t, what->value, &err);
	if (!ret) {
		memcpy(w->map, t.map.name, sizeof(w->map));
		w->size = t.field.size;
		ret = store(w, &t, v, l, &err);
	}
	w->done = !ret;
	snprintf(w->why_not, sizeof(w->why_not), "%.255s", err.msg);
	return ret;
}

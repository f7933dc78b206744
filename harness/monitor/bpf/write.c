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

static int check(const struct ktstr_map_target *t, int64_t value, bool still,
		 struct ktstr_err *err)
{
	if (!ktstr_map__has_elements(&t->map) && !ktstr_map__per_cpu(&t->map) &&
	    !ktstr_map__keyed(&t->map))
		return ktstr_err(err, EINVAL,
				 "%s is a %s: arrays, hashes and arenas can be written",
				 t->map.name, ktstr_map__type_name(&t->map));
	if (ktstr_map__keyed(&t->map) && !still)
		return ktstr_err(err, EBUSY,
				 "%s is a %s, which can only be written while all CPUs stand still",
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

/* Of all values that are meant: the number in them is written, and in a second pass read again. */
struct pass {
	struct ktstr_map_written *w;
	const struct ktstr_map_target *t;
	struct ktstr_kview *v;
	struct ktstr_err *err;
	bool reads;
	uint32_t nr;
};

static int store_one(struct pass *p, uint64_t kva)
{
	uint64_t value;
	int ret = ktstr_map_target__load(p->t, p->v, kva, &value);

	if (ret)
		return ktstr_err(p->err, -ret, "the value cannot be read");
	if (!p->nr)
		p->w->before = (int64_t)value;
	ret = ktstr_kview__store(p->v, kva + p->t->field.offset, p->t->field.size,
				 (uint64_t)p->w->what->value);
	return ret ? ktstr_err(p->err, -ret, "cannot be written: %s", strerror(-ret)) : 0;
}

static int read_one(struct pass *p, uint64_t kva)
{
	uint64_t value = 0;

	if (ktstr_map_target__load(p->t, p->v, kva, &value) ||
	    (int64_t)value != p->w->what->value)
		return ktstr_err(p->err, EIO, "%" PRId64 " was written, but %" PRId64 " is there",
				 p->w->what->value, (int64_t)value);
	return 0;
}

static int each(void *arg, const struct ktstr_map_value *value)
{
	struct pass *p = arg;
	int ret = ktstr_map_target__takes(p->t, p->v, value);

	if (ret < 0)
		return ktstr_err(p->err, EFAULT, "a key cannot be read");
	if (!ret)
		return 0;
	ret = p->reads ? read_one(p, value->kva) : store_one(p, value->kva);
	p->nr += !ret;
	return ret;
}

static int pass(struct pass *p, const struct ktstr_map_layout *l)
{
	struct ktstr_map_value one = { .index = p->t->index };
	int ret;

	if (!ktstr_map__has_elements(&p->t->map)) {
		ret = ktstr_map__each_value(&p->t->map, p->v, l, each, p);
	} else {
		ret = ktstr_map__element(&p->t->map, p->v, l, one.index, &one.kva);
		if (!ret)
			ret = each(p, &one);
	}
	if (ret && !p->err->msg[0])
		ktstr_err(p->err, -ret, ret == -ENOENT ?
			  "this kernel's BTF does not say where its values are" :
			  "the values cannot be read: %s", strerror(-ret));
	return ret;
}

static int store(struct ktstr_map_written *w, const struct ktstr_map_target *t,
		 struct ktstr_kview *v, const struct ktstr_map_layout *l, struct ktstr_err *err)
{
	struct pass writing = { .w = w, .t = t, .v = v, .err = err };
	struct pass reading = { .w = w, .t = t, .v = v, .err = err, .reads = true };
	int ret = pass(&writing, l);

	if (ret)
		return ret;
	if (!writing.nr)
		return t->indexed ? ktstr_err(err, ENOENT, "%s has no key %" PRIu64, t->map.name,
					      t->index) :
		       ktstr_err(err, ENOENT, "%s has no value", t->map.name);
	ret = pass(&reading, l);
	if (!ret && reading.nr != writing.nr)
		ret = ktstr_err(err, EIO, "%u values were written, but %u are there", writing.nr,
				reading.nr);
	w->values = writing.nr;
	return ret;
}

int ktstr_map_write__apply(struct ktstr_map_written *w, struct ktstr_kview *v,
			   const struct ktstr_map_layout *l, struct ktstr_maps *maps,
			   const char *ops, const struct ktstr_map_write *what, bool still)
{
	struct ktstr_err err = { .msg = "" };
	struct ktstr_map_target t;
	int ret;

	*w = (struct ktstr_map_written){ .what = what };
	ret = ktstr_map_target__find(&t, v, l, maps, ops, what->map, what->field, &err);
	if (!ret)
		ret = check(&t, what->value, still, &err);
	if (!ret) {
		memcpy(w->map, t.map.name, sizeof(w->map));
		w->size = t.field.size;
		ret = store(w, &t, v, l, &err);
	}
	w->done = !ret;
	snprintf(w->why_not, sizeof(w->why_not), "%.255s", err.msg);
	return ret;
}

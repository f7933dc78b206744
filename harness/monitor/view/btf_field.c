// SPDX-License-Identifier: GPL-2.0
/*
 * From the name of a field to its place. Types refer to each other by number, in any order, so a
 * malformed BTF can contain circles: chains of modifiers and of arrays are bounded in length, a
 * search through anonymous members in depth and in the number of members that it visits.
 */
#include <errno.h>
#include <stdlib.h>

#include "btf_priv.h"

#define NEST_MAX	16	/* dots of a path, arrays of arrays, anonymous members */
#define PEEL_MAX	32	/* modifiers and typedefs */
#define VISIT_MAX	65536	/* members; struct task_struct has 300 */
#define NAME_MAX_LEN	128

static bool is_composite(uint32_t kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

static uint32_t peel(const struct ktstr_btf *b, uint32_t id, struct btf_type *t)
{
	for (int i = 0; i < PEEL_MAX; i++) {
		if (!btf_get(b, id, t))
			return 0;
		switch (INFO_KIND(t->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case KIND_TYPE_TAG:
		case KIND_DECL_TAG:
			id = t->type;
			break;
		default:
			return id;
		}
	}
	return 0;
}

/* Bytes of a peeled type; 0: none, or too large for a kernel. */
static uint32_t size_of(const struct ktstr_btf *b, uint32_t id)
{
	uint64_t total = 1;

	for (int i = 0; i < NEST_MAX; i++) {
		struct btf_array a;
		struct btf_type t;

		id = peel(b, id, &t);
		if (!id)
			return 0;
		switch (INFO_KIND(t.info)) {
		case BTF_KIND_ARRAY:
			memcpy(&a, btf_body(b, id), sizeof(a));
			total *= a.nelems;
			if (total > INT32_MAX)
				return 0;
			id = a.type;
			continue;
		case BTF_KIND_PTR:
			total *= sizeof(uint64_t);
			break;
		case BTF_KIND_INT:
		case BTF_KIND_ENUM:
		case KIND_ENUM64:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_FLOAT:
			total *= t.size;
			break;
		default:
			return 0;
		}
		return total > INT32_MAX ? 0 : total;
	}
	return 0;
}

static enum ktstr_btf_class class_of(const struct ktstr_btf *b, uint32_t id)
{
	struct btf_type t;
	uint32_t info;

	if (!btf_get(b, id, &t))
		return KTSTR_BTF_OTHER;
	switch (INFO_KIND(t.info)) {
	case BTF_KIND_PTR:
		return KTSTR_BTF_POINTER;
	case BTF_KIND_ENUM:
	case KIND_ENUM64:
		return INFO_KFLAG(t.info) ? KTSTR_BTF_SIGNED : KTSTR_BTF_UNSIGNED;
	case BTF_KIND_INT:
		memcpy(&info, btf_body(b, id), sizeof(info));
		return BTF_INT_ENCODING(info) & BTF_INT_SIGNED ? KTSTR_BTF_SIGNED : KTSTR_BTF_UNSIGNED;
	default:
		return KTSTR_BTF_OTHER;
	}
}

/* Add member @i of the composite @id to @f, which stands at its start. 0 or -EBADMSG. */
static int step_into(const struct ktstr_btf *b, uint32_t id, uint32_t i, struct ktstr_btf_field *f)
{
	struct btf_type outer = btf_type_at(b, b->off[id]), t;
	struct btf_member m;
	uint32_t bits, pos;

	memcpy(&m, btf_body(b, id) + i * sizeof(m), sizeof(m));
	bits = INFO_KFLAG(outer.info) ? BTF_MEMBER_BITFIELD_SIZE(m.offset) : 0;
	pos = INFO_KFLAG(outer.info) ? BTF_MEMBER_BIT_OFFSET(m.offset) : m.offset;
	f->type = peel(b, m.type, &t);
	if (!f->type)
		return -EBADMSG;
	f->size = size_of(b, f->type);
	f->class = class_of(b, f->type);
	f->bits = bits;
	f->bit_offset = 0;
	if (!bits) {
		if (pos % 8 || pos / 8 > INT32_MAX - f->offset)
			return -EBADMSG;
		f->offset += pos / 8;
		return 0;
	}
	/* the aligned unit of the base type around it, as the compiler loads it */
	if (!f->size || f->size > 8 || f->size & (f->size - 1))
		return -EBADMSG;
	if (pos / 8 / f->size * f->size > INT32_MAX - f->offset)
		return -EBADMSG;
	f->offset += pos / 8 / f->size * f->size;
	f->bit_offset = pos % (f->size * 8);
	return f->bit_offset + bits <= f->size * 8 ? 0 : -EBADMSG;
}

struct search {
	const struct ktstr_btf *btf;
	const char *name;
	size_t len;
	unsigned int visits;		/* left */
};

/* Find the member in the composite f->type and step into it. */
static int find_member(struct search *q, struct ktstr_btf_field *f, int depth)
{
	const struct ktstr_btf *b = q->btf;
	uint32_t id = f->type, vlen;
	struct ktstr_btf_field in;
	struct btf_member m;
	struct btf_type t;
	const char *s;
	int ret;

	if (!depth || !btf_get(b, id, &t))
		return -EBADMSG;
	if (!is_composite(INFO_KIND(t.info)))
		return -ENOENT;
	vlen = INFO_VLEN(t.info);
	for (uint32_t i = 0; i < vlen; i++) {
		if (!q->visits--)
			return -EBADMSG;
		memcpy(&m, btf_body(b, id) + i * sizeof(m), sizeof(m));
		s = btf_str(b, m.name_off);
		if (*s && (strncmp(s, q->name, q->len) || s[q->len]))
			continue;
		in = *f;
		ret = step_into(b, id, i, &in);
		if (!ret && !*s)
			ret = find_member(q, &in, depth - 1);
		if (ret == -ENOENT)
			continue;
		*f = in;
		return ret;
	}
	return -ENOENT;
}

/* f->type is an array: step to element @i. */
static int step_element(const struct ktstr_btf *b, struct ktstr_btf_field *f, uint32_t i)
{
	struct btf_array a;
	struct btf_type t;

	if (!btf_get(b, f->type, &t) || INFO_KIND(t.info) != BTF_KIND_ARRAY)
		return -ENOENT;
	memcpy(&a, btf_body(b, f->type), sizeof(a));
	if (i >= a.nelems)
		return -ENOENT;
	f->type = peel(b, a.type, &t);
	f->size = f->type ? size_of(b, f->type) : 0;
	if (!f->size || (uint64_t)f->size * i > INT32_MAX - f->offset)
		return -EBADMSG;
	f->offset += f->size * i;
	f->class = class_of(b, f->type);
	return 0;
}

static int walk(const struct ktstr_btf *b, const char *path, struct ktstr_btf_field *f)
{
	int ret = 0;

	for (int depth = NEST_MAX; *path && !ret; depth--) {
		size_t len = strcspn(path, ".[");
		char *end;

		if (!depth || len >= NAME_MAX_LEN)
			return -EINVAL;
		if (*path == '[') {
			unsigned long i = strtoul(path + 1, &end, 10);

			if (end == path + 1 || *end != ']' || i > INT32_MAX)
				return -EINVAL;
			ret = step_element(b, f, i);
			path = end + 1;
		} else if (len) {
			struct search q = { b, path, len, VISIT_MAX };

			ret = find_member(&q, f, NEST_MAX);
			path += len;
		} else {
			return -EINVAL;
		}
		if (*path == '.' && !*++path)
			return -EINVAL;
	}
	return ret;
}

int ktstr_btf__field(const struct ktstr_btf *b, const char *name, const char *path,
		     struct ktstr_btf_field *field)
{
	int ret = -ENOENT;

	if (!*path)
		return -EINVAL;
	for (uint32_t id = btf_named(b, name, 0); id; id = btf_named(b, name, id)) {
		struct ktstr_btf_field f = { .type = id };

		if (!is_composite(INFO_KIND(btf_type_at(b, b->off[id]).info)))
			continue;
		ret = walk(b, path, &f);
		if (!ret)
			*field = f;
		if (ret != -ENOENT)
			break;
	}
	return ret;
}

/* The field that is all of type @id. 0 or -ENOENT. */
static int whole(const struct ktstr_btf *b, uint32_t id, struct ktstr_btf_field *f)
{
	struct btf_type t;

	*f = (struct ktstr_btf_field){ .type = peel(b, id, &t) };
	if (!f->type)
		return -ENOENT;
	f->size = size_of(b, f->type);
	f->class = class_of(b, f->type);
	return 0;
}

/* The variable of section @id that begins @path, which moves behind it. */
static int find_var(const struct ktstr_btf *b, uint32_t id, const char **path,
		    struct ktstr_btf_field *f)
{
	struct btf_type t = btf_type_at(b, b->off[id]), v;
	size_t len = strcspn(*path, ".[");
	struct btf_var_secinfo si;
	int ret;

	for (uint32_t i = 0; i < INFO_VLEN(t.info); i++) {
		const char *s;

		memcpy(&si, btf_body(b, id) + i * sizeof(si), sizeof(si));
		if (!btf_get(b, si.type, &v) || INFO_KIND(v.info) != BTF_KIND_VAR)
			continue;
		s = btf_str(b, v.name_off);
		if (strncmp(s, *path, len) || s[len])
			continue;
		ret = whole(b, v.type, f);
		if (!ret && (!f->size || si.offset > (uint32_t)INT32_MAX - f->size))
			ret = -EBADMSG;
		f->offset = si.offset;
		*path += len;
		if (**path == '.' && !*++*path)
			return -EINVAL;
		return ret;
	}
	return -ENOENT;
}

int ktstr_btf__field_in(const struct ktstr_btf *b, uint32_t id, const char *path,
			struct ktstr_btf_field *field)
{
	struct ktstr_btf_field f;
	struct btf_type t;
	int ret;

	if (!btf_get(b, id, &t))
		return -ENOENT;
	if (INFO_KIND(t.info) == BTF_KIND_DATASEC)
		ret = *path && *path != '.' && *path != '[' ? find_var(b, id, &path, &f) : -EINVAL;
	else
		ret = whole(b, id, &f);
	if (!ret)
		ret = walk(b, path, &f);
	if (!ret)
		*field = f;
	return ret;
}

uint32_t ktstr_btf__section(const struct ktstr_btf *b, const char *name, uint64_t *size)
{
	for (uint32_t id = btf_named(b, name, 0); id; id = btf_named(b, name, id)) {
		struct btf_type t = btf_type_at(b, b->off[id]);

		if (INFO_KIND(t.info) != BTF_KIND_DATASEC)
			continue;
		*size = t.size;
		return id;
	}
	return 0;
}

int ktstr_btf__pointee(const struct ktstr_btf *b, const struct ktstr_btf_field *f,
		       struct ktstr_btf_field *target)
{
	struct btf_type t;

	if (!btf_get(b, f->type, &t) || INFO_KIND(t.info) != BTF_KIND_PTR)
		return -ENOENT;
	return whole(b, t.type, target);
}

const char *ktstr_btf__type_name(const struct ktstr_btf *b, uint32_t id)
{
	struct btf_type t;

	return btf_get(b, id, &t) ? btf_str(b, t.name_off) : "";
}

static uint32_t composite(const struct ktstr_btf *b, const char *name, struct btf_type *t)
{
	for (uint32_t id = btf_named(b, name, 0); id; id = btf_named(b, name, id)) {
		*t = btf_type_at(b, b->off[id]);
		if (is_composite(INFO_KIND(t->info)))
			return id;
	}
	return 0;
}

int64_t ktstr_btf__size(const struct ktstr_btf *b, const char *name)
{
	struct btf_type t;

	return composite(b, name, &t) ? (int64_t)t.size : -ENOENT;
}

int ktstr_btf__each_member(const struct ktstr_btf *b, const char *name, ktstr_btf_member_fn fn,
			   void *arg)
{
	struct btf_member m;
	struct btf_type t;
	uint32_t id = composite(b, name, &t);
	int ret = 0;

	if (!id)
		return -ENOENT;
	for (uint32_t i = 0; i < INFO_VLEN(t.info) && !ret; i++) {
		struct ktstr_btf_field f = { .offset = 0 };

		memcpy(&m, btf_body(b, id) + i * sizeof(m), sizeof(m));
		if (!*btf_str(b, m.name_off))
			continue;
		ret = step_into(b, id, i, &f);
		if (!ret)
			ret = fn(arg, btf_str(b, m.name_off), &f);
	}
	return ret;
}


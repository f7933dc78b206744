// SPDX-License-Identifier: GPL-2.0
/* The walk over a value and its type: see render.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"

#define HEX_MAX		512u	/* bytes that are shown in hexadecimal */

/* Where the walk is. */
struct at {
	struct ktstr_render *r;
	const struct ktstr_btf *btf;
	int depth;			/* left */
};

static void render(const struct at *at, struct ktstr_jnode *parent, const char *key, uint32_t type,
		   const uint8_t *data, size_t len);

static struct ktstr_jnode *add(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
			       const char *kind)
{
	struct ktstr_jnode *n = parent ? ktstr_jtree__object(t, parent, key) : NULL;

	ktstr_jtree__str(t, n, "kind", kind);
	return n;
}

static void unsupported(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
			const char *reason)
{
	ktstr_jtree__str(t, add(t, parent, key, "unsupported"), "reason", reason);
}

static void truncated(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      size_t needed, size_t had)
{
	struct ktstr_jnode *n = add(t, parent, key, "truncated");

	ktstr_jtree__u64(t, n, "needed", needed);
	ktstr_jtree__u64(t, n, "had", had);
}

static void put_hex(struct ktstr_jtree *t, struct ktstr_jnode *n, const uint8_t *data, size_t len)
{
	char hex[2 * HEX_MAX + 4];
	size_t shown = len < HEX_MAX ? len : HEX_MAX;

	for (size_t i = 0; i < shown; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	hex[2 * shown] = '\0';
	if (shown < len)
		memcpy(hex + 2 * shown, "...", 4);
	ktstr_jtree__str(t, n, "hex", hex);
}

void ktstr_render__bytes(struct ktstr_jtree *tree, struct ktstr_jnode *parent, const char *key,
			 const void *data, size_t len)
{
	put_hex(tree, add(tree, parent, key, "bytes"), data, len);
}

void ktstr_render__cpus(const void *bits, size_t bytes, char *buf, size_t size)
{
	const uint8_t *b = bits;
	size_t n = 0, end = bytes * 8;

	buf[0] = '\0';
	for (size_t i = 0, to; i < end; i = to + 1) {
		to = i;
		if (!(b[i / 8] >> i % 8 & 1))
			continue;
		while (to + 1 < end && b[(to + 1) / 8] >> (to + 1) % 8 & 1)
			to++;
		if (size - n < 24) {
			snprintf(buf + n, size - n, "...");
			return;
		}
		n += (size_t)snprintf(buf + n, size - n, i == to ? "%s%zu" : "%s%zu-%zu",
				      n ? "," : "", i, to);
	}
}

/* A number in its lowest @bits, which are at @data from bit @shift on. */
static uint64_t load_bits(const uint8_t *data, unsigned int shift, unsigned int bits)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < bits; i++)
		v |= (uint64_t)(data[(shift + i) / 8] >> (shift + i) % 8 & 1) << i;
	return v;
}

static int64_t extend(uint64_t v, unsigned int bits)
{
	return bits < 64 ? (int64_t)(v << (64 - bits)) >> (64 - bits) : (int64_t)v;
}

/* The integer @v of @bits, of which it has no more. */
static void put_integer(const struct at *at, struct ktstr_jnode *parent, const char *key,
			const struct ktstr_btf_type *type, uint64_t v, unsigned int bits)
{
	static const char * const names[] = {
		[KTSTR_BTF_BOOL] = "bool", [KTSTR_BTF_CHAR] = "char", [KTSTR_BTF_ENUM] = "enum",
	};
	struct ktstr_jtree *t = at->r->tree;
	int64_t s = extend(v, bits);
	struct ktstr_jnode *n;

	n = add(t, parent, key, type->kind == KTSTR_BTF_INT ? type->is_signed ? "int" : "uint" :
		names[type->kind]);
	if (type->kind == KTSTR_BTF_BOOL && v <= 1) {
		ktstr_jtree__bool(t, n, "value", v);
		return;
	}
	if (type->is_signed)
		ktstr_jtree__i64(t, n, "value", s);
	else
		ktstr_jtree__u64(t, n, "value", v);
	if (type->kind == KTSTR_BTF_BOOL || type->kind == KTSTR_BTF_CHAR)
		return;
	ktstr_jtree__u64(t, n, "bits", bits);
	if (type->kind == KTSTR_BTF_ENUM)
		ktstr_jtree__str(t, n, "variant", ktstr_btf__enumerator_of(at->btf, type,
			type->is_signed ? s : (int64_t)v));
}

static void put_float(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      const uint8_t *data, size_t size)
{
	struct ktstr_jnode *n = add(t, parent, key, "float");
	double d = 0;
	float f;

	if (size == sizeof(f)) {
		memcpy(&f, data, sizeof(f));
		d = f;
	} else if (size == sizeof(d)) {
		memcpy(&d, data, sizeof(d));
	} else {
		put_hex(t, n, data, size);
		return;
	}
	ktstr_jtree__f64(t, n, "value", d);
	ktstr_jtree__u64(t, n, "bits", size * 8);
}

static const char *why_not_followed(struct ktstr_render *r, const struct ktstr_render_target *to,
				    size_t size)
{
	if (!to->btf)
		return to->skipped;
	if (!size || size > KTSTR_RENDER_DEREF_MAX)
		return "the size of what it points to is unknown, or too large";
	if (r->derefs == KTSTR_RENDER_DEREFS)
		return "too many pointers one behind the other";
	for (unsigned int i = 0; i < r->derefs; i++)
		if (r->seen[i] == to->addr)
			return "a cycle: it is shown above";
	return NULL;
}

/* How the type is known, if the pointer's own type does not say it. */
static void put_annotation(struct ktstr_jtree *t, struct ktstr_jnode *n, const char *cast,
			   bool by_allocator)
{
	char both[64];

	snprintf(both, sizeof(both), "%s (" KTSTR_SDT_ALLOC ")", cast ?: "");
	if (cast || by_allocator)
		ktstr_jtree__str(t, n, "cast_annotation", !by_allocator ? cast : cast ? both :
				 KTSTR_SDT_ALLOC);
}

/* What is known of where the pointer @n leads; @cast: its annotation, NULL: BTF says it is one. */
static void put_target(const struct at *at, struct ktstr_jnode *n,
		       const struct ktstr_render_target *to, const char *cast)
{
	struct ktstr_btf_type target = { .size = 0 };
	struct ktstr_jtree *t = at->r->tree;
	struct at next = *at;
	const char *why;
	void *buf;

	if (to->note[0])
		ktstr_jtree__str(t, n, "note", to->note);
	put_annotation(t, n, cast, to->by_allocator);
	if (to->btf)
		ktstr_btf__type(to->btf, to->type, &target);
	why = why_not_followed(at->r, to, target.size);
	buf = to->btf && !why ? malloc(target.size) : NULL;
	if (buf && at->r->read(at->r->arg, to->addr, buf, target.size))
		why = "it cannot be read";
	if (why)
		ktstr_jtree__str(t, n, "deref_skipped_reason", why);
	if (buf && !why) {
		at->r->seen[at->r->derefs++] = to->addr;
		next.btf = to->btf;
		render(&next, n, "deref", to->type, buf, target.size);
		at->r->derefs--;
	}
	free(buf);
}

static void put_pointer(const struct at *at, struct ktstr_jnode *parent, const char *key,
			const struct ktstr_btf_type *type, uint64_t addr)
{
	struct ktstr_render_target to = { .btf = NULL };
	struct ktstr_jtree *t = at->r->tree;
	struct ktstr_jnode *n = add(t, parent, key, "ptr");
	struct ktstr_btf_type target;

	ktstr_jtree__u64(t, n, "value", addr);
	ktstr_btf__type(at->btf, type->target, &target);
	if (*target.name)
		ktstr_jtree__str(t, n, "target", target.name);
	if (!addr || !at->r->pointer || !n)
		return;
	at->r->pointer(at->r->arg, at->btf, type, addr, &to);
	put_target(at, n, &to, NULL);
}

/* A number that is a pointer: false, it is none. */
static bool put_cast(const struct at *at, struct ktstr_jnode *parent, uint32_t around,
		     uint32_t offset, const uint8_t *data)
{
	struct ktstr_render_cast c = { .target = "" };
	struct ktstr_jtree *t = at->r->tree;
	uint64_t value = load_bits(data, 0, 64);
	struct ktstr_jnode *n;

	if (!value || !at->r->cast || !at->r->cast(at->r->arg, at->btf, around, offset, value, &c))
		return false;
	n = add(t, parent, "value", "ptr");
	ktstr_jtree__u64(t, n, "value", value);
	ktstr_jtree__str(t, n, "target", c.target);
	if (n)
		put_target(at, n, &c.to, c.annotation);
	return true;
}

/* @p is the member of @around whose bytes are in @data; of a section its number is @i. */
static void put_part(const struct at *at, struct ktstr_jnode *members,
		     const struct ktstr_btf_type *around, uint32_t i,
		     const struct ktstr_btf_part *p, const uint8_t *data, size_t len)
{
	struct ktstr_jtree *t = at->r->tree;
	struct ktstr_jnode *n = members ? ktstr_jtree__object(t, members, NULL) : NULL;
	uint64_t from = p->bit_offset / 8, to = (p->bit_offset + p->bits + 7) / 8;
	struct ktstr_btf_type type;

	ktstr_jtree__str(t, n, "name", p->name);
	ktstr_btf__type(at->btf, p->type, &type);
	if (!p->bits) {
		if (type.kind == KTSTR_BTF_INT && type.size == 8 && from + 8 <= len &&
		    put_cast(at, n, around->id, around->kind == KTSTR_BTF_SECTION ? i :
			     (uint32_t)from, data + from))
			return;
		render(at, n, "value", p->type, data + (from < len ? from : len),
		       from < len ? len - from : 0);
		return;
	}
	if (p->bits > 64 || (type.kind != KTSTR_BTF_INT && type.kind != KTSTR_BTF_BOOL &&
			     type.kind != KTSTR_BTF_CHAR && type.kind != KTSTR_BTF_ENUM))
		unsupported(t, n, "value", "a bitfield of no integer");
	else if (to > len)
		truncated(t, n, "value", to, len);
	else
		put_integer(at, n, "value", &type, load_bits(data + from, p->bit_offset % 8, p->bits),
			    p->bits);
}

static void put_struct(const struct at *at, struct ktstr_jnode *parent, const char *key,
		       const struct ktstr_btf_type *type, const uint8_t *data, size_t len)
{
	struct ktstr_jtree *t = at->r->tree;
	struct ktstr_btf_part p;
	struct ktstr_jnode *n, *members;
	char cpus[512];

	if (len > type->size)
		len = type->size;
	if (!strcmp(type->name, "cpumask") && len == type->size) {
		ktstr_render__cpus(data, len, cpus, sizeof(cpus));
		ktstr_jtree__str(t, add(t, parent, key, "cpu_list"), "cpus", cpus);
		return;
	}
	n = add(t, parent, key, type->kind == KTSTR_BTF_UNION ? "union" : "struct");
	ktstr_jtree__str(t, n, "type_name", *type->name ? type->name : NULL);
	members = n ? ktstr_jtree__array(t, n, "members") : NULL;
	for (uint32_t i = 0; members && i < type->nr && !ktstr_btf__part(at->btf, type, i, &p); i++)
		put_part(at, members, type, i, &p, data, len);
}

/* A text, with nothing but NULs behind its end? */
static bool is_text(const uint8_t *data, size_t len)
{
	size_t n = strnlen((const char *)data, len);

	for (size_t i = 0; i < n; i++)
		if (!isprint(data[i]) && !isspace(data[i]))
			return false;
	for (size_t i = n; i < len; i++)
		if (data[i])
			return false;
	return n < len;
}

static void put_text(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		     const uint8_t *data)
{
	ktstr_jtree__str(t, add(t, parent, key, "string"), "value", (const char *)data);
}

static void put_elements(const struct at *at, struct ktstr_jnode *list, uint32_t type, uint32_t size,
			 uint32_t nr, const uint8_t *data)
{
	struct ktstr_jtree *t = at->r->tree;
	uint32_t shown = 0;

	for (uint32_t i = 0, count; i < nr && list && !t->error; i += count) {
		struct ktstr_jnode *n = ktstr_jtree__object(t, list, NULL);

		if (shown++ == KTSTR_RENDER_ELEMENTS) {
			ktstr_jtree__u64(t, n, "index", i);
			ktstr_jtree__u64(t, n, "count", nr - i);
			unsupported(t, n, "value", "more elements than are shown");
			return;
		}
		for (count = 1; i + count < nr; count++)
			if (memcmp(data + (size_t)i * size, data + (size_t)(i + count) * size, size))
				break;
		ktstr_jtree__u64(t, n, "index", i);
		ktstr_jtree__u64(t, n, "count", count);
		render(at, n, "value", type, data + (size_t)i * size, size);
	}
}

static void put_array(const struct at *at, struct ktstr_jnode *parent, const char *key,
		      const struct ktstr_btf_type *type, const uint8_t *data, size_t len)
{
	struct ktstr_jtree *t = at->r->tree;
	struct ktstr_btf_type element;
	struct ktstr_jnode *n;
	uint32_t nr = type->nr;

	ktstr_btf__type(at->btf, type->target, &element);
	if (type->nr && !element.size) {
		unsupported(t, parent, key, "an array of elements without a size");
		return;
	}
	if (element.size && nr > len / element.size)
		nr = (uint32_t)(len / element.size);
	if (element.kind == KTSTR_BTF_CHAR && nr == type->nr && nr && is_text(data, nr)) {
		put_text(t, parent, key, data);
		return;
	}
	n = add(t, parent, key, "array");
	ktstr_jtree__u64(t, n, "len", type->nr);
	put_elements(at, n ? ktstr_jtree__array(t, n, "elements") : NULL, type->target, element.size,
		     nr, data);
	if (nr < type->nr)
		truncated(t, n, "rest", type->size, len);
}

static void render(const struct at *above, struct ktstr_jnode *parent, const char *key,
		   uint32_t type, const uint8_t *data, size_t len)
{
	struct at here = { above->r, above->btf, above->depth - 1 };
	struct ktstr_jtree *t = here.r->tree;
	struct ktstr_btf_type info;

	if (!parent)
		return;
	ktstr_btf__type(here.btf, type, &info);
	if (!here.depth) {
		unsupported(t, parent, key, "nested too deeply");
		return;
	}
	switch (info.kind) {
	case KTSTR_BTF_STRUCT:
	case KTSTR_BTF_UNION:
	case KTSTR_BTF_SECTION:
		put_struct(&here, parent, key, &info, data, len);
		return;
	case KTSTR_BTF_ARRAY:
		put_array(&here, parent, key, &info, data, len);
		return;
	case KTSTR_BTF_VOID:
	case KTSTR_BTF_FWD:
	case KTSTR_BTF_FUNC:
	case KTSTR_BTF_FUNC_PROTO:
		unsupported(t, parent, key, "a type without a value");
		return;
	default:
		break;
	}
	if (!info.size || info.size > len)
		truncated(t, parent, key, info.size, len);
	else if (info.kind == KTSTR_BTF_FLOAT)
		put_float(t, parent, key, data, info.size);
	else if (info.size > sizeof(uint64_t))
		ktstr_render__bytes(t, parent, key, data, info.size);	/* __int128 */
	else if (info.kind == KTSTR_BTF_PTR)
		put_pointer(&here, parent, key, &info, load_bits(data, 0, info.size * 8));
	else
		put_integer(&here, parent, key, &info, load_bits(data, 0, info.size * 8),
			    info.size * 8);
}

void ktstr_render__value(struct ktstr_render *r, struct ktstr_jnode *parent, const char *key,
			 const struct ktstr_btf *btf, uint32_t type, const void *data, size_t len)
{
	struct at at = { .r = r, .btf = btf, .depth = KTSTR_RENDER_DEPTH };

	r->derefs = 0;
	render(&at, parent, key, type, data, len);
}

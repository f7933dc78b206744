// SPDX-License-Identifier: GPL-2.0
/*
 * Opening walks all types once: it notes where each begins, which bounds every later access, and
 * hashes the names of those that are looked up by name. Everything else is read in place.
 * Format: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "btf_priv.h"

/* Bytes behind struct btf_type: fixed, and per element. */
static const struct {
	uint8_t fixed, each;
	bool known, by_name;
} kinds[NR_KINDS] = {
	[BTF_KIND_INT]		= { .known = true, .fixed = sizeof(uint32_t) },
	[BTF_KIND_PTR]		= { .known = true },
	[BTF_KIND_ARRAY]	= { .known = true, .fixed = sizeof(struct btf_array) },
	[BTF_KIND_STRUCT]	= { .known = true, .each = sizeof(struct btf_member), .by_name = true },
	[BTF_KIND_UNION]	= { .known = true, .each = sizeof(struct btf_member), .by_name = true },
	[BTF_KIND_ENUM]		= { .known = true, .each = sizeof(struct btf_enum), .by_name = true },
	[BTF_KIND_FWD]		= { .known = true },
	[BTF_KIND_TYPEDEF]	= { .known = true },
	[BTF_KIND_VOLATILE]	= { .known = true },
	[BTF_KIND_CONST]	= { .known = true },
	[BTF_KIND_RESTRICT]	= { .known = true },
	[BTF_KIND_FUNC]		= { .known = true },
	[BTF_KIND_FUNC_PROTO]	= { .known = true, .each = sizeof(struct btf_param) },
	[BTF_KIND_VAR]		= { .known = true, .fixed = sizeof(struct btf_var) },
	[BTF_KIND_DATASEC]	= { .known = true, .each = sizeof(struct btf_var_secinfo),
				    .by_name = true },
	[BTF_KIND_FLOAT]	= { .known = true },
	[KIND_DECL_TAG]		= { .known = true, .fixed = sizeof(uint32_t) },
	[KIND_TYPE_TAG]		= { .known = true },
	[KIND_ENUM64]		= { .known = true, .each = sizeof(struct enum64), .by_name = true },
};

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return h;
}

static int check_header(struct ktstr_btf *b, const uint8_t *data, size_t len, struct ktstr_err *err)
{
	struct btf_header h;
	size_t room;

	if (len < offsetof(struct btf_header, str_len) + sizeof(h.str_len))
		return ktstr_err(err, EBADMSG, "BTF: %zu bytes are too short", len);
	memcpy(&h, data, offsetof(struct btf_header, str_len) + sizeof(h.str_len));
	if (h.magic != BTF_MAGIC)
		return ktstr_err(err, h.magic == __builtin_bswap16(BTF_MAGIC) ? EOPNOTSUPP : EBADMSG,
				 "BTF: magic %#x", h.magic);
	if (h.version != BTF_VERSION)
		return ktstr_err(err, EOPNOTSUPP, "BTF: version %u", h.version);
	if (h.hdr_len < offsetof(struct btf_header, str_len) + sizeof(h.str_len) || h.hdr_len > len)
		return ktstr_err(err, EBADMSG, "BTF: a header of %u bytes", h.hdr_len);
	room = len - h.hdr_len;
	if (h.type_off > room || h.type_len > room - h.type_off ||
	    h.str_off > room || h.str_len > room - h.str_off)
		return ktstr_err(err, EBADMSG, "BTF: sections beyond its %zu bytes", len);
	b->types = data + h.hdr_len + h.type_off;
	b->types_len = h.type_len;
	b->strs = (const char *)data + h.hdr_len + h.str_off;
	b->strs_len = h.str_len;
	if (!h.str_len || b->strs[0] || b->strs[h.str_len - 1])
		return ktstr_err(err, EBADMSG, "BTF: the strings are not terminated");
	return 0;
}

/* Bytes of the type at @off, or 0 with @err. */
static uint32_t type_bytes(const struct ktstr_btf *b, uint32_t off, struct ktstr_err *err, int *ret)
{
	uint32_t kind, vlen;
	struct btf_type t;
	uint64_t bytes;

	*ret = -EBADMSG;
	if (b->types_len - off < sizeof(t))
		goto cut;
	t = btf_type_at(b, off);
	kind = INFO_KIND(t.info);
	vlen = INFO_VLEN(t.info);
	if (kind >= NR_KINDS || !kinds[kind].known) {
		*ret = ktstr_err(err, EOPNOTSUPP, "BTF: unknown kind %u", kind);
		return 0;
	}
	bytes = sizeof(t) + kinds[kind].fixed + (uint64_t)vlen * kinds[kind].each;
	if (bytes > b->types_len - off)
		goto cut;
	*ret = 0;
	return bytes;
cut:
	ktstr_err(err, EBADMSG, "BTF: the type at %u reaches beyond the section", off);
	return 0;
}

static int index_types(struct ktstr_btf *b, struct ktstr_err *err)
{
	uint32_t off = 0, nr = 1, room = b->types_len / 32 + 16, bytes;
	int ret;

	b->off = malloc(room * sizeof(*b->off));
	if (!b->off)
		return ktstr_err(err, ENOMEM, "BTF: out of memory");
	b->off[0] = 0;
	for (; off < b->types_len; off += bytes) {
		bytes = type_bytes(b, off, err, &ret);
		if (!bytes)
			return ret;
		if (nr == room) {
			uint32_t *more = reallocarray(b->off, room * 2, sizeof(*more));

			if (!more)
				return ktstr_err(err, ENOMEM, "BTF: out of memory");
			b->off = more;
			room *= 2;
		}
		b->off[nr++] = off;
	}
	b->nr = nr;
	return 0;
}

static int index_names(struct ktstr_btf *b, struct ktstr_err *err)
{
	uint32_t buckets = 1024;

	while (buckets < b->nr / 8)
		buckets *= 2;
	b->mask = buckets - 1;
	b->bucket = calloc(buckets, sizeof(*b->bucket));
	b->next = calloc(b->nr, sizeof(*b->next));
	if (!b->bucket || !b->next)
		return ktstr_err(err, ENOMEM, "BTF: out of memory");
	/* from the end, so that chains begin with the lowest id */
	for (uint32_t id = b->nr - 1; id; id--) {
		struct btf_type t = btf_type_at(b, b->off[id]);
		uint32_t slot;

		if (!kinds[INFO_KIND(t.info)].by_name || !t.name_off)
			continue;
		slot = hash(btf_str(b, t.name_off)) & b->mask;
		b->next[id] = b->bucket[slot];
		b->bucket[slot] = id;
	}
	return 0;
}

int ktstr_btf__open(struct ktstr_btf **btfp, const void *data, size_t len, struct ktstr_err *err)
{
	struct ktstr_btf *b = calloc(1, sizeof(*b));
	int ret;

	if (!b)
		return ktstr_err(err, ENOMEM, "BTF: out of memory");
	ret = check_header(b, data, len, err);
	if (!ret)
		ret = index_types(b, err);
	if (!ret)
		ret = index_names(b, err);
	if (ret) {
		ktstr_btf__free(b);
		return ret;
	}
	*btfp = b;
	return 0;
}

void ktstr_btf__free(struct ktstr_btf *b)
{
	if (!b)
		return;
	free(b->off);
	free(b->bucket);
	free(b->next);
	free(b);
}

uint32_t ktstr_btf__nr_types(const struct ktstr_btf *b)
{
	return b->nr;
}

uint32_t btf_named(const struct ktstr_btf *b, const char *name, uint32_t id)
{
	id = id ? b->next[id] : b->bucket[hash(name) & b->mask];
	while (id && strcmp(btf_str(b, btf_type_at(b, b->off[id]).name_off), name))
		id = b->next[id];
	return id;
}

/* Enumerator @i of the enum @id, whichever kind it is. */
const char *btf_enumerator(const struct ktstr_btf *b, uint32_t id, const struct btf_type *t,
			   uint32_t i, int64_t *value)
{
	struct enum64 e64;
	struct btf_enum e;

	if (INFO_KIND(t->info) == KIND_ENUM64) {
		memcpy(&e64, btf_body(b, id) + i * sizeof(e64), sizeof(e64));
		*value = (int64_t)((uint64_t)e64.hi << 32 | e64.lo);
		return btf_str(b, e64.name_off);
	}
	memcpy(&e, btf_body(b, id) + i * sizeof(e), sizeof(e));
	*value = INFO_KFLAG(t->info) ? (int64_t)e.val : (int64_t)(uint32_t)e.val;
	return btf_str(b, e.name_off);
}

bool btf_is_enum(const struct btf_type *t)
{
	return INFO_KIND(t->info) == BTF_KIND_ENUM || INFO_KIND(t->info) == KIND_ENUM64;
}

int ktstr_btf__enumerator(const struct ktstr_btf *b, const char *name, const char *wanted,
			  int64_t *value)
{
	int64_t v;

	for (uint32_t id = btf_named(b, name, 0); id; id = btf_named(b, name, id)) {
		struct btf_type t = btf_type_at(b, b->off[id]);

		for (uint32_t i = 0; btf_is_enum(&t) && i < INFO_VLEN(t.info); i++)
			if (!strcmp(btf_enumerator(b, id, &t, i, &v), wanted)) {
				*value = v;
				return 0;
			}
	}
	return -ENOENT;
}

const char *ktstr_btf__enum_name(const struct ktstr_btf *b, const char *name, int64_t value)
{
	int64_t v;

	for (uint32_t id = btf_named(b, name, 0); id; id = btf_named(b, name, id)) {
		struct btf_type t = btf_type_at(b, b->off[id]);

		for (uint32_t i = 0; btf_is_enum(&t) && i < INFO_VLEN(t.info); i++) {
			const char *s = btf_enumerator(b, id, &t, i, &v);

			if (v == value && *s)
				return s;
		}
	}
	return NULL;
}

int64_t ktstr_btf__var_offset(const struct ktstr_btf *b, const char *section, const char *var)
{
	struct btf_var_secinfo si;

	for (uint32_t id = btf_named(b, section, 0); id; id = btf_named(b, section, id)) {
		struct btf_type t = btf_type_at(b, b->off[id]), v;

		if (INFO_KIND(t.info) != BTF_KIND_DATASEC)
			continue;
		for (uint32_t i = 0; i < INFO_VLEN(t.info); i++) {
			memcpy(&si, btf_body(b, id) + i * sizeof(si), sizeof(si));
			if (btf_get(b, si.type, &v) && INFO_KIND(v.info) == BTF_KIND_VAR &&
			    !strcmp(btf_str(b, v.name_off), var))
				return si.offset;
		}
	}
	return -ENOENT;
}

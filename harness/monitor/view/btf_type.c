// SPDX-License-Identifier: GPL-2.0
/* Types one by one: see btf_type.h. */
#include <errno.h>

#include "btf_priv.h"
#include "btf_type.h"

#define PEEL_MAX	32	/* modifiers and typedefs */

static const enum ktstr_btf_kind kinds[NR_KINDS] = {
	[BTF_KIND_PTR]		= KTSTR_BTF_PTR,
	[BTF_KIND_ARRAY]	= KTSTR_BTF_ARRAY,
	[BTF_KIND_STRUCT]	= KTSTR_BTF_STRUCT,
	[BTF_KIND_UNION]	= KTSTR_BTF_UNION,
	[BTF_KIND_ENUM]		= KTSTR_BTF_ENUM,
	[BTF_KIND_FWD]		= KTSTR_BTF_FWD,
	[BTF_KIND_FUNC]		= KTSTR_BTF_FUNC,
	[BTF_KIND_FUNC_PROTO]	= KTSTR_BTF_FUNC_PROTO,
	[BTF_KIND_DATASEC]	= KTSTR_BTF_SECTION,
	[BTF_KIND_FLOAT]	= KTSTR_BTF_FLOAT,
	[BTF_KIND_INT]		= KTSTR_BTF_INT,
	[KIND_ENUM64]		= KTSTR_BTF_ENUM,
};

static void describe_int(const struct ktstr_btf *b, struct ktstr_btf_type *t)
{
	uint32_t info, encoding;

	memcpy(&info, btf_body(b, t->id), sizeof(info));
	encoding = BTF_INT_ENCODING(info);
	t->is_signed = encoding & BTF_INT_SIGNED;
	/* compilers give char no encoding of its own, only the name */
	if (encoding & BTF_INT_BOOL)
		t->kind = KTSTR_BTF_BOOL;
	else if (encoding & BTF_INT_CHAR || (t->size == 1 && !strcmp(t->name, "char")))
		t->kind = KTSTR_BTF_CHAR;
}

/* Peel what is around the type; names and tags on the way are noted. */
static bool peel(const struct ktstr_btf *b, uint32_t id, struct ktstr_btf_type *t,
		 struct btf_type *raw)
{
	for (int i = 0; i < PEEL_MAX; i++) {
		if (!btf_get(b, id, raw))
			return false;
		switch (INFO_KIND(raw->info)) {
		case KIND_TYPE_TAG:
			if (!*t->tag)
				t->tag = btf_str(b, raw->name_off);
			break;
		case BTF_KIND_TYPEDEF:
			if (!*t->name)
				t->name = btf_str(b, raw->name_off);
			break;
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case KIND_DECL_TAG:
		case BTF_KIND_VAR:
			break;
		default:
			t->id = id;
			return true;
		}
		id = raw->type;
	}
	return false;
}

void ktstr_btf__type(const struct ktstr_btf *b, uint32_t id, struct ktstr_btf_type *t)
{
	struct ktstr_btf_field whole;
	struct btf_array a;
	struct btf_type raw;

	*t = (struct ktstr_btf_type){ .name = "", .tag = "" };
	if (!peel(b, id, t, &raw))
		return;
	t->kind = kinds[INFO_KIND(raw.info)];
	if (raw.name_off && *btf_str(b, raw.name_off))
		t->name = btf_str(b, raw.name_off);
	t->nr = INFO_VLEN(raw.info);
	if (t->kind == KTSTR_BTF_SECTION)
		t->size = raw.size;
	else if (t->kind != KTSTR_BTF_VOID && !ktstr_btf__field_in(b, t->id, "", &whole))
		t->size = whole.size;
	switch (t->kind) {
	case KTSTR_BTF_INT:
		describe_int(b, t);
		break;
	case KTSTR_BTF_ENUM:
		t->is_signed = INFO_KFLAG(raw.info);
		break;
	case KTSTR_BTF_FWD:
		t->of_union = INFO_KFLAG(raw.info);
		break;
	case KTSTR_BTF_PTR:
	case KTSTR_BTF_FUNC:
	case KTSTR_BTF_FUNC_PROTO:
		t->target = raw.type;
		break;
	case KTSTR_BTF_ARRAY:
		memcpy(&a, btf_body(b, t->id), sizeof(a));
		t->nr = a.nelems;
		t->target = a.type;
		break;
	default:
		break;
	}
}

static int variable(const struct ktstr_btf *b, const struct ktstr_btf_type *t, uint32_t i,
		    struct ktstr_btf_part *part)
{
	struct btf_var_secinfo si;
	struct btf_type var;

	memcpy(&si, btf_body(b, t->id) + i * sizeof(si), sizeof(si));
	if (!btf_get(b, si.type, &var))
		return -EBADMSG;
	*part = (struct ktstr_btf_part) {
		.name = btf_str(b, var.name_off), .type = si.type,
		.bit_offset = si.offset * 8ull,
	};
	return 0;
}

int ktstr_btf__part(const struct ktstr_btf *b, const struct ktstr_btf_type *t, uint32_t i,
		    struct ktstr_btf_part *part)
{
	struct btf_type raw;
	struct btf_member m;

	if (i >= t->nr || !btf_get(b, t->id, &raw) || i >= INFO_VLEN(raw.info))
		return -ENOENT;
	if (t->kind == KTSTR_BTF_SECTION)
		return variable(b, t, i, part);
	if (t->kind == KTSTR_BTF_FUNC_PROTO) {
		struct btf_param p;

		memcpy(&p, btf_body(b, t->id) + i * sizeof(p), sizeof(p));
		*part = (struct ktstr_btf_part){ .name = btf_str(b, p.name_off), .type = p.type };
		return 0;
	}
	if (t->kind != KTSTR_BTF_STRUCT && t->kind != KTSTR_BTF_UNION)
		return -ENOENT;
	memcpy(&m, btf_body(b, t->id) + i * sizeof(m), sizeof(m));
	*part = (struct ktstr_btf_part) {
		.name = btf_str(b, m.name_off), .type = m.type,
		.bit_offset = INFO_KFLAG(raw.info) ? BTF_MEMBER_BIT_OFFSET(m.offset) : m.offset,
		.bits = INFO_KFLAG(raw.info) ? BTF_MEMBER_BITFIELD_SIZE(m.offset) : 0,
	};
	return 0;
}

const char *ktstr_btf__enumerator_of(const struct ktstr_btf *b, const struct ktstr_btf_type *t,
				     int64_t value)
{
	struct btf_type raw;
	int64_t v;

	if (!btf_get(b, t->id, &raw) || !btf_is_enum(&raw))
		return NULL;
	for (uint32_t i = 0; i < INFO_VLEN(raw.info); i++) {
		const char *s = btf_enumerator(b, t->id, &raw, i, &v);

		if (v == value && *s)
			return s;
	}
	return NULL;
}

uint32_t ktstr_btf__composite(const struct ktstr_btf *b, const char *name)
{
	for (uint32_t id = btf_named(b, name, 0); id; id = btf_named(b, name, id)) {
		struct btf_type raw = btf_type_at(b, b->off[id]);
		uint32_t kind = INFO_KIND(raw.info);

		if ((kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION) && INFO_VLEN(raw.info))
			return id;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* BTF that is made type by type, so that a test says what it means and can also damage it. */
#ifndef MADE_BTF_H
#define MADE_BTF_H

#include <stdint.h>
#include <string.h>

#include <linux/btf.h>

struct made_btf {
	uint8_t types[8192], out[16384];
	char strs[4096];
	uint32_t types_len, strs_len, nr;	/* nr: types so far */
};

static inline uint32_t made_str(struct made_btf *m, const char *s)
{
	uint32_t at = m->strs_len;

	if (!at)
		at = m->strs_len = 1;		/* 0 is the empty string */
	if (!*s)
		return 0;
	strcpy(m->strs + at, s);
	m->strs_len += strlen(s) + 1;
	return at;
}

static inline void made_put(struct made_btf *m, const void *p, size_t len)
{
	memcpy(m->types + m->types_len, p, len);
	m->types_len += len;
}

/* Begin a type; what follows is put by the caller. Returns its id. */
static inline uint32_t made_type(struct made_btf *m, const char *name, uint32_t kind,
				 uint32_t vlen, int kflag, uint32_t size_or_type)
{
	struct btf_type t = {
		.name_off = made_str(m, name),
		.info = (uint32_t)kflag << 31 | kind << 24 | vlen,
		.size = size_or_type,
	};

	made_put(m, &t, sizeof(t));
	return ++m->nr;
}

static inline uint32_t made_int(struct made_btf *m, const char *name, uint32_t size, int is_signed)
{
	uint32_t id = made_type(m, name, BTF_KIND_INT, 0, 0, size);
	uint32_t info = (uint32_t)!!is_signed << 24 | size * 8;

	made_put(m, &info, sizeof(info));
	return id;
}

static inline uint32_t made_array(struct made_btf *m, uint32_t type, uint32_t n)
{
	struct btf_array a = { .type = type, .index_type = 1, .nelems = n };
	uint32_t id = made_type(m, "", BTF_KIND_ARRAY, 0, 0, 0);

	made_put(m, &a, sizeof(a));
	return id;
}

/* A member at @bit; with kflag in the struct, @width goes into the upper byte. */
static inline void made_member(struct made_btf *m, const char *name, uint32_t type, uint32_t bit,
			       uint32_t width)
{
	struct btf_member mem = {
		.name_off = made_str(m, name), .type = type, .offset = width << 24 | bit,
	};

	made_put(m, &mem, sizeof(mem));
}

static inline void made_enumerator(struct made_btf *m, const char *name, int32_t value)
{
	struct btf_enum e = { .name_off = made_str(m, name), .val = value };

	made_put(m, &e, sizeof(e));
}

/* The blob in m->out; its length. */
static inline size_t made_finish(struct made_btf *m)
{
	struct btf_header h = {
		.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = 24,
		.type_len = m->types_len, .str_off = m->types_len,
		.str_len = m->strs_len ?: 1,
	};

	memcpy(m->out, &h, h.hdr_len);
	memcpy(m->out + h.hdr_len, m->types, m->types_len);
	memcpy(m->out + h.hdr_len + m->types_len, m->strs, h.str_len);
	return h.hdr_len + h.type_len + h.str_len;
}

#endif

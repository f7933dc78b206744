/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire format of protocol buffers, as far as traces need it: numbers (varint) and bytes. Fields
 * of messages are in Perfetto's protos/perfetto/trace/.
 */
#ifndef KTSTR_TRACE_PROTO_H
#define KTSTR_TRACE_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KTSTR_PROTO_MAX	2048	/* bytes of a message that is written */

struct ktstr_proto {
	uint8_t buf[KTSTR_PROTO_MAX];
	size_t len;
	bool overflow;
};

static inline void proto_raw(struct ktstr_proto *p, const void *data, size_t len)
{
	if (len > sizeof(p->buf) - p->len) {
		p->overflow = true;
		return;
	}
	memcpy(p->buf + p->len, data, len);
	p->len += len;
}

static inline void proto_varint(struct ktstr_proto *p, uint64_t v)
{
	uint8_t b[10];
	size_t n = 0;

	do {
		b[n] = (uint8_t)(v & 0x7f);
		v >>= 7;
		b[n] |= (uint8_t)(v ? 0x80 : 0);
		n++;
	} while (v);
	proto_raw(p, b, n);
}

static inline void proto_u64(struct ktstr_proto *p, uint32_t field, uint64_t v)
{
	proto_varint(p, (uint64_t)field << 3);
	proto_varint(p, v);
}

static inline void proto_bytes(struct ktstr_proto *p, uint32_t field, const void *data, size_t len)
{
	proto_varint(p, (uint64_t)field << 3 | 2);
	proto_varint(p, len);
	proto_raw(p, data, len);
}

static inline void proto_str(struct ktstr_proto *p, uint32_t field, const char *s)
{
	proto_bytes(p, field, s, strlen(s));
}

static inline void proto_msg(struct ktstr_proto *p, uint32_t field, const struct ktstr_proto *m)
{
	p->overflow |= m->overflow;
	proto_bytes(p, field, m->buf, m->len);
}

/* Reading: a field of a message, either a number or bytes. */
struct ktstr_proto_field {
	uint32_t nr;
	bool is_bytes;
	uint64_t v;
	const uint8_t *data;
	size_t len;
};

static inline bool proto_read_varint(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	*v = 0;
	for (unsigned int shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t b = *(*p)++;

		*v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

/* The field at *@p, which moves on. 1, 0: the end, -1: damaged. */
static inline int proto_next(const uint8_t **p, const uint8_t *end, struct ktstr_proto_field *f)
{
	uint64_t key;

	if (*p == end)
		return 0;
	memset(f, 0, sizeof(*f));
	if (!proto_read_varint(p, end, &key))
		return -1;
	f->nr = (uint32_t)(key >> 3);
	switch (key & 7) {
	case 0:
		return proto_read_varint(p, end, &f->v) ? 1 : -1;
	case 1:
	case 5:
		f->len = (key & 7) == 1 ? 8 : 4;
		break;
	case 2:
		f->is_bytes = true;
		if (!proto_read_varint(p, end, &f->v))
			return -1;
		f->len = f->v;
		break;
	default:
		return -1;
	}
	if (f->len > (size_t)(end - *p))
		return -1;
	f->data = *p;
	*p += f->len;
	return 1;
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * The wire form of a result: the records of records.h, one after the other.
 *
 * A 16-byte header (magic, version, length of everything, number of records), then records
 * of type, length and fields. Integers are little endian, doubles their IEEE 754 bits, texts
 * their length and their bytes without a NUL. The version names the record types and their
 * fields exactly. An unknown type, a byte too many or too few, or a value outside its range
 * makes the whole message bad. Guest and host come from one build, so the decoder need not be
 * lenient.
 */
#include <endian.h>
#include <errno.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "migrations.h"
#include "records.h"
#include "wire.h"

#define WIRE_MAGIC	0x5352544bu	/* "KTRS" in memory */
#define WIRE_VERSION	11u
#define WIRE_RECORD	8u		/* type and length */

/* ---- encoding ---- */

struct writer {
	unsigned char *buf;
	size_t len, cap;	/* len also counts what exceeds cap */
};

static void put(struct writer *w, const void *data, size_t n)
{
	if (w->len <= w->cap && n <= w->cap - w->len)
		memcpy(w->buf + w->len, data, n);
	w->len += n;
}

static void put32(struct writer *w, uint32_t v)
{
	v = htole32(v);
	put(w, &v, sizeof(v));
}

static void put64(struct writer *w, uint64_t v)
{
	v = htole64(v);
	put(w, &v, sizeof(v));
}

static void put_array64(struct writer *w, const uint64_t *v, unsigned int nr)
{
	while (nr--)
		put64(w, *v++);
}

static void put_text(struct writer *w, const char *s, size_t size)
{
	uint32_t n = (uint32_t)strnlen(s, size - 1);

	put32(w, n);
	put(w, s, n);
}

static void put_fields(struct writer *w, const struct ktstr_field *f, unsigned int nr,
		       const void *record);

/* The histogram follows only if there are samples. */
static void put_samples(struct writer *w, const struct ktstr_sample_stats *s)
{
	put_fields(w, ktstr_sample_fields, ktstr_nr_sample_fields, s);
	if (s->total)
		put_array64(w, s->log2, ARRAY_SIZE(s->log2));
}

static void put_migrations(struct writer *w, const struct ktstr_migrations *m)
{
	uint32_t i;

	put64(w, m->start_ns);
	put32(w, m->nr);
	for (i = 0; i < m->nr; i++) {
		put64(w, m->last[i].at_ns);
		put32(w, (uint32_t)m->last[i].from);
		put32(w, (uint32_t)m->last[i].to);
	}
}

static void put_fields(struct writer *w, const struct ktstr_field *f, unsigned int nr,
		       const void *record)
{
	const struct ktstr_field *end = f + nr;
	uint64_t bits;
	uint32_t word;

	for (; f < end; f++) {
		const void *p = (const char *)record + f->offset;

		switch (f->type) {
		case KTSTR_FIELD_U32:
		case KTSTR_FIELD_I32:
			memcpy(&word, p, sizeof(word));
			put32(w, word);
			break;
		case KTSTR_FIELD_U64:
		case KTSTR_FIELD_DOUBLE:
			memcpy(&bits, p, sizeof(bits));
			put64(w, bits);
			break;
		case KTSTR_FIELD_CPUS:
			put_array64(w, ((const struct ktstr_cpumask *)p)->bits,
				    KTSTR_MAX_CPUS / 64);
			break;
		case KTSTR_FIELD_TEXT:
			put_text(w, p, f->size);
			break;
		case KTSTR_FIELD_SAMPLES:
			put_samples(w, p);
			break;
		case KTSTR_FIELD_MIGRATIONS:
			put_migrations(w, p);
			break;
		}
	}
}

/* The accessors of records.h are for both directions; the encoder only reads. */
static uint32_t nr_records(uint32_t type, const struct ktstr_result *r)
{
	const uint32_t *nr = ktstr_record__count(&ktstr_record_types[type],
						 (struct ktstr_result *)r);

	return nr ? *nr : 1;
}

static const void *record_at(uint32_t type, const struct ktstr_result *r, uint32_t i)
{
	return ktstr_record__at(&ktstr_record_types[type], (struct ktstr_result *)r, i);
}

static void put_record(struct writer *w, uint32_t type, const void *record)
{
	const struct ktstr_record_type *t = &ktstr_record_types[type];
	size_t at = w->len;
	uint32_t n;

	put32(w, type);
	put32(w, 0);		/* the length, filled in below */
	put_fields(w, t->fields, t->nr_fields, record);
	n = htole32((uint32_t)(w->len - at - WIRE_RECORD));
	if (w->len <= w->cap)
		memcpy(w->buf + at + 4, &n, sizeof(n));
}

static void put_result(struct writer *w, const struct ktstr_result *r, uint32_t total)
{
	uint32_t type, i, nr = 0;

	for (type = 0; type < KTSTR_NR_RECORD_TYPES; type++)
		nr += nr_records(type, r);
	put32(w, WIRE_MAGIC);
	put32(w, WIRE_VERSION);
	put32(w, total);
	put32(w, nr);
	for (type = 0; type < KTSTR_NR_RECORD_TYPES; type++)
		for (i = 0; i < nr_records(type, r); i++)
			put_record(w, type, record_at(type, r, i));
}

void *ktstr_result__encode(const struct ktstr_result *r, size_t *len)
{
	struct writer w = { };

	put_result(&w, r, 0);		/* cap is 0: only measures */
	w.cap = w.len;
	w.len = 0;
	w.buf = malloc(w.cap);
	if (!w.buf)
		return NULL;
	put_result(&w, r, (uint32_t)w.cap);
	*len = w.len;
	return w.buf;
}

/* ---- decoding ---- */

/* A read that fails returns zeros and sets @bad, which is checked once at the end. */
struct reader {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static void get(struct reader *rd, void *data, size_t n)
{
	if (n > rd->left) {
		memset(data, 0, n);
		rd->bad = true;
		return;
	}
	memcpy(data, rd->p, n);
	rd->p += n;
	rd->left -= n;
}

static uint32_t get32(struct reader *rd)
{
	uint32_t v;

	get(rd, &v, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(struct reader *rd)
{
	uint64_t v;

	get(rd, &v, sizeof(v));
	return le64toh(v);
}

static void get_array64(struct reader *rd, uint64_t *v, unsigned int nr)
{
	while (nr--)
		*v++ = get64(rd);
}

static void get_u32(struct reader *rd, const struct ktstr_field *f, void *p)
{
	uint32_t v = get32(rd);

	if (f->below && v >= f->below)
		rd->bad = true;
	else
		memcpy(p, &v, sizeof(v));
}

static void get_i32(struct reader *rd, const struct ktstr_field *f, void *p)
{
	int32_t v = (int32_t)get32(rd);

	rd->bad |= v < f->least;
	memcpy(p, &v, sizeof(v));
}

static void get_double(struct reader *rd, const struct ktstr_field *f, void *p)
{
	uint64_t bits = get64(rd);
	double v;

	memcpy(&v, &bits, sizeof(v));
	rd->bad |= !isfinite(v) || (v < 0 && !f->negative);
	memcpy(p, &v, sizeof(v));
}

/* The text must leave room for the NUL and contain none. */
static void get_text(struct reader *rd, char *s, size_t size)
{
	uint32_t n = get32(rd);

	if (rd->bad || n >= size || n > rd->left || memchr(rd->p, 0, n)) {
		rd->bad = true;
		return;
	}
	get(rd, s, n);
	s[n] = '\0';
}

static void get_fields(struct reader *rd, const struct ktstr_field *f, unsigned int nr,
		       void *record);

static bool samples_consistent(const struct ktstr_sample_stats *s)
{
	return s->kept <= s->total && !s->kept == !s->total && s->median_us <= s->p99_us &&
	       s->p99_us <= s->max_us;
}

static void get_samples(struct reader *rd, struct ktstr_sample_stats *s)
{
	get_fields(rd, ktstr_sample_fields, ktstr_nr_sample_fields, s);
	if (s->total)
		get_array64(rd, s->log2, ARRAY_SIZE(s->log2));
	rd->bad |= !samples_consistent(s);
}

static void get_migrations(struct reader *rd, struct ktstr_migrations *m)
{
	uint32_t i, nr;

	m->start_ns = get64(rd);
	nr = get32(rd);
	if (nr > KTSTR_LAST_MIGRATIONS) {
		rd->bad = true;
		return;
	}
	m->nr = nr;
	for (i = 0; i < nr; i++) {
		m->last[i].at_ns = get64(rd);
		m->last[i].from = (int32_t)get32(rd);
		m->last[i].to = (int32_t)get32(rd);
	}
	rd->bad |= !ktstr_migrations__valid(m);
}

static void get_fields(struct reader *rd, const struct ktstr_field *f, unsigned int nr,
		       void *record)
{
	const struct ktstr_field *end = f + nr;

	for (; f < end; f++) {
		void *p = (char *)record + f->offset;

		switch (f->type) {
		case KTSTR_FIELD_U32:
			get_u32(rd, f, p);
			break;
		case KTSTR_FIELD_I32:
			get_i32(rd, f, p);
			break;
		case KTSTR_FIELD_U64:
			*(uint64_t *)p = get64(rd);
			break;
		case KTSTR_FIELD_DOUBLE:
			get_double(rd, f, p);
			break;
		case KTSTR_FIELD_CPUS:
			get_array64(rd, ((struct ktstr_cpumask *)p)->bits, KTSTR_MAX_CPUS / 64);
			break;
		case KTSTR_FIELD_TEXT:
			get_text(rd, p, f->size);
			break;
		case KTSTR_FIELD_SAMPLES:
			get_samples(rd, p);
			break;
		case KTSTR_FIELD_MIGRATIONS:
			get_migrations(rd, p);
			break;
		}
	}
}

/* The struct for the next record of this type; NULL: there is no room for it. */
static void *next_record(const struct ktstr_record_type *t, struct ktstr_result *r)
{
	uint32_t *nr = ktstr_record__count(t, r);

	if (!nr)
		return ktstr_record__at(t, r, 0);
	return *nr < t->max ? ktstr_record__at(t, r, (*nr)++) : NULL;
}

/* Decode one record; @seen counts records by type. */
static void get_record(struct reader *rd, struct ktstr_result *r, uint32_t seen[KTSTR_NR_RECORD_TYPES])
{
	const struct ktstr_record_type *t;
	uint32_t type = get32(rd);
	uint32_t len = get32(rd);
	struct reader body = { .p = rd->p, .left = len };
	void *record;

	if (rd->bad || len > rd->left || type >= KTSTR_NR_RECORD_TYPES) {
		rd->bad = true;
		return;
	}
	t = &ktstr_record_types[type];
	record = next_record(t, r);
	if (!record) {
		rd->bad = true;
		return;
	}
	get_fields(&body, t->fields, t->nr_fields, record);
	seen[type]++;
	if (body.bad || body.left || (t->consistent && !t->consistent(r, record)))
		rd->bad = true;
	rd->p += len;
	rd->left -= len;
}

int ktstr_result__decode(struct ktstr_result *r, const void *buf, size_t len)
{
	struct reader rd = { .p = buf, .left = len };
	uint32_t seen[KTSTR_NR_RECORD_TYPES] = { }, nr, type;

	memset(r, 0, sizeof(*r));
	if (get32(&rd) != WIRE_MAGIC || get32(&rd) != WIRE_VERSION || get32(&rd) != len)
		return -EBADMSG;
	nr = get32(&rd);
	for (; nr && !rd.bad; nr--)
		get_record(&rd, r, seen);
	for (type = 0; type < KTSTR_NR_RECORD_TYPES; type++)
		if (!ktstr_record_types[type].max && seen[type] != 1)
			rd.bad = true;
	return rd.bad || rd.left ? -EBADMSG : 0;
}

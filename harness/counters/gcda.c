// SPDX-License-Identifier: GPL-2.0
/* Sums of counters: see gcda.h. gcc's gcov-io.h describes the format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gcda.h"

#define MAGIC		0x67636461u	/* "gcda" */
#define TAG_FUNCTION	0x01000000u
#define TAG_ARCS	0x01a10000u
#define TAG_COUNTERS	0x01a00000u	/* of any kind, in the upper bits */
#define TAG_OBJECT	0xa1000000u	/* gcc 9: runs, sum of the largest counts */
#define TAG_PROGRAM	0xa3000000u	/* before, and clang: checksum, counters, runs */
#define WORD		sizeof(uint32_t)

struct reader {
	const uint8_t *data;
	size_t len, at;
	unsigned int unit;	/* bytes of a record's length */
	size_t header;		/* words before the first record */
};

struct record {
	uint32_t tag;
	int32_t length;		/* as it is written; negative: these are zeros that are left out */
	size_t bytes;		/* of @data, or of what it would be */
	const uint8_t *data;	/* NULL: zeros */
};

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t count(const struct record *r, size_t at)
{
	uint64_t v;

	if (!r->data)
		return 0;
	memcpy(&v, r->data + at, sizeof(v));
	return v;
}

/* "B22*": 12.2, "A93*": 9.3, "408*": 4.8, from the most significant byte on. */
static unsigned int major(uint32_t version)
{
	unsigned char first = (unsigned char)(version >> 24), second = (version >> 16) & 0xff;

	return (unsigned int)(first >= 'A' ? (first - 'A') * 10 + second - '0' : first - '0');
}

static bool begin(struct reader *r, const void *data, size_t len)
{
	*r = (struct reader){ .data = data, .len = len };
	if (len < 3 * WORD || word(data) != MAGIC)
		return false;
	r->unit = major(word(r->data + WORD)) >= 12 ? 1 : WORD;
	/* stamp; gcc 12: and checksum */
	r->header = r->unit == 1 ? 4 : 3;
	r->at = r->header * WORD;
	return len >= r->at;
}

/* 1, 0 at the end, -1: the file is damaged. */
static int next(struct reader *r, struct record *rec)
{
	size_t left = r->len - r->at;

	memset(rec, 0, sizeof(*rec));
	if (left < WORD)
		return left ? -1 : 0;
	rec->tag = word(r->data + r->at);
	if (!rec->tag)
		return 0;
	if (left < 2 * WORD)
		return -1;
	rec->length = (int32_t)word(r->data + r->at + WORD);
	r->at += 2 * WORD;
	left -= 2 * WORD;
	rec->bytes = (rec->length < 0 ? 0 - (size_t)rec->length : (size_t)rec->length) * r->unit;
	if (rec->length < 0)
		return rec->tag == TAG_ARCS && rec->bytes < (1u << 30) ? 1 : -1;
	if (rec->bytes > left || rec->bytes % WORD)
		return -1;
	rec->data = r->data + r->at;
	r->at += rec->bytes;
	return 1;
}

static uint8_t *put(uint8_t *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	return p + len;
}

static uint8_t *put_head(uint8_t *p, uint32_t tag, int32_t length)
{
	p = put(p, &tag, sizeof(tag));
	return put(p, &length, sizeof(length));
}

/* Zeros are left out where both files leave them out. */
static uint8_t *put_arcs(uint8_t *p, const struct record *a, const struct record *b)
{
	uint64_t sum;

	if (!a->data && !b->data)
		return put_head(p, a->tag, a->length);
	p = put_head(p, a->tag, a->data ? a->length : b->length);
	for (size_t at = 0; at < a->bytes; at += sizeof(sum)) {
		if (__builtin_add_overflow(count(a, at), count(b, at), &sum))
			sum = UINT64_MAX;
		p = put(p, &sum, sizeof(sum));
	}
	return p;
}

/* @words of them are summed, from the word @first on. */
static uint8_t *put_summary(uint8_t *p, const struct record *a, const struct record *b, size_t first,
			    size_t words)
{
	uint32_t sum;

	p = put_head(p, a->tag, a->length);
	for (size_t at = 0; at < a->bytes; at += WORD) {
		sum = word(a->data + at);
		if (at / WORD >= first && at / WORD - first < words)
			sum += word(b->data + at);
		p = put(p, &sum, sizeof(sum));
	}
	return p;
}

/* NULL with errno. */
static uint8_t *put_sum(uint8_t *p, const struct record *a, const struct record *b)
{
	errno = EINVAL;
	if (a->tag != b->tag || a->bytes != b->bytes)
		return NULL;
	switch (a->tag) {
	case TAG_ARCS:
		return a->bytes % sizeof(uint64_t) ? NULL : put_arcs(p, a, b);
	case TAG_OBJECT:
		return put_summary(p, a, b, 0, 2);
	case TAG_PROGRAM:
		return put_summary(p, a, b, 2, 1);
	case TAG_FUNCTION:
		if (memcmp(a->data, b->data, a->bytes))
			return NULL;
		return put(put_head(p, a->tag, a->length), a->data, a->bytes);
	}
	errno = (a->tag & 0xffe00000u) == TAG_COUNTERS ? EOPNOTSUPP : EINVAL;
	return NULL;
}

bool ktstr_gcda__same_build(const void *a, size_t a_len, const void *b, size_t b_len)
{
	struct reader one, two;

	return begin(&one, a, a_len) && begin(&two, b, b_len) && one.header == two.header &&
	       !memcmp(a, b, one.header * WORD);
}

/* Bytes of the sum: zeros that are left out may have to be written. 0: the file is damaged. */
static size_t room(const void *data, size_t len)
{
	size_t sum = len;
	struct record rec;
	struct reader r;
	int ret = -1;

	if (!begin(&r, data, len))
		return 0;
	while ((ret = next(&r, &rec)) > 0)
		if (!rec.data)
			sum += rec.bytes;
	return ret ? 0 : sum;
}

uint8_t *ktstr_gcda__sum(const void *a, size_t a_len, const void *b, size_t b_len, size_t *len)
{
	size_t size = room(a, a_len);
	uint8_t *sum, *p, *more;
	struct reader one, two;
	struct record x, y;
	int ret;

	if (!ktstr_gcda__same_build(a, a_len, b, b_len) || !size || size > (1u << 30)) {
		errno = EINVAL;
		return NULL;
	}
	sum = malloc(size);
	if (!sum)
		return NULL;
	begin(&one, a, a_len);
	begin(&two, b, b_len);
	p = put(sum, a, one.header * WORD);
	while ((ret = next(&one, &x)) > 0) {
		errno = EINVAL;
		more = next(&two, &y) > 0 ? put_sum(p, &x, &y) : NULL;
		if (!more)
			break;
		p = more;
	}
	if (!ret && next(&two, &y))
		ret = -1;
	if (ret) {
		if (ret < 0)
			errno = EINVAL;
		ret = errno;
		free(sum);
		errno = ret;
		return NULL;
	}
	/* a zero ends it */
	p = put(p, one.data + one.at, one.len - one.at);
	*len = (size_t)(p - sum);
	return sum;
}

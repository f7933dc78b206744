// SPDX-License-Identifier: GPL-2.0
/*
 * SipHash-1-3: one round per 8-byte word, three at the end (Aumasson and Bernstein, "SipHash:
 * a fast short-input PRF", with c = 1 and d = 3).
 */
#include <endian.h>
#include <string.h>

#include "siphash.h"

static inline uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

void siphash_init_key(struct siphash *s, uint64_t k0, uint64_t k1)
{
	*s = (struct siphash) {
		.v = { k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL,
		       k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL },
	};
}

void siphash_init(struct siphash *s)
{
	siphash_init_key(s, 0, 0);
}

void siphash_add(struct siphash *s, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t fill = s->len % 8;
	uint64_t v[4];

	s->len += len;
	if (fill) {
		size_t n = len < 8 - fill ? len : 8 - fill;

		if (n)
			memcpy(s->tail + fill, p, n);
		p += n;
		len -= n;
		if (fill + n < 8)
			return;
		absorb(s->v, load_le64(s->tail));
	}
	memcpy(v, s->v, sizeof(v));
	for (; len >= 8; p += 8, len -= 8)
		absorb(v, load_le64(p));
	memcpy(s->v, v, sizeof(v));
	if (len)
		memcpy(s->tail, p, len);
}

void siphash_add_u64(struct siphash *s, uint64_t v)
{
	v = htole64(v);
	siphash_add(s, &v, sizeof(v));
}

void siphash_add_str(struct siphash *s, const char *str)
{
	size_t len = strlen(str);

	siphash_add_u64(s, len);
	siphash_add(s, str, len);
}

uint64_t siphash_end(const struct siphash *s)
{
	uint8_t last[8] = { 0 };
	uint64_t v[4];

	memcpy(v, s->v, sizeof(v));
	memcpy(last, s->tail, s->len % 8);
	last[7] = s->len;
	absorb(v, load_le64(last));
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

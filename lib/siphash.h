/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SipHash-1-3, 64-bit result, fed piece by piece. With a zero key it identifies cache entries, so its
 * value must not depend on the compiler, the byte order or how the input was divided. With a secret
 * key it does not tell the input.
 */
#ifndef KTSTR_LIB_SIPHASH_H
#define KTSTR_LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash {
	uint64_t v[4];
	uint64_t len;
	uint8_t tail[8];	/* len % 8 bytes that do not fill a word yet */
};

void siphash_init(struct siphash *s);
/* The same with a 128-bit key, low word first. */
void siphash_init_key(struct siphash *s, uint64_t k0, uint64_t k1);
void siphash_add(struct siphash *s, const void *buf, size_t len);
/* A number, as eight little-endian bytes. */
void siphash_add_u64(struct siphash *s, uint64_t v);
/* Length, then the bytes, so that "ab", "c" and "a", "bc" differ. */
void siphash_add_str(struct siphash *s, const char *str);
/* @s stays usable: more may be added and another result taken. */
uint64_t siphash_end(const struct siphash *s);

#endif

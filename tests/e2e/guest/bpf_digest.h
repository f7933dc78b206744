/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all values of a map come to: guest and host have to agree on it, and neither has to know
 * in which order the other one looks. One byte that differs changes it.
 */
#ifndef KTSTR_TESTS_BPF_DIGEST_H
#define KTSTR_TESTS_BPF_DIGEST_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t bpf_digest_bytes(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		h = (h ^ *p++) * UINT64_C(1099511628211);
	return h;
}

/* Of one value; those of a map are added. */
static inline uint64_t bpf_digest(const void *key, size_t key_len, uint32_t cpu, const void *value,
				  size_t value_len)
{
	uint64_t h = bpf_digest_bytes(UINT64_C(14695981039346656037), key, key_len);

	h = bpf_digest_bytes(h, &cpu, sizeof(cpu));
	return bpf_digest_bytes(h, value, value_len);
}

#endif

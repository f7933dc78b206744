// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own symbol table, found in its read-only data without any symbol to start from.
 * scripts/kallsyms.c writes, in this order since 6.5 (each label aligned to 8 bytes, from 7.0 on
 * to 4):
 *
 *	num_syms	u32
 *	names		per symbol: length (1 byte, or 2 if bit 7 is set), that many token numbers;
 *			the first letter of an expanded name is its type
 *	markers		u32 per 256 symbols: where in names they begin
 *	token_table	256 strings
 *	token_index	u16 per token: where in token_table it begins
 *	offsets		s32 per symbol
 *	relative_base	u64, until 6.19
 *
 * A digit is always its own token, so "0\0" to "9\0" in a row lead to token_table. token_index
 * confirms it, markers lie before it, names before those, and num_syms says where names begin.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "ksyms.h"

#define DIGIT_0		0x30
#define PER_MARKER	256
#define ALIGN_MAX	8u
#define TRIES_MAX	64			/* lists of digits that are looked at */
#define LAST_MAX	(PER_MARKER * (2u + KTSTR_KSYM_NAME_MAX))	/* bytes, of one marker */

struct tables {
	const uint8_t *data;
	size_t len;
	uint32_t num;
	size_t names, markers, tokens, index, offsets;
};

enum encoding {
	PLACE_RELATIVE,		/* to the address of the offset itself: 7.0 */
	BASE_RELATIVE,		/* u32 from relative_base: 6.15 to 6.19, and arm64 before */
	PERCPU_ABSOLUTE,	/* until 6.14 on x86: from 0 itself, negative -1 - x from the base */
	NR_ENCODINGS,
};

static uint32_t u32_at(const struct tables *t, size_t at)
{
	uint32_t v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

static uint16_t token_off(const struct tables *t, unsigned int token)
{
	uint16_t v;

	memcpy(&v, t->data + t->index + token * sizeof(v), sizeof(v));
	return v;
}

static size_t align_up(size_t v, size_t to)
{
	return (v + to - 1) / to * to;
}

/* @digits is where "0\0" stands. Does a token table surround it and an index follow? */
static bool find_tokens(struct tables *t, size_t digits)
{
	size_t at = digits, start[PER_MARKER + 1];
	const uint8_t *nul;

	for (unsigned int i = DIGIT_0; i < PER_MARKER; i++) {
		size_t room = t->len - at;

		start[i] = at;
		nul = memchr(t->data + at, 0, room < KTSTR_KSYM_NAME_MAX ? room :
			     KTSTR_KSYM_NAME_MAX);
		if (!nul)
			return false;
		at = nul - t->data + 1;
	}
	start[PER_MARKER] = at;
	for (size_t align = 4; align <= ALIGN_MAX; align *= 2) {
		bool fits = true;

		t->index = align_up(at, align);
		t->offsets = t->index + PER_MARKER * sizeof(uint16_t);
		if (t->offsets > t->len || token_off(t, 0) || token_off(t, DIGIT_0) > digits)
			continue;
		for (unsigned int i = DIGIT_0; i < PER_MARKER && fits; i++)
			fits = token_off(t, i) == start[i] - start[DIGIT_0] + token_off(t, DIGIT_0);
		for (unsigned int i = 1; i < DIGIT_0 && fits; i++)
			fits = token_off(t, i) > token_off(t, i - 1) &&
			       token_off(t, i) < token_off(t, DIGIT_0);
		t->tokens = digits - token_off(t, DIGIT_0);
		if (fits)
			return true;
	}
	return false;
}

/* The markers end at @end: they rise from 0. Their number, or 0. */
static uint32_t find_markers(struct tables *t, size_t end)
{
	size_t at = end;

	if (end < sizeof(uint32_t))
		return 0;
	for (at = end - 4; u32_at(t, at); at -= 4)
		if (at < 4 || u32_at(t, at - 4) >= u32_at(t, at))
			return 0;
	t->markers = at;
	return (end - at) / 4;
}

/* Length of the name at @at with @head, the bytes before it. False: it is beyond @end. */
static bool name_at(const struct tables *t, size_t at, size_t end, size_t *head, size_t *len)
{
	if (at >= end)
		return false;
	*head = 1;
	*len = t->data[at];
	if (*len & 0x80) {
		if (at + 1 >= end)
			return false;
		*head = 2;
		*len = (*len & 0x7f) | (size_t)t->data[at + 1] << 7;
	}
	return *len && *len <= end - at - *head;
}

/* Do t->num names, as the markers have them, fill what is between @names and the markers? */
static bool names_fit(const struct tables *t, size_t names)
{
	size_t at = names, head, len;

	for (uint32_t i = 0; i < t->num; i++) {
		if (i % PER_MARKER == 0 &&
		    u32_at(t, t->markers + i / PER_MARKER * 4) != at - names)
			return false;
		if (!name_at(t, at, t->markers, &head, &len))
			return false;
		at += head + len;
	}
	return t->markers - at < ALIGN_MAX;
}

static bool find_names(struct tables *t, uint32_t nr_markers)
{
	size_t last = u32_at(t, t->markers + (nr_markers - 1) * 4), high, low;

	if (last + ALIGN_MAX > t->markers)
		return false;
	high = (t->markers - last) / 4 * 4;
	low = high > LAST_MAX ? high - LAST_MAX : 0;
	for (size_t names = high; names >= low + ALIGN_MAX; names -= 4) {
		for (size_t before = 4; before <= ALIGN_MAX; before += 4) {
			t->num = u32_at(t, names - before);
			if (t->num / PER_MARKER + !!(t->num % PER_MARKER) != nr_markers ||
			    !names_fit(t, names))
				continue;
			t->names = names;
			return t->num <= (t->len - t->offsets) / 4;
		}
	}
	return false;
}

static bool find_tables(struct tables *t)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	const uint8_t *at = t->data;

	for (int tries = 0; tries < TRIES_MAX; tries++, at++) {
		at = memmem(at, t->len - (at - t->data), digits, sizeof(digits));
		if (!at)
			return false;
		if (!find_tokens(t, at - t->data))
			continue;
		/* what aligns the token table is up to 4 bytes beyond the last marker's alignment */
		for (size_t gap = 0; gap < ALIGN_MAX && t->tokens >= gap; gap += 4) {
			uint32_t nr = find_markers(t, t->tokens / 4 * 4 - gap);

			if (nr && find_names(t, nr))
				return true;
		}
	}
	return false;
}

static size_t expand(const struct tables *t, size_t at, size_t len, char name[])
{
	size_t n = 0;

	for (; len; at++, len--) {
		const uint8_t *token = t->data + t->tokens + token_off(t, t->data[at]);

		while (*token && n < KTSTR_KSYM_NAME_MAX)
			name[n++] = *token++;
	}
	name[n] = '\0';
	return n;
}

static uint64_t address(const struct tables *t, enum encoding e, uint64_t vaddr, uint64_t base,
			uint32_t i)
{
	size_t at = t->offsets + (size_t)i * 4;
	int32_t off = (int32_t)u32_at(t, at);

	switch (e) {
	case PLACE_RELATIVE:
		return vaddr + at + (int64_t)off;
	case BASE_RELATIVE:
		return base + (uint32_t)off;
	default:
		return off >= 0 ? (uint64_t)off : base - 1 - (int64_t)off;
	}
}

int ktstr_ksyms__add_kallsyms(struct ktstr_ksyms *s, const void *data, size_t len, uint64_t vaddr,
			      uint64_t text)
{
	struct tables t = { .data = data, .len = len };
	uint32_t first = s->nr, names_len = s->names_len, i, text_at = UINT32_MAX;
	char name[KTSTR_KSYM_NAME_MAX + 1];
	size_t at, head, n, base_at;
	uint64_t base = 0;
	int ret;

	if (!find_tables(&t))
		return -ENOENT;
	for (i = 0, at = t.names; i < t.num && name_at(&t, at, t.markers, &head, &n); i++) {
		size_t end = at + head + n;

		n = expand(&t, at + head, n, name);
		at = end;
		ret = ktstr_ksyms__add(s, 0, name[0], name + 1, n ? n - 1 : 0);
		if (ret)
			return ret;
		if (!strcmp(name + 1, "_text"))
			text_at = i;
	}
	base_at = align_up(t.offsets + (size_t)t.num * 4, 8);
	if (base_at + 8 <= len)
		memcpy(&base, t.data + base_at, sizeof(base));
	for (int e = 0; e < NR_ENCODINGS && text_at != UINT32_MAX; e++) {
		if (address(&t, e, vaddr, base, text_at) != text)
			continue;
		for (i = 0; i < t.num; i++)
			s->sym[first + i].addr = address(&t, e, vaddr, base, i);
		return 0;
	}
	s->nr = first;
	s->names_len = names_len;
	return -ENOENT;
}

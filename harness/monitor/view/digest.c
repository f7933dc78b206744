// SPDX-License-Identifier: GPL-2.0
/* Laying out a digest, and checking one that comes from a file. */
#include <stdlib.h>
#include <string.h>

#include "digest.h"


static int compare_names(const void *va, const void *vb, void *arg)
{
	const struct ktstr_ksyms *s = arg;
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	int c = strcmp(s->names + s->sym[a].name, s->names + s->sym[b].name);

	/* equal names: by address, as the indices are */
	return c ?: a < b ? -1 : a > b;
}

static void place(struct ktstr_digest_part *p, uint64_t *end, uint64_t len)
{
	p->off = (*end + 7) & ~7ull;
	p->len = len;
	*end = p->off + len;
}

void *ktstr_digest__make(struct ktstr_digest_in *in, size_t *len)
{
	uint64_t end = sizeof(struct ktstr_digest), nr = in->syms.nr;
	struct ktstr_digest *d = &in->head;
	uint32_t *order;
	uint8_t *out;

	memcpy(d->magic, KTSTR_DIGEST_MAGIC, sizeof(d->magic));
	d->version = KTSTR_DIGEST_VERSION;
	place(&d->syms, &end, nr * sizeof(*in->syms.sym));
	place(&d->order, &end, nr * sizeof(uint32_t));
	place(&d->names, &end, in->syms.names_len);
	place(&d->btf, &end, in->btf_len);
	place(&d->banner, &end, strlen(in->banner) + 1);
	out = calloc(1, end);
	if (!out)
		return NULL;
	memcpy(out, d, sizeof(*d));
	order = (uint32_t *)(out + d->order.off);
	for (uint32_t i = 0; i < nr; i++)
		order[i] = i;
	if (nr) {
		memcpy(out + d->syms.off, in->syms.sym, d->syms.len);
		memcpy(out + d->names.off, in->syms.names, d->names.len);
		qsort_r(order, nr, sizeof(*order), compare_names, &in->syms);
	}
	if (in->btf_len)
		memcpy(out + d->btf.off, in->btf, in->btf_len);
	memcpy(out + d->banner.off, in->banner, d->banner.len);
	*len = end;
	return out;
}

static bool fits(const struct ktstr_digest_part *p, size_t len)
{
	return p->off % 8 == 0 && p->off <= len && p->len <= len - p->off;
}

/* A part that is one or more strings ends with a NUL, or is empty. */
static bool terminated(const void *data, const struct ktstr_digest_part *p)
{
	return !p->len || !((const char *)data)[p->off + p->len - 1];
}

bool ktstr_digest__check(const void *data, size_t len)
{
	struct ktstr_digest d;

	if (len < sizeof(d))
		return false;
	memcpy(&d, data, sizeof(d));
	return !memcmp(d.magic, KTSTR_DIGEST_MAGIC, sizeof(d.magic)) &&
	       d.version == KTSTR_DIGEST_VERSION && d.build_id_len <= KTSTR_BUILD_ID_MAX &&
	       fits(&d.syms, len) && fits(&d.order, len) && fits(&d.names, len) &&
	       fits(&d.btf, len) && fits(&d.banner, len) &&
	       d.syms.len % sizeof(struct ktstr_ksym) == 0 &&
	       d.order.len / sizeof(uint32_t) == d.syms.len / sizeof(struct ktstr_ksym) &&
	       terminated(data, &d.names) && terminated(data, &d.banner) && d.banner.len;
}

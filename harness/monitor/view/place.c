// SPDX-License-Identifier: GPL-2.0
/* Fields of kernel structures: see place.h. */
#include <errno.h>
#include <string.h>

#include "place.h"

static bool is_number(const struct ktstr_btf_field *f)
{
	return f->size && f->size <= 8 && !(f->size & (f->size - 1)) &&
	       f->class != KTSTR_BTF_OTHER;
}

void ktstr_place__find(struct ktstr_place *p, const struct ktstr_btf *btf, const char *type,
		       const char *path)
{
	p->kva = 0;
	p->found = btf && !ktstr_btf__field(btf, type, path, &p->field);
}

void ktstr_place__find_number(struct ktstr_place *p, const struct ktstr_btf *btf,
			      const char *type, const char *path)
{
	ktstr_place__find(p, btf, type, path);
	p->found = p->found && is_number(&p->field);
}

int ktstr_field__load(struct ktstr_kview *v, const struct ktstr_btf_field *f, uint64_t base,
		      uint64_t *value)
{
	unsigned int bits = f->bits ?: f->size * 8;
	uint64_t word;
	int ret;

	if (!is_number(f))
		return -EINVAL;
	ret = ktstr_kview__load(v, base + f->offset, f->size, &word);
	if (ret)
		return ret;
	word = word >> f->bit_offset << (64 - bits);
	*value = f->class == KTSTR_BTF_SIGNED ? (uint64_t)((int64_t)word >> (64 - bits)) :
		 word >> (64 - bits);
	return 0;
}

static uint64_t base_of(const struct ktstr_kview *v, const struct ktstr_place *p, uint64_t base)
{
	return p->kva ? p->kva + v->slide : base;
}

uint64_t ktstr_place__at(const struct ktstr_kview *v, const struct ktstr_place *p, uint64_t base)
{
	return base_of(v, p, base) + p->field.offset;
}

int ktstr_place__load(struct ktstr_kview *v, const struct ktstr_place *p, uint64_t base,
		      uint64_t *value)
{
	return p->found ? ktstr_field__load(v, &p->field, base_of(v, p, base), value) : -ENOENT;
}

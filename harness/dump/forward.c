// SPDX-License-Identifier: GPL-2.0
/* What a forward declaration means: see forward.h. */
#include <string.h>

#include "cast/cast.h"
#include "forward.h"

/* Its type in @btf, described in @t; false: none with members, or of the other kind. */
static bool complete_in(const struct ktstr_btf *btf, const struct ktstr_btf_type *fwd,
			struct ktstr_btf_type *t)
{
	uint32_t id = *fwd->name ? ktstr_btf__composite(btf, fwd->name) : 0;

	if (!id)
		return false;
	ktstr_btf__type(btf, id, t);
	return t->size && t->kind == (fwd->of_union ? KTSTR_BTF_UNION : KTSTR_BTF_STRUCT);
}

/* Same size, and members of the same names, kinds and sizes at the same places? */
static bool agree(const struct ktstr_btf *a, const struct ktstr_btf_type *x,
		  const struct ktstr_btf *b, const struct ktstr_btf_type *y)
{
	struct ktstr_btf_type tm, tn;
	struct ktstr_btf_part m, n;

	if (x->size != y->size || x->nr != y->nr)
		return false;
	for (uint32_t i = 0; i < x->nr; i++) {
		if (ktstr_btf__part(a, x, i, &m) || ktstr_btf__part(b, y, i, &n) ||
		    strcmp(m.name, n.name) || m.bit_offset != n.bit_offset || m.bits != n.bits)
			return false;
		ktstr_btf__type(a, m.type, &tm);
		ktstr_btf__type(b, n.type, &tn);
		if (tm.kind != tn.kind || tm.size != tn.size)
			return false;
	}
	return true;
}

struct ktstr_complete ktstr_forward__find(const struct ktstr_btf *own, uint32_t fwd,
					  const struct ktstr_casts *objects, unsigned int nr)
{
	struct ktstr_complete found = { .btf = NULL };
	struct ktstr_btf_type f, t, first;

	ktstr_btf__type(own, fwd, &f);
	if (f.kind != KTSTR_BTF_FWD)
		return found;
	if (complete_in(own, &f, &t))
		return (struct ktstr_complete){ own, t.id };
	for (unsigned int i = 0; i < nr; i++) {
		const struct ktstr_btf *btf = objects[i].btf;

		if (!btf || !complete_in(btf, &f, &t))
			continue;
		if (found.btf && !agree(found.btf, &first, btf, &t))
			return (struct ktstr_complete){ .btf = NULL };
		if (!found.btf) {
			found = (struct ktstr_complete){ btf, t.id };
			first = t;
		}
	}
	return found;
}

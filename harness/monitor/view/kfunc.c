// SPDX-License-Identifier: GPL-2.0
/* Kfuncs that cannot be called: see kfunc.h. */
#include <stdio.h>

#include "btf_priv.h"
#include "kfunc.h"

#define PREFIX		"scx_bpf_"
#define SUFFIX		"_impl"
#define IMPLICIT	"aux"		/* const struct bpf_prog_aux * */
#define MAX_KFUNCS	512

/* The last parameter of prototype @id; "" without one. */
static const char *last_param(const struct ktstr_btf *b, uint32_t id)
{
	struct btf_param p;
	struct btf_type t;

	if (!btf_get(b, id, &t) || INFO_KIND(t.info) != BTF_KIND_FUNC_PROTO || !INFO_VLEN(t.info))
		return "";
	memcpy(&p, btf_body(b, id) + (INFO_VLEN(t.info) - 1) * sizeof(p), sizeof(p));
	return btf_str(b, p.name_off);
}

static bool listed(const char * const *names, uint32_t nr, const char *name)
{
	size_t len = strlen(name);
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (!strncmp(names[i], name, len) && !strcmp(names[i] + len, SUFFIX))
			return true;
	return false;
}

const char *ktstr_kfunc__unusable(const struct ktstr_btf *btf,
				  bool (*uses)(const void *arg, const char *name), const void *arg)
{
	const char *names[MAX_KFUNCS], *bare[MAX_KFUNCS], *name;
	uint32_t nr = 0, nr_bare = 0, id, i;
	struct btf_type t;

	for (id = 1; id < btf->nr && nr < MAX_KFUNCS; id++) {
		if (!btf_get(btf, id, &t) || INFO_KIND(t.info) != BTF_KIND_FUNC)
			continue;
		name = btf_str(btf, t.name_off);
		if (strncmp(name, PREFIX, strlen(PREFIX)))
			continue;
		names[nr++] = name;
		if (!strcmp(last_param(btf, t.type), IMPLICIT))
			bare[nr_bare++] = name;
	}
	for (i = 0; i < nr_bare; i++) {
		size_t len = strlen(bare[i]), tail = strlen(SUFFIX);

		if (len > tail && !strcmp(bare[i] + len - tail, SUFFIX))
			continue;
		if (!listed(names, nr, bare[i]) && uses(arg, bare[i]))
			return bare[i];
	}
	return NULL;
}

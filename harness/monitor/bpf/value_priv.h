/* SPDX-License-Identifier: GPL-2.0 */
/* What value.c and value_more.c share: a walk over the values of one map. */
#ifndef KTSTR_MONITOR_BPF_VALUE_PRIV_H
#define KTSTR_MONITOR_BPF_VALUE_PRIV_H

#include "map.h"

struct ktstr_visit {
	const struct ktstr_map *map;
	struct ktstr_kview *v;
	const struct ktstr_map_layout *l;
	ktstr_map_value_fn fn;
	void *arg;
	uint64_t index;			/* values so far */
	/* the chain of the present bucket */
	uint64_t *chain;
	uint32_t nr, room;
};

/* The next value; of a per-CPU map, value.kva has the pointer to its values. */
int ktstr_visit(struct ktstr_visit *w, struct ktstr_map_value value);

int ktstr_visit__lpm_trie(struct ktstr_visit *w);
int ktstr_visit__queue(struct ktstr_visit *w);	/* and a stack: what is taken next comes first */
int ktstr_visit__struct_ops(struct ktstr_visit *w);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* From the words of a test, "map .bss, field nr_enqueued", to a field of a map in guest memory. */
#ifndef KTSTR_MONITOR_BPF_TARGET_H
#define KTSTR_MONITOR_BPF_TARGET_H

#include "map.h"

struct ktstr_map_target {
	struct ktstr_map map;
	struct ktstr_btf_field field;	/* of a value; a whole number or bits of one */
	bool indexed;			/* the path named an element of an array, or the key of a hash */
	uint64_t index;
	char object[KTSTR_BPF_NAME_MAX];	/* "": the map's object has no section */
};

/*
 * Find the map that ends with @suffix, of the scheduler called @ops if it has one, and @path in its
 * values. @maps is room for the list. 0 or -errno with @err, one line without the names above.
 */
int ktstr_map_target__find(struct ktstr_map_target *t, struct ktstr_kview *v,
			   const struct ktstr_map_layout *l, struct ktstr_maps *maps,
			   const char *ops, const char *suffix, const char *path,
			   struct ktstr_err *err);

/* Is @value one that the path means? 1, 0, -EFAULT: its key cannot be read. */
int ktstr_map_target__takes(const struct ktstr_map_target *t, struct ktstr_kview *v,
			    const struct ktstr_map_value *value);

/* The number @t->field of the value at @kva. 0, -EFAULT. */
int ktstr_map_target__load(const struct ktstr_map_target *t, struct ktstr_kview *v, uint64_t kva,
			   uint64_t *value);

/*
 * Find the object of maps that have no BTF of their own: libbpf tells the kernel none of an arena, a
 * ring buffer or a queue. They belong to the object of the programs that use them.
 */
void ktstr_maps__join(struct ktstr_maps *maps, struct ktstr_kview *v);

#endif

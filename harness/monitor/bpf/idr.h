/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walking a struct idr of the kernel, as map_idr. Its nodes are in guest memory and may be changed
 * or damaged meanwhile: the number of steps is bounded, and a node that is not below its parent
 * ends the walk.
 */
#ifndef KTSTR_MONITOR_BPF_IDR_H
#define KTSTR_MONITOR_BPF_IDR_H

#include "harness/monitor/view/place.h"

#define KTSTR_BPF_NAME_MAX	16	/* BPF_OBJ_NAME_LEN */
#define KTSTR_MAX_BPF_OBJECTS	1024	/* of a guest and of one kind; more are not looked at */

struct ktstr_idr_layout {
	struct ktstr_place head, shift, slots;
	uint32_t nr_slots;
};

void ktstr_idr_layout__resolve(struct ktstr_idr_layout *l, const struct ktstr_btf *btf);

/*
 * Call @fn for each entry of the IDR at @kva, lowest ID first, until it returns non-zero. Returns
 * that, 0, -ENOENT (the kernel's BTF lacks the structures), -EFAULT or -EBADMSG (damaged).
 */
typedef int (*ktstr_idr_fn)(void *arg, uint64_t id, uint64_t entry);
int ktstr_idr__each(struct ktstr_kview *v, const struct ktstr_idr_layout *l, uint64_t kva,
		    ktstr_idr_fn fn, void *arg);

/*
 * List the objects in the IDR that is the variable @symbol: @add counts those that it takes in @nr.
 * @complete is false when there are more, or the walk was cut short. 0 (also if only some could be
 * read), -ENOENT: this kernel has no such variable, -EFAULT, -EBADMSG.
 */
int ktstr_idr__list(struct ktstr_kview *v, const struct ktstr_idr_layout *l, const char *symbol,
		    ktstr_idr_fn add, void *arg, unsigned int *nr, bool *complete);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers that a test wants written into BPF maps of its scheduler: once, when the scheduler is
 * attached and the body has not begun, while the guest waits at a sync point.
 */
#ifndef KTSTR_MONITOR_BPF_WRITE_H
#define KTSTR_MONITOR_BPF_WRITE_H

#include <ktstr/attrs.h>

#include "target.h"

struct ktstr_map_written {
	const struct ktstr_map_write *what;
	bool done;			/* stored, and read back */
	char map[KTSTR_BPF_NAME_MAX];
	uint32_t size;			/* of the field, bytes */
	uint32_t values;		/* elements, and CPUs, that have it */
	int64_t before;			/* what was there, in the first of them */
	char why_not[256];
};

/*
 * Write @what into the maps of the scheduler called @ops ("": whichever is attached): into one value
 * of an array or an arena; of a hash or per-CPU map into all values, or into those of the element or
 * key that the path begins with. @still: no CPU of the guest runs, without which elements of a hash
 * are not written, since they could be freed meanwhile. 0, or -errno with @w->why_not: what was
 * impossible, in one line.
 */
int ktstr_map_write__apply(struct ktstr_map_written *w, struct ktstr_kview *v,
			   const struct ktstr_map_layout *l, struct ktstr_maps *maps,
			   const char *ops, const struct ktstr_map_write *what, bool still);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Ways to divide a machine among cgroups. Pure functions over a description of the machine. */
#ifndef CATALOGUE_PARTITION_H
#define CATALOGUE_PARTITION_H

#include <ktstr/machine.h>

#define PARTITION_MAX	8	/* cgroups */

/*
 * T: online CPUs. Usable, U of them: all but the last one where T > 2. share is f.
 */
enum ktstr_partition_kind {
	PARTITION_NONE,		/* no cpusets */
	/* Set i is LLC i; the last set gives up the machine's last CPU if it has another. */
	PARTITION_LLC_ALIGNED,
	PARTITION_SPLIT_HALF,	/* usable [0, U/2), [U/2, U) */
	/* As SPLIT_HALF, but cut in the middle of the first LLC where there are several. */
	PARTITION_SPLIT_MISALIGNED,
	/*
	 * base = U / n CPUs each, neighbours ceil(base f) apart less than base: set i starts
	 * at usable i * max(1, base - ceil(base f)).
	 */
	PARTITION_OVERLAP,
	PARTITION_UNEVEN,	/* usable [0, max(1, floor(U f))), the rest */
	/* keep = T - floor(T f): all [0, max(1, keep / 2)), [.., keep) */
	PARTITION_HOLDBACK,
};

struct ktstr_partition {
	enum ktstr_partition_kind kind;
	double share;
};

/*
 * The sets of @nr cgroups (at most PARTITION_MAX; two for all kinds but NONE, LLC_ALIGNED and
 * OVERLAP). 0, or -ENOSPC when the machine is too small: a set would be empty.
 */
int ktstr_partition__sets(const struct ktstr_partition *p, const struct ktstr_machine *m,
			  struct ktstr_cpumask *sets, uint32_t nr);

#endif

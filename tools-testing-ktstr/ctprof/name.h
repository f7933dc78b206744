/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of threads and cgroups that differ only in numbers belong together: "kworker/0:1" and
 * "kworker/3:0" are "kworker/{N}:{N}". The pattern joins two snapshots. The label is the pattern with what
 * its members have there: "kworker/{0-3}:{0-1}".
 *
 * A name is cut at . - _ / : @ + [ ] and blanks. Of the parts between them,
 *
 *	digits			become {N}
 *	[0-9a-f] with a digit	{H}, from two characters on
 *	letters and digits	letters{N}
 *	digits and letters	{N}letters
 *	INST of x@INST.service	{I}, of cgroups
 *
 * and all others stay.
 */
#ifndef KTSTR_TOOL_CTPROF_NAME_H
#define KTSTR_TOOL_CTPROF_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* To be freed; NULL: no memory. */
char *ctprof_name__pattern(const char *name, bool cgroup);
/* The label of @nr names (one at least) that have one pattern. To be freed; NULL: no memory. */
char *ctprof_name__label(const char * const *names, size_t nr, bool cgroup);

#endif

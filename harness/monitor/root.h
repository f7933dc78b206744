/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The root scheduler of sched_ext, of which there is at most one. Since 6.16 it is a struct scx_sched
 * that scx_root points to. Until 6.15 its parts are variables of their own: scx_ops, scx_exit_info.
 */
#ifndef KTSTR_MONITOR_ROOT_H
#define KTSTR_MONITOR_ROOT_H

#include "view/place.h"

/*
 * What tells the root scheduler from the one before it: scx_root or, until 6.15, scx_root_kobj, which
 * is set just as long. @root is 0 when there is none, and on a kernel without sched_ext. 0 or -EFAULT.
 */
int ktstr_root__now(struct ktstr_kview *v, uint64_t *root);

/*
 * Where @path of struct scx_sched is, as "ops.name", to be read with the base that
 * ktstr_root__now() found; the variable of an older kernel does not need it, and has stale contents
 * when there is no scheduler.
 */
void ktstr_root__find(struct ktstr_place *p, const struct ktstr_kimage *img, const char *path);

#endif

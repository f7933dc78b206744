/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scheduler under test as the host sees it: which file to pack, which files it needs, and
 * its argument vector in the guest.
 */
#ifndef KTSTR_CORE_SCHEDULER_H
#define KTSTR_CORE_SCHEDULER_H

#include <stddef.h>

#include "plan.h"

/*
 * Find the binary (ktstr/attrs.h has the order). 0, or -ENOENT with @err that names the
 * places; err->missing when a bare name was found nowhere.
 */
int ktstr_scheduler__find(const char *binary, char *path, size_t size, struct vm_err *err);

/* "KTSTR_SCHEDULER_BIN_SCX_SIMPLE" for "scx_simple". */
void ktstr_scheduler__env_name(const char *binary, char *buf, size_t size);

/*
 * Its arguments in the guest, NULL-terminated, without the program itself: config,
 * --cell-parent-cgroup, the scheduler's, the test's. NULL with ENOMEM.
 */
char **ktstr_scheduler__args(const struct ktstr_plan *p);
/* The same of one of the test's staged_schedulers, to which extra_sched_args do not apply. */
char **ktstr_scheduler__staged_args(const struct ktstr_scheduler *s, const struct ktstr_test *t);
void ktstr_scheduler__args_free(char **args);

/* What a report calls it: "eevdf", the binary's base name, or the in-kernel scheduler's. */
const char *ktstr_scheduler__label(const struct ktstr_scheduler *s);

#endif

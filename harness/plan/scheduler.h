/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scheduler under test: where its binary is on the host, and its argument vector in the
 * guest.
 */
#ifndef KTSTR_PLAN_SCHEDULER_H
#define KTSTR_PLAN_SCHEDULER_H

#include <stddef.h>

#include "plan.h"

/*
 * Find the binary (ktstr/attrs.h has the order). 0, or -ENOENT with @err that names the places;
 * err->missing when a bare name was not found.
 */
int ktstr_scheduler__find(const char *binary, char *path, size_t size, struct ktstr_err *err);
/* The same, without KTSTR_SCHEDULER, for the test programs in @dir. */
int ktstr_scheduler__find_beside(const char *dir, const char *binary, char *path, size_t size,
				 struct ktstr_err *err);
/*
 * What may have been meant by @binary, which was not found: a program in the same folder, or, for
 * a bare name, one beside the test programs in @dir. False: nothing is near.
 */
bool ktstr_scheduler__near(const char *dir, const char *binary, char *buf, size_t size);

/* Is @path where the bare name @binary is found without any variable, PATH included? */
bool ktstr_scheduler__is_beside(const char *binary, const char *path);

/*
 * Does KTSTR_SCHEDULER take the place of @s? It does where the binary is a bare name that has no
 * variable of its own.
 */
bool ktstr_scheduler__replaced(const struct ktstr_scheduler *s);

/* "KTSTR_SCHEDULER_BIN_SCX_SIMPLE" for "scx_simple". */
void ktstr_scheduler__env_name(const char *binary, char *buf, size_t size);

/*
 * Its arguments in the guest, NULL-terminated, without the program itself: config,
 * --cell-parent-cgroup, the scheduler's, the test's. NULL with ENOMEM.
 */
char **ktstr_scheduler__args(const struct ktstr_plan *p);
/* The same for one of the test's staged_schedulers; extra_sched_args do not apply to these. */
char **ktstr_scheduler__staged_args(const struct ktstr_plan *p, const struct ktstr_scheduler *s);
void ktstr_scheduler__args_free(char **args);

/* Its declared name: "eevdf", the base name of the binary, or that of the in-kernel one. */
const char *ktstr_scheduler__label(const struct ktstr_scheduler *s);

#endif

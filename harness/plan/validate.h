/* SPDX-License-Identifier: GPL-2.0 */
/* The rules for declarations. The defaults are here too, as several rules depend on them. */
#ifndef KTSTR_PLAN_VALIDATE_H
#define KTSTR_PLAN_VALIDATE_H

#include <ktstr/attrs.h>

#include "lib/err.h"

#define KTSTR_DEFAULT_DURATION_S	12
#define KTSTR_DEFAULT_WORKERS		2
#define KTSTR_DEFAULT_MEMORY_MIB	2048
#define KTSTR_MIN_MEMORY_MIB		256
#define KTSTR_MEMORY_MIB_PER_CPU	64

/*
 * Validates the declaration of a test: values, exclusions and requirements, and attributes that
 * are not supported yet. 0, -EINVAL with @err "test NAME: ATTRIBUTE: why", or -EOPNOTSUPP with
 * "... not supported yet".
 */
int ktstr_validate(const struct ktstr_test *t, struct ktstr_err *err);

/* 0, -EINVAL or -EOPNOTSUPP with @err "scheduler NAME: ATTRIBUTE: why". */
int ktstr_validate_scheduler(const struct ktstr_scheduler *s, struct ktstr_err *err);

#endif

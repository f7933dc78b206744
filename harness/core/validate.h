/* SPDX-License-Identifier: GPL-2.0 */
/* Besides ktstr_validate() of plan.h: what plan.c and the registry's users need. */
#ifndef KTSTR_CORE_VALIDATE_H
#define KTSTR_CORE_VALIDATE_H

#include <ktstr/attrs.h>

#include "../../vmm/err.h"

#define KTSTR_DEFAULT_DURATION_S	12
#define KTSTR_DEFAULT_WORKERS		2
#define KTSTR_DEFAULT_MEMORY_MIB	2048
#define KTSTR_MIN_MEMORY_MIB		256
#define KTSTR_MEMORY_MIB_PER_CPU	64

/* 0, -EINVAL or -EOPNOTSUPP with @err "scheduler NAME: ATTRIBUTE: why". */
int ktstr_validate_scheduler(const struct ktstr_scheduler *s, struct vm_err *err);

#endif

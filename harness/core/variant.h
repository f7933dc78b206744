/* SPDX-License-Identifier: GPL-2.0 */
/* Names of one run: topology, identity and the command that repeats it. */
#ifndef KTSTR_CORE_VARIANT_H
#define KTSTR_CORE_VARIANT_H

#include <stdio.h>

#include "run.h"

/* "1n1l2c1t" */
void ktstr_variant__topology(const struct ktstr_plan *p, char *buf, size_t size);

/*
 * Stable 64-bit hash over what makes this variant another one than its siblings: test,
 * topology, scheduler with arguments, sysctls and kernel arguments, and the kernel.
 */
uint64_t ktstr_variant__hash(const struct ktstr_run *run);

/* "tcg" or "kvm" */
const char *ktstr_accel__name(enum vm_accel accel);
/* By how much limits that are times are wider, see KTSTR_SHARED_CPU_SCALE; 1: as they stand. */
uint32_t ktstr_run__time_scale(const struct ktstr_run *run);
/* One host thread, all seeds fixed: the run can be repeated bit by bit. */
bool ktstr_run__deterministic(const struct ktstr_run *run);

/* The shell command that repeats exactly this run, without a line break. */
void ktstr_variant__command(const struct ktstr_run *run, FILE *f);

#endif

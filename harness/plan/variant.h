/* SPDX-License-Identifier: GPL-2.0 */
/* Names of one run: its identity and the command that repeats it. */
#ifndef KTSTR_PLAN_VARIANT_H
#define KTSTR_PLAN_VARIANT_H

#include <stdio.h>

#include "harness/model/run.h"
#include "plan.h"

/*
 * A stable 64-bit hash of what distinguishes this variant from the others: test, topology,
 * the scheduler and other programs that ran, with their arguments and builds, sysctls and kernel
 * arguments, and the kernel.
 */
uint64_t ktstr_variant__hash(const struct ktstr_run *run);

/*
 * The shell command that repeats exactly this run from any folder, without a line break. Files are
 * absolute paths.
 */
void ktstr_variant__command(const struct ktstr_run *run, FILE *f);

struct ktstr_json;	/* lib/json.h */

/*
 * The same for programs, under @key: program and folder, the variables as an array of NAME=VALUE, and
 * hashes of the files by which another build is noticed.
 */
void ktstr_variant__json(const struct ktstr_run *run, const char *key, struct ktstr_json *j);

#endif

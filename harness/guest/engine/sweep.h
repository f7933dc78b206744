/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests of the verifier sweep: each program has one for every scheduler that it declares, which
 * no listing shows. It asks three things: does the kernel take the scheduler, does it attach, do
 * tasks make progress under it. `ktstr verifier` runs them (docs/verifier.md).
 */
#ifndef KTSTR_GUEST_ENGINE_SWEEP_H
#define KTSTR_GUEST_ENGINE_SWEEP_H

#include <stdbool.h>

#include <ktstr/attrs.h>

#define KTSTR_SWEEP_PREFIX	"verifier_"	/* of the scheduler's name */

bool ktstr_sweep__is_cell(const struct ktstr_test *t);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks the scenario of a test before a machine is booted for it.
 *
 * A scenario is made by the body, so the body is run: in a confined child of the host, up to its
 * first ktstr_run(), with the context and the machine that are declared. A body that does anything
 * but compute before that, or runs several cases, is checked in the guest instead.
 */
#ifndef KTSTR_HOST_PREVIEW_H
#define KTSTR_HOST_PREVIEW_H

#include "harness/model/run.h"
#include "harness/plan/deadline.h"

/* 0, or -EINVAL with @err; each problem is a failure in @run->result. */
int ktstr_preview__check(struct ktstr_run *run, const struct ktstr_deadlines *d,
			 struct ktstr_err *err);

#endif

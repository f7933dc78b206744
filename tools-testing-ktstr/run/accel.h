/* SPDX-License-Identifier: GPL-2.0 */
/* The accelerator of a run: it is chosen once, and not by each test for itself. */
#ifndef KTSTR_TOOL_RUN_ACCEL_H
#define KTSTR_TOOL_RUN_ACCEL_H

#include "harness/plan/opts.h"
#include "document.h"

/*
 * Choose, export the choice as KTSTR_ACCEL, and say it in @head with the seed. What the host lacks for
 * an accelerator is no error here: each test that needs one reports it, as host_only tests need none.
 * 0, or an exit status after a complaint.
 */
int accel__choose(struct ktstr_run_opts *opts, struct document_header *head);

#endif

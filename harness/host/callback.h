/* SPDX-License-Identifier: GPL-2.0 */
/*
 * post_vm and post_vm_unconditional: a test's own code on the host, after its machine has ended.
 *
 * It runs in a child with a copy of the result, so that a crash or an endless loop in it fails the
 * test and does not lose its report. Only the details that it adds are copied back: a callback can
 * make a verdict worse, never better.
 */
#ifndef KTSTR_HOST_CALLBACK_H
#define KTSTR_HOST_CALLBACK_H

#include "harness/model/run.h"

#define KTSTR_CALLBACK_S	30	/* wall clock that one callback may take */

/*
 * Call the callbacks that the test declares and update run->result, run->verdict and run->why. To
 * be called once, with the verdict about the guest in run->raw and run->verdict.
 */
void ktstr_callbacks__run(struct ktstr_run *run);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * post_vm and post_vm_unconditional: a test's own code on the host, after its machine is gone.
 *
 * It runs in a child with a copy of the result, so that a crash or an endless loop in it is one
 * more failure of the test and not the loss of its report. Of what it does to the result only
 * the details that it added are taken over: a callback can make a pass worse, never a failure
 * better.
 */
#ifndef KTSTR_CORE_CALLBACK_H
#define KTSTR_CORE_CALLBACK_H

#include "run.h"

#define KTSTR_CALLBACK_S	30	/* wall clock that one callback may take */

/*
 * Call what the test declares and fold it into run->result, run->verdict and run->why. To be
 * called once, with the verdict about the guest in run->raw and run->verdict.
 */
void ktstr_callbacks__run(struct ktstr_run *run);

#endif

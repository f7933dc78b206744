/* SPDX-License-Identifier: GPL-2.0 */
/* From what the user calls a moment to a stop of the machine (vm_set_stop()). */
#ifndef KTSTR_REPLAY_MOMENT_H
#define KTSTR_REPLAY_MOMENT_H

#include "harness/monitor/view/kview.h"
#include "request.h"
#include "vmm/vm.h"

struct ktstr_moment {
	struct vm_stop stop;		/* addresses of the kernel are link addresses */
	uint64_t links[VM_MAX_STOPS];
	bool is_op;			/* of the scheduler: set when its programs are loaded */
	bool set;
};

/*
 * What of it is known of the kernel @img: all but the operations of a scheduler and a time that
 * counts from a step. 0, or -ENOENT with @err: this kernel has no such event.
 */
int ktstr_moment__find(struct ktstr_moment *m, const struct ktstr_replay_request *r,
		       const struct ktstr_kimage *img, struct ktstr_err *err);
/*
 * The programs of a scheduler are loaded: is the operation among them? True: m->stop is complete, for
 * the guest as it is, without a slide.
 */
bool ktstr_moment__find_op(struct ktstr_moment *m, const struct ktstr_replay_request *r,
			   struct ktstr_kview *v);

#endif

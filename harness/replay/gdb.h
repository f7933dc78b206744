/* SPDX-License-Identifier: GPL-2.0 */
/* A machine at its stop, for gdb: symbols, a script, and the socket that QEMU serves. */
#ifndef KTSTR_REPLAY_GDB_H
#define KTSTR_REPLAY_GDB_H

#include <limits.h>

#include "harness/monitor/view/kview.h"
#include "harness/model/run.h"
#include "vmm/vm.h"

struct ktstr_replay_gdb {
	char script[PATH_MAX], symbols[PATH_MAX];
	char socket[108];		/* as long as one may be, unix(7); "": there is none */
};

/*
 * Write the files into the folder of @run, and hand the machine over, whose vCPU @cpu is at the stop.
 * 0 or -errno with @err.
 */
int ktstr_replay_gdb__begin(struct ktstr_replay_gdb *g, const struct ktstr_run *run, struct vm *vm,
			    struct ktstr_kview *v, uint32_t cpu, struct ktstr_err *err);
/* Remove the socket. */
void ktstr_replay_gdb__end(struct ktstr_replay_gdb *g);

#endif

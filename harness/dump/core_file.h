/* SPDX-License-Identifier: GPL-2.0 */
/* The core that a run leaves (KTSTR_VMCORE=1): TEST-HASH.vmcore in its folder, of one moment. */
#ifndef KTSTR_DUMP_CORE_FILE_H
#define KTSTR_DUMP_CORE_FILE_H

#include <limits.h>

#include "harness/model/run.h"
#include "harness/monitor/view/kview.h"

struct ktstr_core_file {
	char name[NAME_MAX];		/* in the run's folder; "": there is none */
	char why_not[256];		/* it was asked for and could not be written; "": no such */
};

/* The machine as it stands now; an earlier core of the run is replaced. @regs may be NULL. */
void ktstr_core_file__write(struct ktstr_core_file *f, const struct ktstr_run *run, struct vm *vm,
			    struct ktstr_kview *view, const struct vm_regs *regs);
/* The run leaves no dump, so no core either. */
void ktstr_core_file__drop(struct ktstr_core_file *f, const struct ktstr_run *run);

#endif

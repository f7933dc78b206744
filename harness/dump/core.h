/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine as an ELF core, which crash and drgn open: what kdump's /proc/vmcore has of a kernel that
 * has crashed. Nothing in the guest takes part.
 *
 *	PT_NOTE		NT_PRSTATUS of each CPU, and VMCOREINFO as the kernel keeps it
 *	PT_LOAD		the kernel's image at its own addresses; then all RAM, each range at its addresses
 *			in the direct map
 *
 * Pages of zeroes are holes of the file. The layout is that of elf(5), of the kernel's
 * include/linux/elfcore.h and, for the notes, of Documentation/admin-guide/kdump/vmcoreinfo.rst.
 */
#ifndef KTSTR_DUMP_CORE_H
#define KTSTR_DUMP_CORE_H

#include "harness/monitor/view/kview.h"
#include "vmm/vm.h"

#define KTSTR_CORE_SUFFIX	".vmcore"

struct ktstr_core {
	struct ktstr_kview *view;	/* attached; x86-64 */
	const struct vm_regs *regs;	/* of view->nr_cpus; NULL: not known, they are written as 0 */
	const struct vm_range *range;	/* RAM, the lowest first */
	unsigned int nr_ranges;
	/* write a piece of RAM to @fd from @at on. 0 or -errno with @err */
	int (*write_ram)(void *arg, uint64_t gpa, uint64_t len, int fd, uint64_t at,
			 struct ktstr_err *err);
	void *arg;
};

/*
 * Write it to the empty file @fd. 0 or -errno with @err: what of the kernel is not known, or why the
 * file cannot be written.
 */
int ktstr_core__write(const struct ktstr_core *c, int fd, struct ktstr_err *err);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernels of a run: what --kernel names, given once or several times. Unlike discovery, this
 * fetches a version that the cache lacks, and builds a kernel tree that has no image, or a git
 * reference (docs/kernels.md).
 */
#ifndef KTSTR_TOOL_RUN_KERNELS_H
#define KTSTR_TOOL_RUN_KERNELS_H

#include "harness/kernel/kernel.h"
#include "harness/kernel/kernel_range.h"
#include "tools-testing-ktstr/util/util.h"

struct run_kernel {
	struct ktstr_kernel kernel;
	char label[KTSTR_KERNEL_LABEL_LEN];	/* in test ids; where several run */
	char text[1024];			/* for people: ktstr_kernel__describe() */
};

struct run_kernels {
	struct run_kernel *item;
	unsigned int nr;
};

/*
 * Resolve @specs, in their order; two that are the same kernel are one. A range becomes one kernel
 * of each series, those that the mirror has and the cache has not included. 0, or an exit status
 * after a complaint that begins with @command.
 */
int run_kernels__find(struct run_kernels *ks, const struct strings *specs, const char *command);
/*
 * Without --kernel: the one that discovery finds, labelled "kernel_default". None at all is no error,
 * and @why says so. 0, or an exit status after a complaint.
 */
int run_kernels__discover(struct run_kernels *ks, char *why, size_t size);
void run_kernels__put(struct run_kernels *ks);
/* To the programs that this process starts, as KTSTR_TEST_KERNEL. */
void run_kernel__export(const struct run_kernel *k);

struct kernel_series {
	char name[16];		/* "7.3" */
};

/*
 * What the range @spec stands for: series, "7.3", in order, of the cache and of what the mirror has. The
 * caller frees them. 0, or an exit status after a complaint that begins with @what.
 */
int run_kernels__series(const char *spec, const char *what, struct kernel_series **series, size_t *nr);

#endif

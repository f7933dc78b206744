/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verifier sweep: each declared scheduler on each of its kernels and topologies. A cell of it is
 * one run of the test that a program has for each scheduler that it declares (docs/verifier.md).
 */
#ifndef KTSTR_TOOL_RUN_SWEEP_H
#define KTSTR_TOOL_RUN_SWEEP_H

#include "tools-testing-ktstr/run/job-pool.h"
#include "tools-testing-ktstr/run/suite.h"

struct sweep_topology {
	char *name;			/* of a preset, or as @text */
	char *text;			/* "1n2l4c1t" */
};

/* Schedulers that differ only in what the sweep does not look at are one. */
struct sweep_scheduler {
	char *label;			/* "scx_mutant --fault sticky" */
	char *name, *binary;		/* as declared; the first of its declarations */
	char *test;
	const char *program;
	struct strings kernels;		/* owned; none: all */
	struct sweep_topology own;	/* what its tests inherit */
	struct sweep_topology *topologies;	/* presets within its bounds */
	size_t nr_topologies;
};

/* A BPF program and how many instructions the verifier looked at. */
struct sweep_count {
	char name[32];
	uint64_t insns;
};

struct sweep_cell {
	const struct sweep_scheduler *scheduler;
	const struct sweep_topology *topology;
	const struct run_kernel *kernel;
	char id[320];			/* "verifier/scx_simple/tiny-1llc/kernel_7_3" */
	/* of a cell that ran */
	const char *verdict;		/* "PASS", "FAIL", "SKIP", "-": it has none */
	char *reason;			/* NULL: there is none to give */
	char *folder;			/* of the run; NULL: unknown */
	struct sweep_count *counts;	/* of each program, in the kernel's order */
	size_t nr_counts;
};

struct sweep {
	struct sweep_scheduler *schedulers;
	size_t nr_schedulers;
	struct sweep_cell *cells;
	size_t nr_cells;
};

/* Ask the programs of @suite what they declare. 0, or -errno with @err. */
int sweep__collect(struct sweep *s, const struct suite *suite, struct ktstr_err *err);

/*
 * Make the cells: schedulers that @which names (by label, name or binary; none: all), on topologies
 * that @presets names ("all", presets; none: each scheduler's own), on those of @kernels that it
 * wants. 0, or WRONG_USAGE or 1 after a complaint.
 */
int sweep__plan(struct sweep *s, const struct strings *which, const struct strings *presets,
		const struct run_kernels *kernels);

/* Fill in what cell @i has found: @job has run, below @runs_root. */
void sweep__read(struct sweep *s, size_t i, const struct job *job, const char *runs_root);

/* The count of @program; NULL: the cell has none. */
const struct sweep_count *sweep_cell__count(const struct sweep_cell *c, const char *program);

void sweep__free(struct sweep *s);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of a sidecar is compared: its dimensions, its verdict and its figures. A sidecar is a file that
 * anybody may have written: what is missing or of another type is missing, and only a file without
 * the name of its test is none.
 */
#ifndef KTSTR_RUNS_RECORD_H
#define KTSTR_RUNS_RECORD_H

#include <stdio.h>

#include <ktstr/stats.h>

#include "dims.h"
#include "lib/err.h"
#include "lib/jtree.h"

#define KTSTR_SIDECAR_MAX	(16u << 20)	/* bytes of a file that is read */

/* The figures of the ledger: "ops.dispatch.shortest". That of the code is a hash. */
#define KTSTR_LEDGER_PREFIX	"ops."
#define KTSTR_LEDGER_CODE	"code"

struct ktstr_figure {
	const char *name;	/* in comparisons: docs/results.md */
	const char *unit;	/* "" */
	enum ktstr_polarity polarity;
	double value;		/* finite; the mean, where the sidecar has several */
	unsigned int nr;	/* so many */
};

struct ktstr_record {
	struct ktstr_jtree tree;
	const struct ktstr_jnode *root;
	const char *dim[KTSTR_NR_DIMS];		/* NULL: null, or missing */
	const char *verdict;			/* "pass", "fail", "skip", "inconclusive" */
	const char *timestamp, *arch, *host_cpu, *host_kernel;
	bool deterministic;
	struct ktstr_figure *figure;
	unsigned int nr_figures;
};

/*
 * @run: the name of its folder. All strings are the record's, until ktstr_record__free(), which is
 * also to be called after an error. 0 or -errno with @err.
 */
int ktstr_record__read(struct ktstr_record *r, const char *text, size_t len, const char *run,
		       struct ktstr_err *err);
void ktstr_record__free(struct ktstr_record *r);

/* Is that the name of a sidecar: has ".ktstr." in it and ends with ".json"? */
bool ktstr_record__is_file(const char *name);

#endif

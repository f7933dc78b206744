/* SPDX-License-Identifier: GPL-2.0 */
/* Which of a suite's variants `ktstr run` runs: by name, then by what failed, budget and shard. */
#ifndef KTSTR_TOOL_RUN_CHOOSE_H
#define KTSTR_TOOL_RUN_CHOOSE_H

#include "tools-testing-ktstr/run/document.h"
#include "selection.h"
#include "tools-testing-ktstr/run/suite.h"

struct choose {
	struct selection select;
	const char *rerun;		/* --rerun-failed RUN: a folder, file or run id; or NULL */
	const char *budget;		/* --budget S, else KTSTR_BUDGET_SECS; NULL: none */
	const char *costs;		/* --costs DIR: sidecars that tell how long tests take */
	const char *topology;		/* of all tests, so that no preset may be; or NULL */
	const char *runs_root;		/* where RUN and sidecars are looked for */
	unsigned int width;		/* that many run side by side */
	double budget_s;		/* checked; 0: none */
};

/* Check what the options say. 0, or an exit status after a complaint. */
int choose__check(struct choose *c);

/*
 * Mark the variants to run in @chosen[], and say in @head how. The number of them, or minus an exit
 * status after a complaint.
 */
int choose__tests(struct choose *c, const struct suite *s, bool *chosen,
		  struct document_header *head);

/* The ids of the chosen variants, a line each. An exit status. */
int choose__print(const struct suite *s, const bool *chosen);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What a test program prints and exits with, beyond KTAP, for the tool that runs it. */
#ifndef KTSTR_PLAN_PROTOCOL_H
#define KTSTR_PLAN_PROTOCOL_H

/*
 * "# kernel under test: VERSION, IMAGE (WHERE FROM)", or why there is none. It follows the version
 * line of every KTAP document that a test program prints.
 */
#define KTSTR_KERNEL_LINE	"kernel under test: "

/* In a run's folder while the run goes on: one line that says how far it is. */
#define KTSTR_PROGRESS_FILE	"progress"

/* The head of a report, "# ktstr_test 'NAME' ... failed:"; the most important finding follows it. */
#define KTSTR_REPORT_HEAD	"ktstr_test '"

/* "# ERROR not recorded: WHY": the verdict stays, the exit status is KTSTR_EXIT_UNRECORDED. */
#define KTSTR_UNRECORDED_LINE	"ERROR not recorded: "

/* The native exit status of one test, for --exact and --here. */
enum ktstr_exit {
	KTSTR_EXIT_PASS,		/* also of a skip: "ktstr: SKIP: why" is on stderr */
	KTSTR_EXIT_FAIL,
	KTSTR_EXIT_INCONCLUSIVE,
	KTSTR_EXIT_SKIP = 4,		/* of --here and --fits only, as of every selftest */
	/*
	 * No failure, but a file of the run could not be written: also of the harness, in which 3
	 * and 4 have a meaning.
	 */
	KTSTR_EXIT_UNRECORDED = 5,
};

#endif

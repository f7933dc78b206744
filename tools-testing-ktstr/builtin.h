/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The subcommands. Each is one builtin-*.c with its option table and usage next to its code;
 * ktstr.c has the table of them. A command returns the exit status of the tool: 0, 1 (failed),
 * 2 (used wrongly), 4 (everything was skipped).
 */
#ifndef KTSTR_TOOL_BUILTIN_H
#define KTSTR_TOOL_BUILTIN_H

#include <subcmd/parse-options.h>

#include "../harness/core/suggest.h"
#include "util.h"

struct command {
	const char *name;
	int (*run)(int argc, const char **argv);
	const char *summary;	/* one line for `ktstr help` */
};

extern const struct command commands[];
extern const size_t nr_commands;

/* NULL when there is none. */
const struct command *command__find(const char *name);
/* Complains about an unknown command, with the nearest known one; returns 2. */
int command__unknown(const char *name);

/*
 * parse_options() with the tool's manners: -h prints the help to stdout and exits with 0, an error
 * is one line on stderr and exit status 2, an unknown option gets a near miss suggested.
 * Returns the number of arguments left in @argv.
 */
int parse_args(int argc, const char **argv, const struct option *options,
	       const char * const *usage);

/* For a command without arguments: 0, or 2 after a complaint. */
int no_args(const char *command, int argc, const char **argv);

int cmd_run(int argc, const char **argv);
int cmd_list(int argc, const char **argv);
int cmd_kernel(int argc, const char **argv);
int cmd_show_thresholds(int argc, const char **argv);
int cmd_env(int argc, const char **argv);
int cmd_help(int argc, const char **argv);

#endif

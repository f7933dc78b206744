/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands share. Each command is a file builtin-NAME.c with its option table and usage
 * text next to its code, and a row in commands.h. It returns the exit status of the tool: 0, 1
 * (failed), 2 (inconclusive, `ktstr run` only), 4 (everything was skipped) or WRONG_USAGE.
 */
#ifndef KTSTR_TOOL_BUILTIN_H
#define KTSTR_TOOL_BUILTIN_H

#include <subcmd/parse-options.h>

#include "lib/suggest.h"
#include "tools-testing-ktstr/util/util.h"
#include "commands.h"

/*
 * parse_options() with these differences: -h prints the help to stdout and exits with 0; an error
 * is one line on stderr, with the nearest known option, and exits with WRONG_USAGE.
 * Returns the number of arguments left in @argv.
 */
int parse_args(int argc, const char **argv, const struct option *options,
	       const char * const *usage);

/* For a command without arguments: 0, or WRONG_USAGE after a complaint. */
int no_args(const char *command, int argc, const char **argv);

/* Of an option that may be repeated: adds to the struct strings of its row. */
int strings__option(const struct option *opt, const char *arg, int unset);

#endif

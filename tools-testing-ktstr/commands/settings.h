/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of the tool that become variables of the environment, which every test program reads. The tool
 * reads them first, by the same function, so that a wrong value is found once, before anything is run,
 * and is told of by the name under which the user gave it.
 */
#ifndef KTSTR_TOOL_COMMANDS_SETTINGS_H
#define KTSTR_TOOL_COMMANDS_SETTINGS_H

#include <stddef.h>

#include "harness/plan/opts.h"

struct setting {
	const char *option;	/* without its dashes */
	const char *variable;
	const char *value;	/* NULL: not given, the environment's counts */
};

void settings__export(const struct setting *s, size_t nr);

/*
 * Read what the environment asks for. 0, or an exit status after a complaint: wrong usage, in the words of
 * the command line, where the variable is that of an option that was given, else @otherwise.
 */
int settings__read(const char *command, const struct setting *s, size_t nr, struct ktstr_run_opts *opts,
		   int otherwise);

#endif

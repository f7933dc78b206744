/* SPDX-License-Identifier: GPL-2.0 */
/* The tables of commands and options as man pages and as completions of shells. */
#ifndef KTSTR_TOOL_HELP_FORMATS_H
#define KTSTR_TOOL_HELP_FORMATS_H

#include <stdio.h>

#include "commands.h"

/* ktstr.1, or ktstr-COMMAND.1 for @c. */
void help_man(const struct command *c, FILE *f);

/* For "bash", "zsh" or "fish". -EINVAL for another shell. */
int help_completion(const char *shell, FILE *f);

#endif

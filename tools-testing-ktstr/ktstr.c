// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr: the one host tool. It runs the suite's test programs and merges their output, manages
 * kernels and explains the environment. This file has main(), which finds the command and runs it.
 */
#include <signal.h>
#include <string.h>
#include <subcmd/pager.h>

#include "commands/builtin.h"

#ifndef KTSTR_VERSION
#define KTSTR_VERSION	"0.1"
#endif

int main(int argc, const char **argv)
{
	const struct command *c;
	const char *name;

	signal(SIGPIPE, SIG_DFL);
	pager_init("KTSTR_PAGER");
	if (argc < 2) {
		cmd_help(1, (const char *[]){ "help", NULL });
		return WRONG_USAGE;
	}
	name = argv[1];
	if (!strcmp(name, "--version") || !strcmp(name, "version")) {
		printf("ktstr %s\n", KTSTR_VERSION);
		return 0;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		argv[1] = "help";
		return cmd_help(argc - 1, argv + 1);
	}
	c = command__find(name);
	if (!c)
		return command__unknown(name);
	return c->run(argc - 1, argv + 1);
}

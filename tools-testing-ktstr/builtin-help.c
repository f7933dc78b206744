// SPDX-License-Identifier: GPL-2.0
/* ktstr help [COMMAND]: the list of commands, or what `ktstr COMMAND -h` prints. */
#include <stdio.h>

#include "builtin.h"

static const char * const help_usage[] = {
	"ktstr help [COMMAND]",
	NULL
};

static const struct option help_options[] = {
	OPT_END()
};

int cmd_help(int argc, const char **argv)
{
	const struct command *c;
	size_t i;

	argc = parse_args(argc, argv, help_options, help_usage);
	if (argc > 1)
		return complain(WRONG_USAGE, NULL, "help: explains one command at a time");
	if (argc) {
		c = command__find(argv[0]);
		if (!c)
			return command__unknown(argv[0]);
		return c->run(2, (const char *[]){ c->name, "-h", NULL });
	}
	puts("ktstr tests process schedulers in virtual machines.\n\n"
	     "Usage: ktstr COMMAND [ARGUMENTS]\n");
	for (i = 0; i < nr_commands; i++)
		printf("  %-16s %s\n", commands[i].name, commands[i].summary);
	puts("\n'ktstr help COMMAND' explains a command, 'ktstr --version' says which ktstr this is.");
	return 0;
}

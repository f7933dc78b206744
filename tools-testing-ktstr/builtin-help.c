// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr help [COMMAND]: the list of commands, or what `ktstr COMMAND -h` prints. With --man or
 * --completion the same tables become man pages and completions of shells (help-formats.c).
 */
#include <stdio.h>
#include <string.h>

#include "builtin.h"
#include "help-formats.h"

static bool man;
static const char *completion;

static const char * const help_usage[] = {
	"ktstr help [COMMAND]",
	"ktstr help --man [COMMAND]",
	"ktstr help --completion bash|zsh|fish",
	"",
	"Explains a command, or lists the commands. `make install` generates the man pages and the",
	"completions.",
	NULL
};

static const struct option help_options[] = {
	OPT_BOOLEAN(0, "man", &man, "print the man page, in roff"),
	OPT_STRING(0, "completion", &completion, "SHELL", "print completions for bash, zsh or fish"),
	OPT_END()
};

static int print_completion(void)
{
	if (!help_completion(completion, stdout))
		return 0;
	return complain(WRONG_USAGE, NULL, "help: --completion %s: must be bash, zsh or fish",
			completion);
}

int cmd_help(int argc, const char **argv)
{
	const struct command *c = NULL;

	argc = parse_args(argc, argv, help_options, help_usage);
	if (argc > 1)
		return complain(WRONG_USAGE, NULL, "help: explains one command at a time");
	if (completion)
		return argc || man ? complain(WRONG_USAGE, NULL, "help: --completion stands alone") :
				     print_completion();
	if (argc && !strcmp(argv[0], "help") && !man)
		return cmd_help(2, (const char *[]){ "help", "-h", NULL });
	if (argc) {
		c = command__find(argv[0]);
		if (!c)
			return command__unknown(argv[0]);
	}
	if (man) {
		help_man(c, stdout);
		return 0;
	}
	if (c)
		return c->run(2, (const char *[]){ c->name, "-h", NULL });
	puts("ktstr tests process schedulers in virtual machines.\n\n"
	     "Usage: ktstr COMMAND [ARGUMENTS]\n");
	for (c = commands; c->name; c++)
		printf("  %-16s %s\n", c->name, c->summary);
	printf("  %-16s %s\n", "help", "explain a command");
	puts("\n'ktstr help COMMAND' explains a command, 'ktstr --version' says which ktstr this is.");
	return 0;
}

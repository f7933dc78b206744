// SPDX-License-Identifier: GPL-2.0
/* See commands.h. */
#include <linux/kernel.h>
#include <string.h>

#include "builtin.h"

#define COMMAND_ROW(id, name, summary) { name, cmd_##id, summary, &id##_help },
const struct command commands[] = {
	KTSTR_COMMANDS(COMMAND_ROW)
	{ 0 }
};

const struct command *command__find(const char *name)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int command__unknown(const char *name)
{
	const char *names[ARRAY_SIZE(commands)], *near;
	size_t i;

	for (i = 0; commands[i].name; i++)
		names[i] = commands[i].name;
	names[i++] = "help";
	near = ktstr_suggest(name, names, i);
	return complain(WRONG_USAGE, near, "unknown command '%s'%s", name,
			near ? "" : " (see 'ktstr help')");
}

// SPDX-License-Identifier: GPL-2.0
/* The table of commands, and the parser of their options. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/*
 * Wraps the option parser of tools/lib/subcmd; builtin.h says what is different.
 *
 * The library prints usage text and calls exit(129) on errors. We let it print into memory and
 * turn its exit, in an on_exit() handler, into our own message and status.
 */
#define SUBCMD_EXIT_LISTED	130	/* parse_options() after --list-opts */

static struct {
	bool active;
	FILE *real_stderr;
	FILE *memory;
	char *text;
	size_t len;
	const char *command;
} parser;

static void parser_leave(void)
{
	parser.active = false;
	stderr = parser.real_stderr;
	if (parser.memory)
		fclose(parser.memory);
	parser.memory = NULL;
}

/* " Error: option `x' requires a value    --x <n> ..." -> what stands before the help. */
static void print_error(void)
{
	const char *text = parser.text ? parser.text : "";
	const char *prefix = " Error: ", *help;
	size_t len;

	if (!strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	len = strcspn(text, "\n");
	help = strstr(text, "    ");
	if (help && (size_t)(help - text) < len)
		len = help - text;
	complain(WRONG_USAGE, NULL, "%.*s (see 'ktstr help %s')", (int)len, text, parser.command);
}

static void on_parser_exit(int status, void *arg)
{
	(void)arg;
	if (!parser.active)
		return;
	parser_leave();
	if (status != SUBCMD_EXIT_LISTED)
		print_error();
	fflush(NULL);
	_exit(status == SUBCMD_EXIT_LISTED ? 0 : WRONG_USAGE);
}

static void __attribute__((noreturn)) on_help_exit(int status, void *arg)
{
	(void)status;
	(void)arg;
	fflush(NULL);
	_exit(0);
}

/* Help was asked for: it is output, not an error. */
static void __attribute__((noreturn))
print_help(const struct option *options, const char * const *usage)
{
	on_exit(on_help_exit, NULL);
	fflush(NULL);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	usage_with_options(usage, options);
}

static bool wants_help(int argc, const char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

static void __attribute__((noreturn))
unknown_option(const char *arg, const struct option *options, const char *command)
{
	const char *word = arg + strspn(arg, "-"), *near = NULL, *names[64];
	char name[64], hint[80];
	size_t nr = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	for (; options->type != OPTION_END && nr < ARRAY_SIZE(names); options++)
		if (options->long_name)
			names[nr++] = options->long_name;
	if (arg[1] == '-')
		near = ktstr_suggest(name, names, nr);
	if (near)
		snprintf(hint, sizeof(hint), "--%s", near);
	exit(complain(WRONG_USAGE, near ? hint : NULL, "%s: unknown option '%s'%s%s%s", command, arg,
		      near ? "" : " (see 'ktstr help ", near ? "" : command, near ? "" : "')"));
}

int parse_args(int argc, const char **argv, const struct option *options,
	       const char * const *usage)
{
	const char *command = argv[0];
	int left, i, n = 0;

	if (wants_help(argc, argv))
		print_help(options, usage);
	parser.command = command;
	parser.real_stderr = stderr;
	parser.memory = open_memstream(&parser.text, &parser.len);
	if (!parser.memory)
		exit(complain(1, NULL, "%s", strerror(errno)));
	stderr = parser.memory;
	parser.active = true;
	on_exit(on_parser_exit, NULL);
	left = parse_options(argc, argv, options, NULL,
			     PARSE_OPT_KEEP_UNKNOWN | PARSE_OPT_KEEP_DASHDASH |
			     PARSE_OPT_NO_INTERNAL_HELP);
	parser_leave();
	free(parser.text);
	for (i = 0; i < left && strcmp(argv[i], "--"); i++)
		if (argv[i][0] == '-' && argv[i][1])
			unknown_option(argv[i], options, command);
	/* Take the "--" out. */
	for (i = 0; i < left; i++) {
		if (n == i && !strcmp(argv[i], "--") && i < left)
			continue;
		argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

int no_args(const char *command, int argc, const char **argv)
{
	if (!argc)
		return 0;
	return complain(WRONG_USAGE, NULL, "%s: takes no argument, but '%s' is one", command, argv[0]);
}

int strings__option(const struct option *opt, const char *arg, int unset)
{
	if (!unset)
		return strings__add(opt->value, arg);
	strings__free(opt->value);
	return 0;
}

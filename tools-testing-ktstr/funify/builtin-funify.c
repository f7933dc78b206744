// SPDX-License-Identifier: GPL-2.0
/* ktstr funify: a dump or a sidecar with made-up names, to be shown to others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools-testing-ktstr/commands/builtin.h"
#include "rewrite.h"
#include "lib/paths.h"

#define MAX_FILE	(512u << 20)	/* bytes; as of a dump */

static const char *seed_option;
static struct strings keep_option;

static const char * const funify_usage[] = {
	"ktstr funify [--seed S] [--keep KEY]... [FILE]",
	"",
	"Prints a JSON file (standard input without FILE) with made-up names: texts, and numbers that name",
	"something, as a pid or an address, become others. Figures, keys and layout stay. What was the same",
	"stays the same, also in another file with the same seed. Without --seed nobody can tell the names,",
	"not even who made them. Floating-point numbers and the keys of objects stay: look at them before you",
	"show them.",
	"Exit status: 0; 1: the file cannot be read or is no JSON; 129 wrong usage.",
	NULL
};

static const struct option funify_options[] = {
	OPT_STRING('s', "seed", &seed_option, "S", "a secret of yours: the same one gives the same names"),
	OPT_CALLBACK('k', "keep", &keep_option, "KEY",
		     "leave what is under this key as it is (repeatable)", strings__option),
	OPT_END()
};

const struct command_help funify_help = { funify_usage, funify_options };

static char *read_input(const char *path, size_t *len)
{
	char *text = ktstr_paths__read(path, MAX_FILE, len);

	if (!text)
		complain(1, NULL, "funify: %s: %s", path,
			 errno == EFBIG ? "is larger than 512 MiB" : strerror(errno));
	return text;
}

int cmd_funify(int argc, const char **argv)
{
	struct funify_names names;
	struct ktstr_err err;
	const char *path;
	char *text;
	size_t len;
	int ret;

	argc = parse_args(argc, argv, funify_options, funify_usage);
	if (argc > 1)
		return complain(WRONG_USAGE, NULL, "funify: takes one file, but '%s' is one more", argv[1]);
	if (seed_option && !*seed_option)
		return complain(WRONG_USAGE, NULL, "funify: --seed: must not be empty");
	path = argc && strcmp(argv[0], "-") ? argv[0] : "/dev/stdin";
	ret = funify_names__init(&names, seed_option);
	if (ret)
		return complain(1, NULL, "funify: no random numbers: %s", strerror(-ret));
	text = read_input(path, &len);
	if (!text)
		return 1;
	ret = funify__rewrite(&names, &keep_option, text, len, stdout, &err);
	free(text);
	if (ret)
		return complain(1, NULL, "funify: %s: %s", path, err.msg);
	if (fflush(stdout) || ferror(stdout))
		return complain(1, NULL, "funify: writing: %s", strerror(errno));
	return 0;
}

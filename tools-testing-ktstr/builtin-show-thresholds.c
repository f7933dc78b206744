// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr show-thresholds: the checks of one test after all layers. Only the program that contains
 * the test knows them, so it is found and run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/builtin.h"
#include "tools-testing-ktstr/run/suite.h"

static const char * const thresholds_usage[] = {
	"ktstr show-thresholds TEST [PROGRAM...]",
	NULL
};

static const struct option thresholds_options[] = {
	OPT_END()
};

const struct command_help show_thresholds_help = { thresholds_usage, thresholds_options };

int cmd_show_thresholds(int argc, const char **argv)
{
	const char *name, *program, *near;
	struct suite s;
	size_t i;
	int ret;

	argc = parse_args(argc, argv, thresholds_options, thresholds_usage);
	if (!argc)
		return complain(WRONG_USAGE, NULL,
				"show-thresholds: which test? (see 'ktstr help show-thresholds')");
	ret = suite__open(&s, argv + 1, argc - 1);
	if (ret)
		return ret;
	i = suite__find_test(&s, argv[0], &name);
	if (i == s.tests.nr) {
		near = ktstr_suggest(name, (const char * const *)s.tests.item, s.tests.nr);
		ret = complain(WRONG_USAGE, near, "show-thresholds: no test is named '%s'", name);
		suite__free(&s);
		return ret;
	}
	program = s.programs.item[s.program_of[i]];
	execl(program, program, "--show-thresholds", name, NULL);
	ret = complain(1, NULL, "%s: %s", program, strerror(errno));
	suite__free(&s);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the options before kselftest_harness.h gets them. The option string is that of the harness,
 * which also reports wrong options.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"
#include "lib/suggest.h"

#define HARNESS_OPTIONS	"dhlF:f:V:v:t:T:r:"

/* Call @see for every option until it returns true, and reset getopt(). */
static bool each_option(int argc, char **argv, bool (*see)(int opt, const char *arg, void *data),
			void *data)
{
	bool hit = false;
	int opt;

	optind = 1;
	opterr = 0;
	while (!hit && (opt = getopt(argc, argv, HARNESS_OPTIONS)) != -1 && opt != '?')
		hit = see(opt, optarg, data);
	optind = 1;
	opterr = 1;
	return hit;
}

/* The test that -t or -r names; NULL for any other option. */
static const char *named(int opt, const char *arg)
{
	static const char prefix[] = KTSTR_FIXTURE ".";

	if (opt == 't')
		return arg;
	if (opt != 'r')
		return NULL;
	return strncmp(arg, prefix, sizeof(prefix) - 1) ? "" : arg + sizeof(prefix) - 1;
}

static bool see_list(int opt, const char *arg, void *data)
{
	(void)arg;
	(void)data;
	return opt == 'l' || opt == 'h';
}

bool ktstr_select__lists(int argc, char **argv)
{
	return each_option(argc, argv, see_list, NULL);
}

static bool see_test(int opt, const char *arg, void *data)
{
	const char *name = named(opt, arg);

	return name && !strcmp(name, data);
}

bool ktstr_select__names(int argc, char **argv, const char *test)
{
	return each_option(argc, argv, see_test, (void *)test);
}

struct typo {
	const struct ktstr_registry *r;
	const char *name;
};

static bool see_typo(int opt, const char *arg, void *data)
{
	struct typo *t = data;
	const char *name = named(opt, arg);

	if (!name || ktstr_registry__find(t->r, name))
		return false;
	t->name = opt == 'r' ? arg : name;
	return true;
}

int ktstr_select__check(int argc, char **argv, const struct ktstr_registry *r,
			struct ktstr_err *err)
{
	struct typo t = { .r = r };
	const char **names, *best;
	unsigned int i;

	if (!each_option(argc, argv, see_typo, &t))
		return 0;
	names = calloc(r->nr_tests + 1, sizeof(*names));
	for (i = 0; names && i < r->nr_tests; i++)
		names[i] = r->tests[i]->name;
	best = names ? ktstr_suggest(t.name, names, r->nr_tests) : NULL;
	free(names);
	return ktstr_err(err, EINVAL, "there is no test %s in this program%s%s%s; -l lists them",
			 t.name, best ? " (did you mean " : "", best ? best : "", best ? "?)" : "");
}

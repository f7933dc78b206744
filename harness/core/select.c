// SPDX-License-Identifier: GPL-2.0
/*
 * A look at the options before kselftest_harness.h gets them. The option string is the
 * harness's; what it rejects is left to it.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "select.h"

#define HARNESS_OPTIONS	"dhlF:f:V:v:t:T:r:"

/* Calls @see for every option until it returns true; getopt() is fresh again afterwards. */
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

/* The test that -t or -r asks for, NULL when the option is another one. */
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

/* Levenshtein distance of two short names, case ignored. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[130], diag, up, i, j, la = strlen(a), lb = strlen(b), cost;

	if (la > 128 || lb > 128)
		return UINT32_MAX;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			up = row[j];
			cost = diag + (tolower((unsigned char)a[i - 1]) !=
				       tolower((unsigned char)b[j - 1]));
			if (up + 1 < cost)
				cost = up + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
			diag = up;
		}
	}
	return row[lb];
}

int ktstr_select__check(int argc, char **argv, const struct ktstr_registry *r,
			struct vm_err *err)
{
	struct typo t = { .r = r };
	const char *best = NULL;
	unsigned int i, d, least = UINT32_MAX, len;

	if (!each_option(argc, argv, see_typo, &t))
		return 0;
	len = strlen(t.name);
	for (i = 0; i < r->nr_tests; i++) {
		d = distance(t.name, r->tests[i]->name);
		if (d < least && d <= (len / 3 > 3 ? len / 3 : 3)) {
			least = d;
			best = r->tests[i]->name;
		}
	}
	return vm_err(err, EINVAL, "there is no test %s in this program%s%s%s; -l lists them",
		      t.name, best ? " (did you mean " : "", best ? best : "", best ? "?)" : "");
}

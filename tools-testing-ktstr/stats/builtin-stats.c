// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr stats: what the runs that are kept say. This file finds them and prints what an action has
 * found; the actions are in stats/.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "stats.h"
#include "tools-testing-ktstr/commands/builtin.h"

static struct stats st;
static const char *dir_option, *threshold_option;
static bool as_csv, as_json, as_html;

static const char * const stats_usage[] = {
	"ktstr stats [show] [RUN]             figures of a run (default: the newest)",
	"ktstr stats list                     the runs, the newest first",
	"ktstr stats compare A B              two runs",
	"ktstr stats compare -a DIM=V -b DIM=V  all runs that differ in a dimension",
	"ktstr stats list-metrics             the figures, and from what on a change counts",
	"ktstr stats list-values              the dimensions, and what they are in the runs at hand",
	"ktstr stats explain [RUN]            why keys of sidecars are null",
	"",
	"RUN, A and B are names of run folders, or KERNEL-COMMIT for all of that build.",
	"Exit status of compare: 1 if something got worse.",
	NULL
};

static int add_filter(const char *text, bool a, bool b)
{
	const char *equal = strchr(text, '='), *names[KTSTR_NR_DIMS];
	struct ktstr_filter *f = &st.opts.filter[st.opts.nr_filters];
	char name[32];

	if (st.opts.nr_filters == KTSTR_MAX_FILTERS)
		return complain(WRONG_USAGE, NULL, "stats: more than %u filters", KTSTR_MAX_FILTERS);
	snprintf(name, sizeof(name), "%.*s", equal ? (int)(equal - text) : 0, text);
	for (int d = 0; d < KTSTR_NR_DIMS; d++) {
		names[d] = ktstr_dims[d].name;
		if (strcmp(name, names[d]) || !equal[1])
			continue;
		*f = (struct ktstr_filter){ .dim = d, .value = equal + 1, .of = { a, b } };
		st.opts.nr_filters++;
		return 0;
	}
	return complain(WRONG_USAGE, *name ? ktstr_suggest(name, names, KTSTR_NR_DIMS) : NULL,
			"stats: '%s': must be DIMENSION=VALUE (see 'ktstr stats list-values')", text);
}

static int where(const struct option *opt, const char *text, int unset)
{
	(void)unset;
	if (add_filter(text, opt->short_name != 'b', opt->short_name != 'a'))
		exit(WRONG_USAGE);
	return 0;
}

static const struct option stats_options[] = {
	OPT_GROUP("Which runs"),
	OPT_STRING(0, "dir", &dir_option, "DIR",
		   "the runs below DIR (default: KTSTR_SIDECAR_DIR, else KTSTR_RUNS_ROOT, else ktstr-runs beside the tool)"),
	OPT_CALLBACK('w', "where", NULL, "DIM=VALUE",
		     "only runs like that (repeatable; values of one dimension are alternatives)", where),
	OPT_CALLBACK('a', "a", NULL, "DIM=VALUE", "compare: side A, the baseline, is like that", where),
	OPT_CALLBACK('b', "b", NULL, "DIM=VALUE", "compare: side B is like that", where),
	OPT_STRING('E', "contains", &st.opts.contains, "TEXT",
		   "only runs with TEXT in test, topology, scheduler or work type"),
	OPT_GROUP("compare"),
	OPT_STRING(0, "threshold", &threshold_option, "PERCENT",
		   "the relative gate of all metrics"),
	OPT_STRING(0, "policy", &st.policy_file, "FILE", "relative gates of single metrics, as JSON"),
	OPT_BOOLEAN(0, "no-average", &st.opts.no_repeats, "repeats are an error"),
	OPT_BOOLEAN(0, "exact", &st.opts.exact,
		    "only the ledgers of deterministic runs, in which each difference counts"),
	OPT_BOOLEAN(0, "must-pass", &st.must_pass,
		    "exit with 1 also for tests that fail, or are gone, on side B only"),
	OPT_BOOLEAN(0, "all", &st.all, "show figures that did not change, too"),
	OPT_GROUP("Output"),
	OPT_BOOLEAN(0, "strict", &st.strict, "explain: exit with 1 if a file is no sidecar"),
	OPT_BOOLEAN(0, "csv", &as_csv, "print CSV"),
	OPT_BOOLEAN(0, "json", &as_json, "print JSON"),
	OPT_BOOLEAN(0, "html", &as_html, "print a page of HTML"),
	OPT_END()
};

const struct command_help stats_help = { stats_usage, stats_options };

static const struct action {
	const char *name;
	int (*run)(struct stats *st);
	int min_args, max_args;
	bool figures;			/* the values are needed */
} actions[] = {
	{ "show", stats__show, 0, 1, true },
	{ "list", stats__list, 0, 0, false },
	{ "compare", stats__compare, 0, 2, true },
	{ "list-metrics", stats__list_metrics, 0, 0, true },
	{ "list-values", stats__list_values, 0, 0, false },
	{ "explain", stats__explain, 0, 1, false },
};

static const struct action *find_action(const char *name)
{
	const char *names[ARRAY_SIZE(actions)];

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		names[i] = actions[i].name;
		if (!strcmp(name, names[i]))
			return &actions[i];
	}
	complain(WRONG_USAGE, ktstr_suggest(name, names, ARRAY_SIZE(actions)),
		 "stats: unknown action '%s'", name);
	return NULL;
}

static int find_root(void)
{
	const char *from = dir_option ?: ktstr_env("KTSTR_SIDECAR_DIR");
	struct ktstr_err err;
	int ret;

	if (!from)
		return ktstr_paths__runs_root(st.root, sizeof(st.root), &err) ?
		       complain(1, NULL, "%s", err.msg) : 0;
	ret = ktstr_paths__absolute(from, st.root, sizeof(st.root));
	if (!ret && dir_option && !ktstr_paths__is_dir(st.root))
		ret = -ENOTDIR;
	return ret ? complain(1, NULL, "--dir %s: %s", from, strerror(-ret)) : 0;
}

static int load(const struct action *a)
{
	const struct ktstr_index_counts *c;
	struct ktstr_err err;

	if (ktstr_index__open(&st.index, st.root, &err) ||
	    ktstr_index__rows(st.index, a->figures, &st.rows, &err))
		return complain(1, NULL, "%s", err.msg);
	c = ktstr_index__counts(st.index);
	if (c->rebuilt)
		fprintf(stderr, "ktstr: the index of %s was made anew, because %s\n", st.root, c->why);
	if (c->wrong)
		fprintf(stderr, "ktstr: %u of %u files are no sidecars and left out (see 'ktstr stats explain')\n",
			c->wrong, c->sidecars);
	return 0;
}

static int check_options(const struct action *a)
{
	bool compares = a->run == stats__compare;

	if (as_csv + as_json + as_html > 1)
		return complain(WRONG_USAGE, NULL, "stats: --csv, --json and --html exclude each other");
	if (threshold_option && st.policy_file)
		return complain(WRONG_USAGE, NULL, "stats: --threshold and --policy exclude each other");
	if (!compares && (threshold_option || st.policy_file || st.opts.no_repeats || st.opts.exact ||
			  st.must_pass || st.all))
		return complain(WRONG_USAGE, NULL,
				"stats %s: --threshold, --policy, --no-average, --exact, --must-pass and --all are for compare",
				a->name);
	for (unsigned int i = 0; !compares && i < st.opts.nr_filters; i++)
		if (!st.opts.filter[i].of[KTSTR_SIDE_A] || !st.opts.filter[i].of[KTSTR_SIDE_B])
			return complain(WRONG_USAGE, NULL, "stats %s: -a and -b are for compare, use -w",
					a->name);
	if (st.strict && a->run != stats__explain)
		return complain(WRONG_USAGE, NULL, "stats %s: --strict is for explain", a->name);
	return 0;
}

static int run_action(const struct action *a)
{
	enum sheet_format format = as_csv ? SHEET_CSV : as_json ? SHEET_JSON :
				   as_html ? SHEET_HTML : SHEET_TEXT;
	struct ktstr_err err;
	int ret;

	ktstr_policy__init(&st.policy);
	st.opts.policy = &st.policy;
	ret = find_root();
	if (!ret && threshold_option && ktstr_policy__percent(&st.policy, threshold_option, &err))
		ret = complain(WRONG_USAGE, NULL, "stats: --threshold %s", err.msg);
	if (!ret && st.policy_file && ktstr_policy__read(&st.policy, st.policy_file, &err))
		ret = complain(1, NULL, "%s", err.msg);
	ret = ret ?: load(a);
	if (!ret && st.policy_file &&
	    ktstr_policy__check(&st.policy, st.policy_file, &st.rows, &err))
		ret = complain(1, NULL, "%s", err.msg);
	if (!ret) {
		st.sheet = sheet__new("ktstr stats");
		ret = a->run(&st);
		if (ret <= 1)
			sheet__print(st.sheet, format, stdout);
	}
	sheet__free(st.sheet);
	ktstr_rows__free(&st.rows);
	ktstr_index__close(st.index);
	ktstr_policy__free(&st.policy);
	return ret > 1 && ret != WRONG_USAGE ? 1 : ret;
}

int cmd_stats(int argc, const char **argv)
{
	const struct action *a = &actions[0];
	int ret;

	argc = parse_args(argc, argv, stats_options, stats_usage);
	if (argc) {
		a = find_action(argv[0]);
		if (!a)
			return WRONG_USAGE;
		st.argv = argv + 1;
		st.argc = argc - 1;
	}
	st.action = a->name;
	if (st.argc < a->min_args || st.argc > a->max_args)
		return complain(WRONG_USAGE, NULL, "stats %s: takes %d arguments at most (see 'ktstr help stats')",
				a->name, a->max_args);
	ret = check_options(a);
	return ret ?: run_action(a);
}

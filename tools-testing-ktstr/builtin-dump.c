// SPDX-License-Identifier: GPL-2.0
/* ktstr dump: show a dump of a scheduler, or what differs between two. The files are not trusted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <subcmd/pager.h>

#include "harness/dump/file.h"
#include "harness/dump/text.h"
#include "lib/parse.h"
#include "commands/builtin.h"

static const char *map_option, *task_option;
static bool as_json, diff, brief, no_pager;

static const char * const dump_usage[] = {
	"ktstr dump [--brief] FILE                    all of a dump",
	"ktstr dump [--map NAME] [--task PID] FILE    some of it",
	"ktstr dump --json FILE                       as JSON",
	"ktstr dump --diff A B                        what differs between two",
	"",
	"FILE is *.failure-dump.json in the folder of a run; its report names it. On a terminal, a",
	"pager shows the text.",
	"Exit status: 0; 1: the file cannot be read, there is no such map or task, or, with --diff,",
	"something differs; 129 wrong usage.",
	NULL
};

static const struct option dump_options[] = {
	OPT_STRING(0, "map", &map_option, "NAME",
		   "the maps whose name ends with NAME, all members of their values"),
	OPT_STRING(0, "task", &task_option, "PID", "this task, and what the maps have about it"),
	OPT_BOOLEAN(0, "brief", &brief, "the first screen only"),
	OPT_BOOLEAN(0, "diff", &diff, "compare two dumps"),
	OPT_BOOLEAN(0, "json", &as_json, "print the JSON that was read"),
	OPT_BOOLEAN(0, "no-pager", &no_pager, "no pager"),
	OPT_END()
};

const struct command_help dump_help = { dump_usage, dump_options };

/* Of a file with two moments both are shown, the earlier one first. */
static int show(const struct ktstr_dump_file *d, uint64_t pid)
{
	const struct ktstr_jnode * const reports[] = { d->early, d->report };
	int found = 0;

	if (!d->report) {
		printf("degraded: %s\n", ktstr_jnode__str(d->root, "reason", "?"));
		return map_option || task_option ? 1 : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		if (!reports[i])
			continue;
		if (d->early)
			printf("%s==== %s ====\n", i ? "\n" : "", i ? "late" : "early");
		if (map_option)
			found |= !ktstr_dump_text__map(reports[i], map_option, stdout);
		if (task_option)
			found |= !ktstr_dump_text__task(reports[i], (int64_t)pid, stdout);
		if (!map_option && !task_option && brief)
			ktstr_dump_text__screen(reports[i], true, stdout);
		else if (!map_option && !task_option)
			ktstr_dump_text__all(reports[i], stdout);
	}
	if ((!map_option && !task_option) || found)
		return 0;
	return complain(1, NULL, "dump: it has no such %s", map_option ? "map" : "task");
}

static int open_dump(struct ktstr_dump_file *d, const char *path)
{
	struct ktstr_err err;

	return ktstr_dump_file__open(d, path, &err) ? complain(1, NULL, "dump: %s", err.msg) : 0;
}

static int compare(const char **argv)
{
	struct ktstr_dump_file a = { .root = NULL }, b = { .root = NULL };
	int ret = open_dump(&a, argv[0]);

	if (!ret)
		ret = open_dump(&b, argv[1]);
	if (!ret)
		ret = ktstr_dump_file__diff(a.root, b.root, stdout) ? 1 : 0;
	ktstr_dump_file__close(&a);
	ktstr_dump_file__close(&b);
	return ret;
}

static int check(int argc, uint64_t *pid)
{
	struct ktstr_err err;
	int wanted = diff ? 2 : 1;

	if (argc != wanted)
		return complain(WRONG_USAGE, NULL, "dump: %s", diff ? "--diff needs two files" :
				"needs one file, *.failure-dump.json in the folder of a run");
	if (diff && (as_json || brief || map_option || task_option))
		return complain(WRONG_USAGE, NULL, "dump: --diff excludes --json, --brief, --map and --task");
	if (as_json && (brief || map_option || task_option))
		return complain(WRONG_USAGE, NULL, "dump: --json is all of it: it excludes --brief, --map and --task");
	if (brief && (map_option || task_option))
		return complain(WRONG_USAGE, NULL, "dump: --brief excludes --map and --task");
	if (map_option && !*map_option)
		return complain(WRONG_USAGE, NULL, "dump: --map needs a name");
	if (task_option && ktstr_parse_setting("--task", task_option, 0, INT32_MAX, pid, &err))
		return complain(WRONG_USAGE, NULL, "dump: %s", err.msg);
	return 0;
}

int cmd_dump(int argc, const char **argv)
{
	struct ktstr_dump_file d;
	uint64_t pid = 0;
	int ret;

	argc = parse_args(argc, argv, dump_options, dump_usage);
	ret = check(argc, &pid);
	if (ret)
		return ret;
	if (!no_pager && !as_json)
		setup_pager();
	if (diff)
		return compare(argv);
	ret = open_dump(&d, argv[0]);
	if (!ret && as_json)
		ktstr_jtree__write(d.root, stdout);
	else if (!ret)
		ret = show(&d, pid);
	ktstr_dump_file__close(&d);
	return ret;
}

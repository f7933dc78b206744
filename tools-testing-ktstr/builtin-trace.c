// SPDX-License-Identifier: GPL-2.0
/* ktstr trace: what a trace of ktstr run --trace says. The files are not trusted. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <subcmd/pager.h>

#include "harness/trace/analyse.h"
#include "lib/err.h"
#include "lib/parse.h"
#include "commands/builtin.h"

static const char *task_option, *svg_option, *longest_option;
static bool no_pager;

static const char * const trace_usage[] = {
	"ktstr trace diff [--task T] A B              the first decision in which two runs differ",
	"ktstr trace latency [--task T] FILE          who waited for whom, how long and why",
	"ktstr trace show FILE                        all events, one a line",
	"ktstr trace convert FILE TO                  the same trace in the format that the name TO asks for",
	"",
	"FILE is what ktstr run --trace has written: Perfetto, CSV (*.csv) or SQLite (*.sqlite, *.db).",
	"Exit status: 0; 1: the file cannot be read, there is no such task, or, of diff, the runs",
	"differ; 129 wrong usage.",
	NULL
};

static const struct option trace_options[] = {
	OPT_STRING(0, "task", &task_option, "TASK", "latency: only this one, PID or NAME; diff: task by task, those whose name matches"),
	OPT_STRING(0, "longest", &longest_option, "N", "latency: so many single waits (default 10)"),
	OPT_STRING(0, "svg", &svg_option, "FILE", "latency: draw the CPUs over time into FILE"),
	OPT_BOOLEAN(0, "no-pager", &no_pager, "no pager"),
	OPT_END()
};

const struct command_help trace_help = { trace_usage, trace_options };

static int open_trace(struct ktstr_trace *t, const char *path)
{
	struct ktstr_err err;

	return ktstr_trace__read(t, path, &err) ? complain(1, NULL, "trace: %s: %s", path, err.msg) : 0;
}

static int run_diff(const char **argv)
{
	struct ktstr_trace a, b = { .event = NULL };
	int ret = open_trace(&a, argv[0]);

	if (!ret)
		ret = open_trace(&b, argv[1]);
	if (!ret)
		ret = ktstr_trace__diff(&a, &b, task_option, stdout);
	ktstr_trace__free(&a);
	ktstr_trace__free(&b);
	if (ret == -ESRCH)
		return complain(1, NULL, "trace: no task '%s' in either of them", task_option);
	return ret < 0 ? complain(1, NULL, "trace: %s", strerror(-ret)) : ret;
}

static int run_latency(const char **argv)
{
	struct ktstr_trace_waits w = { .cpu = NULL };
	struct ktstr_trace t;
	uint64_t longest = 10;
	struct ktstr_err err;
	int ret;

	if (longest_option && ktstr_parse_setting("--longest", longest_option, 0, 1000000, &longest, &err))
		return complain(WRONG_USAGE, NULL, "trace: %s", err.msg);
	ret = check_output("trace", "svg", svg_option);
	if (ret)
		return ret;
	ret = open_trace(&t, argv[0]);
	if (!ret && ktstr_trace_waits__find(&w, &t))
		ret = complain(1, NULL, "trace: no memory");
	if (!ret && !ktstr_trace_waits__print(&w, task_option, (unsigned int)longest, stdout))
		ret = complain(1, NULL, task_option ? "trace: no task '%s' waited" : "trace: nobody waited",
			       task_option);
	if (!ret && svg_option) {
		ret = ktstr_trace_waits__svg(&w, &t, task_option, svg_option);
		if (ret)
			ret = complain(1, NULL, "trace: --svg %s: %s", svg_option, strerror(-ret));
	}
	ktstr_trace_waits__free(&w);
	ktstr_trace__free(&t);
	return ret;
}

static int run_show(const char **argv)
{
	struct ktstr_trace t;
	char line[256];
	int ret = open_trace(&t, argv[0]);

	for (size_t i = 0; !ret && i < t.nr; i++) {
		ktstr_trace_event__describe(&t.event[i], line, sizeof(line));
		printf("%14.9f [%03" PRIu32 "] %s\n", (double)t.event[i].ns / 1e9, t.event[i].cpu, line);
	}
	ktstr_trace__free(&t);
	return ret;
}

static int run_convert(const char **argv)
{
	struct ktstr_trace_writer *w;
	struct ktstr_trace t;
	int ret = open_trace(&t, argv[0]), status;

	if (ret)
		return ret;
	status = ktstr_trace_writer__open(&w, argv[1], t.nr_cpus, t.kernel);
	for (size_t i = 0; !status && i < t.nr; i++)
		ktstr_trace_writer__add(w, &t.event[i]);
	if (!status)
		status = ktstr_trace_writer__close(w);
	ktstr_trace__free(&t);
	return status ? complain(1, NULL, "trace: %s: %s", argv[1], strerror(-status)) : 0;
}

static const struct {
	const char *name;
	int files;
	int (*run)(const char **argv);
} subs[] = {
	{ "diff", 2, run_diff },
	{ "latency", 1, run_latency },
	{ "show", 1, run_show },
	{ "convert", 2, run_convert },
	{ NULL, 0, NULL }
};

int cmd_trace(int argc, const char **argv)
{
	int i = 0;

	argc = parse_args(argc, argv, trace_options, trace_usage);
	while (argc && subs[i].name && strcmp(subs[i].name, argv[0]))
		i++;
	if (!argc || !subs[i].name)
		return complain(WRONG_USAGE, NULL, "trace: must be followed by diff, latency, show or convert%s%s",
				argc ? ", not " : "", argc ? argv[0] : "");
	if (argc != subs[i].files + 1)
		return complain(WRONG_USAGE, NULL, "trace %s: needs %s", subs[i].name,
				subs[i].files == 1 ? "one file" : "two files");
	if (strcmp(subs[i].name, "latency") && (svg_option || longest_option))
		return complain(WRONG_USAGE, NULL, "trace %s: --longest and --svg are of latency", subs[i].name);
	if (task_option && strcmp(subs[i].name, "latency") && strcmp(subs[i].name, "diff"))
		return complain(WRONG_USAGE, NULL, "trace %s: --task is of latency and diff", subs[i].name);
	if (!no_pager)
		setup_pager();
	return subs[i].run(argv + 1);
}

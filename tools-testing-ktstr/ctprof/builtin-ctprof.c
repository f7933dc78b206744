// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr ctprof: what the threads of a host did, from the counters that the kernel keeps anyway. Two snapshots
 * are compared, or what happened in an interval or while a command ran. ctprof/ does the work.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <subcmd/pager.h>

#include "capture.h"
#include "file.h"
#include "print.h"
#include "lib/clock.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "tools-testing-ktstr/commands/builtin.h"

#define DEFAULT_OUTPUT	"host.ctprof.zst"
#define DEFAULT_LIMIT	500
#define MAX_INTERVAL_S	86400
#define NO_SUCH_COMMAND	127	/* exit status, as of a shell */

static struct {
	const char *output, *root, *interval, *group_by, *sort_by, *metrics, *sections, *limit, *join;
	bool smaps, all, csv, json, html, no_pager, plain_names, plain_paths;
	struct strings flatten;
	const char **command;		/* behind "--"; NULL: none */
	/* Checked values of the above. */
	struct ctprof_compare_opts compare;
	uint64_t interval_s;
	bool *metric, section[CTPROF_NR_SECTIONS];
} o;

static const char * const ctprof_usage[] = {
	"ktstr ctprof capture [-o FILE] [--smaps]     write a snapshot of all threads and their cgroups",
	"ktstr ctprof compare A B                     in what two snapshots differ",
	"ktstr ctprof compare --interval S            what happens on this host in S seconds",
	"ktstr ctprof compare [--interval S] -- COMMAND...  ... while a command runs, S seconds at most",
	"ktstr ctprof show FILE                       what one snapshot says",
	"",
	"Counters are those that the kernel keeps for each thread since it began; docs/ctprof.md and",
	"ktstr list ctprof-metrics explain them. FILE is JSON, packed if its name ends with .zst.",
	"Exit status: 0, also if the snapshots differ; 1: something cannot be read or written; 129",
	"wrong usage. With COMMAND, that of the command.",
	NULL
};

static int add_flatten(const struct option *opt, const char *text, int unset)
{
	(void)opt;
	(void)unset;
	return strings__add(&o.flatten, text);
}

static const struct option ctprof_options[] = {
	OPT_GROUP("What is read"),
	OPT_STRING('o', "output", &o.output, "FILE", "capture: write here (default " DEFAULT_OUTPUT "); - is stdout"),
	OPT_BOOLEAN(0, "smaps", &o.smaps, "also smaps_rollup of each process, which takes the kernel time"),
	OPT_STRING(0, "root", &o.root, "DIR", "read DIR/proc and DIR/sys, as /proc/PID/root of a container"),
	OPT_STRING(0, "interval", &o.interval, "S", "compare: so many seconds between two snapshots of this host"),
	OPT_GROUP("What is compared or shown"),
	OPT_STRING(0, "group-by", &o.group_by, "WHAT",
		   "cgroup, pcomm, comm, comm-exact, process, thread, or all: the first three (default)"),
	OPT_CALLBACK(0, "cgroup-flatten", NULL, "GLOB", "cgroups that match are one group (repeatable)", add_flatten),
	OPT_BOOLEAN(0, "no-thread-normalize", &o.plain_names, "names that differ in numbers are not one group"),
	OPT_BOOLEAN(0, "no-cg-normalize", &o.plain_paths, "nor are such cgroups"),
	OPT_STRING(0, "join", &o.join, "threads|groups", "what is paired (default: threads of one boot, else groups)"),
	OPT_STRING(0, "metrics", &o.metrics, "A,B", "only these figures"),
	OPT_STRING(0, "sections", &o.sections, "A,B", "only these sections: primary, derived, pressure, ..."),
	OPT_STRING(0, "sort-by", &o.sort_by, "M[:asc],...",
		   "rank groups by these figures (default run_time_ns), or rows by percent"),
	OPT_STRING(0, "limit", &o.limit, "N", "rows of a table (default 500; 0: no limit)"),
	OPT_BOOLEAN(0, "all", &o.all, "also what did not change, or is 0"),
	OPT_GROUP("Output"),
	OPT_BOOLEAN(0, "csv", &o.csv, "print CSV"),
	OPT_BOOLEAN(0, "json", &o.json, "print JSON"),
	OPT_BOOLEAN(0, "html", &o.html, "print a page of HTML"),
	OPT_BOOLEAN(0, "no-pager", &o.no_pager, "no pager"),
	OPT_END()
};

const struct command_help ctprof_help = { ctprof_usage, ctprof_options };

/* The next word of a list "A,B"; false: that was all. */
static bool next_word(const char **list, char *word, size_t size)
{
	size_t len = strcspn(*list, ",");

	if (!**list)
		return false;
	snprintf(word, size, "%.*s", (int)len, *list);
	*list += len + ((*list)[len] == ',');
	return true;
}

static int unknown_metric(const char *option, const char *word)
{
	const char *names[CTPROF_NR_METRICS + 64];
	size_t nr = 0;

	for (int i = 0; i < CTPROF_NR_METRICS; i++)
		names[nr++] = ctprof_metrics[i].name;
	for (size_t i = 0; i < ctprof_nr_derived && nr < ARRAY_SIZE(names); i++)
		names[nr++] = ctprof_derived[i].name;
	return complain(WRONG_USAGE, ktstr_suggest(word, names, nr),
			"ctprof: --%s: no figure is called '%s'", option, word);
}

static int check_metrics(void)
{
	const char *list = o.metrics;
	char word[64];
	int id;

	if (!list)
		return 0;
	o.metric = calloc(CTPROF_NR_METRICS + ctprof_nr_derived, sizeof(*o.metric));
	if (!o.metric)
		return complain(1, NULL, "ctprof: no memory");
	while (next_word(&list, word, sizeof(word))) {
		id = ctprof_metric__find(word);
		if (id < 0)
			return unknown_metric("metrics", word);
		o.metric[id] = true;
	}
	o.compare.metric = o.metric;
	return 0;
}

static int check_sections(void)
{
	const char *list = o.sections, *names[CTPROF_NR_SECTIONS];
	char word[64];
	int i;

	if (!list && !o.metrics)
		return 0;
	/* figures of threads were asked for: nothing of cgroups or the host */
	for (i = 0; !list && i < CTPROF_NR_SECTIONS; i++)
		o.section[i] = i <= CTPROF_SMAPS_ROLLUP;
	for (i = 0; i < CTPROF_NR_SECTIONS; i++)
		names[i] = ctprof_section__name(i);
	while (list && next_word(&list, word, sizeof(word))) {
		for (i = 0; i < CTPROF_NR_SECTIONS && strcmp(word, names[i]); i++)
			;
		if (i == CTPROF_NR_SECTIONS)
			return complain(WRONG_USAGE, ktstr_suggest(word, names, CTPROF_NR_SECTIONS),
					"ctprof: --sections: no section is called '%s'", word);
		o.section[i] = true;
	}
	o.compare.section = o.section;
	return 0;
}

static int check_sort(void)
{
	const char *list = o.sort_by ?: "";
	char word[96], *order;
	int id;

	while (next_word(&list, word, sizeof(word))) {
		order = strchr(word, ':');
		if (order)
			*order++ = '\0';
		if (order && strcmp(order, "asc") && strcmp(order, "desc"))
			return complain(WRONG_USAGE, NULL, "ctprof: --sort-by %s:%s: must be asc or desc", word,
					order);
		if (o.compare.nr_sort == CTPROF_MAX_SORT)
			return complain(WRONG_USAGE, NULL, "ctprof: --sort-by: more than %d figures",
					CTPROF_MAX_SORT);
		id = strcmp(word, "percent") ? ctprof_metric__find(word) : CTPROF_SORT_PERCENT;
		if (id == -1 && strcmp(word, "percent"))
			return unknown_metric("sort-by", word);
		if (id >= 0 && id < CTPROF_NR_METRICS && ctprof_form__is_text(ctprof_metrics[id].form))
			return complain(WRONG_USAGE, NULL, "ctprof: --sort-by: %s has no order", word);
		o.compare.sort[o.compare.nr_sort].id = id;
		o.compare.sort[o.compare.nr_sort++].ascending = order && !strcmp(order, "asc");
	}
	return 0;
}

static int check_axis(void)
{
	const char *names[16] = { "all" };
	size_t i;

	if (!o.group_by || !strcmp(o.group_by, "all"))
		return 0;
	for (i = 0; i < ctprof_nr_axes; i++) {
		names[i + 1] = ctprof_axes[i].name;
		if (!strcmp(o.group_by, names[i + 1])) {
			o.compare.axis = &ctprof_axes[i];
			return 0;
		}
	}
	return complain(WRONG_USAGE, ktstr_suggest(o.group_by, names, i + 1),
			"ctprof: --group-by %s: must be all, cgroup, pcomm, comm, comm-exact, process or thread",
			o.group_by);
}

/* Options of comparisons and of `show`. */
static int check_options(void)
{
	uint64_t limit = DEFAULT_LIMIT;
	struct ktstr_err err;

	if (o.csv + o.json + o.html > 1)
		return complain(WRONG_USAGE, NULL, "ctprof: --csv, --json and --html exclude each other");
	if ((o.limit && ktstr_parse_setting("--limit", o.limit, 0, UINT32_MAX, &limit, &err)) ||
	    (o.interval && ktstr_parse_setting("--interval", o.interval, 1, MAX_INTERVAL_S, &o.interval_s, &err)))
		return complain(WRONG_USAGE, NULL, "ctprof: %s", err.msg);
	if (o.join && strcmp(o.join, "threads") && strcmp(o.join, "groups"))
		return complain(WRONG_USAGE, NULL, "ctprof: --join %s: must be threads or groups", o.join);
	o.compare.join = !o.join ? CTPROF_JOIN_AUTO : *o.join == 't' ? CTPROF_JOIN_THREADS : CTPROF_JOIN_GROUPS;
	o.compare.limit = (size_t)limit;
	o.compare.all = o.all;
	o.compare.group.plain_names = o.plain_names;
	o.compare.group.plain_paths = o.plain_paths;
	o.compare.group.flatten = o.flatten.item;
	o.compare.group.nr_flatten = o.flatten.nr;
	return check_axis() ?: check_metrics() ?: check_sections() ?: check_sort();
}

static int capture(struct ctprof_snapshot *s)
{
	struct ctprof_capture_opts opts = { .root = o.root ?: "", .smaps = o.smaps };
	struct ktstr_err err;

	return ctprof_capture(s, &opts, &err) ? complain(1, NULL, "ctprof: %s", err.msg) : 0;
}

static int run_capture(const char **argv)
{
	const char *output = o.output ?: DEFAULT_OUTPUT;
	struct ctprof_snapshot s;
	struct ktstr_err err;
	int ret;

	(void)argv;
	ret = strcmp(output, "-") ? check_output("ctprof", "output", output) : 0;
	if (ret)
		return ret;
	ctprof_snapshot__init(&s);
	ret = capture(&s);
	if (!ret && ctprof_file__write(&s, output, &err))
		ret = complain(1, NULL, "ctprof: %s: %s", output, err.msg);
	if (!ret && strcmp(output, "-"))
		fprintf(stderr, "ktstr: %s: %zu threads of %llu processes\n", output, s.nr_threads,
			(unsigned long long)s.processes);
	ctprof_snapshot__free(&s);
	return ret;
}

static int print(const struct ctprof_snapshot *a, const struct ctprof_snapshot *b)
{
	struct ctprof_comparison c;
	struct ktstr_err err;
	int ret = 0;

	if (ctprof_compare(&c, a, b, &o.compare, &err)) {
		ret = complain(1, NULL, "ctprof: %s", err.msg);
	} else {
		if (!o.no_pager && !o.command)
			setup_pager();
		ctprof_print(&c, o.json ? SHEET_JSON : o.csv ? SHEET_CSV : o.html ? SHEET_HTML : SHEET_TEXT,
			     stdout);
	}
	ctprof_comparison__free(&c);
	return ret;
}

static int read_snapshot(struct ctprof_snapshot *s, const char *path)
{
	struct ktstr_err err;

	return ctprof_file__read(s, path, &err) ? complain(1, NULL, "ctprof: %s: %s", path, err.msg) : 0;
}

static pid_t start_command(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return complain(-1, NULL, "ctprof: fork: %s", strerror(errno));
	if (pid)
		return pid;
	execvp(o.command[0], (char **)o.command);
	_exit(complain(NO_SUCH_COMMAND, NULL, "ctprof: %s: %s", o.command[0], strerror(errno)));
}

/*
 * Until the command ends or the interval is over, whichever is first. The command is not reaped: as
 * a zombie it still has its counters. SIGCHLD is blocked.
 */
static void wait_for(pid_t pid)
{
	uint64_t deadline = ktstr_now_ns() + o.interval_s * NSEC_PER_SEC;
	siginfo_t info = { .si_pid = 0 };
	struct timespec left;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		if (pid && (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid))
			return;
		left = ktstr_left_timespec(deadline);
		if (o.interval_s && !left.tv_sec && !left.tv_nsec)
			return;
		if (o.interval_s)
			sigtimedwait(&child, NULL, &left);
		else
			sigwaitinfo(&child, NULL);
	}
}

/* The status of a command that the shell would give. */
static int end_command(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int compare_live(struct ctprof_snapshot *a, struct ctprof_snapshot *b)
{
	sigset_t child, old;
	pid_t pid = 0;
	int ret, status = 0;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	ret = capture(a);
	if (!ret && o.command) {
		pid = start_command();
		ret = pid < 0;
	}
	if (ret)
		return ret;
	sigprocmask(SIG_BLOCK, &child, &old);
	wait_for(pid);
	ret = capture(b);
	sigprocmask(SIG_SETMASK, &old, NULL);
	ret = ret ?: print(a, b);
	fflush(stdout);
	if (pid)
		status = end_command(pid);
	return ret ?: status;
}

static int run_compare(const char **argv)
{
	struct ctprof_snapshot a, b;
	int ret;

	ctprof_snapshot__init(&a);
	ctprof_snapshot__init(&b);
	if (!argv[0])
		ret = compare_live(&a, &b);
	else
		ret = read_snapshot(&a, argv[0]) ?: read_snapshot(&b, argv[1]) ?: print(&a, &b);
	ctprof_snapshot__free(&a);
	ctprof_snapshot__free(&b);
	return ret;
}

static int run_show(const char **argv)
{
	struct ctprof_snapshot s;
	int ret;

	ctprof_snapshot__init(&s);
	ret = read_snapshot(&s, argv[0]) ?: print(NULL, &s);
	ctprof_snapshot__free(&s);
	return ret;
}

/* Which options an action takes, by what they are for. */
enum { CAPTURES = 1, WRITES = 2, COMPARES = 4, SHOWS = 8 };

static int refuse(const char *action, unsigned int does)
{
	const struct {
		const char *name;
		bool given;
		unsigned int of;
	} given[] = {
		{ "output", o.output, WRITES }, { "smaps", o.smaps, CAPTURES }, { "root", o.root, CAPTURES },
		{ "interval", o.interval, COMPARES }, { "join", o.join, COMPARES }, { "all", o.all, SHOWS },
		{ "group-by", o.group_by, SHOWS }, { "cgroup-flatten", o.flatten.nr, SHOWS },
		{ "no-thread-normalize", o.plain_names, SHOWS }, { "no-cg-normalize", o.plain_paths, SHOWS },
		{ "metrics", o.metrics, SHOWS }, { "sections", o.sections, SHOWS },
		{ "sort-by", o.sort_by, SHOWS }, { "limit", o.limit, SHOWS }, { "csv", o.csv, SHOWS },
		{ "json", o.json, SHOWS }, { "html", o.html, SHOWS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (given[i].given && !(given[i].of & does))
			return complain(WRONG_USAGE, NULL, "ctprof %s: takes no --%s", action, given[i].name);
	return 0;
}

static int check_action(const char *action, int files, unsigned int does)
{
	bool live = o.interval || o.command;

	if (!strcmp(action, "compare")) {
		if (live && files)
			return complain(WRONG_USAGE, NULL, "ctprof compare: two snapshots, or --interval or a command");
		if (!live && files != 2)
			return complain(WRONG_USAGE, NULL, "ctprof compare: needs two snapshots, --interval S or -- COMMAND");
		if (!live)
			does &= ~(unsigned int)CAPTURES;
		return refuse(action, does);
	}
	if (o.command)
		return complain(WRONG_USAGE, NULL, "ctprof %s: takes no command", action);
	if (!strcmp(action, "show") && files != 1)
		return complain(WRONG_USAGE, NULL, "ctprof show: needs one snapshot");
	if (!strcmp(action, "capture") && files)
		return complain(WRONG_USAGE, NULL, "ctprof capture: takes no argument; -o says where to write");
	return refuse(action, does);
}

static const struct {
	const char *name;
	unsigned int does;
	int (*run)(const char **argv);
} actions[] = {
	{ "capture", CAPTURES | WRITES, run_capture },
	{ "compare", CAPTURES | COMPARES | SHOWS, run_compare },
	{ "show", SHOWS, run_show },
};

/* Cut "-- COMMAND" off. */
static int cut_command(int argc, const char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			argv[i] = NULL;
			o.command = argv[i + 1] ? argv + i + 1 : NULL;
			return i;
		}
	return argc;
}

int cmd_ctprof(int argc, const char **argv)
{
	size_t i = 0;
	int ret;

	argc = cut_command(argc, argv);
	argc = parse_args(argc, argv, ctprof_options, ctprof_usage);
	while (argc && i < ARRAY_SIZE(actions) && strcmp(actions[i].name, argv[0]))
		i++;
	if (!argc || i == ARRAY_SIZE(actions))
		return complain(WRONG_USAGE, NULL, "ctprof: must be followed by capture, compare or show%s%s",
				argc ? ", not " : "", argc ? argv[0] : "");
	ret = check_action(argv[0], argc - 1, actions[i].does) ?: check_options();
	if (!ret)
		ret = actions[i].run(argv + 1);
	strings__free(&o.flatten);
	free(o.metric);
	return ret;
}

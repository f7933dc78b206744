/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of commands. A new command is a file builtin-NAME.c and a row here. `ktstr help` has
 * no row, because it reads the table; main() handles it, and its code is in this folder.
 */
#ifndef KTSTR_TOOL_COMMANDS_H
#define KTSTR_TOOL_COMMANDS_H

/* What follows cmd_ in C, the name for the user, the line that `ktstr help` prints. */
#define KTSTR_COMMANDS(ROW)								\
	ROW(run, "run", "run tests and print one KTAP (or JSON) document")		\
	ROW(merge, "merge", "put the documents of the shards of a run together")		\
	ROW(watch, "watch", "build and run tests again whenever a source changes")	\
	ROW(coverage, "coverage", "run tests and say which lines of their sources were executed")	\
	ROW(list, "list", "list tests, test programs, work types or ops")		\
	ROW(affected, "affected", "list the tests that a change can touch")		\
	ROW(show_thresholds, "show-thresholds",						\
	    "show the checks of a test and who set them")				\
	ROW(shell, "shell", "run a command in a guest")					\
	ROW(export, "export", "make one file of a test, for a machine without ktstr")	\
	ROW(kernel, "kernel", "list, fetch, build, remove or locate kernels")				\
	ROW(verifier, "verifier",							\
	    "load each declared scheduler on each kernel, count what the verifier saw")	\
	ROW(cache, "cache", "list or remove images of booted guests")			\
	ROW(locks, "locks", "show who has reserved which CPUs of the host, and kernels")	\
	ROW(runs, "runs", "list or remove the folders that runs leave behind")		\
	ROW(perf_delta, "perf-delta", "build a commit and the work tree, run both, compare them")	\
	ROW(stats, "stats", "show or compare the results of runs that are kept")	\
	ROW(dump, "dump", "show a dump of a scheduler that failed, or compare two")	\
	ROW(funify, "funify", "print a dump or another JSON file with made-up names")	\
	ROW(replay, "replay", "repeat a deterministic run up to a moment: dump, gdb")	\
	ROW(trace, "trace", "compare traces of schedules, or show who waited for whom")	\
	ROW(ctprof, "ctprof", "profile the threads of a host by the kernel's counters")		\
	ROW(env, "env", "show every environment variable, its value and meaning")

struct option;

/* What -h, the man page and the completions are made of. */
struct command_help {
	const char * const *usage;	/* lines of synopsis, "", sentences; ends with NULL */
	const struct option *options;
};

struct command {
	const char *name;
	int (*run)(int argc, const char **argv);	/* returns an exit status, see builtin.h */
	const char *summary;
	const struct command_help *help;
};

#define KTSTR_DECLARE_COMMAND(id, name, summary)				\
	extern const struct command_help id##_help;				\
	int cmd_##id(int argc, const char **argv);
KTSTR_COMMANDS(KTSTR_DECLARE_COMMAND)

int cmd_help(int argc, const char **argv);

/* Ends with a row without a name. */
extern const struct command commands[];

/* NULL when there is none. */
const struct command *command__find(const char *name);
/* Complain about an unknown command, with the nearest known one. Returns WRONG_USAGE. */
int command__unknown(const char *name);

#endif

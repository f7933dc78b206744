// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr perf-delta: what the work tree does to the figures of the tests. The commit that it began from
 * is built beside it, the tests run on both sides in turn, and the runs are compared as
 * `ktstr stats compare` does. perf/sides.h has the two sides.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/plan/opts.h"
#include "harness/plan/preset.h"
#include "harness/result/metrics.h"
#include "harness/runs/compare.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "lib/status.h"
#include "assertions.h"
#include "sides.h"
#include "tools-testing-ktstr/stats/stats.h"
#include "tools-testing-ktstr/commands/builtin.h"

#define MAX_REPEATS	50
#define UNDECIDED	2	/* exit status, as of `ktstr run` */
#define FAIL_THRESHOLD	5	/* regressions, as of the original */
#define MAX_FORWARD	64	/* words that go to `ktstr run` */

static struct {
	const char *repeats, *threshold, *seed;
	struct strings must_fail, forward;
	bool exact, json, csv, html, all;
	/* Checked values of the above. */
	uint64_t nr_repeats, fail_threshold, first_seed;
	const char **build;
	const char **programs;
	int nr_programs;
	char root[PATH_MAX], run[64];	/* of the runs, and the beginning of their names */
} o;

static const char * const perf_usage[] = {
	"ktstr perf-delta BASE [OPTIONS] [PROGRAM...] [-- COMMAND...]",
	"",
	"Builds the merge base of HEAD and BASE in a work tree of its own, and the work tree as it is,",
	"with COMMAND (default: make). Then the tests run on both sides in turn, and what got worse is",
	"shown. PROGRAM is a path in the work tree; without one, the programs beside the tool run.",
	"Exit status: 1 if the gate fails: --fail-threshold, --must-fail, or an assertion of a test;",
	"2 if it does not, but each run of a side of an assertion was skipped.",
	NULL
};

/* @opt->value: as the option is called for `ktstr run`. */
static int forward(const struct option *opt, const char *text, int unset)
{
	char *word = NULL;

	(void)unset;
	if (o.forward.nr + 2 > MAX_FORWARD || asprintf(&word, "--%s", opt->long_name) < 0 ||
	    strings__add(&o.forward, word) || strings__add(&o.forward, text))
		exit(complain(1, NULL, "perf-delta: too many options"));
	return 0;
}

static int add_metric(const struct option *opt, const char *text, int unset)
{
	(void)opt;
	(void)unset;
	return strings__add(&o.must_fail, text);
}

static const struct option perf_options[] = {
	OPT_GROUP("What is compared"),
	OPT_STRING(0, "noise-adjust", &o.repeats, "N",
		   "run each side N times, and tell changes from noise; the tests' perf_delta_assertions count"),
	OPT_BOOLEAN(0, "exact", &o.exact,
		    "deterministic runs with ledgers: a difference of one instruction counts"),
	OPT_STRING(0, "fail-threshold", &o.threshold, "N", "fail at N regressions (default: 5; exact: 1)"),
	OPT_CALLBACK(0, "must-fail", NULL, "METRIC",
		     "a regression of METRIC fails, whatever the threshold (repeatable)", add_metric),
	OPT_GROUP("Which tests, and on what"),
	OPT_CALLBACK('t', "test", NULL, "NAME", "only this test (repeatable)", forward),
	OPT_CALLBACK('T', "exclude", NULL, "NAME", "not this test (repeatable)", forward),
	OPT_CALLBACK(0, "topology", NULL, "1n2l4c1t", "the machine of all tests", forward),
	OPT_CALLBACK(0, "duration", NULL, "S", "workload window in guest seconds", forward),
	OPT_CALLBACK(0, "kernel", NULL, "SPEC", "image, kernel tree, version or cache key", forward),
	OPT_CALLBACK(0, "accel", NULL, "kvm|tcg", "accelerator", forward),
	OPT_CALLBACK('j', "jobs", NULL, "N", "that many at a time", forward),
	OPT_STRING(0, "seed", &o.seed, "N", "the seed of the first repeat; the others have the next ones"),
	OPT_GROUP("Output"),
	OPT_BOOLEAN(0, "all", &o.all, "show figures that did not change, too"),
	OPT_BOOLEAN(0, "csv", &o.csv, "print CSV"),
	OPT_BOOLEAN(0, "json", &o.json, "print JSON"),
	OPT_BOOLEAN(0, "html", &o.html, "print a page of HTML"),
	OPT_END()
};

const struct command_help perf_delta_help = { perf_usage, perf_options };

static int number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *v)
{
	if (!text || !ktstr_parse_u64(text, min, max, v))
		return 0;
	return complain(WRONG_USAGE, NULL, "perf-delta: --%s %s: must be a number from %llu to %llu",
			option, text, (unsigned long long)min, (unsigned long long)max);
}

/* What goes to `ktstr run` is checked before two trees are built for it. */
static int check_forwarded(void)
{
	const struct ktstr_preset *preset;
	struct ktstr_topology topo;
	struct ktstr_err err;
	uint64_t v;
	size_t i;
	int ret;

	for (i = 0; i + 1 < o.forward.nr; i += 2) {
		const char *option = o.forward.item[i] + 2, *text = o.forward.item[i + 1];

		ret = 0;
		if (!strcmp(option, "topology") && ktstr_preset__parse(text, &topo, &preset, &err))
			ret = complain(WRONG_USAGE, NULL, "perf-delta: --topology: %s", err.msg);
		else if (!strcmp(option, "accel") && strcmp(text, "kvm") && strcmp(text, "tcg"))
			ret = complain(WRONG_USAGE, NULL, "perf-delta: --accel %s: must be kvm or tcg", text);
		else if (!strcmp(option, "duration"))
			ret = number(option, text, 1, KTSTR_MAX_DURATION_S, &v);
		else if (!strcmp(option, "jobs"))
			ret = number(option, text, 1, 1024, &v);
		if (ret)
			return ret;
	}
	return 0;
}

/* The environment is that of `ktstr run` on both sides. */
static int check_environment(void)
{
	struct ktstr_run_opts opts = { 0 };
	struct ktstr_err err;
	int ret = ktstr_run_opts__from_env(&opts, &err);

	free((char *)opts.runs_root);
	free((char *)opts.run_id);
	return ret ? complain(1, NULL, "%s", err.msg) : 0;
}

static int check_options(void)
{
	struct ktstr_err err;

	o.nr_repeats = 1;
	o.first_seed = 1;
	o.fail_threshold = o.exact ? 1 : FAIL_THRESHOLD;
	if (o.csv + o.json + o.html > 1)
		return complain(WRONG_USAGE, NULL, "perf-delta: --csv, --json and --html exclude each other");
	if (ktstr_paths__runs_root(o.root, sizeof(o.root), &err))
		return complain(1, NULL, "%s", err.msg);
	return number("noise-adjust", o.repeats, KTSTR_NOISE_MIN, MAX_REPEATS, &o.nr_repeats) ?:
	       number("fail-threshold", o.threshold, 1, UINT32_MAX, &o.fail_threshold) ?:
	       number("seed", o.seed, 0, UINT64_MAX - MAX_REPEATS, &o.first_seed) ?:
	       check_forwarded() ?: check_environment();
}

/* Runs of one seed are equal: repeats of deterministic tests need different ones. */
static bool use_seeds(void)
{
	struct ktstr_run_opts opts;
	struct ktstr_err err;
	char why[256] = "";
	int ret;

	if (o.exact || o.seed)
		return true;
	ret = ktstr_run_opts__from_env(&opts, &err);
	free((char *)opts.runs_root);
	free((char *)opts.run_id);
	for (size_t i = 0; i + 1 < o.forward.nr; i++)
		if (!strcmp(o.forward.item[i], "--accel"))
			opts.accel = strcmp(o.forward.item[i + 1], "tcg") ? VM_ACCEL_KVM : VM_ACCEL_TCG;
	if (ret || vm_pick_accel(opts.accel, &opts.accel, why, sizeof(why), &err))
		return false;
	return opts.accel == VM_ACCEL_TCG && !opts.mttcg;
}

static int build(const struct sides *s, int side)
{
	static const char * const make[] = { "make", NULL };
	const char * const *command = o.build && o.build[0] ? o.build : make;
	char dir[PATH_MAX], how[KTSTR_STATUS_SIZE];
	int status;

	if (sides__folder(s, side, dir, sizeof(dir)))
		return complain(1, NULL, "perf-delta: %s: the path is too long", s->tree[side]);
	fprintf(stderr, "ktstr: building %s in %s\n", s->commit[side], dir);
	status = sides__run(dir, command, STDERR_FILENO);
	if (!status || sides__signal())
		return sides__signal() != 0;
	return complain(1, NULL, "perf-delta: %s in %s %s", command[0], dir,
			ktstr_status__format(status, how, sizeof(how)));
}

/* The tool of the side where it was built with it; else this one. */
static int find_tool(const struct sides *s, int side, char *tool, size_t size)
{
	char exe[PATH_MAX];
	int ret = ktstr_paths__exe(exe, sizeof(exe));

	if (ret)
		return ret;
	ret = sides__path(s, side, exe, tool, size);
	if (!ret && !ktstr_paths__is_program(tool))
		ret = ktstr_paths__fmt(tool, size, "%s", exe);
	return ret;
}

/* Run the tests of a side once, as run "...-a1". Verdicts are in the sidecars. */
static int run_side(const struct sides *s, int side, uint64_t repeat, bool seeds)
{
	const char *argv[MAX_FORWARD + 64] = { NULL };
	char tool[PATH_MAX], dir[PATH_MAX], seed[24], id[96], how[KTSTR_STATUS_SIZE];
	static char path[48][PATH_MAX];
	size_t n = 0;
	int status;

	if (find_tool(s, side, tool, sizeof(tool)) || sides__folder(s, side, dir, sizeof(dir)))
		return complain(1, NULL, "perf-delta: a path is too long");
	argv[n++] = tool;
	argv[n++] = "run";
	for (size_t i = 0; i < o.forward.nr; i++)
		argv[n++] = o.forward.item[i];
	if (o.exact)
		argv[n++] = "--ledger";
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)(o.first_seed + repeat));
	if (seeds) {
		argv[n++] = "--seed";
		argv[n++] = seed;
	}
	for (int i = 0; i < o.nr_programs; i++) {
		if (sides__path(s, side, o.programs[i], path[i], sizeof(path[i])))
			return complain(1, NULL, "perf-delta: %s: the path is too long", o.programs[i]);
		argv[n++] = path[i];
	}
	snprintf(id, sizeof(id), "%s-%c%llu", o.run, 'a' + side, (unsigned long long)repeat + 1);
	setenv("KTSTR_RUN_ID", id, 1);
	setenv("KTSTR_PROJECT_COMMIT", s->commit[side], 1);
	fprintf(stderr, "ktstr: side %c, %s, run %llu of %llu\n", 'A' + side, s->commit[side],
		(unsigned long long)repeat + 1, (unsigned long long)o.nr_repeats);
	status = sides__run(dir, argv, STDERR_FILENO);
	if (sides__signal())
		return 1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 4)
		return complain(1, NULL, "perf-delta: the tests of side %c: ktstr run %s", 'A' + side,
				ktstr_status__format(status, how, sizeof(how)));
	return 0;
}

/* A B, B A, A B: what drifts with time, such as the host's load, is on both sides. */
static int run_all(const struct sides *s)
{
	bool seeds = use_seeds();
	time_t now = time(NULL);
	struct tm tm;
	size_t n;
	int ret = 0;

	gmtime_r(&now, &tm);
	n = strftime(o.run, sizeof(o.run), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(o.run + n, sizeof(o.run) - n, "-%d", (int)getpid());
	setenv("KTSTR_RUNS_ROOT", o.root, 1);
	unsetenv("KTSTR_SIDECAR_DIR");
	for (uint64_t i = 0; i < o.nr_repeats && !ret; i++)
		ret = run_side(s, i % 2, i, seeds) ?: run_side(s, !(i % 2), i, seeds);
	return ret;
}

static void choose_runs(struct ktstr_compare_opts *opts, char (*id)[96])
{
	for (uint64_t i = 0; i < o.nr_repeats; i++)
		for (int side = 0; side < KTSTR_SIDES; side++, id++) {
			snprintf(*id, sizeof(*id), "%s-%c%llu", o.run, 'a' + side,
				 (unsigned long long)i + 1);
			opts->filter[opts->nr_filters++] = (struct ktstr_filter) {
				.dim = KTSTR_DIM_RUN, .value = *id,
				.of = { side == KTSTR_SIDE_A, side == KTSTR_SIDE_B },
			};
		}
}

static bool must_fail(const char *metric)
{
	for (size_t i = 0; i < o.must_fail.nr; i++)
		if (!strcmp(o.must_fail.item[i], metric))
			return true;
	return false;
}

/* 1: the gate fails. UNDECIDED: it did not, but not all was measured. It says why, in notes and in "gate". */
static int judge(struct sheet *sheet, const struct ktstr_comparison *c)
{
	size_t named = 0, bad = c->changes[KTSTR_REGRESSED];
	struct perf_assertions asserted = { 0 };
	int ret;

	/* with --exact, only ledgers are compared */
	if (o.repeats && !o.exact)
		perf_assertions__judge(&asserted, sheet, c, o.root);

	for (size_t i = 0; i < c->nr_deltas; i++)
		if (c->delta[i].change == KTSTR_REGRESSED && must_fail(c->delta[i].metric)) {
			sheet__note(sheet, "gate: %s of %s got worse", c->delta[i].metric,
				    c->delta[i].group->like[KTSTR_SIDE_A]->dim[KTSTR_DIM_TEST]);
			named++;
		}
	if (bad >= o.fail_threshold)
		sheet__note(sheet, "gate: %zu regressions, the limit is %llu", bad,
			    (unsigned long long)o.fail_threshold);
	if (c->newly_failing)
		sheet__note(sheet, "gate: %zu tests fail on side B only", c->newly_failing);
	ret = named || bad >= o.fail_threshold || c->newly_failing || asserted.failed;
	if (!ret && asserted.undecided)
		ret = UNDECIDED;
	sheet__note(sheet, "gate: %s", !ret ? "passed" : ret == UNDECIDED ? "undecided" : "FAILED");
	return ret;
}

static int compare(void)
{
	struct ktstr_compare_opts *opts = calloc(1, sizeof(*opts));
	char (*id)[96] = calloc(2 * MAX_REPEATS, sizeof(*id));
	struct sheet *sheet = sheet__new("ktstr perf-delta");
	struct ktstr_index *index = NULL;
	struct ktstr_rows rows = { NULL };
	struct ktstr_comparison c = { .nr_groups = 0 };
	struct ktstr_policy policy;
	struct ktstr_err err = { "no memory for a comparison" };
	int ret = 1;

	ktstr_policy__init(&policy);
	if (!opts || !id)
		goto out;
	opts->policy = &policy;
	opts->exact = o.exact;
	choose_runs(opts, id);
	if (ktstr_index__open(&index, o.root, &err) ||
	    ktstr_index__rows(index, true, &rows, &err) ||
	    ktstr_compare(&c, &rows, opts, &err))
		goto out;
	err.msg[0] = '\0';
	stats__put_comparison(sheet, &c, o.all);
	ret = judge(sheet, &c);
	if (!c.pairs)
		ret = complain(1, NULL, "perf-delta: no test left a sidecar on both sides");
	sheet__print(sheet, o.json ? SHEET_JSON : o.csv ? SHEET_CSV : o.html ? SHEET_HTML : SHEET_TEXT,
		     stdout);
out:
	if (err.msg[0])
		complain(1, NULL, "perf-delta: %s", err.msg);
	ktstr_comparison__free(&c);
	ktstr_rows__free(&rows);
	ktstr_index__close(index);
	sheet__free(sheet);
	free(opts);
	free(id);
	return ret;
}

/* Cut "-- COMMAND" off. */
static int cut_build(int argc, const char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		argv[i] = NULL;
		o.build = argv + i + 1;
		return i;
	}
	return argc;
}

int cmd_perf_delta(int argc, const char **argv)
{
	struct ktstr_err err;
	struct sides s;
	int ret;

	argc = cut_build(argc, argv);
	argc = parse_args(argc, argv, perf_options, perf_usage);
	if (argc < 1)
		return complain(WRONG_USAGE, NULL, "perf-delta: say against which commit (see 'ktstr help perf-delta')");
	if (argc > 48)
		return complain(WRONG_USAGE, NULL, "perf-delta: more than 47 programs");
	o.programs = argv + 1;
	o.nr_programs = argc - 1;
	ret = check_options();
	if (ret)
		return ret;
	sides__catch_signals();
	ret = sides__open(&s, argv[0], &err) ? complain(WRONG_USAGE, NULL, "perf-delta: %s", err.msg) : 0;
	ret = ret ?: build(&s, 0) ?: build(&s, 1) ?: run_all(&s);
	sides__close(&s);
	if (sides__signal()) {
		signal(sides__signal(), SIG_DFL);
		raise(sides__signal());
	}
	return ret ?: compare();
}

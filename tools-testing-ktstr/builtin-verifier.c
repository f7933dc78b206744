// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr verifier: does each declared scheduler load, attach and schedule on each of its kernels and
 * topologies, and how many instructions did the BPF verifier look at? Each cell is a guest with the
 * kernel that will run it, since what loads elsewhere proves nothing.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/gauntlet.h"
#include "harness/plan/id.h"
#include "harness/plan/opts.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "commands/builtin.h"
#include "tools-testing-ktstr/run/accel.h"
#include "tools-testing-ktstr/run/document.h"
#include "tools-testing-ktstr/run/kernels.h"
#include "tools-testing-ktstr/run/suite.h"
#include "tools-testing-ktstr/sweep/sweep-baseline.h"
#include "tools-testing-ktstr/sweep/sweep-table.h"

static struct {
	struct strings schedulers, kernels, presets;
	const char *jobs, *runs, *baseline, *save, *growth;
	bool raw, json;
	uint64_t width, max_growth;
	struct sweep_baseline *then;	/* what --baseline names; NULL: no such option */
} o;

static const char * const verifier_usage[] = {
	"ktstr verifier [OPTIONS] [PRESET...]",
	"",
	"Starts each declared scheduler in a guest of each kernel and topology: PASS when the kernel",
	"takes it, it attaches, and tasks run under it. Then prints the instructions that the kernel's",
	"verifier looked at, read from guest memory. The topology is each scheduler's own, or each",
	"PRESET of `ktstr list presets` that fits it ('all': each that does).",
	"Exit status: 0, 1 when a cell failed or a count grew too much, 4 when all were skipped, 129",
	"wrong usage.",
	NULL
};

static const struct option verifier_options[] = {
	OPT_CALLBACK(0, "scheduler", &o.schedulers, "NAME",
		     "only this one: declared name, binary, or label (repeatable)", strings__option),
	OPT_CALLBACK(0, "kernel", &o.kernels, "SPEC",
		     "image, kernel tree, version, range or cache key (repeatable)", strings__option),
	OPT_BOOLEAN(0, "raw", &o.raw, "print the verifier's logs in full, with every round of a loop"),
	OPT_STRING(0, "baseline", &o.baseline, "FILE", "compare the counts with those in FILE"),
	OPT_STRING(0, "max-growth", &o.growth, "PERCENT",
		   "fail when a program's count grew by more than that since the baseline"),
	OPT_STRING(0, "save-baseline", &o.save, "FILE", "write the counts to FILE"),
	OPT_STRING('j', "jobs", &o.jobs, "N", "that many guests at a time (default: usable CPUs)"),
	OPT_STRING(0, "runs", &o.runs, "DIR", "put artefacts below DIR"),
	OPT_BOOLEAN(0, "json", &o.json, "print a JSON array of results instead of KTAP and tables"),
	OPT_END()
};

const struct command_help verifier_help = { verifier_usage, verifier_options };

static int check_options(int argc, const char **argv)
{
	struct ktstr_err err;
	int i;

	o.width = ktstr_usable_cpus_here();
	if (o.jobs && ktstr_parse_u64(o.jobs, 1, 1024, &o.width))
		return complain(WRONG_USAGE, NULL, "verifier: --jobs %s: must be a number from 1 to 1024",
				o.jobs);
	if (o.growth && ktstr_parse_u64(o.growth, 0, 1000000, &o.max_growth))
		return complain(WRONG_USAGE, NULL,
				"verifier: --max-growth %s: must be a number from 0 to 1000000", o.growth);
	if (o.growth && !o.baseline)
		return complain(WRONG_USAGE, NULL, "verifier: --max-growth needs --baseline");
	if (o.json && (o.raw || o.baseline))
		return complain(WRONG_USAGE, NULL, "verifier: --json has no tables: it excludes --%s",
				o.raw ? "raw" : "baseline");
	for (i = 0; i < argc; i++)
		if (strings__add(&o.presets, argv[i]))
			return complain(1, NULL, "verifier: %s", strerror(ENOMEM));
	if (check_output("verifier", "save-baseline", o.save))
		return 1;
	o.then = o.baseline ? sweep_baseline__load(o.baseline, &err) : NULL;
	return o.baseline && !o.then ? complain(1, NULL, "verifier: --baseline %s", err.msg) : 0;
}

/* A preset that no scheduler takes may be a typo. */
static int check_presets(const struct sweep *s)
{
	struct strings names = { 0 };
	size_t i, k, t;
	int ret = 0;

	for (k = 0; k < s->nr_schedulers; k++)
		for (t = 0; t < s->schedulers[k].nr_topologies; t++)
			if (strings__add(&names, s->schedulers[k].topologies[t].name))
				return complain(1, NULL, "verifier: %s", strerror(ENOMEM));
	for (i = 0; !ret && i < o.presets.nr; i++) {
		for (k = 0; k < names.nr && strcmp(names.item[k], o.presets.item[i]); k++)
			;
		if (k == names.nr && strcmp(o.presets.item[i], "all"))
			ret = complain(WRONG_USAGE, names.nr ? ktstr_suggest(o.presets.item[i],
				       names.item, names.nr) : NULL,
				       "verifier: no declared scheduler takes a preset '%s'",
				       o.presets.item[i]);
	}
	strings__free(&names);
	return ret;
}

static int use_runs_folder(void)
{
	char dir[PATH_MAX];
	int ret;

	if (!o.runs)
		return 0;
	ret = ktstr_paths__mkdirs(o.runs);
	if (ret || !realpath(o.runs, dir))
		return complain(1, NULL, "--runs %s: %s", o.runs, strerror(ret ? -ret : errno));
	setenv("KTSTR_RUNS_ROOT", dir, 1);
	return 0;
}

static void fill_jobs(struct job *jobs, const struct sweep *s, const struct ktstr_run_opts *opts)
{
	size_t i;

	for (i = 0; i < s->nr_cells; i++) {
		const struct sweep_cell *c = &s->cells[i];

		jobs[i] = (struct job) {
			.fixture = ktstr_id__fixture(c->scheduler->test),
			.test = c->scheduler->test,
			.program = c->scheduler->program, .id = c->id, .kernel = c->kernel,
			.topology = c->topology->text, .repeat = 1, .seeded = opts->seeded,
			.seed = opts->seed, .child = { .out = -1, .err = -1 },
		};
		snprintf(jobs[i].run_id, sizeof(jobs[i].run_id), "%.60s-c%zu", opts->run_id, i + 1);
	}
}

/* The tables; @ret is the exit status without them, returned is that with the baseline's. */
static int print_tables(struct sweep *s, const struct run_kernels *ks, int ret)
{
	struct ktstr_err err;

	if (!o.json) {
		sweep_table__counts(s, ks, stdout);
		sweep_table__grid(s, ks, stdout);
		sweep_table__logs(s, o.raw, stdout);
	}
	if (o.then && sweep_baseline__compare(o.then, s, o.growth ? (double)o.max_growth : -1, stdout))
		ret = 1;
	if (o.save && sweep_baseline__save(s, o.save, &err))
		return complain(1, NULL, "%s", err.msg);
	return ret;
}

static int run_cells(struct sweep *s, const struct run_kernels *ks,
		     const struct ktstr_run_opts *opts, struct document_header *head)
{
	struct document d = { .out = stdout, .json = o.json, .head = head, .nr_repeats = 1 };
	struct job_pool pool = { .progress = document__progress, .ctx = &d };
	int stop, ret;
	size_t i;

	d.jobs = calloc(s->nr_cells, sizeof(*d.jobs));
	if (!d.jobs)
		return complain(1, NULL, "verifier: %s", strerror(ENOMEM));
	fill_jobs(d.jobs, s, opts);
	d.nr_jobs = pool.nr_jobs = s->nr_cells;
	pool.jobs = d.jobs;
	pool.width = o.width < s->nr_cells ? o.width : s->nr_cells;
	child__become_subreaper();
	document__begin(&d);
	pool.tick_ms = d.tty ? 1000 : -1;
	stop = job_pool__run(&pool);
	for (i = 0; i < s->nr_cells; i++)
		sweep__read(s, i, &d.jobs[i], opts->runs_root);
	ret = stop < 0 ? stop : document__end(&d, stop);
	if (ret)
		ret = complain(1, NULL, "writing the report: %s", strerror(-ret));
	else
		ret = print_tables(s, ks, stop ? 128 + stop : document__exit_status(&d));
	free(d.jobs);
	return ret;
}

static int sweep_suite(struct sweep *s)
{
	struct document_header head = { 0 };
	struct ktstr_run_opts opts = { 0 };
	struct run_kernels ks = { 0 };
	struct ktstr_err err;
	int ret;

	if (use_runs_folder())
		return 1;
	if (ktstr_run_opts__from_env(&opts, &err))
		return complain(1, NULL, "%s", err.msg);
	ret = accel__choose(&opts, &head);
	if (!ret && o.kernels.nr)
		ret = run_kernels__find(&ks, &o.kernels, "verifier");
	else if (!ret)
		ret = run_kernels__discover(&ks, head.kernel, sizeof(head.kernel));
	if (!ret && !ks.nr)
		ret = complain(4, NULL, "SKIP: kernel: %s", head.kernel);
	if (!ret)
		ret = sweep__plan(s, &o.schedulers, &o.presets, &ks);
	if (!ret) {
		setenv("KTSTR_RUNS_ROOT", opts.runs_root, 1);
		head.runs_root = opts.runs_root;
		head.run_id = opts.run_id;
		head.kernels = &ks;
		ret = run_cells(s, &ks, &opts, &head);
	}
	run_kernels__put(&ks);
	free((char *)opts.runs_root);
	free((char *)opts.run_id);
	return ret;
}

int cmd_verifier(int argc, const char **argv)
{
	struct sweep sweep = { 0 };
	struct ktstr_err err;
	struct suite s;
	int ret;

	argc = parse_args(argc, argv, verifier_options, verifier_usage);
	ret = check_options(argc, argv);
	if (ret)
		return ret;
	ret = suite__find(&s, NULL, 0, &err) ?: sweep__collect(&sweep, &s, &err);
	if (ret)
		ret = complain(1, NULL, "%s", err.msg);
	else
		ret = check_presets(&sweep) ?: sweep_suite(&sweep);
	sweep__free(&sweep);
	suite__free(&s);
	strings__free(&o.schedulers);
	strings__free(&o.kernels);
	strings__free(&o.presets);
	sweep_baseline__free(o.then);
	return ret;
}

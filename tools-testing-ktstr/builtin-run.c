// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr run: choose tests, decide once what holds for all of them (kernel, accelerator, seed,
 * folder), hand it down as environment, run them and report.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/paths.h"
#include "harness/kernel/kernel.h"
#include "harness/plan/opts.h"
#include "harness/plan/override.h"
#include "harness/plan/preset.h"
#include "commands/builtin.h"
#include "tools-testing-ktstr/run/accel.h"
#include "tools-testing-ktstr/run/canned.h"
#include "tools-testing-ktstr/choose/choose.h"
#include "tools-testing-ktstr/run/document.h"
#include "tools-testing-ktstr/run/jobs.h"
#include "tools-testing-ktstr/run/kernel-table.h"
#include "tools-testing-ktstr/run/scheduler.h"
#include "tools-testing-ktstr/commands/settings.h"
#include "tools-testing-ktstr/run/suite.h"

#define MAX_JOBS	20000		/* tests times repeats */

static struct {
	struct choose choose;
	const char *retry, *junit;
	bool list;
	const char *jobs, *seed, *accel, *runs, *repeat, *shard, *shift;
	const char *threads, *scheduler, *topology, *duration, *work_type, *monitor_csv, *trace;
	char *sched_args;		/* what stood behind "--", one a line */
	struct strings scenarios, kargs, kernels;
	const char *cpu_cap;
	bool no_perf, bypass_locks;
	bool json, no_skip, batch, cold, no_monitor, dump, vmcore, ledger, verbose, console;
	/* Checked values of the above. */
	uint64_t width, repeats, retries, seed_value, shift_value, seconds;
	char total[24];			/* seconds of a batch */
	char sched_path[PATH_MAX];	/* of --scheduler */
} o;

static const char * const run_usage[] = {
	"ktstr run [OPTIONS] [PROGRAM...]",
	"ktstr run [--scenario NAME] --scheduler BINARY [OPTIONS] [-- ARGS OF THE SCHEDULER]",
	"",
	"Runs the tests of the PROGRAMs (default: all of the suite), each in its own process,",
	"and prints one KTAP document in the order of `ktstr list`.",
	"Exit status: 0 all passed, 1 some failed, 2 none failed and some were inconclusive,",
	"6 all passed, some only when they were repeated, 4 all were skipped, 129 wrong usage.",
	NULL
};

static const struct option run_options[] = {
	OPT_GROUP("Which tests"),
	OPT_CALLBACK('t', "test", &o.choose.select.include, "NAME",
		     "only this test (repeatable; shell patterns, ktstr/NAME, gauntlet/NAME/PRESET)",
		     strings__option),
	OPT_CALLBACK('T', "exclude", &o.choose.select.exclude, "NAME", "not this test (repeatable)",
		     strings__option),
	OPT_CALLBACK(0, "preset", &o.choose.select.presets, "NAME",
		     "the chosen tests on the machine of this preset (repeatable; shell patterns)",
		     strings__option),
	OPT_STRING(0, "rerun-failed", &o.choose.rerun, "RUN", "what did not pass in an earlier run"),
	OPT_STRING(0, "budget", &o.choose.budget, "S",
		   "of the chosen tests those that cover the most in S seconds"),
	OPT_STRING(0, "shard", &o.shard, "I/N", "only the I-th of N parts of the chosen tests"),
	OPT_STRING(0, "costs", &o.choose.costs, "DIR",
		   "sidecars that tell how long tests take, for --budget and --shard"),
	OPT_BOOLEAN(0, "list", &o.list, "only print the ids of what would run"),
	OPT_STRING(0, "repeat", &o.repeat, "N", "run each N times, seeded runs with seed, seed+1, ..."),
	OPT_STRING(0, "retries", &o.retry, "N",
		   "run what does not pass up to N times more; it is reported as flaky"),
	OPT_CALLBACK(0, "scenario", &o.scenarios, "NAME",
		     "this canned scenario, or category, or all (repeatable)", strings__option),
	OPT_BOOLEAN(0, "batch", &o.batch,
		    "all scenarios of the category (or all) in one guest, a verdict for each"),
	OPT_GROUP("What they run on"),
	OPT_STRING(0, "scheduler", &o.scheduler, "BINARY",
		   "scheduler of all tests, whatever they name; its arguments follow --"),
	OPT_STRING(0, "topology", &o.topology, "1n2l4c1t",
		   "NUMA nodes, LLCs in total, cores per LLC, threads per core; or a preset's name"),
	OPT_STRING(0, "work-type", &o.work_type, "NAME", "work type of swappable cgroups (see ktstr list work-types)"),
	OPT_STRING(0, "duration", &o.duration, "S", "workload window in guest seconds"),
	OPT_GROUP("How"),
	OPT_STRING('j', "jobs", &o.jobs, "N", "that many at a time (default: usable CPUs)"),
	OPT_STRING(0, "seed", &o.seed, "N", "deterministic runs with this seed (implies --accel tcg)"),
	OPT_STRING(0, "accel", &o.accel, "kvm|tcg", "accelerator (default: kvm where it works)"),
	OPT_STRING(0, "shift", &o.shift, "N", "tcg: 2^N ns of guest time per instruction, 0..10"),
	OPT_BOOLEAN(0, "cold", &o.cold, "boot every machine, start none from an image"),
	OPT_STRING(0, "tcg-threads", &o.threads, "single|multi",
		   "tcg: multi has a host thread for each vCPU; it may be faster and cannot be repeated"),
	OPT_CALLBACK(0, "kernel", &o.kernels, "SPEC",
		     "image, kernel tree, version, range or cache key (repeatable: all tests on each)",
		     strings__option),
	OPT_CALLBACK(0, "karg", &o.kargs, "ARG", "one more parameter of the guest's kernel (repeatable)",
		     strings__option),
	OPT_BOOLEAN(0, "no-skip-mode", &o.no_skip, "fail a test, do not skip it, when something is missing here"),
	OPT_BOOLEAN(0, "no-perf-mode", &o.no_perf, "on a budget of the host's CPUs; skip tests in performance mode"),
	OPT_STRING(0, "cpu-cap", &o.cpu_cap, "N", "that budget for each test (default with --no-perf-mode: 30 %)"),
	OPT_BOOLEAN(0, "bypass-llc-locks", &o.bypass_locks, "reserve no CPUs of the host"),
	OPT_GROUP("Output"),
	OPT_STRING(0, "runs", &o.runs, "DIR", "put artefacts below DIR"),
	OPT_STRING(0, "monitor-csv", &o.monitor_csv, "FILE", "write the monitor's samples to FILE"),
	OPT_STRING(0, "trace", &o.trace, "FILE",
		   "write the schedule of the one test to FILE: Perfetto, or by its name *.csv or *.sqlite"),
	OPT_BOOLEAN(0, "ledger", &o.ledger, "count the instructions of the schedulers' operations"),
	OPT_BOOLEAN(0, "no-monitor", &o.no_monitor, "do not look into the guests' memory"),
	OPT_BOOLEAN(0, "dump", &o.dump, "dump the scheduler of tests that pass, too"),
	OPT_BOOLEAN(0, "vmcore", &o.vmcore, "with a dump, leave a core of the machine for crash and drgn"),
	OPT_BOOLEAN(0, "console", &o.console, "show the guests' consoles on stderr while they run"),
	OPT_BOOLEAN('v', "verbose", &o.verbose, "print the report of tests that pass, too"),
	OPT_BOOLEAN(0, "json", &o.json, "print a JSON array of results instead of KTAP"),
	OPT_STRING(0, "junit", &o.junit, "FILE", "write the results to FILE too, as JUnit XML"),
	OPT_END()
};

const struct command_help run_help = { run_usage, run_options };

static int check_number(const char *option, const char *text, uint64_t min, uint64_t max,
			uint64_t *v)
{
	if (!text || !ktstr_parse_u64(text, min, max, v))
		return 0;
	return complain(WRONG_USAGE, NULL, "run: --%s %s: must be a number from %llu to %llu",
			option, text, (unsigned long long)min, (unsigned long long)max);
}

static int check_options(void)
{
	const struct ktstr_preset *preset;
	struct ktstr_topology topo;
	struct ktstr_err err;
	size_t i;

	o.width = ktstr_usable_cpus_here();
	o.repeats = 1;
	if (check_number("jobs", o.jobs, 1, 1024, &o.width) ||
	    check_number("repeat", o.repeat, 1, 100000, &o.repeats) ||
	    check_number("retries", o.retry, 0, 100, &o.retries) ||
	    check_number("seed", o.seed, 0, UINT64_MAX, &o.seed_value) ||
	    check_number("shift", o.shift, 0, 10, &o.shift_value) ||
	    check_number("duration", o.duration, 1, KTSTR_MAX_DURATION_S, &o.seconds))
		return WRONG_USAGE;
	if (o.cpu_cap && (o.bypass_locks || ktstr_env(KTSTR_ENV_BYPASS_LOCKS)))
		return complain(WRONG_USAGE, NULL,
				"run: --cpu-cap %s is a resource contract with others on this host, which %s does not keep",
				o.cpu_cap, o.bypass_locks ? "--bypass-llc-locks" : KTSTR_ENV_BYPASS_LOCKS);
	if (o.accel && strcmp(o.accel, "kvm") && strcmp(o.accel, "tcg"))
		return complain(WRONG_USAGE, NULL, "run: --accel %s: must be kvm or tcg", o.accel);
	if (o.accel && !strcmp(o.accel, "kvm") && (o.seed || o.shift))
		return complain(WRONG_USAGE, NULL, "run: --%s needs --accel tcg", o.seed ? "seed" : "shift");
	if (o.threads && strcmp(o.threads, "single") && strcmp(o.threads, "multi"))
		return complain(WRONG_USAGE, NULL, "run: --tcg-threads %s: must be single or multi",
				o.threads);
	if (o.threads && o.accel && !strcmp(o.accel, "kvm"))
		return complain(WRONG_USAGE, NULL, "run: --tcg-threads needs --accel tcg");
	if (o.threads && !strcmp(o.threads, "multi") && (o.seed || o.shift))
		return complain(WRONG_USAGE, NULL, "run: --tcg-threads multi is not deterministic: it excludes --%s",
				o.seed ? "seed" : "shift");
	if (o.topology && ktstr_preset__parse(o.topology, &topo, &preset, &err))
		return complain(WRONG_USAGE, NULL, "run: --topology: %s", err.msg);
	if (o.scheduler && !*o.scheduler)
		return complain(WRONG_USAGE, NULL, "run: --scheduler: the value is empty");
	if (o.sched_args && !o.scheduler)
		return complain(WRONG_USAGE, NULL,
				"run: what follows -- are arguments of --scheduler, which is missing");
	if ((o.dump || o.vmcore) && o.no_monitor)
		return complain(WRONG_USAGE, NULL, "run: --%s reads the guests' memory: it excludes --no-monitor",
				o.dump ? "dump" : "vmcore");
	if (o.monitor_csv && o.no_monitor)
		return complain(WRONG_USAGE, NULL, "run: --monitor-csv wants samples: it excludes --no-monitor");
	if ((o.trace || o.ledger) && o.no_monitor)
		return complain(WRONG_USAGE, NULL, "run: --%s reads the guest's memory: it excludes --no-monitor",
				o.trace ? "trace" : "ledger");
	if (o.ledger && ((o.accel && !strcmp(o.accel, "kvm")) ||
			 (o.threads && !strcmp(o.threads, "multi"))))
		return complain(WRONG_USAGE, NULL, "run: --ledger needs a deterministic run: it excludes --%s",
				o.threads ? "tcg-threads multi" : "accel kvm");
	for (i = 0; i < o.kargs.nr; i++)
		if (!*o.kargs.item[i] || strchr(o.kargs.item[i], '\n'))
			return complain(WRONG_USAGE, NULL, "run: --karg: a parameter is empty or has several lines");
	for (i = 0; i < o.kernels.nr; i++)
		if (!*o.kernels.item[i])
			return complain(WRONG_USAGE, NULL, "run: --kernel: the value is empty");
	if (o.repeats > 1 && getenv("KTSTR_SIDECAR_DIR"))
		return complain(WRONG_USAGE, NULL,
				"run: --repeat: sidecars of repeats could not be told apart in KTSTR_SIDECAR_DIR, unset it");
	if (o.shard && selection__parse_shard(&o.choose.select, o.shard))
		return complain(WRONG_USAGE, NULL, "run: --shard %s: must be I/N with 1 <= I <= N", o.shard);
	return choose__check(&o.choose) ?: check_output("run", "junit", o.junit);
}

static int choose_batch(void)
{
	const char *hint;
	uint32_t nr;
	int ret;

	if (o.scenarios.nr != 1)
		return complain(WRONG_USAGE, NULL, "run: --batch needs one --scenario, a category or all");
	ret = canned__choose_batch(o.scenarios.item[0], &o.choose.select.include, &nr, &hint);
	if (ret == -ENOENT)
		return complain(WRONG_USAGE, hint, "run: --batch: '%s' is no category",
				o.scenarios.item[0]);
	if (ret)
		return complain(1, NULL, "%s", strerror(-ret));
	if (o.seconds * nr > KTSTR_MAX_DURATION_S)
		return complain(WRONG_USAGE, NULL, "run: --duration %s: too long for %u scenarios",
				o.duration, nr);
	if (o.duration) {
		snprintf(o.total, sizeof(o.total), "%u", (unsigned int)o.seconds * nr);
		o.duration = o.total;
	}
	return 0;
}

/* The tests of the scenarios that were asked for are tests by name. */
static int choose_scenarios(void)
{
	const char *hint;
	size_t i;
	int ret;

	if (o.batch)
		return choose_batch();
	for (i = 0; i < o.scenarios.nr; i++) {
		ret = canned__choose(o.scenarios.item[i], &o.choose.select.include, &hint);
		if (ret == -ENOENT)
			return complain(WRONG_USAGE, hint, "run: no scenario or category is named '%s'",
					o.scenarios.item[i]);
		if (ret)
			return complain(1, NULL, "%s", strerror(-ret));
	}
	return 0;
}

/* A new file for the programs, wherever they run; its path is told by @variable. */
static int start_file(const char *option, const char *file, const char *variable)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char path[PATH_MAX];

	if (fd < 0 || !realpath(file, path))
		return complain(1, NULL, "--%s %s: %s", option, file, strerror(errno));
	close(fd);
	setenv(variable, path, 1);
	return 0;
}

/* One a line, behind those of the environment. */
static int export_kargs(void)
{
	const char *before = getenv(KTSTR_ENV_KARGS);
	char *text = NULL;
	size_t len, i;
	FILE *f;

	if (!o.kargs.nr)
		return 0;
	f = open_memstream(&text, &len);
	if (!f)
		return complain(1, NULL, "--karg: %s", strerror(errno));
	if (before && *before)
		fprintf(f, "%s\n", before);
	for (i = 0; i < o.kargs.nr; i++)
		fprintf(f, "%s%s", i ? "\n" : "", o.kargs.item[i]);
	if (fclose(f))
		return complain(1, NULL, "--karg: %s", strerror(ENOMEM));
	setenv(KTSTR_ENV_KARGS, text, 1);
	free(text);
	return 0;
}

/* NULL: nothing is said. A trace costs an emulated guest nothing, so that is what it gets if it may. */
static const char *wanted_accel(void)
{
	if (o.seed || o.shift || o.threads || o.ledger)
		return "tcg";
	return o.accel ?: (o.trace ? "tcg" : NULL);
}

/* Options become environment variables, which every program reads, and this one first: @opts. */
static int export_options(struct ktstr_run_opts *opts)
{
	const struct setting vars[] = {
		{ "seed", "KTSTR_SEED", o.seed },
		{ "accel", "KTSTR_ACCEL", wanted_accel() },
		{ "tcg-threads", "KTSTR_TCG_THREADS", o.threads },
		{ "shift", "KTSTR_ICOUNT_SHIFT", o.shift },
		{ "no-skip-mode", "KTSTR_NO_SKIP_MODE", o.no_skip ? "1" : NULL },
		{ "no-perf-mode", "KTSTR_NO_PERF_MODE", o.no_perf ? "1" : NULL },
		{ "cpu-cap", KTSTR_ENV_CPU_CAP, o.cpu_cap },
		{ "bypass-llc-locks", KTSTR_ENV_BYPASS_LOCKS, o.bypass_locks ? "1" : NULL },
		{ "topology", KTSTR_ENV_TOPOLOGY, o.topology },
		{ "duration", KTSTR_ENV_DURATION, o.duration },
		{ "work-type", KTSTR_ENV_WORK_TYPE, o.work_type },
		{ "cold", "KTSTR_COLD", o.cold ? "1" : NULL },
		{ "no-monitor", "KTSTR_MONITOR", o.no_monitor ? "off" : NULL },
		{ "ledger", "KTSTR_LEDGER", o.ledger ? "1" : NULL },
		{ "dump", "KTSTR_DUMP", o.dump ? "always" : NULL },
		{ "vmcore", "KTSTR_VMCORE", o.vmcore ? "1" : NULL },
		{ "verbose", "KTSTR_VERBOSE", o.verbose ? "1" : NULL },
	};
	char dir[PATH_MAX];
	int ret;

	settings__export(vars, ARRAY_SIZE(vars));
	if (o.console && export_console())
		return complain(1, NULL, "--console: %s", strerror(errno));
	if (export_kargs() ||
	    (o.monitor_csv && start_file("monitor-csv", o.monitor_csv, "KTSTR_MONITOR_CSV")) ||
	    (o.trace && start_file("trace", o.trace, "KTSTR_TRACE")))
		return 1;
	if (o.scheduler)
		run_scheduler__export(o.sched_path, o.sched_args);
	ret = o.runs ? ktstr_paths__mkdirs(o.runs) : 0;
	if (ret || (o.runs && !realpath(o.runs, dir)))
		return complain(1, NULL, "--runs %s: %s", o.runs, strerror(ret ? -ret : errno));
	if (o.runs)
		setenv("KTSTR_RUNS_ROOT", dir, 1);
	return settings__read("run", vars, ARRAY_SIZE(vars), opts, 1);
}

/*
 * A kernel that was named must exist; when none is found at all, each test reports that, since
 * host_only tests need none. 0, or an exit status.
 */
static int choose_kernels(struct run_kernels *ks, struct document_header *head)
{
	int ret;

	if (o.kernels.nr)
		ret = run_kernels__find(ks, &o.kernels, "run");
	else
		ret = run_kernels__discover(ks, head->kernel, sizeof(head->kernel));
	if (ks->nr)
		memcpy(head->kernel, ks->item[0].text, sizeof(head->kernel));
	if (ks->nr > 1) {
		head->kernels = ks;
		head->table = kernel_table__print;
	}
	return ret;
}

/* Returns their number, or minus an exit status. */
static int choose_tests(const struct suite *s, bool *chosen, struct document_header *head)
{
	struct ktstr_err err;
	char root[PATH_MAX];

	o.choose.runs_root = o.runs ?: ktstr_paths__runs_root(root, sizeof(root), &err) ? NULL : root;
	o.choose.topology = o.topology;
	o.choose.width = o.width;
	return choose__tests(&o.choose, s, chosen, head);
}

/* Run @nr jobs. Returns the exit status; on a signal all children are gone before. */
static int run_jobs(struct job *jobs, unsigned int nr, const struct document_header *head)
{
	struct document d = {
		.out = stdout, .json = o.json, .plain = o.console, .head = head, .jobs = jobs, .nr_jobs = nr,
		.nr_repeats = o.repeats, .junit_path = o.junit,
	};
	struct job_pool pool = {
		.jobs = jobs, .nr_jobs = nr, .width = o.width < nr ? o.width : nr,
		.progress = document__progress, .ctx = &d,
	};
	struct ktstr_err err;
	int stop, ret;

	child__become_subreaper();
	document__begin(&d);
	pool.tick_ms = d.tty ? 1000 : -1;
	stop = job_pool__run(&pool);
	ret = stop < 0 ? stop : document__end(&d, stop);
	if (ret == -EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
		sigprocmask(SIG_SETMASK, &(sigset_t){ 0 }, NULL);
	}
	if (ret)
		return complain(1, NULL, "writing the report: %s", strerror(-ret));
	if (document__junit(&d, &err))
		return complain(stop ? 128 + stop : 1, NULL, "--junit: %s", err.msg);
	return stop ? 128 + stop : document__exit_status(&d);
}

/* The scheduler that is named for the whole run is looked for once, before anything runs. */
static int choose_scheduler(const struct suite *s, struct document_header *head)
{
	const char *spec = o.scheduler ?: getenv(KTSTR_ENV_SCHEDULER);
	char *p;
	int ret;

	if (!spec || !*spec)
		return 0;
	ret = run_scheduler__find(s, o.scheduler ? "--scheduler" : KTSTR_ENV_SCHEDULER, spec,
				  o.sched_path, sizeof(o.sched_path));
	if (ret)
		return ret;
	if (!o.scheduler) {
		setenv(KTSTR_ENV_SCHEDULER, o.sched_path, 1);
		return 0;
	}
	snprintf(head->scheduler, sizeof(head->scheduler), "%s%s%s", o.sched_path,
		 o.sched_args ? " " : "", o.sched_args ?: "");
	for (p = head->scheduler; *p; p++)
		if (*p == '\n')
			*p = p[1] ? ' ' : '\0';
	return 0;
}

/* How many jobs that are, or a negative exit status after a complaint. */
static int count_jobs(int tests, unsigned int kernels)
{
	uint64_t n = (uint64_t)tests * o.repeats * (kernels ? kernels : 1);

	if (n > MAX_JOBS)
		return -complain(WRONG_USAGE, NULL, "run: %d tests, %llu times, on %u kernels are too many",
				 tests, (unsigned long long)o.repeats, kernels);
	if (o.trace && n > 1)
		return -complain(WRONG_USAGE, NULL, "run: --trace is for one test: %d runs were chosen",
				 (int)n);
	return (int)n;
}

static int run_chosen(const struct suite *s, const bool *chosen, int n, struct document_header *head)
{
	struct ktstr_run_opts opts = { 0 };
	struct run_kernels kernels = { 0 };
	struct job *jobs = NULL;
	int ret, i;

	/* what cannot be is found out before anything is fetched */
	ret = count_jobs(n, 1) < 0 ? WRONG_USAGE : choose_scheduler(s, head);
	if (ret)
		return ret;
	ret = export_options(&opts);
	if (ret)
		goto out;
	ret = accel__choose(&opts, head) ? 1 : choose_kernels(&kernels, head);
	if (ret)
		goto out;
	setenv("KTSTR_RUNS_ROOT", opts.runs_root, 1);
	ktstr_run_opts__name_run(&opts, !kernels.nr ? NULL : kernels.nr > 1 ? "several" :
				 kernels.item[0].kernel.release);
	head->runs_root = opts.runs_root;
	head->run_id = opts.run_id;
	n = count_jobs(n, kernels.nr);
	jobs = n < 0 ? NULL : calloc(n ? n : 1, sizeof(*jobs));
	if (!jobs) {
		ret = n < 0 ? WRONG_USAGE : complain(1, NULL, "%s", strerror(ENOMEM));
		goto out;
	}
	jobs__fill(jobs, &(const struct job_plan){
		.suite = s, .chosen = chosen, .kernels = &kernels, .opts = &opts, .repeats = o.repeats,
		.retries = o.retries,
	});
	ret = run_jobs(jobs, n, head);
	for (i = 0; i < n; i++)
		job__free(&jobs[i]);
out:
	run_kernels__put(&kernels);
	free((char *)opts.runs_root);
	free((char *)opts.run_id);
	free(jobs);
	return ret;
}

static int run_suite(const struct suite *s)
{
	bool *chosen = calloc(s->tests.nr, sizeof(*chosen));
	struct document_header head = { 0 };
	int n = chosen ? choose_tests(s, chosen, &head) : -complain(1, NULL, "%s", strerror(ENOMEM));
	int ret;

	if (n < 0)
		ret = -n;
	else if (o.list)
		ret = choose__print(s, chosen);
	else if (!n && o.choose.rerun)
		ret = 0;
	else
		ret = run_chosen(s, chosen, n, &head);
	free(chosen);
	return ret;
}

int cmd_run(int argc, const char **argv)
{
	const char *canned = CANNED_PROGRAM;
	struct ktstr_err err;
	struct suite s;
	int ret;

	argc = run_scheduler__cut_args(argc, argv, &o.sched_args);
	if (argc < 0)
		return complain(WRONG_USAGE, NULL,
				"run: an argument of the scheduler is empty or has several lines");
	argc = parse_args(argc, argv, run_options, run_usage);
	ret = check_options();
	if (!ret)
		ret = choose_scenarios();
	if (ret)
		return ret;
	if (wanted_accel())	/* for the listing, too */
		setenv("KTSTR_ACCEL", wanted_accel(), 1);
	if (o.scenarios.nr && !argc)
		ret = suite__find(&s, &canned, 1, &err);
	else
		ret = suite__find(&s, argv, argc, &err);
	if (!ret)
		ret = suite__list(&s, &err);
	if (ret)
		ret = complain(1, NULL, "%s", err.msg);
	else
		ret = run_suite(&s);
	suite__free(&s);
	strings__free(&o.choose.select.include);
	strings__free(&o.choose.select.exclude);
	strings__free(&o.choose.select.presets);
	strings__free(&o.scenarios);
	strings__free(&o.kargs);
	strings__free(&o.kernels);
	free(o.sched_args);
	return ret;
}

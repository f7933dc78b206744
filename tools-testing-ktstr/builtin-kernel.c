// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr kernel list|fetch|build|clean|path. Discovery and the cache are harness/kernel/kernel.h; fetching
 * and building are done by the set-up script, which knows the distributions' package managers.
 */
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/kernel.h"
#include "harness/reserve/lockfile.h"
#include "harness/reserve/reserve.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "commands/builtin.h"
#include "tools-testing-ktstr/run/kernels.h"
#include "tools-testing-ktstr/util/kernel-script.h"

static bool as_json, dry_run, force, builds;
static const char *keep_option, *extra_kconfig, *jobs_option, *cap_option, *range_option;

static const char * const kernel_usage[] = {
	"ktstr kernel list [--json]             what the cache holds, newest first",
	"ktstr kernel list --range A..B         the series that this range of versions stands for",
	"ktstr kernel fetch [SERIES...]         get ready sched_ext kernels (7.3, 6.18; default: newest)",
	"ktstr kernel build [OPTIONS] [WHAT]    build one with this suite's config",
	"ktstr kernel clean [--keep N] [-n]     remove entries that are corrupt, or all but N",
	"ktstr kernel path [SPEC]               the image that a run would boot",
	"",
	"SPEC is a path of an image or a kernel tree, a version, or a key of `ktstr kernel list`.",
	"WHAT is a version (6.12.95), the newest of a series (6.12, 6) or all of a range (6.12..7.3) of",
	"source packages, a kernel tree, or git+URL#REF. Default: the newest series with eight point",
	"releases. What the cache has already is not built again.",
	NULL
};

static const struct option kernel_options[] = {
	OPT_BOOLEAN(0, "json", &as_json, "list: print JSON"),
	OPT_STRING(0, "range", &range_option, "A..B", "list: what `--kernel A..B` would run on"),
	OPT_GROUP("build"),
	OPT_STRING(0, "extra-kconfig", &extra_kconfig, "FILE",
		   "options on top of this suite's config; the kernel is another entry"),
	OPT_BOOLEAN(0, "force", &force, "build again what the cache has"),
	OPT_STRING('j', "jobs", &jobs_option, "N", "that many at a time (default: all CPUs)"),
	OPT_STRING(0, "cpu-cap", &cap_option, "N", "build on N CPUs of the host, which are reserved; also -j N"),
	OPT_GROUP("clean"),
	OPT_STRING(0, "keep", &keep_option, "N", "keep the newest N entries (default: all)"),
	OPT_BOOLEAN(0, "builds", &builds, "remove the objects of kernel trees, too"),
	OPT_BOOLEAN('n', "dry-run", &dry_run, "only say what would be removed"),
	OPT_END()
};

const struct command_help kernel_help = { kernel_usage, kernel_options };

static void json_or_null(const char *key, const char *value)
{
	printf(", \"%s\": ", key);
	if (value)
		json_string(stdout, value);
	else
		fputs("null", stdout);
}

static void print_entry(const struct ktstr_kernel_entry *e, bool first)
{
	if (!as_json) {
		printf("%-48s %-28s %-8s %s%s%s%s%s%s\n", e->key, e->version ? e->version : "-",
		       e->source ? e->source : "-", e->built_at ? e->built_at : "-",
		       e->corrupt ? "  (corrupt: " : "", e->corrupt ? e->corrupt : "",
		       e->corrupt ? ")" : "", e->stale ? "  (another config: only by its key)" : "",
		       e->extra_hash ? "  (extra config: only by its key)" : "");
		return;
	}
	fputs(first ? "\n  { \"key\": " : ",\n  { \"key\": ", stdout);
	json_string(stdout, e->key);
	json_or_null("version", e->version);
	json_or_null("source", e->source);
	json_or_null("built_at", e->built_at);
	json_or_null("image", e->image);
	json_or_null("corrupt", e->corrupt);
	json_or_null("stale", e->stale ? e->kconfig_hash : NULL);
	json_or_null("extra_kconfig", e->extra_hash);
	fputs(" }", stdout);
}

/* "6.12..7.3": nothing is fetched. */
static int list_range(void)
{
	const char *last = strstr(range_option, "..");
	struct kernel_series *series;
	size_t nr, i;
	int ret = run_kernels__series(range_option, "kernel list: --range", &series, &nr);

	if (ret)
		return ret;
	if (as_json)
		printf("{ \"range\": \"%s\", \"start\": \"%.*s\", \"end\": \"%s\", \"versions\": [",
		       range_option, (int)(last - range_option), range_option, last + 2);
	for (i = 0; i < nr; i++)
		printf(as_json ? "%s\"%s\"" : "%s%s\n", as_json && i ? ", " : "", series[i].name);
	if (as_json)
		puts("] }");
	free(series);
	return 0;
}

static int kernel_list(int argc, const char **argv)
{
	struct ktstr_kernel_entry *entries = NULL;
	struct ktstr_err err;
	int nr, i;

	if (no_args("kernel list", argc, argv))
		return WRONG_USAGE;
	if (range_option)
		return list_range();
	nr = ktstr_kernel__list(&entries, &err);
	if (nr < 0)
		return complain(1, NULL, "%s", err.msg);
	if (as_json)
		putchar('[');
	else if (nr)
		printf("%-48s %-28s %-8s %s\n", "KEY", "VERSION", "SOURCE", "BUILT");
	for (i = 0; i < nr; i++)
		print_entry(&entries[i], !i);
	if (as_json)
		puts("\n]");
	else if (!nr)
		fputs("ktstr: the kernel cache is empty; 'ktstr kernel fetch' gets one\n", stderr);
	ktstr_kernel__list_free(entries, nr);
	return 0;
}

static int kernel_path(int argc, const char **argv)
{
	struct ktstr_kernel k;
	struct ktstr_err err;
	int ret;

	if (argc > 1)
		return complain(WRONG_USAGE, NULL, "kernel path: takes one SPEC, not %d", argc);
	ret = argc ? ktstr_kernel__resolve(&k, argv[0], &err) : ktstr_kernel__find(&k, &err);
	if (ret)
		return complain(1, NULL, "%s", err.msg);
	puts(k.path);
	fprintf(stderr, "ktstr: %s, %s\n", k.release ? k.release : "release unknown", k.source);
	ktstr_kernel__put(&k);
	return 0;
}

static int kernel_fetch(int argc, const char **argv)
{
	struct strings args = { 0 };
	int ret = strings__add(&args, "fetch"), i;

	for (i = 0; !ret && i < argc; i++)
		ret = strings__add(&args, argv[i]);
	ret = ret ? complain(1, NULL, "kernel fetch: %s", strerror(-ret)) : kernel_script__exec(&args);
	strings__free(&args);
	return ret;
}

/*
 * With --cpu-cap or KTSTR_CPU_CAP: reserve so many CPUs and stay on them. What the build starts inherits
 * both; @jobs gets their number. 0 or an exit status.
 */
static int reserve_cpus(char *jobs, size_t size)
{
	const char *text = cap_option ?: ktstr_env(KTSTR_ENV_CPU_CAP);
	const char *name = cap_option ? "--cpu-cap" : KTSTR_ENV_CPU_CAP;
	struct reserve_want want = { .tier = RESERVE_BUDGET, .proc = "/proc" };
	struct host_topology host;
	struct reservation r;
	struct ktstr_err err;
	char dir[PATH_MAX];
	int ret;

	if (!text)
		return 0;
	if (hostcpus__parse_cap(text, &want.budget, &err))
		return complain(WRONG_USAGE, NULL, "kernel build: %s %s: %s", name, text, err.msg);
	if (ktstr_env(KTSTR_ENV_BYPASS_LOCKS))
		return complain(WRONG_USAGE, NULL,
				"kernel build: %s %s is a resource contract with others on this host, which "
				KTSTR_ENV_BYPASS_LOCKS " does not keep", name, text);
	ret = lockfile__dir(dir, sizeof(dir), &err);
	want.dir = dir;
	if (!ret)
		ret = host_topology__here(&host, &err);
	if (!ret) {
		ret = reservation__make(&r, &want, &host, &err);
		host_topology__free(&host);
	}
	if (ret)
		return complain(1, NULL, "kernel build: %s %s: %s", name, text, err.msg);
	ret = r.narrow ? hostcpus__set_affinity(&r.cpus) : 0;
	if (ret)
		return complain(1, NULL, "kernel build: %s %s: %s", name, text, strerror(-ret));
	snprintf(jobs, size, "%u", hostcpus__weight(&r.cpus));
	reservation__inherit(&r);
	return 0;
}

static int kernel_build(int argc, const char **argv)
{
	const char *option[][2] = { { "--extra-kconfig", extra_kconfig }, { "--jobs", jobs_option } };
	char own_jobs[16] = "";
	struct strings args = { 0 };
	uint64_t jobs;
	size_t i;
	int ret;

	if (argc > 1)
		return complain(WRONG_USAGE, NULL, "kernel build: takes one WHAT, not %d", argc);
	if (jobs_option && ktstr_parse_u64(jobs_option, 1, 1024, &jobs))
		return complain(WRONG_USAGE, NULL, "kernel build: --jobs %s: must be a number from 1 to 1024",
				jobs_option);
	ret = reserve_cpus(own_jobs, sizeof(own_jobs));
	if (ret)
		return ret;
	if (!jobs_option && own_jobs[0])
		option[1][1] = own_jobs;
	ret = strings__add(&args, "build");
	if (!ret && force)
		ret = strings__add(&args, "--force");
	for (i = 0; !ret && i < ARRAY_SIZE(option); i++)
		if (option[i][1])
			ret = strings__add(&args, option[i][0]) ?: strings__add(&args, option[i][1]);
	if (!ret && argc)
		ret = strings__add(&args, argv[0]);
	ret = ret ? complain(1, NULL, "kernel build: %s", strerror(-ret)) : kernel_script__exec(&args);
	strings__free(&args);
	return ret;
}

/* Corrupt entries go; of the valid ones, those behind the newest @keep. */
static int clean_entries(uint64_t keep, int *removed)
{
	struct ktstr_kernel_entry *entries;
	int nr, i, ret, failed = 0;
	struct ktstr_err err;
	uint64_t valid = 0;

	nr = ktstr_kernel__list(&entries, &err);
	if (nr < 0)
		return complain(1, NULL, "%s", err.msg);
	for (i = 0; i < nr; i++) {
		if (!entries[i].corrupt && ++valid <= keep)
			continue;
		ret = dry_run ? 0 : ktstr_kernel__remove(entries[i].key, &err);
		if (ret)
			complain(1, NULL, "%s%s", err.msg, ret == -EBUSY ? ": it stays" : "");
		else
			puts(entries[i].key);
		*removed += !ret;
		failed |= ret && ret != -EBUSY;
	}
	ktstr_kernel__list_free(entries, nr);
	return failed;
}

static int kernel_clean(int argc, const char **argv)
{
	uint64_t keep = UINT64_MAX;
	struct ktstr_err err;
	int removed = 0, ret;

	if (no_args("kernel clean", argc, argv))
		return WRONG_USAGE;
	if (keep_option && ktstr_parse_u64(keep_option, 0, 1000000, &keep))
		return complain(WRONG_USAGE, NULL, "kernel clean: --keep %s: must be a number from 0 to 1000000",
				keep_option);
	ret = clean_entries(keep, &removed);
	fprintf(stderr, "ktstr: %s %d kernel%s\n", dry_run ? "would remove" : "removed", removed,
		removed == 1 ? "" : "s");
	if (!ret && builds && !dry_run && ktstr_kernel__remove_builds(&err))
		ret = complain(1, NULL, "%s", err.msg);
	return ret;
}

/* Which options an action knows; an option that does nothing is refused. */
enum {
	JSON = 1, BUILD = 2, CLEAN = 4,
};

static const struct {
	const char *name;
	int (*run)(int argc, const char **argv);
	unsigned int options;
} actions[] = {
	{ "list", kernel_list, JSON },
	{ "fetch", kernel_fetch },
	{ "build", kernel_build, BUILD },
	{ "clean", kernel_clean, CLEAN },
	{ "path", kernel_path },
};

static int check_options(const char *action, unsigned int known)
{
	const struct {
		bool given;
		unsigned int of;
		const char *option, *action;
	} options[] = {
		{ as_json, JSON, "json", "list" },
		{ range_option, JSON, "range", "list" },
		{ extra_kconfig, BUILD, "extra-kconfig", "build" },
		{ force, BUILD, "force", "build" },
		{ jobs_option, BUILD, "jobs", "build" },
		{ cap_option, BUILD, "cpu-cap", "build" },
		{ keep_option, CLEAN, "keep", "clean" },
		{ builds, CLEAN, "builds", "clean" },
		{ dry_run, CLEAN, "dry-run", "clean" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].given && !(options[i].of & known))
			return complain(WRONG_USAGE, NULL, "kernel %s: --%s is for 'kernel %s'", action,
					options[i].option, options[i].action);
	return 0;
}

int cmd_kernel(int argc, const char **argv)
{
	const char *names[ARRAY_SIZE(actions)];
	size_t i;

	argc = parse_args(argc, argv, kernel_options, kernel_usage);
	if (!argc)
		return complain(WRONG_USAGE, NULL, "kernel: say list, fetch, build, clean or path (see 'ktstr help kernel')");
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(actions[i].name, argv[0]))
			return check_options(argv[0], actions[i].options) ?:
			       actions[i].run(argc - 1, argv + 1);
		names[i] = actions[i].name;
	}
	return complain(WRONG_USAGE, ktstr_suggest(argv[0], names, ARRAY_SIZE(names)),
			"kernel: unknown action '%s'", argv[0]);
}

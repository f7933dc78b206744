// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr kernel list|fetch|build|path. Discovery and the cache are harness/kernel/kernel.h; fetching
 * and building are done by the set-up script, which knows the distributions' package managers.
 */
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "lib/paths.h"
#include "builtin.h"

static bool as_json;

static const char * const kernel_usage[] = {
	"ktstr kernel list [--json]       what the cache holds, newest first",
	"ktstr kernel fetch [SERIES...]   get ready sched_ext kernels (7.3, 6.18; default: newest)",
	"ktstr kernel build SERIES|TREE   build one with this suite's config: from the source package",
	"                                 of a series (6.12), or from a kernel tree",
	"ktstr kernel path [SPEC]         the image that a run would boot",
	"",
	"SPEC is a path of an image or a kernel tree, a version, or a key of `ktstr kernel list`.",
	NULL
};

static const struct option kernel_options[] = {
	OPT_BOOLEAN(0, "json", &as_json, "list: print a JSON array"),
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
		printf("%-48s %-28s %-8s %s%s%s%s\n", e->key, e->version ? e->version : "-",
		       e->source ? e->source : "-", e->built_at ? e->built_at : "-",
		       e->corrupt ? "  (corrupt: " : "", e->corrupt ? e->corrupt : "",
		       e->corrupt ? ")" : "");
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
	fputs(" }", stdout);
}

static int kernel_list(int argc, const char **argv)
{
	struct ktstr_kernel_entry *entries = NULL;
	struct ktstr_err err;
	int nr, i;

	if (no_args("kernel list", argc, argv))
		return WRONG_USAGE;
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

	if (as_json)
		return complain(WRONG_USAGE, NULL, "kernel path: --json is for 'kernel list'");
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

/*
 * The script: installed beside the tool (setup/), in the source tree that the tool was built in
 * (any folder above it), or where the tool itself was copied to.
 */
static int find_script(char *path, size_t size)
{
	static const char * const places[] = {
		"setup/kernel.sh",
		"tools-testing-ktstr/setup/kernel.sh",
	};
	char dir[PATH_MAX], *slash;
	size_t i;

	if (ktstr_paths__exe_dir(dir, sizeof(dir)))
		return -ENOENT;
	for (;;) {
		for (i = 0; i < ARRAY_SIZE(places); i++)
			if (!ktstr_paths__fmt(path, size, "%s/%s", dir, places[i]) &&
			    ktstr_paths__is_file(path))
				return 0;
		slash = strrchr(dir, '/');
		if (!slash || !dir[0])
			return -ENOENT;
		*slash = '\0';
	}
}

/* Becomes setup/kernel.sh @action with these arguments. */
static int run_script(const char *action, int argc, const char **argv)
{
	const char **args;
	char script[PATH_MAX];
	int i;

	if (as_json)
		return complain(WRONG_USAGE, NULL, "kernel %s: --json is for 'kernel list'", action);
	if (find_script(script, sizeof(script)))
		return complain(1, NULL,
				"kernel %s: setup/kernel.sh is neither beside the tool nor in a folder above it",
				action);
	args = calloc(argc + 4, sizeof(*args));
	if (!args)
		return complain(1, NULL, "kernel %s: %s", action, strerror(ENOMEM));
	args[0] = "bash";
	args[1] = script;
	args[2] = action;
	for (i = 0; i < argc; i++)
		args[3 + i] = argv[i];
	fflush(NULL);
	execvp(args[0], (char * const *)args);
	i = complain(1, NULL, "kernel %s: running %s: %s", action, script, strerror(errno));
	free(args);
	return i;
}

static int kernel_fetch(int argc, const char **argv)
{
	return run_script("fetch", argc, argv);
}

static int kernel_build(int argc, const char **argv)
{
	if (argc != 1)
		return complain(WRONG_USAGE, NULL, "kernel build: takes one SERIES or TREE, not %d",
				argc);
	return run_script("build", argc, argv);
}

static const struct {
	const char *name;
	int (*run)(int argc, const char **argv);
} actions[] = {
	{ "list", kernel_list },
	{ "fetch", kernel_fetch },
	{ "build", kernel_build },
	{ "path", kernel_path },
};

int cmd_kernel(int argc, const char **argv)
{
	const char *names[ARRAY_SIZE(actions)];
	size_t i;

	argc = parse_args(argc, argv, kernel_options, kernel_usage);
	if (!argc)
		return complain(WRONG_USAGE, NULL, "kernel: say list, fetch, build or path (see 'ktstr help kernel')");
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(actions[i].name, argv[0]))
			return actions[i].run(argc - 1, argv + 1);
		names[i] = actions[i].name;
	}
	return complain(WRONG_USAGE, ktstr_suggest(argv[0], names, ARRAY_SIZE(names)),
			"kernel: unknown action '%s'", argv[0]);
}

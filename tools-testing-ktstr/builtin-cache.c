// SPDX-License-Identifier: GPL-2.0
/* ktstr cache list|clean: the images of booted guests (docs/images.md). */
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "harness/image/image.h"
#include "commands/builtin.h"

static const char * const cache_usage[] = {
	"ktstr cache list             images of booted guests, the last used first",
	"ktstr cache clean [KEY...]   remove these, or all",
	NULL
};

static const struct option cache_options[] = {
	OPT_END()
};

const struct command_help cache_help = { cache_usage, cache_options };

/* The line of the key's text that begins with @name: its end, without the line feed. */
static int part(const char *text, const char *name, const char **at)
{
	size_t len = strlen(name);
	const char *p;

	for (p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (strncmp(p, name, len) || p[len] != ' ')
			continue;
		*at = p + len + 1;
		return (int)strcspn(*at, "\n");
	}
	*at = "?";
	return 1;
}

static void print_image(const struct ktstr_image_entry *e)
{
	const char *topo, *memory, *kernel, *base;
	int topo_len = part(e->text, "topology", &topo);
	int memory_len = part(e->text, "memory", &memory);
	int len = part(e->text, "kernel", &kernel);
	time_t used = (time_t)e->used_s;
	char stamp[32] = "";
	struct tm tm;

	/* its release, without what follows it */
	len = (int)strcspn(kernel, " ") < len ? (int)strcspn(kernel, " ") : len;
	base = kernel;
	if (localtime_r(&used, &tm))
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M", &tm);
	printf("%s  %5llu MiB  %s  %-12.*s %-9.*s %.*s\n", e->key,
	       (unsigned long long)(e->bytes >> 20), stamp, topo_len, topo, memory_len, memory,
	       len, base);
}

static int cache_list(int argc, const char **argv)
{
	struct ktstr_image_entry *all;
	struct ktstr_err err;
	unsigned long long bytes = 0;
	int nr, i;

	if (no_args("cache list", argc, argv))
		return WRONG_USAGE;
	nr = ktstr_image__list(&all, &err);
	if (nr < 0)
		return complain(1, NULL, "%s", err.msg);
	if (nr)
		printf("%-16s  %9s  %-16s  %-12s %-9s %s\n", "KEY", "SIZE", "LAST USED", "TOPOLOGY",
		       "MEMORY", "KERNEL");
	for (i = 0; i < nr; i++) {
		print_image(&all[i]);
		bytes += all[i].bytes;
	}
	fprintf(stderr, "ktstr: %d images, %llu MiB\n", nr, bytes >> 20);
	ktstr_image__list_free(all, nr);
	return 0;
}

static int cache_clean(int argc, const char **argv)
{
	struct ktstr_err err;
	int i, n, removed = 0;

	for (i = 0; i < argc || (!argc && !i); i++) {
		n = ktstr_image__remove(argc ? argv[i] : NULL, &err);
		if (n < 0)
			return complain(1, NULL, "%s", err.msg);
		if (!n && argc)
			return complain(1, NULL, "cache clean: no image %s (see 'ktstr cache list')",
					argv[i]);
		removed += n;
	}
	fprintf(stderr, "ktstr: removed %d images\n", removed);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, const char **argv);
} actions[] = {
	{ "list", cache_list },
	{ "clean", cache_clean },
};

int cmd_cache(int argc, const char **argv)
{
	const char *names[ARRAY_SIZE(actions)];
	size_t i;

	argc = parse_args(argc, argv, cache_options, cache_usage);
	if (!argc)
		return complain(WRONG_USAGE, NULL, "cache: say list or clean (see 'ktstr help cache')");
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(actions[i].name, argv[0]))
			return actions[i].run(argc - 1, argv + 1);
		names[i] = actions[i].name;
	}
	return complain(WRONG_USAGE, ktstr_suggest(argv[0], names, ARRAY_SIZE(names)),
			"cache: unknown action '%s'", argv[0]);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr locks: who has reserved what on this host. It takes no lock itself: the lock files are looked at
 * from outside, and /proc/locks says who holds them.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/kernel/kernel.h"
#include "harness/reserve/flocks.h"
#include "harness/reserve/lockfile.h"
#include "harness/reserve/topology.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "commands/builtin.h"

#define MAX_INTERVAL_S	86400

static bool as_json;
static const char *watch_option;

static const char * const locks_usage[] = {
	"ktstr locks [--json] [--watch TIME]",
	"",
	"Shows which LLCs and CPUs of this host, and which kernels of the cache, somebody has reserved.",
	"A run that shares an LLC holds it as \"shared\", one in performance mode as \"alone\".",
	NULL
};

static const struct option locks_options[] = {
	OPT_BOOLEAN(0, "json", &as_json, "print JSON; with --watch a document on each line"),
	OPT_STRING(0, "watch", &watch_option, "TIME", "again after each TIME: 500ms, 2s, 1m, 1h"),
	OPT_END()
};

const struct command_help locks_help = { locks_usage, locks_options };

/* One kind of lock: files PREFIX...SUFFIX in a folder. */
struct section {
	const char *title, *key, *name_column, *json_name;
	const char *prefix, *suffix;
	bool numbers;			/* what stands between is a number */
	uint32_t (*node)(const struct host_topology *t, uint32_t number);
	char dir[PATH_MAX];		/* empty: there is none */
};

struct look {
	struct host_topology host;	/* empty: not to be had */
	struct flocks flocks;
	struct ktstr_json j;
	const struct section *section;
	unsigned int nr;		/* printed of the section */
};

/* UINT32_MAX: not known. */
static uint32_t node_of_llc(const struct host_topology *t, uint32_t number)
{
	for (uint32_t i = 0; i < t->nr_llcs; i++)
		if (t->llc[i].id == number)
			return t->llc[i].node;
	return UINT32_MAX;
}

static uint32_t node_of_cpu(const struct host_topology *t, uint32_t number)
{
	for (uint32_t i = 0; i < t->nr_cpus; i++)
		if (t->cpu[i].id == number)
			return t->cpu[i].node;
	return UINT32_MAX;
}

static struct section sections[] = {
	{ "LLC locks", "llcs", "LLC", "llc_idx", "ktstr-llc-", ".lock", true, node_of_llc },
	{ "Per-CPU locks", "cpus", "CPU", "cpu", "ktstr-cpu-", ".lock", true, node_of_cpu },
	{ "Cache-entry locks", "cache", "CACHE KEY", "cache_key", "", ".lock", false, NULL },
};

/* The part of a file's name that distinguishes it. False: it is no file of the section. */
static bool name_of(const struct section *s, const char *file, char *name, size_t size, uint32_t *number)
{
	size_t len = strlen(file), before = strlen(s->prefix), after = strlen(s->suffix);

	if (len <= before + after || strncmp(file, s->prefix, before) ||
	    strcmp(file + len - after, s->suffix))
		return false;
	snprintf(name, size, "%.*s", (int)(len - before - after), file + before);
	*number = 0;
	return !s->numbers || !ktstr_parse_u32(name, 0, UINT32_MAX, number);
}

static void print_row(struct look *l, const struct flock_id *id, const char *name, const char *path,
		      uint32_t node)
{
	const struct flock_row *row = NULL;
	char cmdline[FLOCKS_CMDLINE], number[16] = "?";
	bool first = true;

	if (node != UINT32_MAX)
		snprintf(number, sizeof(number), "%u", node);
	while ((row = flocks__next(&l->flocks, id, row))) {
		flocks__cmdline("/proc", row->pid, cmdline);
		printf("  %-10s %-5s %-32s %s pid %d (%s)\n", first ? name : "",
		       !first ? "" : l->section->node ? number : "-", first ? path : "",
		       row->exclusive ? "alone " : "shared", (int)row->pid, cmdline);
		first = false;
	}
}

static void json_row(struct look *l, const struct flock_id *id, const char *name, uint32_t number,
		     const char *path, uint32_t node)
{
	const struct flock_row *row = NULL;
	char cmdline[FLOCKS_CMDLINE];
	struct ktstr_json *j = &l->j;

	ktstr_json__object(j, NULL);
	if (l->section->numbers)
		ktstr_json__u64(j, l->section->json_name, number);
	else
		ktstr_json__str(j, l->section->json_name, name);
	if (l->section->node && node != UINT32_MAX)
		ktstr_json__u64(j, "numa_node", node);
	else if (l->section->node)
		ktstr_json__null(j, "numa_node");
	ktstr_json__str(j, "lockfile", path);
	ktstr_json__array(j, "holders");
	while ((row = flocks__next(&l->flocks, id, row))) {
		flocks__cmdline("/proc", row->pid, cmdline);
		ktstr_json__object(j, NULL);
		ktstr_json__i64(j, "pid", row->pid);
		ktstr_json__str(j, "cmdline", cmdline);
		ktstr_json__bool(j, "exclusive", row->exclusive);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_json__end(j);
}

static void show_file(struct look *l, const char *file)
{
	const struct section *s = l->section;
	uint32_t number, node = UINT32_MAX;
	char path[PATH_MAX], name[NAME_MAX + 1];
	struct flock_id id;

	if (!name_of(s, file, name, sizeof(name), &number) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s/%s", s->dir, file) || flocks__identify(path, &id) ||
	    !flocks__count(&l->flocks, &id))
		return;
	if (s->node)
		node = s->node(&l->host, number);
	l->nr++;
	if (as_json)
		json_row(l, &id, name, number, path, node);
	else
		print_row(l, &id, name, path, node);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static void show_section(struct look *l, const struct section *s)
{
	struct dirent **files = NULL;
	int nr = s->dir[0] ? scandir(s->dir, &files, NULL, by_number) : 0;

	l->section = s;
	l->nr = 0;
	if (as_json)
		ktstr_json__array(&l->j, s->key);
	else
		printf("%s\n  %-10s %-5s %-32s %s\n", s->title, s->name_column, "NODE", "LOCKFILE", "HOLDERS");
	for (int i = 0; i < nr; i++) {
		show_file(l, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	if (as_json)
		ktstr_json__end(&l->j);
	else if (!l->nr)
		printf("  (none)\n");
}

/* With --watch each document is a line: the writer breaks lines only between values. */
static void put_line(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			while (p[1] == ' ' || p[1] == '\t')
				p++;
			continue;
		}
		*to++ = *p;
	}
	*to = '\0';
	puts(text);
}

/* 0 or an exit status. */
static int show(void)
{
	struct look l = { 0 };
	struct ktstr_err err;
	char *text;
	int ret;

	ret = flocks__read(&l.flocks, "/proc", &err);
	if (ret)
		return complain(1, NULL, "%s", err.msg);
	/* without it, nodes are not known */
	if (host_topology__here(&l.host, &err))
		memset(&l.host, 0, sizeof(l.host));
	ktstr_json__init(&l.j);
	if (as_json)
		ktstr_json__object(&l.j, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (!as_json && i)
			putchar('\n');
		show_section(&l, &sections[i]);
	}
	if (as_json) {
		ktstr_json__end(&l.j);
		text = ktstr_json__finish(&l.j);
		if (text && watch_option)
			put_line(text);
		else if (text)
			puts(text);
		else
			ret = complain(1, NULL, "%s", strerror(errno));
		free(text);
	}
	flocks__free(&l.flocks);
	host_topology__free(&l.host);
	return fflush(stdout) || ferror(stdout) ? complain(1, NULL, "stdout: %s", strerror(errno)) : ret;
}

/* "500ms": 0, or WRONG_USAGE after a complaint. */
static int parse_interval(const char *text, struct timespec *t)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ms", NSEC_PER_MSEC }, { "s", NSEC_PER_SEC }, { "m", 60ull * NSEC_PER_SEC },
		{ "h", 3600ull * NSEC_PER_SEC },
	};
	const char *p = text;
	uint64_t n;

	if (ktstr_take_u64(&p, 10, &n))
		for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
			if (strcmp(p, units[i].name) || !n || n > MAX_INTERVAL_S * NSEC_PER_SEC / units[i].ns)
				continue;
			*t = ktstr_ns_timespec(n * units[i].ns);
			return 0;
		}
	return complain(WRONG_USAGE, NULL,
			"locks: --watch %s: must be a time such as 500ms, 2s, 1m or 1h, at most a day", text);
}

/* Where the files are. 0 or an exit status. */
static int find_folders(void)
{
	char root[PATH_MAX];
	struct ktstr_err err;

	if (lockfile__dir(sections[0].dir, sizeof(sections[0].dir), &err))
		return complain(1, NULL, "%s", err.msg);
	memcpy(sections[1].dir, sections[0].dir, sizeof(sections[1].dir));
	if (ktstr_kernel__cache_root(root, sizeof(root), &err) ||
	    ktstr_paths__fmt(sections[2].dir, sizeof(sections[2].dir), "%s/.locks", root))
		sections[2].dir[0] = '\0';
	return 0;
}

int cmd_locks(int argc, const char **argv)
{
	struct timespec t = { 0 };
	int ret;

	argc = parse_args(argc, argv, locks_options, locks_usage);
	if (no_args("locks", argc, argv) || (watch_option && parse_interval(watch_option, &t)))
		return WRONG_USAGE;
	ret = find_folders();
	while (!ret) {
		ret = show();
		if (ret || !watch_option)
			break;
		if (!as_json)
			putchar('\n');
		nanosleep(&t, NULL);
	}
	return ret;
}

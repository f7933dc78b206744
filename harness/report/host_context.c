// SPDX-License-Identifier: GPL-2.0
/* See host_context.h. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host_context.h"
#include "lib/file.h"
#include "lib/parse.h"
#include "lib/paths.h"

#define MAX_CPUS	8192	/* NR_CPUS of the largest configuration */
#define TEXT		16384	/* of the first CPU in cpuinfo, of meminfo, of the command line */

struct host {
	const char *root;
	struct ktstr_json *j;
	char text[TEXT];
};

static bool read_file(struct host *h, const char *fmt, const char *name)
{
	char path[PATH_MAX], below[PATH_MAX];

	snprintf(below, sizeof(below), fmt, name);
	return !ktstr_paths__fmt(path, sizeof(path), "%s%s", h->root, below) &&
	       guest_file__read(path, h->text, sizeof(h->text)) >= 0;
}

static void put_file(struct host *h, const char *key, const char *path)
{
	ktstr_json__str(h->j, key, read_file(h, "%s", path) ? h->text : NULL);
}

/* The value behind "name:" or "name\t:" in the text; NULL: there is no such line. */
static char *value_of(char *text, const char *name)
{
	size_t len = strlen(name);
	char *line, *next;

	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : NULL;
		if (strncmp(line, name, len))
			continue;
		line += len;
		line += strspn(line, " \t");
		if (*line++ != ':')
			continue;
		line += strspn(line, " \t");
		line[strcspn(line, "\n")] = '\0';
		return line;
	}
	return NULL;
}

/* x86 has names of the model; arm64 has numbers of the implementer and the part. */
static void put_cpu(struct host *h)
{
	static const struct {
		const char *key, *names[3];
	} rows[] = {
		{ "cpu_model", { "model name", "Model", "CPU part" } },
		{ "cpu_vendor", { "vendor_id", "CPU implementer", NULL } },
	};
	char *v;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		v = NULL;
		for (size_t k = 0; k < ARRAY_SIZE(rows[i].names) && rows[i].names[k] && !v; k++)
			if (read_file(h, "%s", "/proc/cpuinfo"))
				v = value_of(h->text, rows[i].names[k]);
		ktstr_json__str(h->j, rows[i].key, v && *v ? v : NULL);
	}
}

static void put_memory(struct host *h)
{
	static const struct {
		const char *key, *name;
	} rows[] = {
		{ "total_memory_kb", "MemTotal" }, { "hugepages_total", "HugePages_Total" },
		{ "hugepages_free", "HugePages_Free" }, { "hugepages_size_kb", "Hugepagesize" },
	};
	const char *v;
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		v = read_file(h, "%s", "/proc/meminfo") ? value_of(h->text, rows[i].name) : NULL;
		if (v && ktstr_take_u64(&v, 10, &n))
			ktstr_json__u64(h->j, rows[i].key, n);
		else
			ktstr_json__null(h->j, rows[i].key);
	}
}

/* How many numbers a list as "0-3,8" has; 0: it is none. */
static uint64_t count_list(const char *list)
{
	uint64_t first, last, nr = 0;

	while (ktstr_take_u64(&list, 10, &first)) {
		last = first;
		if (*list == '-' && (list++, !ktstr_take_u64(&list, 10, &last)))
			return 0;
		if (last < first || last > MAX_CPUS)
			return 0;
		nr += last - first + 1;
		if (*list++ != ',')
			return list[-1] ? 0 : nr;
	}
	return 0;
}

static void put_count(struct host *h, const char *key, const char *path)
{
	uint64_t nr = read_file(h, "%s", path) ? count_list(h->text) : 0;

	if (nr)
		ktstr_json__u64(h->j, key, nr);
	else
		ktstr_json__null(h->j, key);
}

/* "always [madvise] never": the one in brackets. */
static void put_choice(struct host *h, const char *key, const char *path)
{
	char *open = read_file(h, "%s", path) ? strchr(h->text, '[') : NULL;
	char *close = open ? strchr(open, ']') : NULL;

	if (close)
		*close = '\0';
	ktstr_json__str(h->j, key, close ? open + 1 : NULL);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

/* The files @fmt of the entries of @dir that begin with @prefix; null: there are none. */
static void put_map(struct host *h, const char *key, const char *dir, const char *prefix,
		    const char *fmt)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	bool any = false;
	int nr = 0;

	if (!ktstr_paths__fmt(path, sizeof(path), "%s%s", h->root, dir))
		nr = scandir(path, &entries, NULL, by_number);
	for (int i = 0; i < nr; i++) {
		const char *name = entries[i]->d_name;
		size_t len = strlen(prefix);

		if (strncmp(name, prefix, len) || !name[len] ||
		    (!strcmp(prefix, "cpu") && !isdigit((unsigned char)name[len])) ||
		    !read_file(h, fmt, name))
			continue;
		if (!any)
			ktstr_json__object(h->j, key);
		any = true;
		ktstr_json__str(h->j, name, h->text);
	}
	if (any)
		ktstr_json__end(h->j);
	else
		ktstr_json__null(h->j, key);
	for (int i = 0; i < nr; i++)
		free(entries[i]);
	free(entries);
}

void ktstr_host_context__json(const char *root, struct ktstr_json *j)
{
	struct host h = { .root = root, .j = j };
	struct utsname u = { "" };

	uname(&u);
	put_file(&h, "kernel_name", "/proc/sys/kernel/ostype");
	put_file(&h, "kernel_release", "/proc/sys/kernel/osrelease");
	ktstr_json__str(j, "arch", u.machine[0] ? u.machine : NULL);
	put_cpu(&h);
	put_count(&h, "online_cpus", "/sys/devices/system/cpu/online");
	put_count(&h, "numa_nodes", "/sys/devices/system/node/online");
	put_memory(&h);
	put_choice(&h, "thp_enabled", "/sys/kernel/mm/transparent_hugepage/enabled");
	put_choice(&h, "thp_defrag", "/sys/kernel/mm/transparent_hugepage/defrag");
	put_file(&h, "kernel_cmdline", "/proc/cmdline");
	put_map(&h, "cpufreq_governor", "/sys/devices/system/cpu", "cpu",
		"/sys/devices/system/cpu/%s/cpufreq/scaling_governor");
	put_map(&h, "sched_tunables", "/proc/sys/kernel", "sched_", "/proc/sys/kernel/%s");
}

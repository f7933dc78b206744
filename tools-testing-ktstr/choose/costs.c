// SPDX-License-Identifier: GPL-2.0
/* See costs.h. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/plan/id.h"
#include "lib/jtree.h"
#include "lib/paths.h"
#include "budget.h"
#include "costs.h"

#define MAX_DEPTH	3		/* runs root, run, test */
#define SIDECAR_MAX	(64u << 20)
#define TREE_MAX	(256u << 20)

static const char suffix[] = ".ktstr.json";

struct cost {
	char *name;			/* of a variant */
	double seconds;
	struct timespec when;
};

struct costs {
	struct cost *item;
	size_t nr, alloc;
};

static bool later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static int add(struct costs *c, const char *id, double seconds, const struct timespec *when)
{
	struct cost *more;

	if (c->nr == c->alloc) {
		more = realloc(c->item, 2 * (c->alloc + 64) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		c->item = more;
		c->alloc = 2 * (c->alloc + 64);
	}
	c->item[c->nr] = (struct cost){ strdup(ktstr_id__name(id)), seconds, *when };
	return c->item[c->nr++].name ? 0 : -ENOMEM;
}

/* What one sidecar says. Not being able to read it is no error. */
static int read_cost(struct costs *c, const char *path, const struct timespec *when)
{
	const struct ktstr_jnode *root, *host;
	struct ktstr_jtree tree;
	struct ktstr_err err;
	const char *id;
	uint64_t ms;
	size_t len;
	char *text;
	int ret = 0;

	text = ktstr_paths__read(path, SIDECAR_MAX, &len);
	if (!text)
		return 0;
	ktstr_jtree__init(&tree, TREE_MAX);
	root = ktstr_jtree__parse(&tree, text, len, &err);
	host = ktstr_jnode__get(root, "host");
	id = ktstr_jnode__str(root, "variant", "");
	ms = ktstr_jnode__u64(host, "total_ms", 0);
	if (*id && ms && !ktstr_jnode__bool(root, "skipped"))
		ret = add(c, id, (double)ms / 1000, when);
	ktstr_jtree__free(&tree);
	free(text);
	return ret;
}

static int search(struct costs *c, const char *dir, int depth)
{
	size_t len, end = sizeof(suffix) - 1;
	char path[PATH_MAX];
	struct dirent *de;
	struct stat st;
	int ret = 0;
	DIR *d = opendir(dir);

	if (!d)
		return -errno;
	while (!ret && (de = readdir(d))) {
		len = strlen(de->d_name);
		if (de->d_name[0] == '.' ||
		    ktstr_paths__fmt(path, sizeof(path), "%s/%s", dir, de->d_name) ||
		    lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			ret = search(c, path, depth + 1) == -ENOMEM ? -ENOMEM : 0;
		else if (S_ISREG(st.st_mode) && len > end && !strcmp(de->d_name + len - end, suffix))
			ret = read_cost(c, path, &st.st_mtim);
	}
	closedir(d);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cost *)a)->name, ((const struct cost *)b)->name);
}

/* One of each variant stays, the newest. */
static void keep_newest(struct costs *c)
{
	size_t i, n = 0;

	if (!c->nr)
		return;
	qsort(c->item, c->nr, sizeof(*c->item), by_name);
	for (i = 1; i < c->nr; i++) {
		if (strcmp(c->item[n].name, c->item[i].name)) {
			c->item[++n] = c->item[i];
			continue;
		}
		if (later(&c->item[i].when, &c->item[n].when)) {
			c->item[n].seconds = c->item[i].seconds;
			c->item[n].when = c->item[i].when;
		}
		free(c->item[i].name);
	}
	c->nr = n + 1;
}

int costs__estimate(const struct suite *s, const char *dir, double *seconds,
		    unsigned int *measured, struct ktstr_err *err)
{
	struct costs c = { .item = NULL };
	double real = 0, model = 0, scale = 1;
	struct cost key, *found;
	size_t i;
	int ret;

	*measured = 0;
	ret = dir ? search(&c, dir, 0) : 0;
	if (ret) {
		ktstr_err(err, -ret, "%s: %s", dir, strerror(-ret));
		goto out;
	}
	keep_newest(&c);
	for (i = 0; i < s->tests.nr; i++) {
		key.name = (char *)s->tests.item[i];
		found = c.nr ? bsearch(&key, c.item, c.nr, sizeof(*c.item), by_name) : NULL;
		seconds[i] = found ? found->seconds : -1;
		if (!found)
			continue;
		++*measured;
		real += found->seconds;
		model += budget__model(&s->about[i]);
	}
	if (model > 0)
		scale = real / model;
	for (i = 0; i < s->tests.nr; i++)
		if (seconds[i] < 0)
			seconds[i] = scale * budget__model(&s->about[i]);
out:
	for (i = 0; i < c.nr; i++)
		free(c.item[i].name);
	free(c.item);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A sorted array of guest paths: parents and children are neighbours, so only the next entry has
 * to be examined to find out whether a path is a directory.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpio.h"
#include "tree.h"

static void entry_free(struct tree_entry *e)
{
	if (!e)
		return;
	free(e->path);
	free(e->link);
	free(e->data);
	free(e);
}

void tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->nr; i++)
		entry_free(t->entries[i]);
	free(t->entries);
	for (size_t i = 0; i < t->nr_dirs; i++)
		free(t->dirs[i]);
	free(t->dirs);
	while (t->sources) {
		struct tree_source *s = t->sources;

		t->sources = s->next;
		free(s->open_path);
		free(s->canon);
		free(s);
	}
	*t = (struct tree) { 0 };
}

struct tree_source *tree_source(struct tree *t, const char *open_path, const char *canon,
				const struct io_id *id)
{
	struct tree_source *s;

	for (s = t->sources; s; s = s->next)
		if (s->id.dev == id->dev && s->id.ino == id->ino)
			return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->open_path = strdup(open_path);
	s->canon = strdup(canon);
	s->id = *id;
	if (!s->open_path || !s->canon) {
		free(s->open_path);
		free(s->canon);
		free(s);
		return NULL;
	}
	s->next = t->sources;
	t->sources = s;
	return s;
}

/* Index of the first entry whose path is not below @path in byte order. */
static size_t lower_bound(const struct tree *t, const char *path)
{
	size_t lo = 0, hi = t->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t->entries[mid]->path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct tree_entry *tree_find(const struct tree *t, const char *path)
{
	size_t i = lower_bound(t, path);

	return i < t->nr && !strcmp(t->entries[i]->path, path) ? t->entries[i] : NULL;
}

static const char *origin_of(const struct tree_entry *e)
{
	if (e->src)
		return e->src->canon;
	return e->link ? e->link : "literal data";
}

/* No entry may be both a file and the directory of another one. */
static int check_dirs(const struct tree *t, const char *path, const char *what,
		      struct ktstr_err *err)
{
	char dir[PATH_MAX + 1];
	const struct tree_entry *e;
	size_t len = strlen(path), i;

	for (i = 0; i < t->nr_dirs; i++)
		if (!strncmp(t->dirs[i], path, len) && (!t->dirs[i][len] || t->dirs[i][len] == '/'))
			return ktstr_err(err, EEXIST,
					 "initramfs: %s (%s) cannot be a file, a library search path goes through %s",
					 path, what, t->dirs[i]);
	memcpy(dir, path, len);
	memcpy(dir + len, "/", 2);
	i = lower_bound(t, dir);
	if (i < t->nr && !strncmp(t->entries[i]->path, dir, len + 1))
		return ktstr_err(err, EEXIST,
				 "initramfs: %s (%s) cannot be a file, it is the directory of %s (%s)",
				 path, what, t->entries[i]->path, origin_of(t->entries[i]));
	dir[len] = '\0';
	while (len && dir[--len]) {
		if (dir[len] != '/' || !len)
			continue;
		dir[len] = '\0';
		e = tree_find(t, dir);
		if (e)
			return ktstr_err(err, EEXIST,
					 "initramfs: %s (%s) needs a directory where %s (%s) is a file",
					 path, what, dir, origin_of(e));
	}
	return 0;
}

/* A new entry in its place, or NULL with *@ret. */
static struct tree_entry *insert(struct tree *t, const char *path, int *ret)
{
	size_t i = lower_bound(t, path);
	struct tree_entry *e;

	*ret = -ENOMEM;
	if (t->nr == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		void *p = reallocarray(t->entries, room, sizeof(*t->entries));

		if (!p)
			return NULL;
		t->entries = p;
		t->room = room;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->path = strdup(path);
	if (!e->path) {
		free(e);
		return NULL;
	}
	memmove(t->entries + i + 1, t->entries + i, (t->nr - i) * sizeof(*t->entries));
	t->entries[i] = e;
	t->nr++;
	*ret = 0;
	return e;
}

static int taken(const struct tree_entry *e, const char *what, struct ktstr_err *err)
{
	return ktstr_err(err, EEXIST,
			 "initramfs: guest path %s is asked for twice, by %s and by %s; rename one",
			 e->path, origin_of(e), what);
}

static int prepare(struct tree *t, const char *path, const char *what, struct ktstr_err *err)
{
	int ret = cpio_check_path(path, err);

	return ret ? ret : check_dirs(t, path, what, err);
}

int tree_add_source(struct tree *t, struct tree_source *src, const char *path,
		    struct ktstr_err *err)
{
	struct tree_entry *e = tree_find(t, path);
	int ret;

	if (e)
		return e->src == src ? 0 : taken(e, src->canon, err);
	ret = prepare(t, path, src->canon, err);
	if (ret)
		return ret;
	e = insert(t, path, &ret);
	if (!e)
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	e->src = src;
	return 0;
}

int tree_add_link(struct tree *t, const char *target, const char *path, struct ktstr_err *err)
{
	struct tree_entry *e = tree_find(t, path);
	int ret;

	if (e)
		return e->link && !strcmp(e->link, target) ? 0 : taken(e, target, err);
	ret = prepare(t, path, target, err);
	if (ret)
		return ret;
	e = insert(t, path, &ret);
	if (e)
		e->link = strdup(target);
	if (!e || !e->link)
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	return 0;
}

int tree_add_data(struct tree *t, const void *data, size_t len, const char *path,
		  uint32_t mode, struct ktstr_err *err)
{
	struct tree_entry *e = tree_find(t, path);
	void *copy;
	int ret;

	if (len > CPIO_MAX_FILE)
		return ktstr_err(err, EFBIG, "initramfs: %s: data of 4 GiB or more", path);
	if (e && e->data && e->len == len && e->mode == mode && !memcmp(e->data, data, len))
		return 0;
	if (e)
		return taken(e, "literal data", err);
	ret = prepare(t, path, "literal data", err);
	if (ret)
		return ret;
	copy = malloc(len + 1);
	if (!copy)
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	if (len)
		memcpy(copy, data, len);
	e = insert(t, path, &ret);
	if (!e) {
		free(copy);
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	}
	e->data = copy;
	e->len = len;
	e->mode = mode;
	e->order = t->nr_data++;
	return 0;
}

int tree_need_dir(struct tree *t, const char *path, struct ktstr_err *err)
{
	char **dirs;

	if (!strcmp(path, "/"))
		return 0;
	for (size_t i = 0; i < t->nr_dirs; i++)
		if (!strcmp(t->dirs[i], path))
			return 0;
	if (tree_find(t, path))
		return ktstr_err(err, EEXIST,
				 "initramfs: a library search path goes through %s, which is a file (%s)",
				 path, origin_of(tree_find(t, path)));
	dirs = reallocarray(t->dirs, t->nr_dirs + 1, sizeof(*dirs));
	if (dirs) {
		t->dirs = dirs;
		dirs[t->nr_dirs] = strdup(path);
	}
	if (!dirs || !dirs[t->nr_dirs])
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	t->nr_dirs++;
	return 0;
}

void tree_settle(struct tree *t)
{
	for (struct tree_source *s = t->sources; s; s = s->next)
		s->home = s->named;
	for (size_t i = 0; i < t->nr; i++) {
		struct tree_entry *e = t->entries[i];

		if (e->src && !e->src->named &&
		    (!e->src->home || !strcmp(e->path, e->src->canon)))
			e->src->home = e;
	}
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* Collect, sort, drop duplicates: a few hundred strings in practice. */
struct dir_list {
	char **dirs;
	size_t nr, room;
};

static int dir_list_add(struct dir_list *l, const char *path, size_t len)
{
	if (l->nr == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		void *p = reallocarray(l->dirs, room, sizeof(*l->dirs));

		if (!p)
			return -ENOMEM;
		l->dirs = p;
		l->room = room;
	}
	l->dirs[l->nr] = strndup(path, len);
	return l->dirs[l->nr] ? (l->nr++, 0) : -ENOMEM;
}

/* All proper parents of @path. */
static int dir_list_add_parents(struct dir_list *l, const char *path)
{
	int ret = 0;

	for (size_t n = 1; path[n] && !ret; n++)
		if (path[n] == '/')
			ret = dir_list_add(l, path, n);
	return ret;
}

int tree_each_dir(const struct tree *t, bool data,
		  int (*fn)(void *ctx, const char *dir), void *ctx)
{
	struct dir_list l = { 0 };
	int ret = 0;

	for (size_t i = 0; i < t->nr && !ret; i++)
		if (!!t->entries[i]->data == data)
			ret = dir_list_add_parents(&l, t->entries[i]->path);
	for (size_t i = 0; i < t->nr_dirs && !ret && !data; i++) {
		ret = dir_list_add_parents(&l, t->dirs[i]);
		if (!ret)
			ret = dir_list_add(&l, t->dirs[i], strlen(t->dirs[i]));
	}
	if (l.nr)
		qsort(l.dirs, l.nr, sizeof(*l.dirs), compare_strings);
	for (size_t i = 0; i < l.nr && !ret; i++)
		if (!i || strcmp(l.dirs[i], l.dirs[i - 1]))
			ret = fn(ctx, l.dirs[i]);
	for (size_t i = 0; i < l.nr; i++)
		free(l.dirs[i]);
	free(l.dirs);
	return ret;
}

/* @dir itself or something below it. */
static bool covers(const char *dir, size_t len, const char *path)
{
	return !strncmp(dir, path, len) && (path[len] == '/' || !path[len]);
}

bool tree_has_dir(const struct tree *t, const char *dir)
{
	size_t len = strlen(dir);

	for (size_t i = 0; i < t->nr_dirs; i++)
		if (covers(dir, len, t->dirs[i]))
			return true;
	for (size_t i = lower_bound(t, dir); i < t->nr; i++) {
		if (strncmp(t->entries[i]->path, dir, len))
			break;
		if (!t->entries[i]->data && covers(dir, len, t->entries[i]->path))
			return true;
	}
	return false;
}

bool tree_normalize(const char *path, char *out, size_t size)
{
	size_t len = 0;

	while (*path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (!n || (n == 1 && path[0] == '.')) {
			/* nothing */
		} else if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && out[--len] != '/')
				;
		} else {
			if (len + n + 2 > size)
				return false;
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
	}
	if (!len) {
		if (size < 2)
			return false;
		out[len++] = '/';
	}
	out[len] = '\0';
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Brings the index up to date: a walk over the folders of runs, in which every file that is as the
 * index says is passed over. A sidecar lies in the folder of a run or in a folder below that;
 * what lies deeper, as the second run of auto-repro, is not a run of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/result/metrics.h"
#include "index_priv.h"
#include "lib/paths.h"
#include "record.h"

#define MAX_DEPTH	2	/* RUN/TEST/ */

struct known {
	sqlite3_int64 id, mtime_ns, size, inode;
	bool seen;
	char path[];
};

enum { ADD, ADD_METRIC, FIND_METRIC, ADD_VALUE, DROP, DROP_VALUES, NR_STATEMENTS };

/* The columns before those of the dimensions: index.c. */
#define NR_COLUMNS	11

static const char * const sql[NR_STATEMENTS] = {
	[ADD_METRIC] = "INSERT OR IGNORE INTO metric VALUES(NULL, ?, ?, ?)",
	[FIND_METRIC] = "SELECT id FROM metric WHERE name = ? AND unit = ? AND better = ?",
	[ADD_VALUE] = "INSERT INTO value VALUES(?, ?, ?)",
	[DROP] = "DELETE FROM sidecar WHERE id = ?",
	[DROP_VALUES] = "DELETE FROM value WHERE sidecar = ?",
};

struct walk {
	struct ktstr_index *ix;
	void *known;		/* tree of struct known, by path */
	sqlite3_stmt *stmt[NR_STATEMENTS];
	int ret;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->path, ((const struct known *)b)->path);
}

static struct known *new_known(const char *path)
{
	struct known *k = calloc(1, sizeof(*k) + strlen(path) + 1);

	if (k)
		strcpy(k->path, path);
	return k;
}

static int load_known(struct walk *w)
{
	sqlite3_stmt *s = ktstr_index__stmt(w->ix,
		"SELECT id, mtime_ns, size, inode, path FROM sidecar");
	int step = SQLITE_ERROR;
	struct known *k;

	while (s && (step = sqlite3_step(s)) == SQLITE_ROW) {
		k = new_known((const char *)sqlite3_column_text(s, 4));
		if (!k || !tsearch(k, &w->known, by_path)) {
			free(k);
			break;
		}
		k->id = sqlite3_column_int64(s, 0);
		k->mtime_ns = sqlite3_column_int64(s, 1);
		k->size = sqlite3_column_int64(s, 2);
		k->inode = sqlite3_column_int64(s, 3);
	}
	sqlite3_finalize(s);
	return step == SQLITE_DONE ? 0 : -EIO;
}

/* Run @s once more with what was bound; false: an error. */
static bool run(sqlite3_stmt *s)
{
	bool ok = sqlite3_step(s) == SQLITE_DONE;

	sqlite3_reset(s);
	return ok;
}

static bool drop(struct walk *w, sqlite3_int64 id)
{
	sqlite3_bind_int64(w->stmt[DROP], 1, id);
	sqlite3_bind_int64(w->stmt[DROP_VALUES], 1, id);
	return run(w->stmt[DROP_VALUES]) && run(w->stmt[DROP]);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);	/* NULL: null */
}

/* -1: an error */
static sqlite3_int64 metric_id(struct walk *w, const struct ktstr_figure *f)
{
	sqlite3_stmt * const both[] = { w->stmt[ADD_METRIC], w->stmt[FIND_METRIC] };
	sqlite3_int64 id;

	for (int i = 0; i < 2; i++) {
		bind_text(both[i], 1, f->name);
		bind_text(both[i], 2, f->unit);
		bind_text(both[i], 3, ktstr_polarity__name(f->polarity));
	}
	if (!run(w->stmt[ADD_METRIC]))
		return -1;
	id = sqlite3_step(w->stmt[FIND_METRIC]) == SQLITE_ROW ? sqlite3_column_int64(w->stmt[FIND_METRIC], 0) : -1;
	sqlite3_reset(w->stmt[FIND_METRIC]);
	return id;
}

static bool add_values(struct walk *w, sqlite3_int64 id, const struct ktstr_record *r)
{
	for (unsigned int i = 0; i < r->nr_figures; i++) {
		sqlite3_int64 metric = metric_id(w, &r->figure[i]);

		if (metric < 0)
			return false;
		sqlite3_bind_int64(w->stmt[ADD_VALUE], 1, id);
		sqlite3_bind_int64(w->stmt[ADD_VALUE], 2, metric);
		sqlite3_bind_double(w->stmt[ADD_VALUE], 3, r->figure[i].value);
		if (!run(w->stmt[ADD_VALUE]))
			return false;
	}
	return true;
}

/* @wrong: why @r is none. */
static bool insert(struct walk *w, const struct known *k, const struct ktstr_record *r,
		   const char *wrong)
{
	static const struct ktstr_record none;
	sqlite3_stmt *s = w->stmt[ADD];
	int at = 1;

	if (wrong)
		r = &none;
	bind_text(s, at++, k->path);
	sqlite3_bind_int64(s, at++, k->mtime_ns);
	sqlite3_bind_int64(s, at++, k->size);
	sqlite3_bind_int64(s, at++, k->inode);
	bind_text(s, at++, wrong);
	bind_text(s, at++, r->verdict);
	bind_text(s, at++, r->timestamp);
	bind_text(s, at++, r->arch);
	bind_text(s, at++, r->host_cpu);
	bind_text(s, at++, r->host_kernel);
	sqlite3_bind_int(s, at++, r->deterministic);
	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		bind_text(s, at++, r->dim[d]);
	return run(s) && (wrong || add_values(w, sqlite3_last_insert_rowid(w->ix->db), r));
}

/* The name of the run's folder: the first part of @path, or that of the root. */
static void run_name(const struct walk *w, const char *path, char *run, size_t size)
{
	const char *slash = strchr(path, '/');

	if (slash)
		snprintf(run, size, "%.*s", (int)(slash - path), path);
	else
		snprintf(run, size, "%s", ktstr_paths__base(w->ix->root));
}

static bool read_one(struct walk *w, const struct known *k)
{
	char path[PATH_MAX], run[NAME_MAX + 1], *text;
	struct ktstr_record r = { 0 };
	struct ktstr_err err = { "" };
	size_t len;
	bool ok;

	run_name(w, k->path, run, sizeof(run));
	if (ktstr_paths__fmt(path, sizeof(path), "%s/%s", w->ix->root, k->path))
		return true;
	text = ktstr_paths__read(path, KTSTR_SIDECAR_MAX, &len);
	if (!text)
		ktstr_err(&err, errno, "%s", strerror(errno));
	if (text && !ktstr_record__read(&r, text, len, run, &err))
		err.msg[0] = '\0';
	ok = insert(w, k, &r, err.msg[0] ? err.msg : NULL);
	ktstr_record__free(&r);
	free(text);
	w->ix->counts.read++;
	return ok;
}

static bool same(const struct known *k, const struct stat *st)
{
	return k->mtime_ns == (sqlite3_int64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec &&
	       k->size == st->st_size && k->inode == (sqlite3_int64)st->st_ino;
}

static void look_at(struct walk *w, const char *path, const struct stat *st)
{
	struct known *k = new_known(path), **found;

	found = k ? tsearch(k, &w->known, by_path) : NULL;
	if (!found) {
		free(k);
		w->ret = -ENOMEM;
		return;
	}
	w->ix->counts.sidecars++;
	if (*found != k) {
		free(k);
		k = *found;
		k->seen = true;
		if (same(k, st))
			return;
		if (!drop(w, k->id))
			w->ret = -EIO;
	}
	k->seen = true;
	k->mtime_ns = (sqlite3_int64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	k->size = st->st_size;
	k->inode = (sqlite3_int64)st->st_ino;
	if (!w->ret && !read_one(w, k))
		w->ret = -EIO;
}

/* @path: below the root, "" for the root itself. */
static void walk_dir(struct walk *w, int parent, const char *name, const char *path, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	char below[PATH_MAX];
	struct dirent *de;
	struct stat st;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && !w->ret && (de = readdir(dir))) {
		bool file = ktstr_record__is_file(de->d_name);

		/* logs lie beside: do not look at each */
		if (de->d_name[0] == '.' || (!file && de->d_type == DT_REG) ||
		    ktstr_paths__fmt(below, sizeof(below), "%s%s%s", path, *path ? "/" : "",
				     de->d_name))
			continue;
		if (!file && de->d_type == DT_DIR && depth < MAX_DEPTH)
			walk_dir(w, fd, de->d_name, below, depth + 1);
		else if (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			walk_dir(w, fd, de->d_name, below, depth + 1);
		else if (S_ISREG(st.st_mode) && file)
			look_at(w, below, &st);
	}
	if (dir)
		closedir(dir);
}

static void drop_if_gone(const void *node, VISIT which, void *arg)
{
	const struct known *k = *(struct known * const *)node;
	struct walk *w = arg;

	if ((which != postorder && which != leaf) || k->seen)
		return;
	w->ix->counts.gone++;
	if (!drop(w, k->id))
		w->ret = -EIO;
}

static bool prepare(struct walk *w)
{
	char add[256] = "INSERT INTO sidecar VALUES(NULL";
	size_t n = strlen(add);

	for (int i = 0; i < NR_COLUMNS + KTSTR_NR_DIMS; i++)
		n += (size_t)snprintf(add + n, sizeof(add) - n, ", ?");
	snprintf(add + n, sizeof(add) - n, ")");
	for (int i = 0; i < NR_STATEMENTS; i++) {
		w->stmt[i] = ktstr_index__stmt(w->ix, i == ADD ? add : sql[i]);
		if (!w->stmt[i])
			return false;
	}
	return true;
}

static int count_wrong(struct ktstr_index *ix)
{
	sqlite3_stmt *s = ktstr_index__stmt(ix, "SELECT count(*) FROM sidecar WHERE wrong IS NOT NULL");
	bool ok = s && sqlite3_step(s) == SQLITE_ROW;

	if (ok)
		ix->counts.wrong = (unsigned int)sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return ok ? 0 : -EIO;
}

int ktstr_index__walk(struct ktstr_index *ix, struct ktstr_err *err)
{
	struct walk w = { .ix = ix };

	if (!prepare(&w) || load_known(&w))
		w.ret = -EIO;
	if (!w.ret)
		walk_dir(&w, AT_FDCWD, ix->root, "", 0);
	if (!w.ret)
		twalk_r(w.known, drop_if_gone, &w);
	if (!w.ret)
		w.ret = count_wrong(ix);
	if (w.ret == -EIO)
		ktstr_index__failed(ix, err);
	else if (w.ret)
		ktstr_err(err, -w.ret, "index of %s: %s", ix->root, strerror(-w.ret));
	for (int i = 0; i < NR_STATEMENTS; i++)
		sqlite3_finalize(w.stmt[i]);
	tdestroy(w.known, free);
	return w.ret;
}

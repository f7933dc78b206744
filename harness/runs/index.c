// SPDX-License-Identifier: GPL-2.0
/* The database: see index.h. index_walk.c looks for sidecars. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/result/metrics.h"
#include "index_priv.h"
#include "lib/paths.h"

/* Of the tables below, and of what record.c takes from a sidecar. */
#define VERSION		1
#define MAX_FILE	(2ull << 30)

static const char schema[] =
	"CREATE TABLE sidecar(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,"
	" mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL, inode INTEGER NOT NULL,"
	" wrong TEXT, verdict TEXT, timestamp TEXT, arch TEXT, host_cpu TEXT, host_kernel TEXT,"
	" deterministic INTEGER, %s);"
	"CREATE TABLE metric(id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL,"
	" better TEXT NOT NULL, UNIQUE(name, unit, better));"
	"CREATE TABLE value(sidecar INTEGER NOT NULL, metric INTEGER NOT NULL, value REAL NOT NULL,"
	" PRIMARY KEY(sidecar, metric)) WITHOUT ROWID;"
	"CREATE VIEW figure AS SELECT sidecar.*, metric.name AS metric, metric.unit, metric.better,"
	" value.value FROM value JOIN sidecar ON sidecar.id = value.sidecar"
	" JOIN metric ON metric.id = value.metric;";

/* "test", "topology" and so on. */
static const char *columns(char *buf, size_t size)
{
	size_t n = 0;

	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		n += (size_t)snprintf(buf + n, size - n, "%s\"%s\"", d ? ", " : "",
				      ktstr_dims[d].name);
	return buf;
}

int ktstr_index__failed(struct ktstr_index *ix, struct ktstr_err *err)
{
	return ktstr_err(err, EIO, "index of %s: %s", ix->root, sqlite3_errmsg(ix->db));
}

static int exec(struct ktstr_index *ix, const char *sql, struct ktstr_err *err)
{
	return sqlite3_exec(ix->db, sql, NULL, NULL, NULL) ? ktstr_index__failed(ix, err) : 0;
}

sqlite3_stmt *ktstr_index__stmt(struct ktstr_index *ix, const char *sql)
{
	sqlite3_stmt *s = NULL;

	sqlite3_prepare_v2(ix->db, sql, -1, &s, NULL);
	return s;
}

static int new_database(struct ktstr_index *ix, struct ktstr_err *err)
{
	char sql[2048], dims[512];
	int ret;

	sqlite3_close(ix->db);
	ix->db = NULL;
	if (sqlite3_open(":memory:", &ix->db))
		return ktstr_err(err, ENOMEM, "no memory for the index of %s", ix->root);
	snprintf(sql, sizeof(sql), schema, columns(dims, sizeof(dims)));
	ret = exec(ix, sql, err);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", VERSION);
	return ret ?: exec(ix, sql, err);
}

/* The one value that @sql gives, as text in @buf. */
static bool ask(struct ktstr_index *ix, const char *sql, char *buf, size_t size)
{
	sqlite3_stmt *s = ktstr_index__stmt(ix, sql);
	bool ok = s && sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0);

	snprintf(buf, size, "%s", ok ? (const char *)sqlite3_column_text(s, 0) :
		 sqlite3_errmsg(ix->db));
	sqlite3_finalize(s);
	return ok;
}

/* Why the database that was loaded is not to be used; NULL: it is. */
static const char *judge(struct ktstr_index *ix, char *buf, size_t size)
{
	char expected[16], got[64];

	snprintf(expected, sizeof(expected), "%d", VERSION);
	if (!ask(ix, "PRAGMA quick_check(1)", got, sizeof(got)) || strcmp(got, "ok")) {
		snprintf(buf, size, "it is damaged: %s", got);
		return buf;
	}
	if (!ask(ix, "PRAGMA user_version", got, sizeof(got)) || strcmp(got, expected)) {
		snprintf(buf, size, "it is of version %s, not %s", got, expected);
		return buf;
	}
	return NULL;
}

/* The file, as it is, becomes the database in memory. */
static int load(struct ktstr_index *ix, struct ktstr_err *err)
{
	unsigned char *copy;
	char *text, path[PATH_MAX];
	size_t len;

	if (ktstr_paths__fmt(path, sizeof(path), "%s/" KTSTR_INDEX_FILE, ix->root))
		return new_database(ix, err);
	text = ktstr_paths__read(path, MAX_FILE, &len);
	if (!text)
		return new_database(ix, err);
	if (sqlite3_open(":memory:", &ix->db)) {
		free(text);
		return ktstr_err(err, ENOMEM, "no memory for the index of %s", ix->root);
	}
	copy = sqlite3_malloc64(len ?: 1);
	if (copy)
		memcpy(copy, text, len);
	free(text);
	if (!copy || sqlite3_deserialize(ix->db, "main", copy, (sqlite3_int64)len,
					 (sqlite3_int64)len, SQLITE_DESERIALIZE_FREEONCLOSE |
					 SQLITE_DESERIALIZE_RESIZEABLE) ||
	    judge(ix, ix->counts.why, sizeof(ix->counts.why))) {
		ix->counts.rebuilt = true;
		return new_database(ix, err);
	}
	return 0;
}

/* A failure costs time only: the next one reads the sidecars again. */
static void save(struct ktstr_index *ix)
{
	char path[PATH_MAX];
	unsigned char *data;
	sqlite3_int64 len;

	if (ktstr_paths__fmt(path, sizeof(path), "%s/" KTSTR_INDEX_FILE, ix->root) ||
	    access(ix->root, W_OK))
		return;
	data = sqlite3_serialize(ix->db, "main", &len, 0);
	if (data)
		ktstr_paths__write(path, (const char *)data, (size_t)len);
	sqlite3_free(data);
}

static int refresh(struct ktstr_index *ix, struct ktstr_err *err)
{
	int ret = exec(ix, "BEGIN", err);

	if (!ret)
		ret = ktstr_index__walk(ix, err);
	if (!ret && ix->counts.gone)
		ret = exec(ix, "DELETE FROM metric WHERE id NOT IN (SELECT metric FROM value)", err);
	if (!ret)
		ret = exec(ix, "COMMIT", err);
	return ret;
}

int ktstr_index__open(struct ktstr_index **ixp, const char *root, struct ktstr_err *err)
{
	struct ktstr_index *ix = calloc(1, sizeof(*ix));
	int ret;

	*ixp = NULL;
	if (!ix || ktstr_paths__fmt(ix->root, sizeof(ix->root), "%s", root)) {
		free(ix);
		return ktstr_err(err, ENAMETOOLONG, "no index of %.300s", root);
	}
	ret = load(ix, err);
	if (!ret)
		ret = refresh(ix, err);
	if (ret && !ix->counts.rebuilt) {
		/* a file that only looked sound */
		memset(&ix->counts, 0, sizeof(ix->counts));
		snprintf(ix->counts.why, sizeof(ix->counts.why), "%.127s", err->msg);
		ix->counts.rebuilt = true;
		ret = new_database(ix, err) ?: refresh(ix, err);
	}
	if (!ret && (ix->counts.read || ix->counts.gone || ix->counts.rebuilt))
		save(ix);
	if (ret)
		ktstr_index__close(ix);
	else
		*ixp = ix;
	return ret;
}

void ktstr_index__close(struct ktstr_index *ix)
{
	if (!ix)
		return;
	sqlite3_close(ix->db);
	free(ix);
}

const struct ktstr_index_counts *ktstr_index__counts(const struct ktstr_index *ix)
{
	return &ix->counts;
}

static const char *text(struct ktstr_rows *rows, sqlite3_stmt *s, int column)
{
	return ktstr_rows__intern(rows, (const char *)sqlite3_column_text(s, column));
}

static int load_sidecars(struct ktstr_index *ix, struct ktstr_rows *rows, uint32_t *row_of,
			 sqlite3_int64 max_id)
{
	enum { DIM = 8 };
	char sql[1024], dims[512];
	struct ktstr_row *r;
	sqlite3_stmt *s;
	sqlite3_int64 id;
	int step = SQLITE_ERROR;

	snprintf(sql, sizeof(sql),
		 "SELECT id, path, verdict, timestamp, arch, host_cpu, host_kernel, deterministic, %s"
		 " FROM sidecar WHERE wrong IS NULL ORDER BY timestamp, path",
		 columns(dims, sizeof(dims)));
	s = ktstr_index__stmt(ix, sql);
	while (s && (step = sqlite3_step(s)) == SQLITE_ROW) {
		id = sqlite3_column_int64(s, 0);
		r = id < 0 || id > max_id ? NULL : ktstr_rows__add(rows);
		if (!r)
			break;
		row_of[id] = (uint32_t)rows->nr;
		r->path = text(rows, s, 1);
		r->verdict = text(rows, s, 2);
		r->timestamp = text(rows, s, 3);
		r->arch = text(rows, s, 4);
		r->host_cpu = text(rows, s, 5);
		r->host_kernel = text(rows, s, 6);
		r->deterministic = sqlite3_column_int(s, 7);
		for (int d = 0; d < KTSTR_NR_DIMS; d++)
			r->dim[d] = text(rows, s, DIM + d);
	}
	sqlite3_finalize(s);
	return step == SQLITE_DONE ? 0 : -EIO;
}

static int load_figures(struct ktstr_index *ix, struct ktstr_rows *rows, sqlite3_int64 max_id)
{
	sqlite3_stmt *s = ktstr_index__stmt(ix, "SELECT id, name, unit, better FROM metric");
	struct ktstr_figure_row *f;
	int step = SQLITE_ERROR;
	sqlite3_int64 id;

	rows->nr_figures = (uint32_t)max_id + 1;
	rows->figure = calloc(rows->nr_figures, sizeof(*rows->figure));
	while (s && rows->figure && (step = sqlite3_step(s)) == SQLITE_ROW) {
		id = sqlite3_column_int64(s, 0);
		if (id < 0 || id > max_id)
			break;
		f = &rows->figure[id];
		f->name = text(rows, s, 1);
		f->unit = text(rows, s, 2);
		f->polarity = ktstr_polarity__find((const char *)sqlite3_column_text(s, 3));
	}
	sqlite3_finalize(s);
	return step == SQLITE_DONE ? 0 : -EIO;
}

static int load_values(struct ktstr_index *ix, struct ktstr_rows *rows, const uint32_t *row_of,
		       sqlite3_int64 max_id)
{
	sqlite3_stmt *s = ktstr_index__stmt(ix,
		"SELECT sidecar, metric, value FROM value ORDER BY sidecar, metric");
	int step = SQLITE_ERROR;
	struct ktstr_value *v;
	struct ktstr_row *row;
	sqlite3_int64 id;

	while (s && (step = sqlite3_step(s)) == SQLITE_ROW) {
		id = sqlite3_column_int64(s, 0);
		if (id < 0 || id > max_id || !row_of[id])
			continue;
		row = &rows->row[row_of[id] - 1];
		v = ktstr_rows__add_value(rows);
		if (!v)
			break;
		v->figure = (uint32_t)sqlite3_column_int64(s, 1);
		v->value = sqlite3_column_double(s, 2);
		if (v->figure >= rows->nr_figures || !rows->figure[v->figure].name)
			break;
		if (!row->nr)
			row->first = rows->nr_values - 1;
		row->nr++;
	}
	sqlite3_finalize(s);
	return step == SQLITE_DONE ? 0 : -EIO;
}

static sqlite3_int64 max_id(struct ktstr_index *ix, const char *sql)
{
	sqlite3_stmt *s = ktstr_index__stmt(ix, sql);
	sqlite3_int64 id = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;

	sqlite3_finalize(s);
	return id;
}

int ktstr_index__rows(struct ktstr_index *ix, bool figures, struct ktstr_rows *rows,
		      struct ktstr_err *err)
{
	sqlite3_int64 ids = max_id(ix, "SELECT max(id) FROM sidecar");
	sqlite3_int64 metrics = max_id(ix, "SELECT max(id) FROM metric");
	uint32_t *row_of = NULL;
	int ret = -EIO;

	memset(rows, 0, sizeof(*rows));
	if (ids >= 0 && ids < UINT32_MAX && metrics >= 0 && metrics < UINT32_MAX / 64)
		row_of = calloc((size_t)ids + 1, sizeof(*row_of));
	if (row_of)
		ret = load_sidecars(ix, rows, row_of, ids);
	if (!ret && figures)
		ret = load_figures(ix, rows, metrics) ?: load_values(ix, rows, row_of, ids);
	free(row_of);
	if (ret) {
		ktstr_rows__free(rows);
		return ktstr_index__failed(ix, err);
	}
	return 0;
}

int ktstr_index__wrong(struct ktstr_index *ix,
		       void (*fn)(void *arg, const char *path, const char *why), void *arg,
		       struct ktstr_err *err)
{
	sqlite3_stmt *s = ktstr_index__stmt(ix,
		"SELECT path, wrong FROM sidecar WHERE wrong IS NOT NULL ORDER BY path");
	int step = SQLITE_ERROR;

	while (s && (step = sqlite3_step(s)) == SQLITE_ROW)
		fn(arg, (const char *)sqlite3_column_text(s, 0),
		   (const char *)sqlite3_column_text(s, 1));
	sqlite3_finalize(s);
	return step == SQLITE_DONE ? 0 : ktstr_index__failed(ix, err);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Traces as a SQLite database: a table of all events, and for each kind a view with its numbers under
 * their names, made from ktstr_trace_kinds[]. docs/traces.md documents both.
 *
 * The library is loaded when it is needed. Test programs are PID 1 of their guests too, and what they
 * are linked with is packed into every guest.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/err.h"
#include "event.h"

#define LIBRARY	"libsqlite3.so.0"
#define VERSION	1		/* PRAGMA user_version */
#define LONGEST	100000		/* bytes of a value or statement of a file that is read */

/* The functions of the library that are used, under their names without sqlite3_. */
struct library {
	typeof(sqlite3_open_v2) *open_v2;
	typeof(sqlite3_close) *close;
	typeof(sqlite3_exec) *exec;
	typeof(sqlite3_prepare_v2) *prepare_v2;
	typeof(sqlite3_step) *step;
	typeof(sqlite3_reset) *reset;
	typeof(sqlite3_finalize) *finalize;
	typeof(sqlite3_bind_int64) *bind_int64;
	typeof(sqlite3_bind_text) *bind_text;
	typeof(sqlite3_bind_null) *bind_null;
	typeof(sqlite3_column_int64) *column_int64;
	typeof(sqlite3_column_text) *column_text;
	typeof(sqlite3_column_type) *column_type;
	typeof(sqlite3_deserialize) *deserialize;
	typeof(sqlite3_limit) *limit;
	typeof(sqlite3_errmsg) *errmsg;
};

#define FUNCTION(_name)	{ "sqlite3_" #_name, offsetof(struct library, _name) }

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	FUNCTION(open_v2),
	FUNCTION(close),
	FUNCTION(exec),
	FUNCTION(prepare_v2),
	FUNCTION(step),
	FUNCTION(reset),
	FUNCTION(finalize),
	FUNCTION(bind_int64),
	FUNCTION(bind_text),
	FUNCTION(bind_null),
	FUNCTION(column_int64),
	FUNCTION(column_text),
	FUNCTION(column_type),
	FUNCTION(deserialize),
	FUNCTION(limit),
	FUNCTION(errmsg),
};

struct database {
	struct library lib;
	sqlite3 *db;
	sqlite3_stmt *insert;
	int failed;		/* the first error, -errno */
};

enum { ID, TIME, CPU, EVENT, PID, COMM, TEXT, VALUE };

static const char schema[] =
	"PRAGMA journal_mode = OFF;"
	"PRAGMA synchronous = OFF;"
	"BEGIN;"
	"CREATE TABLE machine (kernel TEXT, cpus INTEGER NOT NULL);"
	"CREATE TABLE event (id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, cpu INTEGER NOT NULL,"
	" event TEXT NOT NULL, pid INTEGER, comm TEXT, text TEXT,"
	" v0 INTEGER, v1 INTEGER, v2 INTEGER, v3 INTEGER, v4 INTEGER);"
	"CREATE VIEW slice AS SELECT cpu, time_ns AS from_ns,"
	" lead(time_ns) OVER (PARTITION BY cpu ORDER BY id) AS to_ns, pid, comm"
	" FROM event WHERE event = 'switch';";

static const char indices[] =
	"CREATE INDEX event_by_kind ON event (event, time_ns);"
	"CREATE INDEX event_by_task ON event (pid, time_ns);"
	"COMMIT;";

static int load(struct library *lib)
{
	void *so = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL), *symbol;

	if (!so)
		return -ELIBACC;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		symbol = dlsym(so, functions[i].name);
		if (!symbol)
			return -ELIBACC;
		memcpy((char *)lib + functions[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

static void note(struct database *d, int status)
{
	if (d->failed || status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW)
		return;
	switch (status & 0xff) {
	case SQLITE_FULL:
		d->failed = -ENOSPC;
		break;
	case SQLITE_NOMEM:
		d->failed = -ENOMEM;
		break;
	default:
		d->failed = -EIO;
	}
}

static void exec(struct database *d, const char *sql)
{
	if (!d->failed)
		note(d, d->lib.exec(d->db, sql, NULL, NULL, NULL));
}

static void add_view(struct database *d, const struct ktstr_trace_kind_row *row)
{
	char sql[512];
	int n = snprintf(sql, sizeof(sql), "CREATE VIEW \"%s\" AS SELECT id, time_ns, cpu, pid, comm",
			 row->name);

	if (row->text)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, ", text AS %s", row->text);
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, ", v%d AS %s", i, row->value[i]);
	snprintf(sql + n, sizeof(sql) - (size_t)n, " FROM event WHERE event = '%s'", row->name);
	exec(d, sql);
}

static int close_database(void *to)
{
	struct database *d = to;
	int ret;

	exec(d, indices);
	if (d->insert)
		d->lib.finalize(d->insert);
	if (d->db)
		note(d, d->lib.close(d->db));
	ret = d->failed;
	free(d);
	return ret;
}

/* An empty file is an empty database; what was there before is gone. */
static int make_empty(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void add_machine(struct database *d, uint32_t nr_cpus, const char *kernel)
{
	sqlite3_stmt *s = NULL;

	if (d->failed)
		return;
	note(d, d->lib.prepare_v2(d->db, "INSERT INTO machine VALUES (?1, ?2)", -1, &s, NULL));
	if (kernel && *kernel)
		d->lib.bind_text(s, 1, kernel, -1, SQLITE_STATIC);
	d->lib.bind_int64(s, 2, nr_cpus);
	note(d, d->lib.step(s));
	d->lib.finalize(s);
}

static int open_database(void **to, const char *path, uint32_t nr_cpus, const char *kernel)
{
	struct database *d = calloc(1, sizeof(*d));
	char sql[64];
	int ret = d ? load(&d->lib) ?: make_empty(path) : -ENOMEM;

	if (ret) {
		free(d);
		return ret;
	}
	note(d, d->lib.open_v2(path, &d->db, SQLITE_OPEN_READWRITE, NULL));
	exec(d, schema);
	add_machine(d, nr_cpus, kernel);
	for (int k = 0; k < KTSTR_NR_TRACE_KINDS; k++)
		add_view(d, &ktstr_trace_kinds[k]);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", VERSION);
	exec(d, sql);
	if (!d->failed)
		note(d, d->lib.prepare_v2(d->db, "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
					  -1, &d->insert, NULL));
	if (d->failed)
		return close_database(d);
	*to = d;
	return 0;
}

/* Names come from the guest: a control character becomes '?', as in CSV. */
static void bind_name(struct database *d, int column, const char *name)
{
	char clean[KTSTR_TRACE_TEXT];
	size_t i;

	for (i = 0; i < sizeof(clean) && name[i]; i++)
		clean[i] = ktstr_is_control(name[i]) ? '?' : name[i];
	d->lib.bind_text(d->insert, column + 1, clean, (int)i, SQLITE_TRANSIENT);
}

static void add_event(void *to, const struct ktstr_trace_event *e)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[e->kind];
	bool has_task = e->pid != KTSTR_TRACE_NO_PID;
	struct database *d = to;
	int i;

	if (d->failed)
		return;
	for (i = ID; i < VALUE + KTSTR_TRACE_VALUES; i++)
		d->lib.bind_null(d->insert, i + 1);
	d->lib.bind_int64(d->insert, TIME + 1, (sqlite3_int64)e->ns);
	d->lib.bind_int64(d->insert, CPU + 1, e->cpu);
	bind_name(d, EVENT, row->name);
	if (has_task) {
		d->lib.bind_int64(d->insert, PID + 1, e->pid);
		bind_name(d, COMM, e->comm);
	}
	if (row->text)
		bind_name(d, TEXT, e->text);
	for (i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		d->lib.bind_int64(d->insert, VALUE + i + 1, (sqlite3_int64)e->value[i]);
	note(d, d->lib.step(d->insert));
	note(d, d->lib.reset(d->insert));
}

const struct ktstr_trace_format ktstr_trace_sqlite = {
	.open = open_database, .event = add_event, .close = close_database,
};

static void take_name(const struct library *lib, sqlite3_stmt *s, int column, char *buf, size_t size)
{
	const unsigned char *text = lib->column_text(s, column);

	snprintf(buf, size, "%s", text ? (const char *)text : "");
}

static int read_row(struct ktstr_trace *t, const struct library *lib, sqlite3_stmt *s)
{
	struct ktstr_trace_event *e;
	enum ktstr_trace_kind kind;
	char name[32];

	take_name(lib, s, EVENT, name, sizeof(name));
	kind = ktstr_trace_kind__find(name);
	if (kind == KTSTR_NR_TRACE_KINDS)
		return 0;	/* of a later version */
	e = ktstr_trace__more(t);
	if (!e)
		return -ENOMEM;
	e->kind = kind;
	e->ns = (uint64_t)lib->column_int64(s, TIME);
	e->cpu = (uint32_t)lib->column_int64(s, CPU) & 0xffff;
	if (lib->column_type(s, PID) != SQLITE_NULL)
		e->pid = (int32_t)lib->column_int64(s, PID);
	take_name(lib, s, COMM, e->comm, sizeof(e->comm));
	take_name(lib, s, TEXT, e->text, sizeof(e->text));
	for (int i = 0; i < KTSTR_TRACE_VALUES; i++)
		e->value[i] = (uint64_t)lib->column_int64(s, VALUE + i);
	return 0;
}

static uint32_t big_endian(const uint8_t *p, size_t nr)
{
	uint32_t v = 0;

	while (nr--)
		v = v << 8 | *p++;
	return v;
}

/* The header has the size of a page and their number: https://sqlite.org/fileformat.html, 1.3. */
static bool is_whole(const uint8_t *data, size_t len)
{
	uint32_t page;

	if (len < 100)
		return false;
	page = big_endian(data + 16, 2);
	if (page == 1)
		page = 65536;
	return (uint64_t)page * big_endian(data + 28, 4) <= len;
}

/* Only plain tables have no code of whoever made the file. */
static bool has_tables(const struct library *lib, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	bool has;

	lib->prepare_v2(db, "SELECT 1 FROM sqlite_master WHERE name IN ('event', 'machine') AND type = 'table' AND rootpage > 0 AND sql NOT LIKE '% AS (%'",
			-1, &s, NULL);
	has = s && lib->step(s) == SQLITE_ROW && lib->step(s) == SQLITE_ROW;
	lib->finalize(s);
	return has;
}

static void read_machine(struct ktstr_trace *t, const struct library *lib, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;

	if (!lib->prepare_v2(db, "SELECT kernel FROM machine", -1, &s, NULL) && lib->step(s) == SQLITE_ROW)
		take_name(lib, s, 0, t->kernel, sizeof(t->kernel));
	lib->finalize(s);
}

static int read_events(struct ktstr_trace *t, const struct library *lib, sqlite3 *db, struct ktstr_err *err)
{
	sqlite3_stmt *s = NULL;
	int ret = 0, status;

	if (lib->prepare_v2(db, "SELECT id, time_ns, cpu, event, pid, comm, text, v0, v1, v2, v3, v4 FROM event ORDER BY id",
			    -1, &s, NULL))
		return ktstr_err(err, EBADMSG, "no database of a trace, or damaged: %.200s", lib->errmsg(db));
	while (!ret && (status = lib->step(s)) == SQLITE_ROW)
		ret = read_row(t, lib, s);
	if (ret)
		ktstr_err(err, ENOMEM, "no memory for the trace");
	else if (status != SQLITE_DONE)
		ret = ktstr_err(err, EBADMSG, "the database is damaged: %.200s", lib->errmsg(db));
	lib->finalize(s);
	return ret;
}

int ktstr_trace_sqlite__read(struct ktstr_trace *t, const uint8_t *data, size_t len,
			     struct ktstr_err *err)
{
	struct library lib;
	sqlite3 *db = NULL;
	int ret;

	if (!is_whole(data, len))
		return ktstr_err(err, EBADMSG, "the database is cut off");
	if (load(&lib))
		return ktstr_err(err, ELIBACC, LIBRARY " is missing, with which databases are read");
	if (lib.open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL)) {
		lib.close(db);
		return ktstr_err(err, ENOMEM, "no memory for the trace");
	}
	lib.limit(db, SQLITE_LIMIT_LENGTH, LONGEST);
	/* read-only, it does not write to @data */
	if (lib.deserialize(db, "main", (uint8_t *)(uintptr_t)data, (sqlite3_int64)len, (sqlite3_int64)len,
			    SQLITE_DESERIALIZE_READONLY))
		ret = ktstr_err(err, EBADMSG, "the database is damaged: %.200s", lib.errmsg(db));
	else if (!has_tables(&lib, db))
		ret = ktstr_err(err, EBADMSG, "no database of a trace, or damaged: it has no tables 'event' and 'machine'");
	else
		ret = read_events(t, &lib, db, err);
	if (!ret)
		read_machine(t, &lib, db);
	lib.close(db);
	return ret;
}

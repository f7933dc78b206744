// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/trace/{event,analyse}.h: all formats keep every event, a damaged file is
 * refused, two runs are compared by their decisions, and a wait has its reason.
 */
#include "kselftest_harness.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/trace/analyse.h"
#include "lib/err.h"

#define MS	1000000ull

FIXTURE(trace) {
	char dir[32], path[64], text[4096];
	struct ktstr_trace made, got;
	struct ktstr_err err;
};

FIXTURE_SETUP(trace)
{
	strcpy(self->dir, "/tmp/trace.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/t.csv", self->dir);
}

FIXTURE_TEARDOWN(trace)
{
	ktstr_trace__free(&self->made);
	ktstr_trace__free(&self->got);
	unlink(self->path);
	rmdir(self->dir);
}

static struct ktstr_trace_event *put(struct ktstr_trace *t, uint64_t ns, uint32_t cpu,
				     enum ktstr_trace_kind kind, int32_t pid, const char *comm)
{
	struct ktstr_trace_event *e = ktstr_trace__more(t);

	e->ns = ns;
	e->cpu = cpu;
	e->kind = kind;
	e->pid = pid;
	strcpy(e->comm, comm);
	if (cpu >= t->nr_cpus)
		t->nr_cpus = cpu + 1;
	t->from_ns = t->event[0].ns;
	t->to_ns = ns;
	return e;
}

static void put_switch(struct ktstr_trace *t, uint64_t ns, uint32_t cpu, int32_t prev, uint64_t state,
		       int32_t next)
{
	char comm[KTSTR_TRACE_COMM];
	struct ktstr_trace_event *e;

	snprintf(comm, sizeof(comm), "t%d", next);
	e = put(t, ns, cpu, KTSTR_TRACE_SWITCH, next, comm);
	snprintf(e->text, sizeof(e->text), "t%d", prev);
	e->value[KTSTR_SWITCH_PREV_PID] = (uint64_t)prev;
	e->value[KTSTR_SWITCH_PREV_STATE] = state;
	e->value[KTSTR_SWITCH_NEXT_PRIO] = 120;
}

static int write_made(FIXTURE_DATA(trace) *self)
{
	struct ktstr_trace_writer *w;
	int ret = ktstr_trace_writer__open(&w, self->path, self->made.nr_cpus, "7.3.4-x");

	for (size_t i = 0; !ret && i < self->made.nr; i++)
		ktstr_trace_writer__add(w, &self->made.event[i]);
	return ret ?: ktstr_trace_writer__close(w);
}

/* One event of each kind, with all its numbers different, and names that formats must quote. */
static void put_all_kinds(struct ktstr_trace *t)
{
	for (int k = 0; k < KTSTR_NR_TRACE_KINDS; k++) {
		const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[k];
		struct ktstr_trace_event *e = put(t, 1000 + (uint64_t)k, (uint32_t)k % 3, k, -1, "");

		if (k <= KTSTR_TRACE_CPUS) {
			e->pid = 100 + k;
			strcpy(e->comm, "a \"b\", c");
		}
		for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
			e->value[i] = 7 + (uint64_t)(10 * k + i);
		if (k == KTSTR_TRACE_INSERT)
			e->value[0] = UINT64_C(0xc000000000000003);
		if (row->text)
			strcpy(e->text, "some name");
	}
}

static void expect_equal(struct __test_metadata *_metadata, const struct ktstr_trace *a,
			 const struct ktstr_trace *b)
{
	ASSERT_EQ(a->nr, b->nr);
	for (size_t i = 0; i < a->nr; i++) {
		const struct ktstr_trace_event *x = &a->event[i], *y = &b->event[i];

		EXPECT_EQ(x->ns, y->ns);
		EXPECT_EQ(x->cpu, y->cpu);
		EXPECT_EQ(x->kind, y->kind);
		EXPECT_EQ(x->pid, y->pid);
		EXPECT_STREQ(x->comm, y->comm);
		EXPECT_STREQ(x->text, y->text);
		EXPECT_EQ(0, memcmp(x->value, y->value, sizeof(x->value))) {
			TH_LOG("values of %s", ktstr_trace_kinds[x->kind].name);
		}
	}
}

TEST_F(trace, csv_keeps_every_event)
{
	put_all_kinds(&self->made);
	ASSERT_EQ(0, write_made(self));
	ASSERT_EQ(0, ktstr_trace__read(&self->got, self->path, &self->err));
	EXPECT_EQ(3, self->got.nr_cpus);
	expect_equal(_metadata, &self->made, &self->got);
}

TEST_F(trace, perfetto_keeps_every_event)
{
	snprintf(self->path, sizeof(self->path), "%s/t.pftrace", self->dir);
	put_all_kinds(&self->made);
	ASSERT_EQ(0, write_made(self));
	ASSERT_EQ(0, ktstr_trace__read(&self->got, self->path, &self->err));
	EXPECT_STREQ("7.3.4-x", self->got.kernel);
	expect_equal(_metadata, &self->made, &self->got);
}

TEST_F(trace, sqlite_keeps_every_event)
{
	snprintf(self->path, sizeof(self->path), "%s/t.sqlite", self->dir);
	put_all_kinds(&self->made);
	strcpy(self->made.event[0].comm, "a\nb");
	ASSERT_EQ(0, write_made(self));
	ASSERT_EQ(0, write_made(self));		/* instead of what was there */
	ASSERT_EQ(0, ktstr_trace__read(&self->got, self->path, &self->err)) TH_LOG("%s", self->err.msg);
	strcpy(self->made.event[0].comm, "a?b");
	EXPECT_STREQ("7.3.4-x", self->got.kernel);
	expect_equal(_metadata, &self->made, &self->got);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t v = INT64_MIN;

	if (!sqlite3_prepare_v2(db, sql, -1, &s, NULL) && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

TEST_F(trace, sqlite_answers_questions)
{
	struct ktstr_trace_event *e;
	sqlite3 *db = NULL;

	snprintf(self->path, sizeof(self->path), "%s/t.db", self->dir);
	put_switch(&self->made, 10, 0, 0, 0, 5);
	put_switch(&self->made, 12, 1, 0, 0, 6);
	put_switch(&self->made, 40, 0, 5, 1, 6);
	put_switch(&self->made, 70, 0, 6, 2, 5);
	e = put(&self->made, 71, 1, KTSTR_TRACE_INSERT, 6, "t6");
	e->value[0] = UINT64_C(0x8000000000000001);
	ASSERT_EQ(0, write_made(self));
	ASSERT_EQ(SQLITE_OK, sqlite3_open(self->path, &db));
	EXPECT_EQ(4, ask(db, "SELECT count(*) FROM switch"));
	EXPECT_EQ(30, ask(db, "SELECT sum(to_ns - from_ns) FROM slice WHERE comm = 't5'"));
	EXPECT_EQ(30, ask(db, "SELECT to_ns - from_ns FROM slice WHERE pid = 6 AND cpu = 0"));
	EXPECT_EQ(1, ask(db, "SELECT to_ns IS NULL FROM slice WHERE cpu = 1"));
	EXPECT_EQ(2, ask(db, "SELECT prev_state FROM switch WHERE prev_comm = 't6'"));
	EXPECT_EQ(1, ask(db, "SELECT printf('%#x', dsq_id) = '0x8000000000000001' FROM dsq_insert"));
	EXPECT_EQ(1, ask(db, "SELECT v4 IS NULL AND text IS NULL FROM event WHERE event = 'dsq_insert'"));
	EXPECT_EQ(1, ask(db, "PRAGMA user_version"));
	sqlite3_close(db);
}

/* Each kind has a view with its numbers under their names. */
TEST_F(trace, sqlite_has_a_view_of_each_kind)
{
	sqlite3 *db = NULL;
	char sql[128];

	snprintf(self->path, sizeof(self->path), "%s/t.sqlite", self->dir);
	put_all_kinds(&self->made);
	ASSERT_EQ(0, write_made(self));
	ASSERT_EQ(SQLITE_OK, sqlite3_open(self->path, &db));
	for (int k = 0; k < KTSTR_NR_TRACE_KINDS; k++) {
		const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[k];

		snprintf(sql, sizeof(sql), "SELECT time_ns FROM \"%s\"", row->name);
		EXPECT_EQ(1000 + k, ask(db, sql)) TH_LOG("%s", sql);
		for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++) {
			snprintf(sql, sizeof(sql), "SELECT %s FROM \"%s\"", row->value[i], row->name);
			EXPECT_EQ((int64_t)self->made.event[k].value[i], ask(db, sql)) TH_LOG("%s", sql);
		}
	}
	sqlite3_close(db);
}

TEST_F(trace, sqlite_cut_or_damaged_is_refused_or_read)
{
	static char data[131072];
	size_t len;
	FILE *f;

	snprintf(self->path, sizeof(self->path), "%s/t.sqlite", self->dir);
	put_all_kinds(&self->made);
	ASSERT_EQ(0, write_made(self));
	f = fopen(self->path, "r");
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	ASSERT_GT(sizeof(data), len);
	for (size_t n = 1; n < len; n += 97) {
		struct ktstr_trace t = { .event = NULL };
		uint8_t *copy = malloc(len);

		memcpy(copy, data, len);
		EXPECT_GT(0, ktstr_trace_sqlite__read(&t, copy, n, &self->err)) {
			TH_LOG("cut at %zu of %zu", n, len);
		}
		ktstr_trace__free(&t);
		memset(copy + n, 0xff, len - n < 16 ? len - n : 16);
		self->err.msg[0] = '\0';
		if (ktstr_trace_sqlite__read(&t, copy, len, &self->err))
			EXPECT_NE('\0', self->err.msg[0]);
		ktstr_trace__free(&t);
		free(copy);
	}
}

/* A view could have any code in it. */
TEST_F(trace, sqlite_of_somebody_else_is_refused)
{
	static const char * const made[] = {
		"CREATE TABLE other (a)",
		"CREATE VIEW event AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i AS id FROM r",
		"CREATE TABLE event (id, time_ns)",
	};
	sqlite3 *db;

	snprintf(self->path, sizeof(self->path), "%s/t.sqlite", self->dir);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		ASSERT_EQ(SQLITE_OK, sqlite3_open(self->path, &db));
		ASSERT_EQ(SQLITE_OK, sqlite3_exec(db, made[i], NULL, NULL, NULL));
		sqlite3_close(db);
		EXPECT_GT(0, ktstr_trace__read(&self->got, self->path, &self->err));
		EXPECT_NE(NULL, strstr(self->err.msg, "no database of a trace")) TH_LOG("%s", self->err.msg);
		ktstr_trace__free(&self->got);
		unlink(self->path);
	}
}

TEST_F(trace, a_file_is_read_by_what_it_begins_with)
{
	char other[64];

	put_all_kinds(&self->made);
	ASSERT_EQ(0, write_made(self));
	snprintf(other, sizeof(other), "%s/t.pftrace", self->dir);
	ASSERT_EQ(0, rename(self->path, other));
	strcpy(self->path, other);
	ASSERT_EQ(0, ktstr_trace__read(&self->got, self->path, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(self->made.nr, self->got.nr);
}

TEST_F(trace, perfetto_cut_anywhere_is_refused_or_shorter)
{
	char *data;
	size_t len;
	FILE *f;

	snprintf(self->path, sizeof(self->path), "%s/t.pftrace", self->dir);
	put_all_kinds(&self->made);
	ASSERT_EQ(0, write_made(self));
	f = fopen(self->path, "r");
	data = malloc(65536);
	len = fread(data, 1, 65536, f);
	fclose(f);
	for (size_t n = 0; n < len; n++) {
		struct ktstr_trace t = { .event = NULL };
		void *copy = malloc(n ?: 1);	/* exactly as long, for ASan */

		memcpy(copy, data, n);
		ktstr_trace_perfetto__read(&t, copy, n, &self->err);
		EXPECT_GE(self->made.nr, t.nr);
		ktstr_trace__free(&t);
		free(copy);
	}
	free(data);
}

TEST_F(trace, csv_that_is_none_is_refused)
{
	static const char * const bad[] = {
		"hello\n", "time_ns,cpu,event,pid,comm,text,values\n1,2\n",
		"time_ns,cpu,event,pid,comm,text,values\n",
		"time_ns,cpu,event,pid,comm,text,values\n10,0,kick,,,,target_cpu=1 flags=0x1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		FILE *f = fopen(self->path, "w");

		fputs(bad[i], f);
		fclose(f);
		EXPECT_GT(0, ktstr_trace__read(&self->got, self->path, &self->err));
		EXPECT_NE('\0', self->err.msg[0]);
		ktstr_trace__free(&self->got);
	}
}

TEST_F(trace, steps_that_were_told_late_are_put_in_order)
{
	put_switch(&self->made, 10, 0, 0, 0, 5);
	put_switch(&self->made, 30, 0, 5, 0, 0);
	put(&self->made, 20, 0, KTSTR_TRACE_STEP, -1, "");
	ASSERT_EQ(0, write_made(self));
	ASSERT_EQ(0, ktstr_trace__read(&self->got, self->path, &self->err));
	EXPECT_EQ(20, self->got.event[1].ns);
	EXPECT_EQ(30, self->got.to_ns);
}

static struct ktstr_trace_event *put_op(struct ktstr_trace *t, uint64_t ns, uint32_t cpu, int32_t pid,
					const char *op)
{
	char comm[KTSTR_TRACE_COMM];
	struct ktstr_trace_event *e;

	snprintf(comm, sizeof(comm), "t%d", pid);
	e = put(t, ns, cpu, KTSTR_TRACE_OP, pid, comm);
	snprintf(e->text, sizeof(e->text), "%s", op);
	return e;
}

static int diff_tasks(FIXTURE_DATA(trace) *self, const char *tasks)
{
	FILE *f = fmemopen(self->text, sizeof(self->text), "w");
	int ret = ktstr_trace__diff(&self->made, &self->got, tasks, f);

	fclose(f);
	return ret;
}

static int diff(FIXTURE_DATA(trace) *self)
{
	return diff_tasks(self, NULL);
}

/* One run is a tick later: what the kernel's threads do meanwhile is not the scheduler's doing. */
TEST_F(trace, diff_of_tasks_ignores_the_others)
{
	struct ktstr_trace_event *e;

	put(&self->made, 10, 0, KTSTR_TRACE_SCHEDULER, -1, "");
	put_switch(&self->made, 20, 0, 15, 0, 107);
	put_op(&self->made, 30, 0, 107, "dispatch");
	put(&self->got, 50, 0, KTSTR_TRACE_SCHEDULER, -1, "");
	put_switch(&self->got, 55, 0, 15, 0, 16);
	put_switch(&self->got, 60, 0, 16, 0, 107);
	put_op(&self->got, 70, 0, 107, "dispatch");
	EXPECT_EQ(1, diff(self));
	EXPECT_EQ(0, diff_tasks(self, "t107")) TH_LOG("%s", self->text);
	EXPECT_EQ(1, diff_tasks(self, "t*"));
	EXPECT_EQ(-ESRCH, diff_tasks(self, "nobody"));
	put_op(&self->made, 40, 0, 107, "stopping");
	e = put_op(&self->got, 80, 0, 107, "enqueue");
	EXPECT_EQ(1, diff_tasks(self, "t107"));
	EXPECT_NE(NULL, strstr(self->text, "first difference: t107[107], 0.000000030 s after")) TH_LOG("%s", self->text);
	EXPECT_NE(NULL, strstr(self->text, "op stopping"));
	EXPECT_NE(NULL, strstr(self->text, "op enqueue"));
	snprintf(e->text, sizeof(e->text), "stopping");
	EXPECT_EQ(0, diff_tasks(self, "t107"));
	e->cpu = 1;
	EXPECT_EQ(1, diff_tasks(self, "t107"));
}

TEST_F(trace, diff_ignores_times_ticks_and_what_was_before_the_scheduler)
{
	put_switch(&self->made, 5, 0, 0, 0, 77);
	put(&self->made, 10, 0, KTSTR_TRACE_SCHEDULER, -1, "");
	put_switch(&self->made, 20, 0, 0, 0, 5);
	put(&self->got, 11, 0, KTSTR_TRACE_SCHEDULER, -1, "");
	put(&self->got, 12, 0, KTSTR_TRACE_TICK, -1, "");
	put_switch(&self->got, 25, 0, 0, 0, 5);
	EXPECT_EQ(0, diff(self));
}

TEST_F(trace, diff_names_the_earliest_difference)
{
	for (int i = 0; i < 2; i++) {
		struct ktstr_trace *t = i ? &self->got : &self->made;

		put_switch(t, 10, 0, 0, 0, 5);
		put_switch(t, 20, 1, 0, 0, i ? 6 : 7);
		put_switch(t, 30, 0, 5, 0, i ? 8 : 9);
	}
	EXPECT_EQ(1, diff(self));
	EXPECT_NE(NULL, strstr(self->text, "first difference: CPU 1, 0.000000010 s after the trace began"));
	EXPECT_NE(NULL, strstr(self->text, "-> t7[7]"));
	EXPECT_NE(NULL, strstr(self->text, "-> t6[6]"));
}

TEST_F(trace, diff_sees_that_one_trace_ends)
{
	put_switch(&self->made, 10, 0, 0, 0, 5);
	put_switch(&self->made, 20, 0, 5, 0, 6);
	put_switch(&self->got, 10, 0, 0, 0, 5);
	EXPECT_EQ(1, diff(self));
	EXPECT_NE(NULL, strstr(self->text, "(the trace ends)"));
}

static struct ktstr_trace_waits find(FIXTURE_DATA(trace) *self)
{
	struct ktstr_trace_waits w;
	FILE *f = fmemopen(self->text, sizeof(self->text), "w");

	ktstr_trace_waits__find(&w, &self->made);
	ktstr_trace_waits__print(&w, "5", 10, f);
	fclose(f);
	return w;
}

/* CPU 0 runs task 6 all the time; task 5, which may use @mask, is woken at 1 ms and runs at 9 ms. */
static void put_waiter(struct ktstr_trace *t, uint64_t mask, int32_t on_cpu1)
{
	put_switch(t, 0, 0, 0, 0, 6);
	put_switch(t, 0, 1, 0, 0, on_cpu1);
	put(t, 1 * MS, 0, KTSTR_TRACE_CPUS, 5, "t5")->value[0] = mask;
	put(t, 1 * MS, 0, KTSTR_TRACE_WAKEUP, 5, "t5");
	put_switch(t, 9 * MS, 0, 6, 1, 5);
	put_switch(t, 10 * MS, 0, 5, 1, 0);
}

TEST_F(trace, a_task_waits_behind_the_one_that_has_its_cpu)
{
	struct ktstr_trace_waits w;

	put_waiter(&self->made, 3, 7);
	w = find(self);
	ASSERT_EQ(1, w.nr);
	EXPECT_EQ(8 * MS, w.wait[0].to_ns - w.wait[0].from_ns);
	EXPECT_EQ(KTSTR_WAIT_BEHIND, w.wait[0].why);
	EXPECT_NE(NULL, strstr(self->text, "behind t6[6] (8.000 ms)"));
	ktstr_trace_waits__free(&w);
}

TEST_F(trace, an_idle_cpu_that_nobody_kicked_is_named)
{
	struct ktstr_trace_waits w;

	put_waiter(&self->made, 3, 0);
	w = find(self);
	ASSERT_EQ(1, w.nr);
	EXPECT_EQ(KTSTR_WAIT_IDLE, w.wait[0].why);
	EXPECT_EQ(1, w.wait[0].idle_cpu);
	EXPECT_NE(NULL, strstr(self->text, "CPU 1, which it may use, was idle for 8.000 ms"));
	ktstr_trace_waits__free(&w);
}

TEST_F(trace, a_cpu_that_the_task_must_not_use_is_affinity)
{
	struct ktstr_trace_waits w;

	put_waiter(&self->made, 1, 0);
	w = find(self);
	ASSERT_EQ(1, w.nr);
	EXPECT_EQ(KTSTR_WAIT_AFFINITY, w.wait[0].why);
	ktstr_trace_waits__free(&w);
}

TEST_F(trace, a_task_whose_quota_is_used_up_is_throttled)
{
	struct ktstr_trace_waits w;

	put(&self->made, 0, 0, KTSTR_TRACE_THROTTLE, -1, "");
	put_waiter(&self->made, 3, 7);
	w = find(self);
	ASSERT_EQ(1, w.nr);
	EXPECT_EQ(KTSTR_WAIT_THROTTLED, w.wait[0].why);
	ktstr_trace_waits__free(&w);
}

TEST_F(trace, a_preempted_task_waits_and_one_that_sleeps_does_not)
{
	struct ktstr_trace_waits w;

	put_switch(&self->made, 0, 0, 0, 0, 5);
	put_switch(&self->made, 1 * MS, 0, 5, 0, 6);	/* preempted */
	put_switch(&self->made, 3 * MS, 0, 6, 0, 5);
	put_switch(&self->made, 4 * MS, 0, 5, 1, 6);	/* sleeps */
	put_switch(&self->made, 9 * MS, 0, 6, 0, 5);
	w = find(self);
	ASSERT_EQ(2, w.nr);
	EXPECT_EQ(5, w.wait[0].pid);
	EXPECT_FALSE(w.wait[0].woken);
	EXPECT_EQ(2 * MS, w.wait[0].to_ns - w.wait[0].from_ns);
	ktstr_trace_waits__free(&w);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of ktstr/snapshot.h: where paths lead, what each error says, and that an error stays what
 * it was on the way to the end.
 */
#include <linux/kernel.h>
#include <math.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "made_run.h"

#define U(_v)	"{\"kind\":\"uint\",\"value\":" _v ",\"bits\":64}"
#define I(_v)	"{\"kind\":\"int\",\"value\":" _v ",\"bits\":32}"
#define M(_name, _value) "{\"name\":\"" _name "\",\"value\":" _value "}"
#define S(_members) "{\"kind\":\"struct\",\"type_name\":\"s\",\"members\":[" _members "]}"
#define PTR(_deref) "{\"kind\":\"ptr\",\"value\":4096,\"target\":\"s\"" _deref "}"

static const char report[] =
"{\"active_obj_name\":\"mine\",\"jiffies\":77,\"rq_scx_states\":["
"	{\"cpu\":0,\"rq_nr_running\":3,\"idle\":true,\"scx\":" S(M("flags", U("5"))) "},"
"	{\"cpu\":1,\"rq_nr_running\":4,\"curr_comm\":\"worker\"}],"
"\"maps\":["
"{\"name\":\"mine.bss\",\"map_type\":\"array\",\"value\":" S(
	M("nr", U("12")) "," M("neg", I("-7")) "," M("twice", U("1")) ","
	M("on", "{\"kind\":\"bool\",\"value\":true}") ","
	M("mode", "{\"kind\":\"enum\",\"value\":2,\"bits\":32,\"variant\":\"MODE_B\"}") ","
	M("title", "{\"kind\":\"string\",\"value\":\"hello\"}") ","
	M("mask", "{\"kind\":\"cpu_list\",\"cpus\":\"0-2\"}") ","
	M("load", "{\"kind\":\"float\",\"value\":0.5,\"bits\":64}") ","
	M("sys", S(M("", S(M("deep", U("99")))) "," M("list",
	  "{\"kind\":\"array\",\"len\":6,\"elements\":[{\"index\":0,\"count\":4,\"value\":" U("8") "},"
	  "{\"index\":4,\"count\":2,\"value\":" S(M("x", U("9"))) "}]}"))) ","
	M("next", PTR(",\"deref\":" PTR(",\"deref\":" S(M("at_end", U("1")))))) ","
	M("lost", PTR(",\"deref_skipped_reason\":\"it is freed\""))) "},"
"{\"name\":\"mine.data\",\"value\":" S(M("twice", U("2"))) "},"
"{\"name\":\"cpu_ctx\",\"map_type\":\"percpu_array\",\"percpu_entries\":["
"	{\"index\":0,\"per_cpu\":[" S(M("load", U("5"))) ",null," S(M("load", U("7"))) "]}]},"
"{\"name\":\"by_pid\",\"entries\":["
"	{\"key\":{\"kind\":\"bytes\",\"hex\":\"0a000000\"},\"value\":" S(M("w", U("30"))) "},"
"	{\"key\":{\"kind\":\"uint\",\"value\":11,\"bits\":32},\"value\":" S(M("w", U("10"))) "}]},"
"{\"name\":\"task_ctx\",\"entries\":["
"	{\"owner_kva\":1,\"owner\":\"we[ird[42]\",\"value\":" S(M("w", U("1"))) "}]},"
"{\"name\":\"table\",\"array_entries\":["
"	{\"index\":0,\"value\":" S(M("v", U("3"))) "},{\"index\":1,\"value\":" S(M("v", U("6"))) "},"
"	{\"index\":2,\"value\":" S(M("v", U("6"))) "},{\"index\":3,\"value\":null}]},"
"{\"name\":\"events\",\"map_type\":\"ringbuf\",\"ringbuf\":{\"capacity\":4096}}]}";

FIXTURE(place) {
	struct made_run m;
	struct ktstr_snap s;
};

FIXTURE_SETUP(place)
{
	ASSERT_TRUE(made_run_init(&self->m));
	ASSERT_NE(NULL, made_snapshot(&self->m, "one", KTSTR_SNAPSHOT_ASKED, 1500, report));
	self->s = ktstr_snapshot(self->m.r, "one");
	ASSERT_EQ(KTSTR_SNAP_OK, self->s.error);
}

FIXTURE_TEARDOWN(place)
{
	made_run_free(&self->m);
}

/* @_place is the number @_v. */
#define IS(_v, _place)	EXPECT_EQ(_v, ktstr_snap_number(_place)) TH_LOG("%s", (_place).text)
/* @_place has the error, and its text the words. */
#define FAILS_AS(_error, _words, _place)					\
	do {									\
		struct ktstr_snap place_ = _place;					\
		EXPECT_EQ(KTSTR_SNAP_##_error, place_.error) TH_LOG("%s", place_.text);	\
		EXPECT_NE(NULL, strstr(place_.text, _words)) TH_LOG("%s", place_.text);	\
		EXPECT_EQ(&place_.text[0], strstr(place_.text, ktstr_snap_error__name(place_.error)));	\
	} while (0)

TEST_F(place, variables_are_found_in_all_sections_and_paths_lead_on)
{
	IS(12, snap_var(self->s, "nr"));
	IS(-7, snap_var(self->s, "neg"));
	IS(99, snap_var(self->s, "sys.deep"));		/* of a member without a name */
	IS(8, snap_var(self->s, "sys.list[3]"));
	IS(9, snap_var(self->s, "sys.list[5].x"));
	IS(1, snap_var(self->s, "next.at_end"));	/* two pointers */
	IS(12, snap_live_var(self->s, "nr"));
	IS(2, snap_get(snap_map(self->s, "mine.data"), "twice"));
	IS(0.5, snap_var(self->s, "load"));
	EXPECT_EQ(1500, ktstr_snapshot_ms(self->s));
	EXPECT_STREQ("one", ktstr_snapshot_name(self->s));
}

TEST_F(place, each_error_says_what_there_is_instead)
{
	FAILS_AS(NO_SNAPSHOT, "there are: one", snapshot(self->m.r, "two"));
	FAILS_AS(NO_SNAPSHOT, "there are 1", snapshot_nr(self->m.r, 1));
	FAILS_AS(MAP_NOT_FOUND, "cpu_ctx, by_pid", snap_map(self->s, "nothing"));
	FAILS_AS(VAR_NOT_FOUND, ".bss has: nr, neg", snap_var(self->s, "nrs"));
	FAILS_AS(AMBIGUOUS_VAR, "mine.bss, mine.data", snap_var(self->s, "twice"));
	FAILS_AS(FIELD_NOT_FOUND, "one sys: no member is called shallow; there are: ",
		 snap_var(self->s, "sys.shallow"));
	FAILS_AS(FIELD_NOT_FOUND, "there is no element 6 of 6", snap_var(self->s, "sys.list[6]"));
	FAILS_AS(FIELD_NOT_FOUND, "it is freed", snap_var(self->s, "lost.x"));
	FAILS_AS(FIELD_NOT_FOUND, "a name is missing", snap_var(self->s, "sys."));
	FAILS_AS(FIELD_NOT_FOUND, "a name is missing", snap_var(self->s, "sys..deep"));
	FAILS_AS(FIELD_NOT_FOUND, "an index is a number", snap_var(self->s, "sys.list[-1]"));
	FAILS_AS(FIELD_NOT_FOUND, "an index is a number", snap_var(self->s, "sys.list[1"));
	FAILS_AS(TYPE_MISMATCH, "it is a uint", snap_var(self->s, "nr.x"));
	FAILS_AS(TYPE_MISMATCH, "it is a uint", snap_var(self->s, "nr[0]"));
	FAILS_AS(TYPE_MISMATCH, "no map", snap_at(self->s, 0));
	FAILS_AS(TYPE_MISMATCH, "part of one", snap_var(snap_map(self->s, "by_pid"), "nr"));
	FAILS_AS(FIELD_NOT_FOUND, "type ringbuf", snap_get(snap_map(self->s, "events"), "x"));
	/* the first error is what the last step has */
	FAILS_AS(MAP_NOT_FOUND, "nothing", snap_get(snap_cpu(snap_at(snap_map(self->s, "nothing"), 1), 2),
						    "a.b"));
}

TEST_F(place, numbers_texts_and_what_they_are_not)
{
	uint64_t u = 1234;
	int64_t i = 1234;
	double d = 1234;
	const char *t = NULL;
	bool b = false;

	EXPECT_EQ(KTSTR_SNAP_OK, snap_u64(snap_var(self->s, "nr"), &u));
	EXPECT_EQ(12, u);
	EXPECT_EQ(KTSTR_SNAP_TYPE_MISMATCH, snap_u64(snap_var(self->s, "neg"), &u));
	EXPECT_EQ(12, u);		/* untouched */
	EXPECT_EQ(KTSTR_SNAP_OK, snap_i64(snap_var(self->s, "neg"), &i));
	EXPECT_EQ(-7, i);
	EXPECT_EQ(KTSTR_SNAP_TYPE_MISMATCH, snap_i64(snap_var(self->s, "load"), &i));
	EXPECT_EQ(KTSTR_SNAP_OK, snap_f64(snap_var(self->s, "load"), &d));
	EXPECT_EQ(0.5, d);
	EXPECT_EQ(KTSTR_SNAP_OK, snap_bool(snap_var(self->s, "on"), &b));
	EXPECT_TRUE(b);
	EXPECT_EQ(KTSTR_SNAP_OK, snap_str(snap_var(self->s, "mode"), &t));
	EXPECT_STREQ("MODE_B", t);
	EXPECT_EQ(KTSTR_SNAP_OK, snap_str(snap_var(self->s, "title"), &t));
	EXPECT_STREQ("hello", t);
	EXPECT_EQ(KTSTR_SNAP_OK, snap_str(snap_var(self->s, "mask"), &t));
	EXPECT_STREQ("0-2", t);
	EXPECT_EQ(KTSTR_SNAP_TYPE_MISMATCH, snap_str(snap_var(self->s, "nr"), &t));
	EXPECT_EQ(KTSTR_SNAP_TYPE_MISMATCH, snap_f64(snap_var(self->s, "sys"), &d));
	EXPECT_EQ(KTSTR_SNAP_TYPE_MISMATCH, snap_f64(snap_var(self->s, "title"), &d));
	EXPECT_EQ(0, self->m.r->nr_details);
	/* for a claim: NaN, and the reason in the report */
	EXPECT_TRUE(isnan(snap_number(snap_var(self->s, "nrs"))));
	ASSERT_EQ(1, self->m.r->nr_details);
	EXPECT_EQ(KTSTR_NOTE, self->m.r->details[0].severity);
	EXPECT_NE(NULL, strstr(self->m.r->details[0].text, "VarNotFound: one: no variable is called nrs"));
}

TEST_F(place, entries_by_number_key_and_cpu)
{
	struct ktstr_snap cpu_ctx = snap_map(self->s, "cpu_ctx"), by_pid = snap_map(self->s, "by_pid");

	IS(5, snap_get(snap_cpu(cpu_ctx, 0), "load"));
	IS(7, snap_get(snap_cpu(snap_at(cpu_ctx, 0), 2), "load"));
	FAILS_AS(FIELD_NOT_FOUND, "not mapped", snap_cpu(cpu_ctx, 1));
	FAILS_AS(FIELD_NOT_FOUND, "no CPU 3", snap_cpu(cpu_ctx, 3));
	FAILS_AS(NOT_NARROWED, "snap_cpu() chooses", snap_get(cpu_ctx, "load"));
	FAILS_AS(TYPE_MISMATCH, "no value for each CPU", snap_cpu(by_pid, 0));
	IS(30, snap_get(snap_key(by_pid, 10), "w"));
	IS(10, snap_get(snap_key(by_pid, 11), "w"));
	IS(10, snap_get(snap_at(by_pid, 1), "w"));
	IS(1, snap_get(snap_key(snap_map(self->s, "task_ctx"), 42), "w"));
	FAILS_AS(NO_MATCH, "the key 12; keys: 10, 11", snap_key(by_pid, 12));
	FAILS_AS(NO_MATCH, "there are 2", snap_at(by_pid, 2));
	FAILS_AS(FIELD_NOT_FOUND, "could not be read", snap_get(snap_at(snap_map(self->s, "table"), 3), "v"));
	EXPECT_EQ(2, snap_nr(by_pid));
	EXPECT_EQ(1, snap_nr(snap_map(self->s, ".bss")));
	EXPECT_EQ(0, snap_nr(self->s));
}

static bool is_six(struct ktstr_snap entry, const void *arg)
{
	double v;

	return !snap_f64(snap_get(entry, "v"), &v) && v == *(const double *)arg;
}

TEST_F(place, pickers_choose_by_what_is_in_an_entry)
{
	struct ktstr_snap table = snap_map(self->s, "table"), by_pid = snap_map(self->s, "by_pid");
	double six = 6, eight = 8;

	IS(30, snap_get(snap_pick(by_pid, PICK_MAX_BY("w")), "w"));
	IS(10, snap_get(snap_pick(by_pid, PICK_MIN_BY("w")), "w"));
	IS(3, snap_get(snap_pick(table, PICK_EQ("v", 3)), "v"));
	IS(6, snap_get(snap_pick(table, PICK_GE("v", 4)), "v"));
	EXPECT_EQ(2, snap_count(table, PICK_GE("v", 4)));
	EXPECT_EQ(1, snap_count(table, PICK_LE("v", 4)));
	EXPECT_EQ(3, snap_count(table, PICK_LE("v", 6)));	/* the unreadable one is none */
	FAILS_AS(NO_MATCH, "such a number in \"v\"", snap_pick(table, PICK_EQ("v", 4)));
	FAILS_AS(NO_MATCH, "such a number in \"u\"", snap_pick(table, PICK_MAX_BY("u")));
	IS(6, snap_get(snap_find(table, is_six, &six), "v"));
	FAILS_AS(NO_MATCH, "no entry", snap_find(table, is_six, &eight));
}

TEST_F(place, a_fold_over_cpus_needs_all_of_them)
{
	static const char all[] =
		"{\"maps\":[{\"name\":\"c\",\"percpu_entries\":[{\"index\":0,\"per_cpu\":["
		S(M("l", U("5"))) "," S(M("l", U("1"))) "," S(M("l", U("7"))) "]}]}]}";
	struct ktstr_snap c;

	ASSERT_NE(NULL, made_snapshot(&self->m, "all", KTSTR_SNAPSHOT_ASKED, 1, all));
	c = snap_map(snapshot(self->m.r, "all"), "c");
	EXPECT_EQ(13, snap_cpus(c, "l", KTSTR_SNAP_SUM));
	EXPECT_EQ(7, snap_cpus(c, "l", KTSTR_SNAP_MAX));
	EXPECT_EQ(1, snap_cpus(c, "l", KTSTR_SNAP_MIN));
	EXPECT_TRUE(isnan(snap_cpus(snap_map(self->s, "cpu_ctx"), "load", KTSTR_SNAP_MAX)));
	EXPECT_TRUE(isnan(snap_cpus(snap_map(self->s, "by_pid"), "w", KTSTR_SNAP_SUM)));
}

TEST_F(place, the_kernels_part_is_found_by_its_keys)
{
	const char *t = NULL;

	IS(77, snap_kernel(self->s, "jiffies"));
	IS(4, snap_kernel(self->s, "rq_scx_states[1].rq_nr_running"));
	IS(5, snap_kernel(self->s, "rq_scx_states[0].scx.flags"));
	IS(1, snap_kernel(self->s, "rq_scx_states[0].idle"));
	EXPECT_EQ(KTSTR_SNAP_OK, snap_str(snap_kernel(self->s, "rq_scx_states[1].curr_comm"), &t));
	EXPECT_STREQ("worker", t);
	FAILS_AS(FIELD_NOT_FOUND, "there is no element 2 of 2", snap_kernel(self->s, "rq_scx_states[2]"));
	FAILS_AS(FIELD_NOT_FOUND, "there are: cpu, rq_nr_running",
		 snap_kernel(self->s, "rq_scx_states[0].nothing"));
}

TEST_F(place, without_a_scheduler_or_without_a_capture_all_steps_say_so)
{
	ASSERT_NE(NULL, made_snapshot(&self->m, "none", KTSTR_SNAPSHOT_ASKED, 1,
				      "{\"maps_unavailable\":\"nobody is attached\",\"jiffies\":1}"));
	FAILS_AS(NO_ACTIVE_SCHEDULER, "nobody is attached",
		 snap_map(snapshot(self->m.r, "none"), ".bss"));
	FAILS_AS(NO_ACTIVE_SCHEDULER, "nobody is attached",
		 snap_live_var(snapshot(self->m.r, "none"), "nr"));
	IS(1, snap_kernel(snapshot(self->m.r, "none"), "jiffies"));
	ASSERT_NE(NULL, made_snapshot(&self->m, "gap", KTSTR_SNAPSHOT_ASKED, 1, NULL));
	FAILS_AS(PLACEHOLDER_SAMPLE, "vCPU 3 did not stop",
		 snap_get(snap_var(snapshot(self->m.r, "gap"), "nr"), "x"));
	/* a body has no snapshots */
	self->m.r->run = NULL;
	FAILS_AS(NO_SNAPSHOT, "there are: none", snapshot(self->m.r, "one"));
	EXPECT_EQ(0, ktstr_nr_snapshots(self->m.r));
}

/* A report may be cut, as a guest can make it too large; nothing in it is trusted. */
TEST_F(place, a_report_that_makes_no_sense_costs_nothing_but_its_values)
{
	static const char odd[] =
		"{\"maps\":[3,{\"name\":7},{\"name\":\"o.bss\",\"value\":{\"kind\":\"struct\",\"members\":"
		"[4,{\"name\":\"a\"},{\"name\":\"b\",\"value\":5},{\"name\":\"c\",\"value\":"
		"{\"kind\":\"array\",\"elements\":7}},{\"name\":\"d\",\"value\":{\"kind\":\"ptr\","
		"\"deref\":1}}]}},{\"name\":\"p\",\"percpu_entries\":[{\"per_cpu\":5}]}]}";
	static const char * const paths[] = { "a", "b", "b.x", "c[0]", "d.x", "d", "a.b" };
	struct ktstr_snap s;

	ASSERT_NE(NULL, made_snapshot(&self->m, "odd", KTSTR_SNAPSHOT_ASKED, 1, odd));
	s = snapshot(self->m.r, "odd");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		EXPECT_TRUE(isnan(snap_number(snap_var(s, paths[i])))) TH_LOG("a path");
	EXPECT_TRUE(isnan(snap_number(snap_cpu(snap_map(s, "p"), 0))));
	EXPECT_TRUE(isnan(snap_cpus(snap_map(s, "p"), "x", KTSTR_SNAP_SUM)));
}

TEST_HARNESS_MAIN

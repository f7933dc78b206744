// SPDX-License-Identifier: GPL-2.0
/*
 * Promises about the scheduler's own statistics in snapshots: what the host takes from a guest, what
 * counts as an answer of scx_stats, the words of MissingStats, paths, columns.
 */
#include <math.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/host/messages.h"
#include "harness/snapshot/stats.h"
#include "made_run.h"

#define RESP	"{\"nr\":12,\"neg\":-3,\"util\":0.5,\"on\":true,\"name\":\"top\",\"none\":null,"	\
	"\"kind\":\"struct\",\"value\":7,\"list\":[1,[2,3]],\"cells\":{\"0\":{\"load\":9}},"		\
	"\"layers\":{\"a.slice[1]\":{\"util\":1.5}}}"
#define ANSWER	"{\"errno\":0,\"args\":{\"resp\":" RESP "}}"

FIXTURE(stats) {
	struct made_run m;
	struct ktstr_seen *seen;
	struct {
		struct ktstr_msg_scx_stats head;
		char text[KTSTR_SCX_STATS_MAX + 2];
	} *wire;
};

FIXTURE_SETUP(stats)
{
	ASSERT_TRUE(made_run_init(&self->m));
	self->seen = ktstr_seen__new();
	self->wire = calloc(1, sizeof(*self->wire));
	ASSERT_NE(NULL, self->seen);
	ASSERT_NE(NULL, self->wire);
	self->wire->head.outcome = KTSTR_SCX_STATS_ANSWER;
	self->wire->head.snapshot = KTSTR_SCX_STATS_ASKED;
}

FIXTURE_TEARDOWN(stats)
{
	made_run_free(&self->m);
	ktstr_seen__free(self->seen);
	free(self->wire);
}

/* Does the host take a message with @len bytes behind its head? */
static bool takes(FIXTURE_DATA(stats) *self, size_t len)
{
	struct ktstr_msg m = { .type = KTSTR_MSG_SCX_STATS, .time_ns = 5, .payload = self->wire,
			       .len = (uint32_t)(sizeof(self->wire->head) + len) };
	unsigned int bad = self->seen->bad_messages;

	ktstr_messages__handle(self->seen, &m);
	return self->seen->bad_messages == bad;
}

/* A snapshot to which the server has said @line. */
static struct ktstr_snap snap_after(FIXTURE_DATA(stats) *self, const char *name, const char *line)
{
	struct ktstr_snapshot *n = made_snapshot(&self->m, name, KTSTR_SNAPSHOT_PERIODIC, 100,
						 "{\"jiffies\":1}");

	strcpy(self->wire->text, line);
	if (!n || !takes(self, strlen(line)))
		exit(1);
	ktstr_snapshot_stats__put(n, &self->seen->scx_stats[KTSTR_SCX_STATS_SEEN - 1], 123000000);
	return ktstr_snapshot(self->m.r, name);
}

static struct ktstr_snap snap_without(FIXTURE_DATA(stats) *self, enum ktstr_scx_stats outcome)
{
	self->wire->head.outcome = outcome;
	return snap_after(self, "without", "");
}

#define IS(_v, _place)	EXPECT_EQ(_v, ktstr_snap_number(_place)) TH_LOG("%s", (_place).text)
#define FAILS_AS(_error, _words, _place)					\
	do {									\
		struct ktstr_snap place_ = _place;					\
		EXPECT_EQ(KTSTR_SNAP_##_error, place_.error) TH_LOG("%s", place_.text);	\
		EXPECT_NE(NULL, strstr(place_.text, _words)) TH_LOG("%s", place_.text);	\
	} while (0)

TEST_F(stats, only_what_makes_sense_is_taken_from_a_guest)
{
	EXPECT_TRUE(takes(self, 0));
	EXPECT_TRUE(takes(self, KTSTR_SCX_STATS_MAX));
	EXPECT_FALSE(takes(self, KTSTR_SCX_STATS_MAX + 1));
	EXPECT_FALSE(takes(self, (size_t)-1));		/* less than a head */
	self->wire->head.snapshot = KTSTR_MAX_PERIODIC - 1;
	EXPECT_TRUE(takes(self, 3));
	self->wire->head.snapshot = KTSTR_MAX_PERIODIC;
	EXPECT_FALSE(takes(self, 3));
	self->wire->head.snapshot = 0;
	self->wire->head.outcome = KTSTR_SCX_STATS_SILENCE;
	EXPECT_TRUE(takes(self, 0));
	EXPECT_FALSE(takes(self, 1));		/* nothing was said */
	self->wire->head.outcome = KTSTR_SCX_STATS_NONE;
	EXPECT_FALSE(takes(self, 0));
	self->wire->head.outcome = KTSTR_NR_SCX_STATS;
	EXPECT_FALSE(takes(self, 0));
}

TEST_F(stats, paths_lead_through_an_answer)
{
	struct ktstr_snap s = snap_after(self, "one", ANSWER);
	const char *text = "";
	bool on = false;

	IS(12, snap_stats(s, "nr"));
	IS(-3, snap_stats(s, "neg"));
	IS(0.5, snap_stats(s, "util"));
	IS(1, snap_stats(s, "list[0]"));
	IS(3, snap_stats(s, "list[1][1]"));
	IS(9, snap_stats(s, "cells.0.load"));
	IS(9, snap_get(snap_stats(s, "cells"), "[\"0\"].load"));
	IS(1.5, snap_stats(s, "layers[\"a.slice[1]\"].util"));
	EXPECT_EQ(KTSTR_SNAP_OK, snap_str(snap_stats(s, "name"), &text));
	EXPECT_STREQ("top", text);
	EXPECT_EQ(KTSTR_SNAP_OK, snap_bool(snap_stats(s, "on"), &on));
	EXPECT_TRUE(on);
	/* names that mean something in a dump mean nothing here */
	IS(7, snap_stats(s, "value"));
	EXPECT_EQ(KTSTR_SNAP_OK, snap_str(snap_stats(s, "kind"), &text));
	EXPECT_EQ(KTSTR_SNAP_TYPE_MISMATCH, snap_u64(snap_stats(s, ""), &(uint64_t){ 0 }));
	EXPECT_EQ(123, ktstr_snap_number(snap_kernel(s, "scx_stats_elapsed_ms")));
}

TEST_F(stats, errors_say_what_there_is)
{
	struct ktstr_snap s = snap_after(self, "one", ANSWER);

	FAILS_AS(FIELD_NOT_FOUND, "there are: nr, neg, util", snap_stats(s, "nrs"));
	FAILS_AS(FIELD_NOT_FOUND, "one stats.cells: no member is called 7; there are: 0",
		 snap_stats(s, "cells.7.load"));
	FAILS_AS(TYPE_MISMATCH, "it is a JSON number", snap_stats(s, "nr.x"));
	FAILS_AS(TYPE_MISMATCH, "it is a JSON number", snap_stats(s, "nr[0]"));
	FAILS_AS(TYPE_MISMATCH, "it is a JSON array", snap_stats(s, "list.x"));
	FAILS_AS(FIELD_NOT_FOUND, "no element 2 of 2", snap_stats(s, "list[2]"));
	FAILS_AS(FIELD_NOT_FOUND, "a name is in [\" \"]", snap_stats(s, "layers[\"a.slice"));
	FAILS_AS(TYPE_MISMATCH, "part of one", snap_stats(snap_stats(s, "cells"), "0"));
	EXPECT_TRUE(isnan(snap_number(snap_stats(s, "name"))));
	EXPECT_TRUE(isnan(snap_number(snap_stats(s, "none"))));
}

TEST_F(stats, without_an_answer_the_reason_is_what_it_was)
{
	static const struct {
		enum ktstr_scx_stats outcome;
		const char *words;
	} rows[] = {
		{ KTSTR_SCX_STATS_NO_SCHEDULER, "no process of a scheduler" },
		{ KTSTR_SCX_STATS_NO_SOCKET, "serves none, there is no /var/run/scx/root/stats" },
		{ KTSTR_SCX_STATS_NO_LISTENER, "nobody listens" },
		{ KTSTR_SCX_STATS_FAILED, "cannot be talked to: Permission denied" },
		{ KTSTR_SCX_STATS_CLOSED, "closed the connection" },
		{ KTSTR_SCX_STATS_SILENCE, "not answered within 1002 ms" },
		{ KTSTR_SCX_STATS_TOO_LONG, "longer than 256 KiB" },
		{ KTSTR_SCX_STATS_GIVEN_UP, "not asked any more" },
	};
	_Static_assert(ARRAY_SIZE(rows) == KTSTR_NR_SCX_STATS - 2,
		       "all but NONE and ANSWER");

	self->wire->head.waited_us = 1002345;
	self->wire->head.error = EACCES;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		FAILS_AS(MISSING_STATS, rows[i].words,
			 snap_stats(snap_without(self, rows[i].outcome), "nr"));
	EXPECT_STREQ("MissingStats", ktstr_snap_error__name(KTSTR_SNAP_MISSING_STATS));
}

TEST_F(stats, what_is_no_answer_of_the_protocol_is_reported_as_that)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "hello", "is no JSON" },
		{ "", "is no JSON" },
		{ ANSWER " x", "is no JSON" },
		{ "[]", "has no number \"errno\"" },
		{ "{\"args\":{\"resp\":{}}}", "has no number \"errno\"" },
		{ "{\"errno\":\"0\",\"args\":{\"resp\":{}}}", "has no number \"errno\"" },
		{ "{\"errno\":22,\"args\":{\"resp\":\"unknown target\"}}", "with error 22: unknown target" },
		{ "{\"errno\":-5,\"args\":{}}", "with error -5: without a reason" },
		{ "{\"errno\":0}", "has no \"args.resp\"" },
		{ "{\"errno\":0,\"args\":{\"rsp\":1}}", "has no \"args.resp\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		FAILS_AS(MISSING_STATS, rows[i].words,
			 snap_stats(snap_after(self, "lie", rows[i].line), "nr"));
}

TEST_F(stats, an_answer_cannot_take_more_memory_than_it_may)
{
	static const char head[] = "{\"errno\":0,\"args\":{\"resp\":[", tail[] = "0]}}";
	char *line = calloc(1, KTSTR_SCX_STATS_MAX + 1);
	size_t len = strlen(head);

	ASSERT_NE(NULL, line);
	memcpy(line, head, len);
	/* the costliest text: a node for each two bytes */
	for (; len + 2 + strlen(tail) <= KTSTR_SCX_STATS_MAX; len += 2)
		memcpy(line + len, "0,", 2);
	memcpy(line + len, tail, strlen(tail));
	IS(0, snap_stats(snap_after(self, "big", line), "[1000]"));
	free(line);
	EXPECT_LT(self->m.s->bridge.list[0]->stats_tree.bytes, KTSTR_STATS_TREE_BYTES);
}

TEST_F(stats, the_first_word_counts)
{
	struct ktstr_snap s = snap_after(self, "one", ANSWER);
	struct ktstr_snapshot *n = self->m.s->bridge.list[0];

	ktstr_snapshot_stats__none(n, "too late");
	IS(12, snap_stats(s, "nr"));
	n = made_snapshot(&self->m, "two", KTSTR_SNAPSHOT_ASKED, 1, "{}");
	ktstr_snapshot_stats__none(n, "it was switched off");
	ktstr_snapshot_stats__put(n, &self->seen->scx_stats[KTSTR_SCX_STATS_SEEN - 1], 0);
	FAILS_AS(MISSING_STATS, "it was switched off", snap_stats(snapshot(self->m.r, "two"), "nr"));
}

TEST_F(stats, a_column_has_a_gap_where_the_scheduler_said_nothing)
{
	struct ktstr_column c;

	snap_after(self, "periodic_000", ANSWER);
	snap_after(self, "periodic_001", "{\"errno\":0,\"args\":{\"resp\":{\"nr\":15}}}");
	self->wire->head.outcome = KTSTR_SCX_STATS_SILENCE;
	snap_after(self, "periodic_002", "");
	c = column_stats(self->m.r, "nr");
	ASSERT_EQ(3, c.nr);
	EXPECT_STREQ("scx_stats nr", c.label);
	EXPECT_EQ(12, c.sample[0].value);
	EXPECT_EQ(3, column_delta(&c));
	EXPECT_FALSE(c.sample[2].ok);
	EXPECT_NE(NULL, strstr(c.sample[2].why, "MissingStats: periodic_002"));
	EXPECT_TRUE(temporal_strictly_increasing(self->m.r, &c));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/trace/guest.c: records of all CPUs are written in the order of their times, what was
 * lost is told where it was, and a switch that is missing without that is noticed.
 */
#include "kselftest_harness.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/model/seen.h"
#include "harness/trace/internal.h"
#include "tests/unit/probe/made_ring.h"

#define MADE_CPUS	2

enum { AT_SWITCH, AT_TICK };

FIXTURE(guest) {
	char path[32];
	struct made_ring made[MADE_CPUS];
	struct ktstr_run run;
	struct ktstr_trace_state *s;
	struct ktstr_trace got;
	uint64_t switches[MADE_CPUS];
	uint32_t lost[MADE_CPUS];
};

/* Point 0 is a switch with the pid of the next task, point 1 a tick without values. */
static void make_points(struct ktstr_trace_points *p)
{
	p->nr = 2;
	p->point[AT_SWITCH] = (struct ktstr_trace_point){
		.kind = KTSTR_TRACE_SWITCH, .at = KTSTR_AT_TRACEPOINT, .nr = 1, .slot[0] = TO_PID,
		.field[0] = { .size = 4, .class = KTSTR_BTF_SIGNED },
	};
	p->probe[AT_SWITCH] = (struct vm_probe){ .nr_fetches = 1, .fetch[0] = { .size = 4 } };
	p->point[AT_TICK].kind = KTSTR_TRACE_TICK;
}

FIXTURE_SETUP(guest)
{
	int fd;

	strcpy(self->path, "/tmp/trace.XXXXXX.csv");
	fd = mkstemps(self->path, 4);
	ASSERT_LE(0, fd);
	close(fd);
	self->s = calloc(1, sizeof(*self->s));
	self->run.seen = ktstr_seen__new();
	ASSERT_TRUE(self->s && self->run.seen);
	make_points(&self->s->collect.points);
	ASSERT_EQ(0, ktstr_trace_collect__init(&self->s->collect, MADE_CPUS));
	ASSERT_EQ(0, ktstr_trace_guest__attach(self->s, MADE_CPUS));
	ASSERT_EQ(0, ktstr_trace_writer__open(&self->s->collect.writer, self->path, MADE_CPUS, NULL));
	self->s->tracing = true;
	for (uint32_t i = 0; i < MADE_CPUS; i++) {
		made_ring_init(&self->made[i], i);
		ASSERT_EQ(0, ktstr_ring__open(&self->s->guest.ring[i].ring, self->made[i].msg,
					      sizeof(self->made[i].msg), made_ring_mem, &self->made[i]));
	}
}

FIXTURE_TEARDOWN(guest)
{
	ktstr_trace_collect__free(&self->s->collect);
	ktstr_trace_guest__free(self->s);
	free(self->s);
	ktstr_seen__free(self->run.seen);
	ktstr_trace__free(&self->got);
	unlink(self->path);
}

static uint64_t put(FIXTURE_DATA(guest) *self, uint32_t cpu, uint64_t ns, uint16_t probe, uint32_t busy)
{
	struct ktstr_ring_record rec = {
		.time_ns = ns, .probe = probe, .cpu = (uint16_t)cpu, .have = probe == AT_SWITCH,
		.lost = self->lost[cpu], .word[0] = 100 + cpu,
	};

	if (probe == AT_SWITCH)
		rec.switches = 50 + ++self->switches[cpu];
	return made_ring_put(&self->made[cpu], &rec, (uint32_t)sizeof(rec) | busy);
}

static void read_rings(FIXTURE_DATA(guest) *self, bool final)
{
	ktstr_trace_guest__read(&self->run, self->s, NULL, final);
}

static void finish(struct __test_metadata *_metadata, FIXTURE_DATA(guest) *self)
{
	struct ktstr_err err;

	read_rings(self, true);
	ASSERT_EQ(0, ktstr_trace_writer__close(self->s->collect.writer));
	self->s->collect.writer = NULL;
	ASSERT_EQ(0, ktstr_trace__read(&self->got, self->path, &err));
}

/* The lines of the file, in their order, are of these times. */
static void expect_file(struct __test_metadata *_metadata, FIXTURE_DATA(guest) *self, const char *times)
{
	char line[256], text[256] = "";
	FILE *f = fopen(self->path, "re");

	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", atoi(line));
	fclose(f);
	EXPECT_STREQ(times, text);
}

TEST_F(guest, records_are_in_the_order_of_time_whenever_they_are_read)
{
	put(self, 0, 10, AT_SWITCH, 0);
	put(self, 0, 30, AT_SWITCH, 0);
	read_rings(self, false);
	put(self, 1, 20, AT_SWITCH, 0);
	read_rings(self, false);
	put(self, 1, 40, AT_TICK, 0);
	put(self, 0, 35, AT_TICK, 0);
	finish(_metadata, self);
	expect_file(_metadata, self, "10 20 30 35 40 ");
	EXPECT_EQ(1, self->s->compared);
	EXPECT_EQ(0, self->s->differ);
}

TEST_F(guest, a_record_that_is_being_written_holds_up_what_may_be_later)
{
	uint64_t pos = put(self, 1, 20, AT_SWITCH, RING_BUSY);

	put(self, 0, 10, AT_SWITCH, 0);
	put(self, 0, 30, AT_SWITCH, 0);
	for (int i = 0; i < 3; i++)
		read_rings(self, false);
	EXPECT_EQ(2, self->s->guest.nr);
	made_ring_set_len(&self->made[1], pos, sizeof(struct ktstr_ring_record));
	for (int i = 0; i < 3; i++)
		read_rings(self, false);
	EXPECT_EQ(0, self->s->guest.nr);
	finish(_metadata, self);
	expect_file(_metadata, self, "10 20 30 ");
}

TEST_F(guest, what_was_lost_is_an_event_and_explains_missing_switches)
{
	put(self, 0, 10, AT_SWITCH, 0);
	self->switches[0] += 2;
	self->lost[0] = 5;
	put(self, 0, 20, AT_SWITCH, 0);
	*made_ring_number(&self->made[0], made_ring_msg(&self->made[0])->lost) = 5;
	*made_ring_number(&self->made[1], made_ring_msg(&self->made[1])->lost) = 3;
	finish(_metadata, self);
	EXPECT_EQ(8, self->s->guest.lost);
	EXPECT_EQ(2, self->s->guest.lost_switches);
	EXPECT_EQ(0, self->s->differ);
	ASSERT_EQ(3, self->got.nr);
	EXPECT_EQ(KTSTR_TRACE_LOST, self->got.event[1].kind);
	EXPECT_EQ(5, self->got.event[1].value[0]);
	EXPECT_EQ(20, self->got.event[1].ns);
}

TEST_F(guest, a_switch_that_is_missing_for_no_reason_is_noticed)
{
	put(self, 0, 10, AT_SWITCH, 0);
	self->switches[0]++;
	put(self, 0, 20, AT_SWITCH, 0);
	put(self, 0, 30, AT_SWITCH, 0);
	/* as many as were lost before the last switch do not explain what is missing after it */
	self->lost[1] = 9;
	put(self, 1, 15, AT_SWITCH, 0);
	self->switches[1] += 4;
	put(self, 1, 25, AT_SWITCH, 0);
	finish(_metadata, self);
	EXPECT_EQ(3, self->s->compared);
	EXPECT_EQ(2, self->s->differ);
}

TEST_F(guest, records_of_no_point_or_another_cpu_are_counted)
{
	struct ktstr_ring_record rec = { .probe = 2 };

	made_ring_put(&self->made[0], &rec, sizeof(rec));
	rec = (struct ktstr_ring_record){ .cpu = 1 };
	made_ring_put(&self->made[0], &rec, sizeof(rec));
	put(self, 0, 10, AT_TICK, 0);
	finish(_metadata, self);
	EXPECT_EQ(2, self->s->guest.nonsense);
	EXPECT_EQ(1, self->got.nr);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/probe/bpf.h: events arrive as they were recorded, in their order, and whatever else a guest
 * says is counted and changes nothing.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/model/seen.h"
#include "harness/probe/bpf.h"

#define MAX_EVENTS	4

FIXTURE(bpf) {
	struct ktstr_seen *seen;
	struct vm_probe probe[2];
	struct ktstr_probe_told told;
	unsigned int nr;
	struct vm_probe_event event[MAX_EVENTS];
	uint64_t word[MAX_EVENTS][VM_PROBE_WORDS];
};

/* Probe 0 has values of two words, probe 1 has none. */
FIXTURE_SETUP(bpf)
{
	self->seen = ktstr_seen__new();
	ASSERT_NE(NULL, self->seen);
	self->seen->nr_cpus = 2;
	self->probe[0] = (struct vm_probe){
		.nr_fetches = 2, .fetch = { { .size = 4 }, { .size = 8 } },
	};
}

FIXTURE_TEARDOWN(bpf)
{
	ktstr_seen__free(self->seen);
	ktstr_probe_told__free(&self->told);
}

static void take(void *arg, const struct vm_probe_event *ev)
{
	FIXTURE_DATA(bpf) *self = arg;

	if (self->nr < MAX_EVENTS) {
		self->event[self->nr] = *ev;
		memcpy(self->word[self->nr], ev->word, ev->nr_words * sizeof(*ev->word));
	}
	self->nr++;
}

/* As host/messages.c does. */
static void say(FIXTURE_DATA(bpf) *self, const void *msg, size_t len)
{
	struct ktstr_seen *s = self->seen;
	uint32_t n = (uint32_t)len;

	s->probe_says = realloc(s->probe_says, s->probe_len + sizeof(n) + len);
	memcpy(s->probe_says + s->probe_len, &n, sizeof(n));
	memcpy(s->probe_says + s->probe_len + sizeof(n), msg, len);
	s->probe_len += sizeof(n) + len;
}

struct one_call {
	uint32_t says;
	uint8_t call[sizeof(struct ktstr_probe_call)];
	uint8_t word[2 * sizeof(uint64_t)];
} __attribute__((packed));

static struct one_call call_of(uint16_t probe, uint16_t vcpu, uint16_t nr_words, uint64_t first)
{
	const struct ktstr_probe_call c = {
		.time_ns = 99, .probe = probe, .vcpu = vcpu, .nr_words = nr_words, .have = 3, .exit = 1,
	};
	const uint64_t word[2] = { first, first + 1 };
	struct one_call m = { .says = KTSTR_PROBE_CALLS };

	memcpy(m.call, &c, sizeof(c));
	memcpy(m.word, word, sizeof(word));
	return m;
}

static void read_all(struct __test_metadata *_metadata, FIXTURE_DATA(bpf) *self)
{
	ASSERT_EQ(0, ktstr_probe_bpf__read(self->seen, self->probe, 2, take, self, &self->told));
}

TEST_F(bpf, events_arrive_as_they_were_recorded)
{
	struct one_call a = call_of(0, 1, 2, 5), b = call_of(0, 0, 2, 7);
	const struct ktstr_probe_end end = {
		.says = KTSTR_PROBE_END, .fired = 1, .records = 2, .missed = 3,
	};

	say(self, &a, sizeof(a));
	say(self, &b, sizeof(b));
	say(self, &end, sizeof(end));
	read_all(_metadata, self);
	ASSERT_EQ(2, self->nr);
	EXPECT_EQ(99, self->event[0].time_ns);
	EXPECT_EQ(1, self->event[0].vcpu);
	EXPECT_TRUE(self->event[0].exit);
	EXPECT_EQ(3, self->event[0].have);
	EXPECT_EQ(5, self->word[0][0]);
	EXPECT_EQ(8, self->word[1][1]);
	EXPECT_TRUE(self->told.ended);
	EXPECT_TRUE(self->told.fired);
	EXPECT_EQ(3, self->told.missed);
	EXPECT_EQ(0, self->told.damaged);
}

TEST_F(bpf, what_could_not_be_done_is_one_line_each)
{
	struct ktstr_probe_state state = { .says = KTSTR_PROBE_STATE, .ops = 1 };
	struct {
		uint32_t says;
		char text[8];
	} text = { KTSTR_PROBE_TEXT, "a\nb\033c d" };

	state.how[1] = KTSTR_PROBE_KPROBE;
	say(self, &text, sizeof(text));
	say(self, &text, offsetof(typeof(text), text) + 1);
	say(self, &state, sizeof(state));
	read_all(_metadata, self);
	EXPECT_STREQ("a?b?c d?\na\n", self->told.text);
	EXPECT_TRUE(self->told.functions);
	EXPECT_TRUE(self->told.operations);
	EXPECT_EQ(KTSTR_PROBE_KPROBE, self->told.how[1]);
}

TEST_F(bpf, calls_that_make_no_sense_are_counted)
{
	struct one_call cpu = call_of(0, 2, 2, 5), probe = call_of(2, 0, 2, 5);
	struct one_call words = call_of(0, 0, 1, 5), many = call_of(0, 0, UINT16_MAX, 5);
	struct one_call none = call_of(1, 0, 2, 5), cut = call_of(0, 0, 2, 5);
	const uint32_t unknown = KTSTR_NR_PROBE_SAYS;

	say(self, &cpu, sizeof(cpu));
	say(self, &probe, sizeof(probe));
	say(self, &words, sizeof(words));
	say(self, &many, sizeof(many));
	say(self, &none, sizeof(none));
	say(self, &cut, sizeof(cut) - 1);
	say(self, &unknown, sizeof(unknown));
	self->seen->dropped_probes = 2;
	read_all(_metadata, self);
	EXPECT_EQ(0, self->nr);
	EXPECT_EQ(9, self->told.damaged);
	EXPECT_FALSE(self->told.ended);
}

TEST_F(bpf, a_guest_that_says_nothing_has_told_nothing)
{
	read_all(_metadata, self);
	EXPECT_STREQ("", self->told.text);
	EXPECT_FALSE(self->told.functions);
	EXPECT_FALSE(self->told.ended);
}

TEST_HARNESS_MAIN

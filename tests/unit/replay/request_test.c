// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/replay/request.h: what the tool asks for arrives as it was, times are what a user
 * writes, and a text that the tool did not write is refused with a reason.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/replay/request.h"

TEST(a_request_arrives_as_it_was)
{
	struct ktstr_replay_request r = {
		.of = "/a path/of=a run", .until = KTSTR_REPLAY_EVENT_NTH, .at = { 7, true },
		.event = "ops.enqueue", .nth = 40, .dump = true, .gdb = true, .shake = { 8900000000 },
		.seed = UINT64_MAX,
	}, got;
	struct ktstr_err err;
	char *text = ktstr_replay_request__text(&r);

	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, ktstr_replay_request__parse(&got, text, &err)) TH_LOG("%s", err.msg);
	free(text);
	EXPECT_STREQ(r.of, got.of);
	EXPECT_EQ(r.until, got.until);
	EXPECT_EQ(r.at.ns, got.at.ns);
	EXPECT_TRUE(got.at.machine);
	EXPECT_STREQ(r.event, got.event);
	EXPECT_EQ(r.nth, got.nth);
	EXPECT_TRUE(got.dump && got.gdb);
	EXPECT_EQ(r.shake.ns, got.shake.ns);
	EXPECT_FALSE(got.shake.machine);
	EXPECT_EQ(r.seed, got.seed);
}

TEST(times_are_exact_to_the_nanosecond)
{
	static const struct {
		const char *text;
		uint64_t ns;
		bool machine;
	} good[] = {
		{ "t=3.21s", 3210000000 }, { "t=8.941873012s", 8941873012 }, { "t=8", 8000000000 },
		{ "t=0.000000001", 1 }, { "t=3210ms", 3210000000 }, { "t=1.5us", 1500 },
		{ "@12ns", 12, true }, { "@9.089s", 9089000000, true },
	};
	static const char * const bad[] = {
		"", "t=", "@", "5.077s", "t=@5s", "@t=5s", "T=5s", "t=s", "t=.5s", "t=5.s", "t=-1s",
		"t=+1", "t=1e3", "t=1 s", "t=1h", "@0x10", "t=1.0000000001s", "t=0s", "@0",
		"t=99999999999999999999s", "@18446744073s", "t=1.5.5",
	};
	struct ktstr_replay_time t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ASSERT_EQ(0, ktstr_replay_time__parse(good[i].text, &t))
			TH_LOG("%s", good[i].text);
		EXPECT_TRUE(good[i].ns == t.ns && good[i].machine == t.machine)
			TH_LOG("%s", good[i].text);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, ktstr_replay_time__parse(bad[i], &t)) TH_LOG("%s", bad[i]);
}

TEST(what_makes_no_sense_is_refused)
{
	static const char * const bad[] = {
		"until=never\n", "ns=x\n", "ns\n", "until=event\nnth=1\n", "until=event\nevent=a\n",
		"do=dance\nuntil=exit\n", "do=gdb\n", "clock=wall\n", "until=step\n", "colour=red\n", "nth=-1\n",
	};
	struct ktstr_replay_request r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ktstr_err err = { .msg = "" };

		EXPECT_EQ(-EINVAL, ktstr_replay_request__parse(&r, bad[i], &err)) TH_LOG("%s", bad[i]);
		EXPECT_NE(NULL, strstr(err.msg, "KTSTR_REPLAY"));
	}
}

TEST_HARNESS_MAIN

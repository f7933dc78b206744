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
		.of = "/a path/of=a run", .until = KTSTR_REPLAY_EVENT_NTH, .ns = 7, .event = "ops.enqueue",
		.nth = 40, .dump = true, .gdb = true, .shake_ns = 8900000000, .seed = UINT64_MAX,
	}, got;
	struct ktstr_err err;
	char *text = ktstr_replay_request__text(&r);

	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, ktstr_replay_request__parse(&got, text, &err)) TH_LOG("%s", err.msg);
	free(text);
	EXPECT_STREQ(r.of, got.of);
	EXPECT_EQ(r.until, got.until);
	EXPECT_EQ(r.ns, got.ns);
	EXPECT_STREQ(r.event, got.event);
	EXPECT_EQ(r.nth, got.nth);
	EXPECT_TRUE(got.dump && got.gdb);
	EXPECT_EQ(r.shake_ns, got.shake_ns);
	EXPECT_EQ(r.seed, got.seed);
}

TEST(times_are_exact_to_the_nanosecond)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "3.21s", 3210000000 }, { "8.941873012s", 8941873012 }, { "8", 8000000000 },
		{ "0.000000001", 1 }, { "3210ms", 3210000000 }, { "1.5us", 1500 }, { "12ns", 12 },
		{ "0s", 0 },
	};
	static const char * const bad[] = {
		"", "s", ".5s", "5.s", "-1s", "+1", "1e3", "1 s", "1h", "0x10", "1.0000000001s",
		"99999999999999999999s", "18446744073s", "1.5.5",
	};
	uint64_t ns;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ASSERT_EQ(0, ktstr_replay_time__parse(good[i].text, &ns))
			TH_LOG("%s", good[i].text);
		EXPECT_EQ(good[i].ns, ns)
			TH_LOG("%s", good[i].text);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, ktstr_replay_time__parse(bad[i], &ns)) TH_LOG("%s", bad[i]);
}

TEST(what_makes_no_sense_is_refused)
{
	static const char * const bad[] = {
		"until=never\n", "ns=x\n", "ns\n", "until=event\nnth=1\n", "until=event\nevent=a\n",
		"do=dance\nuntil=exit\n", "do=gdb\n", "colour=red\n", "nth=-1\n",
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

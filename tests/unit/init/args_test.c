// SPDX-License-Identifier: GPL-2.0
/*
 * What PID 1 accepts from the outside: the arguments of a run, the kernel command line, and
 * the "echo" lines of in-kernel schedulers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/init/internal.h"

#define COMPLETE							\
	"test=smt\ntopo=2n4l3c2t\nduration_s=12\nworkers=2\nseed=18446744073709551615\n" \
	"run_grace_s=30\nattach_timeout_ms=20000\ncgroup_root=/ktstr\n"

#define EVERYTHING							\
	COMPLETE "stall_poll_ms=250\ntime_scale=5\nwork_type=PipeIo\nlog_passes=1\n" \
	"check=max_gap_ms=2000\ncheck=isolation=1\ncgroup_parent=/test.slice\n" \
	"sched_arg=--slice\nsched_arg=a b=c 'd'\nsched_arg=\n" \
	"session=1\nenable=echo 1 > /sys/x\ndisable=echo 0 > /sys/x\ndisable=echo 2 > /sys/y\n" \
	"module=/modules/a.ko\nmodule=/modules/b.ko\ndevice=/sys/block/vda\n"

TEST(every_key_arrives)
{
	struct ktstr_guest_args a;
	struct ktstr_err err;

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, EVERYTHING, &err)) TH_LOG("%s", err.msg);
	EXPECT_STREQ("smt", a.test);
	EXPECT_EQ(2, a.topo.numa_nodes);
	EXPECT_EQ(4, a.topo.llcs);
	EXPECT_EQ(3, a.topo.cores);
	EXPECT_EQ(2, a.topo.threads);
	EXPECT_EQ(12, a.duration_s);
	EXPECT_EQ(2, a.workers);
	EXPECT_EQ(UINT64_MAX, a.seed);
	EXPECT_EQ(30, a.run_grace_s);
	EXPECT_EQ(20000, a.attach_timeout_ms);
	EXPECT_EQ(250, a.stall_poll_ms);
	EXPECT_EQ(5, a.time_scale);
	EXPECT_STREQ("PipeIo", a.work_type);
	EXPECT_EQ(1, a.log_passes);
	EXPECT_STREQ("max_gap_ms=2000", a.checks[0]);
	EXPECT_STREQ("isolation=1", a.checks[1]);
	EXPECT_STREQ("/ktstr", a.cgroup_root);
	EXPECT_STREQ("/test.slice", a.cgroup_parent);
	/* an argument keeps its blanks, quotes and equals signs, and may be empty */
	EXPECT_STREQ("--slice", a.sched_argv[0]);
	EXPECT_STREQ("a b=c 'd'", a.sched_argv[1]);
	EXPECT_STREQ("", a.sched_argv[2]);
	EXPECT_EQ(NULL, a.sched_argv[3]);
	EXPECT_EQ(1, a.session);
	EXPECT_STREQ("/modules/a.ko", a.modules[0]);
	EXPECT_STREQ("/modules/b.ko", a.modules[1]);
	EXPECT_STREQ("/sys/block/vda", a.devices[0]);
	EXPECT_STREQ("echo 1 > /sys/x", a.enable[0]);
	EXPECT_STREQ("echo 2 > /sys/y", a.disable[1]);
	EXPECT_EQ(NULL, a.disable[2]);
	ktstr_guest_args__free(&a);
}

TEST(absent_lists_are_null)
{
	struct ktstr_guest_args a;

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE, NULL));
	EXPECT_EQ(NULL, a.sched_argv);
	EXPECT_EQ(NULL, a.enable);
	EXPECT_EQ(NULL, a.disable);
	EXPECT_EQ(NULL, a.cgroup_parent);
	ktstr_guest_args__free(&a);
}

TEST(every_required_key_is_required)
{
	static const char * const keys[] = {
		"test", "topo", "duration_s", "workers", "seed", "run_grace_s",
		"attach_timeout_ms", "cgroup_root",
	};
	struct ktstr_guest_args a;
	struct ktstr_err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		char text[] = COMPLETE, *line = strstr(text, keys[i]), *end;

		ASSERT_NE(NULL, line);
		end = strchr(line, '\n') + 1;
		memmove(line, end, strlen(end) + 1);
		EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, text, &err)) {
			TH_LOG("without %s", keys[i]);
		}
	}
}

TEST(anything_malformed_is_refused)
{
	static const char * const lines[] = {
		"what=1\n", "no equals sign\n", "test=again\n", "cgroup_parent=relative\n",
		"cgroup_parent=/\n", "cgroup_parent=/a/../..\n", "log_passes=2\n", "=\n",
		"\n\n",
	};
	struct ktstr_guest_args a;
	struct ktstr_err err;
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines) - 1; i++) {
		snprintf(text, sizeof(text), COMPLETE "%s", lines[i]);
		EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, text, &err)) {
			TH_LOG("accepted: %s", lines[i]);
		}
	}
	EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, "", &err));
}

TEST(malformed_values_are_refused)
{
	static const char * const values[][2] = {
		{ "topo=2n4l3c2t", "topo=2n4l3c" }, { "topo=2n4l3c2t", "topo=2n4l3c2tx" },
		{ "topo=2n4l3c2t", "topo=0n4l3c2t" }, { "topo=2n4l3c2t", "topo=2n0l3c2t" },
		{ "topo=2n4l3c2t", "topo=+2n4l3c2t" }, { "topo=2n4l3c2t", "topo=" },
		{ "workers=2", "workers=-2" }, { "workers=2", "workers=4294967296" },
		{ "workers=2", "workers=2 " }, { "workers=2", "workers=0x2" },
		{ "duration_s=12", "duration_s=99999999" },
		{ "seed=18446744073709551615", "seed=18446744073709551616" },
		{ "test=smt", "test=" }, { "cgroup_root=/ktstr", "cgroup_root=" },
	};
	struct ktstr_guest_args a;
	struct ktstr_err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		char text[1024], *at = strstr(COMPLETE, values[i][0]);

		ASSERT_NE(NULL, at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - COMPLETE), COMPLETE,
			 values[i][1], at + strlen(values[i][0]));
		EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, text, &err)) {
			TH_LOG("accepted: %s", values[i][1]);
		}
	}
}

TEST(what_was_read_is_written_the_same)
{
	struct ktstr_guest_args a;
	struct ktstr_err err;
	char *text;

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, EVERYTHING, &err)) TH_LOG("%s", err.msg);
	ASSERT_EQ(0, ktstr_guest_args__format(&a, &text, &err)) TH_LOG("%s", err.msg);
	EXPECT_STREQ(EVERYTHING, text);
	free(text);
	ktstr_guest_args__free(&a);
	/* what is not required is not written when it is not set */
	ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE, &err)) TH_LOG("%s", err.msg);
	ASSERT_EQ(0, ktstr_guest_args__format(&a, &text, &err)) TH_LOG("%s", err.msg);
	EXPECT_STREQ(COMPLETE, text);
	free(text);
	ktstr_guest_args__free(&a);
}

static int add_two_lines(struct ktstr_guest_args *a)
{
	return ktstr_guest_args__add(&a->sched_argv, "a\nb");
}

static int exceed_duration(struct ktstr_guest_args *a)
{
	a->duration_s = 7 * 86400 + 1;
	return 0;
}

static int use_relative_cgroup(struct ktstr_guest_args *a)
{
	return ktstr_guest_args__set(&a->cgroup_root, "ktstr");
}

static int forget_test(struct ktstr_guest_args *a)
{
	return ktstr_guest_args__set(&a->test, NULL);
}

TEST(what_could_not_be_read_is_not_written)
{
	static const struct {
		int (*spoil)(struct ktstr_guest_args *a);
		const char *says;
	} row[] = {
		{ add_two_lines, "sched_arg=a\nb: must be one line" },
		{ exceed_duration, "duration_s=604801: must be a number up to 604800" },
		{ use_relative_cgroup, "cgroup_root=ktstr: must be a path below the cgroup mount" },
		{ forget_test, "test=: is missing" },
	};
	struct ktstr_guest_args a;
	struct ktstr_err err;
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE, NULL));
		ASSERT_EQ(0, row[i].spoil(&a));
		EXPECT_EQ(-EINVAL, ktstr_guest_args__format(&a, &text, &err));
		EXPECT_STREQ(row[i].says, err.msg);
		EXPECT_EQ(NULL, text);
		ktstr_guest_args__free(&a);
	}
}

TEST(second_free_is_harmless)
{
	struct ktstr_guest_args a;

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE, NULL));
	ktstr_guest_args__free(&a);
	ktstr_guest_args__free(&a);
	EXPECT_EQ(NULL, a.test);
}

TEST(command_line_words_are_found_whole)
{
	static const char cmdline[] = "quiet xktstr.chan=no ktstr.chan=0x3f000000,0x1000000 a=b\n";
	char value[64];

	EXPECT_EQ(0, guest_cmdline__get(cmdline, "ktstr.chan", value, sizeof(value)));
	EXPECT_STREQ("0x3f000000,0x1000000", value);
	EXPECT_EQ(0, guest_cmdline__get(cmdline, "a", value, sizeof(value)));
	EXPECT_STREQ("b", value);
	EXPECT_EQ(-ENOENT, guest_cmdline__get(cmdline, "quiet", value, sizeof(value)));
	EXPECT_EQ(-ENOENT, guest_cmdline__get(cmdline, "ktstr", value, sizeof(value)));
	EXPECT_EQ(-ENOENT, guest_cmdline__get("", "a", value, sizeof(value)));
	EXPECT_EQ(-E2BIG, guest_cmdline__get(cmdline, "ktstr.chan", value, 20));
}

TEST(channel_location_is_address_and_size)
{
	static const char * const bad[] = {
		"", ",", "0x1000", "0x1000,", "0x1000,0", "-1,4096", "0x1000,4096x", " 1,4096",
		"0xffffffffffffffff,4096", "0x1000,0x40000001",
	};
	uint64_t addr, size;
	size_t i;

	ASSERT_EQ(0, guest_link__parse("0x3f000000,0x1000000", &addr, &size));
	EXPECT_EQ(0x3f000000, addr);
	EXPECT_EQ(0x1000000, size);
	ASSERT_EQ(0, guest_link__parse("1056964608,16777216", &addr, &size));
	EXPECT_EQ(0x3f000000, addr);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, guest_link__parse(bad[i], &addr, &size)) {
			TH_LOG("accepted: row %zu", i);
		}
}

TEST(unknown_doorbell_is_no_doorbell)
{
	EXPECT_TRUE(!guest_doorbell__find("bell"));
	EXPECT_TRUE(!guest_doorbell__find(""));
	EXPECT_TRUE(!guest_doorbell__find("insn:1"));
	EXPECT_TRUE(!guest_doorbell__find("mmio"));
	EXPECT_TRUE(!guest_doorbell__find("mmio:"));
	EXPECT_TRUE(!guest_doorbell__find("mmio:-1"));
	EXPECT_TRUE(!guest_doorbell__find("mmio:0xfffbb000x"));
	EXPECT_TRUE(!guest_doorbell__find("mmio:0xfffbb002"));
	EXPECT_TRUE(!guest_doorbell__find("mmio:0x10000000000000000"));
}

TEST(doorbell_instruction_is_harmless_here)
{
	guest_doorbell_fn ring = guest_doorbell__find("insn");

	if (!ring)
		SKIP(return, "no doorbell instruction on this architecture");
	ring();
}

TEST(echo_line_writes_value_and_newline)
{
	char path[] = "/tmp/ktstr-echo-XXXXXX", line[128], text[64];
	int fd = mkstemp(path);

	ASSERT_LE(0, fd);
	snprintf(line, sizeof(line), "echo some value > %s", path);
	EXPECT_EQ(0, guest_echo__run(line));
	ASSERT_EQ(11, read(fd, text, sizeof(text)));
	EXPECT_EQ(0, memcmp("some value\n", text, 11));
	close(fd);
	unlink(path);
}

TEST(only_echo_into_an_absolute_path_is_understood)
{
	static const char * const bad[] = {
		"", "rm -rf /", "echo", "echo 1", "echo 1 >/x", "echo 1 > x", "echo > /x",
		"echo 1 > /x; rm /y", "xecho 1 > /x", "echo 1 >> /x",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, guest_echo__run(bad[i])) {
			TH_LOG("accepted: row %zu", i);
		}
	EXPECT_EQ(-ENOENT, guest_echo__run("echo 1 > /nonexistent/file"));
}

TEST_HARNESS_MAIN

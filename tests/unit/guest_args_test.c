// SPDX-License-Identifier: GPL-2.0
/*
 * What PID 1 accepts from the outside: the arguments of a run, the kernel command line, and
 * the "echo" lines of in-kernel schedulers.
 */
/* Links: harness/guest/args.c harness/core/topology.c harness/guest/link.c harness/guest/file.c harness/guest/mount.c harness/guest/doorbell.c harness/chan/chan.c */
/* Libs: -lz */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../../harness/guest/internal.h"

#define COMPLETE							\
	"test=smt\ntopo=2n4l3c2t\nduration_s=12\nworkers=2\nseed=18446744073709551615\n" \
	"run_grace_s=30\nattach_timeout_ms=20000\ncgroup_root=/ktstr\n"

TEST(every_key_arrives)
{
	struct ktstr_guest_args a;

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE
		  "cgroup_parent=/test.slice\nstall_poll_ms=250\n"
		  "module=/modules/a.ko\nmodule=/modules/b.ko\ndevice=/sys/block/vda\n"
		  "sched_arg=--slice\nsched_arg=a b=c 'd'\nsched_arg=\n"
		  "enable=echo 1 > /sys/x\ndisable=echo 0 > /sys/x\ndisable=echo 2 > /sys/y\n"));
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
	EXPECT_STREQ("/ktstr", a.cgroup_root);
	EXPECT_STREQ("/test.slice", a.cgroup_parent);
	/* an argument keeps its blanks, quotes and equals signs, and may be empty */
	EXPECT_STREQ("--slice", a.sched_argv[0]);
	EXPECT_STREQ("a b=c 'd'", a.sched_argv[1]);
	EXPECT_STREQ("", a.sched_argv[2]);
	EXPECT_EQ(NULL, a.sched_argv[3]);
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

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE));
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
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char text[] = COMPLETE, *line = strstr(text, keys[i]), *end;

		ASSERT_NE(NULL, line);
		end = strchr(line, '\n') + 1;
		memmove(line, end, strlen(end) + 1);
		EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, text)) {
			TH_LOG("without %s", keys[i]);
		}
	}
}

TEST(anything_malformed_is_refused)
{
	static const char * const lines[] = {
		"what=1\n", "no equals sign\n", "test=again\n", "cgroup_parent=relative\n",
		"cgroup_parent=/\n", "cgroup_parent=/a/../..\n", "=\n", "\n\n",
	};
	struct ktstr_guest_args a;
	char text[1024];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]) - 1; i++) {
		snprintf(text, sizeof(text), COMPLETE "%s", lines[i]);
		EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, text)) {
			TH_LOG("accepted: %s", lines[i]);
		}
	}
	EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, ""));
}

TEST(malformed_values_are_refused)
{
	static const char * const values[][2] = {
		{ "topo=2n4l3c2t", "topo=2n4l3c" }, { "topo=2n4l3c2t", "topo=2n4l3c2tx" },
		{ "topo=2n4l3c2t", "topo=0n4l3c2t" }, { "topo=2n4l3c2t", "topo=3n4l3c2t" },
		{ "topo=2n4l3c2t", "topo=+2n4l3c2t" }, { "topo=2n4l3c2t", "topo=" },
		{ "workers=2", "workers=-2" }, { "workers=2", "workers=4294967296" },
		{ "workers=2", "workers=2 " }, { "workers=2", "workers=0x2" },
		{ "duration_s=12", "duration_s=99999999" },
		{ "seed=18446744073709551615", "seed=18446744073709551616" },
		{ "test=smt", "test=" },
	};
	struct ktstr_guest_args a;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[1024], *at = strstr(COMPLETE, values[i][0]);

		ASSERT_NE(NULL, at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - COMPLETE), COMPLETE,
			 values[i][1], at + strlen(values[i][0]));
		EXPECT_EQ(-EINVAL, ktstr_guest_args__parse(&a, text)) {
			TH_LOG("accepted: %s", values[i][1]);
		}
	}
}

TEST(second_free_is_harmless)
{
	struct ktstr_guest_args a;

	ASSERT_EQ(0, ktstr_guest_args__parse(&a, COMPLETE));
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
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
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

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(-EINVAL, guest_echo__run(bad[i])) {
			TH_LOG("accepted: row %zu", i);
		}
	EXPECT_EQ(-ENOENT, guest_echo__run("echo 1 > /nonexistent/file"));
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * A test program that lists its tests as kselftest_harness.h does and then breaks every rule
 * of the protocol, one per test.
 */
#include <linux/kernel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const void * const entry __attribute__((used, section("ktstr_tests"))) = &entry;

static int do_silent(void)
{
	return 0;
}

static int do_dies_after_ok(void)
{
	puts("ok 1 ktstr.dies_after_ok");
	fflush(stdout);
	raise(SIGKILL);
	return 0;
}

static int do_lies(void)
{
	puts("TAP version 13\n1..1\nok 1 ktstr.lies");
	return 3;
}

static int do_other_test(void)
{
	puts("ok 1 ktstr.silent");
	return 0;
}

static int do_two_results(void)
{
	puts("ok 1 ktstr.two_results\nok 2 ktstr.two_results");
	return 0;
}

static int do_bails_out(void)
{
	puts("Bail out! no /dev/kvm");
	return 1;
}

static int do_garbage(void)
{
	unsigned int i, x = 1;

	for (i = 0; i < 3000000; i++) {
		x = x * 1664525 + 1013904223;
		putchar(x >> 24);
	}
	fputs("last words\n", stderr);
	return 1;
}

static int do_one_line(void)
{
	int i;

	for (i = 0; i < 1000000; i++)
		fputs("# endless ", stdout);
	puts("\nnot ok 1 ktstr.one_line");
	return 1;
}

static int do_on_demand(void)
{
	puts("ok 1 ktstr.on_demand");
	return 0;
}

static int do_unrecorded(void)
{
	puts("# ERROR not recorded: sidecar /x: No space left on device\nok 1 ktstr.unrecorded");
	return 5;
}

static int do_unrecorded_silently(void)
{
	puts("ok 1 ktstr.unrecorded_silently");
	return 5;
}

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "silent", do_silent }, { "dies_after_ok", do_dies_after_ok },
	{ "lies", do_lies }, { "other_test", do_other_test },
	{ "two_results", do_two_results }, { "bails_out", do_bails_out },
	{ "garbage", do_garbage }, { "one_line", do_one_line },
	{ "on_demand", do_on_demand }, { "unrecorded", do_unrecorded },
	{ "unrecorded_silently", do_unrecorded_silently },
};

int main(int argc, char **argv)
{
	size_t i, n = ARRAY_SIZE(tests);

	if (argc == 2 && !strcmp(argv[1], "-l")) {
		fprintf(stderr, "# ignored: on_demand\n");
		fprintf(stderr, "%-20s %-25s %s\n", "# FIXTURE", "VARIANT", "TEST");
		for (i = 0; i < n; i++)
			fprintf(stderr, "%-20s %-25s %s\n", i ? "" : "ktstr", "", tests[i].name);
		return 4;
	}
	for (i = 0; argc == 3 && i < n; i++)
		if (!strncmp(argv[2], "ktstr.", 6) && !strcmp(argv[2] + 6, tests[i].name))
			return tests[i].run();
	return 1;
}

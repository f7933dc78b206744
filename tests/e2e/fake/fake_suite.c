// SPDX-License-Identifier: GPL-2.0
/*
 * A test program as tests of `ktstr run` need it: on kselftest_harness.h like the real ones,
 * with tests that end in every way a test can end, and no virtual machine.
 */
#include <linux/kernel.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kselftest_harness.h>

/* The section by which `ktstr` recognises a test program. */
static const void * const entry __attribute__((used, section("ktstr_tests"))) = &entry;

FIXTURE(ktstr) {
	int unused;
};

FIXTURE_SETUP(ktstr)
{
}

FIXTURE_TEARDOWN(ktstr)
{
}

TEST_F(ktstr, passes)
{
}

/* Ends last of its neighbours, stands before them. */
TEST_F(ktstr, passes_late)
{
	usleep(300000);
}

TEST_F(ktstr, fails)
{
	ksft_print_msg("FAIL fails: cgroup cg_a starved for 3500 ms\n");
	ksft_print_msg("reboot: System halted\n");
	ksft_print_msg("Subtest: none\n");
	_metadata->exit_code = KSFT_FAIL;
}

/* As host/main.c says it: a program's own status is kselftest's, which has no word for it. */
TEST_F(ktstr, undecided)
{
	strcpy(_metadata->results->reason, "INCONCLUSIVE no samples");
	_metadata->exit_code = KSFT_FAIL;
}

TEST_F(ktstr, skips)
{
	SKIP(return, "this host has no kernel");
}

TEST_F(ktstr, crashes)
{
	raise(SIGSEGV);
}

TEST_F_TIMEOUT(ktstr, hangs, 1)
{
	for (;;)
		pause();
}

/* Three processes of which two are beyond the reach of process groups. */
TEST_F_TIMEOUT(ktstr, sleeps, 600)
{
	if (!fork()) {
		setsid();
		if (!fork())
			setpgid(0, 0);
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (;;)
		pause();
}

/* Passes, but forgets a process that keeps our stdout open. */
TEST_F(ktstr, leaves_a_process)
{
	if (!fork()) {
		for (;;)
			pause();
	}
}

TEST_F(ktstr, says_its_environment)
{
	static const char * const names[] = {
		"KTSTR_SEED", "KTSTR_ACCEL", "KTSTR_TEST_KERNEL", "KTSTR_KERNEL",
		"KTSTR_RUNS_ROOT", "KTSTR_RUN_ID", "KTSTR_ICOUNT_SHIFT", "KTSTR_NO_SKIP_MODE",
		"KTSTR_TCG_THREADS", "KTSTR_KARGS", "KTSTR_VERBOSE",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		ksft_print_msg("%s=%s\n", names[i], getenv(names[i]) ?: "(unset)");
}

static void write_sidecar(const char *text)
{
	char path[512];
	int fd;

	mkdir(getenv("KTSTR_RUNS_ROOT"), 0755);
	snprintf(path, sizeof(path), "%s/%s", getenv("KTSTR_RUNS_ROOT"), getenv("KTSTR_RUN_ID"));
	mkdir(path, 0755);
	strcat(path, "/side");
	mkdir(path, 0755);
	strcat(path, text[0] == '{' ? "/sidecar_good-0123456789abcdef.ktstr.json" :
				      "/sidecar_bad-0123456789abcdef.ktstr.json");
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

TEST_F(ktstr, sidecar_good)
{
	write_sidecar("{\n \"test_name\": \"sidecar_good\", \"big\": 18446744073709551615.50\n}\n");
}

TEST_F(ktstr, sidecar_bad)
{
	write_sidecar("not { JSON");
}

TEST(of_another_fixture)
{
}

TEST_HARNESS_MAIN

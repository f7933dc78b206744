// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/status.c: wait statuses in words. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/status.h"

/* The wait status of a child that exits with @code, or is killed by @signal. */
static int ended(int code, int signal)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (signal)
			kill(getpid(), signal);
		_exit(code);
	}
	waitpid(pid, &status, 0);
	return status;
}

TEST(an_exit_status_is_a_number)
{
	char buf[KTSTR_STATUS_SIZE];

	EXPECT_STREQ("exited with status 0",
		     ktstr_status__format(ended(0, 0), buf, sizeof(buf)));
	EXPECT_STREQ("exited with status 255",
		     ktstr_status__format(ended(255, 0), buf, sizeof(buf)));
}

TEST(a_signal_has_its_name)
{
	char buf[KTSTR_STATUS_SIZE];

	EXPECT_STREQ("killed by SIGKILL",
		     ktstr_status__format(ended(0, SIGKILL), buf, sizeof(buf)));
	EXPECT_STREQ("killed by SIGUSR1",
		     ktstr_status__format(ended(0, SIGUSR1), buf, sizeof(buf)));
}

TEST(a_signal_without_a_name_is_a_number)
{
	char buf[KTSTR_STATUS_SIZE];

	EXPECT_STREQ("killed by signal 42",
		     ktstr_status__format(ended(0, 42), buf, sizeof(buf)));
}

TEST_HARNESS_MAIN

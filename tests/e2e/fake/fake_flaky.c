// SPDX-License-Identifier: GPL-2.0
/*
 * A test program for `ktstr run --retries`: what its tests do depends on which try it is
 * (KTSTR_ATTEMPT). No virtual machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kselftest_harness.h>

/* The section by which `ktstr` recognises a test program. */
static const void * const entry __attribute__((used, section("ktstr_tests"))) = &entry;

FIXTURE(ktstr) {
	int attempt;
};

FIXTURE_SETUP(ktstr)
{
	self->attempt = atoi(getenv("KTSTR_ATTEMPT") ?: "0");
	ksft_print_msg("attempt %d, seed %s\n", self->attempt, getenv("KTSTR_SEED") ?: "none");
}

FIXTURE_TEARDOWN(ktstr)
{
}

TEST_F(ktstr, passes)
{
}

TEST_F(ktstr, fails)
{
	_metadata->exit_code = KSFT_FAIL;
}

TEST_F(ktstr, skips)
{
	SKIP(return, "this host has no kernel");
}

TEST_F(ktstr, undecided)
{
	strcpy(_metadata->results->reason, "INCONCLUSIVE no samples");
	_metadata->exit_code = KSFT_FAIL;
}

/* The harness prints another one. */
TEST_F(ktstr, prints_a_result)
{
	printf("ok 1 ktstr.prints_a_result\n");
	fflush(stdout);
}

TEST_F(ktstr, passes_second)
{
	if (self->attempt < 2)
		_metadata->exit_code = KSFT_FAIL;
}

TEST_F(ktstr, passes_third)
{
	if (self->attempt < 3)
		_metadata->exit_code = KSFT_FAIL;
}

/* Being skipped is no way to pass. */
TEST_F(ktstr, fails_then_skips)
{
	if (self->attempt > 1)
		SKIP(return, "gone");
	_metadata->exit_code = KSFT_FAIL;
}

TEST_HARNESS_MAIN

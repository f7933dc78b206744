/* SPDX-License-Identifier: GPL-2.0 */
/* The outcome that a test expects: expect_err and its matchers, allow_inconclusive. */
#ifndef KTSTR_HOST_EXPECT_H
#define KTSTR_HOST_EXPECT_H

#include "harness/plan/plan.h"
#include "harness/plan/protocol.h"

/* The facts that the verdict depends on. */
struct ktstr_evidence {
	const struct ktstr_result *result;
	const char *scx_error;		/* what the kernel logs of an ejection, or NULL */
	const char *sched_log;		/* what the scheduler wrote, with its exit dump, or NULL */
	bool host_timeout;		/* the host's wall clock ended the run, not the guest's */
};

/*
 * The verdict after the expectation. @why gets the sentence that explains it when it differs
 * from the raw outcome or when an expectation was not met; else an empty string.
 */
enum ktstr_outcome ktstr_expect__judge(const struct ktstr_plan *p, const struct ktstr_evidence *e,
				       char *why, size_t size);

enum ktstr_exit ktstr_exit__native(enum ktstr_outcome verdict);
/* That of a test in kselftest_harness.h (kselftest.h): 0 pass, 1 fail, 4 skip. */
int ktstr_exit__kselftest(enum ktstr_outcome verdict);

#endif

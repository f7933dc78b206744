// SPDX-License-Identifier: GPL-2.0
/*
 * A shorter timeout for the watchdog of sched_ext ends a stalled scheduler within that time, although
 * the scheduler asks for 20 s.
 */
#include <stdio.h>
#include <string.h>

#include <ktstr.h>

#define TIMEOUT_S	3

KTSTR_SCHEDULER(stalls, .binary = "scx_ktstr", .args = KTSTR_STRS("--stall-after-ms", "500"));

/* "... kworker/1:1[40] failed to run for 3.780s" */
static int stalled_for_the_timeout(struct ktstr_result *r)
{
	static const char words[] = "failed to run for ";
	const struct ktstr_detail *d;
	const char *at = NULL;
	double s = 0;

	for (uint32_t i = 0; !at && (d = ktstr_result__detail(r, i)); i++)
		at = strstr(d->text, words);
	claim_true(r, at && sscanf(at + strlen(words), "%lf", &s) == 1,
		   .because = "a detail says how long a task was not run");
	/* the kernel looks twice in that time */
	claim_between(r, s, TIMEOUT_S, 1.5 * TIMEOUT_S + 0.5);
	return 0;
}

KTSTR_TEST(a_stall_ends_within_the_timeout, .scheduler = &stalls, .duration_s = 12,
	   .watchdog_timeout_s = TIMEOUT_S, .expect_err = true, .expect_kind = KTSTR_SCHED_STALLED,
	   .post_vm_unconditional = stalled_for_the_timeout)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 4)), HOLD_FULL));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The program of guest_coverage_test.sh, which knows how often each marked line is executed: on the
 * host, by a body, by workers, by a host callback, or never.
 */
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/custom.h>

KTSTR_PAYLOAD(tool, .binary = "covered_tool");

static int in_a_guest(int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++)
		sum += i;			/* BODY */
	if (getpid() < 0)
		sum = -1;			/* NEVER */
	return sum;
}

static void once(struct ktstr_work_ctx *w)
{
	if (!ktstr_work_index(w) && ktstr_work_arg(w, 0)) {
		static int calls;

		if (!calls++)
			ktstr_work_done(w, 1);	/* WORKER */
	}
	ktstr_work_spin(w, 1024);
}

static int look(struct ktstr_result *r)
{
	ktstr_claim_gt(r, getpid(), 1);		/* HOST */
	return 0;
}

KTSTR_TEST(fails, .cores = 2, .duration_s = 1, .memory_mib = 256, .post_vm_unconditional = look,
	   .workloads = PAYLOADS(&tool))
{
	ktstr_claim_equals(ctx, in_a_guest(5), 11);	/* it is 10 */
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .workers = 2,
						  .work = CUSTOM("once", once, .arg = { 1 }))),
				   OPS(RUN_PAYLOAD(&tool, NULL), WAIT_PAYLOAD(&tool, NULL)),
				   HOLD_MS(200)));
}

KTSTR_TEST(passes, .cores = 1, .duration_s = 1, .memory_mib = 256)
{
	ktstr_claim_equals(ctx, in_a_guest(3), 3);
	return 0;
}

/* Its body ends by itself, and what that has executed is lost. */
KTSTR_TEST(dies, .cores = 1, .duration_s = 1, .memory_mib = 256)
{
	(void)ctx;
	_exit(in_a_guest(7));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What a body and its callback can ask: the kernel's log, addresses of functions, declarations, the
 * steps that there were, where the sidecar is; and a program that the body runs itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr.h>
#include <ktstr/hand.h>
#include <ktstr/inspect.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");
KTSTR_PAYLOAD(count, .binary = "seq", .args = KTSTR_STRS("1", "9"),
	      METRIC_RULES({ "last", "^([0-9]+)$", "", KTSTR_TARGET_IS_BETTER, 9 }));

static int the_guest_told(struct ktstr_result *r)
{
	struct ktstr_stimulus_event step;
	char dir[4096];

	claim_true(r, strstr(ktstr_guest_kmsg(r), "BPF scheduler \"simple\" enabled"));
	claim_equals(r, ktstr_nr_stimuli(r), 2);
	claim_true(r, ktstr_stimulus(r, 1, &step));
	claim_equals(r, step.workers, 2);
	claim_at_least(r, step.elapsed_ms, 400);
	claim_equals(r, ktstr_nr_stalls(r), 0);
	claim_equals(r, ktstr_sidecar_dir(r, dir, sizeof(dir)), 0);
	return 0;
}

KTSTR_TEST(what_a_test_can_ask, .scheduler = &simple, .duration_s = 1, .payload = &count,
	   .post_vm = the_guest_told)
{
	uint64_t schedule = 0, other = 0;
	char *log = ktstr_read_kmsg();
	int ret;

	if (!log)
		return -errno;
	ktstr_send_kmsg(ctx, log);
	free(log);
	claim_equals(ctx, ktstr_resolve_func_ip("schedule", &schedule), 0);
	claim_true(ctx, schedule >> 63);
	claim_equals(ctx, ktstr_resolve_func_ip("no_such_function", &other), -ENOENT);
	claim_true(ctx, ktstr_find_scheduler("simple") == &simple);
	claim_true(ctx, !ktstr_find_scheduler("other"));
	claim_true(ctx, ktstr_find_test("what_a_test_can_ask")->scheduler == &simple);

	ret = run_payload(ctx, &count, .replace_args = true, .args = KTSTR_STRS("1", "7"),
			  PAYLOAD_CHECKS(METRIC_MAX("last", 7)));
	claim_equals(ctx, ext_metric(ctx, "count", "last"), 7);
	return ret ?: ktstr_run(ctx, STEP(CGROUPS(CGROUP("a")), HOLD_FRAC(0.5)),
				STEP(CGROUPS(CGROUP("b")), HOLD_FRAC(0.5)));
}

// SPDX-License-Identifier: GPL-2.0
/* The names of outcomes and of kinds of findings, as reports and sidecars print them. */
#include <linux/kernel.h>

#include <ktstr/verdict.h>

static const char * const kind_names[KTSTR_NR_KINDS] = {
	[KTSTR_KIND_NONE]		= "none",
	[KTSTR_STARVED]			= "starved",
	[KTSTR_STUCK]			= "stuck",
	[KTSTR_UNFAIR]			= "unfair",
	[KTSTR_ISOLATION]		= "isolation",
	[KTSTR_BENCHMARK]		= "benchmark",
	[KTSTR_MIGRATION]		= "migration",
	[KTSTR_PAGE_LOCALITY]		= "page-locality",
	[KTSTR_CROSS_NODE_MIGRATION]	= "cross-node-migration",
	[KTSTR_SLOW_TIER]		= "slow-tier",
	[KTSTR_MONITOR]			= "monitor",
	[KTSTR_CLAIM]			= "claim",
	[KTSTR_TEMPORAL]		= "temporal",
	[KTSTR_SCHED_NOT_ATTACHED]	= "sched-not-attached",
	[KTSTR_SCHED_NOT_LOADED]	= "sched-not-loaded",
	[KTSTR_SCHED_STALLED]		= "sched-stalled",
	[KTSTR_SCHED_ERROR]		= "sched-error",
	[KTSTR_SCHED_EXITED]		= "sched-exited",
	[KTSTR_SCHED_UNCLEAN_EXIT]	= "sched-unclean-exit",
	[KTSTR_GUEST_PANIC]		= "guest-panic",
	[KTSTR_BODY_CRASHED]		= "body-crashed",
	[KTSTR_BODY_TIMEOUT]		= "body-timeout",
	[KTSTR_BOOT_TIMEOUT]		= "boot-timeout",
	[KTSTR_TEARDOWN_TIMEOUT]	= "teardown-timeout",
	[KTSTR_WORKER_LOST]		= "worker-lost",
	[KTSTR_KERNEL_SPLAT]		= "kernel-splat",
	[KTSTR_STEP_FAILED]		= "step-failed",
	[KTSTR_BODY_ERROR]		= "body-error",
	[KTSTR_SKIPPED]			= "skipped",
	[KTSTR_NO_DATA]			= "no-data",
	[KTSTR_INFRASTRUCTURE]		= "infrastructure",
	[KTSTR_OTHER]			= "other",
	[KTSTR_PART]			= "part",
};

static const char * const outcome_names[] = {
	[KTSTR_SKIP]		= "skip",
	[KTSTR_PASS]		= "pass",
	[KTSTR_INCONCLUSIVE]	= "inconclusive",
	[KTSTR_FAIL]		= "fail",
};

const char *ktstr_kind__name(enum ktstr_kind kind)
{
	if ((unsigned int)kind >= KTSTR_NR_KINDS || !kind_names[kind])
		return "unknown";
	return kind_names[kind];
}

const char *ktstr_outcome__name(enum ktstr_outcome outcome)
{
	if ((unsigned int)outcome >= ARRAY_SIZE(outcome_names))
		return "unknown";
	return outcome_names[outcome];
}

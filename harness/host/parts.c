// SPDX-License-Identifier: GPL-2.0
/* The parts of every run: model/part.h documents the hooks and when they are called. */
#include <linux/kernel.h>
#include "harness/counters/part.h"
#include "harness/coverage/part.h"
#include "harness/devices/devices.h"
#include "harness/dump/part.h"
#include "harness/ledger/part.h"
#include "harness/model/part.h"
#include "harness/monitor/monitor.h"
#include "harness/perf/part.h"
#include "harness/replay/part.h"
#include "harness/repro/part.h"
#include "harness/snapshot/part.h"
#include "harness/trace/part.h"

const struct ktstr_run_part * const ktstr_run_parts[] = {
	&ktstr_counters_part,	/* its gone() is the last */
	&ktstr_perf_part,
	&ktstr_devices_part,
	&ktstr_monitor_part,
	&ktstr_programs_part,
	&ktstr_dump_part,
	&ktstr_snapshot_part,
	&ktstr_trace_part,
	&ktstr_ledger_part,
	&ktstr_coverage_part,
	&ktstr_repro_part,
	&ktstr_replay_part,
	NULL
};

_Static_assert(ARRAY_SIZE(ktstr_run_parts) <= KTSTR_MAX_RUN_PARTS + 1,
	       "a run has room for the states of KTSTR_MAX_RUN_PARTS parts");

/* SPDX-License-Identifier: GPL-2.0 */
/* The half of tests/e2e/monitor_truth_test.c that runs inside. */
#ifndef KTSTR_TESTS_MONITOR_GUEST_H
#define KTSTR_TESTS_MONITOR_GUEST_H

#include <stdbool.h>

/* What the stretch holds at a sync point: this, then lines "KEY VALUE" and NUL. */
#define MONITOR_BEFORE	"before "	/* and the name of the round */
#define MONITOR_AFTER	"after "
#define MONITOR_BUSY	"busy"		/* in the name of a round with load */
#define MONITOR_SIMPLE	"/scx_simple"
#define MONITOR_SCHED	"/truth_sched"
#define MONITOR_WRITES	"quiet"		/* in the name of the round after which the host writes */

/* Add a line to the report. */
void monitor_put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* bpf_guest.c: make one map of each type, and report all maps and programs. */
void bpf_guest_maps(void);
void bpf_guest_report(void);

/* Report, round by round, and power off. Returns only when that fails. */
int monitor_guest(void);

#endif

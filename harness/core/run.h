/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of one test: boot, watch, judge, write the artefacts. The KTAP line is printed by
 * whoever called (core/main.c).
 */
#ifndef KTSTR_CORE_RUN_H
#define KTSTR_CORE_RUN_H

#include "../../vmm/vm.h"
#include "kernel.h"
#include "plan.h"

/* What the user asked for, from the environment (docs/environment.md). */
struct ktstr_run_opts {
	enum vm_accel accel;	/* KTSTR_ACCEL=kvm|tcg */
	bool seeded;		/* KTSTR_SEED=N was given: deterministic */
	uint64_t seed;		/* else the default seed */
	bool mttcg;		/* KTSTR_TCG_THREADS=multi: not deterministic */
	int shift;		/* KTSTR_ICOUNT_SHIFT=N or VM_SHIFT_AUTO */
	uint32_t stall_poll_ms;	/* KTSTR_STALL_POLL_MS=N, 0: do not look for stalls */
	const char *runs_root;	/* KTSTR_RUNS_ROOT or the default */
	const char *run_id;	/* KTSTR_RUN_ID or one made up per process */
};
int ktstr_run_opts__from_env(struct ktstr_run_opts *o, struct vm_err *err);

struct ktstr_seen;	/* seen.h: all that came out of the guest */

/* What the declared devices did, as far as the machine counts. */
struct ktstr_device_counts {
	bool have_disk;
	struct vm_disk_stats disk;
	unsigned int nr_nics;
	struct vm_nic_stats nic[VM_MAX_NICS];
};

/* How the guest ended, as seen from the host. */
struct ktstr_run {
	const struct ktstr_plan *plan;
	struct ktstr_run_opts opts;
	struct ktstr_kernel kernel;
	enum vm_accel accel;		/* what was really used */
	int shift;			/* of a deterministic run; VM_SHIFT_AUTO: it has none */
	char accel_note[256];		/* why KVM is not used, or empty */
	char *dir;			/* artefacts of this run */
	struct ktstr_result *result;	/* guest's findings merged with the host's */
	bool have_result;		/* the guest delivered one */
	bool exited;			/* it delivered EXIT */
	int stage;			/* enum ktstr_stage, the last one reached */
	char *scx_error;		/* text of the scx_bpf_error() that was captured, or NULL */
	char *sched_log;		/* scheduler output, bounded, NUL-terminated */
	char *kmsg;			/* forwarded kernel log, bounded */
	enum ktstr_outcome raw;		/* before expect_err and allow_inconclusive */
	enum ktstr_outcome verdict;	/* what the KTAP line says */
	char skip_reason[256];
	char why[512];			/* what the expectation made of raw; empty: nothing */
	int signal;			/* the run was interrupted by it; 0: no */
	struct ktstr_seen *seen;
	char *report;			/* the whole transcript, also in dir/report.txt */
	char *brief;			/* what fits on a screen */
	uint64_t setup_ns, boot_ns, total_ns;	/* host CLOCK_MONOTONIC; to START; overall */
	struct ktstr_device_counts devices;
	uint64_t cleanup_ns;		/* of it, taking the machine down */
	uint64_t guest_boot_ns, guest_total_ns;	/* guest clock at START and at EXIT */
};

enum ktstr_stage {
	KTSTR_STAGE_NONE,	/* there is no guest */
	KTSTR_STAGE_BOOT,	/* it has not said anything */
	KTSTR_STAGE_INIT,	/* PID 1 runs */
	KTSTR_STAGE_SCHED,	/* the scheduler was started */
	KTSTR_STAGE_BODY,
	KTSTR_STAGE_TEARDOWN,
	KTSTR_STAGE_EXIT,
};

/*
 * Run @plan. Always fills @run as far as it got, always writes the sidecar and the report
 * when the artefact folder can be written. Returns 0 when there is a verdict; -errno with
 * @err for infrastructure trouble (err->missing: the caller reports a SKIP).
 */
int ktstr_run__exec(struct ktstr_run *run, const struct ktstr_plan *plan,
		    const struct ktstr_run_opts *opts, struct vm_err *err);
void ktstr_run__free(struct ktstr_run *run);

#endif

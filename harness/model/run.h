/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record of one run of one test: the options, the events and the verdict. host/run.c fills it
 * in; the report and the sidecar are made from it alone.
 */
#ifndef KTSTR_MODEL_RUN_H
#define KTSTR_MODEL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/result/result.h"
#include "lib/build_id.h"
#include "vmm/vm.h"

struct ktstr_run;
struct ktstr_plan;	/* plan/plan.h */
struct ktstr_seen;	/* seen.h */

/* Which runs leave a dump of their scheduler. */
enum ktstr_dump_when {
	KTSTR_DUMP_FAILURE,	/* those that fail, and those whose scheduler left by an error */
	KTSTR_DUMP_ALWAYS,	/* others too: of the middle of their body */
	KTSTR_DUMP_OFF,
};

#define KTSTR_ENV_CPU_CAP	"KTSTR_CPU_CAP"
#define KTSTR_ENV_BYPASS_LOCKS	"KTSTR_BYPASS_LLC_LOCKS"

/* What probes a second run (docs/probes.md). */
enum ktstr_probe_engine {
	KTSTR_PROBES_AUTO,	/* the emulator where a run is deterministic, else BPF */
	KTSTR_PROBES_EMULATOR,
	KTSTR_PROBES_BPF,
};

/* What the user asked for, from the environment (docs/environment.md). */
struct ktstr_run_opts {
	enum vm_accel accel;	/* KTSTR_ACCEL=kvm|tcg */
	bool seeded;		/* KTSTR_SEED=N was given: deterministic */
	uint64_t seed;		/* else the default seed */
	bool mttcg;		/* KTSTR_TCG_THREADS=multi: not deterministic */
	int shift;		/* KTSTR_ICOUNT_SHIFT=N or VM_SHIFT_AUTO */
	uint32_t stall_poll_ms;	/* KTSTR_STALL_POLL_MS=N, 0: do not look for stalls */
	bool cold;		/* KTSTR_COLD=1: boot, do not start from an image */
	bool monitor;		/* look into guest memory; KTSTR_MONITOR=off: not */
	enum ktstr_dump_when dump;	/* KTSTR_DUMP=failure|always|off */
	bool vmcore;		/* KTSTR_VMCORE=1: a core of the machine with each dump */
	const char *monitor_csv; /* KTSTR_MONITOR_CSV=FILE: append all samples to it; NULL: no */
	bool no_perf_mode;	/* KTSTR_NO_PERF_MODE: no test is in performance mode */
	bool perf_only;		/* KTSTR_PERF_ONLY: only tests in performance mode run */
	uint32_t cpu_cap;	/* KTSTR_CPU_CAP=N: of the host, outside performance mode; 0: none */
	bool bypass_locks;	/* KTSTR_BYPASS_LLC_LOCKS: reserve no CPUs of the host */
	bool auto_repro;	/* KTSTR_AUTO_REPRO=off: repeat no crash */
	enum ktstr_probe_engine probes;	/* KTSTR_PROBE_ENGINE=auto|emulator|bpf */
	bool no_scx_stats;	/* KTSTR_SCX_STATS=off: do not ask the scheduler at snapshots */
	/* the run whose crash this one repeats; NULL: it is a first one */
	const struct ktstr_run *repro_of;
	const char *replay;	/* KTSTR_REPLAY: harness/replay/request.h; NULL: this is no replay */
	bool ledger;		/* KTSTR_LEDGER=1: count the instructions of the scheduler's operations */
	const char *coverage;	/* KTSTR_COVERAGE=FILE: add what schedulers execute to it; NULL: no */
	const char *trace;	/* KTSTR_TRACE=FILE: the schedule goes there; NULL: no */
	int console_fd;		/* KTSTR_CONSOLE=FD: the guest's console goes there too; 0: no */
	int terminal_fd;	/* KTSTR_TERMINAL=FD: of vm_spec; 0: none */
	uint32_t attempt;	/* KTSTR_ATTEMPT=N: the N-th try of this test */
	const char *runs_root;	/* KTSTR_RUNS_ROOT or the default */
	const char *run_id;	/* KTSTR_RUN_ID or one made up per process */
};

/* The kernel that is booted; kernel/kernel.h finds it and gives it back. */
struct ktstr_kernel {
	char *path;		/* absolute path of the image */
	char *release;		/* from the bzImage header, "7.3.4+deb13-cloud-amd64"; or NULL */
	char *source;		/* how it was found, for people: "KTSTR_KERNEL", "cache", ... */
	int cache_lock_fd;	/* shared flock on the cache entry; -1 when not from the cache */
};

/* A program that the guest gets, as it was found on the host: plan/programs.h. */
enum ktstr_program_role {
	KTSTR_PROGRAM_SCHEDULER, KTSTR_PROGRAM_STAGED, KTSTR_PROGRAM_PAYLOAD,
};

struct ktstr_program {
	enum ktstr_program_role role;
	const void *of;		/* the struct ktstr_scheduler or ktstr_payload */
	const char *name, *declared;	/* its name, and the binary as it is declared */
	char *path;		/* absolute */
	char build_id[KTSTR_BUILD_ID_LEN];	/* in hexadecimal; empty: it has none */
	uint64_t hash;		/* of its bytes */
};

/* How far the guest came. */
enum ktstr_lifecycle {
	KTSTR_LIFECYCLE_NONE,		/* there is no guest */
	KTSTR_LIFECYCLE_BOOT,		/* it has not said anything */
	KTSTR_LIFECYCLE_INIT,		/* PID 1 runs */
	KTSTR_LIFECYCLE_SCHED,		/* the scheduler was started */
	KTSTR_LIFECYCLE_BODY,
	KTSTR_LIFECYCLE_TEARDOWN,
	KTSTR_LIFECYCLE_EXIT,
};

#define KTSTR_IMAGE_KEY_LEN	17	/* 16 hexadecimal digits, see image/image.h */
#define KTSTR_MAX_RUN_PARTS	12

struct ktstr_run {
	const struct ktstr_plan *plan;
	struct ktstr_run_opts opts;
	struct ktstr_kernel kernel;
	struct ktstr_program *programs;
	unsigned int nr_programs;
	enum vm_accel accel;		/* what was really used */
	int shift;			/* of a deterministic run; VM_SHIFT_AUTO: it has none */
	char accel_note[256];		/* why KVM is not used, or empty */
	char active[64];		/* the scheduler of this machine, where there is no other */
	bool booted;			/* the machine ran, and not from an image */
	char image[KTSTR_IMAGE_KEY_LEN];	/* from which it started; empty: it booted */
	char image_note[256];		/* why there is no image, or that it was made, or empty */
	bool unpacked;			/* its kernel was, on the host (docs/vm.md) */
	char unpack_note[256];		/* why the kernel unpacked itself, or empty */
	char project_commit[64], kernel_commit[64];	/* empty: not known */
	char *dir;			/* artefacts of this run */
	struct ktstr_result *result;	/* guest's findings merged with the host's */
	bool have_result;		/* the guest delivered one */
	bool exited;			/* it delivered EXIT */
	enum ktstr_lifecycle lifecycle;	/* the last one reached */
	char *scx_error;		/* text of the scx_bpf_error() that was captured, or NULL */
	char *sched_log;		/* scheduler output, bounded, NUL-terminated */
	char *kmsg;			/* forwarded kernel log, bounded */
	enum ktstr_outcome raw;		/* before expect_err and allow_inconclusive */
	enum ktstr_outcome verdict;	/* what the KTAP line says */
	char skip_reason[256];
	char why[512];			/* what the expectation made of raw; empty: nothing */
	char unrecorded[512];		/* why a file of the run could not be written; empty: all are */
	int signal;			/* the run was interrupted by it; 0: no */
	struct ktstr_seen *seen;
	void *part_state[KTSTR_MAX_RUN_PARTS];	/* part.h */
	char *report;			/* the whole transcript, also in dir/report.txt */
	char *brief;			/* what fits on a screen */
	uint64_t setup_ns, boot_ns, total_ns;	/* host CLOCK_MONOTONIC; to START; overall */
	/* parts of setup_ns, from an image: create the machine and enter it; hand over the archive */
	uint64_t restore_ns, archive_ns;
	uint64_t cleanup_ns;		/* of it, taking the machine down */
	uint64_t guest_boot_ns, guest_total_ns;	/* guest clock at START and at EXIT */
};

/* A file of the run could not be written, and why; only the first reason is kept. */
void ktstr_run__lose(struct ktstr_run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "tcg" or "kvm"; "none" where there is no machine. */
const char *ktstr_accel__name(enum vm_accel accel);
/* One host thread, all seeds fixed: the run can be repeated bit by bit. */
bool ktstr_run__deterministic(const struct ktstr_run *run);

/*
 * Under multi-threaded emulation the host's scheduler shares its CPUs among the virtual ones, so
 * that a virtual CPU may be stopped for several of the host's time slices. Limits that are times
 * are therefore multiplied by this factor, limits on rates are divided. Guests under KVM and
 * deterministic ones are judged by the limits as declared.
 */
#define KTSTR_SHARED_CPU_SCALE	5

/* That factor for this run; 1: limits as declared. */
uint32_t ktstr_run__time_scale(const struct ktstr_run *run);

#endif

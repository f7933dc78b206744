/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The attributes of tests and schedulers. Every member is documented where it is declared;
 * docs/writing-tests.md has the tables.
 *
 * "Unset" is a value of its own (KTSTR_UNSET, KTSTR_INHERIT, NaN or NULL), put there by
 * KTSTR_TEST() before the author's initialisers, so that an explicit zero or false stays
 * expressible and is checked like any other value.
 */
#ifndef KTSTR_ATTRS_H
#define KTSTR_ATTRS_H

#include <stdbool.h>
#include <stdint.h>

/* By this path a program finds it that has only harness/include among its include paths. */
#include "../../../lib/topology.h"

#define KTSTR_UNSET	INT64_MIN	/* a number nobody wrote */

/* A limit that a scheduler or a default has set, taken away: .max_gap_ms = KTSTR_NO_LIMIT */
#define KTSTR_NO_LIMIT	__builtin_inf()

/* A switch that also knows "nobody said anything"; true and false may be assigned. */
enum ktstr_switch {
	KTSTR_INHERIT = -1,
	KTSTR_OFF = 0,
	KTSTR_ON = 1,
};

struct ktstr_ctx;
struct ktstr_result;

/*
 * Checks: a row makes a member, its "unset" and, of a worker check, the declaration of the
 * function that judges it. A SWITCH is an enum ktstr_switch, a LIMIT a double. Worker checks
 * are judged from the workers' own telemetry, monitor checks from what the host sees in guest
 * memory. harness/checks/table.c has the units, the defaults and the words for them.
 */
#define KTSTR_WORKER_CHECKS(SWITCH, LIMIT)					\
	SWITCH(not_starved)	/* every worker did work; spread, gap */	\
	SWITCH(isolation)	/* workers stay inside their cpuset */		\
	LIMIT(max_gap_ms)	/* longest time a worker was off CPU */		\
	LIMIT(max_spread_pct)	/* max-min off-CPU share, points */		\
	LIMIT(max_throughput_cv)	/* stddev/mean of work per CPU second */ \
	LIMIT(min_work_rate)	/* work units per CPU second */			\
	LIMIT(min_iteration_rate)	/* iterations per second */		\
	LIMIT(max_migration_ratio)	/* migrations per iteration */		\
	LIMIT(max_p99_wake_latency_ns)						\
	LIMIT(max_wake_latency_cv)						\
	LIMIT(min_page_locality)	/* 0..1 of pages on expected nodes */	\
	LIMIT(max_cross_node_migration_ratio)	/* 0..1 */			\
	LIMIT(max_slow_tier_ratio)	/* 0..1 of pages on memory-only nodes */

#define KTSTR_MONITOR_CHECKS(SWITCH, LIMIT)					\
	LIMIT(max_imbalance_ratio)						\
	LIMIT(max_local_dsq_depth)	/* tasks */				\
	SWITCH(fail_on_stall)							\
	LIMIT(max_fallback_rate)	/* events per second */			\
	LIMIT(max_keep_last_rate)	/* events per second */

#define KTSTR_SWITCH_MEMBER(_name)	enum ktstr_switch _name;
#define KTSTR_LIMIT_MEMBER(_name)	double _name;
#define KTSTR_CHECK_MEMBERS							\
	KTSTR_WORKER_CHECKS(KTSTR_SWITCH_MEMBER, KTSTR_LIMIT_MEMBER)		\
	KTSTR_MONITOR_CHECKS(KTSTR_SWITCH_MEMBER, KTSTR_LIMIT_MEMBER)		\
	int64_t sustained_samples	/* a violation of these must last this long */

#define KTSTR_SWITCH_UNSET(_name)	._name = KTSTR_INHERIT,
#define KTSTR_LIMIT_UNSET(_name)	._name = KTSTR_NAN,
#define KTSTR_CHECK_UNSET							\
	KTSTR_WORKER_CHECKS(KTSTR_SWITCH_UNSET, KTSTR_LIMIT_UNSET)		\
	KTSTR_MONITOR_CHECKS(KTSTR_SWITCH_UNSET, KTSTR_LIMIT_UNSET)		\
	.sustained_samples = KTSTR_UNSET

#define KTSTR_NAN	__builtin_nan("")

/*
 * The ranges of numbers, ends included. They are checked by the compiler where it sees the values,
 * and again before anything boots. Numbers are signed and wide, so that what an author wrote is
 * what is judged.
 */
#define KTSTR_MAX_SUSTAINED		1000000
#define KTSTR_CHECK_RANGES(RANGE)						\
	RANGE(sustained_samples, 1, KTSTR_MAX_SUSTAINED)

#define KTSTR_COMMON_RANGES(RANGE)						\
	RANGE(numa_nodes, 1, KTSTR_MAX_NODES)					\
	RANGE(llcs, 1, KTSTR_MAX_CPUS)						\
	RANGE(cores, 1, KTSTR_MAX_CPUS)						\
	RANGE(threads, 1, KTSTR_MAX_CPUS)					\
	RANGE(min_llcs, 0, KTSTR_MAX_CPUS)					\
	RANGE(max_llcs, 1, KTSTR_MAX_CPUS)					\
	RANGE(min_numa_nodes, 0, KTSTR_MAX_NODES)				\
	RANGE(max_numa_nodes, 1, KTSTR_MAX_NODES)				\
	RANGE(min_cpus, 0, KTSTR_MAX_CPUS)					\
	RANGE(max_cpus, 1, KTSTR_MAX_CPUS)					\
	KTSTR_CHECK_RANGES(RANGE)

#define KTSTR_MAX_DURATION_S	86400
#define KTSTR_MAX_WORKERS	8192		/* of one step */
#define KTSTR_MAX_MEMORY_MIB	1048576
#define KTSTR_MAX_PERIODIC	64		/* snapshots */
#define KTSTR_PERIODIC_GAP_MS	100		/* between two of them */

#define KTSTR_TEST_RANGES(RANGE)						\
	KTSTR_COMMON_RANGES(RANGE)						\
	RANGE(memory_mib, 1, KTSTR_MAX_MEMORY_MIB)				\
	RANGE(duration_s, 1, KTSTR_MAX_DURATION_S)				\
	RANGE(grace_s, 0, KTSTR_MAX_DURATION_S)					\
	RANGE(watchdog_timeout_s, 1, KTSTR_MAX_DURATION_S)			\
	RANGE(workers_per_cgroup, 1, KTSTR_MAX_WORKERS)				\
	RANGE(cpu_budget, 1, 65536)						\
	RANGE(num_snapshots, 0, 64)						\
	RANGE(cleanup_budget_ms, 1, 86400000)

#define KTSTR_DISK_RANGES(RANGE)						\
	RANGE(size_mib, 1, 16777216)						\
	RANGE(throttle.iops, 1, 1000000000)					\
	RANGE(throttle.bytes_per_s, 1, 1000000000000)

struct ktstr_checks {
	KTSTR_CHECK_MEMBERS;
};

/*
 * The worker checks that are on by default, to begin a set with that should not lose them:
 * KTSTR_CHECKS(calm, KTSTR_DEFAULT_CHECKS, .max_gap_ms = 500).
 */
#define KTSTR_DEFAULT_NOT_STARVED	KTSTR_ON
#define KTSTR_DEFAULT_MAX_GAP_MS	2000
#define KTSTR_DEFAULT_MAX_SPREAD_PCT	15
#define KTSTR_DEFAULT_CHECKS							\
	.not_starved = KTSTR_DEFAULT_NOT_STARVED,				\
	.max_gap_ms = KTSTR_DEFAULT_MAX_GAP_MS,					\
	.max_spread_pct = KTSTR_DEFAULT_MAX_SPREAD_PCT

/* Embeds the check members as attributes of their own and as one struct .checks. */
#define KTSTR_EMBED_CHECKS							\
	union {									\
		struct { KTSTR_CHECK_MEMBERS; };				\
		struct ktstr_checks checks;					\
	}

/*
 * Bounds on the topologies that a test may be expanded to; the base run is never filtered. A run on
 * another topology (KTSTR_TOPOLOGY) is skipped outside the bounds that are given; defaults do not
 * count then.
 */
#define KTSTR_CONSTRAINT_MEMBERS						\
	int64_t min_llcs, max_llcs;		/* default 1..12 */		\
	int64_t min_numa_nodes, max_numa_nodes; /* default 1..1 */		\
	int64_t min_cpus, max_cpus;		/* default 1..192 */		\
	enum ktstr_switch requires_smt

#define KTSTR_CONSTRAINT_UNSET							\
	.min_llcs = KTSTR_UNSET, .max_llcs = KTSTR_UNSET,			\
	.min_numa_nodes = KTSTR_UNSET, .max_numa_nodes = KTSTR_UNSET,		\
	.min_cpus = KTSTR_UNSET, .max_cpus = KTSTR_UNSET,			\
	.requires_smt = KTSTR_INHERIT

/* A scheduler under test. */
struct ktstr_scheduler {
	const char *name;		/* by default the C identifier */
	/*
	 * What to start in the guest. A bare name is looked for in this order:
	 * KTSTR_SCHEDULER_BIN_<NAME>, KTSTR_SCHEDULER (which also takes the place of one that is
	 * there: docs/environment.md), beside the test program, the suite's
	 * output folder, PATH. A name with a slash is a path. NULL: the kernel's default (EEVDF).
	 */
	const char *binary;
	int64_t numa_nodes, llcs, cores, threads; /* topology that its tests inherit */
	const char * const *args;	/* NULL-terminated, passed to every start */
	const char * const *sysctls;	/* "kernel.x=1": set on the kernel command line */
	const char * const *kargs;	/* further kernel parameters */
	const char *cgroup_parent;	/* "/x": made before start, --cell-parent-cgroup /x */
	const char * const *enable;	/* in-kernel scheduler: "echo V > /path" lines */
	const char * const *disable;
	const char *config_file;	/* host file; the guest gets --config <its copy> */
	const char *config_arg;		/* "--config {file}": how to pass a test's .config */
	const char *config_path;	/* guest path that {file} stands for */
	/*
	 * Kernels on which the verifier sweep loads it, NULL-terminated: versions, ranges and what
	 * else --kernel takes. NULL: all; KTSTR_NO_KERNELS: it takes no part.
	 */
	const char * const *kernels;

	/* as in struct ktstr_test */
	enum ktstr_switch allow_unclean_exit;
	enum ktstr_switch tolerates_restart;

	KTSTR_CONSTRAINT_MEMBERS;
	KTSTR_EMBED_CHECKS;
};

/*
 * What a failure is about. expect_kind compares against it; reports and sidecars print its
 * name (result/verdict.c has the table).
 */
enum ktstr_kind {
	KTSTR_KIND_NONE,
	/* findings of checks */
	KTSTR_STARVED, KTSTR_STUCK, KTSTR_UNFAIR, KTSTR_ISOLATION, KTSTR_BENCHMARK,
	KTSTR_MIGRATION, KTSTR_PAGE_LOCALITY, KTSTR_CROSS_NODE_MIGRATION, KTSTR_SLOW_TIER,
	KTSTR_MONITOR, KTSTR_CLAIM,
	KTSTR_TEMPORAL,			/* a pattern over snapshots */
	/* the scheduler */
	KTSTR_SCHED_NOT_ATTACHED,	/* runs, but never became the scheduler in time */
	KTSTR_SCHED_NOT_LOADED,		/* exited before it attached, e.g. verifier */
	KTSTR_SCHED_STALLED,		/* ejected by the watchdog (SCX_EXIT_ERROR_STALL) */
	KTSTR_SCHED_ERROR,		/* ejected by scx_bpf_error() or the kernel */
	KTSTR_SCHED_EXITED,		/* left by itself during the test */
	KTSTR_SCHED_UNCLEAN_EXIT,	/* asked to stop, it crashed, failed or had to be killed */
	/* the guest */
	KTSTR_GUEST_PANIC,		/* kernel panic or an unexplained reset */
	KTSTR_BODY_CRASHED,		/* the body died of a signal */
	KTSTR_BODY_TIMEOUT,		/* run deadline */
	KTSTR_BOOT_TIMEOUT, KTSTR_TEARDOWN_TIMEOUT,
	KTSTR_WORKER_LOST,		/* a worker ended without a report */
	KTSTR_KERNEL_SPLAT,		/* WARNING, BUG, stall, ... in the kernel log */
	/* the scenario */
	KTSTR_STEP_FAILED,		/* the guest refused an op, or another part of a step */
	KTSTR_BODY_ERROR,		/* the body, or a case, returned -errno */
	/* what is no finding about the scheduler */
	KTSTR_SKIPPED, KTSTR_NO_DATA, KTSTR_INFRASTRUCTURE, KTSTR_OTHER,
	KTSTR_PART,			/* a note: the verdict of a part, "ok cgroup_steady" */
	KTSTR_NR_KINDS,
};

/* Independent limits of a disk; unset: none. */
struct ktstr_throttle {
	int64_t iops;		/* reads, writes and flushes per second */
	int64_t bytes_per_s;	/* read and written */
};

/* What the host puts on a disk before the machine starts. */
enum ktstr_filesystem {
	KTSTR_RAW,		/* nothing: all zeroes */
	KTSTR_EXT4,		/* needs mkfs.ext4 on the host */
	KTSTR_NR_FILESYSTEMS,
};

/* Where the guest mounts a disk that has a file system; its TMPDIR. */
#define KTSTR_DISK_DIR	"/disk"

/* A virtio disk, /dev/vda in the guest; made for the run and gone with it. */
struct ktstr_disk {
	int64_t size_mib;	/* 256 */
	enum ktstr_filesystem filesystem; /* KTSTR_RAW */
	struct ktstr_throttle throttle;
};

/* A virtio network card, eth0 and on; what the guest sends on it comes back on it. */
struct ktstr_net {
	uint8_t mac[6];		/* all zero: 02:00:00:00:00:01 and on */
};

#define KTSTR_DISK_UNSET							\
	.size_mib = KTSTR_UNSET, .throttle.iops = KTSTR_UNSET,			\
	.throttle.bytes_per_s = KTSTR_UNSET

/* What the samples of a watched field become (struct ktstr_watch_map). */
enum ktstr_map_agg {
	KTSTR_AGG_SCALAR,		/* one value, a gauge: the mean of all samples */
	KTSTR_AGG_SCALAR_COUNTER,	/* one value that only grows: the last sample */
	KTSTR_AGG_PER_CPU,		/* gauges: their mean, and the greatest */
	KTSTR_AGG_PER_CPU_COUNTER,	/* counters: their sum in the last sample */
	KTSTR_NR_AGGS,
};

/*
 * A field in a BPF map of the scheduler, which the monitor reads with each sample. It becomes the
 * metric OBJECT_LABEL (PER_CPU: OBJECT_LABEL_avg and OBJECT_LABEL_max) of run_metric(). OBJECT is
 * what libbpf calls the BPF object: what stands before the dot in the names of its sections.
 */
struct ktstr_watch_map {
	const char *map;	/* the end of the map's name: ".bss", "cpu_ctx_stor" */
	const char *field;	/* "nr_enqueued", "sys_stat.avg", "[3].load"; "" is all of a value */
	enum ktstr_map_agg agg;
	const char *label;
};

/* A number that the host writes into a BPF map of the scheduler, before the body begins. */
struct ktstr_map_write {
	const char *map, *field;	/* as above */
	int64_t value;
};

#define KTSTR_MAX_MAP_FIELDS	32	/* that a test can watch, or write */

/* How a figure may differ between two commits (struct ktstr_perf_delta). */
enum ktstr_perf_rule {
	KTSTR_MAX_WORSE_PCT,		/* at most .limit percent worse */
	KTSTR_MAX_WORSE,		/* at most .limit worse, in the metric's unit */
	KTSTR_MIN_BETTER_PCT,		/* at least .limit percent better */
	KTSTR_MIN_BETTER,		/* at least .limit better, in its unit */
	KTSTR_MAX_CHANGE_PCT,		/* at most .limit percent off, in either direction */
	KTSTR_NR_PERF_RULES,
};

/* What `ktstr perf-delta --noise-adjust` asserts of a figure of the test; nothing else looks at it. */
struct ktstr_perf_delta {
	const char *metric;	/* of `ktstr list metrics`, or that of a payload: "cg_a/fio/iops" */
	enum ktstr_perf_rule rule;
	double limit;		/* 0 or more */
};

#define KTSTR_MAX_PERF_DELTAS	32

struct ktstr_payload;

struct ktstr_test {
	const char *name;			/* the C identifier */
	const char *file;			/* source file and line, for reports */
	int line;
	int (*body)(struct ktstr_ctx *ctx);	/* runs in the guest; 0 or -errno */

	const struct ktstr_scheduler *scheduler; /* NULL: the kernel's default */
	const struct ktstr_scheduler * const *staged_schedulers; /* NULL-terminated */

	int64_t numa_nodes, llcs, cores, threads; /* 1, 1, 2, 1 unless scheduler or test say */
	/* nodes that differ, in place of numa_nodes and llcs: KTSTR_NODES(), docs/topologies.md */
	const struct ktstr_numa_node *nodes;
	const uint8_t *distances;	/* from each node to each: KTSTR_DISTANCES(); 10 and 20 */
	int64_t memory_mib;		/* floor, 2048; also 256 and 64 per CPU */

	int64_t duration_s;		/* workload window, 12 */
	int64_t grace_s;		/* beyond it until the body counts as hung, 15 and half */
	int64_t watchdog_timeout_s;	/* in place of the scheduler's own */
	int64_t workers_per_cgroup;	/* where a cgroup does not say, 2 */

	KTSTR_EMBED_CHECKS;
	KTSTR_CONSTRAINT_MEMBERS;

	enum ktstr_switch expect_err;	/* the run must fail, by the guest's doing */
	const char *expect_scx_bpf_error_contains; /* literal, in the scx_bpf_error() text */
	const char *expect_scx_bpf_error_matches;  /* extended regular expression */
	enum ktstr_kind expect_kind;	/* the failure must be of this kind */
	const char *expect_text;	/* some detail of the failure must contain it */
	enum ktstr_switch allow_unclean_exit; /* no matter how the scheduler ends when it is stopped */
	/* on: one that the kernel makes restart, as a CPU came or went, is waited for */
	enum ktstr_switch tolerates_restart;
	enum ktstr_switch fail_on_any_ejection; /* also of a scheduler that ktstr did not start */
	const char * const *allow_splats; /* splats of the kernel with such a text are notes */
	enum ktstr_switch survives_storm; /* scheduler attached and alive through every hold */
	enum ktstr_switch allow_inconclusive;
	enum ktstr_switch auto_repro;	/* on: second, probed run after a crash */
	enum ktstr_switch expect_auto_repro;	/* it must have shown a crash, or the test fails */

	enum ktstr_switch performance_mode;
	enum ktstr_switch no_perf_mode;
	int64_t cpu_budget;

	enum ktstr_switch kaslr;	/* on */
	enum ktstr_switch host_only;	/* run the body here, without a VM */
	enum ktstr_switch ignore;	/* listed, but run only when asked for by name */
	enum ktstr_switch pci;		/* a PCI bus; disk and networks bring it too */
	const struct ktstr_disk *disk;	/* KTSTR_DISK() */
	const struct ktstr_net * const *networks; /* KTSTR_NETS(), at most 8 */

	const struct ktstr_map_write * const *bpf_map_write;
	const struct ktstr_watch_map * const *watch_bpf_maps;
	const struct ktstr_perf_delta * const *perf_delta_assertions;
	int64_t num_snapshots;		/* 0..64 */

	/* Host side, after the VM: 0 or -errno. post_vm is not called after a guest failure. */
	int (*post_vm)(struct ktstr_result *result);
	int (*post_vm_unconditional)(struct ktstr_result *result);
	int64_t cleanup_budget_ms;	/* VM teardown, wall clock */

	const char *workload_root_cgroup; /* "/x": under it the cgroups are made */
	enum ktstr_switch wprof;
	const char *wprof_args;
	const struct ktstr_payload *payload;
	const struct ktstr_payload * const *workloads;
	const char * const *extra_include_files; /* host files, packed at /include-files/ */
	const char * const *extra_sched_args;	/* after the scheduler's own */
	const char *config;		/* inline text for a scheduler with config_arg */
};

#define KTSTR_TOPOLOGY_UNSET							\
	.numa_nodes = KTSTR_UNSET, .llcs = KTSTR_UNSET,				\
	.cores = KTSTR_UNSET, .threads = KTSTR_UNSET

#define KTSTR_SCHEDULER_UNSET							\
	KTSTR_TOPOLOGY_UNSET, KTSTR_CONSTRAINT_UNSET, KTSTR_CHECK_UNSET,	\
	.allow_unclean_exit = KTSTR_INHERIT, .tolerates_restart = KTSTR_INHERIT

#define KTSTR_TEST_UNSET							\
	KTSTR_TOPOLOGY_UNSET, KTSTR_CONSTRAINT_UNSET, KTSTR_CHECK_UNSET,	\
	.memory_mib = KTSTR_UNSET, .duration_s = KTSTR_UNSET,			\
	.grace_s = KTSTR_UNSET,							\
	.watchdog_timeout_s = KTSTR_UNSET, .workers_per_cgroup = KTSTR_UNSET,	\
	.expect_err = KTSTR_INHERIT, .survives_storm = KTSTR_INHERIT,		\
	.allow_unclean_exit = KTSTR_INHERIT,					\
	.fail_on_any_ejection = KTSTR_INHERIT,					\
	.tolerates_restart = KTSTR_INHERIT,					\
	.allow_inconclusive = KTSTR_INHERIT, .auto_repro = KTSTR_INHERIT,	\
	.expect_auto_repro = KTSTR_INHERIT, .performance_mode = KTSTR_INHERIT,	\
	.no_perf_mode = KTSTR_INHERIT, .cpu_budget = KTSTR_UNSET,		\
	.kaslr = KTSTR_INHERIT, .host_only = KTSTR_INHERIT,			\
	.ignore = KTSTR_INHERIT, .pci = KTSTR_INHERIT,				\
	.num_snapshots = KTSTR_UNSET, .cleanup_budget_ms = KTSTR_UNSET,		\
	.wprof = KTSTR_INHERIT

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The figures of a thread: one row each says what it is called, which file of the kernel it is read from,
 * in which unit it is kept, and how the values of a group of threads become one. A new figure is a row of
 * CTPROF_METRICS; capture, files, comparison, help and `ktstr list ctprof-metrics` follow from it. The same
 * holds for the figures that are computed from others (CTPROF_DERIVED).
 */
#ifndef KTSTR_TOOL_CTPROF_METRICS_H
#define KTSTR_TOOL_CTPROF_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a value is. SMAPS and what is of a process are read of the thread group leader only. */
enum ctprof_source {
	CTPROF_STAT,		/* field N of /proc/PID/task/TID/stat, from 1 as in proc_pid_stat(5) */
	CTPROF_SCHEDSTAT,	/* field N of schedstat, from 1 */
	CTPROF_STATUS,		/* the value of "KEY:" in status */
	CTPROF_IO,
	CTPROF_SCHED,		/* the same in sched, where a key is KEY or ends with .KEY */
	CTPROF_SMAPS,		/* /proc/PID/smaps_rollup */
	CTPROF_TASKSTATS,	/* the u64 at offset N of struct taskstats */
	CTPROF_NR_SOURCES
};

/* How it is written there. */
enum ctprof_form {
	CTPROF_NUMBER,
	CTPROF_KIB,		/* "4 kB", or a number that means so many KiB: kept in bytes */
	CTPROF_MS,		/* "12.000345" milliseconds: kept in ns. An integer is ns already */
	CTPROF_WORD,		/* text without blanks */
	CTPROF_POLICY,		/* a number of include/uapi/linux/sched.h: kept as its name */
	CTPROF_CPU_LIST,	/* "0-3,8" */
};

enum ctprof_unit {
	CTPROF_COUNT, CTPROF_NS, CTPROF_USEC, CTPROF_BYTES, CTPROF_TICKS, CTPROF_PERCENT_100,
	CTPROF_RATIO, CTPROF_PLAIN, CTPROF_NR_UNITS
};

/* The values of a group become: */
enum ctprof_rule {
	CTPROF_SUM,		/* their sum: counters, and amounts that add */
	CTPROF_MAX,		/* the largest: peaks, and settings that do not add */
	CTPROF_MIN,		/* the smallest that is not 0: 0 means "never" there */
	CTPROF_RANGE,		/* the smallest and the largest */
	CTPROF_MODE,		/* the most frequent; of equally frequent ones the first in the alphabet */
	CTPROF_CPUS,		/* the list that all have, or the smallest and largest number of CPUs */
};

enum ctprof_section {
	CTPROF_PRIMARY, CTPROF_DELAYS, CTPROF_DERIVED_FIGURES, CTPROF_SMAPS_ROLLUP, CTPROF_CGROUP_STATS,
	CTPROF_CGROUP_LIMITS, CTPROF_MEMORY_STAT, CTPROF_MEMORY_EVENTS, CTPROF_PRESSURE,
	CTPROF_HOST_PRESSURE, CTPROF_SCHED_EXT, CTPROF_HOST, CTPROF_NR_SECTIONS
};

#define CTPROF_THREAD	false
#define CTPROF_PROCESS	true

/* The four figures of a kind of delay; @count and @max: offsets in struct taskstats. */
#define CTPROF_DELAY(ROW, id, count, max, what)								\
	ROW(id##_delay_count, TASKSTATS, NULL, count, NUMBER, COUNT, SUM, THREAD, DELAYS,		\
	    "TASK_DELAY_ACCT", "how often the thread waited " what)					\
	ROW(id##_delay_total_ns, TASKSTATS, NULL, (count) + 8, NUMBER, NS, SUM, THREAD, DELAYS,		\
	    "TASK_DELAY_ACCT", "time the thread waited " what)						\
	ROW(id##_delay_max_ns, TASKSTATS, NULL, max, NUMBER, NS, MAX, THREAD, DELAYS,			\
	    "TASK_DELAY_ACCT", "the longest wait " what)						\
	ROW(id##_delay_min_ns, TASKSTATS, NULL, (max) + 8, NUMBER, NS, MIN, THREAD, DELAYS,		\
	    "TASK_DELAY_ACCT", "the shortest wait " what)

/*
 * Name, source, key, field or offset, form, unit, rule, whose it is, section, what of the kernel's
 * configuration it needs, and what it means. Offsets of struct taskstats are those of version 16 and later
 * of include/uapi/linux/taskstats.h; the struct only grew at its end, but for version 15.
 */
#define CTPROF_METRICS(ROW)										\
	ROW(policy, STAT, NULL, 41, POLICY, PLAIN, MODE, THREAD, PRIMARY, NULL, "scheduling policy")	\
	ROW(nice, STAT, NULL, 19, NUMBER, PLAIN, RANGE, THREAD, PRIMARY, NULL, "nice value, -20 to 19")	\
	ROW(priority, STAT, NULL, 18, NUMBER, PLAIN, RANGE, THREAD, PRIMARY, NULL,			\
	    "the kernel's priority: 20 + nice, or -1 - rt_priority")					\
	ROW(rt_priority, STAT, NULL, 40, NUMBER, PLAIN, RANGE, THREAD, PRIMARY, NULL,			\
	    "real-time priority, 0 without")								\
	ROW(cpu_affinity, STATUS, "Cpus_allowed_list", 0, CPU_LIST, PLAIN, CPUS, THREAD, PRIMARY, NULL,	\
	    "CPUs that the thread may use")								\
	ROW(processor, STAT, NULL, 39, NUMBER, PLAIN, RANGE, THREAD, PRIMARY, NULL,			\
	    "CPU that it ran on last")									\
	ROW(state, STAT, NULL, 3, WORD, PLAIN, MODE, THREAD, PRIMARY, NULL, "R, S, D, I, ... at the moment")	\
	ROW(ext_enabled, SCHED, "ext.enabled", 0, WORD, PLAIN, MODE, THREAD, PRIMARY, "SCHED_CLASS_EXT",	\
	    "1: a sched_ext scheduler has the thread")							\
	ROW(nr_threads, STAT, NULL, 20, NUMBER, COUNT, MAX, PROCESS, PRIMARY, NULL,			\
	    "threads of the process")									\
	ROW(run_time_ns, SCHEDSTAT, NULL, 1, NUMBER, NS, SUM, THREAD, PRIMARY, "SCHED_INFO",		\
	    "time on a CPU")										\
	ROW(wait_time_ns, SCHEDSTAT, NULL, 2, NUMBER, NS, SUM, THREAD, PRIMARY, "SCHED_INFO",		\
	    "time on a runqueue: the run delay")							\
	ROW(timeslices, SCHEDSTAT, NULL, 3, NUMBER, COUNT, SUM, THREAD, PRIMARY, "SCHED_INFO",		\
	    "how often it got a CPU")									\
	ROW(voluntary_csw, STATUS, "voluntary_ctxt_switches", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY, NULL,	\
	    "context switches because it blocked or yielded")						\
	ROW(nonvoluntary_csw, STATUS, "nonvoluntary_ctxt_switches", 0, NUMBER, COUNT, SUM, THREAD,	\
	    PRIMARY, NULL, "context switches because it was preempted")					\
	ROW(nr_wakeups, SCHED, "nr_wakeups", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY, "SCHEDSTATS",	\
	    "wakeups")											\
	ROW(nr_wakeups_local, SCHED, "nr_wakeups_local", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,	\
	    "SCHEDSTATS", "wakeups on the CPU of the waker")						\
	ROW(nr_wakeups_remote, SCHED, "nr_wakeups_remote", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,	\
	    "SCHEDSTATS", "wakeups on another CPU than that of the waker")				\
	ROW(nr_wakeups_sync, SCHED, "nr_wakeups_sync", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,		\
	    "SCHEDSTATS", "wakeups by a waker that is about to sleep")					\
	ROW(nr_wakeups_migrate, SCHED, "nr_wakeups_migrate", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,	\
	    "SCHEDSTATS", "wakeups that moved the thread to another CPU")				\
	ROW(nr_wakeups_affine, SCHED, "nr_wakeups_affine", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,	\
	    "SCHEDSTATS; CFS only", "wakeups that pulled the thread near its waker")			\
	ROW(nr_wakeups_affine_attempts, SCHED, "nr_wakeups_affine_attempts", 0, NUMBER, COUNT, SUM,	\
	    THREAD, PRIMARY, "SCHEDSTATS; CFS only", "wakeups that asked whether to do so")		\
	ROW(nr_migrations, SCHED, "nr_migrations", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY, NULL,	\
	    "moves to another CPU")									\
	ROW(nr_forced_migrations, SCHED, "nr_forced_migrations", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,	\
	    "SCHEDSTATS; CFS only", "moves by load balancing although the cache was hot")		\
	ROW(nr_failed_migrations_affine, SCHED, "nr_failed_migrations_affine", 0, NUMBER, COUNT, SUM,	\
	    THREAD, PRIMARY, "SCHEDSTATS; CFS only", "balancing failed: the thread may not run there")	\
	ROW(nr_failed_migrations_running, SCHED, "nr_failed_migrations_running", 0, NUMBER, COUNT, SUM,	\
	    THREAD, PRIMARY, "SCHEDSTATS; CFS only", "balancing failed: the thread was running")	\
	ROW(nr_failed_migrations_hot, SCHED, "nr_failed_migrations_hot", 0, NUMBER, COUNT, SUM,		\
	    THREAD, PRIMARY, "SCHEDSTATS; CFS only", "balancing failed: its cache was hot")		\
	ROW(wait_sum, SCHED, "wait_sum", 0, MS, NS, SUM, THREAD, PRIMARY, "SCHEDSTATS; not sched_ext",	\
	    "time on a runqueue, as the scheduling class counts it")					\
	ROW(wait_count, SCHED, "wait_count", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,			\
	    "SCHEDSTATS; not sched_ext", "waits on a runqueue")						\
	ROW(wait_max, SCHED, "wait_max", 0, MS, NS, MAX, THREAD, PRIMARY, "SCHEDSTATS; not sched_ext",	\
	    "the longest wait on a runqueue")								\
	ROW(sleep_sum, SCHED, "sum_sleep_runtime", 0, MS, NS, SUM, THREAD, PRIMARY,			\
	    "SCHEDSTATS; not sched_ext", "time asleep, interruptible or not")				\
	ROW(sleep_max, SCHED, "sleep_max", 0, MS, NS, MAX, THREAD, PRIMARY, "SCHEDSTATS; not sched_ext",	\
	    "the longest interruptible sleep")								\
	ROW(block_sum, SCHED, "sum_block_runtime", 0, MS, NS, SUM, THREAD, PRIMARY,			\
	    "SCHEDSTATS; not sched_ext", "time in uninterruptible sleep")				\
	ROW(block_max, SCHED, "block_max", 0, MS, NS, MAX, THREAD, PRIMARY, "SCHEDSTATS; not sched_ext",	\
	    "the longest uninterruptible sleep")							\
	ROW(iowait_sum, SCHED, "iowait_sum", 0, MS, NS, SUM, THREAD, PRIMARY, "SCHEDSTATS; not sched_ext",	\
	    "time asleep for I/O")									\
	ROW(iowait_count, SCHED, "iowait_count", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY,		\
	    "SCHEDSTATS; not sched_ext", "sleeps for I/O")						\
	ROW(exec_max, SCHED, "exec_max", 0, MS, NS, MAX, THREAD, PRIMARY, "SCHEDSTATS",			\
	    "the longest time between two updates of its run time")					\
	ROW(slice_max, SCHED, "slice_max", 0, MS, NS, MAX, THREAD, PRIMARY, "SCHEDSTATS; CFS only",	\
	    "the longest time on a CPU at a stretch")							\
	ROW(core_forceidle_sum, SCHED, "core_forceidle_sum", 0, MS, NS, SUM, THREAD, PRIMARY,		\
	    "SCHED_CORE, SCHEDSTATS", "time for which it kept SMT siblings idle")			\
	ROW(fair_slice_ns, SCHED, "slice", 0, NUMBER, NS, MAX, THREAD, PRIMARY, NULL,			\
	    "slice of the fair class; stale under sched_ext")						\
	ROW(minflt, STAT, NULL, 10, NUMBER, COUNT, SUM, THREAD, PRIMARY, NULL, "page faults without I/O")	\
	ROW(majflt, STAT, NULL, 12, NUMBER, COUNT, SUM, THREAD, PRIMARY, NULL, "page faults with I/O")	\
	ROW(utime_clock_ticks, STAT, NULL, 14, NUMBER, TICKS, SUM, THREAD, PRIMARY, NULL,		\
	    "time in user mode")									\
	ROW(stime_clock_ticks, STAT, NULL, 15, NUMBER, TICKS, SUM, THREAD, PRIMARY, NULL,		\
	    "time in the kernel")									\
	ROW(rchar, IO, "rchar", 0, NUMBER, BYTES, SUM, THREAD, PRIMARY, "TASK_XACCT",			\
	    "bytes that read() and its like returned")							\
	ROW(wchar, IO, "wchar", 0, NUMBER, BYTES, SUM, THREAD, PRIMARY, "TASK_XACCT",			\
	    "bytes that write() and its like took")							\
	ROW(syscr, IO, "syscr", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY, "TASK_XACCT",			\
	    "calls of read() and its like")								\
	ROW(syscw, IO, "syscw", 0, NUMBER, COUNT, SUM, THREAD, PRIMARY, "TASK_XACCT",			\
	    "calls of write() and its like")								\
	ROW(read_bytes, IO, "read_bytes", 0, NUMBER, BYTES, SUM, THREAD, PRIMARY, "TASK_IO_ACCOUNTING",	\
	    "bytes fetched from storage")								\
	ROW(write_bytes, IO, "write_bytes", 0, NUMBER, BYTES, SUM, THREAD, PRIMARY, "TASK_IO_ACCOUNTING",	\
	    "bytes to be written to storage")								\
	ROW(cancelled_write_bytes, IO, "cancelled_write_bytes", 0, NUMBER, BYTES, SUM, THREAD, PRIMARY,	\
	    "TASK_IO_ACCOUNTING", "dirty bytes that it truncated, also those of other threads")		\
	ROW(rss_bytes, STATUS, "VmRSS", 0, KIB, BYTES, SUM, PROCESS, PRIMARY, NULL, "resident memory")	\
	ROW(rss_peak_bytes, STATUS, "VmHWM", 0, KIB, BYTES, MAX, PROCESS, PRIMARY, NULL,		\
	    "the most resident memory so far")								\
	ROW(swap_bytes, STATUS, "VmSwap", 0, KIB, BYTES, SUM, PROCESS, PRIMARY, NULL, "memory in swap")	\
	ROW(smaps_rss_bytes, SMAPS, "Rss", 0, KIB, BYTES, SUM, PROCESS, SMAPS_ROLLUP, "--smaps",		\
	    "resident memory")										\
	ROW(smaps_pss_bytes, SMAPS, "Pss", 0, KIB, BYTES, SUM, PROCESS, SMAPS_ROLLUP, "--smaps",		\
	    "resident memory, shared pages divided by their users")					\
	ROW(smaps_private_clean_bytes, SMAPS, "Private_Clean", 0, KIB, BYTES, SUM, PROCESS, SMAPS_ROLLUP,	\
	    "--smaps", "clean pages of nobody else")							\
	ROW(smaps_private_dirty_bytes, SMAPS, "Private_Dirty", 0, KIB, BYTES, SUM, PROCESS, SMAPS_ROLLUP,	\
	    "--smaps", "dirty pages of nobody else")							\
	ROW(smaps_anonymous_bytes, SMAPS, "Anonymous", 0, KIB, BYTES, SUM, PROCESS, SMAPS_ROLLUP,	\
	    "--smaps", "pages without a file")								\
	ROW(smaps_swap_bytes, SMAPS, "Swap", 0, KIB, BYTES, SUM, PROCESS, SMAPS_ROLLUP, "--smaps",	\
	    "memory in swap")										\
	CTPROF_DELAY(ROW, cpu, 16, 432, "for a CPU")							\
	CTPROF_DELAY(ROW, blkio, 32, 448, "for block I/O")						\
	CTPROF_DELAY(ROW, swapin, 48, 464, "for a page from swap")					\
	CTPROF_DELAY(ROW, freepages, 312, 480, "for memory to be reclaimed")				\
	CTPROF_DELAY(ROW, thrashing, 328, 496, "for a page that had been evicted")			\
	CTPROF_DELAY(ROW, compact, 352, 512, "for memory to be compacted")				\
	CTPROF_DELAY(ROW, wpcopy, 400, 528, "for a copy on write")					\
	CTPROF_DELAY(ROW, irq, 416, 544, "for interrupts")						\
	ROW(hiwater_rss_bytes, TASKSTATS, NULL, 200, KIB, BYTES, MAX, PROCESS, DELAYS, "TASK_XACCT",	\
	    "the most resident memory so far")								\
	ROW(hiwater_vm_bytes, TASKSTATS, NULL, 208, KIB, BYTES, MAX, PROCESS, DELAYS, "TASK_XACCT",	\
	    "the largest address space so far")

#define CTPROF_ID(id, ...) CTPROF_##id,
enum ctprof_metric_id {
	CTPROF_METRICS(CTPROF_ID)
	CTPROF_NR_METRICS
};
#undef CTPROF_ID

struct ctprof_metric {
	const char *name;
	enum ctprof_source source;
	const char *key;		/* NULL: @field says where */
	uint16_t field;
	enum ctprof_form form;
	enum ctprof_unit unit;
	enum ctprof_rule rule;
	bool process;			/* is read of the leader only */
	enum ctprof_section section;
	const char *needs;		/* NULL: nothing that a kernel lacks */
	const char *help;
};

extern const struct ctprof_metric ctprof_metrics[CTPROF_NR_METRICS];

/* The values of an aggregate, and which of them are there. */
struct ctprof_values {
	bool has[CTPROF_NR_METRICS];
	double v[CTPROF_NR_METRICS];
};

/* Computed from the aggregates of a group. */
struct ctprof_derived {
	const char *name;
	enum ctprof_unit unit;
	/* NaN: something is not there, or would be divided by 0. */
	double (*compute)(const struct ctprof_values *v);
	enum ctprof_section section;	/* CTPROF_DELAYS: also of that one */
	const char *help;
};

extern const struct ctprof_derived ctprof_derived[];
extern const size_t ctprof_nr_derived;

const char *ctprof_section__name(enum ctprof_section section);
const char *ctprof_unit__name(enum ctprof_unit unit);
const char *ctprof_rule__name(enum ctprof_rule rule);
/* The file of a row, as "sched" or "taskstats". */
const char *ctprof_source__name(enum ctprof_source source);
/* Is the value a text? */
bool ctprof_form__is_text(enum ctprof_form form);
/* "SCHED_FIFO"; NULL: no policy that is known. */
const char *ctprof_policy__name(uint64_t policy);

/* CTPROF_NR_METRICS + N: derived figure N. -1: no such figure. */
int ctprof_metric__find(const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Short names of the macros that authors write. Each stands for the macro of the same name with
 * KTSTR_ (or ktstr_) in front, where the definition and its documentation are.
 *
 * Code that has an LLC or a STEP of its own defines KTSTR_NO_SHORT_NAMES before it includes
 * <ktstr.h>, and writes KTSTR_LLC and KTSTR_STEP.
 *
 * The short names take no parameters: this way the arguments reach the real macro as they are
 * written, and a claim that fails shows its source text.
 */
#if !defined(KTSTR_SHORT_NAMES_H) && !defined(KTSTR_NO_SHORT_NAMES)
#define KTSTR_SHORT_NAMES_H

/* The same text as in the kernel tree's <linux/time64.h>, which may be included as well. */
#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L

/* ktstr/work.h */
#define SPIN_WAIT			KTSTR_SPIN_WAIT
#define YIELD_HEAVY			KTSTR_YIELD_HEAVY
#define MIXED				KTSTR_MIXED
#define ALU_HOT				KTSTR_ALU_HOT
#define SMT_SIBLING_SPIN		KTSTR_SMT_SIBLING_SPIN
#define IPC_VARIANCE			KTSTR_IPC_VARIANCE
#define IO_SYNC_WRITE			KTSTR_IO_SYNC_WRITE
#define IO_RAND_READ			KTSTR_IO_RAND_READ
#define IO_CONVOY			KTSTR_IO_CONVOY
#define BURSTY				KTSTR_BURSTY
#define IDLE_CHURN			KTSTR_IDLE_CHURN
#define PIPE_IO				KTSTR_PIPE_IO
#define FUTEX_PING_PONG			KTSTR_FUTEX_PING_PONG
#define FUTEX_FAN_OUT			KTSTR_FUTEX_FAN_OUT
#define CACHE_PRESSURE			KTSTR_CACHE_PRESSURE
#define CACHE_YIELD			KTSTR_CACHE_YIELD
#define CACHE_PIPE			KTSTR_CACHE_PIPE
#define SEQUENCE			KTSTR_SEQUENCE
#define FORK_EXIT			KTSTR_FORK_EXIT
#define NICE_SWEEP			KTSTR_NICE_SWEEP
#define AFFINITY_CHURN			KTSTR_AFFINITY_CHURN
#define POLICY_CHURN			KTSTR_POLICY_CHURN
#define NUMA_MIGRATION_CHURN		KTSTR_NUMA_MIGRATION_CHURN
#define CGROUP_CHURN			KTSTR_CGROUP_CHURN
#define FAN_OUT_COMPUTE			KTSTR_FAN_OUT_COMPUTE
#define ASYMMETRIC_WAKER		KTSTR_ASYMMETRIC_WAKER
#define WAKE_CHAIN			KTSTR_WAKE_CHAIN
#define EPOLL_STORM			KTSTR_EPOLL_STORM
#define THUNDERING_HERD			KTSTR_THUNDERING_HERD
#define PAGE_FAULT_CHURN		KTSTR_PAGE_FAULT_CHURN
#define NUMA_WORKING_SET_SWEEP		KTSTR_NUMA_WORKING_SET_SWEEP
#define MUTEX_CONTENTION		KTSTR_MUTEX_CONTENTION
#define PRIORITY_INVERSION		KTSTR_PRIORITY_INVERSION
#define PRODUCER_CONSUMER_IMBALANCE	KTSTR_PRODUCER_CONSUMER_IMBALANCE
#define SIGNAL_STORM			KTSTR_SIGNAL_STORM
#define PREEMPT_STORM			KTSTR_PREEMPT_STORM
#define RT_STARVATION			KTSTR_RT_STARVATION
#define CUSTOM				KTSTR_CUSTOM
#define CUSTOM_OF			KTSTR_CUSTOM_OF
#define TIMER_LATENCY			KTSTR_TIMER_LATENCY
#define CROSS_AFFINITY_CHURN		KTSTR_CROSS_AFFINITY_CHURN
#define CGROUP_ATTACH_STORM		KTSTR_CGROUP_ATTACH_STORM
#define SCHBENCH			KTSTR_SCHBENCH
#define TAOBENCH			KTSTR_TAOBENCH
#define NET_TRAFFIC			KTSTR_NET_TRAFFIC
#define IRQ_WAKE			KTSTR_IRQ_WAKE

/* ktstr/scenario.h */
#define VALUE			KTSTR_VALUE
#define LIMIT			KTSTR_LIMIT
#define UNLIMITED		KTSTR_UNLIMITED
#define POLICY			KTSTR_POLICY
#define FIFO			KTSTR_FIFO
#define RR			KTSTR_RR
#define DEADLINE		KTSTR_DEADLINE
#define AFFINITY		KTSTR_AFFINITY
#define PINNED			KTSTR_PINNED
#define MPOL			KTSTR_MPOL
#define WORKSPEC		KTSTR_WORKSPEC
#define WORKS			KTSTR_WORKS
#define CPUS			KTSTR_CPUS
#define LLC			KTSTR_LLC
#define NUMA_NODE		KTSTR_NUMA_NODE
#define CPU_RANGE		KTSTR_CPU_RANGE
#define DISJOINT		KTSTR_DISJOINT
#define OVERLAP			KTSTR_OVERLAP
#define CPU_PCT			KTSTR_CPU_PCT
#define CPU_MAX_US		KTSTR_CPU_MAX_US
#define CPU_UNLIMITED		KTSTR_CPU_UNLIMITED
#define CGROUP			KTSTR_CGROUP
#define CGROUPS			KTSTR_CGROUPS
#define HOLD_FRAC		KTSTR_HOLD_FRAC
#define HOLD_FULL		KTSTR_HOLD_FULL
#define HOLD_SETTLED		KTSTR_HOLD_SETTLED
#define HOLD_SETTLE		KTSTR_HOLD_SETTLE
#define HOLD_MS			KTSTR_HOLD_MS
#define HOLD_LOOP_MS		KTSTR_HOLD_LOOP_MS
#define HOLD_NONE		KTSTR_HOLD_NONE
#define IRQ_LABEL		KTSTR_IRQ_LABEL
#define IRQ			KTSTR_IRQ
#define KSYM			KTSTR_KSYM
#define KADDR			KTSTR_KADDR
#define KPERCPU			KTSTR_KPERCPU
#define KTASK			KTSTR_KTASK
#define KU32			KTSTR_KU32
#define KU64			KTSTR_KU64
#define KBYTES			KTSTR_KBYTES
#define ADD_CGROUP		KTSTR_ADD_CGROUP
#define ADD_CGROUP_DEF		KTSTR_ADD_CGROUP_DEF
#define REMOVE_CGROUP		KTSTR_REMOVE_CGROUP
#define SET_CPUSET		KTSTR_SET_CPUSET
#define CLEAR_CPUSET		KTSTR_CLEAR_CPUSET
#define SWAP_CPUSETS		KTSTR_SWAP_CPUSETS
#define SPAWN			KTSTR_SPAWN
#define SPAWN_HOST		KTSTR_SPAWN_HOST
#define STOP_CGROUP		KTSTR_STOP_CGROUP
#define SET_AFFINITY		KTSTR_SET_AFFINITY
#define MOVE_ALL_TASKS		KTSTR_MOVE_ALL_TASKS
#define FREEZE_CGROUP		KTSTR_FREEZE_CGROUP
#define UNFREEZE_CGROUP		KTSTR_UNFREEZE_CGROUP
#define CAPTURE_CGROUP_PROCS	KTSTR_CAPTURE_CGROUP_PROCS
#define STEER_IRQ		KTSTR_STEER_IRQ
#define CPU_OFFLINE		KTSTR_CPU_OFFLINE
#define CPU_ONLINE		KTSTR_CPU_ONLINE
#define HOTPLUG_CHURN		KTSTR_HOTPLUG_CHURN
#define SET_WEIGHT		KTSTR_SET_WEIGHT
#define SET_CPU_MAX		KTSTR_SET_CPU_MAX
#define SET_UCLAMP		KTSTR_SET_UCLAMP
#define SET_CONTROLLERS		KTSTR_SET_CONTROLLERS
#define SET_NICE		KTSTR_SET_NICE
#define SET_POLICY		KTSTR_SET_POLICY
#define SET_CORE_COOKIE		KTSTR_SET_CORE_COOKIE
#define CLEAR_CORE_COOKIE	KTSTR_CLEAR_CORE_COOKIE
#define PIN_BPF_MAP		KTSTR_PIN_BPF_MAP
#define CAPTURE_SNAPSHOT	KTSTR_CAPTURE_SNAPSHOT
#define WATCH_SNAPSHOT		KTSTR_WATCH_SNAPSHOT
#define READ_KERNEL_HOT		KTSTR_READ_KERNEL_HOT
#define READ_KERNEL_COLD	KTSTR_READ_KERNEL_COLD
#define WRITE_KERNEL_HOT	KTSTR_WRITE_KERNEL_HOT
#define WRITE_KERNEL_COLD	KTSTR_WRITE_KERNEL_COLD
#define RUN_PAYLOAD		KTSTR_RUN_PAYLOAD
#define WAIT_PAYLOAD		KTSTR_WAIT_PAYLOAD
#define KILL_PAYLOAD		KTSTR_KILL_PAYLOAD
#define ATTACH_SCHEDULER	KTSTR_ATTACH_SCHEDULER
#define DETACH_SCHEDULER	KTSTR_DETACH_SCHEDULER
#define RESTART_SCHEDULER	KTSTR_RESTART_SCHEDULER
#define REPLACE_SCHEDULER	KTSTR_REPLACE_SCHEDULER
#define OPS			KTSTR_OPS
#define STEP			KTSTR_STEP
#define BACKDROP		KTSTR_BACKDROP

/* ktstr/claim.h */
#define AT_LEAST		KTSTR_AT_LEAST
#define AT_MOST			KTSTR_AT_MOST
#define LESS_THAN		KTSTR_LESS_THAN
#define MORE_THAN		KTSTR_MORE_THAN
#define EQUALS			KTSTR_EQUALS
#define IS_NOT			KTSTR_IS_NOT
#define BETWEEN			KTSTR_BETWEEN
#define NEAR			KTSTR_NEAR
#define IS_FINITE		KTSTR_IS_FINITE
#define IS_PRESENT		KTSTR_IS_PRESENT
#define HOLDS			KTSTR_HOLDS
#define claim			ktstr_claim
#define claim_at_least		ktstr_claim_at_least
#define claim_at_most		ktstr_claim_at_most
#define claim_lt		ktstr_claim_lt
#define claim_gt		ktstr_claim_gt
#define claim_equals		ktstr_claim_equals
#define claim_ne		ktstr_claim_ne
#define claim_between		ktstr_claim_between
#define claim_near		ktstr_claim_near
#define claim_finite		ktstr_claim_finite
#define claim_present		ktstr_claim_present
#define claim_true		ktstr_claim_true
#define claim_all_of		ktstr_claim_all_of
#define claim_any_of		ktstr_claim_any_of
#define claim_fraction_at_least	ktstr_claim_fraction_at_least
#define claim_fraction_at_most	ktstr_claim_fraction_at_most
#define claim_each_at_least	ktstr_claim_each_at_least
#define claim_each_at_most	ktstr_claim_each_at_most
#define claim_each_between	ktstr_claim_each_between
#define claim_each_finite	ktstr_claim_each_finite
#define claim_empty		ktstr_claim_empty
#define claim_nonempty		ktstr_claim_nonempty
#define claim_contains		ktstr_claim_contains
#define claim_subset_of		ktstr_claim_subset_of
#define claim_disjoint_from	ktstr_claim_disjoint_from
#define claim_cpus_equal	ktstr_claim_cpus_equal
#define claim_cpus_within	ktstr_claim_cpus_within
#define claim_cpus_outside	ktstr_claim_cpus_outside
#define claim_better		ktstr_claim_better
#define claim_thresholds	ktstr_claim_thresholds
#define claim_scx_events_clean	ktstr_claim_scx_events_clean
#define claim_skip_if		ktstr_claim_skip_if
#define claim_note		ktstr_claim_note
#define claim_note_value	ktstr_claim_note_value

/* ktstr/payload.h */
#define METRIC_MIN	KTSTR_METRIC_MIN
#define METRIC_MAX	KTSTR_METRIC_MAX
#define METRIC_RANGE	KTSTR_METRIC_RANGE
#define METRIC_EXISTS	KTSTR_METRIC_EXISTS
#define EXIT_CODE	KTSTR_EXIT_CODE
#define METRIC_BOUNDS	KTSTR_METRIC_BOUNDS
#define METRIC_RULES	KTSTR_METRIC_RULES
#define PAYLOAD_CHECKS	KTSTR_PAYLOAD_CHECKS
#define PAYLOADS	KTSTR_PAYLOADS
#define spawn_payload	ktstr_spawn_payload
#define run_payload	ktstr_run_payload

/* ktstr/attrs.h */
#define DEFAULT_CHECKS	KTSTR_DEFAULT_CHECKS

/* ktstr/register.h */
#define WATCH_MAPS	KTSTR_WATCH_MAPS
#define WATCH_MAP	KTSTR_WATCH_MAP
#define MAP_WRITES	KTSTR_MAP_WRITES
#define MAP_WRITE	KTSTR_MAP_WRITE

/* ktstr/stats.h */
#define phase_cgroup	ktstr_phase_cgroup
#define phase_worker	ktstr_phase_worker
#define phase_stats	ktstr_phase_stats
#define cgroup_stats	ktstr_cgroup_stats
#define run_stats	ktstr_run_stats
#define ext_metric	ktstr_ext_metric
#define run_metric	ktstr_run_metric
#define stalls_of	ktstr_stalls_of

/* ktstr/hand.h */
#define CGROUP_GROUP		KTSTR_CGROUP_GROUP
#define WORKLOAD		KTSTR_WORKLOAD
#define all_cpus		ktstr_all_cpus
#define cgroup_make		ktstr_cgroup_make
#define cgroup_remove		ktstr_cgroup_remove
#define cgroup_set_cpuset	ktstr_cgroup_set_cpuset
#define cgroup_clear_cpuset	ktstr_cgroup_clear_cpuset
#define cgroup_move_tasks	ktstr_cgroup_move_tasks
#define cgroup_group_add	ktstr_cgroup_group_add
#define cgroup_group_remove	ktstr_cgroup_group_remove
#define workload_spawn		ktstr_workload_spawn
#define workload_spawn_in	ktstr_workload_spawn_in
#define workload_pids		ktstr_workload_pids
#define workload_start		ktstr_workload_start
#define workload_collect	ktstr_workload_collect
#define workload_drop		ktstr_workload_drop
#define reports_nr		ktstr_reports_nr
#define reports_worker		ktstr_reports_worker
#define reports_stats		ktstr_reports_stats
#define assert_cgroup		ktstr_assert_cgroup
#define collect_all		ktstr_collect_all
#define spawn_diverse		ktstr_spawn_diverse
#define hold_for		ktstr_hold_for

#endif

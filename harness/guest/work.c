// SPDX-License-Identifier: GPL-2.0
/*
 * The work types. A work unit is the smallest countable progress; an iteration is one pass of
 * a type's outer loop and must return within milliseconds of CPU time, because the order to
 * stop is looked for between iterations.
 *
 * A type is its row, which stands with its functions in types/, and a line here.
 */
#include "types/types.h"

const struct ktstr_work_row * const ktstr_work_table[KTSTR_NR_WORK_TYPES] = {
	[KTSTR_WORK_SPIN_WAIT] = &ktstr_work_spin_wait,
	[KTSTR_WORK_YIELD_HEAVY] = &ktstr_work_yield_heavy,
	[KTSTR_WORK_MIXED] = &ktstr_work_mixed,
	[KTSTR_WORK_ALU_HOT] = &ktstr_work_alu_hot,
	[KTSTR_WORK_SMT_SIBLING_SPIN] = &ktstr_work_smt_sibling_spin,
	[KTSTR_WORK_IPC_VARIANCE] = &ktstr_work_ipc_variance,
	[KTSTR_WORK_IO_SYNC_WRITE] = &ktstr_work_io_sync_write,
	[KTSTR_WORK_IO_RAND_READ] = &ktstr_work_io_rand_read,
	[KTSTR_WORK_IO_CONVOY] = &ktstr_work_io_convoy,
	[KTSTR_WORK_BURSTY] = &ktstr_work_bursty,
	[KTSTR_WORK_IDLE_CHURN] = &ktstr_work_idle_churn,
	[KTSTR_WORK_PIPE_IO] = &ktstr_work_pipe_io,
	[KTSTR_WORK_FUTEX_PING_PONG] = &ktstr_work_futex_ping_pong,
	[KTSTR_WORK_FUTEX_FAN_OUT] = &ktstr_work_futex_fan_out,
	[KTSTR_WORK_CACHE_PRESSURE] = &ktstr_work_cache_pressure,
	[KTSTR_WORK_CACHE_YIELD] = &ktstr_work_cache_yield,
	[KTSTR_WORK_CACHE_PIPE] = &ktstr_work_cache_pipe,
	[KTSTR_WORK_SEQUENCE] = &ktstr_work_sequence,
	[KTSTR_WORK_FORK_EXIT] = &ktstr_work_fork_exit,
	[KTSTR_WORK_NICE_SWEEP] = &ktstr_work_nice_sweep,
	[KTSTR_WORK_AFFINITY_CHURN] = &ktstr_work_affinity_churn,
	[KTSTR_WORK_POLICY_CHURN] = &ktstr_work_policy_churn,
	[KTSTR_WORK_NUMA_MIGRATION_CHURN] = &ktstr_work_numa_migration_churn,
	[KTSTR_WORK_CGROUP_CHURN] = &ktstr_work_cgroup_churn,
	[KTSTR_WORK_FAN_OUT_COMPUTE] = &ktstr_work_fan_out_compute,
	[KTSTR_WORK_ASYMMETRIC_WAKER] = &ktstr_work_asymmetric_waker,
	[KTSTR_WORK_WAKE_CHAIN] = &ktstr_work_wake_chain,
	[KTSTR_WORK_EPOLL_STORM] = &ktstr_work_epoll_storm,
	[KTSTR_WORK_THUNDERING_HERD] = &ktstr_work_thundering_herd,
	[KTSTR_WORK_PAGE_FAULT_CHURN] = &ktstr_work_page_fault_churn,
	[KTSTR_WORK_NUMA_WORKING_SET_SWEEP] = &ktstr_work_numa_working_set_sweep,
	[KTSTR_WORK_MUTEX_CONTENTION] = &ktstr_work_mutex_contention,
	[KTSTR_WORK_PRIORITY_INVERSION] = &ktstr_work_priority_inversion,
	[KTSTR_WORK_PRODUCER_CONSUMER_IMBALANCE] = &ktstr_work_producer_consumer_imbalance,
	[KTSTR_WORK_SIGNAL_STORM] = &ktstr_work_signal_storm,
	[KTSTR_WORK_PREEMPT_STORM] = &ktstr_work_preempt_storm,
	[KTSTR_WORK_RT_STARVATION] = &ktstr_work_rt_starvation,
	[KTSTR_WORK_CUSTOM] = &ktstr_work_custom,
	[KTSTR_WORK_TIMER_LATENCY] = &ktstr_work_timer_latency,
	[KTSTR_WORK_CROSS_AFFINITY_CHURN] = &ktstr_work_cross_affinity_churn,
	[KTSTR_WORK_CGROUP_ATTACH_STORM] = &ktstr_work_cgroup_attach_storm,
	[KTSTR_WORK_SCHBENCH] = &ktstr_work_schbench,
	[KTSTR_WORK_TAOBENCH] = &ktstr_work_taobench,
	[KTSTR_WORK_NET_TRAFFIC] = &ktstr_work_net_traffic,
	[KTSTR_WORK_IRQ_WAKE] = &ktstr_work_irq_wake,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * The work types. A work unit is the smallest countable progress; an iteration is one pass of
 * a type's outer loop and must return within milliseconds of CPU time, because the order to
 * stop is looked for between iterations.
 *
 * A type is its row, which stands with its functions in types/, and a line here.
 */
#include "types/types.h"

#define ROW(_TYPE, _row)	[KTSTR_WORK_##_TYPE] = &ktstr_work_##_row

const struct ktstr_work_row * const ktstr_work_table[KTSTR_NR_WORK_TYPES] = {
	ROW(SPIN_WAIT, spin_wait),
	ROW(YIELD_HEAVY, yield_heavy),
	ROW(MIXED, mixed),
	ROW(ALU_HOT, alu_hot),
	ROW(SMT_SIBLING_SPIN, smt_sibling_spin),
	ROW(IPC_VARIANCE, ipc_variance),
	ROW(IO_SYNC_WRITE, io_sync_write),
	ROW(IO_RAND_READ, io_rand_read),
	ROW(IO_CONVOY, io_convoy),
	ROW(BURSTY, bursty),
	ROW(IDLE_CHURN, idle_churn),
	ROW(PIPE_IO, pipe_io),
	ROW(FUTEX_PING_PONG, futex_ping_pong),
	ROW(FUTEX_FAN_OUT, futex_fan_out),
	ROW(CACHE_PRESSURE, cache_pressure),
	ROW(CACHE_YIELD, cache_yield),
	ROW(CACHE_PIPE, cache_pipe),
	ROW(SEQUENCE, sequence),
	ROW(FORK_EXIT, fork_exit),
	ROW(NICE_SWEEP, nice_sweep),
	ROW(AFFINITY_CHURN, affinity_churn),
	ROW(POLICY_CHURN, policy_churn),
	ROW(NUMA_MIGRATION_CHURN, numa_migration_churn),
	ROW(CGROUP_CHURN, cgroup_churn),
	ROW(FAN_OUT_COMPUTE, fan_out_compute),
	ROW(ASYMMETRIC_WAKER, asymmetric_waker),
	ROW(WAKE_CHAIN, wake_chain),
	ROW(EPOLL_STORM, epoll_storm),
	ROW(THUNDERING_HERD, thundering_herd),
	ROW(PAGE_FAULT_CHURN, page_fault_churn),
	ROW(NUMA_WORKING_SET_SWEEP, numa_working_set_sweep),
	ROW(MUTEX_CONTENTION, mutex_contention),
	ROW(PRIORITY_INVERSION, priority_inversion),
	ROW(PRODUCER_CONSUMER_IMBALANCE, producer_consumer_imbalance),
	ROW(SIGNAL_STORM, signal_storm),
	ROW(PREEMPT_STORM, preempt_storm),
	ROW(RT_STARVATION, rt_starvation),
	ROW(CUSTOM, custom),
	ROW(TIMER_LATENCY, timer_latency),
};

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of the work types, one a type, each defined next to the function it names. The
 * table in work.c puts them in the order of enum ktstr_work_type; nobody else refers to one.
 */
#ifndef KTSTR_GUEST_TYPES_H
#define KTSTR_GUEST_TYPES_H

#include "../work.h"

extern const struct ktstr_work_row ktstr_work_spin_wait;
extern const struct ktstr_work_row ktstr_work_yield_heavy;
extern const struct ktstr_work_row ktstr_work_mixed;
extern const struct ktstr_work_row ktstr_work_alu_hot;
extern const struct ktstr_work_row ktstr_work_smt_sibling_spin;
extern const struct ktstr_work_row ktstr_work_ipc_variance;
extern const struct ktstr_work_row ktstr_work_io_sync_write;
extern const struct ktstr_work_row ktstr_work_io_rand_read;
extern const struct ktstr_work_row ktstr_work_io_convoy;
extern const struct ktstr_work_row ktstr_work_bursty;
extern const struct ktstr_work_row ktstr_work_idle_churn;
extern const struct ktstr_work_row ktstr_work_pipe_io;
extern const struct ktstr_work_row ktstr_work_futex_ping_pong;
extern const struct ktstr_work_row ktstr_work_futex_fan_out;
extern const struct ktstr_work_row ktstr_work_cache_pressure;
extern const struct ktstr_work_row ktstr_work_cache_yield;
extern const struct ktstr_work_row ktstr_work_cache_pipe;
extern const struct ktstr_work_row ktstr_work_sequence;
extern const struct ktstr_work_row ktstr_work_fork_exit;
extern const struct ktstr_work_row ktstr_work_nice_sweep;
extern const struct ktstr_work_row ktstr_work_affinity_churn;
extern const struct ktstr_work_row ktstr_work_policy_churn;
extern const struct ktstr_work_row ktstr_work_numa_migration_churn;
extern const struct ktstr_work_row ktstr_work_cgroup_churn;
extern const struct ktstr_work_row ktstr_work_fan_out_compute;
extern const struct ktstr_work_row ktstr_work_asymmetric_waker;
extern const struct ktstr_work_row ktstr_work_wake_chain;
extern const struct ktstr_work_row ktstr_work_epoll_storm;
extern const struct ktstr_work_row ktstr_work_thundering_herd;
extern const struct ktstr_work_row ktstr_work_page_fault_churn;
extern const struct ktstr_work_row ktstr_work_numa_working_set_sweep;
extern const struct ktstr_work_row ktstr_work_mutex_contention;
extern const struct ktstr_work_row ktstr_work_priority_inversion;
extern const struct ktstr_work_row ktstr_work_producer_consumer_imbalance;
extern const struct ktstr_work_row ktstr_work_signal_storm;
extern const struct ktstr_work_row ktstr_work_preempt_storm;
extern const struct ktstr_work_row ktstr_work_rt_starvation;
extern const struct ktstr_work_row ktstr_work_custom;
extern const struct ktstr_work_row ktstr_work_timer_latency;
extern const struct ktstr_work_row ktstr_work_cross_affinity_churn;
extern const struct ktstr_work_row ktstr_work_cgroup_attach_storm;
extern const struct ktstr_work_row ktstr_work_schbench;
extern const struct ktstr_work_row ktstr_work_taobench;
extern const struct ktstr_work_row ktstr_work_net_traffic;
extern const struct ktstr_work_row ktstr_work_irq_wake;

#endif

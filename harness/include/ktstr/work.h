/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work types as an author writes them: the enum, the parameters and a macro for each.
 */
#ifndef KTSTR_WORK_H
#define KTSTR_WORK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A work type is what one worker does until it is told to stop. The table of
 * harness/guest/work/types/table.c has one row for each; docs/work-types.md is generated from it.
 * A parameter that is 0 takes the default named behind it.
 */
/*
 * The work types. A row makes KTSTR_WORK_<first> and, in the guest, the row ktstr_work_<second> of
 * harness/guest/work/types/, which has the functions and the words for it.
 */
#define KTSTR_WORK_TYPES(TYPE)							\
	TYPE(SPIN_WAIT, spin_wait)					\
	TYPE(YIELD_HEAVY, yield_heavy)					\
	TYPE(MIXED, mixed)						\
	TYPE(ALU_HOT, alu_hot)						\
	TYPE(SMT_SIBLING_SPIN, smt_sibling_spin)			\
	TYPE(IPC_VARIANCE, ipc_variance)				\
	TYPE(IO_SYNC_WRITE, io_sync_write)				\
	TYPE(IO_RAND_READ, io_rand_read)				\
	TYPE(IO_CONVOY, io_convoy)					\
	TYPE(BURSTY, bursty)						\
	TYPE(IDLE_CHURN, idle_churn)					\
	TYPE(PIPE_IO, pipe_io)						\
	TYPE(FUTEX_PING_PONG, futex_ping_pong)				\
	TYPE(FUTEX_FAN_OUT, futex_fan_out)				\
	TYPE(CACHE_PRESSURE, cache_pressure)				\
	TYPE(CACHE_YIELD, cache_yield)					\
	TYPE(CACHE_PIPE, cache_pipe)					\
	TYPE(SEQUENCE, sequence)					\
	TYPE(FORK_EXIT, fork_exit)					\
	TYPE(NICE_SWEEP, nice_sweep)					\
	TYPE(AFFINITY_CHURN, affinity_churn)				\
	TYPE(POLICY_CHURN, policy_churn)				\
	TYPE(NUMA_MIGRATION_CHURN, numa_migration_churn)		\
	TYPE(CGROUP_CHURN, cgroup_churn)				\
	TYPE(FAN_OUT_COMPUTE, fan_out_compute)				\
	TYPE(ASYMMETRIC_WAKER, asymmetric_waker)			\
	TYPE(WAKE_CHAIN, wake_chain)					\
	TYPE(EPOLL_STORM, epoll_storm)					\
	TYPE(THUNDERING_HERD, thundering_herd)				\
	TYPE(PAGE_FAULT_CHURN, page_fault_churn)			\
	TYPE(NUMA_WORKING_SET_SWEEP, numa_working_set_sweep)		\
	TYPE(MUTEX_CONTENTION, mutex_contention)			\
	TYPE(PRIORITY_INVERSION, priority_inversion)			\
	TYPE(PRODUCER_CONSUMER_IMBALANCE, producer_consumer_imbalance)	\
	TYPE(SIGNAL_STORM, signal_storm)				\
	TYPE(PREEMPT_STORM, preempt_storm)				\
	TYPE(RT_STARVATION, rt_starvation)				\
	TYPE(CUSTOM, custom)						\
	TYPE(TIMER_LATENCY, timer_latency)				\
	TYPE(CROSS_AFFINITY_CHURN, cross_affinity_churn)		\
	TYPE(CGROUP_ATTACH_STORM, cgroup_attach_storm)			\
	TYPE(SCHBENCH, schbench)					\
	TYPE(TAOBENCH, taobench)					\
	TYPE(NET_TRAFFIC, net_traffic)					\
	TYPE(IRQ_WAKE, irq_wake)

#define KTSTR_WORK_TYPE_VALUE(_name, _row)	KTSTR_WORK_##_name,
enum ktstr_work_type {
	KTSTR_WORK_TYPES(KTSTR_WORK_TYPE_VALUE)
	KTSTR_NR_WORK_TYPES,
};

enum ktstr_alu_width {
	KTSTR_ALU_WIDEST, KTSTR_ALU_SCALAR, KTSTR_ALU_VEC128, KTSTR_ALU_VEC256,
	KTSTR_ALU_VEC512, KTSTR_ALU_AMX,
};
enum ktstr_sched_class {
	KTSTR_CLASS_CFS, KTSTR_CLASS_BATCH, KTSTR_CLASS_IDLE, KTSTR_CLASS_RT,
	KTSTR_CLASS_DEADLINE, KTSTR_CLASS_EXT,
};
enum ktstr_wake_mechanism { KTSTR_WAKE_PIPE, KTSTR_WAKE_FUTEX };
enum ktstr_lock_mode { KTSTR_LOCK_PLAIN, KTSTR_LOCK_PI };
enum ktstr_reap_mode { KTSTR_REAP_WAITPID, KTSTR_REAP_SIG_IGN };
enum ktstr_phase_kind {
	KTSTR_PHASE_SPIN, KTSTR_PHASE_SLEEP, KTSTR_PHASE_YIELD, KTSTR_PHASE_IO,
};

struct ktstr_work_phase {
	enum ktstr_phase_kind kind;
	uint64_t ns;			/* 0 ends the list */
};

struct ktstr_work_ctx;

struct ktstr_work {
	enum ktstr_work_type type;
	union {
		struct { enum ktstr_alu_width width; } alu_hot;
		struct { uint32_t hot, cold, period; } ipc_variance;	/* 100000, 1024, 64 */
		struct { uint64_t burst_ns, sleep_ns; } bursty;		/* 50 ms, 100 ms */
		struct { uint64_t burst_ns, sleep_ns; bool precise; } idle_churn; /* 1, 5 ms */
		struct { uint32_t spin; } pipe_io;			/* 1024 */
		struct { uint32_t spin; } futex_ping_pong;		/* 1024 */
		struct { uint32_t fan, spin; } futex_fan_out;		/* 4, 1024 */
		struct { uint32_t kib, stride; } cache;			/* 32, 64; 3 types */
		struct { const struct ktstr_work_phase *phases; } sequence;
		struct { uint32_t spin; } affinity_churn;		/* 1024 */
		struct { uint32_t spin; } policy_churn;			/* 1024 */
		struct { uint64_t period_ns; } numa_migration_churn;	/* 100 ms */
		struct { uint32_t groups; uint64_t period_ns; } cgroup_churn; /* 2, 100 ms */
		struct {
			uint32_t fan, kib, ops;				/* 4, 256, 5 */
			uint64_t sleep_ns;				/* 100 us */
		} fan_out_compute;
		struct { enum ktstr_sched_class waker, wakee; uint32_t spin; } asymmetric_waker;
		struct {
			uint32_t depth;					/* 4 */
			enum ktstr_wake_mechanism mechanism;
			uint64_t work_ns;				/* 100 us a hop */
		} wake_chain;
		struct {
			uint32_t producers, consumers, burst;		/* 1, 2, 32 */
			uint64_t pause_ns;				/* 100 us */
		} epoll_storm;
		struct { uint32_t waiters, batches; uint64_t pause_ns; } thundering_herd; /* 7, 1000, 5 ms */
		struct { uint32_t kib, touches, spin; } page_fault_churn; /* 4096, 256, 64 */
		struct {
			uint32_t kib;			/* 4096 */
			uint64_t period_ns;		/* 100 ms */
			const char *nodes;		/* "0,2-3"; NULL: all it may use */
		} numa_working_set_sweep;
		struct { uint32_t contenders, hold, spin; } mutex_contention; /* 4, 256, 1024 */
		struct {
			uint32_t high, medium, low;			/* 1, 1, 1 */
			uint32_t hold, spin;				/* 4096, 1024 */
			enum ktstr_lock_mode mode;
		} priority_inversion;
		struct {
			uint32_t producers, consumers;			/* 2, 1 */
			uint32_t rate_hz, consume, depth;		/* 1000, 4096, 1024 */
		} producer_consumer;
		struct { uint32_t signals, spin; } signal_storm;	/* 16, 1024 */
		struct { uint32_t cfs, spin; uint64_t sleep_ns; } preempt_storm; /* 2, 1024, 1 ms */
		struct { uint32_t rt, cfs, priority, spin; } rt_starvation; /* 1, 1, 50, 1024 */
		struct {
			const char *name;
			void (*iterate)(struct ktstr_work_ctx *w);
			uint64_t arg[4];
			const void *config;	/* CUSTOM_OF() */
		} custom;
		struct { uint64_t interval_ns; } timer_latency;		/* 1 ms */
		struct { uint32_t spin; } cross_affinity_churn;		/* 1024 */
		struct {
			const char *dest;	/* cgroup of the test; NULL: one of its own */
			enum ktstr_reap_mode reap;
		} cgroup_attach_storm;
		struct {
			uint32_t messengers, workers;	/* 1; of each, CPUs / messengers */
			uint32_t kib, ops;		/* 256, 5 */
			uint64_t sleep_ns;		/* 100 us */
			uint32_t rps;			/* of all; 0: as fast as it goes */
			bool unlocked;			/* without the lock of each CPU */
			uint32_t auto_rps;		/* % of its CPUs to keep busy; 0: rps */
			uint32_t split;			/* % of the ops read what all share */
			uint32_t pipe_bytes;		/* a request only hands this over; 0: it works */
		} schbench;
		struct {
			uint32_t clients, slow;		/* CPUs; clients / 3 */
			uint32_t kib, hit_pct;		/* 65536, 90 */
			uint64_t slow_ns;		/* 100 us */
			uint32_t rps;			/* of all; 0: closed loop */
			uint64_t slow_p99_ns;		/* Pareto, from slow_ns on; 0: all alike */
			uint32_t size_p99;		/* Pareto, from 64 bytes on; 0: all 1024 */
		} taobench;
		struct {
			const char *card;		/* "eth0" */
			uint32_t bytes, burst;		/* 1024, 32 */
			uint64_t pause_ns;		/* 1 ms */
		} net_traffic;
		struct { const char *card; uint32_t spin; } irq_wake;	/* "eth0", 256 */
	};
};

/*
 * One macro a type; parameters by name: FUTEX_FAN_OUT(.fan = 2). They are expressions: gcc
 * takes them in data of a function, not nested in static data at file scope.
 */
#define KTSTR_WORK(_type, _member, ...)						\
	((struct ktstr_work){ .type = KTSTR_WORK_##_type, ._member = { __VA_ARGS__ } })
#define KTSTR_PLAIN_WORK(_type)	((struct ktstr_work){ .type = KTSTR_WORK_##_type })

#define KTSTR_SPIN_WAIT			KTSTR_PLAIN_WORK(SPIN_WAIT)
#define KTSTR_YIELD_HEAVY		KTSTR_PLAIN_WORK(YIELD_HEAVY)
#define KTSTR_MIXED			KTSTR_PLAIN_WORK(MIXED)
#define KTSTR_ALU_HOT(...)		KTSTR_WORK(ALU_HOT, alu_hot, __VA_ARGS__)
#define KTSTR_SMT_SIBLING_SPIN		KTSTR_PLAIN_WORK(SMT_SIBLING_SPIN)
#define KTSTR_IPC_VARIANCE(...)		KTSTR_WORK(IPC_VARIANCE, ipc_variance, __VA_ARGS__)
#define KTSTR_IO_SYNC_WRITE		KTSTR_PLAIN_WORK(IO_SYNC_WRITE)
#define KTSTR_IO_RAND_READ		KTSTR_PLAIN_WORK(IO_RAND_READ)
#define KTSTR_IO_CONVOY			KTSTR_PLAIN_WORK(IO_CONVOY)
#define KTSTR_BURSTY(_burst_ns, _sleep_ns)					\
	KTSTR_WORK(BURSTY, bursty, .burst_ns = (_burst_ns), .sleep_ns = (_sleep_ns))
#define KTSTR_IDLE_CHURN(...)		KTSTR_WORK(IDLE_CHURN, idle_churn, __VA_ARGS__)
#define KTSTR_PIPE_IO(...)		KTSTR_WORK(PIPE_IO, pipe_io, __VA_ARGS__)
#define KTSTR_FUTEX_PING_PONG(...)	KTSTR_WORK(FUTEX_PING_PONG, futex_ping_pong, __VA_ARGS__)
#define KTSTR_FUTEX_FAN_OUT(...)	KTSTR_WORK(FUTEX_FAN_OUT, futex_fan_out, __VA_ARGS__)
#define KTSTR_CACHE_PRESSURE(...)	KTSTR_WORK(CACHE_PRESSURE, cache, __VA_ARGS__)
#define KTSTR_CACHE_YIELD(...)		KTSTR_WORK(CACHE_YIELD, cache, __VA_ARGS__)
#define KTSTR_CACHE_PIPE(...)		KTSTR_WORK(CACHE_PIPE, cache, __VA_ARGS__)
/* SEQUENCE({ KTSTR_PHASE_SPIN, 10 * NSEC_PER_MSEC }, { KTSTR_PHASE_SLEEP, ... }) */
#define KTSTR_SEQUENCE(...)							\
	KTSTR_WORK(SEQUENCE, sequence,						\
		   .phases = (const struct ktstr_work_phase[]){ __VA_ARGS__, { 0, 0 } })
#define KTSTR_FORK_EXIT			KTSTR_PLAIN_WORK(FORK_EXIT)
#define KTSTR_NICE_SWEEP		KTSTR_PLAIN_WORK(NICE_SWEEP)
#define KTSTR_AFFINITY_CHURN(...)	KTSTR_WORK(AFFINITY_CHURN, affinity_churn, __VA_ARGS__)
#define KTSTR_POLICY_CHURN(...)		KTSTR_WORK(POLICY_CHURN, policy_churn, __VA_ARGS__)
#define KTSTR_NUMA_MIGRATION_CHURN(...)						\
	KTSTR_WORK(NUMA_MIGRATION_CHURN, numa_migration_churn, __VA_ARGS__)
#define KTSTR_CGROUP_CHURN(...)		KTSTR_WORK(CGROUP_CHURN, cgroup_churn, __VA_ARGS__)
#define KTSTR_FAN_OUT_COMPUTE(...)	KTSTR_WORK(FAN_OUT_COMPUTE, fan_out_compute, __VA_ARGS__)
#define KTSTR_ASYMMETRIC_WAKER(...)	KTSTR_WORK(ASYMMETRIC_WAKER, asymmetric_waker, __VA_ARGS__)
#define KTSTR_WAKE_CHAIN(...)		KTSTR_WORK(WAKE_CHAIN, wake_chain, __VA_ARGS__)
#define KTSTR_EPOLL_STORM(...)		KTSTR_WORK(EPOLL_STORM, epoll_storm, __VA_ARGS__)
#define KTSTR_THUNDERING_HERD(...)	KTSTR_WORK(THUNDERING_HERD, thundering_herd, __VA_ARGS__)
#define KTSTR_PAGE_FAULT_CHURN(...)	KTSTR_WORK(PAGE_FAULT_CHURN, page_fault_churn, __VA_ARGS__)
#define KTSTR_NUMA_WORKING_SET_SWEEP(...)					\
	KTSTR_WORK(NUMA_WORKING_SET_SWEEP, numa_working_set_sweep, __VA_ARGS__)
#define KTSTR_MUTEX_CONTENTION(...)	KTSTR_WORK(MUTEX_CONTENTION, mutex_contention, __VA_ARGS__)
#define KTSTR_PRIORITY_INVERSION(...)						\
	KTSTR_WORK(PRIORITY_INVERSION, priority_inversion, __VA_ARGS__)
#define KTSTR_PRODUCER_CONSUMER_IMBALANCE(...)					\
	KTSTR_WORK(PRODUCER_CONSUMER_IMBALANCE, producer_consumer, __VA_ARGS__)
#define KTSTR_SIGNAL_STORM(...)		KTSTR_WORK(SIGNAL_STORM, signal_storm, __VA_ARGS__)
#define KTSTR_PREEMPT_STORM(...)	KTSTR_WORK(PREEMPT_STORM, preempt_storm, __VA_ARGS__)
#define KTSTR_RT_STARVATION(...)	KTSTR_WORK(RT_STARVATION, rt_starvation, __VA_ARGS__)
#define KTSTR_CUSTOM(_name, _fn, ...)						\
	KTSTR_WORK(CUSTOM, custom, .name = (_name), .iterate = (_fn), ##__VA_ARGS__)
/* The function made by KTSTR_CUSTOM_WORK() of ktstr/custom.h, with members of its configuration */
#define KTSTR_CUSTOM_OF(_fn, ...)						\
	KTSTR_WORK(CUSTOM, custom, .name = #_fn, .iterate = _ktstr_custom_##_fn, \
		   .config = &(const struct _ktstr_config_##_fn){ { __VA_ARGS__ } })
#define KTSTR_TIMER_LATENCY(...)	KTSTR_WORK(TIMER_LATENCY, timer_latency, __VA_ARGS__)
#define KTSTR_CROSS_AFFINITY_CHURN(...)						\
	KTSTR_WORK(CROSS_AFFINITY_CHURN, cross_affinity_churn, __VA_ARGS__)
#define KTSTR_CGROUP_ATTACH_STORM(...)						\
	KTSTR_WORK(CGROUP_ATTACH_STORM, cgroup_attach_storm, __VA_ARGS__)
#define KTSTR_SCHBENCH(...)		KTSTR_WORK(SCHBENCH, schbench, __VA_ARGS__)
#define KTSTR_TAOBENCH(...)		KTSTR_WORK(TAOBENCH, taobench, __VA_ARGS__)
#define KTSTR_NET_TRAFFIC(...)		KTSTR_WORK(NET_TRAFFIC, net_traffic, __VA_ARGS__)
#define KTSTR_IRQ_WAKE(...)		KTSTR_WORK(IRQ_WAKE, irq_wake, __VA_ARGS__)

#include <ktstr/short_names.h>

#endif

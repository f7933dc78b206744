/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scenario language: cgroups with workers in them, ops, steps and holds, as plain
 * constant data. ktstr_run() makes it happen inside the guest.
 *
 * Everything is constant data in which 0 and NULL mean "unset"; where zero is a value of its
 * own, a small option type says so (VALUE(0), LIMIT(0)). harness/guest/engine/engine.c runs it.
 */
#ifndef KTSTR_SCENARIO_H
#define KTSTR_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>
#include <ktstr/register.h>
#include <ktstr/payload.h>
#include <ktstr/work.h>

/* A number that somebody wrote, zero included; unset inherits. */
struct ktstr_value {
	bool set;
	int64_t value;
};

#define KTSTR_VALUE(_n)	{ true, (_n) }

/* An upper bound of the cgroup controllers; unset leaves the kernel's. */
struct ktstr_limit {
	enum ktstr_limit_kind { KTSTR_LIMIT_UNSET, KTSTR_LIMIT_VALUE, KTSTR_LIMIT_MAX } kind;
	int64_t value;
};

#define KTSTR_LIMIT(_n)	{ KTSTR_LIMIT_VALUE, (_n) }
#define KTSTR_UNLIMITED	{ KTSTR_LIMIT_MAX, 0 }

/* Scheduling policy of a worker. */
enum ktstr_policy_kind {
	KTSTR_POLICY_UNSET,		/* that of the runner: SCHED_OTHER */
	KTSTR_POLICY_OTHER,
	KTSTR_POLICY_BATCH,
	KTSTR_POLICY_IDLE,
	KTSTR_POLICY_EXT,
	KTSTR_POLICY_FIFO,
	KTSTR_POLICY_RR,
	KTSTR_POLICY_DEADLINE,
};

struct ktstr_policy {
	enum ktstr_policy_kind kind;
	int64_t priority;		/* FIFO, RR: 1..99 */
	uint64_t runtime_ns, deadline_ns, period_ns; /* 1024 <= runtime <= deadline <= period */
};

#define KTSTR_POLICY(_kind)	{ .kind = KTSTR_POLICY_##_kind }
#define KTSTR_FIFO(_prio) { .kind = KTSTR_POLICY_FIFO, .priority = (_prio) }
#define KTSTR_RR(_prio)	{ .kind = KTSTR_POLICY_RR, .priority = (_prio) }
/* DEADLINE(.runtime_ns = ..., .deadline_ns = ..., .period_ns = ...) */
#define KTSTR_DEADLINE(...)	{ .kind = KTSTR_POLICY_DEADLINE, __VA_ARGS__ }

/* What a worker pins itself to. The pool is the cgroup's cpuset, or all CPUs without one. */
enum ktstr_affinity_kind {
	KTSTR_AFFINITY_UNSET,
	KTSTR_AFFINITY_INHERIT,		/* nothing */
	KTSTR_AFFINITY_RANDOM_SUBSET,	/* .count CPUs of the pool, drawn for each worker */
	KTSTR_AFFINITY_LLC_ALIGNED,	/* the LLC with most CPUs in the pool, within the pool */
	KTSTR_AFFINITY_CROSS_CGROUP,	/* all CPUs; the kernel clips to the cpuset */
	KTSTR_AFFINITY_SINGLE_CPU,	/* lowest CPU of the pool */
	KTSTR_AFFINITY_EXACT,		/* .cpus, within the pool */
	KTSTR_AFFINITY_SMT_SIBLING_PAIR, /* first core with two siblings in the pool */
};

struct ktstr_affinity {
	enum ktstr_affinity_kind kind;
	const char *cpus;		/* EXACT; RANDOM_SUBSET: draw from these instead */
	int64_t count;			/* RANDOM_SUBSET; 0: half the pool, at least 1 */
};

/* AFFINITY(SINGLE_CPU), AFFINITY(RANDOM_SUBSET, .count = 2), PINNED("0-1") */
#define KTSTR_AFFINITY(_kind, ...)						\
	{ .kind = KTSTR_AFFINITY_##_kind, ##__VA_ARGS__ }
#define KTSTR_PINNED(_list)	KTSTR_AFFINITY(EXACT, .cpus = (_list))

/* Memory policy of a worker: set_mempolicy(2). */
enum ktstr_mpol_kind {
	KTSTR_MPOL_UNSET,
	KTSTR_MPOL_DEFAULT,
	KTSTR_MPOL_BIND,
	KTSTR_MPOL_PREFERRED,		/* one node */
	KTSTR_MPOL_INTERLEAVE,
	KTSTR_MPOL_LOCAL,
	KTSTR_MPOL_PREFERRED_MANY,	/* Linux 5.15 */
	KTSTR_MPOL_WEIGHTED_INTERLEAVE,	/* Linux 6.9 */
};

#define KTSTR_MPOL_F_NUMA_BALANCING	(1u << 13)
#define KTSTR_MPOL_F_RELATIVE_NODES	(1u << 14)
#define KTSTR_MPOL_F_STATIC_NODES	(1u << 15)

struct ktstr_mpol {
	enum ktstr_mpol_kind kind;
	const char *nodes;		/* "0-1" */
	uint32_t flags;			/* KTSTR_MPOL_F_* */
};

/* MPOL(LOCAL), MPOL(BIND, "0"), MPOL(INTERLEAVE, "0-1", .flags = KTSTR_MPOL_F_STATIC_NODES) */
#define KTSTR_MPOL(_kind, ...)	{ KTSTR_MPOL_##_kind, ##__VA_ARGS__ }

enum ktstr_clone_mode { KTSTR_CLONE_FORK, KTSTR_CLONE_THREAD };

/* One group of equal workers. 0, NULL and UNSET leave a member to the default behind it. */
#define KTSTR_WORKSPEC_MEMBERS							\
	struct ktstr_work work;		/* SPIN_WAIT */				\
	int64_t workers;		/* the test's workers_per_cgroup */	\
	double workers_pct;	/* instead: as many per CPU of the cpuset, rounded up */ \
	struct ktstr_policy policy;	/* SCHED_OTHER */			\
	struct ktstr_affinity affinity;	/* none */				\
	struct ktstr_mpol mem;		/* none */				\
	struct ktstr_value nice;	/* -20..19 */				\
	const char *comm;		/* name of each worker, 15 bytes */	\
	const char *pcomm;		/* name of the process that has them as threads */ \
	struct ktstr_value uid, gid;						\
	struct ktstr_value numa_node;	/* run on the CPUs of this node */	\
	const struct ktstr_checks *checks; /* laid over the scenario's, for these workers */ \
	enum ktstr_clone_mode clone_mode /* fork */

struct ktstr_workspec {
	KTSTR_WORKSPEC_MEMBERS;
};

struct ktstr_works {
	const struct ktstr_workspec *spec;
	uint32_t nr;
};

#define KTSTR_WORKSPEC(...) { __VA_ARGS__ }
#define KTSTR_WORKS(...)							\
	{ (const struct ktstr_workspec[]){ __VA_ARGS__ },			\
	 sizeof((const struct ktstr_workspec[]){ __VA_ARGS__ }) /		\
	 sizeof(struct ktstr_workspec) }

/*
 * Which CPUs a cgroup may use. Fractions and parts are parts of the usable CPUs: all but
 * the last one on machines with more than two, so that the runner always has one.
 */
enum ktstr_cpuset_kind {
	KTSTR_CPUSET_NONE,
	KTSTR_CPUSET_EXACT,
	KTSTR_CPUSET_LLC,
	KTSTR_CPUSET_NODE,
	KTSTR_CPUSET_RANGE,
	KTSTR_CPUSET_DISJOINT,
	KTSTR_CPUSET_OVERLAP,
};

struct ktstr_cpuset {
	enum ktstr_cpuset_kind kind;
	const char *exact;
	int64_t index, of;
	double from, to;		/* OVERLAP: from is the overlapping share of a part */
};

#define KTSTR_CPUSET(_kind, ...)						\
	{ .kind = KTSTR_CPUSET_##_kind, __VA_ARGS__ }
#define KTSTR_CPUS(_list)	KTSTR_CPUSET(EXACT, .exact = (_list))	/* "0-3,8" */
#define KTSTR_LLC(_i)		KTSTR_CPUSET(LLC, .index = (_i))	/* whole LLC */
#define KTSTR_NUMA_NODE(_n)	KTSTR_CPUSET(NODE, .index = (_n))	/* whole node */
#define KTSTR_CPU_RANGE(_a, _b)	KTSTR_CPUSET(RANGE, .from = (_a), .to = (_b)) /* 0 .. 1.0 */
#define KTSTR_DISJOINT(_i, _of)	KTSTR_CPUSET(DISJOINT, .index = (_i), .of = (_of))
#define KTSTR_OVERLAP(_i, _of, _f)						\
	KTSTR_CPUSET(OVERLAP, .index = (_i), .of = (_of), .from = (_f))

/* CPU bandwidth: at most quota in each period. */
struct ktstr_cpu_max {
	enum ktstr_limit_kind kind;
	int64_t quota_us, period_us;
};

/* CPU_PCT(150): one and a half CPUs, over periods of 100 ms. */
#define KTSTR_CPU_PCT(_pct) { KTSTR_LIMIT_VALUE, (_pct) * 1000LL, 100000 }
#define KTSTR_CPU_MAX_US(_quota, _period)					\
	{ KTSTR_LIMIT_VALUE, (_quota), (_period) }
#define KTSTR_CPU_UNLIMITED { KTSTR_LIMIT_MAX, 0, 100000 }

/*
 * A cgroup with its workers: one group of them, described by the members of a workspec, or
 * several in .works. Then the members here are what the works leave unset, except work and
 * the number of workers, which must not stand in both places.
 */
struct ktstr_cgroup {
	const char *name;		/* relative to the test's root; may be nested "a/b" */

	KTSTR_WORKSPEC_MEMBERS;

	struct ktstr_works works;
	struct ktstr_cpuset cpuset;
	const char *cpuset_mems;	/* "0-1"; by default the nodes of the cpuset */
	struct ktstr_cpu_max cpu_max;
	int64_t cpu_weight;		/* 1..10000; the kernel's default is 100 */
	struct ktstr_limit memory_max, memory_high, memory_low, memory_swap_max; /* bytes */
	int64_t io_weight;		/* 1..10000 */
	struct ktstr_limit pids_max;
	const struct ktstr_payload *payload;	/* started in it, behind its workers */
	bool swappable;			/* a work type given for the whole run replaces its own */
};

#define KTSTR_CGROUP(_name, ...) { .name = (_name), ##__VA_ARGS__ }
#define KTSTR_CGROUPS(...)							\
	.cgroups = (const struct ktstr_cgroup[]){ __VA_ARGS__, { .name = NULL } }

/*
 * How long a step lasts: a fraction of the test's duration, a fixed time, or, with its ops
 * repeated every loop_ns, until the test's duration is over. Exactly one of them; settle adds
 * 500 ms before the fraction, or is the hold. They are no part of the test's duration.
 */
struct ktstr_hold {
	double frac;
	bool settle;
	int64_t fixed_ns;
	int64_t loop_ns;
	bool none;			/* a step of ops only */
};

#define KTSTR_HOLD_FRAC(_f)	.hold = { .frac = (_f) }
#define KTSTR_HOLD_FULL		KTSTR_HOLD_FRAC(1.0)
/* Let what was made find its place, then measure for a fraction of the duration. */
#define KTSTR_HOLD_SETTLED(_f)	.hold = { .frac = (_f), .settle = true }
#define KTSTR_HOLD_SETTLE	.hold = { .settle = true }
#define KTSTR_HOLD_MS(_ms)	.hold = { .fixed_ns = (_ms) * 1000000LL }
#define KTSTR_HOLD_LOOP_MS(_ms)	.hold = { .loop_ns = (_ms) * 1000000LL }
#define KTSTR_HOLD_NONE		.hold = { .none = true }

/*
 * Ops: what a step does to cgroups and workers that exist. One row of
 * harness/guest/engine/ops/ each; docs/ops.md says what they do in detail. The value is the op's
 * bit in the stimulus record.
 */
enum ktstr_op_kind {
	KTSTR_OP_END,
	KTSTR_OP_ADD_CGROUP,
	KTSTR_OP_REMOVE_CGROUP,
	KTSTR_OP_SET_CPUSET,
	KTSTR_OP_CLEAR_CPUSET,
	KTSTR_OP_SWAP_CPUSETS,
	KTSTR_OP_SPAWN,
	KTSTR_OP_STOP_CGROUP,
	KTSTR_OP_SET_AFFINITY,
	KTSTR_OP_SPAWN_HOST,
	KTSTR_OP_MOVE_ALL_TASKS,
	KTSTR_OP_RUN_PAYLOAD,
	KTSTR_OP_WAIT_PAYLOAD,
	KTSTR_OP_KILL_PAYLOAD,
	KTSTR_OP_ADD_CGROUP_DEF,
	KTSTR_OP_FREEZE_CGROUP,
	KTSTR_OP_UNFREEZE_CGROUP,
	KTSTR_OP_CAPTURE_SNAPSHOT,
	KTSTR_OP_WATCH_SNAPSHOT,
	KTSTR_OP_READ_KERNEL_HOT,
	KTSTR_OP_WRITE_KERNEL_HOT,
	KTSTR_OP_READ_KERNEL_COLD,
	KTSTR_OP_WRITE_KERNEL_COLD,
	KTSTR_OP_ATTACH_SCHEDULER,
	KTSTR_OP_DETACH_SCHEDULER,
	KTSTR_OP_RESTART_SCHEDULER,
	KTSTR_OP_REPLACE_SCHEDULER,
	KTSTR_OP_PIN_BPF_MAP,
	KTSTR_OP_CAPTURE_CGROUP_PROCS,
	KTSTR_OP_STEER_IRQ,
	KTSTR_OP_CPU_OFFLINE,
	KTSTR_OP_CPU_ONLINE,
	KTSTR_OP_HOTPLUG_CHURN,
	KTSTR_OP_SET_WEIGHT,
	KTSTR_OP_SET_CPU_MAX,
	KTSTR_OP_SET_UCLAMP,
	KTSTR_OP_SET_CONTROLLERS,
	KTSTR_OP_SET_NICE,
	KTSTR_OP_SET_POLICY,
	KTSTR_OP_SET_CORE_COOKIE,
	KTSTR_OP_CLEAR_CORE_COOKIE,
	KTSTR_NR_OPS,
};

/* An interrupt: by its action name, the last column of /proc/interrupts, or by number. */
struct ktstr_irq {
	const char *label;		/* NULL: number */
	uint32_t number;
};

#define KTSTR_IRQ_LABEL(_label)	{ .label = (_label) }
#define KTSTR_IRQ(_number)	{ .number = (_number) }

/* Something in the kernel's memory that the host reads or writes. */
struct ktstr_kernel_target {
	enum ktstr_kernel_kind {
		KTSTR_KERNEL_UNSET,
		KTSTR_KERNEL_SYMBOL,
		KTSTR_KERNEL_ADDRESS,
		KTSTR_KERNEL_PER_CPU,
		KTSTR_KERNEL_TASK,
	} kind;
	const char *name;		/* symbol; TASK: path of a field, "se.vruntime" */
	uint64_t address;		/* kernel virtual */
	uint32_t cpu;
	int32_t pid;
};

#define KTSTR_KSYM(_symbol)	{ .kind = KTSTR_KERNEL_SYMBOL, .name = (_symbol) }
#define KTSTR_KADDR(_address)	{ .kind = KTSTR_KERNEL_ADDRESS, .address = (_address) }
#define KTSTR_KPERCPU(_symbol, _cpu)						\
	{ .kind = KTSTR_KERNEL_PER_CPU, .name = (_symbol), .cpu = (_cpu) }
#define KTSTR_KTASK(_pid, _field)						\
	{ .kind = KTSTR_KERNEL_TASK, .name = (_field), .pid = (_pid) }

struct ktstr_kernel_value {
	uint32_t len;
	uint64_t number;		/* of at most 8 bytes, without .bytes */
	const void *bytes;
};

#define KTSTR_KU32(_v)		{ .len = 4, .number = (_v) }
#define KTSTR_KU64(_v)		{ .len = 8, .number = (_v) }
#define KTSTR_KBYTES(_p, _len)	{ .len = (_len), .bytes = (_p) }

struct ktstr_op {
	enum ktstr_op_kind kind;
	const char *cgroup;		/* SPAWN_HOST: NULL, the runner's own cgroup */
	union {
		struct ktstr_cpuset cpuset;
		struct ktstr_affinity affinity;
		const struct ktstr_cgroup *def;
		const struct ktstr_workspec *spec;
		const char *to;		/* SWAP_CPUSETS, MOVE_ALL_TASKS: the other cgroup */
		const char *tag;	/* CAPTURE_CGROUP_PROCS */
		const char *name;	/* of a snapshot or map; WATCH_SNAPSHOT: symbol */
		struct {
			struct ktstr_kernel_target target;
			struct ktstr_kernel_value value;	/* READ: its length */
			const char *as;		/* READ: the name under which it is found */
		};
		const struct ktstr_scheduler *scheduler;
		struct {
			const struct ktstr_payload *payload;
			const char * const *args;	/* RUN_PAYLOAD: behind its own */
			uint64_t timeout_ns;		/* WAIT_PAYLOAD: the test's duration */
		};
		struct { struct ktstr_irq irq; uint32_t cpu; };
		int64_t weight;
		struct ktstr_cpu_max cpu_max;
		struct { int64_t min_pct, max_pct; };	/* SET_UCLAMP */
		const char *controllers;		/* "-cpu +pids" */
		struct {				/* of workers */
			struct ktstr_policy policy;
			int64_t nice;
			int64_t work;	/* of the cgroup's .works, counts from 1; 0: all */
		};
	};
};

#define KTSTR_OP(_kind, _cgroup, ...)						\
	{ .kind = KTSTR_OP_##_kind, .cgroup = (_cgroup), ##__VA_ARGS__ }

#define KTSTR_ADD_CGROUP(_name)		KTSTR_OP(ADD_CGROUP, _name)
/* A whole cgroup with its workers, in order with the other ops. */
#define KTSTR_ADD_CGROUP_DEF(_name, ...)					\
	KTSTR_OP(ADD_CGROUP_DEF, _name,						\
		 .def = &(const struct ktstr_cgroup)KTSTR_CGROUP(_name, ##__VA_ARGS__))
#define KTSTR_REMOVE_CGROUP(_name)	KTSTR_OP(REMOVE_CGROUP, _name)
#define KTSTR_SET_CPUSET(_name, _cpuset) KTSTR_OP(SET_CPUSET, _name, .cpuset = _cpuset)
#define KTSTR_CLEAR_CPUSET(_name)	KTSTR_OP(CLEAR_CPUSET, _name)
#define KTSTR_SWAP_CPUSETS(_a, _b)	KTSTR_OP(SWAP_CPUSETS, _a, .to = (_b))
/* SPAWN("cg_a", .workers = 2, .work = YIELD_HEAVY) */
#define KTSTR_SPAWN(_name, ...)							\
	KTSTR_OP(SPAWN, _name, .spec = &(const struct ktstr_workspec)KTSTR_WORKSPEC(__VA_ARGS__))
#define KTSTR_SPAWN_HOST(...)							\
	KTSTR_OP(SPAWN_HOST, NULL, .spec = &(const struct ktstr_workspec)KTSTR_WORKSPEC(__VA_ARGS__))
#define KTSTR_STOP_CGROUP(_name)	KTSTR_OP(STOP_CGROUP, _name)
#define KTSTR_SET_AFFINITY(_name, _affinity) KTSTR_OP(SET_AFFINITY, _name, .affinity = _affinity)
#define KTSTR_MOVE_ALL_TASKS(_from, _to) KTSTR_OP(MOVE_ALL_TASKS, _from, .to = (_to))
#define KTSTR_FREEZE_CGROUP(_name)	KTSTR_OP(FREEZE_CGROUP, _name)
#define KTSTR_UNFREEZE_CGROUP(_name)	KTSTR_OP(UNFREEZE_CGROUP, _name)
#define KTSTR_CAPTURE_CGROUP_PROCS(_tag, _name) KTSTR_OP(CAPTURE_CGROUP_PROCS, _name, .tag = (_tag))
#define KTSTR_STEER_IRQ(_irq, _cpu)	KTSTR_OP(STEER_IRQ, NULL, .irq = _irq, .cpu = (_cpu))
/* CPU hotplug; a step brings back what it took offline. */
#define KTSTR_CPU_OFFLINE(_cpu)		KTSTR_OP(CPU_OFFLINE, NULL, .cpu = (_cpu))
#define KTSTR_CPU_ONLINE(_cpu)		KTSTR_OP(CPU_ONLINE, NULL, .cpu = (_cpu))
/* Offline if it is online, else online: OPS(HOTPLUG_CHURN(2)), HOLD_LOOP_MS(100). */
#define KTSTR_HOTPLUG_CHURN(_cpu)	KTSTR_OP(HOTPLUG_CHURN, NULL, .cpu = (_cpu))
/* What a cgroup is entitled to from now on: cpu.weight, cpu.max, cpu.uclamp.min and .max. */
#define KTSTR_SET_WEIGHT(_name, _weight) KTSTR_OP(SET_WEIGHT, _name, .weight = (_weight))
#define KTSTR_SET_CPU_MAX(_name, _max)	KTSTR_OP(SET_CPU_MAX, _name, .cpu_max = _max)
#define KTSTR_SET_UCLAMP(_name, _min_pct, _max_pct)				\
	KTSTR_OP(SET_UCLAMP, _name, .min_pct = (_min_pct), .max_pct = (_max_pct))
/* "-cpu +pids": for what is below cgroup @_name, NULL: below the test's root. */
#define KTSTR_SET_CONTROLLERS(_name, _list)					\
	KTSTR_OP(SET_CONTROLLERS, _name, .controllers = (_list))
/*
 * Of the workers of a cgroup, or with .work = 2 of those of its second work only:
 * SET_NICE("cg_a", 5), SET_POLICY("cg_a", POLICY(BATCH), .work = 2)
 */
#define KTSTR_SET_NICE(_name, _nice, ...)					\
	KTSTR_OP(SET_NICE, _name, .nice = (_nice), ##__VA_ARGS__)
#define KTSTR_SET_POLICY(_name, _policy, ...)					\
	KTSTR_OP(SET_POLICY, _name, .policy = _policy, ##__VA_ARGS__)
/*
 * Core scheduling (Documentation/admin-guide/hw-vuln/core-scheduling.rst): the workers get one new
 * cookie, and share a core with nobody who does not have it.
 */
#define KTSTR_SET_CORE_COOKIE(_name, ...) KTSTR_OP(SET_CORE_COOKIE, _name, ##__VA_ARGS__)
#define KTSTR_CLEAR_CORE_COOKIE(_name, ...) KTSTR_OP(CLEAR_CORE_COOKIE, _name, ##__VA_ARGS__)
/* Pins a map of the scheduler as /sys/fs/bpf/ktstr/NAME: it survives its scheduler. */
#define KTSTR_PIN_BPF_MAP(_name)	KTSTR_OP(PIN_BPF_MAP, NULL, .name = (_name))
/* The host takes a snapshot (ktstr/snapshot.h), now or whenever the kernel writes to a variable. */
#define KTSTR_CAPTURE_SNAPSHOT(_name)	KTSTR_OP(CAPTURE_SNAPSHOT, NULL, .name = (_name))
#define KTSTR_WATCH_SNAPSHOT(_symbol)	KTSTR_OP(WATCH_SNAPSHOT, NULL, .name = (_symbol))
/* HOT: while the CPUs run; COLD: while they are stopped. */
#define KTSTR_READ_KERNEL_HOT(_as, _target, _len)				\
	KTSTR_OP(READ_KERNEL_HOT, NULL, .as = (_as), .target = _target, .value.len = (_len))
#define KTSTR_READ_KERNEL_COLD(_as, _target, _len)				\
	KTSTR_OP(READ_KERNEL_COLD, NULL, .as = (_as), .target = _target, .value.len = (_len))
#define KTSTR_WRITE_KERNEL_HOT(_target, _value)					\
	KTSTR_OP(WRITE_KERNEL_HOT, NULL, .target = _target, .value = _value)
#define KTSTR_WRITE_KERNEL_COLD(_target, _value)				\
	KTSTR_OP(WRITE_KERNEL_COLD, NULL, .target = _target, .value = _value)
/*
 * A program in a cgroup, NULL: beside the runner. It runs until it ends, is waited for, is
 * killed, or the step ends. WAIT and KILL find it without the cgroup where it runs once.
 */
#define KTSTR_RUN_PAYLOAD(_payload, _cgroup, ...)				\
	KTSTR_OP(RUN_PAYLOAD, _cgroup, .payload = (_payload), ##__VA_ARGS__)
#define KTSTR_WAIT_PAYLOAD(_payload, _cgroup, ...)				\
	KTSTR_OP(WAIT_PAYLOAD, _cgroup, .payload = (_payload), ##__VA_ARGS__)
#define KTSTR_KILL_PAYLOAD(_payload, _cgroup)					\
	KTSTR_OP(KILL_PAYLOAD, _cgroup, .payload = (_payload))
/*
 * Exchange the scheduler while workers run. Those that are attached later must be listed in
 * the test's staged_schedulers; RESTART starts the test's own again, whatever is attached.
 * One that does not attach ends the scenario as a failure of its own kind.
 */
#define KTSTR_ATTACH_SCHEDULER(_sched)	KTSTR_OP(ATTACH_SCHEDULER, NULL, .scheduler = (_sched))
#define KTSTR_DETACH_SCHEDULER		KTSTR_OP(DETACH_SCHEDULER, NULL)
#define KTSTR_RESTART_SCHEDULER		KTSTR_OP(RESTART_SCHEDULER, NULL)
#define KTSTR_REPLACE_SCHEDULER(_sched)	KTSTR_OP(REPLACE_SCHEDULER, NULL, .scheduler = (_sched))
#define KTSTR_OPS(...)								\
	.ops = (const struct ktstr_op[]){ __VA_ARGS__, { .kind = KTSTR_OP_END } }

/* Ops first, then the cgroups, then the hold, then everything the step made goes again. */
struct ktstr_step {
	const struct ktstr_op *ops;
	const struct ktstr_cgroup *cgroups;
	struct ktstr_hold hold;
};

#define KTSTR_STEP(...)	{ __VA_ARGS__ }

/* What lasts through all steps: cgroups first, then ops, then payloads. NULL is none. */
struct ktstr_backdrop {
	const struct ktstr_cgroup *cgroups;
	const struct ktstr_op *ops;
	const struct ktstr_payload * const *payloads;	/* beside the runner; NULL-terminated */
	/* Cgroups divide no CPU time: all tasks compete as if they were in one of them. */
	bool no_cpu_controller;
};

#define KTSTR_BACKDROP(...) (&(const struct ktstr_backdrop){ __VA_ARGS__ })

struct ktstr_scenario_def {
	const struct ktstr_backdrop *backdrop;
	const struct ktstr_checks *checks;	/* instead of the test's; NULL: those */
	const struct ktstr_step *steps;
	uint32_t nr;
};

/*
 * Run the steps one after the other. What the workers did is judged by the checks and goes
 * into the verdict. Returns 0, also when the verdict is a failure; -EINVAL for a scenario
 * that cannot be meant (with a detail for each reason); -errno when the guest could not
 * carry it out.
 */
int ktstr_run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan);
int ktstr_run_steps(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr);

#define KTSTR_NR_STEPS(...)							\
	(sizeof((const struct ktstr_step[]){ __VA_ARGS__ }) / sizeof(struct ktstr_step))
#define KTSTR_SCENARIO_DEF(_backdrop, _checks, ...)				\
	(&(const struct ktstr_scenario_def){ (_backdrop), (_checks),		\
	 (const struct ktstr_step[]){ __VA_ARGS__ }, KTSTR_NR_STEPS(__VA_ARGS__) })

/* ktstr_run(ctx, STEP(...), STEP(...)) */
#define ktstr_run(_ctx, ...)							\
	ktstr_run_steps(_ctx, (const struct ktstr_step[]){ __VA_ARGS__ },	\
			KTSTR_NR_STEPS(__VA_ARGS__))
/* ktstr_run_scenario(ctx, BACKDROP(CGROUPS(...)), STEP(...), ...) */
#define ktstr_run_scenario(_ctx, _backdrop, ...)				\
	ktstr_run_def(_ctx, KTSTR_SCENARIO_DEF(_backdrop, NULL, __VA_ARGS__))
/*
 * With checks made by KTSTR_CHECKS() instead of the test's own: worker checks that the set leaves out
 * are off. A monitor check that it leaves out stays the test's.
 */
#define ktstr_run_with(_ctx, _checks, ...)					\
	ktstr_run_def(_ctx, KTSTR_SCENARIO_DEF(NULL, _checks, __VA_ARGS__))

/*
 * At file scope: KTSTR_CHECKS(strict, .max_gap_ms = 10); then ktstr_run_with(ctx, &strict, ...)
 * or, for some workers only, CGROUP("a", .checks = &strict).
 */
#define KTSTR_CHECKS(_name, ...)						\
	KTSTR_DEFAULTS_BEGIN							\
	static const struct ktstr_checks _name = { KTSTR_CHECK_UNSET, ##__VA_ARGS__ }; \
	KTSTR_DEFAULTS_END							\
	struct ktstr_checks

/* What a body can ask about where it runs. */
const char *ktstr_test_name(const struct ktstr_ctx *ctx);
uint64_t ktstr_duration_ns(const struct ktstr_ctx *ctx);
uint32_t ktstr_nr_cpus(const struct ktstr_ctx *ctx);
/* of a cgroup that does not say how many it has */
uint32_t ktstr_workers_per_cgroup(const struct ktstr_ctx *ctx);
/* Limits that are times are this much wider, because CPUs of the host are shared; 1: they are not. */
uint32_t ktstr_time_scale(const struct ktstr_ctx *ctx);
const struct ktstr_topology *ktstr_topology(const struct ktstr_ctx *ctx);
/* The kernel's weight of a nice value from -20 to 19; 1024 for 0. */
uint32_t ktstr_nice_weight(int nice);
/* pid of the scheduler under test, 0 without one */
int ktstr_sched_pid(const struct ktstr_ctx *ctx);
/* How long it took in the step that ended last to stop its workers and to collect what they did. */
uint64_t ktstr_stop_ns(const struct ktstr_ctx *ctx);

/*
 * The pids that CAPTURE_CGROUP_PROCS(tag, ...) saw last, ascending as the kernel lists them.
 * Returns how many there were (at most @max are stored), or -ENOENT for an unknown tag.
 */
int ktstr_captured_procs(const struct ktstr_ctx *ctx, const char *tag, int *pids, int max);
/*
 * What READ_KERNEL_HOT(as, ...) or READ_KERNEL_COLD(as, ...) read last, in the byte order of the
 * machine. Returns how many bytes there are (at most @size are stored), or -ENOENT: nothing was
 * read under that name.
 */
int ktstr_kernel_value(const struct ktstr_ctx *ctx, const char *as, void *buf, size_t size);

#include <ktstr/short_names.h>

#endif

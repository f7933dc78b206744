/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mistakes that scx_mutant can be told to make. A new one is a value here, its name in
 * scx_mutant.c and the lines of scx_mutant.bpf.c that ask for it.
 */
#ifndef SCX_MUTANT_H
#define SCX_MUTANT_H

enum mutant_fault {
	MUTANT_NONE,
	/* tasks that are forgotten */
	MUTANT_DROP,
	MUTANT_DROP_MOVED,
	MUTANT_LEAK_LAST,
	MUTANT_HOME_QUEUE,
	MUTANT_LATE_WAKEUP,
	/* CPUs that a task must not use, or that are not there */
	MUTANT_IGNORE_CPUSET,
	MUTANT_STALE_MASK,
	MUTANT_BAD_CPU,
	/* somebody who gets nothing while others want to run */
	MUTANT_STARVE_CGROUP,
	MUTANT_STARVE_NEW,
	MUTANT_STARVE_NESTED,
	MUTANT_STARVE_PINNED,
	MUTANT_STARVE_BATCH,
	MUTANT_STARVE_NICE,
	MUTANT_STARVE_YIELD,
	MUTANT_STARVE_SLEEPER,
	/* unfair shares */
	MUTANT_NO_PREEMPT,
	MUTANT_LONG_SLICE,
	MUTANT_LIFO,
	MUTANT_NEW_FIRST,
	MUTANT_INVERT_WEIGHT,
	/* CPUs that are not used as they should be */
	MUTANT_STICKY,
	MUTANT_ONE_CPU,
	MUTANT_NO_IDLE,
	MUTANT_WAKE_LOCAL,
	MUTANT_WRONG_NODE,
	MUTANT_WRONG_SELECT,
	/* what costs too much, and what runs out */
	MUTANT_SLOW_ENQUEUE,
	MUTANT_STUCK_DISPATCH,
	MUTANT_CGROUP_LEAK,
	MUTANT_TASK_LEAK,
	MUTANT_CHOKE_ON_AFFINITY,
	/* what changes while tasks run, or is more than a task and its CPUs */
	MUTANT_WEIGHT_CACHE,
	MUTANT_NICE_IGNORED,
	MUTANT_CPU_MAX_IGNORED,
	MUTANT_CONTROLLERS,
	MUTANT_DROP_RETURNED,
	MUTANT_CANCELLED_FORK,
	MUTANT_AFFINITY_QUEUE,
	MUTANT_EMPTY_CELL,
	MUTANT_KTHREAD_WAKES_LAST,
	MUTANT_HEARTBEAT,
	MUTANT_NR_FAULTS,
};

#define MUTANT_MAX_CPUS		512
#define MUTANT_CGROUP_SLOTS	4
#define MUTANT_TASK_SLOTS	100

#endif

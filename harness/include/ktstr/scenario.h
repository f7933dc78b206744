/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scenario language: cgroups with workers in them, ops, steps and holds, as plain
 * constant data. ktstr_run() makes it happen inside the guest.
 *
 * harness/guest/engine.c runs it; a new work type is one row and one function in
 * harness/guest/work.c, a new op one row and one function in harness/guest/ops.c.
 */
#ifndef KTSTR_SCENARIO_H
#define KTSTR_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include <ktstr/attrs.h>

#define NSEC_PER_USEC	1000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_SEC	1000000000ULL

/* Work types: what one worker does until it is told to stop. */
enum ktstr_work_type {
	KTSTR_WORK_SPIN_WAIT,		/* tight CPU loop */
	KTSTR_NR_WORK_TYPES,
};

struct ktstr_work {
	enum ktstr_work_type type;
};

#define SPIN_WAIT	((struct ktstr_work){ .type = KTSTR_WORK_SPIN_WAIT })

/* Which CPUs a cgroup may use; unset: no cpuset. */
struct ktstr_cpuset {
	const char *exact;		/* "0-3,8" */
};

#define CPUS(_list)	((struct ktstr_cpuset){ .exact = (_list) })

struct ktstr_cgroup {
	const char *name;		/* relative to the test's root; may be nested "a/b" */
	uint32_t workers;		/* 0: the test's workers_per_cgroup */
	struct ktstr_work work;
	struct ktstr_cpuset cpuset;
};

#define CGROUP(_name, ...)	((struct ktstr_cgroup){ .name = (_name), ##__VA_ARGS__ })
#define CGROUPS(...)								\
	.cgroups = (const struct ktstr_cgroup[]){ __VA_ARGS__, { .name = NULL } }

/* How long a step lasts: a fraction of the test's duration or a fixed time. */
struct ktstr_hold {
	double frac;
	uint64_t fixed_ns;
};

#define HOLD_FRAC(_f)	.hold = { .frac = (_f) }
#define HOLD_FULL	HOLD_FRAC(1.0)
#define HOLD_MS(_ms)	.hold = { .fixed_ns = (_ms) * NSEC_PER_MSEC }

enum ktstr_op_kind {
	KTSTR_OP_END,
	KTSTR_OP_ADD_CGROUP,
	KTSTR_OP_REMOVE_CGROUP,
	KTSTR_NR_OPS,
};

struct ktstr_op {
	enum ktstr_op_kind kind;
	const char *cgroup;
};

#define ADD_CGROUP(_name)	((struct ktstr_op){ KTSTR_OP_ADD_CGROUP, (_name) })
#define REMOVE_CGROUP(_name)	((struct ktstr_op){ KTSTR_OP_REMOVE_CGROUP, (_name) })
#define OPS(...)		.ops = (const struct ktstr_op[]){ __VA_ARGS__, { KTSTR_OP_END, NULL } }

/* Ops first, then the cgroups, then the hold, then everything the step made goes again. */
struct ktstr_step {
	const struct ktstr_op *ops;
	const struct ktstr_cgroup *cgroups;
	struct ktstr_hold hold;
};

#define STEP(...)	((struct ktstr_step){ __VA_ARGS__ })

/*
 * Run @nr steps one after the other. What the workers did is judged by the test's checks and
 * goes into the verdict. Returns 0, also when the verdict is a failure; -EINVAL for a
 * scenario that cannot be meant (with a detail that says why); -errno when the guest could
 * not carry it out.
 */
int ktstr_run_steps(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr);

#define ktstr_run(_ctx, ...)							\
	ktstr_run_steps(_ctx, (const struct ktstr_step[]){ __VA_ARGS__ },	\
			sizeof((const struct ktstr_step[]){ __VA_ARGS__ }) /	\
			sizeof(struct ktstr_step))

/* What a body can ask about where it runs. */
uint64_t ktstr_duration_ns(const struct ktstr_ctx *ctx);
uint32_t ktstr_nr_cpus(const struct ktstr_ctx *ctx);
const struct ktstr_topology *ktstr_topology(const struct ktstr_ctx *ctx);
/* pid of the scheduler under test, 0 without one */
int ktstr_sched_pid(const struct ktstr_ctx *ctx);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a body gets. Filled by guest/dispatch.c in the guest; opaque to test authors, who use
 * the accessors of ktstr/scenario.h and ktstr/claim.h.
 */
#ifndef KTSTR_CORE_CTX_H
#define KTSTR_CORE_CTX_H

#include <ktstr/attrs.h>

#include "verdict.h"

struct ktstr_msg_stimulus;
struct ktstr_work;
struct ktstr_capture;

struct ktstr_ctx {
	const struct ktstr_test *test;
	struct ktstr_topology topo;	/* as declared; every dimension set */
	uint32_t nr_cpus;		/* online */
	uint64_t duration_ns;
	uint64_t settle_ns;		/* of holds that settle */
	uint32_t workers_per_cgroup;
	uint64_t seed;
	int sched_pid;			/* 0: no scheduler under test */
	int sched_pidfd;		/* -1: none */
	const char *cgroup_root;	/* absolute, below /sys/fs/cgroup; exists */
	struct ktstr_checks checks;	/* merged */
	struct ktstr_result *result;	/* everything that was found goes here */
	/* Tell the host that a step began; never fails. */
	void (*stimulus)(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s);
	const struct ktstr_work *work_override; /* for swappable cgroups; NULL: none */
	struct ktstr_capture *captures;	/* of CAPTURE_CGROUP_PROCS, newest first; see ops.h */
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest side. PID 1 is a supervisor: it mounts, starts and watches the scheduler, runs
 * the body in a child of its own, enforces the run deadline in guest time, forwards logs, and
 * is the only writer of the channel. The child sends what it has to say through a socket.
 *
 * Wire between host and PID 1 besides the channel: the file /ktstr.args, lines KEY=VALUE
 * (values are percent-free plain text up to the end of the line); keys are in args.c.
 */
#ifndef KTSTR_GUEST_H
#define KTSTR_GUEST_H

#include <stdint.h>

#include "../core/ctx.h"

#define KTSTR_GUEST_ARGS	"/ktstr.args"
#define KTSTR_GUEST_SCHEDULER	"/scheduler"
/*
 * Schedulers that ops may start: a folder for each, by its name, with "scheduler", "args" (one a
 * line) and, where there is one, "cgroup_parent".
 */
#define KTSTR_GUEST_STAGING	"/staging/schedulers"
#define KTSTR_GUEST_SENTINEL	"/.ktstr_complete"	/* last file of the archive */

/* What the host asks of one run; parsed from KTSTR_GUEST_ARGS. */
struct ktstr_guest_args {
	char *test;			/* test= name in the registry */
	struct ktstr_topology topo;	/* topo=1n1l2c1t */
	uint32_t duration_s;		/* duration_s= */
	uint32_t workers;		/* workers= */
	uint64_t seed;			/* seed= */
	uint32_t run_grace_s;		/* run_grace_s= body deadline is duration_s plus this */
	uint32_t attach_timeout_ms;	/* attach_timeout_ms= */
	uint32_t log_passes;		/* log_passes=1 KTSTR_LOG_PASSES was set on the host */
	uint32_t stall_poll_ms;		/* stall_poll_ms= KTSTR_STALL_POLL_MS of the host */
	uint32_t time_scale;		/* time_scale= of limits that are times; 0: 1 */
	char *cgroup_root;		/* cgroup_root=/ktstr */
	char *work_type;		/* work_type= for swappable cgroups; NULL: their own */
	char *cgroup_parent;		/* cgroup_parent= made before the scheduler starts */
	char **sched_argv;		/* sched_arg= one line per argument, NULL-terminated */
	char **modules;			/* module= kernel modules to load, in this order */
	char **devices;			/* device= paths that exist then */
	char **enable, **disable;	/* enable= / disable= "echo V > /path" lines */
};

/* 0 or -errno. Everything is freed by the second call. */
int ktstr_guest_args__parse(struct ktstr_guest_args *a, const char *text);
void ktstr_guest_args__free(struct ktstr_guest_args *a);

/* PID 1: never returns. */
__attribute__((noreturn)) void ktstr_guest_main(void);

/* Run the body of ctx->test and the survival probe; used in the guest and by host_only. */
int ktstr_dispatch_body(struct ktstr_ctx *ctx);

#endif

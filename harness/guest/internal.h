/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of PID 1 share. Test bodies, the engine and ktstr_dispatch_body() know
 * nothing of this: they run in a child, or one day without any PID 1 of ours.
 *
 * PID 1 has one thread. Everything in struct guest belongs to it.
 */
#ifndef KTSTR_GUEST_INTERNAL_H
#define KTSTR_GUEST_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../chan/chan.h"
#include "../core/scxlog.h"
#include "file.h"
#include "guest.h"

#define GUEST_CGROUP_MOUNT	"/sys/fs/cgroup"
#define GUEST_SCX_STATE		"/sys/kernel/sched_ext/state"
#define GUEST_SCX_OPS		"/sys/kernel/sched_ext/root/ops"

/* doorbell.c: how to reach a sync point. NULL when @name is no method of this build. */
typedef void (*guest_doorbell_fn)(void);
guest_doorbell_fn guest_doorbell__find(const char *name);

/* link.c: the one way to the host */
struct guest_link {
	struct ktstr_chan *chan;	/* NULL: the command line names none */
	guest_doorbell_fn doorbell;	/* never NULL once opened */
	uint64_t reserve;		/* bytes that floods must leave free */
};

/* 0, or -errno after a line on stderr. The link may be used in either case. */
int guest_link__open(struct guest_link *l);
/*
 * Append a message. When the ring is full the doorbell asks the host to drain it; what still
 * does not fit is counted as dropped. Async-signal-safe.
 */
void guest_link__send(struct guest_link *l, enum ktstr_msg_type type, const void *payload,
		      size_t len);
void guest_link__ring(const struct guest_link *l);
/* Map physical memory, for this process only. NULL with errno after a line on the console. */
void *guest_link__map(uint64_t addr, uint64_t size);
/* Find "KEY=VALUE" among the blank-separated words of @cmdline. 0 or -ENOENT, -E2BIG. */
int guest_cmdline__get(const char *cmdline, const char *key, char *buf, size_t size);
/* "ADDRESS,SIZE" as the kernel command line carries it. 0 or -EINVAL. */
int guest_link__parse(const char *text, uint64_t *addr, uint64_t *size);

/* kmsg.c: the kernel's own word about sched_ext, as descriptors; core/scxlog.c reads it */

/* Read end of the kernel log, at its oldest record; non-blocking. fd or -errno. */
int guest_kmsg__open(void);
/* Kernel uevents; non-blocking. fd or -errno. */
int guest_uevent__open(void);
/* True when the uevent in @buf is about a sched_ext scheduler. */
bool guest_uevent__is_scx(const char *buf, size_t len);

/* sched.c: the scheduler under test */
struct guest_sched {
	pid_t pid;			/* 0: none was started */
	int pidfd;
	int log_fd;			/* its stdout and stderr, -1 at end of file */
	bool exited;			/* reaped; @status is valid */
	int status;
	bool attached;			/* it once was the scheduler */
	bool ejected;			/* ... and is not any more */
	bool planned;			/* we asked it to leave */
	uint64_t gone_ns;		/* when exit or ejection was noticed, 0: not yet */
	struct ktstr_scxlog scx;
	char last_line[200];		/* of its output */
	char partial[200];		/* output behind the last newline */
	size_t partial_len;
};

/* mount.c */
void guest_mount__all(void);
/* fds 0 to 2: /dev/null, and the program output (COM2) twice. */
void guest_mount__stdio(void);
/* One line on the kernel console, whatever stderr is. */
void guest_mount__console(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "echo VALUE > /path". 0, -EINVAL for anything else, or -errno of the write. */
int guest_echo__run(const char *line);
/*
 * Make @path ("/a/b") below the cgroup mount with cpu and cpuset available in it: both are
 * enabled in every ancestor, and with @leaf in itself for its children. 0 or -errno.
 */
int guest_cgroup__make(const char *path, bool leaf);
/* Kill all processes in @path and below. */
void guest_cgroup__kill(const char *path);

/* dispatch.c: the child that runs the body */

/* Shared between PID 1 and the body: what was found survives however the body dies. */
struct guest_shared {
	uint32_t complete;		/* the body returned and was judged */
	int32_t ret;			/* what it returned */
	struct ktstr_whereabouts whereabouts;
	struct ktstr_result result;
};

/* Body to PID 1, and its answer; see orders.c. */
struct guest_order {
	uint32_t what;			/* enum ktstr_sched_order */
	char name[KTSTR_NAME_LEN];	/* of a scheduler; of what was running, to revive one */
};

struct guest_order_reply {
	int32_t ret;			/* of ctx->sched_order() */
	int32_t pid;			/* of the scheduler from now on, 0: none */
	char text[KTSTR_DETAIL_LEN];	/* its sentence */
};

struct guest_body {
	pid_t pid;
	int sock;			/* PID 1's end: stimulus messages */
	bool exited;
	int status;
	bool ordered;			/* it waits for @order to be answered */
	struct guest_order order;
	struct guest_shared *shared;
	uint64_t start_ns;
};

struct guest_sched;
/* Fork the body. 0 or -errno; then nothing was started. */
int guest_body__start(struct guest_body *b, const struct ktstr_guest_args *args,
		      const struct guest_sched *sched);
/*
 * A private copy of what the body left behind, with everything in it brought within bounds:
 * a dying body may have written anything. NULL: no memory.
 */
struct ktstr_result *guest_body__result(const struct guest_body *b);

/* Datagram from the body to PID 1; nothing but an order is answered. */
struct guest_body_msg {
	enum guest_body_says { GUEST_BODY_STIMULUS, GUEST_BODY_ORDER } says;
	union {
		struct ktstr_msg_stimulus stimulus;
		struct guest_order order;
	};
};

/* In a child: default dispositions, empty mask, own process group. */
void guest_child__reset(void);

/* supervise.c */
struct guest {
	struct guest_link link;
	struct ktstr_guest_args args;
	struct guest_sched sched;
	struct guest_body body;
	int sig_fd, kmsg_fd, uevent_fd;
	struct ktstr_result *result;	/* what PID 1 itself has to say */
};

/* Runs everything between START and EXIT. Returns the status for EXIT: 0 or errno. */
int guest_supervise(struct guest *g);
/*
 * Serve events until @done(@g) or the clock reaches @deadline_ns (0: serve only what is
 * there). Returns true when done.
 */
bool guest_serve(struct guest *g, bool (*done)(const struct guest *g), uint64_t deadline_ns);

/* CLOCK_MONOTONIC: time of the guest. */
uint64_t guest_now_ns(void);
#define GUEST_NSEC_PER_SEC	1000000000ULL

/* sched.c, continued: both run on events of the loop above */

/*
 * Start the scheduler and wait until it is attached. 0, or 1 with a failing detail in
 * g->result: then the body must not run.
 */
int guest_sched__start(struct guest *g);
/*
 * Start @path with @args, give it @timeout_ms to attach. Like guest_sched__start(); what an
 * earlier scheduler left in g->sched is forgotten.
 */
int guest_sched__run(struct guest *g, const char *path, char * const *args, uint32_t timeout_ms);
/*
 * A planned end, so that neither we nor the body take it for a crash: the kernel disables
 * it, its process gets SIGTERM. 0, 1 when it was already gone by itself, or -ETIMEDOUT.
 */
int guest_sched__detach(struct guest *g, uint64_t patience_ns);
/* Wait until no scheduler is enabled or being changed. False: not by @deadline_ns. */
bool guest_sched__quiet(struct guest *g, uint64_t deadline_ns);
/* Ask it to leave, insist after a while, report its exit. */
void guest_sched__stop(struct guest *g);
/*
 * Take the CPUs back from a scheduler under which nothing runs any more, not even our
 * SIGKILL; the processes then die under the default scheduler. Adds a failure.
 */
void guest_sched__evict(struct guest *g);
/* Look at sysfs: attached, ejected? To be called when something may have changed. */
void guest_sched__check(struct guest_sched *s);
/* Forward what it printed. False at end of file. */
bool guest_sched__forward(struct guest *g);
void guest_sched__reaped(struct guest *g, int status);
/* True once it left or was ejected without being asked. */
bool guest_sched__gone(const struct guest_sched *s);
/* Of a scheduler that is gone: a sentence on how it went, and what kind of failure that is. */
enum ktstr_kind guest_sched__why(const struct guest_sched *s, uint64_t body_start_ns, char *buf,
				 size_t size);

/* orders.c: carry out what the body waits for, and answer it. */
void guest_order__serve(struct guest *g);
void guest_order__reply(struct guest *g, int ret, const char *text);

/* "killed by SIGSEGV", "exited with status 1" */
void guest_status__format(int status, char *buf, size_t size);

#endif

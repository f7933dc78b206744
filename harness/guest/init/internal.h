/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of PID 1 share, lower layers first: a file calls only functions that are declared
 * above its own. The body and the engine do not use it (body.h has what they need), as they also
 * run without PID 1.
 *
 * PID 1 has one thread, which owns everything in struct guest.
 */
#ifndef KTSTR_GUEST_INIT_INTERNAL_H
#define KTSTR_GUEST_INIT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/clock.h"
#include "harness/chan/chan.h"
#include "harness/model/scxlog.h"
#include "harness/model/window.h"
#include "lib/file.h"
#include "body.h"
#include "cgroup_root.h"
#include "guest.h"

#define GUEST_SCX_OPS		"/sys/kernel/sched_ext/root/ops"

/* mount.c: file systems, descriptors, and writing into them */
void guest_mount__all(void);
/* fds 0 to 2: /dev/null, and the program output (COM2) twice. */
void guest_mount__stdio(void);
/* One line on the kernel console, whatever stderr is. */
void guest_mount__console(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "echo VALUE > /path". 0, -EINVAL for anything else, or -errno of the write. */
int guest_echo__run(const char *line);

/* devmem.c: map physical memory. NULL with errno after a line on the console. */
void *guest_devmem__map(uint64_t addr, uint64_t size);

/* doorbell.c: how to reach a sync point. NULL when this build has no method @name. */
typedef void (*guest_doorbell_fn)(void);
guest_doorbell_fn guest_doorbell__find(const char *name);

/* link.c: the channel to the host */
struct guest_link {
	struct ktstr_chan *chan;	/* NULL: the command line names none */
	guest_doorbell_fn doorbell;	/* never NULL once opened */
	uint64_t reserve;		/* bytes that logs must leave free */
	const struct ktstr_answer *answer;	/* the host's, behind the ring; NULL: no room */
	uint32_t asked;			/* questions so far */
};

/* 0, or -errno after a line on stderr. The link may be used in either case. */
int guest_link__open(struct guest_link *l);
/*
 * Append a message. When the ring is full the doorbell asks the host to drain it; a message that
 * still does not fit is counted as dropped. Async-signal-safe.
 */
void guest_link__send(struct guest_link *l, enum ktstr_msg_type type, const void *payload,
		      size_t len);
void guest_link__ring(const struct guest_link *l);
/*
 * Ask the host, which answers before it lets the guest go on; @ask->len bytes at @data go with it
 * if it is a write. @answer gets what it said, or why nobody did.
 */
void guest_link__ask(struct guest_link *l, struct ktstr_msg_ask *ask, const void *data,
		     struct ktstr_answer *answer);
/* Find "KEY=VALUE" among the blank-separated words of @cmdline. 0 or -ENOENT, -E2BIG. */
int guest_cmdline__get(const char *cmdline, const char *key, char *buf, size_t size);
/* "ADDRESS,SIZE" as the kernel command line carries it. 0 or -EINVAL. */
int guest_link__parse(const char *text, uint64_t *addr, uint64_t *size);

/* kmsg.c: what the kernel says about sched_ext, as descriptors; model/scxlog.c reads it */

/* Read end of the kernel log, at its oldest record; non-blocking. fd or -errno. */
int guest_kmsg__open(void);
/* Kernel uevents; non-blocking. fd or -errno. */
int guest_uevent__open(void);
/* True when the uevent in @buf is about a sched_ext scheduler. */
bool guest_uevent__is_scx(const char *buf, size_t len);

/*
 * leader.c: the end of a main thread whose process has other threads, which neither SIGCHLD nor a
 * pidfd tell.
 */
struct guest_leader {
	int fd;				/* of the event loop; -1: nobody is watched */
	void *ring;			/* of the perf event; NULL: @fd is a timer */
	int status;			/* waitpid() status, once it died */
};

/* Watch @pid, a process that is not reaped. Without perf events in the kernel, nothing is. */
void guest_leader__watch(struct guest_leader *l, pid_t pid);
/* l->fd is readable: is the main thread dead and the rest of the process told to die? */
bool guest_leader__died(struct guest_leader *l, pid_t pid);
void guest_leader__forget(struct guest_leader *l);

/* sched.c: the scheduler under test */
struct guest_sched {
	pid_t pid;			/* 0: none was started */
	int pidfd;
	int log_fd;			/* its stdout and stderr, -1 at end of file */
	int hold_fd;			/* hold.c: it waits there before it attaches; -1: it does not */
	bool exited;			/* reaped; @status is valid */
	int status;
	bool attached;			/* it once was the scheduler */
	bool ejected;			/* ... and is not any more */
	bool planned;			/* PID 1 ended it */
	/* The kernel asked it to restart: it is waited for until then; 0: it did not. */
	uint64_t restart_until_ns;
	uint64_t restart_since_ns, longest_restart_ns;
	uint64_t away_ns;		/* in all restarts, until it was back */
	uint32_t restarts;		/* that it came back from */
	struct guest_leader leader;
	bool leader_died;		/* and other threads of it live on */
	int asked;			/* the signal by which PID 1 asked it to end, 0: it has not */
	bool killed;			/* it did not, so PID 1 sent SIGKILL */
	uint64_t gone_ns;		/* when exit or ejection was noticed, 0: not yet */
	struct ktstr_scxlog scx;
	char last_line[200];		/* of its output */
	char exit_line[200];		/* "EXIT: ...", as the headers of sched_ext print its end, or "" */
	char complaint[200];		/* the first line that says what went wrong, "": none does */
	char partial[200];		/* output behind the last newline */
	size_t partial_len;
};

/* stats.c: what the scheduler says about itself, for snapshots */
struct guest_stats {
	const char *path;		/* of the socket */
	int fd;				/* the connection; -1: none */
	pid_t server;			/* the scheduler when it was made */
	int timer_fd;
	bool off;
	bool waiting;			/* a request was sent, for @snapshot */
	uint32_t snapshot;
	uint64_t start_ns, deadline_ns;	/* of the request */
	unsigned int silent;		/* requests in a row that got no answer in time */
	enum { GUEST_STATS_IDLE, GUEST_STATS_WANTED, GUEST_STATS_DONE } asked;
	struct ktstr_window window;	/* of periodic snapshots; @next is the next one */
	uint32_t next;
	uint64_t body_ns;		/* 0: the window stays where it is */
	char *answer;			/* a message, and room for a line; NULL: not needed yet */
	size_t len;			/* of the line, so far */
};

/* orders.c: requests of the body to PID 1, and the answers */
struct guest_order {
	uint32_t what;			/* enum ktstr_sched_order */
	char name[KTSTR_NAME_LEN];	/* of a scheduler; of what was running, to revive one */
};

struct guest_order_reply {
	int32_t ret;			/* of ctx->sched_order() */
	int32_t pid;			/* of the scheduler from now on, 0: none */
	char text[KTSTR_DETAIL_LEN];	/* the sentence in its error */
};

/* dispatch.c: the child that runs the body */
struct guest_body {
	pid_t pid;
	int sock;			/* PID 1's end; carries struct guest_body_msg */
	bool exited;
	int status;
	bool ordered;			/* it waits for the answer to @order */
	struct guest_order order;
	struct guest_shared *shared;
	uint64_t start_ns;
};

/*
 * A datagram from the body to PID 1. Orders are answered by a struct guest_order_reply, questions to
 * the host by a struct ktstr_answer.
 */
struct guest_body_msg {
	enum guest_body_says {
		GUEST_BODY_NOTHING, GUEST_BODY_STIMULUS, GUEST_BODY_OP, GUEST_BODY_CHECKS,
		GUEST_BODY_ORDER, GUEST_BODY_OUTPUT, GUEST_BODY_ASK,
	} says;
	union {
		struct ktstr_msg_stimulus stimulus;
		struct ktstr_msg_op op;
		char checks[KTSTR_CHECKS_TEXT];
		struct guest_order order;
		struct {
			struct ktstr_msg_output what;
			char text[KTSTR_OUTPUT_PIECE];	/* as much of it as was sent */
		} output;
		struct {
			struct ktstr_msg_ask what;
			uint8_t data[KTSTR_ASK_MAX];	/* as much of it as was sent */
		} ask;
	};
};

/* The length of a datagram that ends with @_member. */
#define GUEST_BODY_MSG_LEN(_member)						\
	(offsetof(struct guest_body_msg, _member) +				\
	 sizeof(((struct guest_body_msg *)0)->_member))

struct guest;

/* A descriptor of the event loop, and what to do when it is readable. */
struct guest_source {
	size_t fd;			/* offset into struct guest; a negative fd is ignored */
	void (*ready)(struct guest *g);
};

struct guest {
	struct guest_link link;
	struct ktstr_guest_args args;
	struct guest_sched sched;
	struct guest_body body;
	struct guest_stats stats;
	struct ktstr_msg_ask ask;	/* of the body, while the scheduler is asked first */
	int sig_fd, kmsg_fd, uevent_fd;	/* -1: none */
	int probe_sock;			/* to the program that sets probes; -1: none */
	const struct guest_source *sources;	/* of the loop; the last has no function */
	struct ktstr_result *result;	/* findings of PID 1 itself */
};

/*
 * loop.c: serve events until @done(@g) or the clock reaches @deadline_ns (0: serve only what is
 * there). Returns true when done.
 */
bool guest_loop__serve(struct guest *g, bool (*done)(const struct guest *g), uint64_t deadline_ns);

/* probe.c: probes by BPF programs, if the host wants them */

/* Before the scheduler: probe functions of the kernel. What cannot be done is told to the host. */
void guest_probe__start(struct guest *g);
/* It is loaded, and waits: probe its programs. */
void guest_probe__operations(struct guest *g);
/* The program has said something. */
void guest_probe__forward(struct guest *g);
/* The run is over. */
void guest_probe__finish(struct guest *g);

/* hold.c: a scheduler that waits before it attaches, until the host has seen it */

/* In its process, before exec: @sock leads to PID 1. 0 or -errno; PID 1 learns it too. */
int guest_hold__arm(int sock);
/* In PID 1: the descriptor that belongs to it, which becomes readable, or -errno. */
int guest_hold__take(int sock);
/* It waits: tell the host, and let it go on. */
void guest_hold__serve(struct guest *g);

/* sched.c */

/*
 * Start the scheduler and wait until it is attached. 0, or -ESHUTDOWN with a failing detail in
 * g->result: then the body must not run.
 */
int guest_sched__start(struct guest *g);
/*
 * The same for the program @path with @args, which has @timeout_ms to attach. Overwrites what
 * g->sched says about an earlier scheduler.
 */
int guest_sched__run(struct guest *g, const char *path, char * const *args, uint32_t timeout_ms);
/*
 * End it on purpose, so that neither PID 1 nor the body treats it as a crash: the kernel disables
 * it and its process gets SIGTERM. 0, -ESHUTDOWN when it had ended by itself before, or
 * -ETIMEDOUT.
 */
int guest_sched__detach(struct guest *g, uint64_t patience_ns);
/* Wait until no scheduler is enabled or being changed. False: @deadline_ns has passed. */
bool guest_sched__quiet(struct guest *g, uint64_t deadline_ns);
/* Look whether it still runs before it is asked to stop; one that was just killed needs a moment. */
void guest_sched__look(struct guest *g);
/* Its main thread died, and other threads of it live on. */
void guest_sched__leader_died(struct guest *g);
/*
 * It is gone, but its process may go on: wait until @done or @deadline_ns, not long, then ask it to
 * end. True when that was not necessary.
 */
bool guest_sched__linger(struct guest *g, bool (*done)(const struct guest *g),
			 uint64_t deadline_ns);
/*
 * Stop it at the end of the run: SIGINT, after a while SIGKILL, finally sysrq-S. How it ended is
 * judged: it must exit with status 0, or by the signal that it was sent, in time.
 */
void guest_sched__stop(struct guest *g);
/*
 * Disable a scheduler that does not even run killed tasks any more; they end under the default
 * scheduler then. Adds a failure.
 */
void guest_sched__evict(struct guest *g);
/* Update @attached and @ejected from sysfs. To be called when something may have changed. */
void guest_sched__check(struct guest *g);
/* Tell the body what is known of the scheduler (enum ktstr_sched_phase). */
void guest_sched__publish(const struct guest *g);
/* restart.c: a scheduler that the kernel has asked to restart */

/* Did the kernel's last message say so? */
bool guest_restart__asked(const struct guest_sched *s);
/* It is not enabled: is it waited for? */
bool guest_restart__waits(struct guest *g);
/* It is enabled. */
void guest_restart__is_back(struct guest *g);
/* The time is over, or may be: then it is gone. */
void guest_restart__missed(struct guest *g);
/* Wait until it is back or gone, if it restarts. */
void guest_restart__await(struct guest *g);
/* What happened, for the report. */
void guest_restart__note(const struct guest *g, struct ktstr_result *r);

/* Forward its output. False at end of file. */
bool guest_sched__forward(struct guest *g);
void guest_sched__reaped(struct guest *g, int status);
/* It ended or was ejected, and PID 1 had not ended it. */
bool guest_sched__gone(const struct guest_sched *s);
/* How a scheduler ended: a sentence, and the kind of failure. */
enum ktstr_kind guest_sched__why(const struct guest_sched *s, uint64_t body_start_ns, char *buf,
				 size_t size);

/* Fork the body. 0 or -errno; then nothing was started. */
int guest_body__start(struct guest_body *b, const struct ktstr_guest_args *args,
		      const struct guest_sched *sched);

/* stats.c. The descriptors of g->stats belong to the event loop. */

void guest_stats__open(struct guest *g);
/* The body begins, and its first step: periodic snapshots are counted from there. */
void guest_stats__body(struct guest *g);
void guest_stats__step(struct guest *g);
/* Ask for a snapshot on request; false: nobody is to be asked. */
bool guest_stats__ask_first(struct guest *g);
/* That request is over, and the host knows how. True once. */
bool guest_stats__asked(struct guest *g);
void guest_stats__on_socket(struct guest *g);
void guest_stats__on_timer(struct guest *g);
/* No requests from now on. May be called twice. */
void guest_stats__close(struct guest *g);

/* orders.c: carry out the order that the body waits for, and answer it. */
void guest_order__serve(struct guest *g);
void guest_order__reply(struct guest *g, int ret, const char *text);

/* supervise.c: run everything between START and EXIT. 0 or -errno. */
int guest_supervise(struct guest *g);

/* counts.c: tell the host what the kernel has counted of the devices of the test. */
void guest_counts__send(struct guest *g);

/* counters.c: of executed code, if this program was built with them */
void guest_counters__begin(void);
void guest_counters__send(struct guest *g);

#endif

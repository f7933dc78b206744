/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest tells the host: the types of messages and their payloads. Guest and host run the
 * same binary, so structures travel as they are. chan/chan.h carries them.
 */
#ifndef KTSTR_MODEL_MSG_H
#define KTSTR_MODEL_MSG_H

#include <stdint.h>

#include "harness/result/statistics.h"

/* Of the payloads; both sides check it. */
#define KTSTR_CHAN_VERSION	8u

enum ktstr_msg_type {
	KTSTR_MSG_START = 1,	/* PID 1 runs: struct ktstr_msg_start, then release string */
	KTSTR_MSG_SCHED_START,	/* the scheduler was started: s32 pid */
	KTSTR_MSG_SCHED_ATTACHING, /* it is loaded and waits (hold_attach): empty */
	KTSTR_MSG_SCHED_ATTACHED, /* root/ops of sched_ext, as text */
	KTSTR_MSG_BODY,		/* the test body starts: empty */
	KTSTR_MSG_STIMULUS,	/* a step began: struct ktstr_msg_stimulus */
	KTSTR_MSG_OP,		/* an op was carried out: struct ktstr_msg_op */
	KTSTR_MSG_CHECKS,	/* monitor checks of sets from now on: "NAME=VALUE" lines */
	KTSTR_MSG_RESULT,	/* ktstr_result__encode(); the last valid one counts */
	KTSTR_MSG_SCHED_EXIT,	/* struct ktstr_msg_sched_exit */
	KTSTR_MSG_SCHED_LOG,	/* scheduler stdout+stderr, a piece of text */
	KTSTR_MSG_KMSG,		/* one /dev/kmsg record, as read */
	KTSTR_MSG_CRASH,	/* text: how the body or PID 1 died */
	KTSTR_MSG_OUTPUT,	/* of a payload: struct ktstr_msg_output, then a piece of text */
	KTSTR_MSG_DEVICES,	/* what the kernel counted of devices: "NUMBER NAME VALUE" lines */
	KTSTR_MSG_ASK,		/* the body waits for the host: struct ktstr_msg_ask, then bytes */
	KTSTR_MSG_SCX_STATS,	/* the scheduler's statistics: struct ktstr_msg_scx_stats, then text */
	KTSTR_MSG_PROBE,	/* of the program that sets probes: harness/model/probe.h */
	KTSTR_MSG_TEARDOWN,	/* the body is over, cleaning up: empty */
	KTSTR_MSG_EXIT,		/* s32 status; nothing follows */
	KTSTR_MSG_COUNTERS,	/* of executed code: struct ktstr_msg_counters, then a piece of a file */
	KTSTR_NR_MSG_TYPES,
};

#define KTSTR_ANSWER_TEXT	512	/* bytes of an answer in words, with a NUL */
#define KTSTR_DEVICES_TEXT	4096	/* bytes of the lines of DEVICES, with a NUL */
#define KTSTR_CHECKS_TEXT	640	/* bytes of the lines of CHECKS, with a NUL */

struct ktstr_msg_start {
	uint32_t version;	/* KTSTR_CHAN_VERSION of the guest */
	uint32_t nr_cpus;	/* online in the guest */
};

struct ktstr_msg_stimulus {
	uint64_t op_kinds;	/* bit per enum ktstr_op_kind */
	uint32_t step;
	uint32_t cgroups;
	uint32_t workers;
	uint32_t unused;	/* 0 */
	uint64_t iterations;	/* of all workers so far */
	char part[KTSTR_NAME_LEN]; /* the case of a batch, or "" */
};

#define KTSTR_OP_TEXT	104	/* bytes of an op in words, with a NUL */

struct ktstr_msg_op {
	uint32_t step;		/* KTSTR_NO_STEP: of the backdrop */
	uint32_t kind;		/* enum ktstr_op_kind */
	uint64_t iterations;	/* of all workers so far */
	char name[24];		/* "SET_CPUSET"; "": those that follow are not told */
	char cgroup[64];	/* that it is about, or "" */
	char text[KTSTR_OP_TEXT];
};

struct ktstr_msg_sched_exit {
	int32_t status;		/* waitpid() status */
	uint32_t planned;	/* enum ktstr_sched_left */
};

enum ktstr_sched_left {
	KTSTR_SCHED_BY_ITSELF,
	KTSTR_SCHED_PLANNED,	/* we asked it to leave */
	KTSTR_SCHED_OUTLIVED,	/* it was not the scheduler any more, then we asked it to end */
};

/*
 * The streams of a payload. Of each, the first KTSTR_OUTPUT_HEAD bytes and the last
 * KTSTR_OUTPUT_TAIL are sent, in pieces.
 */
enum ktstr_stream {
	KTSTR_STDOUT, KTSTR_STDERR, KTSTR_NR_STREAMS,
	KTSTR_CHECK_FAILED = KTSTR_NR_STREAMS,	/* no text: a check of the payload failed */
	KTSTR_RUN_ENDED,	/* no text: cut is the payload's waitpid() status */
	KTSTR_FROM_BODY,	/* of no payload: text that the body sends to host callbacks */
};

#define KTSTR_OUTPUT_HEAD	(256u << 10)
#define KTSTR_OUTPUT_TAIL	(768u << 10)
#define KTSTR_OUTPUT_PIECE	(8u << 10)	/* of text in one message */

struct ktstr_msg_output {
	uint32_t run;		/* number of this run among all of payloads in the test, from 0 on */
	uint32_t step;
	uint32_t stream;	/* enum ktstr_stream */
	uint32_t reserved;	/* 0 */
	uint64_t cut;		/* bytes in front of this piece that are not sent */
	char source[KTSTR_NAME_LEN], cgroup[KTSTR_NAME_LEN];
};

/*
 * A file that the runtime of --coverage has written in the guest. Files are numbered from 0 on, and
 * come in this order, each from its beginning to its end.
 */
enum ktstr_counters_kind {
	KTSTR_COUNTERS_GCDA, KTSTR_COUNTERS_PROFRAW, KTSTR_NR_COUNTERS_KINDS,
};

#define KTSTR_COUNTERS_NAME	1024
#define KTSTR_COUNTERS_PIECE	(256u << 10)	/* bytes in one message */

struct ktstr_msg_counters {
	uint32_t file;
	uint32_t kind;		/* enum ktstr_counters_kind */
	uint64_t size;		/* of the whole file */
	uint64_t offset;	/* of this piece */
	char name[KTSTR_COUNTERS_NAME];	/* "/DIR/OBJECT.gcda" */
};

/* What the body asks the host for, which looks at the guest's memory. */
enum ktstr_ask {
	KTSTR_ASK_SNAPSHOT, KTSTR_ASK_WATCH,
	/* HOT: while the CPUs run, COLD: while they are stopped */
	KTSTR_ASK_READ_HOT, KTSTR_ASK_READ_COLD, KTSTR_ASK_WRITE_HOT, KTSTR_ASK_WRITE_COLD,
	KTSTR_NR_ASKS,
};

#define KTSTR_ASK_MAX		4096	/* bytes that are read or written */
#define KTSTR_ASK_NAME_LEN	128

struct ktstr_msg_ask {
	uint32_t nr;		/* of this question, from 1 on */
	uint32_t what;		/* enum ktstr_ask */
	uint32_t step;
	uint32_t target;	/* enum ktstr_kernel_kind */
	uint64_t address;	/* of the target */
	uint32_t cpu;
	int32_t pid;
	uint32_t len;		/* bytes to read, or that follow and are to be written */
	uint32_t unused;	/* 0 */
	char name[KTSTR_ASK_NAME_LEN];	/* a symbol, or a path in a task */
	char as[KTSTR_NAME_LEN];	/* of the snapshot, or of what is read */
};

/*
 * What the scheduler says about itself: its socket serves the protocol of the scx project's
 * scx_stats, lines of JSON. A request {"req":"stats","args":{"target":"top"}} is answered by
 * {"errno":0,"args":{"resp":...}}.
 */
#define KTSTR_SCX_STATS_PATH	"/var/run/scx/root/stats"
#define KTSTR_SCX_STATS_MAX	(256u << 10)	/* bytes of an answer */
#define KTSTR_SCX_STATS_MS	1000		/* it has so long to come */
#define KTSTR_SCX_STATS_SILENT	2	/* after so many in a row that did not, nobody asks any more */
/* Of msg_scx_stats: it belongs to the snapshot that the body asks for next. */
#define KTSTR_SCX_STATS_ASKED	UINT32_MAX

/* What became of a request. Rows of harness/snapshot/stats.c have the words. */
enum ktstr_scx_stats {
	KTSTR_SCX_STATS_NONE,		/* there was none */
	KTSTR_SCX_STATS_ANSWER,		/* a line, which follows without its newline */
	KTSTR_SCX_STATS_NO_SCHEDULER,	/* no process of a scheduler was started */
	KTSTR_SCX_STATS_NO_SOCKET,
	KTSTR_SCX_STATS_NO_LISTENER,	/* the file is there, and refuses connections */
	KTSTR_SCX_STATS_FAILED,		/* connecting, sending or receiving, with @error */
	KTSTR_SCX_STATS_CLOSED,		/* it hung up in the middle */
	KTSTR_SCX_STATS_SILENCE,	/* no whole line within KTSTR_SCX_STATS_MS */
	KTSTR_SCX_STATS_TOO_LONG,
	KTSTR_SCX_STATS_GIVEN_UP,	/* KTSTR_SCX_STATS_SILENT requests in a row: silence */
	KTSTR_NR_SCX_STATS,
};

struct ktstr_msg_scx_stats {
	uint32_t snapshot;	/* number of a periodic one from 0 on, or KTSTR_SCX_STATS_ASKED */
	uint32_t outcome;	/* enum ktstr_scx_stats */
	int32_t error;		/* errno, or 0 */
	uint32_t waited_us;	/* from the request to its end */
};

/*
 * The host's answer, in the last KTSTR_ANSWER_SIZE bytes of the shared stretch, which the ring does
 * not use. It is there when the sync point behind the question is over.
 */
struct ktstr_answer {
	uint32_t nr;		/* of the question */
	int32_t ret;		/* 0 or -errno */
	uint32_t len;		/* of @data */
	uint32_t unused;	/* 0 */
	char text[KTSTR_ANSWER_TEXT];	/* if @ret is not 0: one sentence */
	uint8_t data[KTSTR_ASK_MAX];
};

#define KTSTR_ANSWER_SIZE	8192
_Static_assert(sizeof(struct ktstr_answer) <= KTSTR_ANSWER_SIZE, "an answer fits in its place");

#endif

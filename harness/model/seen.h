/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that the host knows about the guest. host/messages.c fills it in from the channel,
 * host/event_loop.c from the machine; the verdict, the report and the sidecar read it. Text and
 * numbers in it come from the guest: they are bounded in size and untrusted.
 */
#ifndef KTSTR_MODEL_SEEN_H
#define KTSTR_MODEL_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/textbuf.h"
#include "clocks.h"
#include "counter_files.h"
#include "msg.h"
#include "output.h"
#include "run.h"
#include "scxlog.h"
#include "splat.h"
#include "window.h"

#define KTSTR_MAX_STIMULI	1024
#define KTSTR_MAX_CHECK_CHANGES	256
#define KTSTR_MAX_OPS_SEEN	2048
#define KTSTR_MAX_PROBE_SAYS	(8u << 20)	/* bytes */

struct ktstr_stimulus {
	uint64_t time_ns;		/* guest clock */
	struct ktstr_msg_stimulus what;
};

struct ktstr_op_seen {
	uint64_t time_ns;		/* guest clock */
	struct ktstr_msg_op what;	/* its texts are terminated */
};

/* From @time_ns on these monitor checks of sets count, and none else of them. */
struct ktstr_check_change {
	uint64_t time_ns;		/* guest clock */
	struct ktstr_checks checks;
};

/* A question of the body; its texts are terminated, and len is at most KTSTR_ASK_MAX. */
struct ktstr_ask_seen {
	uint64_t time_ns;		/* guest clock */
	struct ktstr_msg_ask what;
	uint8_t data[KTSTR_ASK_MAX];	/* to be written */
};

/* What became of the request for the scheduler's statistics that belongs to a snapshot. */
struct ktstr_scx_stats_seen {
	uint64_t time_ns;		/* guest clock, of its end */
	struct ktstr_msg_scx_stats what;	/* outcome NONE: nothing came yet */
	char *text;			/* of an ANSWER */
	size_t len;
	bool is_new;			/* the snapshots have not taken it over */
};

#define KTSTR_SCX_STATS_SEEN	(KTSTR_MAX_PERIODIC + 1)	/* the last one: on request */

struct ktstr_seen {
	enum ktstr_lifecycle lifecycle;
	bool started;			/* START with our version */
	bool exited;
	int32_t exit_status;
	uint32_t guest_version;
	uint32_t nr_cpus;		/* as the guest says */
	char release[128];		/* of the guest's kernel */
	uint64_t now_ns;		/* guest clock, of the last message */
	uint64_t sampled_ns;		/* guest clock, of the monitor's last sample; 0: none */
	uint64_t start_ns, body_ns, teardown_ns, exit_ns;	/* guest clock, 0: not seen */

	bool sched_started, sched_attached, sched_exited, sched_planned, sched_outlived;
	uint32_t sched_attaching;	/* so many have waited before they attached */
	int32_t sched_pid, sched_status;
	char ops[64];

	struct ktstr_result *result;	/* the last valid one, or NULL */
	unsigned int bad_results;
	struct ktstr_stimulus *stimuli;
	unsigned int nr_stimuli, dropped_stimuli;
	struct ktstr_op_seen *ops_done;
	unsigned int nr_ops, dropped_ops;
	struct ktstr_check_change *changes;
	unsigned int nr_changes, dropped_changes;
	struct ktstr_textbuf sched_log, kmsg, crash;
	struct ktstr_outputs outputs;	/* of payloads */
	struct ktstr_counter_files counters;	/* of a program that was built with them */
	char devices[KTSTR_DEVICES_TEXT];	/* of DEVICES */
	struct ktstr_scxlog scx;	/* about the scheduler that PID 1 started last */
	struct ktstr_scxlog others;	/* about those that the test or its payloads started */
	struct ktstr_splats splats;	/* of the kernel, since START */
	bool asked;			/* the body waits for the answer to @ask */
	struct ktstr_ask_seen ask;
	bool answered;			/* by a part, in @answer */
	struct ktstr_answer answer;
	struct ktstr_scx_stats_seen scx_stats[KTSTR_SCX_STATS_SEEN];
	uint8_t *probe_says;		/* PROBE: each a u32 length, and so many bytes */
	size_t probe_len;
	uint64_t dropped_probes;	/* messages */

	unsigned int bad_crcs, bad_messages;
	uint64_t drops;			/* messages that the guest gave up */
	bool broken;			/* the ring's invariants were violated */

	/* filled by event_loop.c */
	struct ktstr_clocks clocks;	/* of a machine with probes (vm_probe_time()) */
	bool machine_off;
	char machine_end[512];		/* how, where the VMM knows; or empty */
	char vcpus[512];		/* of a guest that timed out: what they were doing */
	char *stuck;			/* the same at length, with its tasks; or NULL */
	enum ktstr_lifecycle timed_out;	/* how far it was when its deadline passed */
	bool timeout;
	uint32_t timeout_s;
	char vmm_error[512];		/* the VMM itself failed */
	bool held;			/* a part has handed the guest to a user: no deadline counts */
	bool cut;			/* a part wants no more of this run */
};

/* NULL with ENOMEM */
struct ktstr_seen *ktstr_seen__new(void);
void ktstr_seen__free(struct ktstr_seen *s);

/* A part has carried out what the body asked for, or, with -errno, says in a sentence why not. */
void ktstr_answer__put(struct ktstr_seen *s, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "the body started and did not end" and so on, for people; never NULL. */
const char *ktstr_lifecycle__describe(enum ktstr_lifecycle lifecycle);

#endif

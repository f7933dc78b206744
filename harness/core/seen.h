/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that came out of the guest, in the order of the messages: filled by seen.c from the
 * channel, read by the verdict, the report and the sidecar. Everything in it is untrusted
 * text and numbers of bounded size.
 */
#ifndef KTSTR_CORE_SEEN_H
#define KTSTR_CORE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "../chan/chan.h"
#include "run.h"
#include "scxlog.h"
#include "textbuf.h"

#define KTSTR_MAX_STIMULI	1024

struct ktstr_stimulus {
	uint64_t time_ns;		/* guest clock */
	struct ktstr_msg_stimulus what;
};

struct ktstr_seen {
	enum ktstr_stage stage;
	bool started;			/* START with our version */
	bool exited;
	int32_t exit_status;
	uint32_t guest_version;
	uint32_t nr_cpus;		/* as the guest says */
	char release[128];		/* of the guest's kernel */
	uint64_t start_ns, body_ns, teardown_ns, exit_ns;	/* guest clock, 0: not seen */

	bool sched_started, sched_attached, sched_exited, sched_planned;
	int32_t sched_pid, sched_status;
	char ops[64];

	struct ktstr_result *result;	/* the last valid one, or NULL */
	unsigned int bad_results;
	struct ktstr_stimulus *stimuli;
	unsigned int nr_stimuli, dropped_stimuli;
	struct ktstr_textbuf sched_log, kmsg, crash;
	struct ktstr_scxlog scx;

	unsigned int bad_crcs, bad_messages;
	uint64_t drops;			/* messages that the guest gave up */
	bool broken;			/* the ring's invariants were violated */

	/* filled by watch.c */
	bool machine_off;
	char machine_end[512];		/* how, where the VMM knows; or empty */
	char vcpus[512];		/* of a guest that timed out: what they were doing */
	enum ktstr_stage timed_out;	/* stage whose deadline passed */
	bool timeout;
	uint32_t timeout_s;
	char vmm_error[512];		/* the VMM itself failed */
};

/* NULL with ENOMEM */
struct ktstr_seen *ktstr_seen__new(void);
void ktstr_seen__free(struct ktstr_seen *s);
/* Read everything that is in the channel. */
void ktstr_seen__drain(struct ktstr_seen *s, struct ktstr_chan *c);
/* One message; for tests and drain. */
void ktstr_seen__message(struct ktstr_seen *s, const struct ktstr_msg *m);

/* "the body" and so on: where the guest was, for people */
const char *ktstr_stage__describe(enum ktstr_stage stage);

#endif

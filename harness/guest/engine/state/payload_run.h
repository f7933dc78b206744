/* SPDX-License-Identifier: GPL-2.0 */
/* The payloads that a scenario has started and not yet judged. */
#ifndef KTSTR_GUEST_ENGINE_STATE_PAYLOAD_RUN_H
#define KTSTR_GUEST_ENGINE_STATE_PAYLOAD_RUN_H

#include "harness/model/msg.h"
#include "state.h"

struct ktstr_payload_run {
	const struct ktstr_payload *payload;
	char cgroup[KTSTR_NAME_LEN];	/* "": beside the runner */
	uint32_t number;		/* of this run in the test, from 0 on */
	uint32_t step;
	bool backdrop;
	struct ktstr_payload_proc *proc;
};

/* Start @payload in cgroup @cgroup ("": beside the runner). Returns 0 or -errno. */
int ktstr_payload_run__start(struct ktstr_scenario_state *st, const struct ktstr_payload *payload,
			     const char * const *args, const char *cgroup, struct ktstr_err *err);

/* Index of the one run that @op means, or -errno with a sentence that lists the others. */
int ktstr_payload_run__find(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err);
/* Wait at most @ns until run @i ends, then end it; one that takes longer fails. As below. */
int ktstr_payload_run__await(struct ktstr_scenario_state *st, uint32_t i, uint64_t ns);
/* Kill what runs of it and remove the record. */
void ktstr_payload_run__forget(struct ktstr_scenario_state *st, uint32_t i);
/* Kill run @i if it runs, judge and remove it. 0, or -ETIMEDOUT when it cannot be killed. */
int ktstr_payload_run__end(struct ktstr_scenario_state *st, uint32_t i);
/* The same for all runs in cgroup @name, or with NULL for those of the step or backdrop. */
int ktstr_payload_run__end_all(struct ktstr_scenario_state *st, const char *name, bool backdrop);

/*
 * MOVE_ALL_TASKS: move the payloads in @from, and all other tasks left in there, to @to. may_move
 * says in advance whether that is possible. Payloads beside the runner ("") stay.
 */
int ktstr_payload_run__may_move(struct ktstr_scenario_state *st, const char *from,
				const struct ktstr_cgroup_state *to, struct ktstr_err *err);
int ktstr_payload_run__move_all(struct ktstr_scenario_state *st, const char *from,
				const struct ktstr_cgroup_state *to, struct ktstr_err *err);

/* Send the host text of a stream, or that a check failed: see struct ktstr_msg_output. */
void ktstr_payload_run__send(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			     enum ktstr_stream stream, uint64_t cut, const char *text, size_t len);
/* Add a failing detail "payload NAME in CGROUP: TEXT" to the result. */
void ktstr_payload_run__fails(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			      const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Add the metrics of a run that has ended, and check it. @by_itself: it was not killed. */
void ktstr_payload_run__judge(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			      bool by_itself);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ktstr replay asks of a test program, in KTSTR_REPLAY, and what it gets back. Both are of one
 * build, so the text is no interface for others.
 */
#ifndef KTSTR_REPLAY_REQUEST_H
#define KTSTR_REPLAY_REQUEST_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

/* In the folder of the repeated run: what became of it, as JSON. */
#define KTSTR_REPLAY_FILE	"replay.json"

#define KTSTR_REPLAY_EVENT	64

enum ktstr_replay_until {
	KTSTR_REPLAY_END,		/* do not stop */
	KTSTR_REPLAY_TIME,		/* at ns of the machine's clock */
	KTSTR_REPLAY_STEP_TIME,		/* ns after the scenario's first step began */
	KTSTR_REPLAY_EXIT,		/* when an exit of the scheduler by an error is claimed */
	KTSTR_REPLAY_EVENT_NTH,		/* event, the nth time */
};

struct ktstr_replay_request {
	char of[PATH_MAX];		/* folder of the run that is repeated */
	enum ktstr_replay_until until;
	uint64_t ns;
	char event[KTSTR_REPLAY_EVENT];	/* a kind of event of a trace, "ops.NAME" or a function */
	uint64_t nth;
	bool dump, gdb;
	uint64_t shake_ns, seed;	/* shake_ns 0: do not */
};

/*
 * "KEY=VALUE" lines. 0, or -EINVAL with @err. What stands between is checked as if a user had written
 * it.
 */
int ktstr_replay_request__parse(struct ktstr_replay_request *r, const char *text, struct ktstr_err *err);
/* The same text; malloc()ed, NULL: no memory. */
char *ktstr_replay_request__text(const struct ktstr_replay_request *r);

/* "3.21s", "3210ms", "3210000us", "3210000000ns", or seconds: 0 or -EINVAL. */
int ktstr_replay_time__parse(const char *text, uint64_t *ns);

#endif

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
	KTSTR_REPLAY_TIME,		/* at ns, of the clock that it says */
	KTSTR_REPLAY_EXIT,		/* when an exit of the scheduler by an error is claimed */
	KTSTR_REPLAY_EVENT_NTH,		/* event, the nth time */
};

/* harness/model/clocks.h has what the clocks are. */
struct ktstr_replay_time {
	uint64_t ns;
	bool machine;			/* of the machine's clock, else the guest's */
};

struct ktstr_replay_request {
	char of[PATH_MAX];		/* folder of the run that is repeated */
	enum ktstr_replay_until until;
	struct ktstr_replay_time at;
	char event[KTSTR_REPLAY_EVENT];	/* a kind of event of a trace, "ops.NAME" or a function */
	uint64_t nth;
	bool dump, gdb;
	struct ktstr_replay_time shake;	/* ns 0: do not */
	uint64_t seed;
};

/*
 * "KEY=VALUE" lines. 0, or -EINVAL with @err. What stands between is checked as if a user had written
 * it.
 */
int ktstr_replay_request__parse(struct ktstr_replay_request *r, const char *text, struct ktstr_err *err);
/* The same text; malloc()ed, NULL: no memory. */
char *ktstr_replay_request__text(const struct ktstr_replay_request *r);

/*
 * "t=3.21s" of the guest's clock, "@7.17s" of the machine's; ms, us and ns are units too, and a number
 * without one is seconds. 0, or -EINVAL: it is neither, or 0.
 */
int ktstr_replay_time__parse(const char *text, struct ktstr_replay_time *t);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What payloads printed, as the host keeps it. It comes in pieces (struct ktstr_msg_output), becomes
 * a file for each stream of each run of a payload, and is shown in the report where a check failed.
 * All of it is from the guest and not trusted: it is bounded, and names in it are made harmless.
 */
#ifndef KTSTR_MODEL_OUTPUT_H
#define KTSTR_MODEL_OUTPUT_H

#include <stdbool.h>

#include "harness/result/statistics.h"
#include "lib/textbuf.h"
#include "msg.h"

#define KTSTR_MAX_OUTPUTS	64	/* runs of payloads in one test */

struct ktstr_output {
	uint32_t run, step;
	char source[KTSTR_NAME_LEN];	/* the payload; letters, digits, '_', '-' and '.' only */
	char cgroup[KTSTR_NAME_LEN];	/* "": beside the runner */
	uint32_t number;		/* of this run among those of the same payload, from 1 on */
	bool failed;			/* a check of it did */
	bool ended;			/* the next one is known */
	int32_t status;			/* waitpid() status */
	struct ktstr_textbuf text[KTSTR_NR_STREAMS];
};

struct ktstr_outputs {
	struct ktstr_output *list;
	unsigned int nr, dropped;	/* pieces of further runs */
	struct ktstr_textbuf from_body;	/* what the body has sent */
};

/* Take one piece. False: @o is malformed. One that there is no room for is counted. */
bool ktstr_outputs__add(struct ktstr_outputs *all, const struct ktstr_msg_output *o,
			const char *text, size_t len);
void ktstr_outputs__free(struct ktstr_outputs *all);
/* The name of its file in the run's folder: "payload.NAME.stdout", "payload.NAME.2.stderr". */
void ktstr_output__file(const struct ktstr_output *o, enum ktstr_stream stream, char *buf,
			size_t size);

#endif

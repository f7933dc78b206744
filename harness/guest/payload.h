/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of a payload: a program with its output, from fork to metrics.
 *
 * Between the runner and the program stands a keeper, a process that reads the program's
 * output as it comes, so that it never blocks on a full pipe while the runner holds a step. Runner and
 * keeper share memory; the keeper is the program's parent and the only one that kills it.
 */
#ifndef KTSTR_GUEST_PAYLOAD_H
#define KTSTR_GUEST_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ktstr/payload.h>

#include "../../vmm/err.h"

#define KTSTR_PAYLOAD_OUTPUT	(16u << 20)	/* bytes of each stream that are kept */
#define KTSTR_PAYLOAD_SEARCHED	(1u << 20)	/* of those, from their end, for metrics */

struct ktstr_payload_proc;

struct ktstr_payload_start {
	const struct ktstr_payload *payload;
	const char * const *args;	/* behind the payload's own; NULL: none */
	/* In the child before exec: join the cgroup. 0 or -errno with a sentence; NULL: nothing. */
	int (*join)(void *data, struct vm_err *err);
	void *data;
};

/* 0 once the program was executed; -errno with a sentence, then nothing is left behind. */
int ktstr_payload__start(struct ktstr_payload_proc **pp, const struct ktstr_payload_start *start,
			 struct vm_err *err);
/* Readable when it has ended. */
int ktstr_payload__fd(const struct ktstr_payload_proc *p);
/* SIGKILL to its process group; wait for the end with ktstr_payload__fd(). */
void ktstr_payload__kill(struct ktstr_payload_proc *p);
/* Wait until it has ended; true when it did within @timeout_ms (-1: as long as it takes). */
bool ktstr_payload__wait(struct ktstr_payload_proc *p, int timeout_ms);

/* Of one that has ended. @err: of the standard error. *@dropped: bytes beyond what is kept. */
int ktstr_payload__status(const struct ktstr_payload_proc *p);	/* waitpid() status */
const char *ktstr_payload__output(const struct ktstr_payload_proc *p, bool err, size_t *len,
				  uint64_t *dropped);
/* Kills it if it runs. NULL is allowed. */
void ktstr_payload__free(struct ktstr_payload_proc *p);

/* The last match of @rule in the text, a finite number: true. */
bool ktstr_metric_rule__find(const struct ktstr_metric_rule *rule, const char *text, size_t len,
			     double *value);
/*
 * Every number in the JSON of the text, or else in its first complete object or array, with the path
 * to it
 * ("jobs.0.read.iops"; blanks and control characters in names are '_'). A path that does not fit
 * KTSTR_METRIC_PATH is left out, and JSON of more than 64 levels is none. false: there is none.
 */
#define KTSTR_METRIC_PATH	64
typedef void ktstr_json_leaf(void *arg, const char *path, double value);
bool ktstr_json_leaves(const char *text, size_t len, ktstr_json_leaf *leaf, void *arg);
/* NULL, or why a declaration cannot be meant; @why is room for the sentence. */
const char *ktstr_payload__problem(const struct ktstr_payload *p, char *why, size_t size);
/* The first of @args that known_flags does not allow, or NULL. */
const char *ktstr_payload__unknown_flag(const struct ktstr_payload *p, const char * const *args);

#endif

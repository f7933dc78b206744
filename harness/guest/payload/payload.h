/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of a payload: a program with its output, from fork to metrics.
 *
 * The runner forks a keeper, and the keeper forks the program. The keeper reads the program's
 * output as it comes, so that the program never blocks on a full pipe while the runner holds a
 * step. Runner and keeper share memory; only the keeper kills the program. The keeper outlives a
 * runner that dies: it kills the program then, and still delivers what it printed.
 */
#ifndef KTSTR_GUEST_PAYLOAD_PAYLOAD_H
#define KTSTR_GUEST_PAYLOAD_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ktstr/payload.h>
#include <ktstr/verdict.h>

#include "harness/model/msg.h"
#include "lib/err.h"

/* Of each stream, the first half of so many bytes and the last half are kept. */
#define KTSTR_PAYLOAD_OUTPUT	(16u << 20)
#define KTSTR_PAYLOAD_SEARCHED	(1u << 20)	/* of those, from their end, for metrics */

struct ktstr_payload_proc;

struct ktstr_payload_start {
	const struct ktstr_payload *payload;
	const char * const *args;	/* behind the payload's own; NULL: none */
	/* In the child before exec: join the cgroup. 0 or -errno with a sentence; NULL: nothing. */
	int (*join)(void *data, struct ktstr_err *err);
	/*
	 * In the keeper, once all is over: @len bytes of a stream, before which @cut bytes were
	 * left out. NULL: nobody wants them.
	 */
	void (*deliver)(void *data, enum ktstr_stream stream, uint64_t cut, const char *text,
			size_t len);
	void *data;
};

/* 0 once the program was executed, or -errno with a sentence; then nothing has to be freed. */
int ktstr_payload__start(struct ktstr_payload_proc **pp, const struct ktstr_payload_start *start,
			 struct ktstr_err *err);
/* Readable when it has ended. */
int ktstr_payload__fd(const struct ktstr_payload_proc *p);
/* SIGKILL to its process group; wait for the end with ktstr_payload__fd(). */
void ktstr_payload__kill(struct ktstr_payload_proc *p);
/* Wait until it has ended; true when it did within @timeout_ms (-1: as long as it takes). */
bool ktstr_payload__wait(struct ktstr_payload_proc *p, int timeout_ms);

/* Of one that has ended. *@dropped: bytes that are missing in the middle. */
int ktstr_payload__status(const struct ktstr_payload_proc *p);	/* waitpid() status */
const char *ktstr_payload__output(const struct ktstr_payload_proc *p, enum ktstr_stream stream,
				  size_t *len, uint64_t *dropped);
/* Kills it if it runs. NULL is allowed. */
void ktstr_payload__free(struct ktstr_payload_proc *p);

/* The last match of @rule in the text, a finite number: true. */
bool ktstr_metric_rule__find(const struct ktstr_metric_rule *rule, const char *text, size_t len,
			     double *value);
/*
 * Every number in the JSON of the text, or else in its first complete object or array, with the
 * path to it ("jobs.0.read.iops"; what is not a visible ASCII character in a name is '_'). Of a
 * name that an object has twice, the last value counts. A path that does not fit KTSTR_METRIC_PATH
 * is left out. JSON of more than 64 levels, or with a number beyond the range of a double, is
 * none. false: there is none. Not for two threads at once.
 */
#define KTSTR_METRIC_PATH	64
typedef void ktstr_json_leaf(void *arg, const char *path, double value);
bool ktstr_json_leaves(const char *text, size_t len, ktstr_json_leaf *leaf, void *arg);
/*
 * Call @fn for every result at the top level of the KTAP in the text; what is indented or no result
 * is passed over. Returns how many the first plan announces, 0: there is no plan.
 */
struct ktstr_ktap_result {
	enum ktstr_outcome outcome;	/* pass, also of what is known to fail (TODO, XFAIL); fail; skip */
	char name[128];			/* may be empty */
	char why[160];			/* behind the '#' */
};
typedef void ktstr_ktap_fn(void *arg, const struct ktstr_ktap_result *r);
uint32_t ktstr_ktap__read(const char *text, size_t len, ktstr_ktap_fn *fn, void *arg);
/*
 * All figures that the text has for @p, as its output format says. Those that a rule or a check names
 * come first. @rule (may be NULL) has the unit and the direction. Not for two threads at once.
 */
typedef void ktstr_metric_fn(void *arg, const struct ktstr_metric_rule *rule, const char *name,
			     double value);
void ktstr_payload__extract(const struct ktstr_payload *p, const char *text, size_t len,
			    ktstr_metric_fn *fn, void *arg);
/* NULL, or why a declaration is invalid; @why is a buffer for the sentence. */
const char *ktstr_payload__problem(const struct ktstr_payload *p, char *why, size_t size);
/* The first of @args that known_flags does not allow, or NULL. */
const char *ktstr_payload__unknown_flag(const struct ktstr_payload *p, const char * const *args);

#endif

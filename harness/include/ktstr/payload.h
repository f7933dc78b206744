/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Payloads: programs (benchmarks, helpers) that run beside the workers, in a cgroup of the
 * test, and whose output becomes metrics.
 *
 *	KTSTR_PAYLOAD(hackbench, .binary = "hackbench", .args = KTSTR_STRS("-l", "2000"),
 *		      METRIC_RULES({ "seconds", "^Time: ([0-9.]+)", "s", KTSTR_LOWER_IS_BETTER }),
 *		      PAYLOAD_CHECKS(METRIC_MAX("seconds", 10)));
 *
 *	KTSTR_TEST(under_load, .payload = &hackbench, ...)
 *	... STEP(OPS(RUN_PAYLOAD(&hackbench, "cg_a"), WAIT_PAYLOAD(&hackbench)), HOLD_FULL)
 *
 * docs/payloads.md has the rules.
 */
#ifndef KTSTR_PAYLOAD_H
#define KTSTR_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <ktstr/attrs.h>
#include <ktstr/stats.h>

/*
 * How a figure is found in the output: group 1 of the last match of an extended regex. In JSON
 * all numbers are found by themselves, and a rule without a regex says what one of them means.
 */
struct ktstr_metric_rule {
	const char *name;		/* NULL ends the list; in JSON the path, "jobs.0.read.iops" */
	const char *regex;
	const char *unit;		/* NULL: none */
	enum ktstr_polarity polarity;
	double target;			/* with KTSTR_TARGET_IS_BETTER: the best value */
};

enum ktstr_payload_check_kind {
	KTSTR_PAYLOAD_CHECK_END,
	KTSTR_PAYLOAD_MIN,
	KTSTR_PAYLOAD_MAX,
	KTSTR_PAYLOAD_RANGE,
	KTSTR_PAYLOAD_EXISTS,
	KTSTR_PAYLOAD_EXIT_CODE,
};

/* What must hold once it has ended. An absent metric fails, whatever is asked of it. */
struct ktstr_payload_check {
	enum ktstr_payload_check_kind kind;
	const char *metric;
	double min, max;		/* MIN, MAX, RANGE: both ends belong to it */
	int exit_code;
};

#define KTSTR_METRIC_MIN(_name, _v)						\
	{ .kind = KTSTR_PAYLOAD_MIN, .metric = (_name), .min = (_v) }
#define KTSTR_METRIC_MAX(_name, _v)						\
	{ .kind = KTSTR_PAYLOAD_MAX, .metric = (_name), .max = (_v) }
#define KTSTR_METRIC_RANGE(_name, _min, _max)					\
	{ .kind = KTSTR_PAYLOAD_RANGE, .metric = (_name), .min = (_min), .max = (_max) }
#define KTSTR_METRIC_EXISTS(_name) { .kind = KTSTR_PAYLOAD_EXISTS, .metric = (_name) }
#define KTSTR_EXIT_CODE(_code)							\
	{ .kind = KTSTR_PAYLOAD_EXIT_CODE, .exit_code = (_code) }

/*
 * How the output is read. Each test in KTAP becomes a sub-result, and how many passed, failed and
 * were skipped becomes the metrics "passed", "failed" and "skipped".
 */
enum ktstr_payload_output { KTSTR_OUTPUT_TEXT, KTSTR_OUTPUT_JSON, KTSTR_OUTPUT_KTAP };

/* What holds for all figures of one run together. */
struct ktstr_metric_bounds {
	bool set;
	int64_t min_count;		/* so many at least */
	double value_min, value_max;	/* each in here; may be infinite */
};

/* METRIC_BOUNDS(3, 0, INFINITY): three at least, none negative */
#define KTSTR_METRIC_BOUNDS(_min_count, _value_min, _value_max)			\
	.metric_bounds = { true, (_min_count), (_value_min), (_value_max) }

struct ktstr_payload {
	const char *name;		/* the C identifier unless given */
	/* Host program, packed with its libraries: a path, or a name: see docs. */
	const char *binary;
	const char * const *args;	/* in front of those of RUN_PAYLOAD */
	const char * const *include_files; /* further host files, as extra_include_files */
	const char * const *known_flags; /* "--flag": the only ones it may be given; NULL: any */
	enum ktstr_payload_output output; /* text, unless it is JSON or KTAP */
	const struct ktstr_metric_rule *metrics;
	struct ktstr_metric_bounds metric_bounds; /* METRIC_BOUNDS() */
	const struct ktstr_payload_check *checks; /* exit code 0 is asked for unless one says else */
	bool uses_parent_pgrp;		/* stays in the runner's process group; only it is killed */
};

#define KTSTR_METRIC_RULES(...)							\
	.metrics = (const struct ktstr_metric_rule[]){ __VA_ARGS__, { .name = NULL } }
#define KTSTR_PAYLOAD_CHECKS(...)						\
	.checks = (const struct ktstr_payload_check[]){ __VA_ARGS__, { .metric = NULL } }

#define KTSTR_PAYLOAD(_name, ...)						\
	KTSTR_DEFAULTS_BEGIN							\
	static const struct ktstr_payload _name = { .name = #_name, ##__VA_ARGS__ }; \
	KTSTR_DEFAULTS_END							\
	KTSTR_ONCE(ktstr_payload, _name, ##__VA_ARGS__)				\
	struct ktstr_payload

/* NULL-terminated, for .workloads = PAYLOADS(&a, &b) */
#define KTSTR_PAYLOADS(...) ((const struct ktstr_payload * const []){ __VA_ARGS__, NULL })

/* What the test names as its .payload; NULL: it names none. */
const struct ktstr_payload *ktstr_main_payload(const struct ktstr_ctx *ctx);

/* A figure that ktstr_extract_metrics() has found. */
struct ktstr_found {
	char name[64];
	char unit[16];			/* "": none */
	enum ktstr_polarity polarity;
	double value;
	double target;			/* of KTSTR_TARGET_IS_BETTER */
};

/*
 * The figures that @len bytes of output have for the format and the rules of @p, at most @max in
 * @found. Returns how many there are, which may be more, or -EINVAL: the declaration is invalid. Not
 * for two threads at once.
 */
int ktstr_extract_metrics(const struct ktstr_payload *p, const char *text, size_t len,
			  struct ktstr_found *found, int max);

/*
 * Payloads of a body that works by hand. The handle belongs to the context; it lives until
 * ktstr_payload_drop() or the end of the body. The payload is one of those that the test names.
 */
struct ktstr_payload_handle;

struct ktstr_payload_opts {
	const char *cgroup;		/* one that the body has made; NULL: beside the runner */
	const char * const *args;	/* behind the payload's own, KTSTR_STRS(...) */
	bool replace_args;		/* in place of them */
	const struct ktstr_payload_check *checks; /* PAYLOAD_CHECKS(...), for this run, too */
	bool replace_checks;		/* in place of the payload's own */
	uint64_t timeout_ns;		/* of ktstr_run_payload(); 0: the test's duration */
};

/*
 * Start it: spawn_payload(ctx, &fio, .cgroup = "io", .args = KTSTR_STRS("--rw=read")). NULL: it
 * could not be started, which has been added to the verdict.
 */
#define ktstr_spawn_payload(_ctx, _payload, ...)					ktstr_payload__spawn(_ctx, _payload,								     &(const struct ktstr_payload_opts){ __VA_ARGS__ })
struct ktstr_payload_handle *ktstr_payload__spawn(struct ktstr_ctx *ctx,
						  const struct ktstr_payload *payload,
						  const struct ktstr_payload_opts *opts);
/*
 * Wait at most @timeout_ns until it ends, and judge it: metrics, exit code, checks. One that takes
 * longer is killed, fails, and is judged as well. 0 in both cases, or -errno. The end of the
 * scheduler under test ends the wait, too.
 */
int ktstr_payload_wait(struct ktstr_payload_handle *h, uint64_t timeout_ns);
/* 1: it has ended and was judged; 0: it runs. */
int ktstr_payload_try_wait(struct ktstr_payload_handle *h);
/* Kill and judge it; its exit code is not judged. */
int ktstr_payload_kill(struct ktstr_payload_handle *h);
/* Kill one that runs, unjudged and with a note, and free the handle. NULL is allowed. */
void ktstr_payload_drop(struct ktstr_payload_handle *h);

/* Of one that was judged: -1 when a signal ended it, also ours; and a figure, NaN: absent. */
int ktstr_payload_exit_code(const struct ktstr_payload_handle *h);
double ktstr_payload_metric(const struct ktstr_payload_handle *h, const char *name);

/* Spawn, wait, judge and drop. */
#define ktstr_run_payload(_ctx, _payload, ...)						ktstr_payload__run(_ctx, _payload,								   &(const struct ktstr_payload_opts){ __VA_ARGS__ })
int ktstr_payload__run(struct ktstr_ctx *ctx, const struct ktstr_payload *payload,
		       const struct ktstr_payload_opts *opts);

#include <ktstr/short_names.h>

#endif

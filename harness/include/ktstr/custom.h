/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that bring a work type of their own:
 *
 *	static void touch_and_nap(struct ktstr_work_ctx *w)
 *	{
 *		ktstr_work_spin(w, ktstr_work_arg(w, 0));
 *		ktstr_work_sleep(w, NSEC_PER_MSEC);
 *	}
 *	...
 *	CGROUP("cg_a", .work = CUSTOM("touch_and_nap", touch_and_nap, .arg = { 4096 }))
 *
 * or, with a configuration of a type of its own, which the function gets as cfg:
 *
 *	struct naps { uint64_t units, nap_ns; };
 *
 *	KTSTR_CUSTOM_WORK(touch_and_nap, struct naps)
 *	{
 *		ktstr_work_spin(w, cfg->units);
 *		ktstr_work_sleep(w, cfg->nap_ns);
 *	}
 *	...
 *	CGROUP("cg_a", .work = CUSTOM_OF(touch_and_nap, .units = 4096, .nap_ns = NSEC_PER_MSEC))
 *
 * The function is one iteration: it runs in a worker process, again and again until the worker
 * is told to stop, and must return within milliseconds of that. A worker that counts no units
 * counts as starved. Memory that workers share must be mapped before ktstr_run() forks them.
 */
#ifndef KTSTR_CUSTOM_H
#define KTSTR_CUSTOM_H

#include <stdbool.h>
#include <stdint.h>

#include <ktstr/scenario.h>

/*
 * At file scope, followed by the function's body. What the configuration points to is shared by no
 * two workers, unless it was mapped as shared memory before.
 */
#define KTSTR_CUSTOM_WORK(_fn, _type)						\
	struct _ktstr_config_##_fn {						\
		_type config;							\
	};									\
	static void _fn(struct ktstr_work_ctx *w, const _type *cfg);		\
	static void _ktstr_custom_##_fn(struct ktstr_work_ctx *w)		\
	{									\
		_fn(w, ktstr_work_config(w));					\
	}									\
	static void _fn(struct ktstr_work_ctx *w, const _type *cfg)

/* The configuration, as a function without KTSTR_CUSTOM_WORK() gets it; NULL: it has none. */
const void *ktstr_work_config(const struct ktstr_work_ctx *w);

/* Told to stop? Look at it in every loop of your own. */
bool ktstr_work_stopped(const struct ktstr_work_ctx *w);

/* Who am I? Parameter 0..3 of the declaration; number of this worker in its cgroup. */
uint64_t ktstr_work_arg(const struct ktstr_work_ctx *w, unsigned int i);
uint32_t ktstr_work_index(const struct ktstr_work_ctx *w);
/* Could it run on @cpu when it started? */
bool ktstr_work_may_use_cpu(const struct ktstr_work_ctx *w, uint32_t cpu);
/* Absolute path of its cgroup, NULL without one. */
const char *ktstr_work_cgroup_dir(const struct ktstr_work_ctx *w);

/* Progress: units done by the function itself, or CPU work that counts one unit each. */
void ktstr_work_done(struct ktstr_work_ctx *w, uint64_t units);
void ktstr_work_spin(struct ktstr_work_ctx *w, uint64_t units);

/* Its own random sequence, the same again for the same seed. */
uint64_t ktstr_work_rand(struct ktstr_work_ctx *w);
uint64_t ktstr_work_now_ns(void);	/* CLOCK_MONOTONIC */

/*
 * Blocking that a stop ends within 100 ms. The wait returns true when *@word (shared memory) is no
 * longer @seen. Other blocking calls of the function must be bounded as well, and are told to
 * the telemetry by ktstr_work_blocked(); the time is no scheduling gap then.
 */
void ktstr_work_sleep(struct ktstr_work_ctx *w, uint64_t ns);
bool ktstr_work_futex_wait(struct ktstr_work_ctx *w, uint32_t *word, uint32_t seen);
void ktstr_work_futex_wake(uint32_t *word, uint32_t nr);
void ktstr_work_blocked(struct ktstr_work_ctx *w, uint64_t before, uint64_t now);

/*
 * A verdict on the test, with its reason in at most 200 bytes; the first one of a worker counts, and
 * its function is not called again. Where a worker says skip or inconclusive, the checks do not judge
 * the workers of its kind in its cgroup; skip also leaves out their figures, so that a test in which
 * nothing else was measured is skipped.
 */
void ktstr_work_skip(struct ktstr_work_ctx *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_work_fail(struct ktstr_work_ctx *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_work_inconclusive(struct ktstr_work_ctx *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A wake-up took @ns: goes into the wake latency statistics of its cgroup. */
void ktstr_work_sample_wake(struct ktstr_work_ctx *w, uint64_t ns);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations that several work types use: a yield, a sleep, a byte through a pipe, a memory
 * access. Each counts, samples and reports blocking in the same way, so the figures of different
 * types are comparable.
 */
#ifndef KTSTR_GUEST_WORK_TYPES_PIECES_H
#define KTSTR_GUEST_WORK_TYPES_PIECES_H

#include <sys/types.h>

#include "harness/guest/work/work.h"

#define WORK_SPIN	1024	/* units between two checks of a clock or the stop flag */
#define WORK_MAX_SPIN	(1U << 20) /* in one go: 8 ms on a CPU, 150 ms in an emulated guest */
#define WORK_WAKE_SPIN	256	/* units after a wake-up: the work of the woken task */

/* sched_yield(); the time that it takes, in which others ran, is a wake sample. */
uint64_t work_yield(struct ktstr_work_ctx *w);

/*
 * Sleep @ns on purpose. The wake sample is the lateness: timer slack, wake-up and run delay, but
 * not the sleep. A sleep that the stop flag cut short is not sampled.
 */
void work_sleep_sampled(struct ktstr_work_ctx *w, uint64_t ns);

/* For validate(): NULL, or that the stop flag would be checked too rarely. */
static inline const char *work_spin_problem(uint32_t units)
{
	return units > WORK_MAX_SPIN ? "spin is larger than 1048576" : NULL;
}

/* Spin until @deadline (ktstr_now_ns()) or the stop flag, @units between two checks. */
void work_spin_until(struct ktstr_work_ctx *w, uint64_t deadline, uint32_t units);

/*
 * Pairs that exchange a byte: setup_group() of a group of two, and one exchange. The sample is
 * the time from having written to having read: the partner's work and two wake-ups.
 */
int work_pipes(struct ktstr_work_group *g);
void work_pipe_exchange(struct ktstr_work_ctx *w);

/* The set in a list file of sysfs. False: it cannot be read, or is empty. */
bool work_read_list(const char *path, struct ktstr_cpumask *m);

/*
 * Two SMT siblings among @cpus: those of core @n of the cores that have two there, counted from 0
 * and then from the first one again. @sysfs: "/sys". False: no core has two.
 */
bool work_sibling_pair(const char *sysfs, const struct ktstr_cpumask *cpus, uint32_t n,
		       uint32_t pair[2]);

/* A private region that is touched byte by byte. Freed with free(). */
struct work_region {
	size_t size, at, stride;
	volatile uint8_t bytes[];
};

/* A region of @size bytes, all of them mapped; NULL with ENOMEM. */
struct work_region *work_region(size_t size, size_t stride);
/* @n times: read, change and write a byte and advance by the stride, cyclically. Each is a unit. */
void work_touch(struct ktstr_work_ctx *w, struct work_region *r, uint32_t n);

/*
 * A sparse file of @size bytes in TMPDIR or /tmp that already has no name, so that nothing is
 * left when the worker is killed. A descriptor or -errno.
 */
int work_temp_file(const struct ktstr_work_ctx *w, uint64_t size);

/* Three n x n matrices behind each other. Freed with free(). */
struct work_matrices {
	uint32_t n;
	uint64_t *a, *b, *c;
};

/* That together take @kib at the most; NULL with ENOMEM. */
struct work_matrices *work_matrices(uint32_t kib);
/*
 * A row of the naive product c = a * b, without blocking for the cache: it is meant to use the
 * cache badly.
 */
void work_multiply_row(struct work_matrices *m, uint32_t i);

/* fork() with a pidfd: 0 in the child, which may only make system calls; -1 with errno. */
pid_t work_clone(int *pidfd);
/* Wait until a child has ended; false: told to stop. */
bool work_child_ended(struct ktstr_work_ctx *w, int pidfd);

/* Frees w->priv. */
void work_free_priv(struct ktstr_work_ctx *w);

/* Print a line to the guest's output; of several workers only the first one does. */
void work_note(const struct ktstr_work_ctx *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

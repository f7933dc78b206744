/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test can ask beyond its figures: the kernel's log and addresses, what the program declares,
 * and, in host callbacks, what happened in the guest.
 */
#ifndef KTSTR_INSPECT_H
#define KTSTR_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>
#include <ktstr/stats.h>
#include <ktstr/verdict.h>

/* ---- in a body ---- */

/*
 * All records that the kernel's ring buffer has now, one line each and without time stamps, as
 * `dmesg --notime` prints them. The caller frees the text. NULL with errno: /dev/kmsg cannot be
 * read.
 */
char *ktstr_read_kmsg(void);
/*
 * Send @text to the host callbacks, which read it by ktstr_guest_kmsg(); several are put together.
 * Of all that a test sends the first 256 KiB and the last 768 KiB are kept.
 */
void ktstr_send_kmsg(struct ktstr_ctx *ctx, const char *text);
/*
 * The address of a function of the running kernel, from /proc/kallsyms. 0 and *@ip, -ENOENT: there
 * is none of that name, -EPERM: the kernel hides addresses (kernel.kptr_restrict), -errno.
 */
int ktstr_resolve_func_ip(const char *function, uint64_t *ip);

/* ---- anywhere ---- */

/* The declaration of that name in this program, static data; NULL: there is none. */
const struct ktstr_test *ktstr_find_test(const char *name);
const struct ktstr_scheduler *ktstr_find_scheduler(const char *name);

/*
 * A worker that the stall monitor found without progress, as docs/engine.md describes; the texts
 * are those of /proc at that time, "" where there is none. @_i counts from 0 below nr_stalls().
 * False: there is no such report.
 */
struct ktstr_stall_report {
	const char *why;		/* "forgotten", "passed-over", "waits", "limited", ... */
	const char *cgroup, *comm, *part;
	int32_t tid;
	uint32_t step;			/* in which it was found, from 0 on */
	bool resumed;			/* it went on later */
	uint64_t at_ns;			/* since the first step, when it began */
	uint64_t for_ns;		/* as far as the monitor saw */
	uint32_t turns_per_s;		/* "passed-over": of others on its CPU */
	const char *cpus;		/* that were idle, or that it waited for */
	const char *status, *wchan, *syscall, *cgroup_path, *loadavg;
	const char *stack;		/* of the kernel, innermost function first */
};

#define ktstr_nr_stalls(_r)	ktstr_stall__nr(KTSTR_RESULT_OF(_r))
#define ktstr_stall_report(_r, _i, _report)					\
	ktstr_stall__report(KTSTR_RESULT_OF(_r), _i, _report)
uint32_t ktstr_stall__nr(const struct ktstr_result *r);
bool ktstr_stall__report(const struct ktstr_result *r, uint32_t i,
			 struct ktstr_stall_report *report);

/* ---- in host callbacks; all texts are valid until the callback returns ---- */

/*
 * What the body has sent by ktstr_send_kmsg(), or if it sent nothing, the log of the guest's kernel
 * as the guest's init forwarded it, with time stamps. Never NULL.
 */
const char *ktstr_guest_kmsg(const struct ktstr_result *r);

/*
 * What is known of the run: the outcome before expect_err and allow_inconclusive, did the guest find
 * no failure, the status with which its init ended (INT_MIN: it did not), and how long the guest ran
 * by its own clock.
 */
enum ktstr_outcome ktstr_run_outcome(const struct ktstr_result *r);
bool ktstr_guest_succeeded(const struct ktstr_result *r);
int ktstr_guest_status(const struct ktstr_result *r);
bool ktstr_timed_out(const struct ktstr_result *r);
uint64_t ktstr_guest_ms(const struct ktstr_result *r);
/*
 * What the scheduler printed, and the message with which it left by an error; "" if there is none.
 * Never NULL.
 */
const char *ktstr_sched_log(const struct ktstr_result *r);
const char *ktstr_scx_error(const struct ktstr_result *r);

/*
 * A figure of the monitor, from the samples that count: "samples", "seconds", "max_imbalance",
 * "avg_imbalance", "max_dsq_depth", "avg_dsq_depth", "avg_nr_running", "stuck", or how often an event
 * of sched_ext was counted, as "select_cpu_fallback". NaN: not known, or there is no such figure.
 */
double ktstr_monitor_figure(const struct ktstr_result *r, const char *name);

/* A step of a scenario began: what was there, once its workers had started. */
struct ktstr_stimulus_event {
	uint64_t elapsed_ms;		/* since the body started, guest clock */
	uint32_t step;			/* from 0 on */
	uint32_t op_kinds;		/* of its ops: 1 << enum ktstr_op_kind */
	uint32_t cgroups, workers;
	uint64_t iterations;		/* of all workers so far */
	const char *part;		/* the case of a batch, or "" */
};

/* In the order of time. A run without a guest (host_only) has none. False: there is no such event. */
uint32_t ktstr_nr_stimuli(const struct ktstr_result *r);
bool ktstr_stimulus(const struct ktstr_result *r, uint32_t i, struct ktstr_stimulus_event *event);

/*
 * What a device of the test has counted, as the sidecar's "devices" has it: of the disk reads,
 * writes, flushes, read_bytes, written_bytes, failed, delayed; of card @nr, counted from 0, tx_frames,
 * tx_bytes, rx_frames, rx_bytes, dropped. NaN: not known; under emulation, where the guest's kernel
 * counts, failed and delayed are not.
 */
double ktstr_disk_counter(const struct ktstr_result *r, const char *name);
double ktstr_net_counter(const struct ktstr_result *r, unsigned int nr, const char *name);

/*
 * The folder where the sidecar of this run will be written: KTSTR_SIDECAR_DIR, else the run's own.
 * 0, -ENOENT: there is none, as in a body; -ENAMETOOLONG: @buf is too small.
 */
int ktstr_sidecar_dir(const struct ktstr_result *r, char *buf, size_t size);

#endif

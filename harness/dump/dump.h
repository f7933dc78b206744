/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dumps: what a scheduler and its kernel had in memory at one moment, as a tree. docs/dumps.md says
 * what is in it. take.c and the files that it calls fill it in from guest memory; file.c writes and
 * reads it; text.c shows it. Only the first of these knows a guest.
 *
 * One moment is a report (struct ktstr_jnode, an object). A file has one report, or two of one
 * scheduler's failure, or none and the reason why (schemas "single", "dual", "degraded").
 */
#ifndef KTSTR_DUMP_DUMP_H
#define KTSTR_DUMP_DUMP_H

#include "harness/monitor/sample.h"
#include "lib/jtree.h"
#include "vmm/vm.h"

#define KTSTR_DUMP_MAX_BYTES	(64u << 20)	/* of a tree in memory */

#define KTSTR_SCHEMA_SINGLE	"single"
#define KTSTR_SCHEMA_DUAL	"dual"
#define KTSTR_SCHEMA_DEGRADED	"degraded"

/* Why a degraded report has no more in it; what follows it are figures. */
#define KTSTR_REASON_DEGRADED_RENDEZVOUS_TIMEOUT \
	"vCPU rendezvous timed out before parked acknowledgement"

/* Tags of files beside the main one: NAME.TAG.failure-dump.json */
#define KTSTR_SNAPSHOT_TAG_EARLY_DEGRADED		"early-degraded"
#define KTSTR_SNAPSHOT_TAG_EARLY_PRE_LATE_DEGRADED	"early-pre-late-degraded"
#define KTSTR_SNAPSHOT_TAG_EARLY_ONLY_LATE_SUPPRESSED	"early-only-late-suppressed"
#define KTSTR_SNAPSHOT_TAG_EARLY_ONLY_LATE_NEVER_FIRED	"early-only-late-never-fired"

/* From this exit kind on the kernel means an error (SCX_EXIT_ERROR). */
#define KTSTR_SCX_EXIT_ERROR	1024

struct ktstr_series;
struct ktstr_casts;

struct ktstr_dump_input {
	struct ktstr_monitor *mon;	/* attached; its guest stands still, or the dump may be torn */
	const char *trigger;		/* "scx_error", "longest_wait", "request", "timeout" */
	const char *ops;		/* name of the scheduler; "": whichever is attached */
	const struct ktstr_series *series;	/* samples so far; NULL: none */
	uint64_t time_ns;		/* guest clock; 0: unknown */
	const struct ktstr_casts *casts;	/* of the BPF objects in the scheduler's program */
	unsigned int nr_casts;
	const struct vm_regs *regs;	/* of all vCPUs; NULL: they are not known, */
	const char *why_no_regs;	/* for this reason */
};

/* Add what can be read to the object @report. What is missing is named there, by its reason. */
void ktstr_dump__take(struct ktstr_jtree *t, struct ktstr_jnode *report,
		      const struct ktstr_dump_input *in);

/*
 * Add the registers of the vCPUs to @report, by themselves, as a degraded report has nothing else. With
 * @regs NULL, @why_not is what is missing.
 */
void ktstr_dump__regs(struct ktstr_jtree *t, struct ktstr_jnode *report, struct ktstr_kview *v,
		      const struct vm_regs *regs, const char *why_not);
/* "symbol+0x10" of an address in the kernel's image, or "0x..." */
void ktstr_dump__symbol(const struct ktstr_kview *v, uint64_t kva, char *buf, size_t size);
/* The task that runs on @cpu, as its runqueue has it. 0 or -ENOENT. */
int ktstr_dump__curr(struct ktstr_kview *v, uint32_t cpu, int32_t *pid, char comm[16]);
/* The task_struct of @pid, which the initial PID namespace has. 0, -EAGAIN, -ESRCH. */
int ktstr_dump__find_task(struct ktstr_monitor *m, int32_t pid, uint64_t *kva);

/* How long the task has been runnable that has been so longest, and how long is half the watchdog. */
struct ktstr_dump_wait {
	uint64_t longest;		/* jiffies; 0: nobody waits */
	uint64_t half_watchdog;		/* jiffies; 0: unknown */
};

/* 0, -EAGAIN, -ENOENT: no scheduler is attached, or this kernel does not tell. */
int ktstr_dump__longest_wait(struct ktstr_monitor *m, struct ktstr_dump_wait *w);

#endif

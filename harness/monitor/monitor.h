/* SPDX-License-Identifier: GPL-2.0 */
/* The monitor as a part of a run: see part.c, and docs/monitor.md for what users see of it. */
#ifndef KTSTR_MONITOR_MONITOR_H
#define KTSTR_MONITOR_MONITOR_H

#include "bpf/write.h"
#include "judge.h"
#include "kthread.h"
#include "live.h"
#include "pace.h"
#include "watch.h"
#include "watchdog.h"
#include "harness/model/part.h"

#define KTSTR_MONITOR_PERIOD_NS	(100 * 1000 * 1000)

extern const struct ktstr_run_part ktstr_monitor_part;
/* part_progs.c: the scheduler's BPF programs; its row stands behind that of the monitor. */
extern const struct ktstr_run_part ktstr_programs_part;

/* Its state in a run. */
struct ktstr_monitor_state {
	struct ktstr_kimage *img;
	struct ktstr_monitor mon;
	struct vm *vm;			/* NULL: detached */
	struct ktstr_pace pace;		/* period 0: not yet */
	struct ktstr_sample *sample;	/* the latest */
	uint64_t *vcpu_ns;		/* the same for KVM's vCPUs; NULL: not known */
	struct ktstr_series all;
	struct ktstr_series view;	/* those that are judged; shares the samples of @all */
	bool clock_known;
	int64_t clock_offset_ns;	/* guest clock - jiffies as time */
	uint64_t tick_ns;
	char why_not[256];		/* why there is no sample; "": there is one */
	struct ktstr_monitor_summary summary;
	struct ktstr_monitor_verdict enforced, reported;
	struct ktstr_watches watches;
	struct ktstr_watchdog watchdog;
	struct ktstr_kthreads kthreads;
	struct ktstr_map_written *written;
	unsigned int nr_written;
	bool wrote;			/* or tried to */
};

/* part.c: what other parts look at the guest by; NULL: there is no monitor, or nothing to see yet or any more */
struct ktstr_monitor *ktstr_monitor__view(const struct ktstr_run *run);

/* part_writes.c: what a test wants to be different, watchdog_timeout_s and bpf_map_write */
int ktstr_monitor_writes__check(const struct ktstr_test *t, struct ktstr_err *err);
int ktstr_monitor_writes__attach(const struct ktstr_run *run, struct ktstr_monitor_state *s);
void ktstr_monitor_writes__sync(const struct ktstr_run *run, struct ktstr_monitor_state *s);
void ktstr_monitor_writes__fold(struct ktstr_run *run, const struct ktstr_monitor_state *s);
void ktstr_monitor_writes__report(const struct ktstr_monitor_state *s, FILE *f);
void ktstr_monitor_writes__json(const struct ktstr_monitor_state *s, struct ktstr_json *j);
/* Does @t ask for any? */
bool ktstr_monitor_writes__any(const struct ktstr_test *t);

/* part.c: what is known of the run's kernel; NULL with @err, unless that is NULL */
struct ktstr_kimage *ktstr_monitor__open_image(const struct ktstr_run *run, struct ktstr_err *err);
/*
 * loadable.c: can this kernel load the test's scheduler and those that its ops may attach, as far as
 * its BTF tells? 0, or -ENOTSUP with @err, where err->missing is set: another kernel can. What cannot
 * be read is no reason.
 */
int ktstr_monitor__check_loadable(const struct ktstr_run *run, struct ktstr_err *err);
/*
 * part.c: the guest's clock while it stands, to a tick, by its jiffies. False: no message has come
 * yet, or they cannot be read.
 */
bool ktstr_monitor__time(struct ktstr_monitor_state *s, uint64_t *time_ns);
/* part.c: the clock of a guest that was stopped, which goes on after its last message */
void ktstr_monitor__last_time(struct ktstr_run *run, struct ktstr_monitor_state *s);
/* part_stuck.c: the hook of that name */
void ktstr_monitor__stuck(struct ktstr_run *run, void *state, struct vm *vm,
			  const struct vm_stand *stand, uint32_t nr);

/* part_kthreads.c: kthreads that do not get to run */
void ktstr_monitor_kthreads__look(const struct ktstr_run *run, struct ktstr_monitor_state *s,
				  uint64_t jiffies, uint64_t time_ns);
void ktstr_monitor_kthreads__fold(struct ktstr_run *run, const struct ktstr_monitor_state *s);

/* part_maps.c: watch_bpf_maps */
int ktstr_monitor_maps__check(const struct ktstr_test *t, struct ktstr_err *err);
/* What is wrong with the words for a field in a map, or NULL. */
const char *ktstr_monitor_maps__words_fault(const char *map, const char *field);
/* Of the body's time, @from_ns until before @to_ns. */
void ktstr_monitor_maps__fold(struct ktstr_run *run, struct ktstr_monitor_state *s,
			      uint64_t from_ns, uint64_t to_ns);

/* text.c: what people and programs read of it */
void ktstr_monitor_text__json(const struct ktstr_run *run, const void *state, const char *key,
			      struct ktstr_json *j);
void ktstr_monitor_text__report(const struct ktstr_run *run, const void *state, bool brief,
				FILE *f);
/* Two lines about the stretch from @from_ns on, compared with that before it, from @before_ns on. */
void ktstr_monitor_text__phase(const struct ktstr_run *run, const void *state, uint64_t before_ns,
			       uint64_t from_ns, uint64_t to_ns, FILE *f);
/* Append all samples to the file @path. 0 or -errno. */
int ktstr_monitor_text__csv(const struct ktstr_run *run, const struct ktstr_monitor_state *s,
			    const char *path);

/* Has this process asked for a figure that is not there, as there is no guest? */
bool ktstr_monitor__was_missed(void);

#endif

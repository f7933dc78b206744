/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a host was like at one instant: its threads with their figures, the cgroups in which they are, and the
 * host itself. capture.h reads one from procfs, file.h writes and reads it as JSON, compare.h says in what
 * two differ. A figure that could not be read is not there; it is never 0.
 */
#ifndef KTSTR_TOOL_CTPROF_SNAPSHOT_H
#define KTSTR_TOOL_CTPROF_SNAPSHOT_H

#include "lib/jtree.h"
#include "metrics.h"

#define CTPROF_NO_LIMIT		(-1)	/* "max" of a limit of a cgroup */

struct ctprof_thread {
	int32_t tid, tgid;
	uint32_t pcomm, comm, cgroup;	/* strings; pcomm: comm of the leader */
	uint64_t start_ticks;		/* after boot: tid and this are one thread of a boot */
	bool has[CTPROF_NR_METRICS];
	int64_t value[CTPROF_NR_METRICS];	/* a text: its number among the strings */
};

/* "cpu.stat/usage_usec" of a cgroup, or "cpu/some/total" of the host's pressure. */
struct ctprof_figure {
	uint32_t name;
	int64_t value;
};

struct ctprof_figures {
	struct ctprof_figure *figure;
	size_t nr, room;
};

struct ctprof_cgroup {
	uint32_t path;
	struct ctprof_figures figures;
};

struct ctprof_snapshot {
	uint64_t unix_ns, boot_ns;	/* when: CLOCK_REALTIME, CLOCK_BOOTTIME */
	uint32_t ticks_per_s;
	const char *boot_id;		/* "": not known */
	struct ctprof_thread *thread;	/* by tgid, then tid */
	size_t nr_threads, thread_room;
	struct ctprof_cgroup *cgroup;	/* by path */
	size_t nr_cgroups, cgroup_room;
	struct ctprof_figures pressure;	/* of the host */
	const struct ktstr_jnode *host, *sched_ext;	/* NULL: not known */
	/* What the capture met. */
	uint64_t processes, gone;	/* gone: threads that ended while they were read */
	uint64_t unreadable[CTPROF_NR_SOURCES];	/* files that were there */
	uint64_t unknown;		/* values that made no sense */
	const char *taskstats;		/* why there are none; NULL: there are */

	struct ktstr_jtree tree;	/* owns all text, and host and sched_ext */
	const char **string;
	uint32_t nr_strings;
	uint32_t *hash, hash_size;	/* of strings: their number + 1 */
	int error;			/* -ENOMEM: something is missing */
};

/* Read or captured into; free it whatever became of that. */
void ctprof_snapshot__init(struct ctprof_snapshot *s);
void ctprof_snapshot__free(struct ctprof_snapshot *s);

/* The number of @text, which is copied; bytes that are not UTF-8 become '?'. Fails into s->error. */
uint32_t ctprof_snapshot__string(struct ctprof_snapshot *s, const char *text);

/* A new one at the end, zeroed; NULL: s->error. */
struct ctprof_thread *ctprof_snapshot__add_thread(struct ctprof_snapshot *s);
struct ctprof_cgroup *ctprof_snapshot__add_cgroup(struct ctprof_snapshot *s);
void ctprof_snapshot__add_figure(struct ctprof_snapshot *s, struct ctprof_figures *f, const char *name,
				 int64_t value);

/* Into the order that is promised above. */
void ctprof_snapshot__sort(struct ctprof_snapshot *s);

/*
 * The value @text of a row in a file of the kernel. 0 and *@value, or -EINVAL; what is negative where
 * nothing can be, as the sums of /proc/TID/sched of some kernels are, is -ERANGE.
 */
int ctprof_value__parse(struct ctprof_snapshot *s, const struct ctprof_metric *m, const char *text,
			int64_t *value);
/* How many CPUs a list as "0-3,8" has. 0: it is none. */
unsigned int ctprof_cpu_list__count(const char *list);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The events of a schedule trace. A kind is a row of the table ktstr_trace_kinds[]: what its numbers
 * are called. Files, readers and comparisons go by that table.
 */
#ifndef KTSTR_TRACE_EVENT_H
#define KTSTR_TRACE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTSTR_TRACE_VALUES	5
#define KTSTR_TRACE_COMM	16
#define KTSTR_TRACE_TEXT	64
#define KTSTR_TRACE_KERNEL	128
#define KTSTR_TRACE_NO_PID	(-1)

enum ktstr_trace_kind {
	KTSTR_TRACE_SWITCH,	/* __switch_to(): the task is the next one, text the previous one's name */
	KTSTR_TRACE_WAKING,	/* somebody wakes the task */
	KTSTR_TRACE_WAKEUP,	/* it is put on a runqueue because of that */
	KTSTR_TRACE_NEW,	/* it is woken for the first time */
	KTSTR_TRACE_MIGRATE,
	KTSTR_TRACE_CPUS,	/* the task may run on other CPUs than last seen */
	KTSTR_TRACE_OP,		/* an operation of the scheduler is called; text: which */
	KTSTR_TRACE_INSERT,	/* the scheduler asks for a task to be put into a DSQ */
	KTSTR_TRACE_QUEUE,	/* a task is put into a DSQ */
	KTSTR_TRACE_CONSUME,	/* a CPU looks for a task in a DSQ */
	KTSTR_TRACE_KICK,	/* the scheduler kicks a CPU */
	KTSTR_TRACE_IPI,	/* a CPU is sent the interrupt that makes it reschedule */
	KTSTR_TRACE_TICK,
	KTSTR_TRACE_THROTTLE,	/* a runqueue of a cgroup has used up its quota */
	KTSTR_TRACE_UNTHROTTLE,
	KTSTR_TRACE_SCHEDULER,	/* one is about to be enabled; text: its name */
	KTSTR_TRACE_STEP,	/* of the scenario; text */
	KTSTR_TRACE_LOST,	/* so many events of this CPU before this one are missing */
	KTSTR_NR_TRACE_KINDS,
};

struct ktstr_trace_kind_row {
	const char *name;
	const char *value[KTSTR_TRACE_VALUES];	/* NULL: none */
	bool hex[KTSTR_TRACE_VALUES];
	const char *text;			/* what the text is; NULL: there is none */
	bool decision;				/* of the scheduler: ktstr trace diff compares it */
};

extern const struct ktstr_trace_kind_row ktstr_trace_kinds[KTSTR_NR_TRACE_KINDS];

/* Of KTSTR_TRACE_SWITCH; the state is that of the tracepoint sched_switch. */
enum { KTSTR_SWITCH_PREV_PID, KTSTR_SWITCH_PREV_PRIO, KTSTR_SWITCH_PREV_STATE, KTSTR_SWITCH_NEXT_PRIO };
/* Of KTSTR_TRACE_WAKING, WAKEUP and NEW. */
enum { KTSTR_WAKE_TARGET, KTSTR_WAKE_PRIO, KTSTR_WAKE_WAKER };

struct ktstr_trace_event {
	uint64_t ns;			/* the guest's clock, harness/model/clocks.h */
	uint32_t cpu;
	enum ktstr_trace_kind kind;
	int32_t pid;			/* KTSTR_TRACE_NO_PID: it is about no task */
	char comm[KTSTR_TRACE_COMM];
	uint64_t value[KTSTR_TRACE_VALUES];
	char text[KTSTR_TRACE_TEXT];
};

/* The kind called @name, or KTSTR_NR_TRACE_KINDS. */
enum ktstr_trace_kind ktstr_trace_kind__find(const char *name);

/* One line about @e, without time and CPU: "switch A[12] -> B[13]". */
void ktstr_trace_event__describe(const struct ktstr_trace_event *e, char *buf, size_t size);

/* A file in the format that its name asks for: *.csv, *.sqlite, *.db, else Perfetto. */
struct ktstr_trace_writer;

/*
 * 0 or -errno. @nr_cpus are all that events can be of; @kernel is its release, NULL: not known. What
 * cannot be written is reported by close().
 */
int ktstr_trace_writer__open(struct ktstr_trace_writer **wp, const char *path, uint32_t nr_cpus,
			     const char *kernel);
void ktstr_trace_writer__add(struct ktstr_trace_writer *w, const struct ktstr_trace_event *e);
int ktstr_trace_writer__close(struct ktstr_trace_writer *w);	/* NULL is allowed */

/* A format either writes to a buffered file, FILE *, or opens and closes the file by itself. */
struct ktstr_trace_format {
	void (*begin)(void *file, uint32_t nr_cpus, const char *kernel);	/* the former only */
	/* 0 or -errno */
	int (*open)(void **to, const char *path, uint32_t nr_cpus, const char *kernel);
	void (*event)(void *to, const struct ktstr_trace_event *e);
	int (*close)(void *to);		/* 0 or -errno, of anything since open() */
};

extern const struct ktstr_trace_format ktstr_trace_csv, ktstr_trace_perfetto, ktstr_trace_sqlite;

/* All events of a file, in the order of their time. */
struct ktstr_trace {
	struct ktstr_trace_event *event;
	size_t nr, room;
	uint32_t nr_cpus;		/* the highest, and 1 */
	uint64_t from_ns, to_ns;
	char kernel[KTSTR_TRACE_KERNEL];	/* "": the file does not say */
};

struct ktstr_err;

/* 0 or -errno with @err; free() in either case. The file is not trusted. */
int ktstr_trace__read(struct ktstr_trace *t, const char *path, struct ktstr_err *err);
void ktstr_trace__free(struct ktstr_trace *t);
/* For the readers of formats: room for one more event, zeroed; NULL: no memory. */
struct ktstr_trace_event *ktstr_trace__more(struct ktstr_trace *t);
/* What holds of a whole trace, once all events have been added: their order, and the other members. */
void ktstr_trace__finish(struct ktstr_trace *t);
int ktstr_trace_csv__read(struct ktstr_trace *t, const uint8_t *data, size_t len, struct ktstr_err *err);
int ktstr_trace_perfetto__read(struct ktstr_trace *t, const uint8_t *data, size_t len,
			       struct ktstr_err *err);
int ktstr_trace_sqlite__read(struct ktstr_trace *t, const uint8_t *data, size_t len,
			     struct ktstr_err *err);

#endif

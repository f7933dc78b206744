// SPDX-License-Identifier: GPL-2.0
/* Kinds of events, and files of them: see event.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/err.h"
#include "event.h"

#define BUFFER	(1u << 20)

const struct ktstr_trace_kind_row ktstr_trace_kinds[KTSTR_NR_TRACE_KINDS] = {
	[KTSTR_TRACE_SWITCH]	= { "switch", { "prev_pid", "prev_prio", "prev_state", "next_prio" },
				    .hex[KTSTR_SWITCH_PREV_STATE] = true, .text = "prev_comm",
				    .decision = true },
	[KTSTR_TRACE_WAKING]	= { "waking", { "target_cpu", "prio", "waker_pid" }, .decision = true },
	[KTSTR_TRACE_WAKEUP]	= { "wakeup", { "target_cpu", "prio" }, .decision = true },
	[KTSTR_TRACE_NEW]	= { "wakeup_new", { "target_cpu", "prio" }, .decision = true },
	[KTSTR_TRACE_MIGRATE]	= { "migrate", { "orig_cpu", "dest_cpu" }, .decision = true },
	[KTSTR_TRACE_CPUS]	= { "cpus", { "mask" }, .hex[0] = true, .decision = true },
	[KTSTR_TRACE_OP]	= { "op", { "arg0", "arg1", "arg2" }, .hex = { false, true, true },
				    .text = "name", .decision = true },
	[KTSTR_TRACE_INSERT]	= { "dsq_insert", { "dsq_id", "slice", "enq_flags", "vtime" },
				    .hex = { true, false, true }, .decision = true },
	[KTSTR_TRACE_QUEUE]	= { "dsq_queue", { "dsq_id" }, .hex[0] = true, .decision = true },
	[KTSTR_TRACE_CONSUME]	= { "dsq_consume", { "dsq_id" }, .hex[0] = true, .decision = true },
	[KTSTR_TRACE_KICK]	= { "kick", { "target_cpu", "flags" }, .hex[1] = true,
				    .decision = true },
	[KTSTR_TRACE_IPI]	= { "resched_ipi", { "target_cpu" }, .decision = true },
	[KTSTR_TRACE_TICK]	= { "tick" },
	[KTSTR_TRACE_THROTTLE]	= { "throttle", { "rq_cpu" }, .decision = true },
	[KTSTR_TRACE_UNTHROTTLE] = { "unthrottle", { "rq_cpu" }, .decision = true },
	[KTSTR_TRACE_SCHEDULER]	= { "scheduler", .text = "name", .decision = true },
	[KTSTR_TRACE_STEP]	= { "step", .text = "name" },
	[KTSTR_TRACE_LOST]	= { "lost", { "events" } },
};

enum ktstr_trace_kind ktstr_trace_kind__find(const char *name)
{
	enum ktstr_trace_kind k = 0;

	while (k < KTSTR_NR_TRACE_KINDS && strcmp(ktstr_trace_kinds[k].name, name))
		k++;
	return k;
}

void ktstr_trace_event__describe(const struct ktstr_trace_event *e, char *buf, size_t size)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[e->kind];
	size_t n;

	if (e->kind == KTSTR_TRACE_SWITCH) {
		snprintf(buf, size, "switch %s[%d] -> %s[%d], previous state %#" PRIx64, e->text,
			 (int)e->value[KTSTR_SWITCH_PREV_PID], e->comm, e->pid,
			 e->value[KTSTR_SWITCH_PREV_STATE]);
		return;
	}
	snprintf(buf, size, "%s", row->name);
	n = strlen(buf);
	if (row->text && e->text[0] && n < size)
		n += (size_t)snprintf(buf + n, size - n, " %s", e->text);
	if (e->pid != KTSTR_TRACE_NO_PID && n < size)
		n += (size_t)snprintf(buf + n, size - n, " %s[%d]", e->comm, e->pid);
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i] && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, row->hex[i] ? " %s=%#" PRIx64 :
				      " %s=%" PRId64, row->value[i], e->value[i]);
}

/* Formats by the ends of names, and by what a file begins with; the last one takes all others. */
static const struct {
	const char *suffix, *magic;
	const struct ktstr_trace_format *format;
	int (*read)(struct ktstr_trace *t, const uint8_t *data, size_t len, struct ktstr_err *err);
} formats[] = {
	{ ".sqlite", "SQLite format 3", &ktstr_trace_sqlite, ktstr_trace_sqlite__read },
	{ ".db", "SQLite format 3", &ktstr_trace_sqlite, ktstr_trace_sqlite__read },
	{ ".csv", "time_ns,", &ktstr_trace_csv, ktstr_trace_csv__read },
	{ "", "\n", &ktstr_trace_perfetto, ktstr_trace_perfetto__read },
};

static unsigned int by_name(const char *path)
{
	size_t len = strlen(path), tail;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats) - 1; i++) {
		tail = strlen(formats[i].suffix);
		if (len > tail && !strcmp(path + len - tail, formats[i].suffix))
			break;
	}
	return i;
}

/* A file of another name is one of its content; a foreign one is judged by its name. */
static unsigned int by_content(const char *path, const uint8_t *data, size_t len)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(formats); i++)
		if (len >= strlen(formats[i].magic) &&
		    !memcmp(data, formats[i].magic, strlen(formats[i].magic)))
			return i;
	return by_name(path);
}

struct ktstr_trace_writer {
	const struct ktstr_trace_format *format;
	void *to;
};

static int open_file(void **to, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	setvbuf(f, NULL, _IOFBF, BUFFER);
	*to = f;
	return 0;
}

static int close_file(FILE *f)
{
	int ret = ferror(f) ? -EIO : 0;

	errno = 0;
	if (fclose(f) && !ret)
		ret = errno ? -errno : -EIO;
	return ret;
}

int ktstr_trace_writer__open(struct ktstr_trace_writer **wp, const char *path, uint32_t nr_cpus,
			     const char *kernel)
{
	struct ktstr_trace_writer *w = calloc(1, sizeof(*w));
	int ret;

	if (!w)
		return -ENOMEM;
	w->format = formats[by_name(path)].format;
	ret = w->format->open ? w->format->open(&w->to, path, nr_cpus, kernel) :
	      open_file(&w->to, path);
	if (ret) {
		free(w);
		return ret;
	}
	if (w->format->begin)
		w->format->begin(w->to, nr_cpus, kernel);
	*wp = w;
	return 0;
}

void ktstr_trace_writer__add(struct ktstr_trace_writer *w, const struct ktstr_trace_event *e)
{
	w->format->event(w->to, e);
}

int ktstr_trace_writer__close(struct ktstr_trace_writer *w)
{
	int ret;

	if (!w)
		return 0;
	ret = w->format->close ? w->format->close(w->to) : close_file(w->to);
	free(w);
	return ret;
}

struct ktstr_trace_event *ktstr_trace__more(struct ktstr_trace *t)
{
	struct ktstr_trace_event *e;

	if (t->nr == t->room) {
		size_t room = t->room ? t->room * 2 : 4096;

		e = reallocarray(t->event, room, sizeof(*e));
		if (!e)
			return NULL;
		t->event = e;
		t->room = room;
	}
	e = &t->event[t->nr++];
	memset(e, 0, sizeof(*e));
	e->pid = KTSTR_TRACE_NO_PID;
	return e;
}

void ktstr_trace__free(struct ktstr_trace *t)
{
	free(t->event);
	memset(t, 0, sizeof(*t));
}

/* Events of the same time keep their order. Nearly all are in order: only steps are told late. */
static void sort(struct ktstr_trace *t)
{
	for (size_t i = 1; i < t->nr; i++) {
		struct ktstr_trace_event e = t->event[i];
		size_t lo = 0, hi = i;

		if (t->event[i - 1].ns <= e.ns)
			continue;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (t->event[mid].ns <= e.ns)
				lo = mid + 1;
			else
				hi = mid;
		}
		memmove(&t->event[lo + 1], &t->event[lo], (i - lo) * sizeof(e));
		t->event[lo] = e;
	}
}

void ktstr_trace__finish(struct ktstr_trace *t)
{
	sort(t);
	for (size_t i = 0; i < t->nr; i++)
		if (t->event[i].cpu >= t->nr_cpus)
			t->nr_cpus = t->event[i].cpu + 1;
	t->from_ns = t->nr ? t->event[0].ns : 0;
	t->to_ns = t->nr ? t->event[t->nr - 1].ns : 0;
}

int ktstr_trace__read(struct ktstr_trace *t, const char *path, struct ktstr_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	struct stat st;
	void *data;

	memset(t, 0, sizeof(*t));
	if (fd < 0)
		return ktstr_err(err, errno, "%s", strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return ktstr_err(err, EINVAL, "no trace: it is empty, or no file");
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return ktstr_err(err, errno, "%s", strerror(errno));
	ret = formats[by_content(path, data, (size_t)st.st_size)].read(t, data, (size_t)st.st_size, err);
	munmap(data, (size_t)st.st_size);
	if (ret)
		return ret;
	if (!t->nr)
		return ktstr_err(err, EINVAL, "it has no event that ktstr knows");
	ktstr_trace__finish(t);
	return 0;
}

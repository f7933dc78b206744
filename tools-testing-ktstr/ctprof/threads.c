// SPDX-License-Identifier: GPL-2.0
/*
 * The files of one thread: /proc/PID/task/TID/{stat,schedstat,status,io,sched,cgroup}, smaps_rollup of the
 * process, and taskstats. Which value goes where is in the rows of metrics.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_priv.h"

#define MAX_FIELDS	64
#define STAT_FIRST	3	/* the number of the first field behind the name */
#define STAT_START	22

/* Forget nothing: a file that is there and cannot be read counts, but for one of a thread that ended. */
static bool read_of(struct ctprof_capture *c, enum ctprof_source source, int32_t tgid, int32_t tid)
{
	const char *name = ctprof_source__name(source);
	int ret;

	if (source == CTPROF_SMAPS)
		ret = ctprof_capture__read(c, "/proc/%d/%s", tgid, name);
	else
		ret = ctprof_capture__read(c, "/proc/%d/task/%d/%s", tgid, tid, name);
	if (ret && ret != -ENOENT && ret != -ESRCH)
		c->s->unreadable[source]++;
	return !ret;
}

static void set(struct ctprof_capture *c, struct ctprof_thread *t, int id, const char *text)
{
	if (t->has[id])
		return;
	if (ctprof_value__parse(c->s, &ctprof_metrics[id], text, &t->value[id]))
		c->s->unknown++;
	else
		t->has[id] = true;
}

static bool is_of(const struct ctprof_metric *m, enum ctprof_source source,
		  const struct ctprof_thread *t)
{
	return m->source == source && (!m->process || t->tid == t->tgid);
}

/* Fields between blanks; the first one has the number @first. */
static void set_fields(struct ctprof_capture *c, struct ctprof_thread *t, enum ctprof_source source,
		       char *text, unsigned int first)
{
	const char *field[MAX_FIELDS] = { NULL };
	char *rest = text, *f;
	uint64_t start;

	for (unsigned int i = first; i < MAX_FIELDS && (f = strsep(&rest, "\n "));)
		if (*f)
			field[i++] = f;
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		const struct ctprof_metric *m = &ctprof_metrics[id];

		if (is_of(m, source, t) && m->field < MAX_FIELDS && field[m->field])
			set(c, t, id, field[m->field]);
	}
	if (source != CTPROF_STAT || !field[STAT_START])
		return;
	start = strtoull(field[STAT_START], NULL, 10);
	t->start_ticks = start;
}

/* "se.statistics.wait_sum" of older kernels is "wait_sum". "ext.enabled" is asked for in full. */
static bool is_key(const char *key, const char *name)
{
	size_t len = strlen(key), want = strlen(name);

	if (len < want || strcmp(key + len - want, name))
		return false;
	return len == want || key[len - want - 1] == '.';
}

/* Lines "KEY : VALUE". Only keys of sched may have a beginning that is left out. */
static void set_lines(struct ctprof_capture *c, struct ctprof_thread *t, enum ctprof_source source)
{
	char *rest = c->text, *line, *colon, *end;

	while ((line = strsep(&rest, "\n"))) {
		colon = strchr(line, ':');
		if (!colon)
			continue;
		for (end = colon; end > line && strchr(" \t", end[-1]); end--)
			;
		*end = '\0';
		colon++;
		colon += strspn(colon, " \t");
		for (end = colon + strlen(colon); end > colon && strchr(" \t", end[-1]); end--)
			end[-1] = '\0';
		for (int id = 0; id < CTPROF_NR_METRICS; id++) {
			const struct ctprof_metric *m = &ctprof_metrics[id];

			if (is_of(m, source, t) &&
			    (source == CTPROF_SCHED ? is_key(line, m->key) : !strcmp(line, m->key)))
				set(c, t, id, colon);
		}
	}
}

/* The path of cgroup2: the line that begins with "0::". It is no path of v1's hierarchies. */
static void set_cgroup(struct ctprof_capture *c, struct ctprof_thread *t)
{
	char *rest = c->text, *line;

	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, "0::", 3)) {
			t->cgroup = ctprof_snapshot__string(c->s, line + 3);
			return;
		}
}

static void set_taskstats(struct ctprof_capture *c, struct ctprof_thread *t)
{
	const void *stats;
	uint64_t v;
	size_t len;
	int ret = ctprof_taskstats__get(c->taskstats, t->tid, &stats, &len);

	if (ret == -EPERM || ret == -EPROTO) {
		/* the same for all that follow */
		c->s->taskstats = ret == -EPERM ? "asking needs CAP_NET_ADMIN" :
				  "an answer makes no sense, or is of version 15, whose layout no other has";
		ctprof_taskstats__close(c->taskstats);
		c->taskstats = NULL;
	} else if (ret && ret != -ESRCH) {
		c->s->unreadable[CTPROF_TASKSTATS]++;
	}
	for (int id = 0; !ret && id < CTPROF_NR_METRICS; id++) {
		const struct ctprof_metric *m = &ctprof_metrics[id];

		/* while nothing is counted, a 0 means nothing */
		if (!is_of(m, CTPROF_TASKSTATS, t) || (m->form == CTPROF_NUMBER && !c->delays) ||
		    !ctprof_taskstats__u64(stats, len, m->field, &v))
			continue;
		if (v > INT64_MAX)
			v = INT64_MAX;
		if (m->form == CTPROF_KIB)
			v = v > INT64_MAX / 1024 ? INT64_MAX : v * 1024;
		t->value[id] = (int64_t)v;
		t->has[id] = true;
	}
}

bool ctprof_capture__comm(struct ctprof_snapshot *s, const char *stat, uint32_t *comm)
{
	const char *open = strchr(stat, '('), *close = strrchr(stat, ')');
	char name[128];
	size_t len;

	if (!open || !close || close < open)
		return false;
	/* 15 characters, 64 of a workqueue's, each up to 2 for its escape */
	len = (size_t)(close - open) - 1;
	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	memcpy(name, open + 1, len);
	name[len] = '\0';
	*comm = ctprof_snapshot__string(s, name);
	return true;
}

void ctprof_capture__thread(struct ctprof_capture *c, int32_t tgid, int32_t tid, uint32_t pcomm)
{
	struct ctprof_thread *t;
	uint32_t comm;

	if (!read_of(c, CTPROF_STAT, tgid, tid) || !ctprof_capture__comm(c->s, c->text, &comm)) {
		c->s->gone++;
		return;
	}
	t = ctprof_snapshot__add_thread(c->s);
	if (!t)
		return;
	t->tid = tid;
	t->tgid = tgid;
	t->pcomm = pcomm;
	t->comm = comm;
	t->cgroup = ctprof_snapshot__string(c->s, "");
	set_fields(c, t, CTPROF_STAT, strrchr(c->text, ')') + 1, STAT_FIRST);
	if (read_of(c, CTPROF_SCHEDSTAT, tgid, tid))
		set_fields(c, t, CTPROF_SCHEDSTAT, c->text, 1);
	for (enum ctprof_source s = CTPROF_STATUS; s <= CTPROF_SCHED; s++)
		if (read_of(c, s, tgid, tid))
			set_lines(c, t, s);
	if (!ctprof_capture__read(c, "/proc/%d/task/%d/cgroup", tgid, tid))
		set_cgroup(c, t);
	if (c->opts->smaps && tid == tgid && read_of(c, CTPROF_SMAPS, tgid, tid))
		set_lines(c, t, CTPROF_SMAPS);
	if (c->taskstats)
		set_taskstats(c, t);
}

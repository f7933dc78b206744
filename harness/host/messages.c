// SPDX-License-Identifier: GPL-2.0
/* The guest's messages: see messages.h. A message of the wrong size is counted, not used. */
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "harness/checks/checks.h"
#include "harness/result/wire.h"
#include "messages.h"

static void reach(struct ktstr_seen *s, enum ktstr_lifecycle lifecycle)
{
	if (lifecycle > s->lifecycle)
		s->lifecycle = lifecycle;
}

static void copy_text(char *buf, size_t size, const void *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(buf, from, len);
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static bool on_start(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_msg_start start;

	if (m->len < sizeof(start))
		return false;
	memcpy(&start, m->payload, sizeof(start));
	s->started = true;
	s->guest_version = start.version;
	s->nr_cpus = start.nr_cpus;
	s->start_ns = m->time_ns;
	copy_text(s->release, sizeof(s->release), (const char *)m->payload + sizeof(start),
		  m->len - sizeof(start));
	reach(s, KTSTR_LIFECYCLE_INIT);
	return true;
}

static bool on_sched_start(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	if (m->len != sizeof(s->sched_pid))
		return false;
	memcpy(&s->sched_pid, m->payload, sizeof(s->sched_pid));
	s->sched_started = true;
	/* another one than before */
	s->sched_attached = false;
	s->sched_exited = false;
	s->sched_planned = false;
	s->sched_outlived = false;
	s->scx.only[0] = '\0';
	reach(s, KTSTR_LIFECYCLE_SCHED);
	return true;
}

static bool on_attaching(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	(void)m;
	s->sched_attaching++;
	return true;
}

static bool on_attached(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	s->sched_attached = true;
	copy_text(s->ops, sizeof(s->ops), m->payload, m->len);
	strcpy(s->scx.only, s->ops);
	strcpy(s->others.except, s->ops);
	return true;
}

static bool on_body(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	s->body_ns = m->time_ns;
	reach(s, KTSTR_LIFECYCLE_BODY);
	return true;
}

static bool on_stimulus(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_stimulus *more;

	if (m->len != sizeof(more->what))
		return false;
	if (s->nr_stimuli == KTSTR_MAX_STIMULI) {
		s->dropped_stimuli++;
		return true;
	}
	more = realloc(s->stimuli, (s->nr_stimuli + 1) * sizeof(*more));
	if (!more) {
		s->dropped_stimuli++;
		return true;
	}
	s->stimuli = more;
	more += s->nr_stimuli++;
	more->time_ns = m->time_ns;
	memcpy(&more->what, m->payload, sizeof(more->what));
	more->what.part[sizeof(more->what.part) - 1] = '\0';
	ktstr_tame(more->what.part, '?');
	return true;
}

static void clean(char *text, size_t size)
{
	text[size - 1] = '\0';
	ktstr_tame(text, '?');
}

static bool on_op(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_op_seen *more;

	if (m->len != sizeof(more->what))
		return false;
	more = s->nr_ops < KTSTR_MAX_OPS_SEEN ?
	       realloc(s->ops_done, (s->nr_ops + 1) * sizeof(*more)) : NULL;
	if (!more) {
		s->dropped_ops++;
		return true;
	}
	s->ops_done = more;
	more += s->nr_ops++;
	more->time_ns = m->time_ns;
	memcpy(&more->what, m->payload, sizeof(more->what));
	clean(more->what.name, sizeof(more->what.name));
	clean(more->what.cgroup, sizeof(more->what.cgroup));
	clean(more->what.text, sizeof(more->what.text));
	return true;
}

static bool on_checks(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	char text[KTSTR_CHECKS_TEXT], *line, *save;
	struct ktstr_check_change *more, c = { .time_ns = m->time_ns };

	if (m->len >= sizeof(text))
		return false;
	memcpy(text, m->payload, m->len);
	text[m->len] = '\0';
	ktstr_checks__unset(&c.checks);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (ktstr_checks__from_text(&c.checks, line))
			return false;
	more = s->nr_changes < KTSTR_MAX_CHECK_CHANGES ?
	       realloc(s->changes, (s->nr_changes + 1) * sizeof(*more)) : NULL;
	if (!more) {
		s->dropped_changes++;
		return true;
	}
	s->changes = more;
	more[s->nr_changes++] = c;
	return true;
}

static bool on_result(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_result *r = ktstr_result__new();

	if (!r)
		return false;
	if (ktstr_result__decode(r, m->payload, m->len)) {
		ktstr_result__free(r);
		s->bad_results++;
		return true;
	}
	ktstr_result__free(s->result);
	s->result = r;
	return true;
}

static bool on_sched_exit(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_msg_sched_exit e;

	if (m->len != sizeof(e))
		return false;
	memcpy(&e, m->payload, sizeof(e));
	s->sched_exited = true;
	s->sched_status = e.status;
	s->sched_planned = e.planned == KTSTR_SCHED_PLANNED;
	s->sched_outlived = e.planned == KTSTR_SCHED_OUTLIVED;
	return true;
}

static bool on_sched_log(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	return !ktstr_textbuf__add(&s->sched_log, m->payload, m->len);
}

static bool on_kmsg(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	char line[9000];	/* a record is 8 KiB at most (include/linux/printk.h) */
	size_t text, len;

	len = ktstr_kmsg__format(m->payload, m->len, line, sizeof(line), &text);
	if (!len)
		return false;
	/* what the kernel logged before is the boot's */
	ktstr_splats__record(&s->splats, m->payload, m->len, s->started);
	/* one that is being attached is the only one there is */
	if (s->sched_started)
		ktstr_scxlog__record(&s->scx, m->payload, m->len);
	if (!s->sched_started || s->sched_attached)
		ktstr_scxlog__record(&s->others, m->payload, m->len);
	return !ktstr_textbuf__add(&s->kmsg, line, len);
}

static bool on_crash(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	bool ok = !ktstr_textbuf__add(&s->crash, m->payload, m->len);

	if (m->len && ((const char *)m->payload)[m->len - 1] != '\n')
		ok &= !ktstr_textbuf__add(&s->crash, "\n", 1);
	return ok;
}

static bool on_output(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_msg_output what;

	if (m->len < sizeof(what))
		return false;
	memcpy(&what, m->payload, sizeof(what));
	return ktstr_outputs__add(&s->outputs, &what, (const char *)m->payload + sizeof(what),
				  m->len - sizeof(what));
}

static bool on_counters(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_msg_counters what;

	if (m->len < sizeof(what))
		return false;
	memcpy(&what, m->payload, sizeof(what));
	return ktstr_counter_files__add(&s->counters, &what, (const char *)m->payload + sizeof(what),
				   m->len - sizeof(what));
}

static bool on_devices(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	if (m->len >= sizeof(s->devices))
		return false;
	memcpy(s->devices, m->payload, m->len);
	s->devices[m->len] = '\0';
	return true;
}

/* A snapshot's name becomes part of a file's. The guest's library has refused any other. */
static bool is_file_name(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

static bool on_ask(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_msg_ask *a = &s->ask.what;
	size_t data;

	if (m->len < sizeof(*a) || m->len - sizeof(*a) > sizeof(s->ask.data))
		return false;
	memcpy(a, m->payload, sizeof(*a));
	data = m->len - sizeof(*a);
	memcpy(s->ask.data, (const char *)m->payload + sizeof(*a), data);
	clean(a->name, sizeof(a->name));
	clean(a->as, sizeof(a->as));
	s->ask.time_ns = m->time_ns;
	if (a->what >= KTSTR_NR_ASKS || a->len > KTSTR_ASK_MAX ||
	    (a->what <= KTSTR_ASK_WATCH && !is_file_name(a->as)) ||
	    (a->what >= KTSTR_ASK_WRITE_HOT && a->len != data))
		return false;
	s->asked = true;
	s->answered = false;
	return true;
}

static bool on_scx_stats(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	struct ktstr_scx_stats_seen *st = &s->scx_stats[KTSTR_SCX_STATS_SEEN - 1];
	struct ktstr_msg_scx_stats what;
	size_t len = m->len - sizeof(what);
	char *text = NULL;

	if (m->len < sizeof(what))
		return false;
	memcpy(&what, m->payload, sizeof(what));
	if (what.outcome == KTSTR_SCX_STATS_NONE || what.outcome >= KTSTR_NR_SCX_STATS ||
	    len > KTSTR_SCX_STATS_MAX || (what.outcome != KTSTR_SCX_STATS_ANSWER && len))
		return false;
	if (what.snapshot < KTSTR_MAX_PERIODIC)
		st = &s->scx_stats[what.snapshot];
	else if (what.snapshot != KTSTR_SCX_STATS_ASKED)
		return false;
	if (len) {
		text = malloc(len);
		if (!text)
			return false;
		memcpy(text, (const char *)m->payload + sizeof(what), len);
	}
	free(st->text);
	*st = (struct ktstr_scx_stats_seen){
		.time_ns = m->time_ns, .what = what, .text = text, .len = len, .is_new = true,
	};
	return true;
}

/* harness/probe/bpf.c reads them, if anybody does. */
static bool on_probe(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	uint32_t len = (uint32_t)m->len;
	uint8_t *more = NULL;

	if (len < sizeof(uint32_t))
		return false;
	if (s->probe_len + sizeof(len) + len <= KTSTR_MAX_PROBE_SAYS)
		more = realloc(s->probe_says, s->probe_len + sizeof(len) + len);
	if (!more) {
		s->dropped_probes++;
		return true;
	}
	s->probe_says = more;
	memcpy(more + s->probe_len, &len, sizeof(len));
	memcpy(more + s->probe_len + sizeof(len), m->payload, len);
	s->probe_len += sizeof(len) + len;
	return true;
}

static bool on_teardown(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	s->teardown_ns = m->time_ns;
	reach(s, KTSTR_LIFECYCLE_TEARDOWN);
	return true;
}

static bool on_exit_(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	if (m->len != sizeof(s->exit_status))
		return false;
	memcpy(&s->exit_status, m->payload, sizeof(s->exit_status));
	s->exited = true;
	s->exit_ns = m->time_ns;
	reach(s, KTSTR_LIFECYCLE_EXIT);
	return true;
}

static bool (* const handlers[KTSTR_NR_MSG_TYPES])(struct ktstr_seen *, const struct ktstr_msg *) = {
	[KTSTR_MSG_START] = on_start,
	[KTSTR_MSG_SCHED_START] = on_sched_start,
	[KTSTR_MSG_SCHED_ATTACHING] = on_attaching,
	[KTSTR_MSG_SCHED_ATTACHED] = on_attached,
	[KTSTR_MSG_BODY] = on_body,
	[KTSTR_MSG_STIMULUS] = on_stimulus,
	[KTSTR_MSG_OP] = on_op,
	[KTSTR_MSG_CHECKS] = on_checks,
	[KTSTR_MSG_RESULT] = on_result,
	[KTSTR_MSG_SCHED_EXIT] = on_sched_exit,
	[KTSTR_MSG_SCHED_LOG] = on_sched_log,
	[KTSTR_MSG_KMSG] = on_kmsg,
	[KTSTR_MSG_CRASH] = on_crash,
	[KTSTR_MSG_OUTPUT] = on_output,
	[KTSTR_MSG_DEVICES] = on_devices,
	[KTSTR_MSG_ASK] = on_ask,
	[KTSTR_MSG_SCX_STATS] = on_scx_stats,
	[KTSTR_MSG_PROBE] = on_probe,
	[KTSTR_MSG_TEARDOWN] = on_teardown,
	[KTSTR_MSG_EXIT] = on_exit_,
	[KTSTR_MSG_COUNTERS] = on_counters,
};

void ktstr_messages__handle(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	if (m->bad_crc) {
		s->bad_crcs++;
		return;
	}
	if ((unsigned int)m->type >= KTSTR_NR_MSG_TYPES || !handlers[m->type] ||
	    !handlers[m->type](s, m))
		s->bad_messages++;
	else
		s->now_ns = m->time_ns;
}

static void take_all(struct ktstr_seen *s, struct ktstr_chan *c,
		     int (*take)(struct ktstr_chan *c, struct ktstr_msg *m))
{
	struct ktstr_msg m;
	int ret = 0;

	while (!s->broken && (ret = take(c, &m)) == 1)
		ktstr_messages__handle(s, &m);
	if (ret < 0)
		s->broken = true;
	s->drops = ktstr_chan__drops(c);
}

void ktstr_messages__read(struct ktstr_seen *s, struct ktstr_chan *c)
{
	take_all(s, c, ktstr_chan__read);
}

void ktstr_messages__peek(struct ktstr_seen *s, struct ktstr_chan *c)
{
	take_all(s, c, ktstr_chan__peek);
}

void ktstr_messages__answer(struct ktstr_seen *s, void *shared)
{
	if (!s->asked)
		return;
	if (!s->answered)
		ktstr_answer__put(s, -EOPNOTSUPP, "nobody looks at this machine's memory");
	s->asked = false;
	s->answer.nr = s->ask.what.nr;
	if (shared)
		memcpy((char *)shared + KTSTR_CHAN_RING, &s->answer, sizeof(s->answer));
	memset(&s->answer, 0, sizeof(s->answer));
	atomic_thread_fence(memory_order_release);
}

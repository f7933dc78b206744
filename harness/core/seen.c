// SPDX-License-Identifier: GPL-2.0
/* Takes the guest's messages apart: see seen.h. A message of the wrong size is counted, not used. */
#include <stdlib.h>
#include <string.h>

#include "seen.h"

#define LOG_HEAD	(256u << 10)
#define LOG_TAIL	(768u << 10)
#define CRASH_TEXT	(16u << 10)

struct ktstr_seen *ktstr_seen__new(void)
{
	struct ktstr_seen *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	ktstr_textbuf__init(&s->sched_log, LOG_HEAD, LOG_TAIL);
	ktstr_textbuf__init(&s->kmsg, LOG_HEAD, LOG_TAIL);
	ktstr_textbuf__init(&s->crash, CRASH_TEXT, CRASH_TEXT);
	return s;
}

void ktstr_seen__free(struct ktstr_seen *s)
{
	if (!s)
		return;
	ktstr_textbuf__free(&s->sched_log);
	ktstr_textbuf__free(&s->kmsg);
	ktstr_textbuf__free(&s->crash);
	ktstr_result__free(s->result);
	free(s->stimuli);
	free(s);
}

const char *ktstr_stage__describe(enum ktstr_stage stage)
{
	static const char * const text[] = {
		[KTSTR_STAGE_NONE] = "no machine was started",
		[KTSTR_STAGE_BOOT] = "init never started (kernel or initramfs)",
		[KTSTR_STAGE_INIT] = "init started, but nothing after it (guest set-up)",
		[KTSTR_STAGE_SCHED] = "the scheduler was started, the body was not",
		[KTSTR_STAGE_BODY] = "the body started and did not end",
		[KTSTR_STAGE_TEARDOWN] = "the body ended, the guest did not shut down",
		[KTSTR_STAGE_EXIT] = "the guest went through to its end",
	};

	if ((unsigned int)stage >= sizeof(text) / sizeof(text[0]))
		return "unknown";
	return text[stage];
}

static void reach(struct ktstr_seen *s, enum ktstr_stage stage)
{
	if (stage > s->stage)
		s->stage = stage;
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
	reach(s, KTSTR_STAGE_INIT);
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
	reach(s, KTSTR_STAGE_SCHED);
	return true;
}

static bool on_attached(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	s->sched_attached = true;
	copy_text(s->ops, sizeof(s->ops), m->payload, m->len);
	return true;
}

static bool on_body(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	s->body_ns = m->time_ns;
	reach(s, KTSTR_STAGE_BODY);
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
	s->sched_planned = e.planned;
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
	ktstr_scxlog__record(&s->scx, m->payload, m->len);
	return !ktstr_textbuf__add(&s->kmsg, line, len);
}

static bool on_crash(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	bool ok = !ktstr_textbuf__add(&s->crash, m->payload, m->len);

	if (m->len && ((const char *)m->payload)[m->len - 1] != '\n')
		ok &= !ktstr_textbuf__add(&s->crash, "\n", 1);
	return ok;
}

static bool on_teardown(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	s->teardown_ns = m->time_ns;
	reach(s, KTSTR_STAGE_TEARDOWN);
	return true;
}

static bool on_exit_(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	if (m->len != sizeof(s->exit_status))
		return false;
	memcpy(&s->exit_status, m->payload, sizeof(s->exit_status));
	s->exited = true;
	s->exit_ns = m->time_ns;
	reach(s, KTSTR_STAGE_EXIT);
	return true;
}

static bool (* const handlers[KTSTR_NR_MSG_TYPES])(struct ktstr_seen *, const struct ktstr_msg *) = {
	[KTSTR_MSG_START] = on_start,
	[KTSTR_MSG_SCHED_START] = on_sched_start,
	[KTSTR_MSG_SCHED_ATTACHED] = on_attached,
	[KTSTR_MSG_BODY] = on_body,
	[KTSTR_MSG_STIMULUS] = on_stimulus,
	[KTSTR_MSG_RESULT] = on_result,
	[KTSTR_MSG_SCHED_EXIT] = on_sched_exit,
	[KTSTR_MSG_SCHED_LOG] = on_sched_log,
	[KTSTR_MSG_KMSG] = on_kmsg,
	[KTSTR_MSG_CRASH] = on_crash,
	[KTSTR_MSG_TEARDOWN] = on_teardown,
	[KTSTR_MSG_EXIT] = on_exit_,
};

void ktstr_seen__message(struct ktstr_seen *s, const struct ktstr_msg *m)
{
	if (m->bad_crc) {
		s->bad_crcs++;
		return;
	}
	if ((unsigned int)m->type >= KTSTR_NR_MSG_TYPES || !handlers[m->type] ||
	    !handlers[m->type](s, m))
		s->bad_messages++;
}

void ktstr_seen__drain(struct ktstr_seen *s, struct ktstr_chan *c)
{
	struct ktstr_msg m;
	int ret = 0;

	while (!s->broken && (ret = ktstr_chan__read(c, &m)) == 1)
		ktstr_seen__message(s, &m);
	if (ret < 0)
		s->broken = true;
	s->drops = ktstr_chan__drops(c);
}

// SPDX-License-Identifier: GPL-2.0
/* What the host knows about the guest: see seen.h. */
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
	ktstr_outputs__free(&s->outputs);
	ktstr_counter_files__free(&s->counters);
	ktstr_splats__free(&s->splats);
	ktstr_result__free(s->result);
	free(s->stuck);
	free(s->stimuli);
	free(s->changes);
	free(s->ops_done);
	free(s->probe_says);
	for (int i = 0; i < KTSTR_SCX_STATS_SEEN; i++)
		free(s->scx_stats[i].text);
	free(s);
}

const char *ktstr_lifecycle__describe(enum ktstr_lifecycle lifecycle)
{
	static const char * const text[] = {
		[KTSTR_LIFECYCLE_NONE] = "no machine was started",
		[KTSTR_LIFECYCLE_BOOT] = "init never started (kernel or initramfs)",
		[KTSTR_LIFECYCLE_INIT] = "init started, but nothing after it (guest set-up)",
		[KTSTR_LIFECYCLE_SCHED] = "the scheduler was started, the body was not",
		[KTSTR_LIFECYCLE_BODY] = "the body started and did not end",
		[KTSTR_LIFECYCLE_TEARDOWN] = "the body ended, the guest did not shut down",
		[KTSTR_LIFECYCLE_EXIT] = "the guest went through to its end",
	};

	if ((unsigned int)lifecycle >= ARRAY_SIZE(text))
		return "unknown";
	return text[lifecycle];
}

void ktstr_answer__put(struct ktstr_seen *s, int ret, const char *fmt, ...)
{
	va_list ap;

	s->answered = true;
	s->answer.ret = ret;
	s->answer.text[0] = '\0';
	va_start(ap, fmt);
	if (ret)
		vsnprintf(s->answer.text, sizeof(s->answer.text), fmt, ap);
	va_end(ap);
}

// SPDX-License-Identifier: GPL-2.0
/* What payloads printed: see output.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

#define MAX_CUT		(1ULL << 50)	/* no program prints that much */

static void make_harmless(char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_-.", *name))
			*name = '_';
}

/* A text from the guest, which need not be terminated. */
static void copy_name(char *to, const char *from)
{
	memcpy(to, from, KTSTR_NAME_LEN);
	to[KTSTR_NAME_LEN - 1] = '\0';
}

static struct ktstr_output *find(struct ktstr_outputs *all, const struct ktstr_msg_output *m)
{
	struct ktstr_output *o, *more;
	unsigned int i;

	for (o = all->list; o < all->list + all->nr; o++)
		if (o->run == m->run)
			return o;
	if (all->nr == KTSTR_MAX_OUTPUTS)
		return NULL;
	more = realloc(all->list, (all->nr + 1) * sizeof(*more));
	if (!more)
		return NULL;
	all->list = more;
	o = &all->list[all->nr++];
	*o = (struct ktstr_output){ .run = m->run, .step = m->step, .number = 1 };
	copy_name(o->source, m->source);
	copy_name(o->cgroup, m->cgroup);
	make_harmless(o->source);
	for (i = 0; i < KTSTR_NR_STREAMS; i++)
		ktstr_textbuf__init(&o->text[i], KTSTR_OUTPUT_HEAD, KTSTR_OUTPUT_TAIL);
	for (i = 0; i + 1 < all->nr; i++)
		o->number += !strcmp(all->list[i].source, o->source);
	return o;
}

bool ktstr_outputs__add(struct ktstr_outputs *all, const struct ktstr_msg_output *m,
			const char *text, size_t len)
{
	struct ktstr_output *o;

	if (m->stream == KTSTR_FROM_BODY) {
		if (!all->from_body.total)
			ktstr_textbuf__init(&all->from_body, KTSTR_OUTPUT_HEAD, KTSTR_OUTPUT_TAIL);
		return !ktstr_textbuf__add(&all->from_body, text, len);
	}
	if (m->stream > KTSTR_RUN_ENDED || (m->stream >= KTSTR_NR_STREAMS && len) ||
	    m->cut > MAX_CUT)
		return false;
	o = find(all, m);
	if (!o) {
		all->dropped++;
		return true;
	}
	if (m->stream == KTSTR_CHECK_FAILED) {
		o->failed = true;
		return true;
	}
	if (m->stream == KTSTR_RUN_ENDED) {
		o->ended = true;
		o->status = (int32_t)m->cut;
		return true;
	}
	ktstr_textbuf__cut(&o->text[m->stream], m->cut);
	return !ktstr_textbuf__add(&o->text[m->stream], text, len);
}

void ktstr_outputs__free(struct ktstr_outputs *all)
{
	unsigned int i, k;

	for (i = 0; i < all->nr; i++)
		for (k = 0; k < KTSTR_NR_STREAMS; k++)
			ktstr_textbuf__free(&all->list[i].text[k]);
	ktstr_textbuf__free(&all->from_body);
	free(all->list);
	*all = (struct ktstr_outputs){ };
}

void ktstr_output__file(const struct ktstr_output *o, enum ktstr_stream stream, char *buf,
			size_t size)
{
	const char *end = stream == KTSTR_STDERR ? "stderr" : "stdout";

	if (o->number == 1)
		snprintf(buf, size, "payload.%s.%s", o->source, end);
	else
		snprintf(buf, size, "payload.%s.%u.%s", o->source, o->number, end);
}
